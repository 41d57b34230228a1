// A small transformer writes a typed date anew; each head of its decoder shows where in the input it looks. All is
// computed here. Axes as in models/transformer.py: T positions, R positions that are read, D numbers, A heads, M units.

export const END = 2, START = 1, LIMIT = 12, LONGEST = 26; // tokens; longest output and input

// ---- Arithmetic ----

/** The parts of a model from one row of numbers, in the order in which torch keeps them. */
export function unpack(row, { V, D, A, M }) {
  let at = 0;
  const cut = (count) => row.subarray(at, (at += count));
  const linear = (n, m) => ({ n, m, W: cut(n * m), b: cut(m) });
  const norm = () => ({ w: cut(D), b: cut(D) });
  const heads = () => ({ project: linear(D, 3 * D), out: linear(D, D) });
  const layer = (cross) => ({
    norm1: norm(), attend: heads(), ...(cross && { norm2: norm(), cross: heads() }), norm3: norm(),
    up: linear(D, M), down: linear(M, D),
  });
  const net = { D, A, embed: cut(V * D), encoder: layer(false), decoder: layer(true), readNorm: norm(), norm: norm() };
  return { ...net, out: linear(D, V) };
}

/** x (T, n) through a layer with torch's W (m, n), or its rows `from` to `to` alone: (T, to - from). */
export function apply({ n, m, W, b }, x, from = 0, to = m) {
  const T = x.length / n, width = to - from, y = new Float64Array(T * width);
  for (let t = 0; t < T; t++) {
    for (let j = from; j < to; j++) {
      let sum = b[j];
      for (let i = 0; i < n; i++) sum += W[j * n + i] * x[t * n + i];
      y[t * width + j - from] = sum;
    }
  }
  return y;
}

/** Each row of x (T, D) with mean 0 and variance 1, then scaled by w and moved by b. */
export function layerNorm({ w, b }, x) {
  const D = w.length, y = new Float64Array(x.length);
  for (let from = 0; from < x.length; from += D) {
    const row = x.subarray(from, from + D), mean = row.reduce((a, c) => a + c, 0) / D;
    const scale = 1 / Math.sqrt(row.reduce((a, c) => a + (c - mean) ** 2, 0) / D + 1e-5);
    for (let d = 0; d < D; d++) y[from + d] = (row[d] - mean) * scale * w[d] + b[d];
  }
  return y;
}

/**
 * q (T, D) looks at k and v (R, D) with A heads: mixed (T, D) and weights (A, T, R). Nothing is seen where
 * hidden[r] is true; where all is hidden, nothing is mixed in.
 */
export function attend(q, k, v, D, A, hidden = []) {
  const T = q.length / D, R = k.length / D, C = D / A;
  const mixed = new Float64Array(T * D), weights = new Float64Array(A * T * R);
  for (let a = 0; a < A; a++) {
    for (let t = 0; t < T; t++) {
      const scores = Float64Array.from({ length: R }, (_, r) => {
        if (hidden[r]) return -Infinity;
        let sum = 0;
        for (let c = a * C; c < (a + 1) * C; c++) sum += q[t * D + c] * k[r * D + c];
        return sum / Math.sqrt(C);
      });
      if (scores.every((score) => score === -Infinity)) continue;
      const row = softmax(scores);
      weights.set(row, (a * T + t) * R);
      for (let r = 0; r < R; r++) {
        for (let c = a * C; c < (a + 1) * C; c++) mixed[t * D + c] += row[r] * v[r * D + c];
      }
    }
  }
  return { mixed, weights };
}

const add = (x, y) => x.map((value, i) => value + y[i]);

/** What a token is plus where it stands: (D,). */
function start(net, token, t) {
  const { D, embed } = net;
  return Float64Array.from({ length: D }, (_, d) => {
    const angle = t / 10000 ** ((d - (d % 2)) / D);
    return embed[token * D + d] + (d % 2 ? Math.cos(angle) : Math.sin(angle));
  });
}

const feed = (layer, x) => {
  const h = apply(layer.up, layerNorm(layer.norm3, x));
  return add(x, apply(layer.down, h.map((value) => Math.max(0, value))));
};

/** Read tokens (R,): the keys and values (R, D) that the decoder will look at. */
export function read(net, tokens) {
  const { D, A, encoder: layer } = net;
  let x = new Float64Array(tokens.length * D);
  Array.from(tokens).forEach((token, t) => x.set(start(net, token, t), t * D));
  const seen = layerNorm(layer.norm1, x), { project } = layer.attend;
  const [q, k, v] = [0, 1, 2].map((part) => apply(project, seen, part * D, (part + 1) * D));
  x = feed(layer, add(x, apply(layer.attend.out, attend(q, k, v, D, A).mixed)));
  const memory = layerNorm(net.readNorm, x), keep = net.decoder.cross.project;
  return { k: apply(keep, memory, D, 2 * D), v: apply(keep, memory, 2 * D, 3 * D) };
}

