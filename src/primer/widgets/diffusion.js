// Noise comes and goes along a time slider: points and digits, by weights of two small networks, in one row each:
// enter W (M, D), b (M), time (M, 16), label (K + 1, M), L times hidden W (M, M), b (M), leave W (D, M), b (D).

export const WAVES = 8, SIDE = 8, REACH = 3.4; // the plane spans ±3.4 both ways
const T = 1000, DOTS = 160, SECONDS = 5, NARROW = 520; // a run takes five seconds

/** A network's parts, from one row of numbers and its sizes [D, M, L, K]. */
export function unpack(row, [D, M, L, K]) {
  let at = 0;
  const cut = (count) => row.subarray(at, (at += count));
  const net = { D, M, K, enter: cut(M * D), bias: cut(M), time: cut(M * 2 * WAVES), label: cut((K + 1) * M), hidden: [] };
  for (let l = 0; l < L; l++) net.hidden.push([cut(M * M), cut(M)]);
  return Object.assign(net, { leave: cut(D * M), end: cut(D) });
}

const silu = (a) => a / (1 + Math.exp(-a));

/** The noise (n D,) predicted in x (n D,) at step t, where a share `bar` is left; labels (n,), K for none. */
export function predict(net, x, labels, t, bar) {
  const { D, M, enter, bias, time, label, hidden, leave, end } = net, n = labels.length;
  const out = new Float64Array(n * D), keep = Math.sqrt(bar), noisy = Math.sqrt(1 - bar);
  const now = Float64Array.from({ length: M }, (_, m) => {
    let s = bias[m];
    for (let k = 0; k < WAVES; k++) {
      const angle = Math.PI * (k + 1) * t / T;
      s += time[m * 2 * WAVES + k] * Math.sin(angle) + time[m * 2 * WAVES + WAVES + k] * Math.cos(angle);
    }
    return s;
  });
  let h = new Float64Array(M), next = new Float64Array(M);
  for (let i = 0; i < n; i++) {
    for (let m = 0; m < M; m++) {
      let s = now[m] + label[labels[i] * M + m];
      for (let d = 0; d < D; d++) s += enter[m * D + d] * x[i * D + d];
      h[m] = silu(s);
    }
    for (const [W, b] of hidden) {
      for (let m = 0; m < M; m++) {
        let s = b[m];
        for (let k = 0, at = m * M; k < M; k++) s += W[at + k] * h[k];
        next[m] = h[m] + silu(s);
      }
      [h, next] = [next, h];
    }
    for (let d = 0; d < D; d++) {
      let s = end[d];
      for (let m = 0; m < M; m++) s += leave[d * M + m] * h[m];
      out[i * D + d] = noisy * x[i * D + d] + keep * s;
    }
  }
  return out;
}

/** The same, from rows of numbers. */
export const predictRow = (row, sizes, x, labels, t, bar) => predict(unpack(Float32Array.from(row), sizes), x, labels, t, bar);

/** The guess of the data in x whose noise is eps, no number larger than `limit`. */
export const guess = (x, eps, bar, limit = Infinity) => Float64Array.from(x, (value, i) => (
  Math.min(limit, Math.max(-limit, (value - Math.sqrt(1 - bar) * eps[i]) / Math.sqrt(bar)))));

/** From a share `bar` left to a larger share `to`: eta 0 is DDIM, eta 1 DDPM with the posterior's variance. */
export function step(x, eps, bar, to, eta, noise, limit = Infinity) {
  const x0 = guess(x, eps, bar, limit), sigma = eta * Math.sqrt(((1 - to) / (1 - bar)) * (1 - bar / to));
  const still = Math.sqrt(Math.max(0, 1 - to - sigma * sigma));
  return Float64Array.from(x, (value, i) => {
    const e = (value - Math.sqrt(bar) * x0[i]) / Math.sqrt(1 - bar);
    return Math.sqrt(to) * x0[i] + still * e + (eta ? sigma * noise[i] : 0);
  });
}

/** Noising at once: x0 (n,) and eps (n,), a share `bar` left. */
export const noised = (x0, eps, bar) => Float64Array.from(x0, (value, i) => (
  Math.sqrt(bar) * value + Math.sqrt(1 - bar) * eps[i]));

const draws = (count, seed) => {
  const rng = mulberry32(seed);
  return Float64Array.from({ length: count }, () => normal(rng));
};

