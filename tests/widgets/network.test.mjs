import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const net = await load("network");
const close = (a, b, tolerance = 1e-9) => assert.ok(Math.abs(a - b) <= tolerance * (1 + Math.abs(b)), `${a} is not ${b}`);
const learn = (units, points, steps, options) => {
  let state = net.begin(net.weights(units, 1));
  for (let i = 0; i < steps; i++) state = net.step(state, net.gradient(state.theta, units, points), options);
  return state.theta;
};

test("the gradient is the slope of the loss from both sides", () => {
  for (const units of [2, 7, 32]) {
    const theta = net.weights(units, units), points = net.points("spiral", 40, 0.3, 1);
    const slope = net.gradient(theta, units, points);
    assert.equal(slope.length, 4 * units + 1);
    slope.forEach((value, k) => {
      const at = (h) => net.loss(theta.map((weight, j) => weight + (j === k ? h : 0)), units, points);
      close((at(1e-5) - at(-1e-5)) / 2e-5, value, 1e-8);
    });
  }
});

test("one hidden unit by hand", () => {
  const theta = [0.5, 0, 0.1, 2, -0.3], h = Math.tanh(0.6), p = 1 / (1 + Math.exp(0.3 - 2 * h));
  close(net.forward(theta, 1, 1, 9), 2 * h - 0.3);
  close(net.loss(theta, 1, [1, 9, 1]), -Math.log(p));
  close(net.gradient(theta, 1, [1, 9, 1])[3], (p - 1) * h);
  assert.ok(Number.isFinite(net.loss([0, 0, 50, 1000, 0], 1, [1, 1, 0])), "a sure mistake has a finite loss");
});

test("beyond 2 / L descent flies off, below it comes home, and momentum moves the limit", () => {
  const { lowest, L } = net.SURFACES.bowl;
  close(net.limit(0, L), 0.2);
  for (const momentum of [0, 0.3, 0.6, 0.9]) {
    const run = (factor) => {
      const path = net.descend("bowl", [-5, 2.2], 4000, { rate: factor * net.limit(momentum, L), momentum });
      return Math.hypot(path.at(-1)[0] - lowest[0], path.at(-1)[1] - lowest[1]);
    };
    assert.ok(run(0.98) < 1e-3, `momentum ${momentum}: ${run(0.98)}`);
    assert.ok(run(1.02) >= 100, `momentum ${momentum}: ${run(1.02)}`);
  }
  const [, second] = net.descend("bowl", [1, 1], 1, { rate: 0.19, momentum: 0 });
  second.forEach((value, k) => close(value, 1 - 0.19 * [1, 10][k]));
});

test("both surfaces have the slope, the lowest place and the largest curvature that they name", () => {
  for (const [name, { f, slope, lowest, L }] of Object.entries(net.SURFACES)) {
    for (const [x, y] of [[-5, 2], [0.3, -1], [3, 1], [5.5, -3.5]]) {
      const h = 1e-5, [a, b] = slope(x, y);
      close((f(x + h, y) - f(x - h, y)) / (2 * h), a, 1e-6);
      close((f(x, y + h) - f(x, y - h)) / (2 * h), b, 1e-6);
      assert.ok(f(x, y) > 0, name);
    }
    assert.ok(Math.abs(f(...lowest)) < 1e-7 && Math.hypot(...slope(...lowest)) < 1e-5, name);
    const h = 1e-5, [x, y] = lowest, turn = Array.from({ length: 180 }, (_, i) => [Math.cos(i * Math.PI / 180), Math.sin(i * Math.PI / 180)]);
    const curvatures = turn.map(([c, s]) => {
      const [a, b] = slope(x + h * c, y + h * s), [p, q] = slope(x - h * c, y - h * s);
      return ((a - p) * c + (b - q) * s) / (2 * h);
    });
    close(Math.max(...curvatures), L, 1e-3);
  }
});

test("from the same place a ball stays in the shallow dip, and with momentum rolls on to the deep one", () => {
  const end = (momentum) => net.descend("dips", [5.5, 2], 200, { rate: 0.03, momentum }).at(-1);
  const { lowest, f } = net.SURFACES.dips;
  assert.ok(f(...end(0)) > 1 && end(0)[0] > 2);
  assert.ok(Math.hypot(end(0.9)[0] - lowest[0], end(0.9)[1] - lowest[1]) < 0.05, `${end(0.9)}`);
});

test("Adam's first step has the size of its rate, momentum's that of the slope", () => {
  const state = net.begin([1, 1, 1]), slope = [1e-4, -5, 0];
  net.step(state, slope, { rate: 0.1, adam: true }).theta.forEach((value, k) => close(value, [0.9, 1.1, 1][k], 1e-4));
  const once = net.step(state, slope, { rate: 0.1 }), twice = net.step(once, slope, { rate: 0.1 });
  close(once.theta[1], 1.5);
  close(twice.theta[1], 1.5 + 0.5 * 1.9);
  assert.deepEqual(state, net.begin([1, 1, 1]), "a step changes nothing that it was given");
});

test("every set of points is learnt, and always the same", () => {
  for (const name of ["moons", "rings", "spiral"]) {
    const points = net.points(name, 100, 0.1, 1), held = net.points(name, 200, 0.1, 2);
    assert.deepEqual(points, net.points(name, 100, 0.1, 1));
    assert.notDeepEqual(points, held.slice(0, 300));
    for (const adam of [true, false]) {
      const theta = learn(16, points, 1000, { rate: 0.05, adam });
      let right = 0;
      for (let i = 0; i < 600; i += 3) right += net.forward(theta, 16, held[i], held[i + 1]) > 0 === held[i + 2] > 0;
      assert.ok(right >= 180, `${name}: ${right} of 200`);
    }
  }
  let inside = 0;
  const spread = net.points("spiral", 500, 0.25, 3);
  for (let i = 0; i < 1500; i += 3) inside += Math.abs(spread[i]) < net.FIELD[0] && Math.abs(spread[i + 1]) < net.FIELD[1];
  assert.ok(inside > 480, `${inside} of 500 lie in the picture`);
});

test("what the card asks to try over-fits: held-out loss falls, then rises, while training loss goes on", () => {
  const points = net.points("moons", 30, 0.5, 1), held = net.points("moons", 200, 0.5, 2);
  const after = (steps) => learn(32, points, steps, { rate: 0.05 });
  const [start, soon, late] = [0, 70, 1500].map((steps) => after(steps));
  assert.ok(net.loss(soon, 32, held) < 0.7 * net.loss(start, 32, held));
  assert.ok(net.loss(late, 32, held) > 1.5 * net.loss(soon, 32, held));
  assert.ok(net.loss(late, 32, points) < 0.3 * net.loss(soon, 32, points));
});

test("a gradient looks at each point once: one bend for each of its hidden units", () => {
  const theta = net.weights(32, 1), points = net.points("rings", 200, 0.2, 1), real = Math.tanh;
  let bends = 0;
  Math.tanh = (value) => { bends++; return real(value); };
  try { net.gradient(theta, 32, points); } finally { Math.tanh = real; }
  assert.equal(bends, 200 * 32);
});
