"""The browser files of the book, gathered at build from `book/assets` and from npm's `node_modules`.

Nothing that others wrote is committed, and no page asks a third party for anything. The files go to `_static/book`:
one style sheet, one script, KaTeX's style sheet (pages with formulas only), and the fonts as woff2.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
ASSETS = ROOT / "book" / "assets"
NODE_MODULES = ROOT / "node_modules"

# family, folder in @fontsource, weights and styles; the latin subset only
FONTS = (
    ("Source Serif 4", "source-serif-4", ("400-normal", "400-italic", "600-normal")),
    ("Source Sans 3", "source-sans-3", ("400-normal", "600-normal")),
    ("JetBrains Mono", "jetbrains-mono", ("400-normal",)),
)
# The scripts of Sphinx that the search page needs; everything else that the theme brings is dropped.
SEARCH_SCRIPTS = tuple(
    f"{name}.js" for name in ("documentation_options", "doctools", "searchtools", "language_data", "sphinx_highlight")
)


def setup(app: Sphinx) -> None:
    """Connect the gathering of files and the clearing away of the theme's own."""
    app.add_config_value("primer_assets", "", "html")  # a changed style sheet gives every page its new address
    app.connect("config-inited", gather)
    app.connect("build-finished", clear_away, priority=900)


def gather(app: Sphinx, config: object) -> None:
    """Write all browser files into `<outdir>/../browser` and let Sphinx copy that folder into `_static`."""
    if not (NODE_MODULES / "katex").is_dir():
        raise ConfigError(f"The book needs the packages of package.json: run `npm ci` in {ROOT}, or `make book`.")
    folder = Path(app.outdir).parent / "browser"
    book = folder / "book"
    (book / "fonts").mkdir(parents=True, exist_ok=True)
    (book / "book.css").write_text(style_sheet(), encoding="utf-8")
    (book / "book.js").write_text(script(), encoding="utf-8")
    (book / "katex.css").write_text(katex_style_sheet(), encoding="utf-8")
    for source in font_files():
        copy(source, book / "fonts" / source.name)
    for source in sorted((ASSETS / "icons").glob("*")):
        copy(source, book / source.name)
    digest = hashlib.sha256()
    for path in sorted(book.glob("*.*")):
        digest.update(path.read_bytes())
    app.config.primer_assets = digest.hexdigest()[:8]
    app.config.html_static_path.append(str(folder))
    app.config.katex_js_path = str(NODE_MODULES / "katex" / "dist" / "katex.min.js")


def copy(source: Path, target: Path) -> None:
    """Copy a file unless it is there already, unchanged: Sphinx copies a static file again when its time changes."""
    if not target.exists() or target.read_bytes() != source.read_bytes():
        shutil.copyfile(source, target)


def style_sheet() -> str:
    """The book's one style sheet: the faces, then `book/assets/css/*.css` in the order of their names, comments cut."""
    parts = [font_faces()] + [path.read_text("utf-8") for path in sorted((ASSETS / "css").glob("*.css"))]
    text = re.sub(r"/\*.*?\*/", "", "\n".join(parts), flags=re.DOTALL)
    return re.sub(r"\n\s*\n+", "\n", text)


def script() -> str:
    """The book's one script: `book/assets/js/*.js`, each file a block of its own."""
    return "\n".join("{\n" + path.read_text("utf-8") + "}" for path in sorted((ASSETS / "js").glob("*.js")))


def font_files() -> list[Path]:
    """The woff2 files that the pages may ask for."""
    files = [
        NODE_MODULES / "@fontsource" / folder / "files" / f"{folder}-latin-{style}.woff2"
        for _, folder, styles in FONTS
        for style in styles
    ]
    return files + sorted((NODE_MODULES / "katex" / "dist" / "fonts").glob("*.woff2"))


def font_faces() -> str:
    """@font-face rules of FONTS. The fallback faces, of the same width and height, stand in css/00-fonts.css."""
    rules = []
    for family, folder, styles in FONTS:
        for style in styles:
            weight, slant = style.split("-")
            rules.append(
                f'@font-face{{font-family:"{family}";font-weight:{weight};font-style:{slant};font-display:swap;'
                f'src:url(fonts/{folder}-latin-{style}.woff2) format("woff2")}}'
            )
    return "\n".join(rules)


def katex_style_sheet() -> str:
    """KaTeX's style sheet, which lets text show before its fonts are there, with the woff2 files alone."""
    text = (NODE_MODULES / "katex" / "dist" / "katex-swap.min.css").read_text("utf-8")
    return re.sub(r",url\([^)]*\.(?:woff|ttf)\) format\([^)]*\)", "", text)


def clear_away(app: Sphinx, exception: Exception | None) -> None:
    """Remove from `_static` what the theme and other extensions put there and no page of this book asks for."""
    if exception or app.builder.name != "html":
        return
    static = Path(app.outdir) / "_static"
    keep = {"book", *SEARCH_SCRIPTS, *kept_by_others(app)}
    for path in static.iterdir():
        if path.name in keep:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def kept_by_others(app: Sphinx) -> set[str]:
    """First path components of the static files that other modules of this package registered for the pages."""
    return {name.split("/")[0] for name in getattr(app, "primer_static", ())}