function picture(context, ink, left, top, size, color) {
  const cell = size / SIDE;
  context.fillStyle = color;
  ink.forEach((value, d) => {
    context.globalAlpha = Math.min(1, Math.max(0, value));
    context.fillRect(left + (d % SIDE) * cell, top + Math.floor(d / SIDE) * cell, cell + 0.4, cell + 0.4);
  });
  context.globalAlpha = 1;
}

export function render({ model, el }) {
  const bars = f32(model.get("alpha_bar"));
  const kind = (name, limit) => {
    const sizes = model.get(`${name}_sizes`), D = sizes[0], net = unpack(f16(model.get(`${name}_weights`)), sizes);
    const data = f32(model.get(name)), n = name === "points" ? Math.min(DOTS, data.length / D) : data.length / D;
    const labels = Uint8Array.from({ length: n }, (_, i) => (net.K ? i % net.K : 0));
    return { net, limit, data: data.subarray(0, n * D), count: n * D, labels, D };
  };
  const kinds = { points: kind("points", Infinity), digits: kind("digits", 1) };
  const box = root(el, "diffusion", "Noise comes and goes, in points and in digits");
  const { stage, controls, numbers } = card(
    box, "go back by DDIM, press Again, and go back once more; then do the same by DDPM. Where is it decided what you get?");
  let name = "points", way = "ddim", count = 25, time = 1, seed = 1, run = 0, path = [], last = null, moved = null;

  const stepOf = (k) => Math.round(T * (1 - k / count));
  const add = (x, k) => {
    const { net, labels } = kinds[name], t = stepOf(k);
    path[k] = { x, t, eps: t ? predict(net, x, labels, t, bars[t]) : new Float64Array(x.length) };
  };
  const index = () => Math.round((1 - time) * count);
  /** Compute one more step, if the slider is ahead of the path: true if there is more to do. */
  const advance = () => {
    if (way === "forwards" || path.length > index()) return false;
    const { x, eps, t } = path.at(-1), k = path.length, { limit, count: size } = kinds[name];
    const to = bars[stepOf(k)], eta = way === "ddpm" ? 1 : 0;
    add(step(x, eps, bars[t], to, eta, eta ? draws(size, 7919 * run + 31 * k + seed) : null, limit), k);
    if (k === count) {
      const end = path[k].x;
      moved = last && Math.sqrt(end.reduce((sum, value, i) => sum + (value - last[i]) ** 2, 0) / size);
      last = end;
    }
    return path.length <= index();
  };
  const state = () => {
    const { net, data, labels, count: size } = kinds[name];
    if (way !== "forwards") return path[Math.min(index(), path.length - 1)];
    const t = Math.round(T * time), noise = draws(size, seed), x = noised(data, noise, bars[t]);
    return { x, t, noise, eps: t ? predict(net, x, labels, t, bars[t]) : new Float64Array(size) };
  };

  let shown = null;
  const view = canvas(stage, (w) => w / (w < NARROW ? 0.6 * w + 76 : 0.42 * w + 28), (context, width, height, palette) => {
    const { x, eps, t } = shown ??= state(), { limit } = kinds[name];
    const end = t ? guess(x, eps, bars[t], limit) : x, color = way === "forwards" ? palette.real : palette.model;
    context.font = "13px system-ui, sans-serif";
    context.textBaseline = "top";
    context.lineWidth = 1;
    const title = (text, left, top) => { context.fillStyle = palette.soft; context.fillText(text, left, top); };
    if (name === "points") {
      const size = Math.min((width - 16) / 2, height - 26), margin = (width - 16) / 2 - size; // panels meet in the middle
      context.save();
      context.translate(0, Math.max(0, (height - 26 - size) / 2));
      ["points, and the noise seen in them", "guess of the data"].forEach((text, k) => {
        const left = margin + k * (size + 16), place = (value, down) => size * (down ? 1 - value / REACH : 1 + value / REACH) / 2;
        title(width < NARROW && !k ? "points and noise seen" : text, left, 2);
        context.save();
        context.beginPath();
        context.rect(left, 22, size, size);
        context.clip();
        context.translate(left, 22);
        const spots = k ? end : x, far = Math.sqrt(1 - bars[t]);
        context.strokeStyle = palette.noise;
        context.beginPath();
        for (let i = 0; !k && i < x.length; i += 2) { // from where each came, as far as the network can tell
          context.moveTo(place(x[i]), place(x[i + 1], true));
          context.lineTo(place(x[i] - far * eps[i]), place(x[i + 1] - far * eps[i + 1], true));
        }
        context.globalAlpha = 0.5;
        context.stroke();
        context.globalAlpha = 1;
        context.fillStyle = context.strokeStyle = k ? palette.model : color;
        for (let i = 0; i < spots.length; i += 2) {
          context.beginPath();
          context.arc(place(spots[i]), place(spots[i + 1], true), 3, 0, 2 * Math.PI);
          if (way === "forwards" && !k) context.fill(); else context.stroke();
        }
        context.restore();
        context.strokeStyle = palette.grid;
        context.strokeRect(left + 0.5, 22.5, size - 1, size - 1);
      });
      context.restore();
      return;
    }
    const columns = width < NARROW ? 5 : 10, size = Math.min(width / columns, (height - 66) / 3), D = SIDE * SIDE;
    const rows = [["picture", x, (v) => (v + 1) / 2, color], ["noise seen in it", eps, (v) => (v + 2.5) / 5, palette.noise],
      ["guess of the end", end, (v) => (v + 1) / 2, palette.model]];
    rows.forEach(([text, values, ink, tint], row) => {
      const top = row * (size + 22), left = (width - columns * size) / 2;
      title(text, left, top + 3);
      for (let i = 0; i < columns; i++) {
        picture(context, values.subarray(i * D, (i + 1) * D).map(ink), left + i * size, top + 20, size * 0.94, tint);
      }
    });
  }, "What is there at this time, the noise that the network sees in it, and its guess of the end");

  const tell = () => {
    const { t, eps, noise } = (shown = state()), mean = (f) => eps.reduce((sum, value, i) => sum + f(value, i), 0) / eps.length;
    const facts = [["Share of the data left", `${(100 * bars[t]).toFixed(bars[t] < 0.1 ? 1 : 0)} %`],
      ["Size of the noise seen", Math.sqrt(mean((value) => value * value)).toFixed(2)]];
    if (noise) facts.push(["Its squared error", t ? mean((value, i) => (value - noise[i]) ** 2).toFixed(2) : "–"]);
    else facts.push(["End, against the run before", moved === null || t ? "–" : moved.toFixed(3)]);
    show(numbers, facts);
    view.redraw();
  };
  let playing = 0; // -1 towards the data, 1 towards the noise
  const clock = loop(box, (seconds) => {
    const behind = advance();
    if (playing && !behind) {
      time = Math.min(1, Math.max(0, time + playing * seconds / SECONDS));
      slide.value = time;
      if (time === 0 || time === 1) halt();
    }
    tell();
    return playing !== 0 || behind;
  });
  const halt = () => { playing = 0; play.textContent = "Play"; };
  const reset = (again = false) => {
    halt();
    if (!again) last = null;
    [path, moved, time] = [[], null, way === "forwards" ? 0 : 1];
    slide.value = time;
    run += 1;
    if (way !== "forwards") add(draws(kinds[name].count, seed), 0);
    tell();
  };
  const slide = slider(controls, {
    label: "Time t", min: 0, max: 1, step: 0.01, value: 1, format: (value) => value.toFixed(2),
    input: (value) => { halt(); time = value; tell(); clock.play(); },
  });
  const play = button(controls, "Play", () => {
    if (playing) return halt();
    const to = way === "forwards" ? 1 : 0;
    if (time === to) reset(true);
    if (reducedMotion()) {
      time = slide.value = to;
    } else {
      playing = to || -1;
      play.textContent = "Pause";
    }
    clock.play();
  }, "main");
  button(controls, "Again", () => reset(true));
  button(controls, "New noise", () => { seed += 1; reset(); });
  choice(controls, {
    label: "Data", options: [["points", "points"], ["digits", "digits"]], value: name,
    change: (value) => { name = value; reset(); },
  });
  choice(controls, {
    label: "Way", options: [["forwards", "noise in"], ["ddim", "back, DDIM"], ["ddpm", "back, DDPM"]], value: way,
    change: (value) => { way = value; reset(); },
  });
  choice(controls, {
    label: "Steps", options: [["5", "5"], ["25", "25"], ["50", "50"]], value: "25",
    change: (value) => { count = Number(value); reset(); },
  });
  reset();
  return () => dispose(box);
}

export default { render };
