// A hidden digit, uncovered pixel by pixel: ten bars show P(digit | pixels seen) under naive Bayes.
// theta is (classes, pixels) row by row; `seen` is (pixels,): -1 covered, 0 paper, 1 ink.

const SIDE = 8;
const PIXELS = SIDE * SIDE;

/** log P(class) plus the log likelihood of every pixel seen: (classes,). */
export function logJoint(prior, theta, seen) {
  const pixels = seen.length;
  return Float64Array.from(prior, (p, k) => {
    let sum = Math.log(p);
    for (let d = 0; d < pixels; d++) {
      if (seen[d] >= 0) sum += Math.log(seen[d] ? theta[k * pixels + d] : 1 - theta[k * pixels + d]);
    }
    return sum;
  });
}

/** P(class | pixels seen), (classes,). */
export const posterior = (prior, theta, seen) => softmax(logJoint(prior, theta, seen));

/** P(ink | pixels seen) of every pixel, (pixels,): the mean of theta over what the class may be. */
export function expectedInk(belief, theta) {
  return matmul(belief, theta, 1, belief.length, theta.length / belief.length);
}

/** Expected information on the class in each pixel, in bits, (pixels,): the pixel's entropy less what is mere noise. */
export function informationGain(belief, theta) {
  const pixels = theta.length / belief.length;
  const bits = (p) => (p <= 0 || p >= 1 ? 0 : -p * Math.log2(p) - (1 - p) * Math.log2(1 - p));
  return expectedInk(belief, theta).map((ink, d) => {
    let noise = 0;
    for (let k = 0; k < belief.length; k++) noise += belief[k] * bits(theta[k * pixels + d]);
    return Math.max(0, bits(ink) - noise);
  });
}

/** The covered pixel with the largest gain, or -1 when all are seen. */
export function mostTelling(gain, seen) {
  let best = -1;
  for (let d = 0; d < seen.length; d++) if (seen[d] < 0 && (best < 0 || gain[d] > gain[best])) best = d;
  return best;
}

/** The prior with class k's share changed; the others keep their proportions. */
export function withShare(prior, k, share) {
  return Float64Array.from(prior, (p, i) => (i === k ? share : (p * (1 - share)) / (1 - prior[k])));
}

/** How each class's probability was multiplied by pixel d: P(value | class) / P(value | the pixels seen before). */
export function factors(prior, theta, seen, d) {
  const before = Int8Array.from(seen);
  before[d] = -1;
  const belief = posterior(prior, theta, before);
  const pixels = seen.length;
  const likelihood = Array.from(belief, (_, k) => (seen[d] ? theta[k * pixels + d] : 1 - theta[k * pixels + d]));
  const evidence = belief.reduce((sum, p, k) => sum + p * likelihood[k], 0);
  return likelihood.map((value) => value / evidence);
}

/** Add pixel d of many digits to their log likelihoods (digits, classes), in place. */
export function addPixel(logLikelihoods, theta, images, d, pixels) {
  const classes = theta.length / pixels;
  for (let k = 0; k < classes; k++) {
    const ink = Math.log(theta[k * pixels + d]);
    const paper = Math.log(1 - theta[k * pixels + d]);
    for (let at = k, place = d; at < logLikelihoods.length; at += classes, place += pixels) {
      logLikelihoods[at] += images[place] ? ink : paper;
    }
  }
}

/**
 * Over many digits with the same pixels seen, log likelihoods (digits, classes): the mean probability of the best
 * class, and how often it is the right one. Allocates nothing, because it runs while the reader drags.
 */
export function honesty(prior, logLikelihoods, labels) {
  const logPrior = Float64Array.from(prior, (p) => Math.log(p));
  const classes = prior.length;
  let sure = 0;
  let right = 0;
  for (let n = 0; n < labels.length; n++) {
    let best = 0;
    let top = -Infinity;
    for (let k = 0; k < classes; k++) {
      const joint = logPrior[k] + logLikelihoods[n * classes + k];
      if (joint > top) [top, best] = [joint, k];
    }
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += Math.exp(logPrior[k] + logLikelihoods[n * classes + k] - top);
    sure += 1 / sum;
    right += best === labels[n];
  }
  return { sure: sure / labels.length, right: right / labels.length };
}

/** Eight pixels to a byte, the first in the highest bit: (n * 8,) of 0 and 1. */
export function unpack(bytes) {
  return Uint8Array.from({ length: bytes.length * 8 }, (_, i) => (bytes[i >> 3] >> (7 - (i & 7))) & 1);
}

/** A probability for people: never 0 % or 100 %, because it never is. */
export function percent(p) {
  if (p > 0.999) return "> 99.9 %";
  if (p < 0.001) return "< 0.1 %";
  return `${p < 0.00995 || p > 0.9905 ? (100 * p).toFixed(1) : Math.round(100 * p)} %`;
}

/** A factor for people: "× 1.09", "× 0.02". */
export const times = (factor) => `× ${factor < 0.095 ? Number(factor.toPrecision(1)) : factor.toFixed(2)}`;

