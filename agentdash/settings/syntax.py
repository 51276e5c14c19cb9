"""Parses TOML past its mistakes, so that all of them can be reported at once.

The parser stops at the first mistake. The line that it names is then blanked (with the table that it opens)
and the rest is parsed again, a few times. Where lists or texts span several lines the first mistake is the
last, since what follows might be misread.
"""

from __future__ import annotations

import re
import tomllib

MAX_MISTAKES = 10
_MAX_PARTS = 32
# The parser takes memory by the square of a name's parts: 256 KiB of `a.a.a…` are 64 GiB.
_DEEP_NAME = re.compile(
    rf"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){{{_MAX_PARTS}}}"""
)
_AT = re.compile(r"\(at line (\d+), column \d+\)")


def read(text: str) -> tuple[dict[str, object], list[str]]:
    """The table in *text* as far as it can be parsed, and the parser's error messages, in order."""
    if (deep := _DEEP_NAME.search(text)) is not None:
        line = text.count("\n", 0, deep.start()) + 1
        return {}, [f"a name has more than {_MAX_PARTS} parts (at line {line})"]
    lines, mistakes = text.split("\n"), list[str]()
    while True:
        try:
            return tomllib.loads("\n".join(lines)), mistakes
        except RecursionError:
            return {}, [*mistakes, "lists or tables in it are nested too deeply"]
        except ValueError as problem:  # also a number of more digits than Python reads
            mistakes.append(str(problem))
            if len(mistakes) >= MAX_MISTAKES or not _blanked(lines, str(problem)):
                return {}, mistakes


def _blanked(lines: list[str], problem: str) -> bool:
    """Blank the line that *problem* names, with the table that it opens; False where that could misread."""
    at = _AT.search(problem)
    number = int(at[1]) - 1 if at else len(lines)
    if number >= len(lines) or any(_may_continue(line) for line in lines[: number + 1]):
        return False
    opens = lines[number].lstrip().startswith("[")
    lines[number] = ""
    while opens and number + 1 < len(lines) and not lines[number + 1].lstrip().startswith("["):
        number += 1
        lines[number] = ""
    return True


def _may_continue(line: str) -> bool:
    """Whether a value that begins on *line* may end on a later one."""
    value = line.partition("=")[2]
    open_lists, open_tables = value.count("[") - value.count("]"), value.count("{") - value.count("}")
    return bool(open_lists or open_tables) or "'''" in line or '"""' in line
