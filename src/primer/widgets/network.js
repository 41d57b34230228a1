// Gradient descent twice: a ball on a surface of two parameters, and a network with one hidden layer for two classes.
// The network's parameters lie in one row: W1 (2, M) row by row, b1 (M), W2 (M), b2; a point is u, v, class (0 or 1).

export const REACH = [6, 4], FIELD = [3.6, 2.4]; // the surface spans ±6 by ±4, the plane of the points ±3.6 by ±2.4
const LONGEST = 200, AHEAD = 30, FAR = 100; // steps of a path, those shown before Play, and how far it may go
const HELD_OUT = 200, PER_FRAME = 4; // points, and the network's steps in a frame

// ---- Arithmetic ----

const sigmoid = (z) => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));
const softplus = (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));

/** Log-odds of class B at (u, v); h (M,) takes the hidden units. */
export function forward(theta, units, u, v, h = new Float64Array(units)) {
  let s = theta[4 * units];
  for (let k = 0; k < units; k++) {
    h[k] = Math.tanh(u * theta[k] + v * theta[units + k] + theta[2 * units + k]);
    s += h[k] * theta[3 * units + k];
  }
  return s;
}

/** Mean -log P(class | u, v) in nats over the points (3 N,). */
export function loss(theta, units, points) {
  let sum = 0;
  for (let i = 0; i < points.length; i += 3) {
    const s = forward(theta, units, points[i], points[i + 1]);
    sum += softplus(s) - points[i + 2] * s;
  }
  return 3 * sum / points.length;
}

/** The gradient of that loss by backpropagation, (4 M + 1,) as theta. */
export function gradient(theta, units, points) {
  const out = new Float64Array(4 * units + 1), h = new Float64Array(units);
  for (let i = 0; i < points.length; i += 3) {
    const u = points[i], v = points[i + 1];
    const ds = 3 * (sigmoid(forward(theta, units, u, v, h)) - points[i + 2]) / points.length;
    for (let k = 0; k < units; k++) {
      const da = ds * theta[3 * units + k] * (1 - h[k] * h[k]); // back through the weight and the bend
      out[k] += da * u;
      out[units + k] += da * v;
      out[2 * units + k] += da;
      out[3 * units + k] += ds * h[k];
    }
    out[4 * units] += ds;
  }
  return out;
}

/** One step from {theta, m, v, t} along a gradient. Momentum: m is the velocity. Adam: m and v are its two means. */
export function step({ theta, m, v, t }, slope, { rate, momentum = 0.9, adam = false }) {
  t += 1;
  if (!adam) {
    m = m.map((old, k) => momentum * old - rate * slope[k]);
    return { theta: theta.map((old, k) => old + m[k]), m, v, t };
  }
  m = m.map((old, k) => 0.9 * old + 0.1 * slope[k]);
  v = v.map((old, k) => 0.999 * old + 0.001 * slope[k] ** 2);
  const [a, b] = [1 - 0.9 ** t, 1 - 0.999 ** t];
  return { theta: theta.map((old, k) => old - rate * m[k] / a / (Math.sqrt(v[k] / b) + 1e-8)), m, v, t };
}

/** Where training starts from given parameters. */
export const begin = (theta) => ({ theta, m: theta.map(() => 0), v: theta.map(() => 0), t: 0 });

/** Random first parameters: standard normal, those of the last layer divided by the root of M. */
export function weights(units, seed) {
  const rng = mulberry32(seed);
  return Float64Array.from({ length: 4 * units + 1 }, (_, k) => (
    k === 4 * units ? 0 : normal(rng) / (k < 3 * units ? 1 : Math.sqrt(units))));
}

// The dips stand along p, askew to the axes: turning keeps the curvatures, so L is 10 at the lowest place here, too.
const turned = (x, y) => [0.96 * x + 0.28 * y, 0.96 * y - 0.28 * x];

