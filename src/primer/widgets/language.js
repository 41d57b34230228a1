// A GPT that runs in the page: one character at a time, with a cache of keys and values.
// Weights are bytes (value + 128 times the row's scale), tensor by tensor: embedding (1 + previous, V + 1, D), then for
// each block qkv (3, D, D), out (D, D), up (4 D, D), down (D, 4 D), then head (V, D).

const EPS = 1.1920929e-7; // of torch's norm on float32
const TOP = 10, SPEED = 40; // bars; characters a second when it writes

/** The tensors of a model as Float32Arrays: {embedding, blocks: [{qkv, out, up, down}], head, sizes}. */
export function unpack(bytes, scales, sizes) {
  const { V, L, D, previous } = sizes;
  let at = 0, row = 0;
  const take = (rows, columns) => {
    const out = new Float32Array(rows * columns);
    for (let r = 0; r < rows; r++, row++) {
      for (let c = 0; c < columns; c++, at++) out[r * columns + c] = (bytes[at] - 128) * scales[row];
    }
    return out;
  };
  const embedding = take((1 + previous) * (V + 1), D);
  const blocks = Array.from({ length: L }, () => (
    { qkv: take(3 * D, D), out: take(D, D), up: take(4 * D, D), down: take(D, 4 * D) }));
  return { embedding, blocks, head: take(V, D), sizes };
}

/** W (m, n) times x (n): (m). */
function times(W, x, m) {
  const n = x.length, out = new Float64Array(m);
  for (let i = 0, at = 0; i < m; i++, at += n) {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += W[at + j] * x[j];
    out[i] = sum;
  }
  return out;
}

/** A part of x scaled in place to a mean square of 1. */
function norm(x, from = 0, count = x.length) {
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += x[i] * x[i];
  const scale = 1 / Math.sqrt(sum / count + EPS);
  for (let i = from; i < from + count; i++) x[i] *= scale;
  return x;
}

/** Pairs of x's part turned in place by position * 10000^(-2 i / C). */
function rotate(x, from, C, position) {
  for (let i = 0; i < C; i += 2) {
    const angle = position * 10000 ** (-i / C), c = Math.cos(angle), s = Math.sin(angle);
    const a = x[from + i], b = x[from + i + 1];
    x[from + i] = a * c - b * s;
    x[from + i + 1] = a * s + b * c;
  }
}

/** A reader of tokens: read(token) gives logits; `seen` holds, for each token read, logits and attention. */
export function reader(net) {
  const { V, T, H, D, previous } = net.sizes, C = D / H;
  const tokens = [], seen = [], memory = net.blocks.map(() => ({ keys: [], values: [] }));
  const attend = (block, { keys, values }, x, position, looks) => {
    const qkv = times(block.qkv, norm(x.slice()), 3 * D), y = new Float64Array(D);
    for (let part = 0; part < 2 * D; part += C) {
      norm(qkv, part, C);
      rotate(qkv, part, C, position);
    }
    keys.push(qkv.subarray(D, 2 * D));
    values.push(qkv.subarray(2 * D));
    for (let h = 0; h < H; h++) {
      const p = softmax(keys.map((key) => {
        let dot = 0;
        for (let i = h * C; i < (h + 1) * C; i++) dot += qkv[i] * key[i];
        return dot / Math.sqrt(C);
      }));
      p.forEach((weight, t) => {
        for (let i = h * C; i < (h + 1) * C; i++) y[i] += weight * values[t][i];
      });
      looks.push(p);
    }
    return times(block.out, y, D);
  };
  function read(token) {
    if (tokens.length === T) throw new RangeError(`This model reads ${T} characters at a time.`);
    tokens.push(token);
    const position = tokens.length - 1, x = new Float64Array(D), looks = [];
    for (let n = 0; n <= previous; n++) {
      const row = n * (V + 1) + (position >= n ? tokens[position - n] : V);
      for (let d = 0; d < D; d++) x[d] += net.embedding[row * D + d];
    }
    norm(x);
    net.blocks.forEach((block, layer) => {
      attend(block, memory[layer], x, position, looks).forEach((value, d) => { x[d] += value; });
      const hidden = times(block.up, norm(x.slice()), 4 * D).map((value) => Math.max(0, value) ** 2);
      times(block.down, hidden, D).forEach((value, d) => { x[d] += value; });
    });
    const logits = times(net.head, norm(x), V);
    seen.push({ logits, looks });
    return logits;
  }
  /** Forget all but the first n. */
  function keep(n) {
    for (const list of [tokens, seen, ...memory.flatMap(({ keys, values }) => [keys, values])]) list.length = n;
  }
  /** Read what differs from the tokens read so far. */
  function follow(wanted) {
    let same = 0;
    while (same < wanted.length && tokens[same] === wanted[same]) same++;
    keep(same);
    for (const token of wanted.slice(same)) read(token);
  }
  return { tokens, seen, read, keep, follow };
}

