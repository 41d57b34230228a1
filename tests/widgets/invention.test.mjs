import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const it = await load("invention");
const close = (a, b, tolerance = 1e-12) => assert.ok(Math.abs(a - b) <= tolerance, `${a} is not ${b}`);
const sum = (values) => Array.from(values).reduce((a, b) => a + b, 0);

const byHand = () => { // four mentions: a rare fact twice, two others once; two common facts never
  const counts = new Int32Array(it.RARE + it.COMMON);
  counts[0] = 2; counts[1] = 1; counts[2] = 1;
  return counts;
};

test("levels by hand", () => {
  const world = it.levels(byHand(), 0.6, 10);
  assert.deepEqual(Array.from(world.size), [36000 - 3, 2, 1]);
  assert.equal(world.facts, 3030 - 3);
  close(sum(world.truth), 1);
  close(world.truth[1], 2 * 0.6 / 3000);
  close(it.monofacts(world), 0.5);
});

test("the mass moves down one level", () => {
  const world = it.levels(byHand(), 0.6, 10), mass = it.modelMass(world, 0.5);
  assert.deepEqual(Array.from(mass), [0.5, 0.5, 0]); // seen once: the two mentions that were the pair's; seen twice: 0
});

test("a text in which everything is said once", () => {
  const counts = byHand();
  counts[0] = 1;
  const mass = it.modelMass(it.levels(counts, 0.6, 10), 0.25);
  close(mass[1], 0.75);
});

test("masses sum to one at every share", () => {
  for (const n of [200, 3000]) {
    const world = it.levels(it.mention(n, 0.5, 1), 0.5, 400);
    for (const u of [0, 0.42, 1]) close(sum(it.modelMass(world, u)), 1);
  }
});

test("a memoriser invents nothing and is miscalibrated by what it never says", () => {
  const world = it.levels(it.mention(1000, 0.5, 1), 0.5, 400), now = it.measure(world, 0);
  assert.equal(now.rate, 0);
  assert.ok(now.mis >= world.truth[0] - 1e-12);
});

test("few false sentences: the bound without slack fails", () => {
  const world = it.levels(it.mention(1000, 0.5, 1), 0.5, 2), now = it.measure(world, it.monofacts(world));
  assert.ok(now.rate < now.bound - 0.05);
});

test("facts lie at different places", () => {
  const spots = it.places(2, 3);
  assert.equal(new Set(spots).size, it.RARE + it.COMMON);
  assert.ok(Math.max(...spots) < 7200 && Math.min(...spots) >= 0);
});

test("sentences come as often from each kind as the sums say", () => {
  const counts = it.mention(1000, 0.5, 1), world = it.levels(counts, 0.5, 2), u = 0.4;
  const spots = it.places(2, 3), known = new Set(spots), mass = it.modelMass(world, u), rng = it.mulberry32(9);
  let invented = 0, first = 0, n = 3000;
  for (let i = 0; i < n; i++) {
    const said = it.speak(world, counts, mass, spots, known, 2, [rng(), rng(), rng()]);
    assert.equal(known.has(said.place), said.fact);
    if (said.k) assert.equal(counts[spots.indexOf(said.place)], said.k);
    invented += !said.fact;
    first += said.k === 1;
  }
  const rate = it.measure(world, u).rate;
  close(invented / n, rate, 4 * Math.sqrt(rate / n));
  close(first / n, mass[1], 4 * Math.sqrt(mass[1] / n));
});
