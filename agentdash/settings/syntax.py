"""Reading TOML on past its mistakes, so that all of them can be named at once.

A parser stops at the first. Here the line that it names is left out and the rest is read again, a few times:
a line with a key alone, a line that opens a table with all that the table holds. Where lists or texts go over
several lines it ends with the first mistake, since what follows might be misread.
"""

from __future__ import annotations

import re
import tomllib

MOST = 10
_MOST_PARTS = 32
# The parser takes memory by the square of a name's parts: 256 KiB of `a.a.a…` are 64 GiB.
_DEEP_NAME = re.compile(
    rf"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){{{_MOST_PARTS}}}"""
)
_AT = re.compile(r"\(at line (\d+), column \d+\)")


def read(text: str) -> tuple[dict[str, object], list[str]]:
    """What *text* holds as far as it can be read, and its mistakes in the parser's words, first to last."""
    if (deep := _DEEP_NAME.search(text)) is not None:
        line = text.count("\n", 0, deep.start()) + 1
        return {}, [f"a name has more than {_MOST_PARTS} parts (at line {line})"]
    lines, mistakes = text.split("\n"), list[str]()
    while True:
        try:
            return tomllib.loads("\n".join(lines)), mistakes
        except RecursionError:
            return {}, [*mistakes, "lists or tables in it are nested too deeply"]
        except ValueError as problem:  # also a number of more digits than Python reads
            mistakes.append(str(problem))
            if len(mistakes) >= MOST or not _left_out(lines, str(problem)):
                return {}, mistakes


def _left_out(lines: list[str], problem: str) -> bool:
    """Blank the line that *problem* names, with the table that it opens; False where that might mislead."""
    at = _AT.search(problem)
    number = int(at[1]) - 1 if at else len(lines)
    if number >= len(lines) or any(_goes_on(line) for line in lines[: number + 1]):
        return False
    opens = lines[number].lstrip().startswith("[")
    lines[number] = ""
    while opens and number + 1 < len(lines) and not lines[number + 1].lstrip().startswith("["):
        number += 1
        lines[number] = ""
    return True


def _goes_on(line: str) -> bool:
    """Whether what *line* begins may end on a later one."""
    value = line.partition("=")[2]
    open_lists, open_tables = value.count("[") - value.count("]"), value.count("{") - value.count("}")
    return bool(open_lists or open_tables) or "'''" in line or '"""' in line
