"""Every widget on every page of the built book answers to mouse, touch and keyboard."""

import pytest

# What a reader can see or hear of a widget: its text, the state of its controls, its pixels.
LOOK = """widget => JSON.stringify([
  widget.innerText,
  [...widget.querySelectorAll("*")].map(part => [
    part.value, part.className.baseVal ?? part.className, part.getAttribute("style"),
    ...["aria-pressed", "aria-checked", "aria-valuenow", "aria-label"].map(name => part.getAttribute(name)),
  ]),
  [...widget.querySelectorAll("canvas")].map(canvas => canvas.toDataURL()),
])"""
CONTROLS = "button:enabled, input:enabled, select:enabled, canvas, [tabindex='0']"


def with_mouse(page, control):
    """Press a control, and pull to the right from its middle."""
    box = control.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + box["width"] / 5, y, steps=4)
    page.mouse.move(x, y)
    page.mouse.up()


def with_finger(page, control):
    """Tap a control a little right of its middle."""
    box = control.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * 0.6, box["y"] + box["height"] / 2)


def with_keys(page, control):
    """Focus a control and press the key that works it."""
    control.focus()
    page.keyboard.press("Enter" if control.evaluate("part => part.tagName") == "BUTTON" else "ArrowRight")


def answers(page, widget, use):
    """Whether some control of the widget changes what is seen when used so."""
    for control in widget.locator(CONTROLS).all():
        if not control.is_visible():
            continue
        control.scroll_into_view_if_needed()
        before = widget.evaluate(LOOK)
        use(page, control)
        for _ in range(20):  # a busy machine may take seconds to draw
            if widget.evaluate(LOOK) != before:
                return True
            page.wait_for_timeout(100)
    return False


def comes_to_rest(page, widget):
    """Whether the widget stands still before long: its first picture may take seconds on a busy machine."""
    before = None
    for _ in range(20):
        now = widget.evaluate(LOOK)
        if now == before:
            return True
        before = now
        page.wait_for_timeout(500)
    return False


@pytest.mark.parametrize(
    ("use", "size", "options"),
    [(with_mouse, "desktop", {}), (with_finger, "phone", {"has_touch": True}), (with_keys, "desktop", {})],
    ids=["mouse", "touch", "keyboard"],
)
def test_answers(visit, address, use, size, options):
    """Each widget is still until it is used (motion being reduced), and changes when it is."""
    page = visit(address, size, **options)
    slots = page.locator(".primer-slot")
    for place in range(slots.count()):
        slots.nth(place).scroll_into_view_if_needed()
        widget = slots.nth(place).locator("[data-primer-widget]")
        widget.wait_for()
        name = widget.get_attribute("data-primer-widget")
        assert comes_to_rest(page, widget), f"{name} moves by itself"
        assert answers(page, widget, use), f"{name} does not answer"
