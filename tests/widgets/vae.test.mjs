import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const vae = await load("vae");
const close = (a, b, tolerance = 1e-9) => assert.ok(Math.abs(a - b) <= tolerance, `${a} is not ${b}`);

test("one hidden unit by hand", () => {
  const row = new Float32Array(2 + 1 + 64 + 64);
  row.set([1, -1, 0.5]); // W1, b1
  row[3] = 2; // the first pixel's weight
  row[3 + 64] = -1; // its bias
  const ink = vae.decode(vae.unpack(row), 2, 1), a = 1.5;
  close(ink[0], 1 / (1 + Math.exp(1 - 2 * a / (1 + Math.exp(-a)))));
  close(ink[1], 0.5);
});

test("the nearest place", () => {
  assert.equal(vae.nearest([0, 0, 2, 2, -1, 3], 1.4, 1.4), 1);
  assert.equal(vae.nearest([0, 0, 2, 2, -1, 3], -1, 2), 2);
});

test("the share of notes nearer to the middle", () => {
  close(vae.within(0, 0), 0);
  close(vae.within(Math.sqrt(2 * Math.log(2)), 0), 0.5);
});
