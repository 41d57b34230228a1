// Put before every widget's own file, as one module without imports.
// First arithmetic (pure, held against torch by the tests), then the parts of a card.

/** Seeded uniform numbers in [0, 1): the same sequence in every browser. */
export function mulberry32(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** One standard normal number from a uniform source (Box and Muller; 1 - u keeps the logarithm finite). */
export function normal(rng) {
  return Math.sqrt(-2 * Math.log(1 - rng())) * Math.cos(2 * Math.PI * rng());
}

/** log(sum(exp(values))), safe for values of any size. */
export function logSumExp(values) {
  let top = -Infinity;
  for (const value of values) top = Math.max(top, value);
  if (!Number.isFinite(top)) return top;
  let sum = 0;
  for (const value of values) sum += Math.exp(value - top);
  return top + Math.log(sum);
}

/** Probabilities from logits, both as (n,). */
export function softmax(logits) {
  const total = logSumExp(logits);
  return Float64Array.from(logits, (value) => Math.exp(value - total));
}

/** Entropy in bits of probabilities (n,); 0 log 0 counts as 0. */
export function entropy(probabilities) {
  let bits = 0;
  for (const p of probabilities) if (p > 0) bits -= p * Math.log2(p);
  return bits;
}

/** a (n, k) times b (k, m), both row by row: (n, m). */
export function matmul(a, b, n, k, m) {
  const out = new Float64Array(n * m);
  for (let row = 0; row < n; row++) {
    for (let inner = 0; inner < k; inner++) {
      const factor = a[row * k + inner];
      for (let column = 0; column < m; column++) out[row * m + column] += factor * b[inner * m + column];
    }
  }
  return out;
}

/** A bytes trait as numbers. Copied, because the view may start at an odd offset of its buffer. */
export const f32 = (view) => new Float32Array(bytesOf(view));
export const u8 = (view) => new Uint8Array(bytesOf(view));

/** Numbers in half precision as float32. */
export function f16(view) {
  const bytes = bytesOf(view), words = new Uint16Array(bytes, 0, bytes.byteLength / 2);
  return Float32Array.from(words, (word) => {
    const sign = word >> 15 ? -1 : 1, power = (word >> 10) & 31, rest = word & 1023;
    return sign * (power ? 2 ** (power - 15) * (1 + rest / 1024) : 2 ** -24 * rest);
  });
}
const bytesOf = (view) => view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);

/** Round steps between low and high, about `count` of them: [0, 0.5, 1]. */
export function ticks(low, high, count = 5) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  const out = [];
  for (let i = first; i * step <= high + step * 1e-9; i++) out.push(Number((i * step).toPrecision(12)));
  return out;
}

/** A number for people: three significant digits, no trailing noise, a true minus sign. */
export function pretty(value, digits = 3) {
  if (!Number.isFinite(value)) return value > 0 ? "∞" : value < 0 ? "−∞" : "–";
  const size = Math.abs(value);
  const extreme = size !== 0 && (size >= 1e5 || size < 1e-3);
  return (extreme ? value.toExponential(digits - 1) : `${Number(value.toPrecision(digits))}`).replace("-", "−");
}

/** The map of LOOK for a number in [0, 1] within data: viridis, [red, green, blue] in 0..255. */
export function viridis(t) {
  const stops = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
  const place = Math.min(Math.max(t, 0), 1) * (stops.length - 1);
  const left = Math.min(Math.floor(place), stops.length - 2);
  return stops[left].map((value, i) => Math.round(value + (place - left) * (stops[left + 1][i] - value)));
}

// ---- Parts of a card ------------------------------------------------------------------------------------------------

const lives = new WeakMap();

/** An element: make("div", {class: "a", "aria-label": "b"}, child, "text"). */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/** The widget's root in el. Keys stop here: JupyterLab and notebooks would take arrows and letters for themselves. */
export function root(el, name, label) {
  const box = make("div", { class: "primer-widget", "data-primer-widget": name, role: "group", "aria-label": label });
  const life = new AbortController();
  lives.set(box, life);
  box.addEventListener("keydown", (event) => event.stopPropagation(), { signal: life.signal });
  el.append(box);
  return box;
}

/** The signal that is aborted when the widget goes: for listeners ({signal}) and for onEnd. */
export const life = (node) => lives.get(node.closest(".primer-widget")).signal;

/** Run `undo` when the widget goes. */
export const onEnd = (node, undo) => life(node).addEventListener("abort", undo, { once: true });

