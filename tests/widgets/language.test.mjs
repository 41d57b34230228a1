import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const language = await load("language");
const close = (a, b, tolerance = 1e-9) => assert.ok(Math.abs(a - b) <= tolerance, `${a} is not ${b}`);

const sizes = { V: 3, T: 8, L: 1, H: 1, D: 4, previous: 1 };
function random() {
  const count = 2 * 4 * 4 + 12 * 16 + 3 * 4, rows = 2 * 4 + 12 + 4 + 16 + 4 + 3;
  const rng = language.mulberry32(1);
  const bytes = Uint8Array.from({ length: count }, () => Math.floor(1 + 255 * rng()));
  return language.unpack(bytes, new Float32Array(rows).fill(0.01), sizes);
}

test("bytes become weights by their row's scale", () => {
  const { embedding, blocks, head } = random();
  assert.deepEqual([embedding.length, blocks[0].qkv.length, blocks[0].down.length, head.length], [32, 48, 64, 12]);
  const bytes = new Uint8Array(32 + 192 + 12).fill(128);
  bytes[5] = 228; // second row
  const net = language.unpack(bytes, Float32Array.from({ length: 47 }, (_, i) => i), sizes);
  assert.equal(net.embedding[5], 100);
});

test("a text that goes on is read where it differs, and gives the same as read anew", () => {
  const net = random(), machine = language.reader(net), fresh = language.reader(net);
  machine.follow([0, 1, 2, 2, 1]);
  machine.follow([0, 1, 0]);
  fresh.follow([0, 1, 0]);
  assert.deepEqual(machine.tokens, [0, 1, 0]);
  assert.deepEqual(machine.seen.at(-1), fresh.seen.at(-1));
});

test("attention is spread over what was read and sums to one", () => {
  const machine = language.reader(random());
  machine.follow([0, 1, 2]);
  const looks = machine.seen[2].looks[0];
  assert.equal(looks.length, 3);
  close(looks.reduce((a, b) => a + b), 1, 1e-12);
});

test("no more than the window is read", () => {
  const machine = language.reader(random());
  machine.follow(Array(8).fill(0));
  assert.throws(() => machine.read(0), RangeError);
});

test("a long text is cut where writing on seldom cuts again", () => {
  const numbers = (n) => Array.from({ length: n }, (_, i) => i);
  assert.deepEqual(language.windowOf(numbers(8), 8), numbers(8));
  assert.deepEqual(language.windowOf(numbers(9), 8), [4, 5, 6, 7, 8]);
  assert.equal(language.windowOf(numbers(12), 8).length, 8);
  assert.equal(language.windowOf(numbers(13), 8).length, 5);
});

test("temperature sharpens and flattens", () => {
  const logits = [Math.log(1), Math.log(3)];
  close(language.odds(logits, 1)[1], 0.75);
  close(language.odds(logits, 0.5)[1], 0.9);
  assert.deepEqual([...language.odds(logits, 0)], [0, 1]);
});

test("a draw falls where its number says", () => {
  const p = [0.2, 0.5, 0.3];
  assert.deepEqual([0, 0.19, 0.21, 0.69, 0.71, 0.999].map((u) => language.pick(p, u)), [0, 0, 1, 1, 2, 2]);
});
