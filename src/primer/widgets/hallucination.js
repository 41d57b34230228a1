// Calls that a small GPT wrote: which exist, how sure it was of each letter, and how often it invents as it gets warmer.

export const SHOWN = 8, START = 3;
export const MARKS = { real: "✓", copied: "○", invented: "✗" };
const NOTES = { real: "exists", copied: "in the text, not on this machine", invented: "invented" };

/** The share of draws [name, kind, odds] that are invented. */
export const share = (draws) => draws.filter(([, kind]) => kind === "invented").length / draws.length;

/** The probability of a name, from its letters' odds. */
export const chance = (odds) => odds.reduce((product, p) => product * p, 1);

/** The same in per cent, as people read it. */
const percent = (odds) => (chance(odds) < 1e-4 ? "under 0.01" : pretty(100 * chance(odds), 2));

/** Which draws stand on the card after pressing "Draw again" `turn` times: SHOWN of n, round and round. */
export const page = (n, turn) => Array.from({ length: Math.min(SHOWN, n) }, (_, i) => (turn * SHOWN + i) % n);

/** How many of the guesses (true: "invented") about draws are right. */
export const score = (draws, guesses) =>
  draws.reduce((sum, [, kind], i) => sum + ((kind === "invented") === Boolean(guesses[i])), 0);

export function render({ model, el }) {
  const temperatures = model.get("temperatures"), modules = model.get("modules");
  const box = root(el, "hallucination", "Calls that a small language model wrote");
  const { stage, controls, numbers } = card(
    box, "hide the marks and click the calls that you take for invented. Then take a module that the model has hardly seen: does it look less sure?");
  let at = Math.min(START, temperatures.length - 1), chosen = 0, turn = 0, hidden = false, guesses = [];
  const list = make("ul", { class: "calls-list", "aria-label": "Calls that the model wrote" });
  stage.append(list, make("p", { class: "calls-key" }, "The stronger the line under a letter, the less likely the model found it. In per cent: the whole name."));
  const now = () => modules[chosen].draws[at];
  const shown = () => page(now().length, turn).map((i) => now()[i]);

  const view = canvas(stage, (width) => (width < 520 ? 1.9 : 3.6), (context, width, height, palette) => {
    const frame = { left: 44, top: 26, width: width - 60, height: height - 74 };
    const { x, y } = axes(context, frame, palette, {
      x: [0, temperatures.at(-1) + 0.1], y: [0, 1], xLabel: "temperature", yLabel: "share invented",
      xTicks: temperatures, yTicks: [0, 0.5, 1],
    });
    const line = (entry, color, wide) => {
      context.strokeStyle = palette[color];
      context.lineWidth = wide;
      context.beginPath();
      entry.draws.forEach((draws, i) => context.lineTo(x(temperatures[i]), y(share(draws))));
      context.stroke();
    };
    for (const entry of modules) line(entry, "grid", 1.5);
    line(modules[chosen], "error", 2.5);
    context.lineWidth = 2.5;
    temperatures.forEach((t, i) => {
      const [px, py, r] = [x(t), y(share(modules[chosen].draws[i])), i === at ? 7 : 4];
      context.beginPath();
      context.moveTo(px - r, py - r); context.lineTo(px + r, py + r);
      context.moveTo(px - r, py + r); context.lineTo(px + r, py - r);
      context.stroke();
    });
  }, "The share of invented calls at each temperature, for the chosen module and, in grey, for all others");

  const refresh = () => {
    const entry = modules[chosen], draws = shown();
    const lead = Math.min(34, Math.max(entry.name.length + 1, Math.floor((stage.clientWidth - 90) / 8) - 16)); // room for a name
    list.replaceChildren(...draws.map(([name, kind, odds], i) => {
      const letters = Array.from(name, (letter, k) => make("span", { style: `--odds: ${odds[k] ?? 0}` }, letter));
      const line = make("code", {}, make("i", {}, entry.line.slice(-lead)), ...(name ? letters : ["(nothing)"]));
      const item = make("li", { class: hidden ? "" : kind });
      if (hidden) {
        const guess = make("button", { type: "button", "aria-pressed": String(Boolean(guesses[i])), "aria-label": `${entry.name}.${name}: invented?` }, guesses[i] ? "✗" : "?");
        guess.addEventListener("click", () => { guesses[i] = !guesses[i]; refresh(); list.children[i].firstChild.focus(); }, { signal: life(stage) });
        item.append(guess, line, make("em", {}, guesses[i] ? "your guess: invented" : ""));
      } else {
        item.append(make("b", { "aria-hidden": "true" }, MARKS[kind]), line, make("em", {}, `${NOTES[kind]}, ${percent(odds)} %`));
      }
      return item;
    }));
    const pairs = [
      ["Invented", `${Math.round(100 * share(now()))} % of ${now().length}`],
      [`Uses of ${entry.name} in the text`, entry.uses.toLocaleString("en")],
    ];
    if (guesses.length && !hidden) pairs.push(["You", `${score(draws, guesses)} of ${draws.length} right`]);
    show(numbers, pairs);
    view.redraw();
  };
  const fresh = () => { guesses = []; refresh(); };
  slider(controls, {
    label: "Temperature", min: 0, max: temperatures.length - 1, step: 1, value: at, format: (i) => temperatures[i].toFixed(1),
    input: (value) => { at = value; fresh(); },
  });
  menu(controls, {
    label: "Module", options: modules.map((entry, i) => [String(i), entry.name]), value: "0",
    change: (value) => { chosen = Number(value); turn = 0; fresh(); },
  });
  const toggle = button(controls, "Hide the marks", () => {
    hidden = !hidden;
    if (hidden) guesses = [];
    toggle.textContent = hidden ? "Show the marks" : "Hide the marks";
    refresh();
  });
  button(controls, "Draw again", () => { turn += 1; fresh(); }, "main");
  refresh();
  return () => dispose(box);
}

export default { render };
