"""A page that holds widgets as the book does, without building the book.

``page([widget, …])`` gives the HTML: for each widget its view and fallback, the state of all, and the book's own host.
``serve(html)`` serves it, ``browser()`` starts Chromium, ``storm`` counts draws under many events, ``until`` waits for
a state, ``axe`` checks the page. ``scripting`` times frames, for ``benchmarks/frames.py``: times depend on the machine.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from ipywidgets.embed import embed_data

from book.ext.widgets import HOST, script, slim, slot
from primer.widgets.base import PrimerWidget, style
from tools.chromium import find

ROOT = Path(__file__).parents[2]

STATE = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"
# for root in a container without a display and without a way out
CHROMIUM = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


def place(widget: PrimerWidget) -> str:
    """A widget's slot, as MyST-NB and the book's extension write it."""
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    return slot(script(VIEW, view), widget.fallback_html())


def page(widgets: list[PrimerWidget], *, dark: bool = False, between: str = "", host: str | None = None) -> str:
    """A whole page with the widgets one below the other and `between` (HTML) after each."""
    state = embed_data(views=widgets, drop_defaults=False)["manager_state"]
    places = "\n".join(f"{place(widget)}\n{between}" for widget in widgets)
    return f"""<!doctype html>
<html lang="en" data-theme="{"dark" if dark else "light"}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Widgets</title>
<link rel="icon" href="data:,">
<style>{style()}</style>
<style>
  body {{ margin: 0; padding: 16px; background: #fff; color: #1f2937; font: 17px/1.6 serif }}
  html[data-theme="dark"] body {{ background: #10141a; color: #e5e7eb }}
</style>
<script type="module">{HOST.read_text(encoding="utf-8") if host is None else host}</script>
</head>
<body>
<main>
<h1>Widgets</h1>
{places}
</main>
{script(STATE, slim(state))}
</body>
</html>
"""


@contextmanager
def serve(html: str) -> Iterator[str]:
    """The address of a local server that answers every request with this page."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def browser() -> Iterator[Any]:
    """Chromium, headless: the machine's own, or the one that Playwright has downloaded."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find(), args=CHROMIUM)
        yield chromium
        chromium.close()


STORM = """async (element, kind) => {
  const tally = new Map(), undo = [];
  const watch = (owner, method, what) => {
    const real = owner[method];
    owner[method] = function (...args) {
      const key = what(this, args);
      if (key) tally.set(key, (tally.get(key) ?? 0) + 1);
      return real.apply(this, args);
    };
    undo.push(() => { owner[method] = real; });
  };
  const frame = () => new Promise(requestAnimationFrame);
  const most = () => { const top = Math.max(0, ...tally.values()); tally.clear(); return top; };
  for (let k = 0; k < 2; k++) await frame();  // what was asked for before is drawn
  watch(CanvasRenderingContext2D.prototype, "clearRect", (context) => context.canvas.isConnected && context.canvas);
  watch(CSSStyleDeclaration.prototype, "setProperty", (style, [name]) => name === "--p" && style);
  const area = element.getBoundingClientRect();
  for (let k = 1; k <= 50; k++) {
    if (kind === "move") {
      const [clientX, clientY] = [area.left + area.width * k / 51, area.top + area.height * (0.3 + 0.4 * k / 51)];
      element.dispatchEvent(new PointerEvent("pointermove", {
        bubbles: true, pointerId: window.pressing ?? 1, clientX, clientY }));
    } else {
      element.value = Number(element.min) + (element.max - element.min) * k / 51;
      element.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }
  const drawn = [most()];
  for (let k = 0; k < 4; k++) { await frame(); drawn.push(most()); }
  for (const one of undo) one();
  return drawn;
}"""


def storm(page: Any, element: Any, kind: str = "move") -> list[int]:
    """What 50 events in one go cost: draws of the busiest picture at once, and in each of the four frames after.

    kind: "move", with the mouse pressed in the element's middle, or "input", for a slider. No frame can pass between
    the events, however slow or busy the machine: a widget that cares for its readers draws nothing at once, and each
    of its pictures at most once a frame.
    """
    element.scroll_into_view_if_needed()
    if kind == "move":
        page.evaluate("() => addEventListener('pointerdown', (event) => { window.pressing = event.pointerId; }, true)")
        area = element.bounding_box()
        page.mouse.move(area["x"] + area["width"] / 2, area["y"] + area["height"] / 2)
        page.mouse.down()
    drawn = element.evaluate(STORM, kind)
    if kind == "move":
        page.mouse.up()
    return drawn


def until(page: Any, holds: Callable[[], bool], patience: float = 30) -> None:
    """Wait until a state holds; fail after that many seconds."""
    end = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < end, f"still not so after {patience} s"
        page.wait_for_timeout(50)


def frames(trace: list[dict[str, Any]]) -> list[float]:
    """Milliseconds of script in each frame of a trace: what handlers and animation frames take up to its end."""
    times, frame = [], 0.0
    for event in sorted(trace, key=lambda event: event.get("ts", 0)):
        if event["name"] in ("EventDispatch", "FireAnimationFrame") and "dur" in event:
            frame += event.get("tdur", event["dur"]) / 1000
        if event["name"] == "FireAnimationFrame":
            times.append(frame)
            frame = 0.0
    return times


@contextmanager
def scripting(chromium: Any, page: Any) -> Iterator[list[float]]:
    """Fills the list with the milliseconds of script in each frame once the block is left."""
    times: list[float] = []
    page.evaluate("() => { const tick = () => { window.ticking = requestAnimationFrame(tick); }; tick(); }")
    chromium.start_tracing(page=page, categories=["devtools.timeline"])
    yield times
    trace = json.loads(chromium.stop_tracing())
    page.evaluate("() => cancelAnimationFrame(window.ticking)")
    times += frames(trace["traceEvents"])


def axe(page: Any) -> list[str]:
    """What axe-core finds wrong in the page: "rule: element" for each place."""
    page.add_script_tag(path=str(ROOT / "node_modules" / "axe-core" / "axe.min.js"))
    found = page.evaluate("async () => (await axe.run()).violations")
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]
