// A small world of facts in the page: how much of it a text shows, and what a model then states.
// A sentence is a pair of names and a value. Only counts matter, so sums over all sentences are sums over levels: the
// sentences with the same number of mentions k, of which there are size[k], with truth[k] of the world's probability.

export const PAIRS = 3600, SIDE = 60, RARE = 3000, COMMON = 30, LINES = 6;

/** How often each fact is mentioned, (RARE + COMMON,), rare ones first; their share of the n mentions is about `share`. */
export function mention(n, share, seed) {
  const rng = mulberry32(seed), counts = new Int32Array(RARE + COMMON);
  for (let i = 0; i < n; i++) {
    const rare = rng() < share, r = rng();
    counts[rare ? Math.floor(r * RARE) : RARE + Math.floor(r * COMMON)] += 1;
  }
  return counts;
}

/** Levels of a world with so many values: {size, truth} by number of mentions; facts: true sentences at level 0. */
export function levels(counts, share, values) {
  const top = Math.max(...counts), size = new Float64Array(top + 1), truth = new Float64Array(top + 1);
  counts.forEach((k, i) => {
    size[k] += 1;
    truth[k] += i < RARE ? share / RARE : (1 - share) / COMMON;
  });
  const facts = size[0];
  size[0] += PAIRS * values - RARE - COMMON; // the false sentences
  return { size, truth, facts };
}

/** The part of the mentions that are the only ones of their fact. */
export function monofacts({ size }) {
  let n = 0;
  for (let k = 1; k < size.length; k++) n += k * size[k];
  return size[1] / n;
}

/**
 * A model's probability on each level: u on what was never mentioned; the rest as Good and Turing would part it, each
 * level up to 2 with the mass of the level above it, the others by their counts. With u = M it is their estimate.
 */
export function modelMass({ size }, u) {
  const seen = (k) => (k < size.length ? k * size[k] : 0);
  let heavy = 0, rest = 0;
  for (let k = 3; k < size.length; k++) heavy += seen(k);
  rest = heavy - seen(3);
  const weight = Float64Array.from(size, (_, k) => (k === 0 ? 0 : k < 3 ? size[k] && seen(k + 1) : heavy && (seen(k) * rest) / heavy));
  const total = weight.reduce((sum, w) => sum + w, 0);
  return weight.map((w, k) => (k === 0 ? u : total ? ((1 - u) * w) / total : k === 1 ? 1 - u : 0));
}

/** {M, mis, bound, rate}: bound is M - mis, rate the share of false sentences among the model's. */
export function measure(world, u) {
  const { size, truth, facts } = world, mass = modelMass(world, u), bins = new Map();
  mass.forEach((m, k) => {
    if (!size[k]) return;
    const bin = bins.get(m / size[k]) ?? bins.set(m / size[k], { size: 0, mass: 0, truth: 0 }).get(m / size[k]);
    bin.size += size[k]; bin.mass += m; bin.truth += truth[k];
  });
  let mis = 0;
  for (const bin of bins.values()) mis += Math.abs(bin.mass - bin.truth) / 2;
  const M = monofacts(world);
  return { M, mis, bound: M - mis, rate: u * (1 - facts / size[0]) };
}

/** The same from the sliders' values, for the tests. */
export const measureAt = (n, share, values, u, seed) => measure(levels(mention(n, share, seed), share, values), u);

/** Which sentences are the facts, (RARE + COMMON,): different places below PAIRS * values. */
export function places(values, seed) {
  const rng = mulberry32(seed), taken = new Set();
  while (taken.size < RARE + COMMON) taken.add(Math.floor(rng() * PAIRS * values));
  return Array.from(taken);
}

/** One sentence of the model, {place, k, fact}, from three uniform numbers; k mentions of it were in the text. */
export function speak({ size, facts }, counts, mass, spots, known, values, [r, s, t]) {
  let k = 0, below = mass[0];
  while (r >= below && k < mass.length - 1) below += mass[++k];
  while (k && !size[k]) k--; // rounding at the very end
  const fact = k > 0 || s * size[0] < facts;
  if (fact) {
    const among = spots.filter((_, i) => counts[i] === k);
    return { place: among[Math.floor(t * among.length)], k, fact };
  }
  let place = Math.floor(t * PAIRS * values);
  while (known.has(place)) place = (place + 1) % (PAIRS * values);
  return { place, k, fact };
}

const CURVES = [["rate", "error", [], 2.5], ["mis", "noise", [2, 4], 2.5], ["bound", "truth", [7, 4], 4]];
const NAMES = { rate: "invented", mis: "miscalibration", bound: "M − Mis" };

