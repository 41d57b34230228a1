// A plane of notes: a place z is decoded into an 8 by 8 digit. Weights lie in one row: W1 (M, 2), b1, W2 (64, M), b2.

export const REACH = 3.5, SIDE = 8, PIXELS = 64; // the plane spans ±3.5 both ways
const TILES = 13, WALK = 4; // decoded places along an edge of the background; seconds of a walk

/** The decoder's parts, from one row of numbers. */
export function unpack(row) {
  const units = (row.length - PIXELS) / (3 + PIXELS);
  const cut = (from, count) => row.subarray(from, from + count);
  return {
    units, W1: cut(0, 2 * units), b1: cut(2 * units, units),
    W2: cut(3 * units, PIXELS * units), b2: cut((3 + PIXELS) * units, PIXELS),
  };
}

/** Mean ink (64,) in [0, 1] of the note (u, v). */
export function decode({ units, W1, b1, W2, b2 }, u, v) {
  const h = new Float64Array(units), out = new Float64Array(PIXELS);
  for (let m = 0; m < units; m++) {
    const a = W1[2 * m] * u + W1[2 * m + 1] * v + b1[m];
    h[m] = a / (1 + Math.exp(-a)); // SiLU
  }
  for (let d = 0; d < PIXELS; d++) {
    let s = b2[d];
    for (let m = 0; m < units; m++) s += W2[d * units + m] * h[m];
    out[d] = 1 / (1 + Math.exp(-s));
  }
  return out;
}

/** The same, from one row of numbers. */
export const decodeRow = (row, u, v) => decode(unpack(Float64Array.from(row)), u, v);

/** The index of the place nearest to (u, v): places (2 N,). */
export function nearest(places, u, v) {
  let best = 0, least = Infinity;
  for (let i = 0; i < places.length; i += 2) {
    const far = (places[i] - u) ** 2 + (places[i + 1] - v) ** 2;
    if (far < least) [best, least] = [i / 2, far];
  }
  return best;
}

/** The share of the prior's notes that lie nearer to the middle than (u, v). */
export const within = (u, v) => 1 - Math.exp(-(u * u + v * v) / 2);

const clamp = (value) => Math.min(REACH, Math.max(-REACH, value));

function picture(context, ink, left, top, size, color) {
  const edge = (from, k) => Math.round(from + k * size / SIDE); // ink is see-through: pixels must not overlap
  context.fillStyle = color;
  for (let d = 0; d < PIXELS; d++) {
    const u = edge(left, d % SIDE), v = edge(top, Math.floor(d / SIDE));
    context.globalAlpha = ink[d];
    context.fillRect(u, v, edge(left, d % SIDE + 1) - u, edge(top, Math.floor(d / SIDE) + 1) - v);
  }
  context.globalAlpha = 1;
}

