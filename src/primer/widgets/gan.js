// A generator and a discriminator play against each other in the plane. Each is a network with two hidden layers of M
// tanh units and two inputs; its parameters lie in one row as torch has them: W1 (M, 2), b1, W2 (M, M), b2, W3 (O, M), b3.

export const REACH = 3.2; // the picture spans ±3.2 both ways
const SIGMA = 0.1, NEAR = 0.3, SHARE = 0.01; // of a bump; how near a point counts, and how many make a mode found
const HIDDEN = 64, BATCH = 32, SHOWN = 300, PER_FRAME = 1, MEMORY = 0.9; // of Adam

// ---- Arithmetic ----

const sigmoid = (z) => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));

/** A network with M hidden units in both layers and O outputs, drawn like torch's Linear from the source `rng`. */
export function network(M, O, rng) {
  const sizes = [2 * M, M, M * M, M, O * M, O], fan = [2, 2, M, M, M, M];
  const theta = Float64Array.from(sizes.flatMap((size, k) => (
    Array.from({ length: size }, () => (2 * rng() - 1) / Math.sqrt(fan[k])))));
  return { M, O, theta };
}

// Where each part begins in theta.
function places({ M, O }) {
  const b1 = 2 * M, W2 = b1 + M, b2 = W2 + M * M, W3 = b2 + M;
  return { b1, W2, b2, W3, b3: W3 + O * M };
}

/** Both hidden layers h1 and h2 (M,) and the outputs out (O,) at (x, y). */
export function forward(net, x, y) {
  const { M, O, theta: w } = net, { b1, W2, b2, W3, b3 } = places(net);
  const h1 = new Float64Array(M), h2 = new Float64Array(M), out = new Float64Array(O);
  for (let j = 0; j < M; j++) h1[j] = Math.tanh(w[2 * j] * x + w[2 * j + 1] * y + w[b1 + j]);
  for (let k = 0; k < M; k++) {
    let sum = w[b2 + k];
    for (let j = 0, at = W2 + k * M; j < M; j++) sum += w[at + j] * h1[j];
    h2[k] = Math.tanh(sum);
  }
  for (let o = 0; o < O; o++) {
    out[o] = w[b3 + o];
    for (let k = 0; k < M; k++) out[o] += w[W3 + o * M + k] * h2[k];
  }
  return { x, y, h1, h2, out };
}

// From slopes s2 with respect to h2 and s1 (M,) with respect to h1 back to the input: adds to grad, returns [dx, dy].
function below(net, { x, y, h1, h2 }, s2, s1, grad) {
  const { M, theta: w } = net, { b1, W2, b2 } = places(net);
  let dx = 0, dy = 0;
  for (let k = 0; k < M; k++) {
    const d = s2[k] * (1 - h2[k] * h2[k]);
    for (let j = 0, at = W2 + k * M; j < M; j++) {
      s1[j] += d * w[at + j];
      if (grad) grad[at + j] += d * h1[j];
    }
    if (grad) grad[b2 + k] += d;
  }
  for (let j = 0; j < M; j++) {
    const d = s1[j] * (1 - h1[j] * h1[j]);
    dx += d * w[2 * j];
    dy += d * w[2 * j + 1];
    if (!grad) continue;
    grad[2 * j] += d * x;
    grad[2 * j + 1] += d * y;
    grad[b1 + j] += d;
  }
  return [dx, dy];
}

/** Backpropagation from slopes d (O,) of the outputs: adds to grad, if there is one, and returns [dx, dy]. */
export function backward(net, at, d, grad) {
  const { M, O, theta: w } = net, { W3, b3 } = places(net), s2 = new Float64Array(M);
  for (let o = 0; o < O; o++) {
    for (let k = 0; k < M; k++) {
      s2[k] += d[o] * w[W3 + o * M + k];
      if (grad) grad[W3 + o * M + k] += d[o] * at.h2[k];
    }
    if (grad) grad[b3 + o] += d[o];
  }
  return below(net, at, s2, new Float64Array(M), grad);
}

/**
 * Adds the gradient of weight / 2 * |slope|² at a place, where slope = [dx, dy] of the one output.
 * |slope|² / 2 changes as the derivative along v = slope does with v held still. That derivative is carried forward
 * beside the values (t1, t2), and the two are taken back together.
 */