/**
 * Write, a token at a time and always the most probable: [{token, odds (V,), weights (A, R)}, …]. Keys and values of
 * what was written are kept, so that each step computes one position.
 */
export function write(net, { k, v }, hidden = []) {
  const { D, A, decoder: layer } = net, steps = [], { project } = layer.attend;
  let token = START, keys = new Float64Array(0), values = keys;
  while (token !== END && steps.length < LIMIT) {
    let x = start(net, token, steps.length);
    const seen = layerNorm(layer.norm1, x);
    const [q, key, value] = [0, 1, 2].map((part) => apply(project, seen, part * D, (part + 1) * D));
    [keys, values] = [[keys, key], [values, value]].map(([old, last]) => Float64Array.from([...old, ...last]));
    x = add(x, apply(layer.attend.out, attend(q, keys, values, D, A).mixed));
    const asks = apply(layer.cross.project, layerNorm(layer.norm2, x), 0, D);
    const looked = attend(asks, k, v, D, A, hidden);
    x = feed(layer, add(x, apply(layer.cross.out, looked.mixed)));
    const odds = softmax(apply(net.out, layerNorm(net.norm, x)));
    token = odds.indexOf(Math.max(...odds));
    steps.push({ token, odds, weights: looked.weights });
  }
  return steps;
}

/** Steps for a row of half-precision bytes and a text: what the tests hold against torch. */
export function translate(bytes, sizes, tokens, hidden) {
  const net = unpack(f16(Uint8Array.from(bytes)), sizes);
  return write(net, read(net, tokens), hidden);
}

/** The place that is looked at most, all heads together, among those not hidden; -1 if none is left. */
export function mostSeen(weights, A, hidden) {
  const R = weights.length / A;
  let best = -1, most = -1;
  for (let r = 0; r < R; r++) {
    let sum = 0;
    for (let a = 0; a < A; a++) sum += weights[a * R + r];
    if (!hidden[r] && sum > most) [best, most] = [r, sum];
  }
  return best;
}

// ---- The card ----

const EXAMPLES = ["3 March 1999", "September 21st, 2044", "7.8.1915", "2001 Oct 12", "03/04/1980"];
const MONO = "ui-monospace, SFMono-Regular, Menlo, monospace";