/** End the widget and every listener, observer and frame of the functions below; render returns () => dispose(box). */
export function dispose(box) {
  lives.get(box).abort();
  box.remove();
}

/** The card: picture on top, controls, numbers, and the line that starts with "Try:". */
export function card(box, tryText = "") {
  const stage = make("div", { class: "primer-stage" });
  const controls = make("div", { class: "primer-controls" });
  const numbers = make("div", { class: "primer-numbers" });
  const tryLine = make("p", { class: "primer-try" }, make("b", {}, "Try: "), tryText);
  const status = make("div", { class: "primer-status", role: "status", "aria-live": "polite" });
  box.append(stage, controls, numbers, tryLine, status);
  return { stage, controls, numbers, tryLine };
}

const pending = new WeakMap();

/** Say a sentence to screen readers once the reader's hand rests: speech cannot follow a drag. */
export function announce(node, text) {
  const box = node.closest(".primer-widget");
  clearTimeout(pending.get(box));
  pending.set(box, setTimeout(() => {
    const status = box.querySelector(".primer-status");
    if (status.textContent !== text) status.textContent = text;
  }, 600));
}

/** The line of numbers: show(numbers, [["Entropy", "1.32 bits"], …]); also said to screen readers. */
export function show(numbers, pairs) {
  while (numbers.children.length > pairs.length) numbers.lastChild.remove();
  pairs.forEach(([label, value], i) => {
    const place = numbers.children[i] ?? numbers.appendChild(make("span", {}, make("span"), " ", make("b")));
    if (place.firstChild.textContent !== label) place.firstChild.textContent = label;
    if (place.lastChild.textContent !== value) place.lastChild.textContent = value;
  });
  announce(numbers, pairs.map(([label, value]) => `${label} ${value}`).join(", "));
}

/** A labelled slider with its value beside it. Returns {element, get value, set value}; setting does not call input. */
export function slider(parent, { label, min, max, step, value, format = pretty, input }) {
  const range = make("input", { type: "range", min, max, step, "aria-label": label });
  const shown = make("b"); // not <output>, which would be read aloud a second time
  const paint = () => {
    shown.textContent = format(Number(range.value));
    range.setAttribute("aria-valuetext", shown.textContent);
    range.style.setProperty("--at", `${((range.value - min) / (max - min)) * 100}%`);
  };
  const element = make("label", { class: "primer-slider" }, make("span", {}, label), range, shown);
  range.value = value;
  paint();
  parent.append(element);
  range.addEventListener("input", () => { paint(); input?.(Number(range.value)); }, { signal: life(parent) });
  return {
    element,
    get value() { return Number(range.value); },
    set value(next) { range.value = next; paint(); },
  };
}

/** A button. kind "main" marks the one that the reader should press first. */
export function button(parent, label, press, kind = "") {
  const element = make("button", { type: "button", class: `primer-button ${kind}`.trim() }, label);
  element.addEventListener("click", press, { signal: life(parent) });
  parent.append(element);
  return element;
}

/** One of a few: options as [value, text]. Returns {element, get value, set value}; setting does not call change. */
export function choice(parent, { label, options, value, change }) {
  // the group's name must differ between widgets, which are separate modules in one document
  const name = `primer-${Math.random().toString(36).slice(2)}`;
  const element = make("div", { class: "primer-choice", role: "radiogroup", "aria-label": label });
  element.append(make("span", {}, label));
  const inputs = options.map(([key, text]) => {
    const radio = make("input", { type: "radio", name, value: key });
    radio.checked = key === value;
    element.append(make("label", {}, radio, make("span", {}, text)));
    return radio;
  });
  element.addEventListener("change", (event) => change?.(event.target.value), { signal: life(parent) });
  parent.append(element);
  return {
    element,
    get value() { return inputs.find((radio) => radio.checked)?.value; },
    set value(next) { for (const radio of inputs) radio.checked = radio.value === next; },
  };
}

/** One of many: a labelled menu. Same options and result as choice. */
export function menu(parent, { label, options, value, change }) {
  const items = options.map(([key, text]) => make("option", { value: key }, text));
  const select = make("select", { "aria-label": label }, ...items);
  select.value = value;
  select.addEventListener("change", () => change?.(select.value), { signal: life(parent) });
  const element = make("label", { class: "primer-menu" }, make("span", {}, label), select);
  parent.append(element);
  return { element, get value() { return select.value; }, set value(next) { select.value = next; } };
}

