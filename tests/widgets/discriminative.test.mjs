import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const two = await load("discriminative");
const close = (a, b, tolerance = 1e-9) => assert.ok(Math.abs(a - b) <= tolerance * (1 + Math.abs(b)), `${a} is not ${b}`);
const square = [[-2, 1, 0], [-1, -1, 0], [-1.5, 0.5, 0], [1, 1, 1], [2, -1, 1], [1.2, 0.3, 1]];

test("the gradient of the logistic objective is zero where the fit ends", () => {
  for (const curved of [false, true]) {
    for (const c of [0.1, 10, 1000]) {
      const points = two.preset("spread"), fit = two.fitLogistic(points, curved, c), cost = (w) => {
        const penalty = w.slice(1).reduce((sum, value) => sum + value * value / 2, 0);
        return points.reduce((sum, [u, v, k]) => {
          const z = two.logitOf({ w, curved }, u, v);
          return sum + c * Math.log1p(Math.exp(k ? -z : z));
        }, penalty);
      };
      fit.w.forEach((_, k) => {
        const move = (h) => cost(fit.w.map((value, j) => value + (j === k ? h : 0)));
        assert.ok(Math.abs(move(1e-4) - move(-1e-4)) / 2e-4 < 1e-4 * c);
        assert.ok(move(0.01) > cost(fit.w) && move(-0.01) > cost(fit.w));
      });
    }
  }
});

test("separable points, points on one spot and single points are fitted, too", () => {
  for (const points of [square, [[0, 0, 0], [0, 0, 1]], [[1, 1, 0], [1, 1, 0], [3.9, -2.9, 1]], two.preset("few")]) {
    for (const flag of [false, true]) {
      assert.ok(two.fitLogistic(points, flag).w.every(Number.isFinite));
      assert.ok(two.logJoint(two.fitGaussians(points, flag), 1, 2).every(Number.isFinite));
    }
  }
});

test("means, priors and covariances are those of the points", () => {
  const { prior, mean, cov } = two.fitGaussians([...square, [0, 0, 1]], false, 0);
  close(prior[0], 3 / 7);
  close(mean[0][0], -1.5);
  close(mean[0][1], 0.5 / 3);
  close(cov[0][0], 0.5 / 3 + 1e-4);
  const shared = two.fitGaussians([...square, [0, 0, 1]], true, 0);
  for (const c of [0, 1, 2]) {
    const floor = c === 1 ? 0 : 1e-4;
    close(shared.cov[1][c], (3 * (cov[0][c] - floor) + 4 * (cov[1][c] - floor)) / 7 + floor);
  }
});

test("one class alone has a density and is certain", () => {
  const model = two.fitGaussians(square.filter((point) => point[2] === 1));
  const [a, b] = two.logJoint(model, 1, 0);
  assert.equal(a, -Infinity);
  assert.ok(Number.isFinite(b));
});

test("the density without x2 is the integral over x2", () => {
  const model = two.fitGaussians(square, false);
  for (const u of [-2, 0, 1.3]) {
    const sums = [0, 0], step = 0.005;
    for (let v = -12; v < 12; v += step) two.logJoint(model, u, v).forEach((log, k) => { sums[k] += step * Math.exp(log); });
    two.logJointOfFirst(model, u).forEach((log, k) => close(Math.exp(log), sums[k], 1e-6));
  }
});

test("new points have the priors, means and covariances of the model", () => {
  const model = two.fitGaussians([...two.preset("spread"), [0, 0, 1]], false);
  let state = 1;
  const rng = () => (state = (state * 48271) % 2147483647) / 2147483647;
  const drawn = two.drawPoints(model, 20000, rng);
  close(drawn.filter((point) => point[2]).length / drawn.length, model.prior[1], 0.02);
  const again = two.fitGaussians(drawn, false, 0);
  for (const k of [0, 1]) {
    for (const c of [0, 1]) assert.ok(Math.abs(again.mean[k][c] - model.mean[k][c]) < 0.04);
    for (const c of [0, 1, 2]) assert.ok(Math.abs(again.cov[k][c] - model.cov[k][c]) < 0.05);
  }
});

test("presets stay within the picture, and teach what they are for", () => {
  const right = (points, logit) => points.filter(([u, v, k]) => logit(u, v) > 0 === k > 0).length / points.length;
  const gaussian = (points, shared) => {
    const model = two.fitGaussians(points, shared);
    return (u, v) => { const [a, b] = two.logJoint(model, u, v); return b - a; };
  };
  for (const name of ["spread", "outlier", "clumps", "few"]) {
    const points = two.preset(name);
    assert.deepEqual(points, two.preset(name));
    assert.ok(points.length <= 300 && new Set(points.map((point) => point[2])).size === 2);
    for (const [u, v] of points) assert.ok(Math.abs(u) <= two.REACH[0] && Math.abs(v) <= two.REACH[1], `${name}: ${u}, ${v}`);
  }
  const clumps = two.preset("clumps"), spread = two.preset("spread"), outlier = two.preset("outlier");
  const straight = two.fitLogistic(clumps), curved = two.fitLogistic(clumps, true);
  assert.ok(right(clumps, (u, v) => two.logitOf(straight, u, v)) < 0.7);
  assert.equal(right(clumps, (u, v) => two.logitOf(curved, u, v)), 1);
  assert.ok(right(spread, gaussian(spread, false)) > right(spread, gaussian(spread, true)) + 0.05);
  // three far points turn the shared Gaussians' boundary more than the logistic one
  const near = outlier.filter(([u]) => u < 3), turn = (fit) => {
    const slope = (points) => { const f = fit(points), at = f(0, 0); return Math.atan2(f(0, 1) - at, f(1, 0) - at); };
    return Math.abs(slope(outlier) - slope(near));
  };
  const logistic = (points) => { const fit = two.fitLogistic(points); return (u, v) => two.logitOf(fit, u, v); };
  assert.ok(turn((points) => gaussian(points, true)) > 2 * turn(logistic));
});

test("fitting 300 points takes few rounds: at most 30 exponentials a point", () => {
  const points = Array.from({ length: 300 }, (_, i) => [3.5 * Math.sin(i * 1.7), 2.5 * Math.cos(i * 2.3), i % 2]);
  const count = (run) => {
    const real = Math.exp;
    let calls = 0;
    Math.exp = (value) => { calls++; return real(value); };
    try { run(); } finally { Math.exp = real; }
    return calls;
  };
  for (const curved of [false, true]) {
    const calls = count(() => two.fitLogistic(points, curved));
    assert.ok(calls > 300 && calls <= 30 * 300, `${calls} exponentials`);
  }
});
