// The landing page's picture: a word's ink pixels are the data, and particles that start as Gaussian noise follow the
// probability-flow ODE back to them. Coordinates (u, v): the noise is a standard Gaussian in them, the canvas spans
// ±SPAN_U by ±SPAN_V. A data point x0 is noised as x = α x0 + σ ε with α = cos θ and σ = sin θ.

export const SPAN_U = 2.3, SPAN_V = 2.2;
const COLUMNS = 240; // of the hidden canvas
const STEPS = 128; // levels of the noise between the word (0) and pure noise (STEPS)
export const PARTICLES = 1500;

// α and σ of all levels. θ grows with the square of the time, so that the levels crowd where letters form; at level 0
// the noise left is half a pixel, which hides the pixel grid.
export function schedule(steps, finest) {
  const alpha = new Float64Array(steps + 1), sigma = new Float64Array(steps + 1), first = Math.atan(finest);
  for (let k = 0; k <= steps; k++) {
    const theta = first + (Math.PI / 2 - first) * (k / steps) ** 2;
    alpha[k] = k === steps ? 0 : Math.cos(theta);
    sigma[k] = Math.sin(theta);
  }
  return { alpha, sigma };
}

// The data: every cell of a width × height picture whose coverage (0 to 255) is at least half. Ink is kept as runs
// [start, end) in each row, because a sum over a run is a difference of two prefix sums.
export function inkOf(coverage, width, height, spanU = SPAN_U, spanV = SPAN_V) {
  const starts = [], ends = [], first = new Int32Array(height + 1), mask = new Uint8Array(width * height);
  let count = 0;
  for (let j = 0; j < height; j++) {
    first[j] = starts.length;
    for (let i = 0; i < width; i++) {
      if (coverage[j * width + i] < 128) continue;
      if (!i || !mask[j * width + i - 1]) starts.push(i), ends.push(i);
      ends[ends.length - 1] = i + 1;
      mask[j * width + i] = 1;
      count++;
    }
  }
  first[height] = starts.length;
  const du = 2 * spanU / width, dv = 2 * spanV / height;
  return {
    width, height, du, dv, u0: du / 2 - spanU, v0: dv / 2 - spanV, count, mask,
    starts: Int32Array.from(starts), ends: Int32Array.from(ends), first,
    p0: new Float64Array(width + 1), p1: new Float64Array(width + 1), row: new Float64Array(height),
  };
}

// Gaussian weights exp(-(x - α(a0 + i h))² / 2σ²) of the lattice points, divided by the largest, for all i whose
// weight is not below e^-40: neighbours differ by a factor that is itself geometric, so three exponentials do for all.
// Writes w[i], returns [lowest i, highest i + 1, the nearest distance squared].
function gaussianRow(w, n, x, a0, h, alpha, sigma) {
  const step = alpha * h, near = alpha > 0 ? Math.min(n - 1, Math.max(0, Math.round((x / alpha - a0) / h))) : 0;
  const d = x - alpha * a0 - near * step, precision = 1 / (sigma * sigma);
  const shrink = Math.exp(-step * step * precision);
  let lo = near, hi = near + 1;
  w[near] = 1;
  let ratio = Math.exp((d * step - step * step / 2) * precision), weight = 1;
  for (; hi < n && weight > 4e-18; hi++, ratio *= shrink) w[hi] = weight *= ratio;
  ratio = Math.exp((-d * step - step * step / 2) * precision);
  weight = 1;
  for (; lo > 0 && weight > 4e-18; ratio *= shrink) w[--lo] = weight *= ratio;
  return [lo, hi, d * d];
}

const columnWeights = new Float64Array(4096);

// Log density (without the constant of the Gaussian) of the noised data at (u, v), and the mean of the data given
// that noised point: out = [E[u0 | u, v], E[v0 | u, v], log-sum-exp]. All ink pixels enter, none is approximated.
export function posteriorMean(ink, u, v, alpha, sigma, out) {
  const { width, height, du, dv, u0, v0, starts, ends, first, p0, p1, row } = ink;
  const [left, right, near2u] = gaussianRow(columnWeights, width, u, u0, du, alpha, sigma);
  const [top, bottom, near2v] = gaussianRow(row, height, v, v0, dv, alpha, sigma);
  p0[left] = p1[left] = 0;
  for (let i = left; i < right; i++) {
    p0[i + 1] = p0[i] + columnWeights[i];
    p1[i + 1] = p1[i] + columnWeights[i] * i;
  }
  let mass = 0, massI = 0, massJ = 0;
  for (let j = top; j < bottom; j++) {
    let line = 0, lineI = 0;
    for (let r = first[j]; r < first[j + 1]; r++) {
      const s = starts[r] < left ? left : starts[r], e = ends[r] > right ? right : ends[r];
      if (s >= e) continue;
      line += p0[e] - p0[s];
      lineI += p1[e] - p1[s];
    }
    mass += row[j] * line;
    massI += row[j] * lineI;
    massJ += row[j] * line * j;
  }
  // Far from all ink the differences of prefix sums would be rounding noise: add up the logarithms instead.
  if (mass < 1e-7) return farMean(ink, u, v, alpha, sigma, out);
  out[0] = u0 + du * massI / mass;
  out[1] = v0 + dv * massJ / mass;
  out[2] = Math.log(mass) - (near2u + near2v) / (2 * sigma * sigma);
  return out;
}