/** The page's colours, from the CSS variables: {real, model, noise, latent, truth, error, ink, grid, soft, ground}. */
export function colors(node) {
  const css = getComputedStyle(node);
  const names = ["real", "model", "noise", "latent", "truth", "error", "ink", "grid", "soft", "ground"];
  return Object.fromEntries(names.map((name) => [name, css.getPropertyValue(`--p-${name}`).trim()]));
}

/** Call back when the page turns light or dark (book, JupyterLab and Colab each set an attribute). */
export function onTheme(node, call) {
  const watch = new MutationObserver(call);
  const attributeFilter = ["data-theme", "theme", "data-jp-theme-light", "class"];
  for (const place of [document.documentElement, document.body]) watch.observe(place, { attributeFilter });
  onEnd(node, () => watch.disconnect());
}

/** A function that asks for one run of `run` in the next frame, however often it is called before. */
export function perFrame(node, run) {
  let frame = 0;
  onEnd(node, () => cancelAnimationFrame(frame));
  return () => {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      run();
    });
  };
}

/**
 * A canvas as wide as the stage, drawn at device resolution. `ratio` is width / height, or a function of the width in
 * CSS pixels. draw(context, width, height, colors) gets CSS pixels; it runs on redraw(), on resize and on theme change,
 * at most once a frame. Returns {element, redraw}.
 */
export function canvas(stage, ratio, draw, label = "") {
  const element = make("canvas", { role: "img", "aria-label": label });
  const context = element.getContext("2d");
  let palette = null;
  let width = 0;
  let height = 0;
  const redraw = perFrame(stage, () => {
    if (!width) return;
    palette ??= colors(element);
    const scale = window.devicePixelRatio || 1;
    const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
    if (element.width !== w || element.height !== h) Object.assign(element, { width: w, height: h });
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    draw(context, width, height, palette);
  });
  function fit() {
    width = stage.clientWidth;
    height = Math.round(width / (typeof ratio === "function" ? ratio(width) : ratio));
    element.style.height = `${height}px`;
    redraw();
  }
  stage.append(element);
  fit();
  const watch = new ResizeObserver(fit);
  watch.observe(stage);
  onTheme(stage, () => { palette = null; redraw(); });
  onEnd(stage, () => watch.disconnect());
  return { element, redraw };
}

/**
 * Plot axes. `box` {left, top, width, height} in CSS pixels, x and y as [low, high].
 * Returns {x, y, xOf, yOf}: from data to pixels and back.
 */
export function axes(context, box, palette, { x, y, xLabel = "", yLabel = "", xTicks, yTicks }) {
  const { left, top, width, height } = box;
  const toX = (value) => left + ((value - x[0]) / (x[1] - x[0])) * width;
  const toY = (value) => top + height - ((value - y[0]) / (y[1] - y[0])) * height;
  context.save();
  context.strokeStyle = palette.grid;
  context.fillStyle = palette.soft;
  context.font = "13px system-ui, sans-serif";
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(left, top);
  context.lineTo(left, top + height);
  context.lineTo(left + width, top + height);
  context.stroke();
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const tick of xTicks ?? ticks(...x, width / 80)) context.fillText(pretty(tick), toX(tick), top + height + 5);
  if (xLabel) context.fillText(xLabel, left + width / 2, top + height + 22);
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const tick of yTicks ?? ticks(...y, height / 50)) context.fillText(pretty(tick), left - 6, toY(tick));
  context.textAlign = "left";
  context.textBaseline = "bottom";
  if (yLabel) context.fillText(yLabel, left, top - 4);
  context.restore();
  return {
    x: toX,
    y: toY,
    xOf: (pixel) => x[0] + ((pixel - left) / width) * (x[1] - x[0]),
    yOf: (pixel) => y[0] + ((top + height - pixel) / height) * (y[1] - y[0]),
  };
}

/** Line pieces [x, y, x', y'] where a grid (columns × rows values, row by row) crosses a level, in grid steps. */
export function crossings(values, columns, level = 0) {
  const pieces = [];
  for (let at = 0; at + columns + 1 < values.length; at++) {
    const c = at % columns, r = (at - c) / columns, spots = [], above = values[at] > level;
    const others = [at + 1, at + columns, at + columns + 1]; // most cells lie wholly on one side
    if (c + 1 === columns || others.every((i) => values[i] > level === above)) continue;
    const ring = [[c, r, at], [c + 1, r, at + 1], [c + 1, r + 1, at + columns + 1], [c, r + 1, at + columns]];
    ring.forEach(([x, y, i], k) => {
      const [x2, y2, j] = ring[(k + 1) % 4], part = (level - values[i]) / (values[j] - values[i]);
      if (values[i] > level !== values[j] > level) spots.push(x + part * (x2 - x), y + part * (y2 - y));
    });
    for (let k = 0; k < spots.length; k += 4) pieces.push(spots.slice(k, k + 4));
  }
  return pieces;
}

