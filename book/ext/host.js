// Brings the widgets of a static page to life: reads the state that MyST-NB saved in the page and calls each
// widget's own render({model, el}). It knows anywidgets only, and needs neither a kernel nor another file.
const scripts = (kind) => [...document.querySelectorAll(`script[type="application/vnd.jupyter.widget-${kind}+json"]`)];
const read = (script) => JSON.parse(script.textContent);
const make = (tag, properties) => Object.assign(document.createElement(tag), properties);

/** A model as anywidget gives it; the page is its only listener. */
function modelOf({ state, buffers = [] }) {
  for (const { path, data } of buffers) {
    const place = path.slice(0, -1).reduce((at, key) => at[key], state);
    place[path.at(-1)] = new DataView(Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0)).buffer);
  }
  const calls = {};
  const emit = (name) => calls[name]?.forEach((call) => call());
  return {
    get: (name) => state[name],
    set(name, value) {
      if (state[name] === value) return;
      state[name] = value;
      emit(`change:${name}`);
      emit("change");
    },
    on: (name, call) => void (calls[name] ??= new Set()).add(call),
    off: (name, call) => void calls[name]?.delete(call),
    save_changes() {},
    send() {},
  };
}

const made = new Map();
const once = (key, maker) => made.get(key) ?? made.set(key, maker()).get(key);

async function load(code) {
  const { default: widget } = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
  return typeof widget === "function" ? widget() : widget;
}

async function show(script) {
  const el = make("div", { className: "primer-host" });
  try {
    const id = read(script).model_id;
    const { _esm, _css } = states[id].state;
    if (_css) once(_css, () => document.head.appendChild(make("style", { textContent: _css })));
    const widget = await once(_esm, () => load(_esm));
    const model = await once(id, async () => {
      const model = modelOf(states[id]);
      await widget.initialize?.({ model });
      return model;
    });
    script.after(el);
    await widget.render({ model, el });
    script.parentElement.querySelector(".primer-fallback")?.setAttribute("data-primer-live", "");
    performance.mark("primer-live");
  } catch (error) {
    el.remove();
    console.error("A figure stays still:", error);
  }
}

const [first, ...others] = scripts("view");
const states = Object.assign({}, ...scripts("state").map((script) => read(script).state));
if (first) show(first);
// The others come alive a screen before they are seen. A script has no box to watch, so watch the element around it.
const waiting = new Map(others.map((script) => [script.parentElement, script]));
const near = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    show(waiting.get(target));
  }
}, { rootMargin: "100%" });
for (const place of waiting.keys()) near.observe(place);
