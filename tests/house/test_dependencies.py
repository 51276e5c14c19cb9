"""What is declared as a dependency is used by the program: imported, or loaded by its name."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from graphlib import TopologicalSorter

import grimp

from tests.support import ROOT

MODULES = {"detect-secrets": "detect_secrets", "gitpython": "git", "pyyaml": "yaml"}
"""Where a package is imported by another name than it is installed by."""
UNDERNEATH = {"hiredis"}
"""redis-py takes it as its parser where it is installed."""


def named() -> Iterator[str]:
    for folder in ("agentdash", "collectors", "tui"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_bytes())):
                if isinstance(node, ast.Import):
                    yield from (alias.name.partition(".")[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module:
                    yield node.module.partition(".")[0]
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value.partition(".")[0]


def test_every_dependency_is_used() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    names = {re.match(r"[\w-]+", line).group() for line in declared}  # type: ignore[union-attr]
    assert {MODULES.get(name, name) for name in names} - set(named()) - UNDERNEATH == set()


def test_every_import_contract_says_why() -> None:
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    starts = [number for number, line in enumerate(lines) if line == "[[tool.importlinter.contracts]]"]
    assert starts
    assert [lines[number + 1] for number in starts if not lines[number - 1].startswith("# ")] == []


def test_no_folder_has_more_than_20_python_files() -> None:
    packages = ("agentdash", "collectors", "tui")
    files = Counter(file.parent for package in packages for file in (ROOT / package).rglob("*.py"))
    assert {folder: number for folder, number in files.items() if number > 20} == {}


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = grimp.build_graph("agentdash", "collectors", "tui", exclude_type_checking_imports=True)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    TopologicalSorter(imports).prepare()  # raises a CycleError that names the modules