/** Odds for people: "24 to 1", "3 × 10⁸ to 1". */
export function odds(ratio) {
  if (ratio < 10) return `${ratio.toFixed(1)} to 1`;
  if (ratio < 1e5) return `${Math.round(ratio).toLocaleString("en")} to 1`;
  const power = Math.floor(Math.log10(ratio));
  const raised = [...String(power)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]).join("");
  return `${Math.floor(ratio / 10 ** power)} × 10${raised} to 1`;
}

const TRY = "press “Most telling pixel” until one bar passes 95 %, then guess. How few pixels did that take? Now "
  + "uncover all: the last numbers say how sure the model is of all the digits, and how often it is right.";

/** The board of pixels as a grid that can be dragged over, tapped, and walked with the arrow keys. */
function board(parent, reveal) {
  const grid = make("div", { class: "bayes-board", role: "grid", "aria-label": "Pixels of the hidden digit" });
  const cells = [];
  for (let row = 0; row < SIDE; row++) {
    const line = make("div", { role: "row" });
    for (let column = 0; column < SIDE; column++) {
      cells.push(line.appendChild(make("div", { role: "gridcell", tabindex: "-1" })));
    }
    grid.append(line);
  }
  parent.append(grid);
  let cursor = 0;
  const go = (to, focus) => {
    cells[cursor].tabIndex = -1;
    cursor = to;
    cells[cursor].tabIndex = 0;
    if (focus) cells[cursor].focus();
  };
  const at = (x, y) => {
    const column = Math.floor((x / grid.clientWidth) * SIDE);
    const row = Math.floor((y / grid.clientHeight) * SIDE);
    if (column < 0 || row < 0 || column >= SIDE || row >= SIDE) return;
    go(row * SIDE + column);
    reveal(cursor);
  };
  drag(grid, { start: at, move: at });
  grid.addEventListener("keydown", (event) => {
    const [row, column] = [Math.floor(cursor / SIDE), cursor % SIDE];
    const steps = {
      ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1],
      ArrowUp: [row - 1, column],
      ArrowDown: [row + 1, column],
      Home: [row, 0],
      End: [row, SIDE - 1],
    };
    if (event.key === " " || event.key === "Enter") reveal(cursor);
    else if (steps[event.key]) {
      const [r, c] = steps[event.key].map((place) => Math.min(Math.max(place, 0), SIDE - 1));
      go(r * SIDE + c, true);
    } else return;
    event.preventDefault();
  }, { signal: life(parent) });
  go(0);
  const covers = new Array(PIXELS).fill(0);
  return {
    /** cover: (64,) in 0..1, how strongly a covered pixel is tinted; last: the pixel just uncovered, or -1. */
    paint(seen, cover, last) {
      cells.forEach((cell, d) => {
        const kind = ["covered", "paper", "ink"][seen[d] + 1];
        const state = d === last ? `${kind} last` : kind;
        if (cell.className !== state) {
          cell.className = state;
          cell.ariaLabel = `Row ${Math.floor(d / SIDE) + 1}, column ${(d % SIDE) + 1}: ${kind}`;
        }
        const tint = seen[d] < 0 ? Math.round(cover[d] * 100) : 0;
        if (covers[d] !== tint) cell.style.setProperty("--tint", `${(covers[d] = tint)}%`);
      });
    },
  };
}

/** Ten bars, each a button to guess with. */
function bars(parent, guess) {
  const label = "Probability of each digit: press one to guess";
  const list = make("div", { class: "bayes-bars", role: "group", "aria-label": label });
  const heads = make("p", { class: "bayes-heads" });
  heads.append(make("span", {}, "% given the pixels seen"), make("span", {}, "× last pixel"));
  const rows = Array.from({ length: 10 }, (_, k) => {
    const part = (name) => [name, make("span", { class: name })];
    const parts = Object.fromEntries(["name", "track", "percent", "arrow", "factor", "tag"].map(part));
    parts.name.textContent = k;
    parts.prior = parts.track.appendChild(make("i", { class: "prior" }));
    const button = make("button", { type: "button", "aria-pressed": "false" });
    button.append(parts.name, " ", parts.track, parts.percent, " ", parts.arrow, parts.factor, " ", parts.tag);
    button.addEventListener("click", () => guess(k), { signal: life(parent) });
    list.append(button);
    return { button, ...parts };
  });
  parent.append(make("div", { class: "bayes-chart" }, heads, list));
  const put = (element, text) => { if (element.textContent !== text) element.textContent = text; };
  return {
    paint(belief, prior, multiplied, guessed, label) {
      rows.forEach(({ button, track, percent: share, arrow, factor, tag, prior: dot }, k) => {
        track.style.setProperty("--p", belief[k]);
        dot.style.setProperty("--p", prior[k]);
        put(share, percent(belief[k]));
        const change = multiplied ? Math.round(100 * multiplied[k]) - 100 : 0;
        put(arrow, change > 0 ? "▲" : change < 0 ? "▼" : "");
        put(factor, multiplied ? times(multiplied[k]) : "");
        put(tag, `${k === label ? "✓ " : ""}${k === guessed ? "your guess" : k === label ? "the digit" : ""}`);
        button.ariaPressed = String(k === guessed);
        button.classList.toggle("right", k === label);
      });
    },
  };
}

