// Two classes of points drawn by the reader. Left: logistic regression, which knows P(y | x) only. Right: one Gaussian
// per class, which knows p(x, y). A point is [x1, x2, class] with class 0 (A) or 1 (B); (u, v) stands for (x1, x2).

export const REACH = [4, 3]; // the picture spans ±4 by ±3
const C = 10; // weight of the likelihood against |w|² / 2: a little regularisation
const FLOOR = 0.005; // part of the larger variance of the two features that is added to every variance
const MOST = 300, DRAWN = 120; // points of the reader and new ones

// ---- Models ----

const sigmoid = (z) => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));
const softplus = (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
const features = (u, v, curved) => (curved ? [1, u, v, u * u, u * v, v * v] : [1, u, v]);
function dot(a, b) {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}

// Solve a z = b for a symmetric positive definite a (d × d, row by row), which needs no pivots; both are overwritten.
function solve(a, b, d) {
  for (let k = 0; k < d; k++) {
    for (let i = 0; i < d; i++) {
      const factor = a[i * d + k] / a[k * d + k];
      if (i === k) continue;
      for (let j = k; j < d; j++) a[i * d + j] -= factor * a[k * d + j];
      b[i] -= factor * b[k];
    }
  }
  return b.map((value, k) => value / a[k * d + k]);
}

/** Logistic regression by Newton's method: least |w|² / 2 + c · (negative log-likelihood), the intercept w[0] free. */
export function fitLogistic(points, curved = false, c = C) {
  const rows = points.map(([u, v]) => features(u, v, curved)), d = curved ? 6 : 3;
  const cost = (w) => dot(w, w) / 2 - w[0] ** 2 / 2
    + c * rows.reduce((sum, row, i) => sum + softplus(points[i][2] ? -dot(row, w) : dot(row, w)), 0);
  let w = new Float64Array(d), value = cost(w);
  for (let round = 0; round < 60; round++) {
    const gradient = Float64Array.from(w), hessian = new Float64Array(d * d);
    gradient[0] = 0;
    for (let k = 0; k < d; k++) hessian[k * d + k] = k ? 1 : 1e-9;
    rows.forEach((row, i) => {
      const p = sigmoid(dot(row, w));
      for (let j = 0; j < d; j++) {
        gradient[j] += c * (p - points[i][2]) * row[j];
        for (let k = 0; k < d; k++) hessian[j * d + k] += c * p * (1 - p) * row[j] * row[k];
      }
    });
    if (gradient.every((g) => Math.abs(g) < 1e-8 * c)) break;
    const step = solve(hessian, gradient, d);
    let scale = 2, trial, next;
    do { // far from the optimum a full step may overshoot: halve it until the cost falls
      scale /= 2;
      trial = w.map((old, k) => old - scale * step[k]);
      next = cost(trial);
    } while (next > value + 1e-12 * Math.abs(value) && scale > 1e-9);
    [w, value] = [trial, next];
  }
  return { w, curved };
}

/** log P(B | x) - log P(A | x) of the logistic regression. */
export const logitOf = ({ w, curved }, u, v) => dot(features(u, v, curved), w);

// Mean (u, v) and covariance [uu, uv, vv] of points.
function moments(points) {
  const average = (f) => points.reduce((sum, [u, v]) => sum + f(u, v), 0) / (points.length || 1);
  const a = average((u) => u), b = average((u, v) => v);
  return { mean: [a, b], cov: [(u) => (u - a) ** 2, (u, v) => (u - a) * (v - b), (u, v) => (v - b) ** 2].map(average) };
}

/** One Gaussian per class by maximum likelihood: prior [A, B], mean and cov of each. */
export function fitGaussians(points, shared = true, floor = FLOOR) {
  const all = moments(points).cov, classes = [0, 1].map((k) => points.filter((point) => point[2] === k));
  const own = classes.map(moments), prior = classes.map((some) => some.length / points.length);
  // 1e-4 keeps a single point, or points on one spot, from having no width at all
  const least = Math.max(1e-4, floor * Math.max(all[0], all[2]));
  const cov = own.map((one) => one.cov.map((value, c) => (c === 1 ? 0 : least)
    + (shared ? prior[0] * own[0].cov[c] + prior[1] * own[1].cov[c] : value)));
  return { prior, mean: own.map((one) => one.mean), cov };
}

/** [log p(x, A), log p(x, B)]; an empty class gives -Infinity. */
export function logJoint({ prior, mean, cov }, u, v) {
  return prior.map((p, k) => {
    const [a, b, c] = cov[k], det = a * c - b * b, s = u - mean[k][0], t = v - mean[k][1];
    const square = (c * s * s - 2 * b * s * t + a * t * t) / det;
    return Math.log(p) - Math.log(2 * Math.PI) - (Math.log(det) + square) / 2;
  });
}

/** The same when x2 is not known: for a Gaussian, integrating a coordinate out is leaving it out. */
export function logJointOfFirst({ prior, mean, cov }, u) {
  return cov.map(([a], k) => Math.log(prior[k]) - (Math.log(2 * Math.PI * a) + (u - mean[k][0]) ** 2 / a) / 2);
}

/** New points from the joint: the class by its prior, then x from the class's Gaussian. */
export function drawPoints({ prior, mean, cov }, count, rng) {
  return Array.from({ length: count }, () => {
    const k = rng() < prior[1] ? 1 : 0, e = normal(rng), f = normal(rng);
    return [...along(mean[k], cov[k], e, f), k];
  });
}

// The point that white noise (e, f) becomes under a Gaussian (by its covariance's Cholesky factor).
function along([u, v], [a, b, c], e, f) {
  return [u + Math.sqrt(a) * e, v + b / Math.sqrt(a) * e + Math.sqrt(c - b * b / a) * f];
}

// A preset is a list of clumps: class, number, centre, standard deviations.
const PRESETS = {
  spread: [[0, 40, -0.9, 0, 0.35, 0.35], [1, 40, 0.9, 0.2, 1.2, 1.1]],
  outlier: [[0, 30, -1.2, -0.2, 0.5, 0.7], [1, 30, 1.2, 0.2, 0.5, 0.7], [1, 3, 3.3, -2.3, 0.12, 0.12]],
  clumps: [[-1.6, 1.2], [1.6, -1.2], [1.6, 1.2], [-1.6, -1.2]].map((centre, i) => [i >> 1, 22, ...centre, 0.4, 0.4]),
  few: [[0, 4, -1, -0.4, 0.8, 0.8], [1, 4, 1, 0.4, 0.8, 0.8]],
};

/** The points of a preset, always the same. */
export function preset(name) {
  const rng = mulberry32(5);
  return PRESETS[name].flatMap(([k, count, u, v, s, t]) => (
    Array.from({ length: count }, () => [...inside(u + s * normal(rng), v + t * normal(rng)), k])));
}

// ---- Drawing ----

const GRID = [97, 73]; // posterior and density are computed at the corners of 96 × 72 cells

// Filled is data, hollow is made by a model; class A is a circle, class B a triangle.
function drawMarks(context, points, view, style) {
  Object.assign(context, { lineWidth: style.fillStyle ? 1 : 1.6, ...style });
  for (const [u, v, k] of points) {
    const [x, y] = view(u, v);
    context.beginPath();
    if (k) for (const [a, b] of [[0, -5.5], [4.9, 3.2], [-4.9, 3.2]]) context.lineTo(x + a, y + b);
    else context.arc(x, y, 4.2, 0, 7);
    context.closePath();
    if (style.fillStyle) context.fill();
    context.stroke();
  }
  context.globalAlpha = 1;
}

// One and two standard deviations around each class's mean; with x2 hidden, what each class says about x1 alone.
function drawGaussians(context, model, view, height, { model: color, ground }, hidden) {
  const { prior, mean, cov } = model, top = Math.max(...cov.map(([a], k) => prior[k] / Math.sqrt(2 * Math.PI * a)));
  prior.forEach((p, k) => {
    if (!p) return;
    const ring = (far) => Array.from({ length: 65 }, (_, t) => (
      view(...along(mean[k], cov[k], far * Math.cos(t * Math.PI / 32), far * Math.sin(t * Math.PI / 32)))));
    const curve = (u) => [view(u, 0)[0], height * (1 - 0.45 * Math.exp(logJointOfFirst(model, u)[k]) / top)];
    context.setLineDash([5, 4]);
    for (const line of hidden ? [Array.from({ length: 161 }, (_, t) => curve(t / 20 - 4))] : [ring(1), ring(2)]) {
      Object.assign(context, { strokeStyle: color, lineWidth: 1.6 });
      context.beginPath();
      for (const spot of line) context.lineTo(...spot);
      context.stroke();
    }
    context.setLineDash([]);
    const [x, y] = hidden ? curve(mean[k][0]) : view(...mean[k]), text = ["AB"[k], x, hidden ? y - 12 : y];
    Object.assign(context, { font: "600 16px system-ui, sans-serif", textAlign: "center", textBaseline: "middle" });
    Object.assign(context, { strokeStyle: ground, lineWidth: 5, fillStyle: color });
    context.strokeText(...text);
    context.fillText(...text);
  });
}

function drawProbe(context, [x, y], height, { ground, ink }, hidden) {
  for (const [strokeStyle, lineWidth] of [[ground, 5], [ink, 2]]) {
    Object.assign(context, { strokeStyle, lineWidth });
    context.beginPath();
    if (hidden) context.moveTo(x, 0), context.lineTo(x, height);
    else context.arc(x, y, 9, 0, 7);
    for (const [a, b] of hidden ? [] : Object.values(ARROWS)) {
      context.moveTo(x + 5 * a, y + 5 * b);
      context.lineTo(x + 14 * a, y + 14 * b);
    }
    context.stroke();
  }
}

// ---- The card ----

const SIDES = [
  ["Discriminative", "logistic regression", "Boundary", [["", "straight"], ["1", "curved"]]],
  ["Generative", "a Gaussian for each class", "Spreads", [["", "shared"], ["1", "one each"]]],
];
const ASK = { class: "which class?", density: "how likely is x?", fresh: "new points", hidden: "x₂ is hidden" };
const SILENT = {
  density: "It models P(y | x), never p(x).",
  fresh: "It never learnt where points lie.",
  hidden: "Its formula needs x₂.",
};
const KEY = {
  class: ["Shade", "P(B | x)"], density: ["Shade", "p(x)"],
  fresh: ["Hollow", "drawn by the model"], hidden: ["Shade", "P(B | x₁)"],
};
const TOOLS = [["move", "move"], ["0", "add A ●"], ["1", "add B ▲"], ["erase", "erase"]];
const DATA = {
  clouds: "two clouds", spread: "unequal spread", outlier: "outlier far away",
  clumps: "two clumps a class", few: "few points",
};
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const FRAME = "position: relative; margin: 6px 0 8px; border: 1px solid var(--p-grid); border-radius: 8px";
const NOTE = "position: absolute; inset: auto 0 0; margin: 0; padding: 6px; background: var(--p-tint); "
  + "text-align: center; border-radius: 0 0 7px 7px; pointer-events: none";
const inside = (u, v) => [u, v].map((value, k) => Math.min(REACH[k], Math.max(-REACH[k], value)));
const chance = (p) => (p > 0.999 ? "> 0.999" : p < 0.001 ? "< 0.001" : p.toFixed(3));
const gap = ([a, b]) => b - a;

function render({ model, el }) {
  const box = root(el, "discriminative", "Two classes, two models");
  const { stage, controls, numbers } = card(box, "load “outlier far away” and pull one of its three points around. "
    + "Which boundary minds?");
  let data, probe, fresh, seed, tool = "move", ask = "class", washes;
  let held = null; // "probe" or the number of the point in hand
  const fitted = [null, null], options = ["", ""];
  const logit = [(u, v) => logitOf(fitted[0], u, v), (u, v) => gap(logJoint(fitted[1], u, v))];
  const log = (u, v) => logSumExp(logJoint(fitted[1], u, v));

  // Fit both models: after a change of the data or of a model.
  function fit() {
    fitted[0] = new Set(data.map((point) => point[2])).size > 1 ? fitLogistic(data, options[0] === "1") : null;
    fitted[1] = data.length ? fitGaussians(data, !options[1]) : null;
    fresh = fitted[1] && drawPoints(fitted[1], DRAWN, mulberry32(seed));
    fitted.forEach((one, side) => { if (one) one.logits = overGrid(GRID, REACH, logit[side]); });
    washes = {};
    update();
  }
  function shade(side, color) {
    if (!fitted[side] || ask === "fresh" || (!side && ask !== "class")) return null;
    return washes[side + ask + color] ??= wash({
      class: () => fitted[side].logits.map(sigmoid),
      hidden: () => overGrid(GRID, REACH, (u) => sigmoid(gap(logJointOfFirst(fitted[1], u)))),
      density: () => {
        const values = overGrid(GRID, REACH, log), top = Math.max(...values);
        return values.map((value) => Math.exp((value - top) / 2)); // the root lets the tails be seen
      },
    }[ask](), GRID[0], color);
  }
  const draw = (side) => (context, width, height, palette) => {
    const view = (u, v) => [(u / REACH[0] + 1) * width / 2, (1 - v / REACH[1]) * height / 2], hidden = ask === "hidden";
    const color = palette.model, tint = shade(side, color), w = width / (GRID[0] - 1), h = height / (GRID[1] - 1);
    if (tint) context.drawImage(tint, -w / 2, -h / 2, width + w, height + h); // its pixels stand for corners
    context.globalAlpha = ask === "class" ? 1 : 0.4;
    drawMarks(context, data, view, { fillStyle: palette.real, strokeStyle: palette.ground });
    if (fitted[side] && ask === "class") {
      drawLevel(context, crossings(fitted[side].logits, GRID[0]), [w, h], { strokeStyle: color, lineWidth: 2.5 }, true);
    }
    if (side && fitted[1]) drawGaussians(context, fitted[1], view, height, palette, hidden);
    if (side && fitted[1] && ask === "fresh") drawMarks(context, fresh, view, { strokeStyle: color });
    drawProbe(context, view(...probe), height, palette, hidden);
    Object.assign(context, { fillStyle: palette.soft, font: "14px system-ui, sans-serif" });
    Object.assign(context, { textAlign: "center", textBaseline: "middle" });
    context.fillText("x₁", width - 15, height - 13);
    context.fillText("x₂", 15, 13);
  };

  function answers(side) {
    if (!fitted[side]) return [["Needs points", side ? "of a class" : "of both classes"]];
    const [u, v] = probe, hidden = ask === "hidden", name = hidden ? "x₁" : "probe";
    const right = data.filter(([a, b, k]) => logit[side](a, b) > 0 === k > 0).length / data.length;
    const joint = side && (hidden ? logJointOfFirst(fitted[1], u) : logJoint(fitted[1], u, v));
    const here = side && logSumExp(joint);
    const above = side && data.filter(([a, b]) => log(a, b) > here).length;
    const all = Array.from({ length: hidden ? 61 : 1 }, (_, i) => sigmoid(logit[side](u, hidden ? i / 10 - 3 : v)));
    const range = hidden ? `${chance(Math.min(...all))} to ${chance(Math.max(...all))}` : chance(all[0]);
    return [
      ["Right on the data", `${Math.round(100 * right)} %`],
      [`P(B | ${name})`, side ? chance(sigmoid(gap(joint))) : range],
      [`log p(${name})`, side ? pretty(here) + (hidden ? "" : `, below ${above} of ${data.length}`) : "cannot say"],
    ];
  }
  // Numbers, notes and pictures anew.
  function update() {
    parts.forEach(({ values, note, picture }, side) => {
      show(values, answers(side));
      note.textContent = side ? "" : SILENT[ask] ?? "";
      note.hidden = !note.textContent;
      picture.redraw();
    });
    const ones = data.filter((point) => point[2]).length;
    show(numbers, [["A ●", `${data.length - ones}`], ["B ▲", `${ones}`], KEY[ask]]);
    again.disabled = ask !== "fresh";
  }

  // The number of the point at a spot, or null.
  const near = ([u, v]) => data.reduce((best, point, i) => {
    const far = Math.hypot(point[0] - u, point[1] - v);
    return far < best[1] ? [i, far] : best;
  }, [null, 0.3])[0];
  function carry(spot) {
    if (held === "probe") return probe = spot, update();
    data[held].splice(0, 2, ...spot);
    fit();
  }
  // Add a point of the tool's class, or rub one out.
  function paint(spot) {
    const i = near(spot);
    if (tool === "erase" && i !== null) data.splice(i, 1);
    else if (tool !== "erase" && data.length < MOST) data.push([...spot, Number(tool)]);
    else return;
    fit();
  }
  function hands(element) {
    const spot = (x, y) => (
      inside((2 * x / element.clientWidth - 1) * REACH[0], (1 - 2 * y / element.clientHeight) * REACH[1]));
    let last;
    drag(element, {
      start(x, y) {
        last = spot(x, y);
        if (tool !== "move") return paint(last);
        held = Math.hypot(last[0] - probe[0], last[1] - probe[1]) < 0.3 ? "probe" : near(last) ?? "probe";
        carry(last);
      },
      move(x, y) {
        const next = spot(x, y);
        if (tool === "move") carry(next);
        else if (tool === "erase" || Math.hypot(next[0] - last[0], next[1] - last[1]) > 0.3) paint(last = next);
      },
      end() { held = null; },
    });
    element.addEventListener("keydown", (event) => {
      const size = event.shiftKey ? 0.5 : 0.1, arrow = ARROWS[event.key];
      if (!arrow && event.key !== "Enter") return;
      event.preventDefault();
      if (arrow) {
        probe = inside(probe[0] + size * arrow[0], probe[1] + size * arrow[1]);
        held ??= "probe";
        carry(probe);
        update();
      } else if (tool === "move") held = typeof held === "number" ? null : near(probe);
      else paint(probe);
    }, { signal: life(box) });
  }

  stage.style.cssText = "display: grid; grid: auto / repeat(auto-fit, minmax(min(100%, 300px), 1fr)); gap: 18px";
  const parts = SIDES.map(([title, what, label, kinds], side) => {
    const frame = make("div", { style: FRAME }), note = make("p", { style: NOTE });
    const values = make("div", { class: "primer-numbers", style: "margin-top: 8px; min-height: 74px; flex-flow: column" });
    const part = make("div", { style: "min-width: 0" }, make("b", {}, title), ` · ${what}`, frame);
    stage.append(part);
    const help = `${title}: arrow keys move the probe, Enter uses the tool there`;
    const picture = canvas(frame, REACH[0] / REACH[1], draw(side), help);
    picture.element.tabIndex = 0;
    picture.element.style.borderRadius = "7px";
    picture.element.setAttribute("role", "application");
    hands(picture.element);
    frame.append(note);
    choice(part, { label, options: kinds, value: "", change: (value) => { options[side] = value; fit(); } });
    part.append(values);
    return { note, values, picture };
  });
  const change = (value) => { ask = value; update(); };
  choice(controls, { label: "Ask", value: ask, options: Object.entries(ASK), change });
  const again = button(controls, "Draw again", () => { seed++; fit(); });
  choice(controls, { label: "Tool", value: tool, options: TOOLS, change: (value) => { tool = value; held = null; } });
  const list = menu(controls, { label: "Data", value: "clouds", options: Object.entries(DATA), change: load });
  button(controls, "Clear", () => { data = []; fit(); });
  button(controls, "Reset", () => load(list.value = "clouds"));
  function load(name) {
    const rows = f32(model.get("points")), first = () => Array.from({ length: rows.length / 3 }, (_, i) => (
      [...rows.slice(3 * i, 3 * i + 3)]));
    data = name === "clouds" ? first() : preset(name);
    [probe, seed, held] = [[0.6, -1.6], 1, null];
    fit();
  }
  load("clouds");
  return () => dispose(box);
}

export default { render };
