"""The package is a house: a file imports from lower floors only, and files of one floor do not know each other.

Inside a room (a folder) the same holds: topics do not import each other. They may share the room's `base` and its
files whose names begin with an underscore, by themselves or through the room's `__init__`.
"""

import ast
from pathlib import Path

import primer

ROOT = Path(primer.__file__).parent
FLOORS = [
    {"plots", "layers", "checkpoint"},
    {"core"},
    {"claims", "data", "models", "training"},
    {"metrics"},
    {"widgets", "checks", "api_check"},
    {"grading"},
    {"__main__"},
]
FLOOR = {name: floor for floor, names in enumerate(FLOORS) for name in names}


def files() -> list[Path]:
    return sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


def name_of(path: Path) -> str:
    """data/points.py -> data.points; data/__init__.py -> data"""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(tree: ast.AST, modules: set[str]) -> set[str]:
    """The modules of the package that a file imports anywhere, without "primer." in front."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in line {node.lineno}: write the name in full"
            # `from primer.data import points` may name a module or something in one
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "primer":
            found.add(f"primer.{node.attr}")
    inside = {name.removeprefix("primer.") for name in found if name.startswith("primer.")}
    return {longest(name, modules) for name in inside} - {""}


def longest(name: str, modules: set[str]) -> str:
    """The longest beginning of a dotted name that is a module: data.points.Density -> data.points"""
    while name and name not in modules:
        name = name.rpartition(".")[0]
    return name


def faults(sources: dict[str, str]) -> list[str]:
    """What is wrong with a package of these modules, one sentence each."""
    found = []
    for name, source in sources.items():
        room, _, topic = name.partition(".")
        if room not in FLOOR:
            found.append(f"{name} has no floor: give it one in tests/test_floors.py")
            continue
        for other in sorted(imported(ast.parse(source), set(sources)) - {name}):
            other_room, _, other_topic = other.partition(".")
            if other_room != room:
                if FLOOR.get(other_room, 99) >= FLOOR[room]:
                    found.append(f"{name} imports {other}, which is not on a lower floor")
            elif topic and other_topic and other_topic != "base" and not other_topic.startswith("_"):
                found.append(f"{name} imports its sibling {other}")
    return found


def test_the_house_stands():
    assert faults({name_of(path): path.read_text() for path in files()}) == []


def test_every_file_is_looked_at():
    names = {name_of(path) for path in files()}
    assert {"core", "data", "data.points", "checks._api", "__main__"} <= names


def test_faults_are_found():
    sources = {
        "plots": "import primer.core",
        "core": "def setup():\n    from primer import plots",
        "training": "from primer.data.points import Density",
        "data": "from primer.data.points import points",
        "data.base": "",
        "data.points": "from primer.data.base import Part",
        "data.digits": "from primer.data import points",
        "claims": "import primer\nprimer.metrics.wilson(1, 2)",
        "metrics": "",
        "checks._api": "",
        "checks": "from primer.checks._api import check",
        "checks.bayes": "from primer.checks import Check\nfrom primer.core import budget",
        "attic": "",
    }
    assert faults(sources) == [
        "plots imports core, which is not on a lower floor",
        "training imports data.points, which is not on a lower floor",
        "data.digits imports its sibling data.points",
        "claims imports metrics, which is not on a lower floor",
        "attic has no floor: give it one in tests/test_floors.py",
    ]
