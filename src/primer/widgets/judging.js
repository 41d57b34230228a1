// Samples of eight Gaussians are broken on purpose, and five metrics say whether they notice. A set is {x, y}: points
// [u, v], and the mode (0 to 7) that each was asked for.

export const REACH = 2.7; // the plane spans ±2.7
export const NEIGHBOURS = 3; // of precision and recall
const DRAWS = 24; // other real samples, which show what luck alone does to a metric
const HOLD = 0.4; // the ring takes along what lies so near
const SHAKE = 0.05; // how far copies are moved

// ---- Arithmetic ----

/** Mean [u, v] and covariance [uu, uv, vv] (divisor N - 1) of points. */
export function moments(points) {
  const n = points.length, mean = [0, 1].map((i) => points.reduce((sum, point) => sum + point[i], 0) / n);
  const part = (i, j) => points.reduce((sum, point) => sum + (point[i] - mean[i]) * (point[j] - mean[j]), 0) / (n - 1);
  return { mean, covariance: [part(0, 0), part(0, 1), part(1, 1)] };
}

/** Fréchet distance of two sets of points, each taken for a Gaussian. */
export function frechet(a, b) {
  const [p, q] = [moments(a), moments(b)], [[a1, a2, a3], [b1, b2, b3]] = [p.covariance, q.covariance];
  const product = a1 * b1 + 2 * a2 * b2 + a3 * b3; // tr AB; a 2 × 2 matrix M has (tr √M)² = tr M + 2 √det M
  const inner = product + 2 * Math.sqrt(Math.max(0, (a1 * a3 - a2 * a2) * (b1 * b3 - b2 * b2)));
  const shift = (p.mean[0] - q.mean[0]) ** 2 + (p.mean[1] - q.mean[1]) ** 2;
  return Math.max(0, shift + a1 + a3 + b1 + b3 - 2 * Math.sqrt(Math.max(0, inner)));
}