function render({ model, el }) {
  const sizes = model.get("sizes"), alphabet = model.get("alphabet"), net = unpack(f16(model.get("weights")), sizes);
  const tokenOf = (character) => alphabet.indexOf(character) + 3;
  const textOf = (token) => (token === END ? "end" : alphabet[token - 3] ?? "?");
  const { A } = sizes;
  const box = root(el, "attention", "Where the heads of a date translator look");
  const { stage, controls, numbers } = card(box, "choose the last digit of the month, and hide what is looked at most, again "
    + "and again. How many letters can go before the date is wrong? Where does the model still know the month from?");
  let text = model.get("text"), hidden = [], steps = [], at = 0, playing = 0;

  const field = make("input", {
    type: "text", maxlength: LONGEST, spellcheck: "false", autocomplete: "off", class: "attention-field", value: text,
  });
  const line = make("div", { class: "attention-line" }, make("label", {}, make("span", {}, "Date"), field));
  const written = make("div", { class: "attention-out", role: "group", "aria-label": "What is written, a character a button" });
  stage.append(line);

  // A column for each character of the input, a row for each head.
  const layout = (width) => {
    const left = width < 480 ? 22 : 62;
    return { left, cell: Math.min(44, (width - left) / Math.max(1, text.length)) };
  };
  const ROW = 30, TOP = 34;
  const view = canvas(stage, (width) => width / (TOP + A * ROW + 8), (context, width, height, palette) => {
    const { left, cell } = layout(width), weights = steps[at]?.weights ?? [], R = text.length;
    Object.assign(context, { textBaseline: "middle", textAlign: "center" });
    [...text].forEach((character, r) => {
      const x = left + (r + 0.5) * cell;
      context.font = `600 ${Math.min(20, cell * 1.2)}px ${MONO}`;
      context.fillStyle = hidden[r] ? palette.error : palette.ink;
      context.globalAlpha = hidden[r] ? 0.55 : 1;
      context.fillText(character === " " ? "·" : character, x, TOP / 2);
      context.globalAlpha = 1;
      if (!hidden[r]) return;
      Object.assign(context, { strokeStyle: palette.error, lineWidth: 2 });
      context.beginPath();
      context.moveTo(x - cell * 0.35, TOP / 2 + 9);
      context.lineTo(x + cell * 0.35, TOP / 2 - 9);
      context.stroke();
    });
    for (let a = 0; a < A; a++) {
      const y = TOP + a * ROW;
      Object.assign(context, { fillStyle: palette.soft, font: "13px system-ui, sans-serif", textAlign: "left" });
      context.fillText(width < 480 ? `${a + 1}` : `head ${a + 1}`, 0, y + ROW / 2);
      for (let r = 0; r < R; r++) {
        const weight = weights[a * R + r] ?? 0, size = Math.sqrt(weight);
        const [w, h] = [cell - 2, ROW - 4];
        Object.assign(context, { strokeStyle: palette.grid, lineWidth: 1, fillStyle: palette.latent });
        context.strokeRect(left + r * cell + 1, y + 2, w, h);
        context.fillRect(left + r * cell + 1 + (w - w * size) / 2, y + 2 + (h - h * size) / 2, w * size, h * size);
      }
    }
  }, "A row for each head: the filled part of each box is the weight of that character of the input");
  view.element.tabIndex = 0;
  stage.append(make("div", { class: "attention-arrow" }, "writes"), written);

  const percent = (p) => (p > 0.9995 ? "> 99.9 %" : p < 0.0005 ? "< 0.1 %" : `${(100 * p).toFixed(1)} %`);
  function tell() {
    const now = steps[at];
    if (!now) return show(numbers, [["Type a date", "such as 3 March 1999"]]);
    const order = Array.from(now.odds.keys()).sort((i, j) => now.odds[j] - now.odds[i]);
    show(numbers, [
      [`Character ${at + 1}`, textOf(order[0])], ["P", percent(now.odds[order[0]])],
      ["Second", `${textOf(order[1])} (${percent(now.odds[order[1]])})`],
      ["Hidden", `${hidden.filter(Boolean).length} of ${text.length}`],
    ]);
  }
  function select(step, focus = false) {
    at = Math.max(0, Math.min(steps.length - 1, step));
    [...written.children].forEach((key, i) => {
      key.setAttribute("aria-pressed", i === at);
      key.tabIndex = i === at ? 0 : -1;
      if (i === at && focus) key.focus();
    });
    tell();
    view.redraw();
  }
  const compute = perFrame(box, () => {
    steps = text ? write(net, read(net, [...text].map(tokenOf)), hidden) : [];
    while (written.children.length > steps.length) written.lastChild.remove();
    steps.forEach(({ token }, i) => {
      const key = written.children[i] ?? written.appendChild(make("button", { type: "button" }));
      key.textContent = textOf(token);
    });
    select(at);
  });
  function type(next) {
    text = [...next].filter((character) => alphabet.includes(character)).slice(0, LONGEST).join("");
    hidden = [];
    compute();
  }
  const hide = (r) => { hidden[r] = !hidden[r]; compute(); };

  field.addEventListener("input", () => { rest(); type(field.value); }, { signal: life(box) });
  written.addEventListener("click", (event) => {
    const step = [...written.children].indexOf(event.target);
    if (step >= 0) { rest(); select(step); }
  }, { signal: life(box) });
  written.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!move) return;
    event.preventDefault();
    select(at + move, true);
  }, { signal: life(box) });
  drag(view.element, {
    start: (x, y) => {
      const { left, cell } = layout(stage.clientWidth), r = Math.floor((x - left) / cell);
      if (r >= 0 && r < text.length) hide(r);
    },
  });
  let cursor = 0; // of the keyboard, in the picture
  view.element.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (move) cursor = Math.max(0, Math.min(text.length - 1, cursor + move));
    else if (event.key === " " || event.key === "Enter") hide(cursor);
    else return;
    event.preventDefault();
    announce(box, `Place ${cursor + 1}, ${text[cursor]}, ${hidden[cursor] ? "hidden" : "shown"}`);
  }, { signal: life(box) });

  const moving = loop(box, (seconds) => {
    playing += seconds;
    if (playing < 0.7) return true;
    playing = 0;
    if (at >= steps.length - 1) { rest(); return false; }
    select(at + 1);
    return true;
  });
  function rest() { moving.pause(); play.textContent = "Play"; }
  const play = button(controls, "Play", () => {
    if (moving.playing) return rest();
    if (at >= steps.length - 1) select(0);
    moving.play();
    play.textContent = "Pause";
  }, "main");
  button(controls, "Hide what is looked at most", () => {
    const r = steps.length ? mostSeen(steps[at].weights, A, hidden) : -1;
    if (r >= 0) hide(r);
  });
  button(controls, "Show all", () => { hidden = []; compute(); });
  const examples = [["", "choose"], ...EXAMPLES.map((example) => [example, example])];
  const chosen = menu(line, { label: "Example", options: examples, value: "", change: (value) => {
    if (!value) return;
    rest();
    field.value = value;
    at = 0;
    type(value);
    chosen.value = "";
  } });
  compute();
  return () => dispose(box);
}

export default { render };
