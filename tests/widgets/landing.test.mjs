import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const landing = await load("landing");
const close = (a, b, tolerance = 1e-9) => assert.ok(Math.abs(a - b) <= tolerance * (1 + Math.abs(b)), `${a} is not ${b}`);

// a ring and a bar, with gaps in rows and columns
const WIDTH = 40, HEIGHT = 18;
const coverage = Array.from({ length: WIDTH * HEIGHT }, (_, k) => {
  const i = k % WIDTH, j = Math.floor(k / WIDTH), far = Math.hypot(i - 11, j - 9);
  return (far > 4 && far < 7) || (i > 24 && i < 31 && j > 2 && j < 15 && j !== 8) ? 255 : 100;
});
const ink = landing.inkOf(coverage, WIDTH, HEIGHT);
const atoms = coverage.flatMap((c, k) => (c < 128 ? [] : [
  [ink.u0 + ink.du * (k % WIDTH), ink.v0 + ink.dv * Math.floor(k / WIDTH)]]));

/** The posterior mean and log-sum-exp by their definition, atom by atom. */
function plain(u, v, alpha, sigma) {
  const logs = atoms.map(([a, b]) => -((u - alpha * a) ** 2 + (v - alpha * b) ** 2) / (2 * sigma ** 2));
  const top = Math.max(...logs), weights = logs.map((log) => Math.exp(log - top));
  const mass = weights.reduce((sum, w) => sum + w, 0);
  const mean = (c) => atoms.reduce((sum, atom, k) => sum + weights[k] * atom[c], 0) / mass;
  return [mean(0), mean(1), top + Math.log(mass)];
}

test("ink is what is covered by half or more, as runs", () => {
  assert.equal(ink.count, atoms.length);
  assert.ok(ink.count > 100);
  let count = 0;
  for (let r = 0; r < ink.starts.length; r++) count += ink.ends[r] - ink.starts[r];
  assert.equal(count, ink.count);
  const empty = landing.inkOf([127, 0, 127, 90], 2, 2);
  assert.equal(empty.count, 0);
  close(ink.u0, -landing.SPAN_U + landing.SPAN_U / WIDTH);
});

test("the noise keeps the variance, starts pure and ends at what was asked for", () => {
  const { alpha, sigma } = landing.schedule(64, 0.02);
  for (let k = 0; k <= 64; k++) close(alpha[k] ** 2 + sigma[k] ** 2, 1);
  assert.equal(alpha[64], 0);
  close(sigma[0] / alpha[0], 0.02);
  for (let k = 1; k <= 64; k++) assert.ok(sigma[k] > sigma[k - 1]);
});

test("the posterior mean is the sum over every ink pixel, at every level and place", () => {
  for (const theta of [0.01, 0.05, 0.2, 0.7, 1.2, Math.PI / 2]) {
    const alpha = theta === Math.PI / 2 ? 0 : Math.cos(theta), sigma = Math.sin(theta);
    for (const [u, v] of [[0, 0], [-1.3, 0.4], [0.9, -0.2], [2.1, 2], [-4, 3], [0.01, -5], [-1.035, -0.01]]) {
      const found = landing.posteriorMean(ink, u, v, alpha, sigma, [0, 0, 0]), want = plain(u, v, alpha, sigma);
      want.forEach((value, c) => close(found[c], value, 1e-6));
    }
  }
});

test("in pure noise the score points to the origin", () => {
  const [a, b] = landing.score(ink, 0.7, -1.1, 0, 1);
  close(a, -0.7);
  close(b, 1.1);
});

const noise = Float32Array.from({ length: 200 }, (_, k) => 2.5 * Math.sin(12.9898 * (k + 1)));
const newFlow = (steps = 64) => landing.newFlow(ink, noise, landing.schedule(steps, 0.5 * ink.du));
const all = (flow, level) => Array.from({ length: flow.n }, (_, i) => [...landing.locate(flow, i, level, [0, 0, 0])]);

test("the flow ends on the ink, whatever the noise", () => {
  const flow = newFlow();
  assert.ok(landing.extend(flow, 0, () => false));
  assert.ok(landing.onInk(flow, 64) < 0.2);
  // the noise that is left has a standard deviation of half a pixel, and the strokes here are three pixels thin
  assert.ok(landing.onInk(flow, 0) > 0.6);
  for (const [u, v] of all(flow, 0)) {
    assert.ok(Math.min(...atoms.map(([a, b]) => Math.hypot((u - a) / ink.du, (v - b) / ink.dv))) < 1.5);
  }
});