export function render({ model, el }) {
  const net = unpack(f32(model.get("weights")));
  const places = f32(model.get("places")), labels = u8(model.get("labels"));
  const box = root(el, "vae", "A plane of notes, decoded into digits");
  const { stage, controls, numbers } = card(
    box, "drag in the plane from one digit to another. Then go far from the middle: does the decoder know that it is lost?");
  let z = [0, 0], ground = "digits", walk = null;

  const tiles = [];
  for (let row = 0; row < TILES; row++) {
    for (let column = 0; column < TILES; column++) {
      const at = (k) => REACH * ((2 * k + 1) / TILES - 1);
      tiles.push(decode(net, at(column), -at(row)));
    }
  }
  const narrow = (width) => width < 520;
  const layout = (width) => {
    const plane = narrow(width) ? width : Math.round(width * 0.6);
    return narrow(width)
      ? { plane, left: 0.2 * width, top: plane + 12, big: 0.6 * width }
      : { plane, left: plane + 0.05 * width, top: 0.1 * width, big: 0.33 * width };
  };
  const view = canvas(stage, (width) => (narrow(width) ? 1 / 1.68 : 1 / 0.6), (context, width, height, palette) => {
    const { plane, left, top, big } = layout(width);
    const x = (u) => plane * (u / REACH + 1) / 2, y = (v) => plane * (1 - v / REACH) / 2;
    if (ground === "digits") {
      const size = plane / TILES;
      tiles.forEach((ink, i) => {
        picture(context, ink, (i % TILES) * size, Math.floor(i / TILES) * size, size * 0.92, palette.model);
      });
    } else {
      context.font = "12px system-ui, sans-serif";
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.fillStyle = palette.latent;
      labels.forEach((label, i) => {
        const [u, v] = places.subarray(2 * i, 2 * i + 2);
        if (Math.max(Math.abs(u), Math.abs(v)) < REACH) context.fillText(label, x(u), y(v));
      });
    }
    context.strokeStyle = palette.noise;
    for (const radius of [1, 2, 3]) { // rings of the prior
      context.beginPath();
      context.arc(x(0), y(0), radius * plane / (2 * REACH), 0, 2 * Math.PI);
      context.stroke();
    }
    context.strokeStyle = palette.ink;
    context.lineWidth = 3;
    context.strokeRect(x(z[0]) - 9, y(z[1]) - 9, 18, 18);
    context.lineWidth = 1;
    context.strokeStyle = palette.grid;
    context.strokeRect(0.5, 0.5, plane - 1, plane - 1);
    picture(context, decode(net, ...z), left, top, big, palette.model);
    context.strokeRect(left, top, big, big);
  }, "The plane with the note's place, and the digit that the note is decoded into");

  const tell = () => {
    const near = nearest(places, ...z);
    show(numbers, [
      ["Note", `${z[0].toFixed(2)}, ${z[1].toFixed(2)}`],
      ["Real digit with the nearest note", String(labels[near])],
      ["Random notes nearer to the middle", `${Math.round(100 * within(...z))} %`],
    ]);
  };
  const move = (u, v, slide = true) => {
    z = [clamp(u), clamp(v)];
    if (slide) [first.value, second.value] = z;
    tell();
    view.redraw();
  };
  const place = (px, py) => {
    const { plane } = layout(stage.clientWidth);
    walk = null;
    move(REACH * (2 * px / plane - 1), REACH * (1 - 2 * py / plane));
  };
  drag(view.element, {
    start: (px, py) => {
      const { plane } = layout(stage.clientWidth);
      if (px > plane || py > plane) return false;
      place(px, py);
    },
    move: place,
  });
  const time = loop(box, (seconds) => {
    if (!walk) return false;
    walk.t = Math.min(1, walk.t + seconds / WALK);
    move(...[0, 1].map((k) => walk.from[k] + walk.t * (walk.to[k] - walk.from[k])));
    if (walk.t === 1) walk = null;
    return walk !== null;
  });
  const option = { min: -REACH, max: REACH, step: 0.05, value: 0, format: (value) => value.toFixed(2) };
  const first = slider(controls, { ...option, label: "z₁", input: (u) => { walk = null; move(u, z[1], false); } });
  const second = slider(controls, { ...option, label: "z₂", input: (v) => { walk = null; move(z[0], v, false); } });
  choice(controls, {
    label: "Plane", options: [["digits", "decoded"], ["cloud", "real digits"]], value: ground,
    change: (value) => { ground = value; view.redraw(); },
  });
  const rng = mulberry32(8);
  button(controls, "Random note", () => { walk = null; move(normal(rng), normal(rng)); });
  button(controls, "Walk to a random digit", () => {
    const i = Math.floor(rng() * labels.length), to = [places[2 * i], places[2 * i + 1]];
    if (reducedMotion()) return move(...to);
    walk = { from: z, to, t: 0 };
    time.play();
  }, "main");
  tell();
  return () => dispose(box);
}

export default { render };