/** Two surfaces with their value f (0 at the lowest place), slope (2,), lowest place and largest curvature L there. */
export const SURFACES = {
  bowl: { f: (x, y) => (x * x + 10 * y * y) / 2, slope: (x, y) => [x, 10 * y], lowest: [0, 0], L: 10 },
  dips: {
    f(x, y) {
      const [p, q] = turned(x, y);
      return (p * p - 9) ** 2 / 40 + 0.3 * p + 5 * q * q + 0.92374615;
    },
    slope(x, y) {
      const [p, q] = turned(x, y), a = p * (p * p - 9) / 10 + 0.3, b = 10 * q;
      return [0.96 * a - 0.28 * b, 0.28 * a + 0.96 * b];
    },
    lowest: [-3.0283421, -0.8832664],
    L: 10,
  },
};

/** The places of gradient descent (at most count + 1 times [x, y]); it ends where it has flown off. */
export function descend(name, start, count, { rate, momentum }) {
  let state = begin(start);
  const path = [start];
  while (path.length <= count && Math.hypot(...state.theta) < FAR) {
    state = step(state, SURFACES[name].slope(...state.theta), { rate, momentum });
    path.push(state.theta);
  }
  return path;
}

/** The learning rate beyond which descent flies off from a bowl of largest curvature L. */
export const limit = (momentum, L) => 2 * (1 + momentum) / L;

const CURVES = { // a place on class k's curve without noise
  moons: (k, r) => [Math.cos(Math.PI * r) - 0.5, Math.sin(Math.PI * r) - 0.25].map((x) => (k ? -1.3 : 1.3) * x),
  rings: (k, r) => [Math.cos, Math.sin].map((f) => (k ? 1.7 : 0.7) * f(2 * Math.PI * r)),
  spiral: (k, r) => [Math.cos, Math.sin].map((f) => (0.3 + 1.7 * r) * f(7 * r + k * Math.PI)),
};

/** Points (3 count,), their classes in turn: the same seed gives the same points. noise: its standard deviation. */
export function points(name, count, noise, seed) {
  const rng = mulberry32(seed), out = new Float64Array(3 * count);
  for (let i = 0; i < count; i++) {
    const [u, v] = CURVES[name](i % 2, rng());
    out.set([u + noise * normal(rng), v + noise * normal(rng), i % 2], 3 * i);
  }
  return out;
}

// ---- Drawing ----

const FONT = "13px system-ui, sans-serif";
const GRID = [73, 49]; // surface and network are computed at the corners of 72 × 48 cells
const TRIANGLE = [[0, -1.3], [1.15, 0.75], [-1.15, 0.75]];
const LEVELS = [0.2, 1, 2.5, 5, 10, 20, 40, 70, 110]; // heights of the contours above the lowest place

function line(context, spots, style, dash = []) {
  Object.assign(context, { lineWidth: 2, ...style });
  context.setLineDash(dash);
  context.beginPath();
  for (const spot of spots) context.lineTo(...spot);
  context.stroke();
  context.setLineDash([]);
}

// Class A is a circle, class B a triangle; points held out are small and pale.
function drawPoints(context, points, view, { real, ground }, size) {
  Object.assign(context, { fillStyle: real, strokeStyle: ground, lineWidth: 1 });
  for (let i = 0; i < points.length; i += 3) {
    const [x, y] = view(points[i], points[i + 1]);
    context.beginPath();
    if (points[i + 2]) for (const [a, b] of TRIANGLE) context.lineTo(x + a * size, y + b * size);
    else context.arc(x, y, size, 0, 7);
    context.closePath();
    context.fill();
    if (size > 3) context.stroke();
  }
}