// The same sums in the log domain, pixel by pixel: slow, and right however far the point is.
function farMean(ink, u, v, alpha, sigma, out) {
  const { width, du, dv, u0, v0, mask } = ink;
  let best = -Infinity, mass = 0, massU = 0, massV = 0;
  for (let c = 0; c < mask.length; c++) {
    if (!mask[c]) continue;
    const a = u0 + du * (c % width), b = v0 + dv * Math.floor(c / width);
    const log = -((u - alpha * a) ** 2 + (v - alpha * b) ** 2) / (2 * sigma * sigma);
    if (log > best) {
      const scale = Math.exp(best - log);
      mass *= scale, massU *= scale, massV *= scale;
      best = log;
    }
    const w = Math.exp(log - best);
    mass += w, massU += w * a, massV += w * b;
  }
  out[0] = massU / mass;
  out[1] = massV / mass;
  out[2] = best + Math.log(mass);
  return out;
}

// The score ∇ log p(u, v) = (α E[x0 | x] - x) / σ² of the noised empirical distribution (Tweedie's formula).
export function score(ink, u, v, alpha, sigma) {
  const [mu, mv] = posteriorMean(ink, u, v, alpha, sigma, [0, 0, 0]);
  return [(alpha * mu - u) / sigma ** 2, (alpha * mv - v) / sigma ** 2];
}

// Particles on their flow lines. path[k] holds all positions at level k; a particle knows its line from level low to
// level high and it is extended when somebody looks there, so time runs both ways over the same points.
export function newFlow(ink, noise, levels) {
  const n = noise.length / 2, steps = levels.alpha.length - 1;
  const path = Array.from({ length: steps + 1 }, () => new Float32Array(2 * n));
  path[steps].set(noise);
  return {
    ink, levels, n, steps, path, cursor: 0,
    low: new Int16Array(n).fill(steps), high: new Int16Array(n).fill(steps), lift: new Float32Array(n),
  };
}

// One step of the probability-flow ODE for particle i between neighbouring levels, either way: the noise
// ε = (x - α E[x0 | x]) / σ is kept, the rest is replaced (the first-order exponential integrator, known as DDIM).
const mean = [0, 0, 0];
function step(flow, i, from, to) {
  const { alpha, sigma } = flow.levels, x = flow.path[from], y = flow.path[to];
  posteriorMean(flow.ink, x[2 * i], x[2 * i + 1], alpha[from], sigma[from], mean);
  const keep = sigma[to] / sigma[from];
  for (let c = 0; c < 2; c++) y[2 * i + c] = alpha[to] * mean[c] + keep * (x[2 * i + c] - alpha[from] * mean[c]);
}

// Extend the known flow lines towards a level (particles that were stirred: towards their own), a step a particle in
// turn, until all are there (returns true) or stop() says so.
export function extend(flow, level, stop) {
  const { n, low, high, lift, steps } = flow;
  for (let idle = 0, done = 0; idle < n; idle++) {
    const i = flow.cursor = (flow.cursor + 1) % n, aim = Math.max(level, lift[i]);
    if (low[i] > Math.floor(aim)) step(flow, i, low[i], --low[i]);
    else if (high[i] < Math.min(steps, Math.ceil(aim))) step(flow, i, high[i], ++high[i]);
    else continue;
    idle = -1;
    if (++done % 32 === 0 && stop()) return false;
  }
  return true;
}

