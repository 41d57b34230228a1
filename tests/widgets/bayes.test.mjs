import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const bayes = await load("bayes");
const close = (a, b, tolerance = 1e-9) => assert.ok(Math.abs(a - b) <= tolerance, `${a} is not ${b}`);

// two classes, three pixels: the second tells the classes apart, the third tells nothing
const prior = [0.5, 0.5];
const theta = [0.6, 0.9, 0.5, 0.4, 0.1, 0.5];

test("the posterior is Bayes' theorem", () => {
  const belief = bayes.posterior([0.2, 0.8], theta, [-1, 1, 0]);
  close(belief[0], (0.2 * 0.9) / (0.2 * 0.9 + 0.8 * 0.1));
  close(belief[0] + belief[1], 1);
});

test("with nothing seen the posterior is the prior", () => {
  const belief = bayes.posterior([0.2, 0.8], theta, [-1, -1, -1]);
  close(belief[0], 0.2);
});

test("a pixel that tells nothing has no information, the telling one has most", () => {
  const gain = bayes.informationGain(prior, theta);
  close(gain[2], 0);
  assert.equal(bayes.mostTelling(gain, [-1, -1, -1]), 1);
  assert.equal(bayes.mostTelling(gain, [-1, 1, -1]), 0);
  assert.equal(bayes.mostTelling(gain, [0, 1, 0]), -1);
});

test("information gain is the expected fall of entropy", () => {
  const belief = bayes.posterior([0.3, 0.7], theta, [1, -1, -1]);
  const ink = bayes.expectedInk(belief, theta)[1];
  const after = [0, 1].map((value) => bayes.entropy(bayes.posterior([0.3, 0.7], theta, [1, value, -1])));
  close(bayes.informationGain(belief, theta)[1], bayes.entropy(belief) - (1 - ink) * after[0] - ink * after[1], 1e-12);
});

test("the last pixel's factors turn the belief before into the belief after", () => {
  const seen = [1, 0, -1];
  const before = bayes.posterior(prior, theta, [1, -1, -1]);
  const after = bayes.posterior(prior, theta, seen);
  const factors = bayes.factors(prior, theta, seen, 1);
  after.forEach((p, k) => close(p, before[k] * factors[k]));
});

test("a new share moves one class and keeps the others' proportions", () => {
  const moved = bayes.withShare([0.5, 0.3, 0.2], 0, 0.9);
  close(moved[0], 0.9);
  close(moved[1] / moved[2], 1.5);
  close(moved[0] + moved[1] + moved[2], 1);
});

test("honesty counts certainty and hits over all digits with the same pixels seen", () => {
  const images = [1, 1, 0, 0, 0, 1, 1, 0, 0];
  const likelihoods = new Float64Array(6);
  bayes.addPixel(likelihoods, theta, images, 1, 3);
  const { sure, right } = bayes.honesty(prior, likelihoods, [0, 1, 0]);
  close(sure, 0.9);
  close(right, 2 / 3);
  bayes.addPixel(likelihoods, theta, images, 0, 3);
  const seen = [[1, 1, -1], [0, 0, -1], [1, 0, -1]];
  const best = seen.map((look) => Math.max(...bayes.posterior(prior, theta, look)));
  close(bayes.honesty(prior, likelihoods, [0, 1, 0]).sure, (best[0] + best[1] + best[2]) / 3);
});

test("bits come out first pixel first", () => {
  assert.deepEqual([...bayes.unpack(Uint8Array.of(0b10000001, 0b01000000))], [1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]);
});

test("probabilities are never written as certainty", () => {
  assert.deepEqual([1 - 1e-9, 0.9951, 0.42, 0.004, 1e-9].map(bayes.percent), ["> 99.9 %", "99.5 %", "42 %", "0.4 %", "< 0.1 %"]);
});

test("odds and factors for people", () => {
  assert.deepEqual([1, 43.2, 2400, 3.1e8].map(bayes.odds), ["1.0 to 1", "43 to 1", "2,400 to 1", "3 × 10⁸ to 1"]);
  assert.deepEqual([1.094, 0.0123, 0.19].map(bayes.times), ["× 1.09", "× 0.01", "× 0.19"]);
});
