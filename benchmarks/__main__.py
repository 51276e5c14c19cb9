"""Runs the benchmarks, or those that are named: ``python -m benchmarks [NAME…]``.

A benchmark is a module beside this one that has a function ``main``. Each runs in a process of its own, so
that what one has loaded or allocated does not weigh on the next. They print ratios between two ways that are
measured in the same run; times depend on the machine, and are only printed beside them.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
WRONG_USE = 2


def names() -> list[str]:
    """All benchmarks, by the names of their modules."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__main__" and has_main(path))


def has_main(path: Path) -> bool:
    """Whether *path* defines ``main``, found without executing it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == "main" for node in tree.body
    )


def run(name: str) -> int:
    """Run one benchmark under its name; returns its exit code."""
    print(f"── {name} ".ljust(80, "─"), flush=True)
    code = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}"], cwd=FOLDER.parent, check=False
    ).returncode
    print(flush=True)
    return code


def main(wanted: list[str]) -> int:
    """Run *wanted*, or all where none is named; the exit code is 1 when one of them failed."""
    known = names()
    if unknown := [name for name in wanted if name not in known]:
        print(f"no such benchmark: {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return WRONG_USE
    codes = [run(name) for name in wanted or known]
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