// Where particle i is when the time stands at a level: out = [u, v, its own level].
export function locate(flow, i, level, out) {
  const own = Math.min(flow.high[i], Math.max(flow.low[i], level, flow.lift[i]));
  const k = Math.min(flow.steps - 1, Math.floor(own)), f = own - k;
  const a = flow.path[k], b = f > 0 ? flow.path[k + 1] : a;
  out[0] = a[2 * i] + f * (b[2 * i] - a[2 * i]);
  out[1] = a[2 * i + 1] + f * (b[2 * i + 1] - a[2 * i + 1]);
  out[2] = own;
  return out;
}

// Push particle i by (du, dv). A push leads away from the data, so it counts as noise: the level rises until σ/α has
// grown by its length, noise (e, f) of the missing variance is added as the forward process would, and a new flow line
// starts there. A flow line of the old, low level would fly off instead.
const TOP = Math.round(0.65 * STEPS); // more noise than this would tear a word apart
const place = [0, 0, 0];
export function push(flow, i, level, du, dv, e, f) {
  const { alpha, sigma } = flow.levels, noise = (k) => sigma[k] / alpha[k];
  locate(flow, i, level, place);
  const from = Math.ceil(place[2]);
  let k = from;
  while (k < TOP && noise(k) * alpha[from] < sigma[from] + Math.hypot(du, dv)) k++;
  const keep = alpha[k] / alpha[from] || 1, add = k > from ? alpha[k] * Math.sqrt(noise(k) ** 2 - noise(from) ** 2) : 0;
  flow.path[k][2 * i] = (place[0] + du) * keep + add * e;
  flow.path[k][2 * i + 1] = (place[1] + dv) * keep + add * f;
  flow.low[i] = flow.high[i] = flow.lift[i] = k;
}

// Stirred particles come down to the level of the others; returns whether any is still above it.
export function heal(flow, level, levels) {
  let above = false;
  for (let i = 0; i < flow.n; i++) {
    if (!flow.lift[i]) continue;
    flow.lift[i] -= levels;
    if (flow.lift[i] <= level) flow.lift[i] = 0;
    else above = true;
  }
  return above;
}

// The share of particles whose cell of the picture is ink.
export function onInk(flow, level) {
  const { ink, n } = flow;
  let count = 0;
  for (let i = 0; i < n; i++) {
    locate(flow, i, level, place);
    const c = Math.round((place[0] - ink.u0) / ink.du), r = Math.round((place[1] - ink.v0) / ink.dv);
    if (c >= 0 && c < ink.width && r >= 0 && r < ink.height) count += ink.mask[r * ink.width + c];
  }
  return count / n;
}

// ---- The card ----

// The word, as large as it fits, on a hidden canvas of 240 columns whose cells are square on the visible one.
function inkOfWord(word, ratio, family) {
  const height = Math.round(COLUMNS / ratio);
  const context = make("canvas", { width: COLUMNS, height }).getContext("2d", { willReadFrequently: true });
  context.font = `800 100px ${family}`;
  const box = context.measureText(word);
  const tall = box.actualBoundingBoxAscent + box.actualBoundingBoxDescent;
  const wide = box.actualBoundingBoxLeft + box.actualBoundingBoxRight;
  if (!(tall > 0 && wide > 0)) return null;
  const scale = Math.min(0.86 * COLUMNS / wide, 0.66 * height / tall);
  context.font = `800 ${100 * scale}px ${family}`;
  context.fillText(word, (COLUMNS - scale * wide) / 2 + scale * box.actualBoundingBoxLeft,
    (height - scale * tall) / 2 + scale * box.actualBoundingBoxAscent);
  const pixels = context.getImageData(0, 0, COLUMNS, height).data;
  const ink = inkOf(pixels.filter((_, i) => i % 4 === 3), COLUMNS, height);
  return ink.count ? Object.assign(ink, { word }) : null;
}

// Pictures of a particle from "made by the model" (hollow) to noise (a small dot), so that a frame only copies them.
const SHADES = 16;
function stamps(palette, radius) {
  const scale = window.devicePixelRatio || 1;
  return Array.from({ length: SHADES }, (_, s) => {
    const f = s / (SHADES - 1), r = radius * (1 - 0.4 * f), size = 2 * Math.ceil(radius + 2);
    const element = make("canvas", { width: size * scale, height: size * scale }), context = element.getContext("2d");
    const color = `color-mix(in srgb, ${palette.noise} ${100 * f}%, ${palette.model})`;
    context.scale(scale, scale);
    context.arc(size / 2, size / 2, r, 0, 2 * Math.PI);
    context.fillStyle = context.strokeStyle = color;
    context.globalAlpha = 0.12 + 0.6 * f;
    context.fill();
    context.globalAlpha = 1 - 0.4 * f;
    context.lineWidth = Math.max(0.7, radius / 2.2);
    context.stroke();
    return { element, size, color };
  });
}