test("time runs both ways over the same places, and a halt changes nothing", () => {
  const flow = newFlow(), halting = newFlow();
  landing.extend(flow, 0, () => false);
  const down = all(flow, 20.5), start = all(flow, 64);
  start.forEach(([u, v], i) => { close(u, noise[2 * i], 1e-6); close(v, noise[2 * i + 1], 1e-6); });
  let halts = 0;
  while (!landing.extend(halting, 0, () => true)) halts++;
  assert.ok(halts > 50);
  assert.deepEqual(all(halting, 20.5), down);
});

test("what is not yet computed is shown at the nearest level that is", () => {
  const flow = newFlow();
  landing.extend(flow, 50, () => false);
  for (const [, , level] of all(flow, 10)) assert.equal(level, 50);
});

test("eight times as many steps end at the same pixels", () => {
  const coarse = newFlow(128), fine = newFlow(1024);
  landing.extend(coarse, 0, () => false);
  landing.extend(fine, 0, () => false);
  const [a, b] = [all(coarse, 0), all(fine, 0)];
  const far = a.map(([u, v], i) => Math.hypot(u - b[i][0], v - b[i][1]) / ink.du).sort((x, y) => x - y);
  assert.ok(far[Math.floor(0.9 * far.length)] < 1, `${far.at(-1)} pixels`);
});

test("the steps climb back along the flow line they came down", () => {
  const flow = newFlow(256);
  landing.extend(flow, 40, () => false);
  const back = newFlow(256);
  back.path[40].set(flow.path[40]);
  back.low.fill(40);
  back.high.fill(40);
  landing.extend(back, 256, () => false);
  const wrong = [...back.path[256]].map((value, k) => Math.abs(value - noise[k])).sort((x, y) => x - y);
  assert.ok(wrong[Math.floor(wrong.length / 2)] < 0.02);
});

test("a push lifts a particle to the noise it amounts to, and it comes down elsewhere", () => {
  const flow = newFlow();
  landing.extend(flow, 0, () => false);
  const [before, calm] = [all(flow, 0)[3], all(flow, 0)[4]];
  landing.push(flow, 3, 0, 0.5, 0.2, 0, 0);
  const [u, v, level] = all(flow, 0)[3];
  const { alpha, sigma } = flow.levels;
  assert.ok(level > 0 && sigma[level] / alpha[level] >= Math.hypot(0.5, 0.2));
  close(u / alpha[level], (before[0] + 0.5) / alpha[0], 1e-5);
  close(v / alpha[level], (before[1] + 0.2) / alpha[0], 1e-5);
  assert.deepEqual(all(flow, 0)[4], calm);
  assert.equal(landing.heal(flow, 0, 1), true);
  for (let k = 0; k < 64; k++) landing.heal(flow, 0, 1);
  assert.equal(landing.heal(flow, 0, 1), false);
  landing.extend(flow, 0, () => false);
  const after = all(flow, 0)[3];
  assert.equal(after[2], 0);
  assert.ok(Math.hypot(after[0] - before[0], after[1] - before[1]) > 0.1);
});

test("a push in pure noise moves the particle and nothing breaks", () => {
  const flow = newFlow();
  landing.push(flow, 0, 64, 0.1, -0.1, 1, 1);
  const [u, v] = all(flow, 64)[0];
  close(u, noise[0] + 0.1, 1e-5);
  close(v, noise[1] - 0.1, 1e-5);
  landing.extend(flow, 0, () => false);
  assert.ok(all(flow, 0).flat().every(Number.isFinite));
});

test("a push adds just the noise that the higher level asks for", () => {
  const flow = newFlow(), still = newFlow(), { alpha, sigma } = flow.levels;
  for (const one of [flow, still]) landing.extend(one, 0, () => false);
  landing.push(flow, 7, 0, 0.3, 0, 1, -2);
  landing.push(still, 7, 0, 0.3, 0, 0, 0);
  const [a, b] = [all(flow, 0)[7], all(still, 0)[7]], k = a[2];
  const variance = (alpha[k] / alpha[0]) ** 2 * sigma[0] ** 2 + (a[0] - b[0]) ** 2; // what was there, shrunk, and what came
  close(variance, sigma[k] ** 2, 1e-4);
  close(a[1] - b[1], -2 * (a[0] - b[0]), 1e-4);
});