export function steepness(net, at, [vx, vy], weight, grad) {
  const { M, theta: w } = net, { W2, W3 } = places(net), { h1, h2 } = at;
  const t1 = new Float64Array(M), s1 = new Float64Array(M), s2 = new Float64Array(M), back = new Float64Array(M);
  for (let j = 0; j < M; j++) t1[j] = (1 - h1[j] * h1[j]) * (w[2 * j] * vx + w[2 * j + 1] * vy);
  for (let k = 0; k < M; k++) {
    const bend = 1 - h2[k] * h2[k], out = weight * w[W3 + k];
    let along = 0;
    for (let j = 0, row = W2 + k * M; j < M; j++) along += w[row + j] * t1[j];
    grad[W3 + k] += weight * bend * along;
    s2[k] = -2 * h2[k] * along * out; // how far the bend depends on h2
    for (let j = 0, row = W2 + k * M; j < M; j++) {
      grad[row + j] += out * bend * t1[j];
      back[j] += out * bend * w[row + j];
    }
  }
  for (let j = 0; j < M; j++) {
    const bend = 1 - h1[j] * h1[j];
    s1[j] = -2 * h1[j] * (w[2 * j] * vx + w[2 * j + 1] * vy) * back[j];
    grad[2 * j] += back[j] * bend * vx;
    grad[2 * j + 1] += back[j] * bend * vy;
  }
  below(net, at, s2, s1, grad);
}

/** Gradient of the discriminator's loss with gamma / 2 (R1 + R2); real and fake are rows of points (2 N,). */
export function critic(D, real, fake, { game, gamma }) {
  const grad = new Float64Array(D.theta.length), N = real.length / 2;
  for (let i = 0; i < 2 * N; i += 2) {
    const both = [real, fake].map((points) => forward(D, points[i], points[i + 1]));
    const [r, f] = both.map(({ out }) => out[0]), paired = game === "relativistic";
    const slopes = paired ? [-sigmoid(f - r), sigmoid(f - r)] : [-sigmoid(-r), sigmoid(f)];
    both.forEach((at, k) => {
      backward(D, at, [slopes[k] / N], grad);
      if (gamma) steepness(D, at, backward(D, at, [1]), gamma / N, grad);
    });
  }
  return grad;
}

/** How the generator wants to move each of its points, minus the slope of its own loss there: (2 N,). */
export function pull(D, real, fake, game) {
  const out = new Float64Array(fake.length);
  for (let i = 0; i < fake.length; i += 2) {
    const at = forward(D, fake[i], fake[i + 1]), f = at.out[0];
    const r = game === "relativistic" ? forward(D, real[i], real[i + 1]).out[0] : 0;
    out.set(backward(D, at, [game === "minimax" ? sigmoid(f) : sigmoid(r - f)]), i);
  }
  return out;
}

/** The generator's points (2 N,) from latent numbers z (2 N,). */
export function generate(G, z) {
  const out = new Float64Array(z.length);
  for (let i = 0; i < z.length; i += 2) out.set(forward(G, z[i], z[i + 1]).out, i);
  return out;
}

/** Gradient of the generator's loss: the mean over its points of minus their pull, taken through the generator. */
export function forger(G, z, pulls) {
  const grad = new Float64Array(G.theta.length), N = z.length / 2;
  for (let i = 0; i < z.length; i += 2) {
    backward(G, forward(G, z[i], z[i + 1]), [-pulls[i] / N, -pulls[i + 1] / N], grad);
  }
  return grad;
}

/** One step of Adam with beta 0 and 0.9, in place: state {v (P,), t}. */
export function adam(theta, grad, state, rate) {
  state.t++;
  const scale = 1 - MEMORY ** state.t;
  for (let i = 0; i < theta.length; i++) {
    state.v[i] = MEMORY * state.v[i] + (1 - MEMORY) * grad[i] * grad[i];
    theta[i] -= rate * grad[i] / (Math.sqrt(state.v[i] / scale) + 1e-8);
  }
}

/** The centres of eight bumps on a circle of radius 2: [[x, y], …]. */
export const ring = () => Array.from({ length: 8 }, (_, k) => [2 * Math.cos(k * Math.PI / 4), 2 * Math.sin(k * Math.PI / 4)]);

/** n points (2 n,) from bumps around the centres. */
export function bumps(centres, n, rng) {
  const out = new Float64Array(2 * n);
  for (let i = 0; i < 2 * n; i += 2) {
    centres[Math.floor(centres.length * rng())].forEach((c, k) => { out[i + k] = c + SIGMA * normal(rng); });
  }
  return out;
}

/** n draws of two latent numbers, (2 n,). */
export const latent = (n, rng) => Float64Array.from({ length: 2 * n }, () => normal(rng));

/** What a game starts from: both networks, the generator's moving average A, and Adam's memories. */
export function begin(M, seed) {
  const rng = mulberry32(seed), G = network(M, 2, rng), D = network(M, 1, rng);
  const memory = ({ theta }) => ({ v: theta.map(() => 0), t: 0 });
  return { G, D, A: { ...G, theta: G.theta.slice() }, g: memory(G), d: memory(D), rng, steps: 0 };
}