function drawPath(context, path, view, { model, ground, ink, truth }, lowest) {
  const spots = path.map(([x, y]) => view(x, y)), [x, y] = spots[0], [u, v] = view(...lowest);
  line(context, [[u, v - 8], [u + 8, v], [u, v + 8], [u - 8, v], [u, v - 8]], { strokeStyle: truth });
  line(context, spots, { strokeStyle: model, lineWidth: 1.5 }, [5, 3]);
  Object.assign(context, { strokeStyle: model, fillStyle: ground, lineWidth: 1.6 });
  spots.slice(1).forEach(([a, b], i) => {
    context.beginPath();
    context.arc(a, b, i + 2 === spots.length ? 5.5 : 3.2, 0, 7);
    context.fill();
    context.stroke();
  });
  for (const [strokeStyle, lineWidth] of [[ground, 5], [ink, 2]]) {
    Object.assign(context, { strokeStyle, lineWidth });
    context.beginPath();
    context.arc(x, y, 9, 0, 7);
    for (const [a, b] of Object.values(ARROWS)) {
      context.moveTo(x + 5 * a, y - 5 * b);
      context.lineTo(x + 14 * a, y - 14 * b);
    }
    context.stroke();
  }
}

// Curves of rows [step, loss, …], each with its name, colour and dash.
function drawCurves(context, width, height, palette, { rows, names, x, y, yTicks, yLabel }) {
  const box = { left: 40, top: 26, width: width - 58, height: height - 72 };
  const scale = axes(context, box, palette, { x, y, yTicks, yLabel, xLabel: "steps", xTicks: ticks(...x, 3) });
  context.save();
  context.beginPath();
  context.rect(box.left, box.top - 2, box.width + 2, box.height + 4);
  context.clip();
  names.forEach(([, color, dash], k) => {
    line(context, rows.map((row) => [scale.x(row[0]), scale.y(row[k + 1])]), { strokeStyle: palette[color] }, dash);
  });
  context.restore();
  if (names.length < 2) return; // the axis says it all
  Object.assign(context, { font: FONT, fillStyle: palette.ink, textAlign: "right", textBaseline: "middle" });
  names.forEach(([name, color, dash], k) => {
    const [right, top] = [box.left + box.width, box.top + 8 + 20 * k];
    context.fillText(name, right - 32, top);
    line(context, [[right - 26, top], [right, top]], { strokeStyle: palette[color] }, dash);
  });
}

// ---- The card ----

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const FRAME = "border: 1px solid var(--p-grid); border-radius: 8px; min-width: 0; flex:";
const TRY = {
  surface: "raise the learning rate until the path flies off. With more momentum, does that happen sooner or later?",
  network: "take 30 training points, noise 0.5 and 32 hidden units, and play. Both losses fall. Which one turns, "
    + "and when would you stop?",
};
const HELP = {
  surface: "Contours of a surface with the path of gradient descent: arrow keys move its start",
  network: "The plane of the points, shaded by the network's probability of class B",
};
const START = [-5, 2.2];
const clamp = (value, far) => Math.min(far, Math.max(-far, value));