/** Values of f(u, v) at the corners of a grid [columns, rows] over ±far by ±high, row by row, the top row first. */
export function overGrid([columns, rows], [far, high], f) {
  return Float64Array.from({ length: columns * rows }, (_, i) => (
    f(far * (2 * (i % columns) / (columns - 1) - 1), high * (1 - 2 * Math.floor(i / columns) / (rows - 1)))));
}

/** A picture of one colour (#rrggbb), as strong as each of a grid's values, 0 to 1, says. */
export function wash(values, columns, hex) {
  const size = { width: columns, height: values.length / columns };
  const element = make("canvas", size), context = element.getContext("2d");
  const image = context.createImageData(size.width, size.height), words = new Uint32Array(image.data.buffer);
  const [r, g, b] = hex.match(/\w\w/g).map((part) => parseInt(part, 16)), color = r + (g << 8) + (b << 16);
  for (let i = 0; i < words.length; i++) words[i] = color + (Math.round(110 * values[i]) << 24);
  context.putImageData(image, 0, 0);
  return element;
}

/** Draws line pieces in grid steps of w by h pixels. */
export function drawLevel(context, pieces, [w, h], style, dashed = false) {
  Object.assign(context, style);
  context.beginPath();
  for (const [x, y, x2, y2] of pieces) {
    // dashed without following the line: by how far right and down (or up) the piece lies
    const far = (x + x2 + (y + y2) * ((x2 - x) * (y2 - y) < 0 ? -1 : 1)) / 2;
    if (!dashed || (far + 400) % 4 < 2.5) context.moveTo(x * w, y * h), context.lineTo(x2 * w, y2 * h);
  }
  context.stroke();
}

/**
 * Mouse, pen and finger alike: start, move and end get (x, y, event) in CSS pixels of the element. While held, the
 * element keeps the pointer; start may return false to leave the press alone. hover gets moves with nothing pressed.
 */
export function drag(element, { start, move, end, hover }) {
  const signal = life(element);
  const call = (fn, event) => {
    const area = element.getBoundingClientRect();
    return fn?.(event.clientX - area.left, event.clientY - area.top, event);
  };
  let held = null;
  element.classList.add("primer-drag");
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || held !== null || call(start, event) === false) return;
    held = event.pointerId;
    element.setPointerCapture(held);
  }, { signal });
  element.addEventListener("pointermove", (event) => {
    if (event.pointerId === held) call(move, event);
    else if (held === null) call(hover, event);
  }, { signal });
  for (const name of ["pointerup", "pointercancel"]) {
    element.addEventListener(name, (event) => {
      if (event.pointerId !== held) return;
      held = null;
      call(end, event);
    }, { signal });
  }
}

/** Whether the reader asked for less motion; then nothing may start by itself. */
export const reducedMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/**
 * Frames while time passes: frame(seconds since the last one, at most 0.1) returns false to stop. Rests while the
 * widget is out of sight. Returns {play, pause, get playing}.
 */
export function loop(node, frame) {
  let request = 0;
  let last = 0;
  let playing = false;
  let seen = true;
  const step = (now) => {
    const seconds = Math.min(Math.max(now - last, 0) / 1000, 0.1);  // the first frame may be dated before `wake`
    last = now;
    request = 0;
    if (frame(seconds) === false) playing = false;
    ask();
  };
  const ask = () => { if (playing && seen && !request) request = requestAnimationFrame(step); };
  const rest = () => { cancelAnimationFrame(request); request = 0; };
  const wake = () => { last = performance.now(); ask(); };
  const watch = new IntersectionObserver((entries) => {
    seen = entries.at(-1).isIntersecting;
    if (seen) wake();
    else rest();
  });
  watch.observe(node);
  onEnd(node, () => { playing = false; watch.disconnect(); rest(); });
  return {
    play() { if (!playing) { playing = true; wake(); } },
    pause() { playing = false; rest(); },
    get playing() { return playing; },
  };
}