/** One step of the game by rules {game, gamma, rate}: the discriminator moves, then the generator. */
export function play(state, centres, rules, batch = BATCH) {
  const { G, D, rng } = state, real = bumps(centres, batch, rng), z = latent(batch, rng), fake = generate(G, z);
  adam(D.theta, critic(D, real, fake, rules), state.d, rules.rate);
  adam(G.theta, forger(G, z, pull(D, real, fake, rules.game)), state.g, rules.rate);
  const pace = 10 / (++state.steps + 10); // the average forgets fast at first
  state.A.theta.forEach((old, i) => { state.A.theta[i] = old + pace * (G.theta[i] - old); });
}

/** Which bumps the points (2 N,) have found, [true, …], and the share of points on one: {found, good}. */
export function modes(points, centres) {
  const counts = centres.map(() => 0), N = points.length / 2;
  for (let i = 0; i < 2 * N; i += 2) {
    const far = centres.map(([x, y]) => Math.hypot(points[i] - x, points[i + 1] - y)), near = Math.min(...far);
    if (near < NEAR) counts[far.indexOf(near)]++;
  }
  return { found: counts.map((count) => count >= SHARE * N), good: counts.reduce((a, b) => a + b, 0) / N };
}

// ---- The card ----

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const GRID = [21, 21], GAMMAS = [0, 0.01, 0.02, 0.05, 0.1, 0.3, 1];
const TRY = "press Play and count the bumps that are found. Then press New start, choose pairs, set γ to 0.05, "
  + "and play again. When all eight are found, drag one bump away: does the generator follow?";

