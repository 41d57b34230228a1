import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const gan = await load("gan");
const close = (a, b, tolerance = 1e-6) => assert.ok(Math.abs(a - b) <= tolerance * (1 + Math.abs(b)), `${a} is not ${b}`);
const wide = (net) => ({ ...net, theta: net.theta.map((w) => 2 * w) });

test("the penalty's gradient is the slope of the penalty from both sides", () => {
  const D = wide(gan.network(4, 1, gan.mulberry32(3))), x = 0.7, y = -1.2;
  const penalty = (theta) => {
    const net = { ...D, theta }, [dx, dy] = gan.backward(net, gan.forward(net, x, y), [1]);
    return 1.3 * (dx * dx + dy * dy) / 2;
  };
  const grad = new Float64Array(D.theta.length), at = gan.forward(D, x, y);
  gan.steepness(D, at, gan.backward(D, at, [1]), 1.3, grad);
  grad.forEach((value, k) => {
    const moved = (h) => penalty(D.theta.map((w, j) => w + (j === k ? h : 0)));
    close((moved(1e-5) - moved(-1e-5)) / 2e-5, value);
  });
  assert.ok(grad.some((value) => Math.abs(value) > 0.01));
});

test("one hidden unit by hand", () => {
  const net = { M: 1, O: 1, theta: [0.5, -1, 0.1, 2, -0.3, 1.5, 0.2] };
  const h1 = Math.tanh(0.5 * 2 - 1 * 1 + 0.1), h2 = Math.tanh(2 * h1 - 0.3);
  const at = gan.forward(net, 2, 1);
  close(at.out[0], 1.5 * h2 + 0.2);
  const [dx, dy] = gan.backward(net, at, [1]);
  const through = 1.5 * (1 - h2 * h2) * 2 * (1 - h1 * h1);
  close(dx, 0.5 * through);
  close(dy, -through);
});

test("Adam's first step has the size of its rate, and a zero slope moves nothing", () => {
  const theta = Float64Array.of(1, 1, 1), state = { v: Float64Array.of(0, 0, 0), t: 0 };
  gan.adam(theta, [1e-3, -5, 0], state, 0.1);
  [0.9, 1.1, 1].forEach((want, k) => close(theta[k], want, 1e-4));
});

test("a game is the same again from the same seed, and another from another", () => {
  const run = (seed) => {
    const state = gan.begin(8, seed);
    for (let i = 0; i < 3; i++) gan.play(state, gan.ring(), { game: "relativistic", gamma: 0.1, rate: 0.01 }, 16);
    return state;
  };
  assert.deepEqual(run(1).G.theta, run(1).G.theta);
  assert.notDeepEqual(run(1).G.theta, run(2).G.theta);
  assert.equal(run(1).steps, 3);
  const far = (theta) => Math.hypot(...theta.map((w, k) => w - gan.begin(8, 1).G.theta[k]));
  assert.ok(far(run(1).A.theta) > 0 && far(run(1).A.theta) < far(run(1).G.theta), "the average lags behind");
});

test("data lies on the bumps, in equal shares", () => {
  const centres = gan.ring(), { found, good } = gan.modes(gan.bumps(centres, 4000, gan.mulberry32(1)), centres);
  assert.ok(found.every(Boolean));
  assert.ok(good > 0.98 && good < 1, "three standard deviations hold 98.9 %");
});

test("the cure finds all eight bumps from every start", () => {
  const centres = gan.ring();
  for (const seed of [1, 2, 3]) {
    const state = gan.begin(64, seed);
    let first = 0;
    while (!first && state.steps < 1500) {
      gan.play(state, centres, { game: "relativistic", gamma: 0.05, rate: 0.012 });
      if (state.steps % 50) continue;
      const { found, good } = gan.modes(gan.generate(state.A, gan.latent(400, gan.mulberry32(7))), centres);
      if (found.every(Boolean) && good > 0.5) first = state.steps;
    }
    assert.ok(first, `seed ${seed}`);
  }
});
