"""The small picture of each chapter on the landing page, drawn at build: one idea each, in the course's colour code.

Real data are filled circles, what a model makes is hollow and dashed, latent things are squares, noise is small dots,
the truth is a thick dashed line, errors are crosses. Every picture is 160 by 100 units.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence

Point = tuple[float, float]

INK = "var(--p-ink)"
REAL = "var(--p-real)"
MODEL = "var(--p-model)"
NOISE = "var(--p-noise)"
LATENT = "var(--p-latent)"
TRUTH = "var(--p-truth)"
ERROR = "var(--p-error)"
GRID = "var(--p-grid)"
DASH = ' stroke-dasharray="4 3"'


def draw(topic: str) -> str:
    """The picture of a topic as an inline SVG; KeyError if it has none."""
    random.seed(topic)  # the same picture at every build
    return f'<svg class="map-picture" viewBox="0 0 160 100" aria-hidden="true">{"".join(PICTURES[topic]())}</svg>'


def real(x: float, y: float) -> str:
    """A datum."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{REAL}"/>'


def made(x: float, y: float) -> str:
    """A sample of a model."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.9" fill="none" stroke="{MODEL}" stroke-width="1.7"/>'


def dot(x: float, y: float) -> str:
    """A grain of noise."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="1.5" fill="{NOISE}"/>'


def cross(x: float, y: float) -> str:
    """An error."""
    return f'<path d="M{x - 3:.1f} {y - 3:.1f}l6 6m0-6l-6 6" stroke="{ERROR}" stroke-width="2"/>'


def box(
    x: float, y: float, width: float, height: float, fill: str = "none", stroke: str = "none", more: str = ""
) -> str:
    """A rectangle from its upper left corner."""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}" stroke="{stroke}" '
        f'stroke-width="1.6"{more}/>'
    )


def line(points: Iterable[Point], colour: str = INK, width: float = 1.8, more: str = "") -> str:
    """A line through points."""
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linejoin="round"{more}/>'


def ellipse(x: float, y: float, rx: float, ry: float, turn: float = 0) -> str:
    """The outline of a Gaussian of a model."""
    return (
        f'<ellipse cx="{x}" cy="{y}" rx="{rx}" ry="{ry}" transform="rotate({turn} {x} {y})" fill="none" '
        f'stroke="{MODEL}" stroke-width="1.7"{DASH}/>'
    )


def bump(centre: float, width: float, height: float, base: float = 84) -> list[Point]:
    """A bell from 10 to 150, standing on `base`."""
    return [(x, base - height * math.exp(-(((x - centre) / width) ** 2) / 2)) for x in range(10, 151, 2)]


def cloud(x: float, y: float, sx: float, sy: float, count: int) -> list[Point]:
    """Points of a Gaussian."""
    return [(random.gauss(x, sx), random.gauss(y, sy)) for _ in range(count)]


def cells(pattern: Sequence[str], x: float, y: float, size: float, fill: str) -> list[str]:
    """Pixels: "#" is ink, "." is paper, "?" is hidden."""
    look = {"#": (fill, "none"), "?": (GRID, "none")}
    return [
        box(x + column * size, y + row * size, size - 1, size - 1, *look[mark])
        for row, marks in enumerate(pattern)
        for column, mark in enumerate(marks)
        if mark in look
    ]


THREE = ("..####..", ".##..##.", ".....##.", "...###..", ".....##.", ".....##.", ".##..##.", "..####..")


def generative() -> list[str]:
    """A histogram, a density through it, and samples on the axis."""
    heights = [4, 10, 22, 36, 45, 40, 27, 18, 20, 28, 22, 11, 5]
    bars = [box(15 + 10 * i, 76 - h, 9, h, REAL, more=' opacity="0.45"') for i, h in enumerate(heights)]
    curve = [(x, min(a, b)) for (x, a), (_, b) in zip(bump(60, 19, 46, 76), bump(112, 13, 28, 76), strict=True)]
    return [*bars, line(curve, MODEL, 2, DASH), *(made(x, 88) for x in (34, 49, 57, 66, 79, 108, 117))]


