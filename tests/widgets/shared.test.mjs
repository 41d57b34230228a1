import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const shared = await load("shared");
const close = (a, b, tolerance = 1e-9) => assert.ok(Math.abs(a - b) <= tolerance, `${a} is not ${b}`);

test("the same seed gives the same numbers, another seed others", () => {
  const draw = (seed) => Array.from({ length: 5 }, shared.mulberry32(seed));
  assert.deepEqual(draw(1), draw(1));
  assert.notDeepEqual(draw(1), draw(2));
  for (const u of draw(3)) assert.ok(u >= 0 && u < 1);
});

test("uniform and normal numbers have the moments they should", () => {
  const rng = shared.mulberry32(0);
  const n = 20000;
  const moments = (next) => {
    const values = Array.from({ length: n }, next);
    const mean = values.reduce((a, b) => a + b) / n;
    return [mean, values.reduce((a, b) => a + (b - mean) ** 2, 0) / n];
  };
  const [um, uv] = moments(rng);
  close(um, 0.5, 0.01);
  close(uv, 1 / 12, 0.003);
  const [nm, nv] = moments(() => shared.normal(rng));
  close(nm, 0, 0.03);
  close(nv, 1, 0.04);
});

test("a normal number is finite at the ends of the uniform source", () => {
  for (const u of [0, 1 - 2 ** -32]) assert.ok(Number.isFinite(shared.normal(() => u)));
});

test("softmax survives large logits and sums to one", () => {
  const p = shared.softmax([1000, 1001, -1000]);
  close(p[0] + p[1] + p[2], 1);
  close(p[1] / p[0], Math.E, 1e-9);
  assert.equal(shared.logSumExp([-Infinity, -Infinity]), -Infinity);
});

test("entropy counts in bits and takes zero probabilities", () => {
  close(shared.entropy([0.5, 0.5, 0]), 1);
  close(shared.entropy([1, 0]), 0);
});

test("bytes that start at an odd offset are read", () => {
  const buffer = new ArrayBuffer(9);
  new DataView(buffer, 1).setFloat32(0, 1.5, true);
  new DataView(buffer, 1).setFloat32(4, -2, true);
  assert.deepEqual([...shared.f32(new DataView(buffer, 1, 8))], [1.5, -2]);
  assert.deepEqual([...shared.u8(new DataView(buffer, 7, 2))], [0, 192]);
});

test("half precision, with its smallest, its largest and signs", () => {
  const words = new Uint16Array([0, 0x3c00, 0xc000, 0x3555, 0x0001, 0x7bff, 0x8000]);
  const found = shared.f16(new DataView(words.buffer, 2));
  [1, -2, 0.333251953125, 2 ** -24, 65504, 0].forEach((want, i) => close(found[i], want));
});

test("ticks are round and lie inside", () => {
  assert.deepEqual(shared.ticks(0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(shared.ticks(-3, 3, 3), [-2, 0, 2]);
  assert.deepEqual(shared.ticks(0.13, 0.31, 4), [0.15, 0.2, 0.25, 0.3]);
});

test("numbers for people", () => {
  assert.equal(shared.pretty(0.12345), "0.123");
  assert.equal(shared.pretty(-2), "−2");
  assert.equal(shared.pretty(123456), "1.23e+5");
  assert.equal(shared.pretty(NaN), "–");
  assert.equal(shared.pretty(0), "0");
});

test("viridis runs from its dark end to its light end and clips", () => {
  assert.deepEqual(shared.viridis(-1), [68, 1, 84]);
  assert.deepEqual(shared.viridis(2), [253, 231, 37]);
  assert.deepEqual(shared.viridis(0.5), [33, 145, 140]);
});

test("the level of a plane is its line, of a cone its circle, and it closes", () => {
  const grid = (f, rows = 17) => Array.from({ length: 21 * rows }, (_, i) => f(i % 21, Math.floor(i / 21)));
  const line = shared.crossings(grid((x, y) => x + 2 * y - 30.5), 21);
  assert.ok(line.length >= 20);
  for (const [x, y, x2, y2] of line) { close(x + 2 * y, 30.5); close(x2 + 2 * y2, 30.5); }
  const cone = grid((x, y) => Math.hypot(x - 10, y - 8)), ends = new Map(), ring = shared.crossings(cone, 21, 6.3);
  assert.ok(ring.length > 30);
  for (const [x, y, x2, y2] of ring) {
    close(Math.hypot(x - 10, y - 8), 6.3, 0.02);
    for (const end of [[x, y], [x2, y2]].map((spot) => spot.map((value) => value.toFixed(6)).join(" "))) {
      ends.set(end, 1 + (ends.get(end) ?? 0));
    }
  }
  for (const [end, count] of ends) assert.equal(count, 2, end);
  assert.deepEqual(shared.crossings(cone, 21, 99), []);
  assert.deepEqual(shared.crossings(grid(() => 1), 21), []);
});

test("a grid runs row by row from the upper left corner to the lower right one", () => {
  const corners = (f) => [...shared.overGrid([3, 2], [6, 4], f)];
  assert.deepEqual(corners((u) => u), [-6, 0, 6, -6, 0, 6]);
  assert.deepEqual(corners((u, v) => v), [4, 4, 4, -4, -4, -4]);
});
