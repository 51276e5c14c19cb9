"""A diff as a page: added and removed lines by colour, syntax by weight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agentdash.core.repos.queries import RepoDiff
from agentdash.core.units import plural
from tui.format.diff import CUT, STYLES, DiffLine, LineKind, diff_lines
from tui.widgets.cells import Part
from tui.widgets.document import MOST_LINES, Para

HIGHLIGHTED = 1500
"""Lines with syntax highlighting; those after them are coloured as a whole."""
_HIDDEN = ("--- ", "+++ ", "index ")
_DIM = ("old mode", "new mode", "similarity ", "dissimilarity ", "rename ", "copy ", "deleted file")
_CODE = frozenset({LineKind.ADDED, LineKind.REMOVED, LineKind.CONTEXT})
# By the beginning of Pygments's token name: style in a context line, and what is added in a changed one.
_TOKEN_STYLES = (
    ("Token.Comment", "dim", "italic"),
    ("Token.Keyword", "bold", "bold"),
    ("Token.Literal.String", "id", ""),
    ("Token.Literal.Number", "id", ""),
    ("Token.Name.Function", "info", "bold"),
    ("Token.Name.Class", "info", "bold"),
    ("Token.Name.Decorator", "info", ""),
)


def page(diff: RepoDiff, nothing: str = "nothing differs from the last commit") -> tuple[Para, ...]:
    """The page of *diff*. Slow for a large one: call it in a thread.

    Args:
        diff: As git printed it, or a list of names.
        nothing: The text for an empty diff.
    """
    paras: list[Para] = []
    hunk: list[DiffLine] = []
    lexer: object = None
    for line in diff_lines(diff.lines[:MOST_LINES]):
        if line.kind in _CODE:
            hunk.append(line)
            continue
        paras += _hunk(hunk, lexer if len(paras) < HIGHLIGHTED else None)
        hunk.clear()
        if line.kind is LineKind.HEADER:
            if line.text.startswith(("+++ ", "--- ")) and not line.text.endswith("/dev/null"):
                lexer = _lexer(line.text[6:])
            if not line.text.startswith(_HIDDEN):
                paras.append(_header(line.text))
        elif line.kind is LineKind.FILE:
            paras += [*([Para()] if paras else []), Para.of(line.text, "bold")]
        elif line.kind is LineKind.HUNK:
            place, _, code = line.text[3:].partition(" @@")
            paras.append(Para(((f"@ {place}", "info"), (code, "dim"))))
        else:
            paras.append(Para.of(line.text, "dim", hang=2))
    paras += _hunk(hunk, lexer if len(paras) < HIGHLIGHTED else None)
    if diff.masked:
        paras.insert(0, Para.of(f"{plural(diff.masked, 'line')} with a secret, which is masked", "warn"))
    if diff.cut or len(diff.lines) > MOST_LINES:
        paras.append(Para.of(CUT.text, CUT.style))
    return tuple(paras) or (Para.of(f"✓ {nothing}", "good"),)


def _header(text: str) -> Para:
    if text.startswith("commit "):
        return Para.of(text, "id")
    return Para.of(text, "dim" if text.startswith(_DIM) else "", hang=2)


def _hunk(lines: Sequence[DiffLine], lexer: Any) -> list[Para]:
    """The lines of one hunk, each with its sign."""
    pieces = _tokens(lines, lexer) if lexer is not None and lines else None
    paras = []
    for number, line in enumerate(lines):
        style = STYLES[line.kind]
        sign, code = (line.text[:1], f"{style} bold".strip()), line.text[1:]
        parts = (
            [(code, style)]
            if pieces is None
            else [(text, _style(kind, style)) for kind, text in pieces[number]]
        )
        paras.append(Para((sign, *parts), hang=1))
    return paras


def _style(kind: str, style: str) -> str:
    for prefix, context, changed in _TOKEN_STYLES:
        if kind.startswith(prefix):
            return f"{style} {changed}".strip() if style else context
    return style


def _tokens(lines: Sequence[DiffLine], lexer: Any) -> list[list[Part]]:
    """(token name, text) of each line; old and new lines are lexed as one text, which is close enough."""
    found: list[list[Part]] = [[]]
    for kind, text in lexer.get_tokens("\n".join(line.text[1:] for line in lines)):
        first, *more = text.split("\n")
        found[-1].append((str(kind), first))
        found += [[(str(kind), piece)] for piece in more]
    found += [[] for _ in range(len(lines) - len(found))]
    return found


def _lexer(name: str) -> object:
    """The Pygments lexer for a file of that *name*; None where there is none."""
    from pygments.lexers import get_lexer_for_filename  # type: ignore[import-untyped]
    from pygments.util import ClassNotFound  # type: ignore[import-untyped]

    try:
        return get_lexer_for_filename(name, ensurenl=False, stripnl=False)
    except (ClassNotFound, ValueError):
        return None
