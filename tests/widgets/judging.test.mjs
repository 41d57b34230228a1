import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const w = await load("judging");
const close = (a, b, tolerance = 1e-9) => assert.ok(Math.abs(a - b) <= tolerance * (1 + Math.abs(b)), `${a} is not ${b}`);
const centres = Array.from({ length: 8 }, (_, k) => [2 * Math.cos(k * Math.PI / 4), 2 * Math.sin(k * Math.PI / 4)]);
const [train, test_, honest] = [1, 2, 3].map((seed) => w.draw(200, centres, 0.1, w.mulberry32(seed)));
const given = { train, test: test_, honest, centres, sigma: 0.1 };

test("mean and covariance by hand", () => {
  const { mean, covariance } = w.moments([[0, 0], [2, 4], [4, 2]]);
  assert.deepEqual(mean, [2, 2]);
  assert.deepEqual(covariance, [4, 2, 4]);
});

test("the Fréchet distance of a set moved or stretched", () => {
  const x = honest.x, [a, , c] = w.moments(x).covariance;
  close(w.frechet(x, x), 0, 1e-9);
  close(w.frechet(x, x.map(([u, v]) => [u + 3, v - 4])), 25);
  close(w.frechet(x, x.map(([u, v]) => [2 * u, 2 * v])), a + c + 4 * w.moments(x).mean.reduce((s, m) => s + m * m, 0) / 4, 1e-6);
});

test("a set is within its own reach, and far from another", () => {
  assert.equal(w.covered(honest.x, honest.x), 1);
  assert.equal(w.covered(honest.x.map(([u, v]) => [u + 50, v]), honest.x), 0);
  const line = [0, 1, 2, 3, 4].map((u) => [u, 0]); // with k = 1 each reaches its neighbour
  assert.equal(w.covered([[4.9, 0], [5.1, 0], [2.5, 0.5], [2.5, 0.9]], line, 1), 0.5);
});

test("the median distance to training points", () => {
  close(w.apart([[0, 1], [0, 5], [0, 2]], [[0, 0]]), 2);
  close(w.apart([[0, 1], [0, 5], [0, 2], [0, 3]], [[0, 0], [9, 9]]), 2.5);
  assert.equal(w.apart(train.x, train.x), 0);
});

test("each break does what it says", () => {
  const by = (kind, share = 1) => w.spoil(kind, share, given, 1);
  assert.deepEqual(by("none"), honest);
  for (const kind of ["copy", "shaken", "mean", "noise", "labels"]) {
    assert.deepEqual(by(kind, 0), honest);
    const half = by(kind, 0.5), whole = by(kind);
    const changed = half.x.filter((point, i) => point !== honest.x[i] || half.y[i] !== honest.y[i]).length;
    assert.ok(Math.abs(changed - 100) <= 1, `${kind}: ${changed}`);
    half.x.forEach((point, i) => { // more breaking only adds to less
      if (point !== honest.x[i]) assert.deepEqual(point, whole.x[i]);
    });
  }
  const copies = by("copy");
  assert.equal(w.apart(copies.x, train.x), 0);
  assert.equal(new Set(copies.x.map(String)).size, 200);
  by("mean").x.forEach((point, i) => assert.deepEqual(point, centres[honest.y[i]]));
  by("labels").y.forEach((mode, i) => assert.equal(mode, (honest.y[i] + 1) % 8));
  for (const [share, left] of [[0, 8], [0.25, 6], [0.5, 4], [1, 1]]) {
    const { x, y } = by("modes", share);
    assert.equal(new Set(y).size, left);
    x.forEach((point, i) => assert.equal(w.modeOf(point, centres), y[i]));
    assert.equal(new Set(x.map(String)).size, 200);
  }
  assert.deepEqual(by("noise", 0.7), by("noise", 0.7));
  assert.notDeepEqual(w.spoil("noise", 0.7, given, 2), by("noise", 0.7));
});

test("the band is three standard deviations around the mean", () => {
  const [low, high] = w.band([1, 2, 3]);
  close(low, -1);
  close(high, 5);
});
