"""How long a frame's script takes in each widget, in Chromium: dragging, pulling a slider, playing.

    python -m benchmarks.frames [--runs 5] [topic ...]
    python -m benchmarks.frames --book                    the widgets of the pages in _build/html, whatever they are

prints for each widget the median, the 95th percentile and the slowest of the milliseconds of script between two runs
of requestAnimationFrame, each the median over the runs. Time of the thread is counted where Chromium tells it. A frame
at 60 Hz lasts 16.7 ms, but what a number means depends on the machine: tests count draws instead.
"""

import argparse
import re
import statistics
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from primer import widgets
from primer.data import digits
from primer.models import bayes
from tests.widgets.harness import browser, page, scripting, serve
from tools.serve import serve as serve_folder

BOOK = Path(__file__).parents[1] / "_build" / "html"
PLAYING = 1500  # milliseconds to look on while a widget plays


def reveal() -> Any:
    """The widget of chapter 02, with its model fitted on the digits."""
    data = digits()
    model = bayes.fit_pixels(bayes.binarise(data.train.x), data.train.y)
    return widgets.PixelReveal(model.theta, model.prior, bayes.binarise(data.test.x), data.test.y)


def sweep(view: Any, element: Any) -> None:
    """Drag through an element to and fro, from corner to corner."""
    element.scroll_into_view_if_needed()
    box = element.bounding_box()
    corners = [(0.05, 0.05), (0.95, 0.3), (0.05, 0.6), (0.95, 0.95)]
    for k, (x, y) in enumerate(corners):
        view.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=20 if k else 1)
        if k == 0:
            view.mouse.down()
    view.mouse.up()


def play(view: Any, widget: Any) -> None:
    """Press Play, look on, press Pause; a widget that came to its end by itself shows Play again."""
    widget.get_by_role("button", name="Play").click()
    view.wait_for_timeout(PLAYING)
    pause = widget.get_by_role("button", name="Pause")
    if pause.count():
        pause.click()


def use_bayes(view: Any) -> None:
    view.get_by_text("what would tell").click()
    sweep(view, view.get_by_role("grid"))
    sweep(view, view.get_by_role("slider"))


def use_discriminative(view: Any) -> None:
    for text in ("curved", "one each"):
        view.locator(".primer-widget").get_by_text(text, exact=True).click()
    for tool in ("add A ●", "move"):
        view.get_by_text(tool, exact=True).click()
        for side in (0, 1):
            sweep(view, view.locator("canvas").nth(side))


def use_judging(view: Any) -> None:
    view.get_by_text("of 5").wait_for()  # what luck does is known
    view.get_by_role("combobox", name="Break by").select_option("noise")
    sweep(view, view.locator("canvas"))
    sweep(view, view.get_by_role("slider"))


def use_landing(view: Any) -> None:
    sweep(view, view.locator("canvas"))
    sweep(view, view.get_by_role("slider"))
    play(view, view)


def use_network(view: Any) -> None:
    sweep(view, view.locator("canvas").first)
    view.get_by_text("a small network", exact=True).click()
    for label, value in (("Training points", 200), ("Hidden units", 32)):
        view.get_by_role("slider", name=label, exact=True).fill(str(value))
    play(view, view)


def use_gan(view: Any) -> None:
    sweep(view, view.locator("canvas"))
    view.get_by_text("pairs", exact=True).click()
    view.get_by_role("slider", name="Penalty γ").fill("3")
    play(view, view)


def use_any(view: Any, widget: Any) -> None:
    """Whatever a widget has: drag through its pictures, pull its sliders and let it play, for each of its choices."""

    def seen(kind: str) -> list[Any]:
        return [one for one in widget.locator(kind).all() if one.is_visible() and one.is_enabled()]

    for k in range(max(1, len(seen("input[type=radio]")))):
        for radio in seen("input[type=radio]")[k : k + 1]:
            radio.check(force=True)
        for one in seen("canvas") + seen("input[type=range]"):
            sweep(view, one)
        if widget.get_by_role("button", name="Play").count():
            play(view, widget)
    for menu in seen("select"):
        menu.select_option(index=menu.locator("option").count() - 1)


WIDGETS: dict[str, tuple[Callable[[], Any], Callable[[Any], None]]] = {
    "bayes": (reveal, use_bayes),
    "discriminative": (lambda: widgets.TwoClasses(), use_discriminative),
    "gan": (lambda: widgets.TwoPlayers(), use_gan),
    "judging": (lambda: widgets.SampleBreaker(), use_judging),
    "landing": (lambda: widgets.WordFromNoise(), use_landing),
    "network": (lambda: widgets.NetworkTrains(), use_network),
}


def summary(times: list[float]) -> tuple[float, float, float]:
    """Median, 95th percentile and slowest."""
    return statistics.median(times), statistics.quantiles(times, n=20, method="inclusive")[-1], max(times)


def measure(chromium: Any, topic: str) -> tuple[float, float, float]:
    """One run of a widget, in a page of its own, with motion reduced so that nothing plays unasked."""
    make, use = WIDGETS[topic]
    with serve(page([make()])) as address:
        return watch(chromium, address, topic, lambda view, _: use(view))


def watch(chromium: Any, address: str, topic: str, use: Callable[[Any, Any], None]) -> tuple[float, float, float]:
    """One run of the widget on a page: use(view, widget) while the frames are timed."""
    tab = chromium.new_context(viewport={"width": 1000, "height": 900}, reduced_motion="reduce")
    view = tab.new_page()
    view.goto(address)
    for slot in view.locator(".primer-slot").all():
        slot.scroll_into_view_if_needed()
    widget = view.locator(f"[data-primer-widget={topic}]").first
    widget.wait_for()
    with scripting(chromium, view) as times:
        use(view, widget)
    tab.close()
    return summary(times)


def found(folder: Path) -> Iterator[tuple[str, str]]:
    """Topic and page of each widget in a built book that is no quiz."""
    for path in sorted(folder.glob("book/**/*.html")):
        for topic in sorted(set(re.findall(r'data-primer-fallback="(\w+)"', path.read_text("utf-8"))) - {"quiz"}):
            yield topic, path.relative_to(folder).as_posix()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("topics", nargs="*", metavar="topic", help=", ".join(WIDGETS))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--book", action="store_true", help=f"all widgets of the pages in {BOOK.name}")
    chosen = parser.parse_args()
    if unknown := set(chosen.topics) - set(WIDGETS):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(WIDGETS)}")
    print(f"{'ms of script a frame':<22}{'median':>8}{'95 %':>8}{'slowest':>9}")
    with browser() as chromium:
        if chosen.book:
            server = serve_folder(BOOK)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            for topic, address in found(BOOK):
                there = f"http://127.0.0.1:{server.server_port}/{address}"
                tell(topic, [watch(chromium, there, topic, use_any) for _ in range(chosen.runs)])
            server.shutdown()
        else:
            for topic in chosen.topics or WIDGETS:
                tell(topic, [measure(chromium, topic) for _ in range(chosen.runs)])


def tell(topic: str, runs: list[tuple[float, float, float]]) -> None:
    """Print the middle of the runs."""
    middle = [statistics.median(column) for column in zip(*runs, strict=True)]
    print(f"{topic:<22}{middle[0]:>8.2f}{middle[1]:>8.2f}{middle[2]:>9.2f}", flush=True)


if __name__ == "__main__":
    main()