def bayes() -> list[str]:
    """A digit half revealed, and how sure one is of each."""
    hidden = [row if i in (0, 1, 3, 6) else row[:3] + "?????" if i % 2 else "?" * 8 for i, row in enumerate(THREE)]
    bars = [3, 2, 6, 44, 2, 13, 2, 4, 17, 8]
    return [
        *cells(hidden, 14, 18, 8, REAL),
        *(box(91 + 6 * i, 82 - h, 4.4, h, MODEL if h == 44 else GRID) for i, h in enumerate(bars)),
        line([(89, 83), (152, 83)], INK, 1.4),
    ]


def discriminative() -> list[str]:
    """Two classes: one boundary between them, one density around each."""
    points = cloud(52, 62, 9, 8, 14) + cloud(108, 38, 9, 8, 14)
    return [
        *(real(x, y) for x, y in points),
        ellipse(52, 62, 25, 20, -20),
        ellipse(108, 38, 25, 20, -20),
        line([(60, 8), (100, 92)], INK, 2),
    ]


def classical() -> list[str]:
    """A mixture found in points."""
    points = cloud(42, 36, 7, 8, 12) + cloud(86, 66, 13, 5, 13) + cloud(124, 32, 5, 9, 12)
    outlines = [ellipse(42, 36, 16, 18), ellipse(86, 66, 29, 12), ellipse(124, 32, 12, 20)]
    return [*(real(x, y) for x, y in points), *outlines]


def network() -> list[str]:
    """Three layers."""
    left, middle, right = [(30, y) for y in (26, 50, 74)], [(80, y) for y in (17, 39, 61, 83)], [(130, 50)]
    edges = [line([a, b], GRID, 1.4) for a in left for b in middle] + [line([a, right[0]], GRID, 1.4) for a in middle]
    return [
        *edges,
        *(f'<circle cx="{x}" cy="{y}" r="5" fill="{REAL}"/>' for x, y in left),
        *(box(x - 5, y - 5, 10, 10, LATENT) for x, y in middle),
        f'<circle cx="130" cy="50" r="5.5" fill="var(--p-ground)" stroke="{MODEL}" stroke-width="2"/>',
    ]


def judging() -> list[str]:
    """Real against made, and the gap between them."""
    a, b = bump(68, 20, 62), bump(94, 17, 54)
    gap = [(x, min(y, z)) for (x, y), (_, z) in zip(a, b, strict=True)]
    floor = [(x, max(y, z)) for (x, y), (_, z) in zip(a, b, strict=True)][::-1]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in gap + floor)
    fill = f'<path d="M{path}Z" fill="{ERROR}" opacity="0.16"/>'
    return [fill, line(a, REAL, 2.2), line(b, MODEL, 2.2, DASH), line([(10, 85), (150, 85)], INK, 1.4)]


def autoregressive() -> list[str]:
    """Pixels so far, and the one that comes."""
    done = [row if i < 4 else "####...." if i == 4 else "????????" for i, row in enumerate(THREE)]
    done[4] = THREE[4][:4] + "????"
    return [*cells(done, 44, 14, 9, REAL), box(80, 50, 8, 8, "var(--p-ground)", MODEL)]


def vae() -> list[str]:
    """Wide, narrow, wide."""
    return [
        *cells(THREE, 8, 30, 5, REAL),
        f'<path d="M56 24L72 40v20L56 76z" fill="none" stroke="{INK}" stroke-width="1.6"/>',
        *(box(76, y, 8, 8, LATENT) for y in (40, 52)),
        f'<path d="M104 24L88 40v20l16 16z" fill="none" stroke="{INK}" stroke-width="1.6"/>',
        *cells(THREE, 112, 30, 5, MODEL),
    ]


