"""Recognises commands that certainly run tests, and reads the counts in their output."""

from __future__ import annotations

import re
import shlex
from pathlib import PurePath

OUTPUT_TAIL = 32 * 1024
"""Characters of output that are searched, from its end, where the summary is."""
_LONGEST = 4000

_SHELLS = {"bash", "sh", "zsh", "dash"}
_WRAPPERS = {
    "time": 0, "env": 0, "nice": 0, "npx": 0, "bunx": 0, "xvfb-run": 0, "timeout": 1,
    "uv": 1, "poetry": 1, "pipenv": 1, "hatch": 1, "pdm": 1, "rye": 1, "bundle": 1,
}  # fmt: skip
"""Commands that run the command behind them, and how many arguments of their own they take first."""
_ALONE = {
    "pytest", "py.test", "tox", "nox", "jest", "vitest", "mocha", "rspec", "phpunit", "ctest", "behave",
    "gotestsum", "pest",
}  # fmt: skip
_PAIRS = {
    "npm": {"test", "t"}, "pnpm": {"test"}, "yarn": {"test"}, "bun": {"test"}, "deno": {"test"},
    "cargo": {"test", "nextest"}, "go": {"test"}, "make": {"test"}, "mvn": {"test"}, "gradle": {"test"},
    "gradlew": {"test"}, "dotnet": {"test"}, "swift": {"test"}, "mix": {"test"}, "rake": {"test"},
    "rails": {"test"}, "playwright": {"test"}, "manage.py": {"test"}, "zig": {"test"},
}  # fmt: skip
_NO_RUN = {"--version", "--help", "-h", "--collect-only", "--co", "--no-run", "--list", "--listTests"}
_BETWEEN = re.compile(r"&&|\|\||[;|\n]")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")

_PYTEST = re.compile(r"^=*\s*((?:\d+ [a-z]+(?:, )?)+) in [\d.]+ ?s", re.MULTILINE)
_JEST = re.compile(r"^\s*Tests:?\s+(\d.*)$", re.MULTILINE)
_CARGO = re.compile(r"^test result: \w+\. (\d+ passed; \d+ failed; \d+ ignored)", re.MULTILINE)
_UNITTEST = re.compile(r"^Ran (\d+) tests? in .*?^(OK|FAILED)(?: \(([^)]*)\))?", re.MULTILINE | re.DOTALL)
_COUNT = re.compile(r"(\d{1,9}) (passed|failed|errors?|skipped|ignored|pending|todo)")
_NAMED = {
    "error": "failed",
    "errors": "failed",
    "ignored": "skipped",
    "pending": "skipped",
    "todo": "skipped",
}


def is_test_command(command: str) -> bool:
    """Whether *command*, shell text or ``bash -lc '…'``, certainly runs tests."""
    if not command or len(command) > _LONGEST:
        return False
    words = _words(command)
    if len(words) > 2 and _name(words[0]) in _SHELLS and words[1].startswith("-") and words[1].endswith("c"):
        command = words[2]
    return any(_tests(_words(part)) for part in _BETWEEN.split(command))


def counts(output: object) -> dict[str, object]:
    """``passed``, ``failed`` and ``skipped`` of the last summary in *output*; empty where there is none."""
    if not isinstance(output, str):
        return {}
    text = output[-OUTPUT_TAIL:]
    if found := _CARGO.findall(text):
        return _added(found)
    for summary in (_PYTEST, _JEST):
        if found := summary.findall(text):
            return _added(found[-1:])
    ran = list(_UNITTEST.finditer(text))
    return _unittest(ran[-1]) if ran else {}


def _added(summaries: list[str]) -> dict[str, object]:
    sums = {"passed": 0, "failed": 0, "skipped": 0}
    for summary in summaries:
        for number, word in _COUNT.findall(summary):
            sums[_NAMED.get(word, word)] += int(number)
    return dict(sums)


def _unittest(match: re.Match[str]) -> dict[str, object]:
    of = {name: int(number) for name, number in re.findall(r"(\w+)=(\d{1,9})", match[3] or "")}
    failed = of.get("failures", 0) + of.get("errors", 0)
    skipped = of.get("skipped", 0)
    return {"passed": max(0, int(match[1][:9]) - failed - skipped), "failed": failed, "skipped": skipped}


def _tests(words: list[str]) -> bool:
    while words:
        name = _name(words[0])
        if _ASSIGNMENT.match(words[0]):
            words = words[1:]
        elif name in _WRAPPERS:
            words = words[1 + _WRAPPERS[name] :]
        elif re.fullmatch(r"python[\d.]*", name) and len(words) > 1:
            if words[1] == "-m":
                return words[2:3] == ["unittest"] or _tests(words[2:])
            words = words[1:] if _name(words[1]) == "manage.py" else []
        else:
            break
    if not words or not _NO_RUN.isdisjoint(words):
        return False
    name, rest = _name(words[0]), words[1:]
    if name in {"npm", "pnpm", "yarn", "bun"} and rest[:1] == ["run"]:
        return len(rest) > 1 and (rest[1] == "test" or rest[1].startswith("test:"))
    return name in _ALONE or (name in _PAIRS and bool(rest) and rest[0] in _PAIRS[name])


def _name(word: str) -> str:
    return PurePath(word).name


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()