function render({ el }) {
  const box = root(el, "gan", "A generator and a discriminator at play");
  const { stage, controls, numbers } = card(box, TRY);
  let seed = 1, state, centres = ring(), chosen = 0, most = 0, values;
  const rng = mulberry32(9), z = latent(SHOWN, rng), still = mulberry32(5);
  let real = bumps(centres, SHOWN, still), fake, score;
  const rules = () => ({ game: game.value, gamma: GAMMAS[gamma.value], rate: rate.value });

  function fresh() {
    state = begin(HIDDEN, seed);
    most = 0;
    update();
  }
  function train(times) {
    for (let k = 0; k < times; k++) play(state, centres, rules());
    update();
  }
  function update() {
    fake = generate(state.A, z);
    score = modes(fake, centres);
    const count = score.found.filter(Boolean).length;
    most = Math.max(most, count);
    start.textContent = moving.playing ? "Pause" : "Play";
    show(numbers, [
      ["Steps", `${state.steps}`], ["Bumps found", `${count} of 8`], ["most so far", `${most}`],
      ["Points on a bump", `${Math.round(100 * score.good)} %`],
    ]);
    map.redraw();
  }
  const place = (x, y, width) => [(x / REACH + 1) * width / 2, (1 - y / REACH) * width / 2];

  function draw(context, width, height, palette) {
    const side = width / (GRID[0] - 1);
    if (!values || !moving.playing || state.steps % 4 === 0) { // the slowest part: in play it may lag three frames behind
      values = overGrid(GRID, [REACH, REACH], (x, y) => forward(state.D, x, y).out[0]);
    }
    const sorted = values.slice().sort(), middle = sorted[sorted.length >> 1];
    const spread = sorted[Math.floor(0.95 * sorted.length)] - sorted[Math.floor(0.05 * sorted.length)];
    // the level has no meaning with pairs, so the field is shown around its middle, in units of its own spread
    const field = values.map((value) => sigmoid(4 * (value - middle) / (spread + 1e-6)));
    context.drawImage(wash(field, GRID[0], palette.real), -side / 2, -side / 2, width + side, height + side);
    for (const level of [0.2, 0.5, 0.8]) {
      drawLevel(context, crossings(field, GRID[0], level), [side, side], { strokeStyle: palette.grid, lineWidth: 1 });
    }
    context.fillStyle = palette.real;
    dots(context, real, width, 1.5, true);
    centres.forEach(([x, y], k) => bump(context, place(x, y, width), k, palette, 0.42 * width / (2 * REACH)));
    arrows(context, width, palette);
    Object.assign(context, { strokeStyle: palette.model, lineWidth: 1.4 });
    dots(context, fake, width, 2.6, false);
  }
  function dots(context, points, width, size, filled) {
    for (let i = 0; i < points.length; i += 2) {
      context.beginPath();
      context.arc(...place(points[i], points[i + 1], width), size, 0, 7);
      filled ? context.fill() : context.stroke();
    }
  }
  // A ring around each bump: whole and thick where it is found, dashed where not; its number beside it.
  function bump(context, [x, y], k, { truth, soft, ink }, radius) {
    const found = score.found[k], active = k === chosen && document.activeElement === map.element;
    Object.assign(context, { strokeStyle: found ? truth : soft, lineWidth: found ? 2.5 : 1.2, fillStyle: ink });
    context.setLineDash(found ? [] : [4, 4]);
    context.beginPath();
    context.arc(x, y, radius, 0, 7);
    context.stroke();
    context.setLineDash([]);
    if (active) context.strokeRect(x - radius - 4, y - radius - 4, 2 * radius + 8, 2 * radius + 8);
    Object.assign(context, { font: "13px system-ui, sans-serif", textAlign: "center", textBaseline: "middle" });
    context.fillText(`${k + 1}`, x + radius + 9, y);
  }
  // Where forty of the generated points are pulled; the longest arrow has a fixed length.
  function arrows(context, width, palette) {
    const some = fake.slice(0, 80), move = pull(state.D, real.slice(0, 80), some, game.value);
    let longest = 1e-9;
    for (let i = 0; i < 80; i += 2) longest = Math.max(longest, Math.hypot(move[i], move[i + 1]));
    Object.assign(context, { strokeStyle: palette.error, lineWidth: 1.5 });
    context.beginPath();
    for (let i = 0; i < 80; i += 2) {
      const [x, y] = place(some[i], some[i + 1], width), far = 30 / longest;
      const [a, b] = [x + far * move[i], y - far * move[i + 1]], turn = Math.atan2(b - y, a - x);
      if (Math.hypot(a - x, b - y) < 3) continue;
      context.moveTo(x, y);
      context.lineTo(a, b);
      for (const side of [2.6, -2.6]) {
        context.moveTo(a, b);
        context.lineTo(a + 5 * Math.cos(turn + side), b + 5 * Math.sin(turn + side));
      }
    }
    context.stroke();
  }

  stage.style.cssText = "display: grid; justify-items: center";
  const frame = make("div", { style: "width: min(100%, 460px); border: 1px solid var(--p-grid); border-radius: 8px" });
  stage.append(frame);
  const map = canvas(frame, 1, draw), face = map.element;
  face.style.borderRadius = "7px";
  face.tabIndex = 0;
  face.setAttribute("role", "application");
  face.setAttribute("aria-label", "The plane with eight bumps of data and the generator's points: keys 1 to 8 choose a "
    + "bump, arrow keys move it");
  const spot = (x, y) => [REACH * (2 * x / face.clientWidth - 1), REACH * (1 - 2 * y / face.clientHeight)];
  function move(next) {
    centres[chosen] = next.map((value) => Math.min(REACH - 0.4, Math.max(0.4 - REACH, value)));
    real = bumps(centres, SHOWN, mulberry32(5));
    update();
  }
  drag(face, {
    start(x, y) {
      const [u, v] = spot(x, y), far = centres.map(([a, b]) => Math.hypot(a - u, b - v)), near = Math.min(...far);
      if (near > 0.6) return false;
      chosen = far.indexOf(near);
      update();
      return true;
    },
    move: (x, y) => move(spot(x, y)),
  });
  face.style.touchAction = "pan-y"; // a finger that moves sideways drags, one that moves down scrolls
  face.addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key];
    if (event.key >= "1" && event.key <= "8") chosen = Number(event.key) - 1;
    else if (!arrow) return;
    event.preventDefault();
    move(centres[chosen].map((value, k) => value + (arrow ? 0.1 * arrow[k] : 0)));
  }, { signal: life(box) });
  for (const name of ["focus", "blur"]) face.addEventListener(name, () => map.redraw(), { signal: life(box) });

  const moving = loop(box, () => train(PER_FRAME));
  const start = button(controls, "Play", () => {
    if (moving.playing) moving.pause();
    else moving.play();
    update();
  }, "main");
  button(controls, "Step", () => { moving.pause(); train(1); });
  button(controls, "New start", () => { moving.pause(); seed++; centres = ring(); real = bumps(centres, SHOWN, mulberry32(5)); fresh(); });
  const game = choice(controls, {
    label: "Game", value: "minimax", change: () => update(),
    options: [["minimax", "minimax"], ["non-saturating", "non-saturating"], ["relativistic", "pairs"]],
  });
  const gamma = slider(controls, {
    label: "Penalty γ", min: 0, max: GAMMAS.length - 1, step: 1, value: 0, format: (k) => `${GAMMAS[k]}`,
  });
  const rate = slider(controls, { label: "Learning rate", min: 0.001, max: 0.02, step: 0.001, value: 0.012 });
  fresh();
  return () => dispose(box);
}

export default { render };