function drawInk(context, { width, height, first, starts, ends }, w, h, color) {
  context.fillStyle = color;
  context.globalAlpha = 0.3;
  for (let j = 0; j < height; j++) {
    for (let r = first[j]; r < first[j + 1]; r++) {
      context.fillRect(starts[r] * w, (j + 0.1) * h, (ends[r] - starts[r]) * w, 0.8 * h);
    }
  }
  context.globalAlpha = 1;
}

// All particles, each with a short tail: the last levels of its flow line.
const TAIL = 5;
function drawParticles(context, flow, level, width, height, art) {
  const shadeOf = (k) => Math.min(SHADES - 1, Math.floor(SHADES * (k / flow.steps) ** 1.1));
  const toX = (u) => (u / SPAN_U + 1) * width / 2, toY = (v) => (v / SPAN_V + 1) * height / 2;
  const tails = art.map(() => new Path2D()), back = [0, 0, 0];
  const spots = [];
  for (let i = 0; i < flow.n; i++) {
    locate(flow, i, level, place);
    const x = toX(place[0]), y = toY(place[1]), shade = shadeOf(place[2]);
    spots.push([x, y, art[shade]]);
    if (place[2] + TAIL > flow.high[i]) continue;
    locate(flow, i, place[2] + TAIL, back);
    tails[shade].moveTo(x, y);
    tails[shade].lineTo(toX(back[0]), toY(back[1]));
  }
  context.lineWidth = 1;
  context.globalAlpha = 0.35;
  tails.forEach((path, shade) => {
    context.strokeStyle = art[shade].color;
    context.stroke(path);
  });
  context.globalAlpha = 1;
  for (const [x, y, { element, size }] of spots) context.drawImage(element, x - size / 2, y - size / 2, size, size);
}

const ratioOf = (width) => (width < 480 ? 1.6 : width < 840 ? 2.3 : 2.8);
const SECONDS = 5; // from noise to word
const FIELD = "width: 9em; min-height: 40px; margin: 0; padding: 7px 12px; border: 1px solid var(--p-soft); "
  + "border-radius: 8px; background: var(--p-ground); color: var(--p-ink); font: inherit; font-size: 16px";