function render({ el }) {
  const box = root(el, "network", "How a network learns");
  const { stage, controls, numbers, tryLine } = card(box);
  let view = "surface", start = START, shown, ahead, path, contours; // the surface
  let units, training, held, state, steps, rows, every; // the network: rows of [step, training loss, held-out loss]
  const surface = () => SURFACES[surfaces.value];

  // After every change by hand: a look ahead, from which Play goes back to the start.
  function walk() {
    if (!moving.playing) [shown, ahead] = [AHEAD, true];
    path = descend(surfaces.value, start, LONGEST, { rate: rate.value, momentum: momentum.value });
    update();
  }
  // New points or a network of another size: start again from random weights.
  function fresh() {
    units = size.value;
    training = points(data.value, count.value, noise.value, 1);
    held = points(data.value, HELD_OUT, noise.value, 2);
    state = begin(weights(units, seed));
    [steps, rows, every] = [0, [], 1];
    note();
    update();
  }
  function note() {
    rows.push([steps, loss(state.theta, units, training), loss(state.theta, units, held)]);
    if (rows.length < 400) return;
    rows = rows.filter((_, i) => i % 2 === 0);
    every *= 2;
  }
  function train(times) {
    const options = { rate: 10 ** speed.value, adam: method.value === "adam" };
    for (let k = 0; k < times; k++) {
      state = step(state, gradient(state.theta, units, training), options);
      if (++steps % every === 0) note();
    }
    update();
  }

  const ended = () => view === "surface" && shown >= path.length - 1;
  function update() {
    play.textContent = moving.playing ? "Pause" : "Play";
    if (view === "surface") {
      const t = Math.min(shown, path.length - 1), lost = t === path.length - 1 && t < LONGEST;
      show(numbers, [
        ["Steps", `${t}`],
        ["Loss", lost ? "flown off" : pretty(surface().f(...path[t]))],
        ["Limit 2 (1 + β) / L", pretty(limit(momentum.value, surface().L))],
      ]);
    } else {
      const [, own, other] = rows.at(-1);
      let right = 0;
      for (let i = 0; i < held.length; i += 3) {
        right += forward(state.theta, units, held[i], held[i + 1]) > 0 === held[i + 2] > 0;
      }
      show(numbers, [
        ["Steps", `${steps}`], ["Training loss", pretty(own)], ["Held-out loss", pretty(other)],
        ["Held out and right", `${Math.round(100 * right / HELD_OUT)} %`],
      ]);
    }
    map.redraw();
    chart.redraw();
  }

  function drawMap(context, width, high, palette) {
    const reach = view === "surface" ? REACH : FIELD, cell = [width / (GRID[0] - 1), high / (GRID[1] - 1)];
    const place = (x, y) => [(x / reach[0] + 1) * width / 2, (1 - y / reach[1]) * high / 2];
    if (view === "surface") {
      drawLevel(context, contours, cell, { strokeStyle: palette.grid, lineWidth: 1.2 });
      drawPath(context, path.slice(0, shown + 1), place, palette, surface().lowest);
    } else {
      const logits = overGrid(GRID, FIELD, (u, v) => forward(state.theta, units, u, v));
      const tint = wash(logits.map(sigmoid), GRID[0], palette.model), [w, h] = cell; // its pixels stand for corners
      context.drawImage(tint, -w / 2, -h / 2, width + w, high + h);
      context.globalAlpha = 0.45;
      drawPoints(context, held, place, palette, 2.2);
      context.globalAlpha = 1;
      drawPoints(context, training, place, palette, 4.4);
      drawLevel(context, crossings(logits, GRID[0]), cell, { strokeStyle: palette.model, lineWidth: 2.5 }, true);
    }
    Object.assign(context, { fillStyle: palette.soft, font: FONT, textAlign: "center", textBaseline: "middle" });
    const letter = view === "surface" ? "θ" : "x";
    context.fillText(`${letter}₁`, width - 15, high - 13);
    context.fillText(`${letter}₂`, 15, 13);
  }
  function drawChart(context, width, high, palette) {
    if (view === "network") {
      const top = Math.min(2, Math.max(0.8, ...rows.map((row) => Math.max(row[1], row[2]))));
      drawCurves(context, width, high, palette, {
        rows, names: [["training", "real", []], ["held out", "error", [5, 4]]],
        x: [0, Math.max(300, steps)], y: [0, top], yLabel: "loss",
      });
      return;
    }
    drawCurves(context, width, high, palette, {
      rows: path.slice(0, shown + 1).map(([x, y], i) => [i, Math.log10(Math.max(1e-9, surface().f(x, y)))]),
      names: [["", "error", []]], x: [0, Math.max(30, shown)], y: [-6, 4], yTicks: [-6, -4, -2, 0, 2, 4],
      yLabel: "log₁₀ of the loss",
    });
  }

  stage.style.cssText = "display: flex; flex-wrap: wrap; gap: 14px";
  const [left, right] = ["3 1 300px", "2 1 200px"].map((flex) => make("div", { style: FRAME + flex }));
  stage.append(left, right);
  const map = canvas(left, 1.5, drawMap);
  const chart = canvas(right, (width) => (width > 285 ? 1.7 : 1), drawChart, "The loss after each step");
  const move = (spot) => { start = spot.map((value, k) => clamp(value, REACH[k])); walk(); };
  const face = map.element;
  const spot = (x, y) => move([REACH[0] * (2 * x / face.clientWidth - 1), REACH[1] * (1 - 2 * y / face.clientHeight)]);
  drag(face, { start: (x, y) => (view === "surface" ? spot(x, y) : false), move: spot });
  face.style.borderRadius = "7px";
  face.addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key], far = event.shiftKey ? 1 : 0.2;
    if (!arrow || view !== "surface") return;
    event.preventDefault();
    move(start.map((value, k) => value + far * arrow[k]));
  }, { signal: life(box) });

  let seed = 1, time = 0; // seconds since the last step of the path
  const moving = loop(box, (seconds) => {
    time += seconds;
    if (view === "network") train(PER_FRAME);
    else if (time > 0.08) { shown++; time = 0; update(); }
    if (!ended()) return true;
    moving.pause();
    update();
    return false;
  });
  function pause() {
    moving.pause();
    update();
  }
  function one() {
    if (!ended()) view === "surface" ? shown++ : train(1);
    ahead = false;
    pause();
  }
  function again() {
    moving.pause();
    if (view === "network") return fresh();
    start = START;
    walk();
    [shown, ahead] = [0, false];
    update();
  }

  const views = [["surface", "a surface"], ["network", "a small network"]];
  choice(controls, { label: "See", value: view, options: views, change: look });
  const play = button(controls, "Play", () => {
    if (moving.playing) return pause();
    if (view === "surface" && (ahead || ended())) [shown, ahead] = [0, false];
    moving.play();
    update();
  }, "main");
  button(controls, "Step", one);
  button(controls, "Reset", again);
  const sets = { surface: make("div"), network: make("div") };
  controls.append(sets.surface, sets.network);
  const surfaces = choice(sets.surface, {
    label: "Surface", value: "bowl", options: [["bowl", "a long bowl"], ["dips", "two dips"]], change: relief,
  });
  const pull = (set, label, min, max, step, value, input, format) => (
    slider(sets[set], { label, min, max, step, value, input, format }));
  const rate = pull("surface", "Learning rate η", 0.005, 0.4, 0.005, 0.15, walk);
  const momentum = pull("surface", "Momentum β", 0, 0.95, 0.05, 0, walk);
  const data = menu(sets.network, {
    label: "Points", value: "moons", options: ["moons", "rings", "spiral"].map((name) => [name, name]), change: fresh,
  });
  const method = choice(sets.network, {
    label: "Step by", value: "momentum", options: [["momentum", "momentum 0.9"], ["adam", "Adam"]],
    change() { state = begin(state.theta); }, // what one remembers means nothing to the other
  });
  button(sets.network, "New weights", () => { seed++; fresh(); });
  const speed = pull("network", "Learning rate", -3, 0.5, 0.1, -1.3, undefined, (value) => pretty(10 ** value, 2));
  const size = pull("network", "Hidden units", 2, 32, 1, 8, fresh);
  const count = pull("network", "Training points", 6, 200, 2, 100, fresh);
  const noise = pull("network", "Noise", 0, 0.6, 0.05, 0.25, fresh);

  function relief() {
    const heights = overGrid(GRID, REACH, surface().f);
    contours = LEVELS.flatMap((level) => crossings(heights, GRID[0], level));
    walk();
  }
  function look(name) {
    view = name;
    moving.pause();
    for (const [key, set] of Object.entries(sets)) set.style.display = key === view ? "contents" : "none";
    const active = view === "surface";
    face.tabIndex = active ? 0 : -1;
    face.classList.toggle("primer-drag", active);
    face.setAttribute("role", active ? "application" : "img");
    face.setAttribute("aria-label", HELP[view]);
    tryLine.lastChild.textContent = TRY[view];
    update();
  }
  relief();
  fresh();
  look(view);
  return () => dispose(box);
}

export default { render };
