"""A diff as a page: what came and what went by colour, and the words of its language by weight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agentdash.core.repos.queries import RepoDiff
from agentdash.core.text import printable
from agentdash.core.units import plural
from tui.widgets.cells import Part
from tui.widgets.document import MOST_LINES, Para

HIGHLIGHTED = 1500
"""Lines whose words are told apart; the others are coloured as a whole."""
_LONGEST = 1000
_SIGNS = {"+": "good", "-": "bad", " ": ""}
_HEADS = (
    "index ",
    "old mode",
    "new mode",
    "similarity ",
    "dissimilarity ",
    "rename ",
    "copy ",
    "deleted file",
)
# By the beginning of Pygments's token names: what a word gets in a line that stayed, and in one that changed.
_WORDS = (
    ("Token.Comment", "dim", "italic"),
    ("Token.Keyword", "bold", "bold"),
    ("Token.Literal.String", "id", ""),
    ("Token.Literal.Number", "id", ""),
    ("Token.Name.Function", "info", "bold"),
    ("Token.Name.Class", "info", "bold"),
    ("Token.Name.Decorator", "info", ""),
)


def page(diff: RepoDiff, nothing: str = "nothing differs from the last commit") -> tuple[Para, ...]:
    """The page of *diff*. It takes time for a large one: call it in a thread.

    Args:
        diff: As git gave it, or a list of names.
        nothing: What is said where there is none.
    """
    paras: list[Para] = []
    code: list[str] = []
    lexer: object = None
    in_hunk = False
    for line in diff.lines[:MOST_LINES]:
        cut = line[:_LONGEST].replace("\t", "    ")
        if in_hunk and cut[:1] in _SIGNS:
            code.append(cut)
            continue
        paras += _hunk(code, lexer if len(paras) < HIGHLIGHTED else None)
        code.clear()
        in_hunk = cut.startswith("@@ ") or (in_hunk and cut.startswith("\\"))
        if cut.startswith(("+++ ", "--- ")) and not cut.endswith("/dev/null"):
            lexer = _lexer(cut[6:])
        paras += _head(cut, bool(paras))
    paras += _hunk(code, lexer if len(paras) < HIGHLIGHTED else None)
    if diff.masked:
        paras.insert(0, Para.of(f"{plural(diff.masked, 'line')} with a secret, which is masked", "warn"))
    if diff.cut or len(diff.lines) > MOST_LINES:
        paras.append(Para.of("… cut here: there is more", "warn"))
    return tuple(paras) or (Para.of(f"✓ {nothing}", "good"),)


def _head(line: str, after: bool) -> list[Para]:
    """A line outside the hunks."""
    if line.startswith("diff --git "):
        return [*([Para()] if after else []), Para.of(printable(_file_name(line)), "bold")]
    if line.startswith("@@ "):
        place, _, around = line[3:].partition(" @@")
        return [Para(((f"@ {place}", "info"), (printable(around), "dim")))]
    if line.startswith(("--- ", "+++ ", "index ")):
        return []
    if line.startswith("commit "):
        return [Para.of(line, "id")]
    return [Para.of(printable(line), "dim" if line.startswith((*_HEADS, "\\")) else "", hang=2)]


def _file_name(line: str) -> str:
    """``src/a.py`` out of ``diff --git a/src/a.py b/src/a.py``; both names where they differ."""
    names = line.removeprefix("diff --git ")
    first, second = names[: len(names) // 2], names[len(names) // 2 + 1 :]
    same = first[:2] == "a/" and second[:2] == "b/" and first[2:] == second[2:]
    return first[2:] if same else names


def _hunk(lines: Sequence[str], lexer: Any) -> list[Para]:
    """The lines of one hunk, each with its sign."""
    pieces = _told_apart(lines, lexer) if lexer is not None and lines else None
    paras = []
    for number, line in enumerate(lines):
        style = _SIGNS[line[:1]]
        sign = (line[:1], f"{style} bold".strip())
        if pieces is None:
            paras.append(Para((sign, (line[1:], style)), hang=1))
        else:
            parts = ((text, _style(kind, style)) for kind, text in pieces[number])
            paras.append(Para((sign, *parts), hang=1))
    return paras


def _style(kind: str, style: str) -> str:
    for beginning, stayed, changed in _WORDS:
        if kind.startswith(beginning):
            return f"{style} {changed}".strip() if style else stayed
    return style


def _told_apart(lines: Sequence[str], lexer: Any) -> list[list[Part]]:
    """(token name, text) of each line, read as one text: near enough, though old and new stand together."""
    found: list[list[Part]] = [[]]
    for kind, text in lexer.get_tokens("\n".join(line[1:] for line in lines)):
        first, *more = text.split("\n")
        found[-1].append((str(kind), first))
        found += [[(str(kind), piece)] for piece in more]
    found += [[] for _ in range(len(lines) - len(found))]
    return found


def _lexer(name: str) -> object:
    """What reads the language of a file of that *name*; None where it is not known."""
    from pygments.lexers import get_lexer_for_filename  # type: ignore[import-untyped]
    from pygments.util import ClassNotFound  # type: ignore[import-untyped]

    try:
        return get_lexer_for_filename(name, ensurenl=False, stripnl=False)
    except (ClassNotFound, ValueError):
        return None