function render({ model, el }) {
  const box = root(el, "landing", "Noise becomes a word");
  const { stage, controls, numbers } = card(box, "let the word form, then stir it. Do the particles find their old "
    + "places again? And when you pull the time back instead?");
  const family = getComputedStyle(box).fontFamily, rng = mulberry32(7);
  const noise = Float32Array.from({ length: 2 * PARTICLES }, () => normal(rng));
  let level = STEPS, mode = "still", ratio = ratioOf(stage.clientWidth), showData = false, art = null, artKey = "";
  let flow = null; // what is shown
  let next = null; // another word: taken at pure noise or, when nothing moves, once its flow lines reach the level

  const picture = canvas(stage, ratioOf, (context, width, height, palette) => {
    if (!flow) return;
    const key = [palette.model, width, window.devicePixelRatio].join();
    if (key !== artKey) [art, artKey] = [stamps(palette, Math.min(3, Math.max(1.1, width / 280))), key];
    if (showData) drawInk(context, flow.ink, width / flow.ink.width, height / flow.ink.height, palette.real);
    drawParticles(context, flow, level, width, height, art);
    if (ratioOf(width) === ratio) return;
    ratio = ratioOf(width); // the card has become narrow or wide: fit the word anew, at the same time
    write((next ?? flow).ink.word, false);
  }, `${PARTICLES} particles`);

  const time = loop(box, (seconds) => {
    if (mode === "play") level = Math.max(0, level - seconds * STEPS / SECONDS);
    if (mode === "rewind") level = Math.min(STEPS, level + seconds * STEPS * 1.6);
    if (mode === "rewind" && level === STEPS) {
      if (next) take();
      setMode("play");
    }
    const until = performance.now() + (next && mode === "still" ? 12 : 5), late = () => performance.now() > until;
    const above = flow !== null && heal(flow, level, seconds * STEPS / 2.2);
    const ready = flow === null || extend(flow, level, late);
    if (next && mode === "still" && extend(next, level, late)) take();
    if (mode === "play" && level === 0) setMode("still");
    paint();
    return mode !== "still" || above || !ready || next !== null;
  });

  function setMode(value) {
    mode = value;
    playButton.textContent = mode === "still" ? "Play" : "Pause";
    time.play();
  }
  function take() {
    flow = next;
    next = null;
    picture.element.setAttribute("aria-label", `${PARTICLES} particles between noise and the word ${flow.ink.word}`);
  }
  function write(word, run) {
    const ink = inkOfWord(word, ratio, family);
    if (!ink) return;
    next = newFlow(ink, noise, schedule(STEPS, 0.5 * ink.du));
    setMode(run ? "rewind" : mode);
  }
  function paint() {
    slide.value = 1 - level / STEPS;
    picture.redraw();
    if (!flow) return;
    const sigma = flow.levels.sigma[Math.round(level)];
    show(numbers, [
      ["Noise level", sigma.toFixed(2)], ["Particles", PARTICLES.toLocaleString("en")],
      ["On the word's ink", `${Math.round(100 * onInk(flow, level))} %`],
    ]);
  }
  // A hand passes (x, y) and moves by (dx, dy), in parts of the picture's width: what is near goes along.
  function stir(x, y, dx, dy) {
    if (!flow) return;
    const reach = 0.09, toU = 2 * SPAN_U, toV = 2 * SPAN_V * ratio;
    for (let i = 0; i < flow.n; i++) {
      locate(flow, i, level, place);
      const a = place[0] / toU + 0.5 - x, b = (place[1] / SPAN_V + 1) / 2 / ratio - y;
      const near = 1 - (a * a + b * b) / (reach * reach);
      if (near <= 0) continue;
      push(flow, i, level, toU * near * near * dx, toV * near * near * dy, normal(rng), normal(rng));
    }
    time.play();
  }
  function stirAll() {
    const top = 0.5 / ratio, at = (k) => [k / 40, top + 0.7 * top * Math.sin(k / 3)];
    for (let k = 0; k < 40; k++) {
      const [x, y] = at(k), [x2, y2] = at(k + 1);
      stir(x, y, 0.6 * (x2 - x), 0.6 * (y2 - y));
    }
  }

  const word = make("input", { type: "text", maxlength: 14, spellcheck: "false", autocomplete: "off", style: FIELD });
  word.value = model.get("word");
  word.addEventListener("input", () => write(word.value.trim(), !reducedMotion()), { signal: life(box) });
  controls.append(make("label", { class: "primer-menu" }, make("span", {}, "Word"), word));
  button(controls, "Stir", stirAll);
  const dataButton = button(controls, "Show the data", () => {
    showData = !showData;
    dataButton.setAttribute("aria-pressed", showData);
    dataButton.classList.toggle("main", showData);
    picture.redraw();
  });
  dataButton.setAttribute("aria-pressed", "false");
  button(controls, "Reset", () => {
    word.value = model.get("word");
    start();
  });
  const player = make("div", { style: "display: flex; gap: 12px; flex: 1 1 100%; min-width: 0" });
  controls.prepend(player);
  const playButton = button(player, "Play", () => {
    if (mode !== "still") return setMode("still");
    setMode(level === 0 ? "rewind" : "play");
  }, "main");
  playButton.style.flex = "0 0 5.5em";
  const slide = slider(player, {
    label: "Time", min: 0, max: 1, step: 0.01, value: 0, format: (value) => value.toFixed(2),
    input: (value) => {
      level = (1 - value) * STEPS;
      setMode("still");
    },
  });

  slide.element.style.minWidth = 0; // or it would stick out of a phone's card

  let last = [0, 0];
  const follow = (strength) => (x, y) => {
    const w = picture.element.clientWidth, [x0, y0] = last;
    last = [x, y];
    const dx = x - x0, dy = y - y0, reach = Math.min(1, 0.1 * w / (Math.hypot(dx, dy) || 1)); // a jump is no stroke
    stir(x / w, y / w, strength * reach * dx / w, strength * reach * dy / w);
  };
  const pulled = follow(0.6), brushed = follow(0.25);
  drag(picture.element, {
    start: (x, y) => { last = [x, y]; },
    move: pulled,
    hover: (x, y, event) => {
      if (event.pointerType !== "mouse" || reducedMotion()) last = [x, y];
      else brushed(x, y);
    },
  });
  picture.element.style.touchAction = "pan-y"; // a finger stirs sideways and still scrolls the page

  function start() {
    level = reducedMotion() ? 0 : STEPS;
    write(word.value, false);
    setMode(reducedMotion() ? "still" : "play");
    if (next && !reducedMotion()) take(); // else the word is shown when it is finished
  }
  start();
  return () => dispose(box);
}

export default { render };