export function render({ model, el }) {
  const [first, last, towns] = ["first", "last", "towns"].map((name) => model.get(name));
  const box = root(el, "invention", "A model between memoriser and inventor, and what it states");
  const { stage, controls, numbers } = card(
    box, "find the share with the least miscalibration. Then leave 2 towns instead of 400: how far does the green line rise above the red one?");
  let n = 1000, share = 0.5, values = 400, u = 0.25, seed = 1, said = 7;
  let counts, world, spots, known, curve;

  const rebuild = () => {
    counts = mention(n, share, seed);
    world = levels(counts, share, values);
    spots = places(values, seed + 100);
    known = new Set(spots);
    curve = Array.from({ length: 101 }, (_, i) => measure(world, i / 100));
    refresh();
  };
  const area = (width, height) => ({ left: 44, top: 26, width: width - 60, height: height - 74 });
  const view = canvas(stage, (width) => (width < 520 ? 1.15 : 2.1), (context, width, height, palette) => {
    const frame = area(width, height);
    const { x, y } = axes(context, frame, palette, {
      x: [0, 1], y: [0, 1], xLabel: "share never mentioned", yLabel: "share of sentences",
      xTicks: [0, 0.2, 0.4, 0.6, 0.8, 1], yTicks: [0, 0.25, 0.5, 0.75, 1],
    });
    const now = measure(world, u);
    context.font = "13px system-ui, sans-serif";
    context.strokeStyle = palette.soft;
    context.setLineDash([1, 3]);
    context.beginPath();
    context.moveTo(x(now.M), y(0));
    context.lineTo(x(now.M), y(1));
    context.stroke();
    context.setLineDash([]);
    context.fillStyle = palette.soft;
    context.textAlign = now.M > 0.8 ? "right" : "left";
    context.fillText(`M = ${now.M.toFixed(2)}`, x(now.M) + (now.M > 0.8 ? -5 : 5), y(1) + 9);
    context.save();
    context.beginPath();
    context.rect(frame.left, frame.top - 3, frame.width + 3, frame.height + 6);
    context.clip();
    for (const [key, color, dash, wide] of CURVES) {
      context.strokeStyle = palette[color];
      context.lineWidth = wide;
      context.setLineDash(dash);
      context.beginPath();
      curve.forEach((point, i) => context.lineTo(x(i / 100), y(point[key])));
      context.stroke();
    }
    context.restore();
    context.setLineDash([]);
    context.strokeStyle = palette.ink;
    context.lineWidth = 1.5;
    context.beginPath();
    context.moveTo(x(u), y(0));
    context.lineTo(x(u), y(1));
    context.stroke();
    for (const [key, color] of CURVES) {
      if (now[key] < 0) continue;
      context.fillStyle = palette[color];
      context.strokeStyle = palette.ground;
      context.beginPath();
      context.arc(x(u), y(now[key]), 6, 0, 2 * Math.PI);
      context.fill();
      context.stroke();
    }
  }, "Three curves over the share of the model's sentences that were never mentioned: the rate of invention rises, miscalibration falls to its least near M and rises again, and M − Mis follows the rate up to M and then falls");
  const key = make("div", { class: "invention-key", "aria-hidden": "true" },
    ...CURVES.map(([name, color]) => make("span", { "data-color": color }, NAMES[name])));
  const list = make("ul", { class: "invention-said", "aria-label": "Sentences drawn from the model" });
  stage.append(key, list);
  for (let i = 0; i < LINES; i++) list.append(make("li", {}, make("b"), make("span"), make("i")));

  const refresh = () => {
    const mass = modelMass(world, u), rng = mulberry32(said), now = measure(world, u);
    for (const line of list.children) {
      const it = speak(world, counts, mass, spots, known, values, [rng(), rng(), rng()]);
      const pair = Math.floor(it.place / values), town = towns[it.place % values];
      line.className = it.fact ? "fact" : "false";
      const [mark, text, note] = line.children;
      mark.textContent = it.fact ? "✓" : "✗";
      text.textContent = `${first[Math.floor(pair / SIDE)]} ${last[pair % SIDE]} has been to ${town}.`;
      note.textContent = !it.fact ? "invented" : it.k ? `mentioned ${it.k === 1 ? "once" : `${it.k} times`}` : "true, never mentioned";
    }
    show(numbers, [
      ["M", now.M.toFixed(3)], ["Mis", now.mis.toFixed(3)], ["M − Mis", now.bound.toFixed(3).replace("-", "−")],
      ["invented", now.rate.toFixed(3)],
    ]);
    view.redraw();
  };
  const set = (value) => { u = Math.min(1, Math.max(0, value)); dial.value = u; refresh(); };
  const pull = (px) => { const { left, width } = area(stage.clientWidth, 0); set(Math.round(100 * (px - left) / width) / 100); };
  drag(view.element, { start: pull, move: pull });
  const two = (value) => value.toFixed(2);
  const dial = slider(controls, { label: "Never mentioned", min: 0, max: 1, step: 0.01, value: u, format: two, input: (value) => { u = value; refresh(); } });
  slider(controls, { label: "Rare facts' share", min: 0.05, max: 0.95, step: 0.05, value: share, format: two, input: (value) => { share = value; rebuild(); } });
  slider(controls, { label: "Mentions", min: 200, max: 6000, step: 200, value: n, format: (value) => `${value}`, input: (value) => { n = value; rebuild(); } });
  choice(controls, {
    label: "Towns", options: [[2, "2"], [20, "20"], [400, "400"]], value: values,
    change: (value) => { values = Number(value); rebuild(); },
  });
  button(controls, "Memoriser", () => set(0));
  button(controls, "Good-Turing", () => set(measure(world, u).M));
  button(controls, "Speak again", () => { said += 1; refresh(); }, "main");
  rebuild();
  return () => dispose(box);
}

export default { render };