const square = (a, b) => (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2;
const distance = (a, b) => Math.sqrt(square(a, b));

// The squared distance of each point to its k-th neighbour in the set; the nearest of all is the point itself.
function reach(set, k) {
  return set.map((one) => {
    const least = Array(k + 1).fill(Infinity); // rising
    for (const other of set) {
      const far = square(one, other);
      let place = k;
      if (far >= least[k]) continue;
      for (; place && least[place - 1] > far; place--) least[place] = least[place - 1];
      least[place] = far;
    }
    return least[k];
  });
}

/** The share of points within reach of a set: no further from one of its points than that one's k-th neighbour. */
export function covered(points, set, k = NEIGHBOURS) {
  const far = reach(set, k);
  return points.filter((point) => set.some((one, j) => square(point, one) <= far[j])).length / points.length;
}

/** The median distance from a set's points to their nearest training point. */
export function apart(points, train) {
  const near = points.map((point) => {
    let least = Infinity;
    for (const one of train) least = Math.min(least, square(point, one));
    return Math.sqrt(least);
  }).sort((a, b) => a - b), half = near.length / 2;
  return (near[Math.floor(half)] + near[Math.ceil(half) - 1]) / 2;
}

/** The mode whose centre is nearest. */
export function modeOf(point, centres) {
  const far = centres.map((centre) => distance(point, centre));
  return far.indexOf(Math.min(...far));
}

/** The five metrics of a set. */
export function measure({ x, y }, { train, test, centres }) {
  return {
    frechet: frechet(x, test.x),
    precision: covered(x, test.x),
    recall: covered(test.x, x),
    accuracy: x.filter((point, i) => modeOf(point, centres) === y[i]).length / x.length,
    copying: apart(x, train.x) / apart(test.x, train.x),
  };
}

/** n new real points, each with its mode. */
export function draw(n, centres, sigma, rng) {
  const x = Array.from({ length: n }, () => {
    const [u, v] = centres[Math.floor(rng() * centres.length)];
    return [u + sigma * normal(rng), v + sigma * normal(rng)];
  });
  return { x, y: x.map((point) => modeOf(point, centres)) };
}

/** 0 to n - 1 in random order. */
export function shuffled(n, rng) {
  const out = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(rng() * (i + 1));
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
}

/**
 * The honest samples, a share of them broken (for "modes": that share of the modes left out, one always stays). The
 * same seed breaks the same ones, so that more breaking only adds to less.
 */
export function spoil(kind, share, { honest, train, centres, sigma }, seed) {
  const rng = mulberry32(seed), n = honest.x.length, turn = shuffled(n, rng), stock = shuffled(train.x.length, rng);
  const left = Math.max(1, centres.length - Math.round(share * centres.length));
  const out = { x: [], y: [] };
  honest.x.forEach((point, i) => {
    const copy = stock[turn[i] % stock.length], mode = honest.y[i];
    const [a, b, c, d] = [normal(rng), normal(rng), rng(), rng()];
    const [u, v] = train.x[copy];
    let next = [point, mode];
    if (kind === "modes") {
      const other = Math.floor(c * left), [p, q] = centres[other];
      if (mode >= left) next = [[p + sigma * a, q + sigma * b], other];
    } else if (turn[i] < share * n) {
      if (kind === "copy") next = [[u, v], train.y[copy]];
      if (kind === "shaken") next = [[u + SHAKE * a, v + SHAKE * b], train.y[copy]];
      if (kind === "mean") next = [centres[mode], mode];
      if (kind === "noise") next = [[REACH * (2 * c - 1), REACH * (2 * d - 1)], mode];
      if (kind === "labels") next = [point, (mode + 1) % centres.length];
    }
    out.x.push(next[0]);
    out.y.push(next[1]);
  });
  return out;
}

/** What luck does: three standard deviations around the mean of several values, [low, high]. */
export function band(values) {
  const mean = values.reduce((a, b) => a + b) / values.length;
  const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
  return [mean - 3 * spread, mean + 3 * spread];
}

// ---- The card ----

const METRICS = { // name, and the largest value that its bar shows
  frechet: ["Fréchet distance", 0.6], precision: ["Precision", 1], recall: ["Recall", 1],
  accuracy: ["Right mode", 1], copying: ["Distance to training", 1.5],
};
const BREAKS = [
  ["none", "nothing"], ["copy", "copying training points"], ["shaken", "copying, and moving"],
  ["modes", "leaving out modes"], ["mean", "averaging each mode"], ["noise", "noise"], ["labels", "wrong labels"],
];
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const RING = [0, 0];

function render({ model, el }) {
  const box = root(el, "judging", "Break samples, and see which metric notices");
  const { stage, controls, numbers } = card(box, "let all samples be noise. One metric hardly minds: what does it not "
    + "look at? Then find a break that no metric notices.");
  const pairs = (name) => {
    const flat = f32(model.get(name));
    return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);
  };
  const centres = pairs("centres"), sigma = model.get("sigma");
  const set = (name) => { const x = pairs(name); return { x, y: x.map((point) => modeOf(point, centres)) }; };
  const given = { train: set("train"), test: set("test"), honest: set("honest"), centres, sigma };
  const drawn = Object.fromEntries(Object.keys(METRICS).map((key) => [key, []]));
  let seed = 1, source = given, ringAt = RING, samples, found, ready = false;

  // The metrics of other real samples, one set a frame: the band that luck explains.
  const luck = loop(box, () => {
    const other = draw(given.honest.x.length, centres, sigma, mulberry32(100 + drawn.recall.length));
    for (const [key, value] of Object.entries(measure(other, given))) drawn[key].push(value);
    ready = drawn.recall.length === DRAWS;
    if (ready) paint();
    return !ready;
  });
  function broken() {
    samples = spoil(kind.value, strength.value, source, seed);
    update();
  }
  function update() {
    found = measure(samples, given);
    plane.redraw();
    if (ready) paint();
  }

  const rows = make("div", { class: "judging-rows" }), faces = {};
  for (const [key, [name]] of Object.entries(METRICS)) {
    const track = make("div", { class: "track" }, make("i", { class: "band" }), make("i", { class: "at" }));
    const [value, word] = [make("b", {}, "–"), make("span", { class: "word" })];
    faces[key] = make("div", { class: "row" }, make("span", { class: "name" }, name), value, word, track);
    rows.append(faces[key]);
  }
  rows.append(make("p", { class: "key" }, make("i", { class: "band" }), " what luck gives real points"));
  function paint() {
    let noticed = 0;
    for (const [key, [, most]] of Object.entries(METRICS)) {
      const [low, high] = band(drawn[key]), value = found[key], [, number, word, track] = faces[key].children;
      const place = (one) => 100 * Math.min(1, Math.max(0, one / most)), notices = value < low || value > high;
      const [strip, dot] = track.children;
      strip.style.left = `${Math.min(99, place(low))}%`;
      strip.style.width = `${Math.max(1, place(high) - place(low))}%`;
      dot.style.left = `${place(value)}%`;
      number.textContent = pretty(value, 2);
      word.textContent = notices ? `✗ ${value < low ? "too low" : "too high"}` : "quiet";
      faces[key].classList.toggle("notices", notices);
      noticed += notices;
    }
    show(numbers, [
      ["Samples", `${samples.x.length}`],
      ["Excess Fréchet", pretty(Math.round(1e4 * (found.frechet - floor)) / 1e4, 2)],
      ["Metrics that notice", `${noticed} of 5`],
    ]);
  }
  const floor = frechet(given.train.x, given.test.x);

  const board = make("div", { class: "judging-board" });
  stage.append(make("div", { class: "judging" }, board, rows));
  const plane = canvas(board, 1, (context, width, high, { real, model: made, ink, ground, grid }) => {
    const view = ([u, v]) => [(u / REACH + 1) * width / 2, (1 - v / REACH) * high / 2];
    const circle = (x, y, radius) => {
      context.beginPath();
      context.arc(x, y, radius, 0, 7);
    };
    Object.assign(context, { strokeStyle: grid, fillStyle: real, lineWidth: 1, globalAlpha: 1 });
    context.strokeRect(0.5, 0.5, width - 1, high - 1);
    context.globalAlpha = 0.4;
    for (const point of given.train.x) circle(...view(point), 2.2), context.fill();
    Object.assign(context, { strokeStyle: made, lineWidth: 1.3, globalAlpha: 1 });
    samples.x.forEach((point, i) => {
      const [x, y] = view(point), [u, v] = centres[samples.y[i]];
      circle(x, y, 2.8);
      if (modeOf(point, centres) !== samples.y[i]) {
        const [du, dv] = [u - point[0], v - point[1]], size = Math.hypot(du, dv); // the tail points where it should be
        context.moveTo(x + 2.8 * du / size, y - 2.8 * dv / size);
        context.lineTo(x + 13 * du / size, y - 13 * dv / size);
      }
      context.stroke();
    });
    for (const [strokeStyle, lineWidth] of [[ground, 4], [ink, 1.8]]) {
      Object.assign(context, { strokeStyle, lineWidth });
      circle(...view(ringAt), HOLD / REACH * width / 2);
      context.stroke();
    }
  }, "Training points and samples; a tail leads to the mode asked for where that is another. Arrow keys move a ring "
    + "that takes samples along");
  const face = plane.element;
  face.tabIndex = 0;
  face.setAttribute("role", "application");
  const limit = (value) => Math.min(REACH, Math.max(-REACH, value));
  // The ring goes to (u, v) and takes along the samples in it.
  function pull(u, v) {
    const [p, q] = ringAt;
    ringAt = [limit(u), limit(v)];
    const [du, dv] = [ringAt[0] - p, ringAt[1] - q];
    const x = samples.x.map((one) => (distance(one, [p, q]) < HOLD ? [limit(one[0] + du), limit(one[1] + dv)] : one));
    samples = { ...samples, x };
    update();
  }
  const placed = (x, y) => [(x / face.clientWidth * 2 - 1) * REACH, (1 - y / face.clientHeight * 2) * REACH];
  drag(face, {
    start(x, y) { ringAt = placed(x, y).map(limit); plane.redraw(); },
    move(x, y) { pull(...placed(x, y)); },
  });
  face.addEventListener("keydown", (event) => {
    if (!(event.key in KEYS)) return;
    event.preventDefault();
    const [du, dv] = KEYS[event.key], far = event.shiftKey ? 0.5 : 0.1;
    pull(ringAt[0] + far * du, ringAt[1] + far * dv);
  }, { signal: life(box) });

  const kind = menu(controls, {
    label: "Break by", value: "none", options: BREAKS,
    change() { if (!strength.value) strength.value = 0.5; broken(); },
  });
  kind.element.firstChild.style.whiteSpace = "nowrap";
  button(controls, "New samples", () => {
    seed++;
    source = { ...given, honest: draw(given.honest.x.length, centres, sigma, mulberry32(seed)) };
    broken();
  });
  button(controls, "Reset", () => {
    [seed, source, ringAt, kind.value, strength.value] = [1, given, RING, "none", 0.5];
    broken();
  });
  const strength = slider(controls, {
    label: "Strength", min: 0, max: 1, step: 0.05, value: 0.5, format: (value) => `${Math.round(100 * value)} %`,
    input: broken,
  });
  show(numbers, [["Samples", `${given.honest.x.length}`]]);
  broken();
  luck.play();
  return () => dispose(box);
}

export default { render };
