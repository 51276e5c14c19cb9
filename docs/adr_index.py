"""The index of the decisions, made from their titles and their status."""

from __future__ import annotations

import re
from pathlib import Path

_HEAD = """# Decisions

One page for each decision that somebody might want to undo: the decision, alternatives, and the price.
A decision that another one replaces stays, and names it. This page is made from them: `python -m docs`.

| decision | status |
| --- | --- |
"""


def page(folder: Path) -> str:
    """The page, one row for each decision in *folder*.

    Raises:
        ValueError: a decision has no title, or no line ``Status: …``.
    """
    return _HEAD + "".join(_row(path) for path in sorted(folder.glob("[0-9]*.md")))


def _row(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    title = re.match(r"# (\d+\. .+)", text)
    status = re.search(r"^Status: (.+)$", text, re.MULTILINE)
    if title is None or status is None:
        raise ValueError(f"{path.name} needs a title '# number. sentence' and a line 'Status: accepted'")
    return f"| [{title[1]}]({path.name}) | {status[1]} |\n"
