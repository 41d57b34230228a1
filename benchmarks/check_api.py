"""How good is `check_api`? Precision and recall on labelled cases, and its findings in code that is known to work.

    python benchmarks/check_api.py               # the cases, in seconds; what is stored of real files is kept
    python benchmarks/check_api.py --sources 40  # and so many real files of each library, in minutes

writes src/primer/results/check_api.json. The cases are in check_api_cases.txt, written before the tool was and used to
mend it, and in check_api_fresh.txt, written afterwards: on its first run there it found 75 of 77 (one label was wrong:
the tool was right). The real files are modules of installed libraries: code that works, so
that a finding which is not about a package that is not installed is a false alarm, unless somebody looks at it and
finds that the line would indeed fail here (Python 2 left over, another platform).
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import sysconfig
import time
from pathlib import Path

from primer.api_check import Finding, check_api

CASES = Path(__file__).with_name("check_api_cases.txt")
FRESH = Path(__file__).with_name("check_api_fresh.txt")
RESULT = Path(__file__).parents[1] / "src" / "primer" / "results" / "check_api.json"
PACKAGES = ("sklearn", "matplotlib", "torch", "numpy", "stdlib")


def cases(path: Path) -> list[tuple[str, str, set[tuple[int, str]]]]:
    """Kind, code, and the invented names as (line, name)."""
    found = []
    for block in path.read_text(encoding="utf-8").split("\n=== ")[1:]:
        kind, _, code = block.partition("\n")
        lines = enumerate(code.splitlines(), 1)
        wrong = {(number, mark[1]) for number, line in lines if (mark := re.search(r"#! (\w+)", line))}
        found.append((kind, code, wrong))
    return found


def key(finding: Finding) -> tuple[int, str]:
    """(line, last word of the name)."""
    return finding.line, re.findall(r"\w+", finding.name)[-1]


def measure(path: Path, show: bool = False) -> dict:
    """Counts over all cases, for every kind and in all."""
    kinds: dict[str, dict[str, int]] = {}
    for kind, code, wrong in cases(path):
        found = {key(finding) for finding in check_api(code)}
        row = kinds.setdefault(kind, {"cases": 0, "invented": 0, "found": 0, "false alarms": 0})
        row["cases"] += 1
        row["invented"] += len(wrong)
        row["found"] += len(wrong & found)
        row["false alarms"] += len(found - wrong)
        if show and found != wrong:
            print(f"--- {kind}: missed {sorted(wrong - found)}, false alarms {sorted(found - wrong)}\n{code}")
    total = {name: sum(row[name] for row in kinds.values()) for name in ("cases", "invented", "found", "false alarms")}
    return {**total, "precision": round(total["found"] / (total["found"] + total["false alarms"]), 4),
            "recall": round(total["found"] / total["invented"], 4), "kinds": kinds}


def sources(package: str, n: int, rng: random.Random) -> list[Path]:
    """n modules of a package, without its tests."""
    paths = sysconfig.get_paths()
    root = Path(paths["stdlib"]) if package == "stdlib" else Path(paths["purelib"]) / package
    skip = {"test", "tests", "site-packages", "idlelib", "lib2to3", "_vendor"}
    files = [p for p in sorted(root.rglob("*.py")) if not skip & set(p.relative_to(root).parts)]
    return sorted(rng.sample(files, min(n, len(files))))


def alarms(package: str, n: int, seed: int) -> dict:
    """Findings in n files of a package, apart from packages that are not installed."""
    row = {"files": 0, "lines": 0, "seconds": 0.0, "findings": []}
    for path in sources(package, n, random.Random(seed)):
        code = path.read_text(encoding="utf-8", errors="replace")
        start = time.perf_counter()
        found = [f for f in check_api(code) if "not installed" not in f.reason]
        row["seconds"] += time.perf_counter() - start
        row["files"] += 1
        row["lines"] += code.count("\n")
        row["findings"] += [f"{path.name}:{f.line} {f.name}" for f in found]
    row["seconds"] = round(row["seconds"], 1)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sources", type=int, default=0, metavar="N", help="files of each library to look at")
    parser.add_argument("--only", choices=PACKAGES, help="real files of this library alone")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    result: dict = {"python": sys.version.split()[0]}
    for name, path in (("cases", CASES), ("fresh", FRESH)):
        result[name] = row = measure(path, show=True)
        print(name, {key: value for key, value in row.items() if key != "kinds"})
    stored = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    result["sources"] = stored.get("sources", {})
    for package in PACKAGES if options.sources else ():
        if options.only in (None, package):
            result["sources"][package] = row = alarms(package, options.sources, options.seed)
            print(f"{package}: {row['files']} files, {row['lines']} lines, {row['seconds']} s", *row["findings"],
                  sep="\n  ", flush=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