function render({ model, el }) {
  const [theta, given, labels] = [f32(model.get("theta")), f32(model.get("prior")), u8(model.get("labels"))];
  const images = unpack(u8(model.get("images")));
  const likelihoods = new Float64Array(labels.length * given.length); // of all digits, for the pixels seen
  const rng = mulberry32(7);
  // share: the prior probability of digit k; guess and last are -1 for none; after: pixels seen when guessed
  const seen = new Int8Array(PIXELS).fill(-1);
  const state = { digit: 0, last: -1, guess: -1, after: 0, k: 8, share: given[8] };
  const count = () => seen.reduce((sum, value) => sum + (value >= 0), 0);
  const prior = () => withShare(given, state.k, state.share);
  const belief = () => posterior(prior(), theta, seen);
  const change = (what) => { Object.assign(state, what); update(); }; // what is shown follows in the next frame
  const uncover = (d) => {
    if (seen[d] >= 0) return;
    seen[d] = images[state.digit * PIXELS + d];
    addPixel(likelihoods, theta, images, d, PIXELS);
  };
  const cover = (digit) => {
    seen.fill(-1);
    likelihoods.fill(0);
    change({ digit, last: -1, guess: -1 });
  };
  function reveal(d) {
    if (d < 0 || seen[d] >= 0) return;
    uncover(d);
    change({ last: d });
  }
  const revealBest = (scores) => reveal(mostTelling(scores, seen));

  const box = root(el, "bayes", "A hidden digit: uncover pixels and watch the odds");
  const { stage, controls, numbers } = card(box, TRY);
  const field = stage.appendChild(make("div", { class: "bayes" }));
  const picture = board(field, reveal);
  const chart = bars(field, (guess) => { if (state.guess < 0) change({ guess, after: count() }); });
  const said = stage.appendChild(make("p", { class: "bayes-said" }));
  const reveals = [
    button(controls, "Most telling pixel", () => revealBest(informationGain(belief(), theta)), "main"),
    button(controls, "Random pixel", () => revealBest(Float64Array.from(seen, rng))),
    button(controls, "Uncover all", () => { seen.forEach((_, d) => uncover(d)); change({ last: -1 }); }),
  ];
  button(controls, "Cover again", () => cover(state.digit));
  button(controls, "New digit", () => cover((state.digit + 1) % labels.length));
  const before = controls.appendChild(make("div", { class: "bayes-prior" }, make("i", { class: "dot" })));
  menu(before, {
    label: "Before any pixel, digit",
    options: Array.from(given, (_, k) => [String(k), String(k)]),
    value: String(state.k),
    change(text) {
      const k = Number(text);
      share.value = given[k];
      change({ k, share: given[k] });
    },
  });
  const share = slider(before, {
    label: "has",
    min: 0.01,
    max: 0.99,
    step: 0.01,
    value: state.share,
    format: percent,
    input: (value) => change({ share: value }),
  });
  const under = choice(controls, {
    label: "Under the covers",
    options: [["nothing", "nothing"], ["ink", "expected ink"], ["gain", "what would tell"]],
    value: "nothing",
    change: () => update(),
  });

  /** How strongly each covered pixel is tinted, (64,) in 0..1. */
  function tint(now) {
    if (under.value === "ink") return expectedInk(now, theta);
    if (under.value === "nothing") return new Float64Array(PIXELS);
    const gain = informationGain(now, theta).map((bits, d) => (seen[d] < 0 ? bits : 0));
    const most = Math.max(...gain, 1e-9);
    return gain.map((bits) => bits / most);
  }

  function paint() {
    const now = belief();
    const shown = count();
    const label = state.guess < 0 ? -1 : labels[state.digit];
    box.dataset.under = under.value;
    const multiplied = state.last < 0 ? null : factors(prior(), theta, seen, state.last);
    picture.paint(seen, tint(now), state.last);
    chart.paint(now, prior(), multiplied, state.guess, label);
    for (const one of reveals) one.disabled = shown === PIXELS;
    const [best, next] = Array.from(now, (_, k) => k).sort((a, b) => now[b] - now[a]);
    said.textContent = label < 0
      ? "Which digit is it? Press its bar when you dare to guess."
      : `You said ${state.guess} after ${state.after} of ${PIXELS} pixels. It is ${label}. The model now says ${best}.`;
    const { sure, right } = honesty(prior(), likelihoods, labels);
    show(numbers, [
      ["Seen", `${shown} of ${PIXELS}`],
      ["Doubt", `${entropy(now).toFixed(2)} bits`],
      [`Odds of ${best} against ${next}`, odds(now[best] / now[next])],
      [`Same pixels, all ${labels.length} digits`, `${percent(sure)} sure, ${percent(right)} right`],
    ]);
  }
  const update = perFrame(box, paint);
  paint();
  return () => dispose(box);
}

export default { render };