def gan() -> list[str]:
    """Eight places of data, of which the generator has found three."""
    ring = [(80 + 38 * math.cos(math.pi * i / 4), 50 + 38 * math.sin(math.pi * i / 4)) for i in range(8)]
    data = [real(x + dx, y + dy) for x, y in ring for dx, dy in cloud(0, 0, 3, 3, 4)]
    samples = [made(x + dx, y + dy) for x, y in (ring[5], ring[6], ring[7]) for dx, dy in cloud(0, 0, 5, 5, 6)]
    return [*data, *samples]


def diffusion() -> list[str]:
    """Noise, half way, a ring."""
    parts = []
    for centre, size, spread, mark in ((28, 8, 11.0, dot), (80, 16, 4.0, dot), (132, 19, 0.8, made)):
        for i in range(22):
            angle = 2 * math.pi * i / 22
            x, y = random.gauss(0, spread), random.gauss(0, spread)
            parts.append(mark(centre + size * math.cos(angle) + x, 50 + size * math.sin(angle) + y))
    return parts


def boltzmann() -> list[str]:
    """Units that are seen, units that are hidden, and a weight between any two."""
    seen, hidden = [(x, 78) for x in range(28, 140, 26)], [(x, 24) for x in (41, 67, 93, 119)]
    edges = [line([a, b], GRID, 1.3) for a in seen for b in hidden]
    on = {28, 80, 106}
    return [
        *edges,
        *(
            f'<circle cx="{x}" cy="{y}" r="6" fill="{REAL if x in on else "var(--p-ground)"}" stroke="{REAL}" '
            'stroke-width="2"/>'
            for x, y in seen
        ),
        *(box(x - 6, y - 6, 12, 12, LATENT if x in (67, 93) else "var(--p-ground)", LATENT) for x, y in hidden),
    ]


def families() -> list[str]:
    """Five models, two axes, real images as the mark to reach."""
    spots = [(44, 66), (66, 30), (88, 58), (112, 36), (128, 72)]
    bars = [line([(x, y - 9), (x, y + 9)], MODEL, 1.4) for x, y in spots]
    axes = line([(22, 10), (22, 88), (148, 88)], INK, 1.6)
    return [axes, line([(22, 20), (148, 20)], TRUTH, 2.4, DASH), *bars, *(made(x, y) for x, y in spots)]


def tokens() -> list[str]:
    """A word cut into pieces, and pieces as directions."""
    widths, x, parts = (30, 18, 40, 24), 20.0, []
    for width in widths:
        parts.append(box(x, 14, width, 16, "none", REAL, ' rx="3"'))
        x += width + 4
    ends = [((34, 86), (62, 52)), ((94, 86), (122, 52))]
    arrows = [line(pair, LATENT, 2) + box(pair[1][0] - 3.5, pair[1][1] - 3.5, 7, 7, LATENT) for pair in ends]
    return [*parts, *arrows, line([(34, 86), (94, 86)], GRID, 1.5, DASH), line([(62, 52), (122, 52)], GRID, 1.5, DASH)]


def attention() -> list[str]:
    """Which token looks at which."""
    places = [20 + 24 * i for i in range(6)]
    weights = [(5, 0, 4.5), (5, 2, 1.2), (5, 3, 2.6), (3, 1, 1.6), (4, 3, 1.0)]
    arcs = [
        f'<path d="M{places[a]} 70C{places[a]} {70 - 13 * (a - b)} {places[b]} {70 - 13 * (a - b)} {places[b]} 70" '
        f'fill="none" stroke="{LATENT}" stroke-width="{w}" opacity="0.75"/>'
        for a, b, w in weights
    ]
    return [*arcs, *(box(x - 9, 72, 18, 12, "var(--p-ground)", REAL, ' rx="3"') for x in places)]


def language() -> list[str]:
    """A line of tokens, and the odds of the next."""
    row = [box(12 + 19 * i, 18, 16, 12, "none", REAL, ' rx="3"') for i in range(4)]
    odds = [46, 27, 14, 9, 5]
    bars = [box(99, 20 + 13 * i, width, 8, MODEL if i == 0 else GRID) for i, width in enumerate(odds)]
    return [*row, *bars, line([(98, 14), (98, 86)], INK, 1.4)]


