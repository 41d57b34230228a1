import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const diffusion = await load("diffusion");
const close = (a, b, tolerance = 1e-9) => assert.ok(Math.abs(a - b) <= tolerance, `${a} is not ${b}`);

/** A network of one unit on one number, whose weights are 0 but for those given. */
function tiny(weights) {
  const row = new Float32Array(1 + 1 + 16 + 2 + 2 + 2); // enter, bias, time, label (K = 1), hidden, leave
  for (const [at, value] of Object.entries(weights)) row[at] = value;
  return diffusion.unpack(row, [1, 1, 1, 1]);
}

test("a network that says nothing leaves the noisy input", () => {
  close(diffusion.predict(tiny({}), [2, -1], [0, 1], 500, 0.36)[1], -0.8, 1e-7);
});

test("one hidden unit by hand", () => {
  const net = tiny({ 0: 1, 1: 0.5, 18: 0.25, 22: 2, 23: -1 }), silu = (a) => a / (1 + Math.exp(-a));
  close(diffusion.predict(net, [1], [0], 1000, 0.36)[0], 0.8 + 0.6 * (2 * silu(1.75) - 1), 1e-6);
  close(diffusion.predict(net, [1], [1], 1000, 0.36)[0], 0.8 + 0.6 * (2 * silu(1.5) - 1), 1e-6);
});

test("noising and its undoing, with the noise known", () => {
  const x0 = [0.5, -2], eps = [1, 0.3], x = diffusion.noised(x0, eps, 0.3);
  diffusion.guess(x, eps, 0.3).forEach((value, i) => close(value, x0[i]));
  diffusion.step(x, eps, 0.3, 0.8, 0).forEach((value, i) => close(value, diffusion.noised(x0, eps, 0.8)[i]));
  diffusion.step(x, eps, 0.3, 1, 1, [9, 9]).forEach((value, i) => close(value, x0[i]));
});

test("guesses are clipped, and the noise follows", () => {
  const x = [3], to = diffusion.step(x, [0], 0.5, 0.8, 0, null, 1);
  close(to[0], Math.sqrt(0.8) + Math.sqrt(0.2) * (3 - Math.sqrt(0.5)) / Math.sqrt(0.5));
});

test("a step by DDPM adds the posterior's variance", () => {
  const [still, drawn] = [0, 1].map((z) => diffusion.step([1], [0.2], 0.3, 0.6, 1, [z])[0]);
  close((drawn - still) ** 2, (0.4 / 0.7) * (1 - 0.3 / 0.6));
});