/** All logits (n V) of some tokens, from the bytes; for the tests. */
export function logitsOf(bytes, scales, sizes, tokens) {
  const machine = reader(unpack(bytes, scales, sizes));
  return tokens.flatMap((token) => Array.from(machine.read(token)));
}

/** Probabilities at a temperature; at 0 the likeliest alone. */
export function odds(logits, temperature) {
  if (temperature > 0) return softmax(logits.map((value) => value / temperature));
  const best = logits.indexOf(Math.max(...logits));
  return logits.map((_, i) => Number(i === best));
}

/** The place that a uniform number falls to. */
export function pick(p, u) {
  let sum = 0;
  for (let i = 0; i < p.length; i++) if ((sum += p[i]) > u) return i;
  return p.lastIndexOf(Math.max(...p));
}

/** The part of a text that the model reads: all, or where it is too long a tail that leaves room to go on. */
export const windowOf = (tokens, T) => {
  if (tokens.length <= T) return tokens;
  const half = T >> 1; // starts only at multiples of half a window, so that writing seldom reads anew
  return tokens.slice(half * Math.ceil((tokens.length - T) / half));
};

const NAMES = { " ": "␣", "\n": "⏎", "\ufffd": "other" };

export function render({ model, el }) {
  const sizes = model.get("sizes"), alphabet = [...model.get("alphabet")];
  const net = unpack(u8(model.get("weights")), f32(model.get("scales")), sizes), machine = reader(net);
  const number = new Map(alphabet.map((character, i) => [character, i])), other = number.get("\ufffd") ?? 0;
  const box = root(el, "language", "A small language model that runs in this page");
  const { stage, controls, numbers } = card(
    box, "type “import o” and look at the odds. Then let it write at temperature 0 and at 1.5: which is duller, which is wrong more often?");
  let temperature = 0.8, head = 0, from = null, rng = mulberry32(15), speed = 0;

  const field = make("textarea", { class: "primer-language-text", rows: 7, spellcheck: "false", "aria-label": "Text, which the model goes on from" });
  Object.assign(field.style, { width: "100%", font: "14px/1.5 ui-monospace, Menlo, Consolas, monospace", resize: "vertical", padding: "8px",
    color: "var(--p-ink)", background: "var(--p-ground)", border: "1px solid var(--p-grid)", borderRadius: "8px" });
  field.value = model.get("prefix");
  stage.append(field);
  const tokens = () => windowOf([...field.value].map((character) => number.get(character) ?? other), sizes.T);

  const COLUMNS = (width) => Math.max(16, Math.min(32, Math.floor(width / 21)));
  const barsHeight = TOP * 19 + 26;
  const stripHeight = (width) => (Math.ceil(sizes.T / COLUMNS(width)) * 25) + 30;
  const view = canvas(stage, (width) => width / (barsHeight + stripHeight(width)), (context, width, height, palette) => {
    const at = machine.seen.length - 1;
    if (at < 0) return;
    const p = odds(machine.seen[at].logits, temperature);
    const order = Array.from(p.keys()).sort((a, b) => p[b] - p[a]).slice(0, TOP);
    context.textBaseline = "middle";
    context.font = "13px system-ui, sans-serif";
    context.fillStyle = palette.soft;
    context.textAlign = "left";
    context.fillText("What comes next", 0, 10);
    const left = 52, span = width - left - 56;
    order.forEach((token, i) => {
      const y = 32 + 19 * i;
      context.font = "14px ui-monospace, Menlo, Consolas, monospace";
      context.textAlign = "right";
      context.fillStyle = palette.ink;
      context.fillText(NAMES[alphabet[token]] ?? alphabet[token], left - 10, y);
      context.fillStyle = palette.model;
      context.fillRect(left, y - 7, Math.max(1, span * p[token]), 14);
      context.font = "12px system-ui, sans-serif";
      context.textAlign = "left";
      context.fillStyle = palette.soft;
      context.fillText(`${(100 * p[token]).toFixed(1)} %`, left + Math.max(1, span * p[token]) + 6, y);
    });
    // the window, shaded by where the head looks from one character
    const query = Math.min(from ?? at, at), looks = machine.seen[query].looks[head];
    const columns = COLUMNS(width), cell = width / columns, top = barsHeight + 26, most = Math.max(...looks);
    context.fillStyle = palette.soft;
    context.font = "13px system-ui, sans-serif";
    context.fillText(`Where the head looks from ${query === at ? "the last character" : `“${NAMES[alphabet[machine.tokens[query]]] ?? alphabet[machine.tokens[query]]}”`}`, 0, barsHeight + 10);
    context.textAlign = "center";
    context.font = "14px ui-monospace, Menlo, Consolas, monospace";
    machine.tokens.forEach((token, t) => {
      const x = (t % columns) * cell, y = top + 25 * Math.floor(t / columns);
      if (t <= query) {
        context.globalAlpha = 0.75 * looks[t] / most;
        context.fillStyle = palette.latent;
        context.fillRect(x, y, cell - 1, 23);
        context.globalAlpha = 1;
      }
      context.strokeStyle = t === query ? palette.ink : palette.grid;
      context.lineWidth = t === query ? 2 : 1;
      context.strokeRect(x + 0.5, y + 0.5, cell - 2, 22);
      context.fillStyle = palette.ink;
      context.fillText(NAMES[alphabet[token]] ?? alphabet[token], x + cell / 2, y + 12);
    });
  }, "Bars of the ten likeliest next characters; below them the text that the model sees, shaded by one head's attention");

  const tell = () => {
    const p = machine.seen.length ? odds(machine.seen.at(-1).logits, temperature) : [1];
    let bits = 0;
    machine.tokens.slice(1).forEach((token, t) => { bits -= Math.log2(softmax(machine.seen[t].logits)[token]); });
    show(numbers, [
      ["Doubt about the next", `${entropy(p).toFixed(2)} bits`],
      ["Your text cost it", machine.tokens.length > 1 ? `${(bits / (machine.tokens.length - 1)).toFixed(2)} bits a character` : "–"],
      ["Written", speed ? `${Math.round(speed)} characters a second` : "–"],
    ]);
  };
  const update = () => { machine.follow(tokens()); tell(); view.redraw(); };
  const write = () => {
    if (!machine.seen.length) return;
    field.value += alphabet[pick(odds(machine.seen.at(-1).logits, temperature), rng())];
    if (field.value.length > 4000) field.value = field.value.slice(-2000);
    machine.follow(tokens());
  };
  field.addEventListener("input", () => { from = null; pause(); update(); }, { signal: life(stage) });

  let owed = 0, spent = 0, made = 0;
  const time = loop(box, (seconds) => {
    owed += seconds * SPEED;
    spent += seconds;
    for (; owed >= 1; owed--, made++) write();
    if (spent > 0.5) [speed, spent, made] = [made / spent, 0, 0];
    from = null;
    field.scrollTop = field.scrollHeight;
    tell();
    view.redraw();
  });
  const pause = () => { time.pause(); play.textContent = "Let it write"; };
  const play = button(controls, "Let it write", () => {
    if (time.playing) return pause();
    [owed, spent, made] = [0, 0, 0];
    play.textContent = "Pause";
    time.play();
  }, "main");
  button(controls, "One character", () => { pause(); from = null; write(); tell(); view.redraw(); field.scrollTop = field.scrollHeight; });
  slider(controls, {
    label: "Temperature", min: 0, max: 2, step: 0.05, value: temperature, format: (value) => value.toFixed(2),
    input: (value) => { temperature = value; tell(); view.redraw(); },
  });
  menu(controls, {
    label: "Head", value: "0",
    options: Array.from({ length: sizes.L * sizes.H }, (_, i) => [String(i), `layer ${1 + Math.floor(i / sizes.H)}, head ${1 + (i % sizes.H)}`]),
    change: (value) => { head = Number(value); view.redraw(); },
  });
  slider(controls, {
    label: "Looks from", min: 1, max: sizes.T, step: 1, value: sizes.T, format: (value) => (value >= machine.tokens.length ? "the last" : `number ${value}`),
    input: (value) => { from = value - 1; view.redraw(); },
  });
  button(controls, "Reset", () => {
    pause();
    [rng, from, speed] = [mulberry32(15), null, 0];
    field.value = model.get("prefix");
    update();
  });
  view.element.addEventListener("click", ({ offsetX: x, offsetY: y }) => {
    const width = stage.clientWidth, columns = COLUMNS(width);
    const row = Math.floor((y - barsHeight - 26) / 25), t = row * columns + Math.floor(x / (width / columns));
    if (row < 0 || t >= machine.tokens.length) return;
    from = t;
    view.redraw();
  }, { signal: life(stage) });
  update();
  return () => dispose(box);
}

export default { render };