def foundation() -> list[str]:
    """One model, many uses."""
    ends = [(126, 18), (126, 50), (126, 82)]
    curves = [f'<path d="M62 50C90 50 92 {y} 114 {y}" fill="none" stroke="{INK}" stroke-width="1.7"/>' for _, y in ends]
    return [box(22, 30, 40, 40, LATENT), *curves, *(box(x - 12, y - 8, 24, 16, "none", MODEL, DASH) for x, y in ends)]


def multimodal() -> list[str]:
    """Pictures against captions: the pairs light up."""
    left = [
        f'<circle cx="42" cy="30" r="5" fill="{REAL}"/>',
        box(37, 45, 10, 10, REAL),
        f'<path d="M42 63l6 11H36z" fill="{REAL}"/>',
    ]
    top = [line([(x, 12), (x + 14, 12)], REAL, 2.5) for x in (63, 85, 107)]
    squares = [
        box(60 + 22 * i, 20 + 20 * j, 20, 18, LATENT if i == j else GRID, more="" if i == j else ' opacity="0.5"')
        for i in range(3)
        for j in range(3)
    ]
    return [*left, *top, *squares]


def choosing() -> list[str]:
    """Two learning curves that cross."""
    xs = range(24, 147, 3)
    fast = [(x, 50 - 26 * math.exp(-(x - 20) / 12)) for x in xs]
    slow = [(x, 76 - 62 * math.exp(-(x - 20) / 42)) for x in xs]
    axes = line([(20, 10), (20, 90), (150, 90)], INK, 1.6)
    return [axes, line(slow, INK, 2.2), line(fast, MODEL, 2.2, DASH)]


def hallucination() -> list[str]:
    """Lines of text; some of it was never written."""
    parts = []
    for row, lengths in enumerate(((34, 50, 26), (58, 30, 22), (24, 44, 40), (48, 36))):
        x = 18.0
        for column, length in enumerate(lengths):
            wrong = (row, column) in {(1, 1), (2, 2)}
            y = 24 + 18 * row
            parts.append(line([(x, y), (x + length, y)], ERROR if wrong else NOISE, 4, ' stroke-linecap="round"'))
            if wrong:
                parts.append(cross(x + length / 2, y - 8))
            x += length + 9
    return parts


def invention() -> list[str]:
    """Facts that were seen once, and how often a model invents."""
    points = [(36, 76), (52, 62), (68, 60), (84, 45), (104, 36), (124, 20)]
    axes = line([(22, 10), (22, 88), (148, 88)], INK, 1.6)
    return [axes, line([(22, 88), (138, 10)], TRUTH, 2.6, DASH), *(cross(x, y) for x, y in points)]


def tools() -> list[str]:
    """A table with the answer in it."""
    squares = [
        box(26 + 28 * i, 18 + 17 * j, 25, 14, GRID if j == 0 else "none", GRID) for i in range(4) for j in range(4)
    ]
    return [*squares, box(82, 52, 25, 14, TRUTH), line([(87, 59), (91, 63), (101, 55)], "var(--p-ground)", 2.4)]


def risks() -> list[str]:
    """A model trained on its own samples, generation after generation."""
    bells = [bump(80, w, h) for w, h in ((30, 30), (18, 46), (9, 64), (4, 76))]
    curves = [line(bell, MODEL, 1.6, DASH + f' opacity="{0.4 + 0.2 * i}"') for i, bell in enumerate(bells[1:])]
    return [line(bells[0], REAL, 2.4), *curves, line([(10, 85), (150, 85)], INK, 1.4)]


PICTURES: dict[str, Callable[[], list[str]]] = {
    function.__name__: function
    for function in (
        generative, bayes, discriminative, classical, network, judging, autoregressive, vae, gan, diffusion, boltzmann,
        families, tokens, attention, language, foundation, multimodal, choosing, hallucination, invention, tools, risks,
    )
}
