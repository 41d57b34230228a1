import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const attention = await load("attention");
const close = (a, b, tolerance = 1e-9) => assert.ok(Math.abs(a - b) <= tolerance, `${a} is not ${b}`);

test("a layer, and some of its rows alone", () => {
  const layer = { n: 2, m: 3, W: [1, 0, 0, 1, 2, -1], b: [0, 1, 2] };
  assert.deepEqual([...attention.apply(layer, [3, 4])], [3, 5, 4]);
  assert.deepEqual([...attention.apply(layer, [3, 4, 1, 1], 1, 3)], [5, 4, 2, 3]);
});

test("layer norm by hand", () => {
  const found = attention.layerNorm({ w: [1, 2], b: [0, 1] }, Float64Array.from([1, 3]));
  close(found[0], -1, 1e-4);
  close(found[1], 3, 1e-4);
});

test("attention by hand: weights a quarter and three quarters", () => {
  const q = [2], k = [0, Math.log(3) / 2], v = [4, 8];
  const { mixed, weights } = attention.attend(q, k, v, 1, 1);
  close(weights[0], 0.25);
  close(mixed[0], 7);
  close(attention.attend(q, k, v, 1, 1, [true, false]).mixed[0], 8);
  assert.deepEqual([...attention.attend(q, k, v, 1, 1, [true, true]).mixed], [0]);
});

test("two heads look apart", () => {
  const { weights } = attention.attend([9, 0], [1, 0, -1, 0], [0, 0, 0, 0], 2, 2);
  assert.ok(weights[0] > 0.99);
  close(weights[2], 0.5);
});

test("the most seen of those not hidden", () => {
  const weights = [0.1, 0.7, 0.2, 0.3, 0.2, 0.5]; // two heads, three places
  assert.equal(attention.mostSeen(weights, 2, []), 1);
  assert.equal(attention.mostSeen(weights, 2, [false, true, true]), 0);
  assert.equal(attention.mostSeen(weights, 2, [true, true, true]), -1);
});
