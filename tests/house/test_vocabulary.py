"""Names, comments and texts of the program avoid words that have a standard one in their place."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from tests.support import ROOT

INSTEAD = {
    "crew|staff|keeper": "workers, pool, supervisor",
    "a rest|paced": "cool-down, rate limit",
    "dear": "expensive",
    "deck": "tab group",
    "told|tells?|telling|untold": "reported, recorded, notified",
    "looks? at|looked at|looking at": "reads, polls, inspects",
    "took": "applied, accepted; its duration",
    "by (itself|himself|themselves)": "automatically, alone",
    "somebody|anybody": "someone",
    "in words": "as a message",
    "it is said|is said": "is reported",
    "comes? of": "is derived from",
    "hangs? together": "is connected",
    "goes on|go on|going on": "continues",
    "stands?(?! (for|out))|stood": "is",
    "for good": "permanently",
    "of no use": "not needed",
    "anew": "again",
    "beneath": "below",
    "nought": "0",
    "mends?|mended": "fix",
    "oneself": "the person",
}
"""Words, as a pattern, and what to say."""
STANDARD = (
    ("agentdash/runner/", "untold"),
    ("agentdash/demo/projects.py", "for word in words"),
    ("agentdash/demo/services/log.py", "tell"),
)
"""Uses that are standard English, or public names: (what the path contains, what the line contains)."""
WORDS = {re.compile(rf"(?<![a-z])({words})(?![a-z])", re.IGNORECASE): say for words, say in INSTEAD.items()}
TEXTS = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}


def lines_of(file: Path) -> Iterator[tuple[int, str]]:
    """The lines of comments and strings, and the names with spaces between their parts."""
    for token in tokenize.generate_tokens(io.StringIO(file.read_text(encoding="utf-8")).readline):
        if token.type == tokenize.NAME:
            yield token.start[0], re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", token.string).replace("_", " ")
        elif token.type in TEXTS:
            yield from enumerate(token.string.splitlines(), token.start[0])


def wrong_words() -> Iterator[str]:
    """``file:line: word (instead)``."""
    for package in ("agentdash", "collectors", "tui"):
        for file in sorted((ROOT / package).rglob("*.py")):
            path = str(file.relative_to(ROOT))
            for number, text in lines_of(file):
                if any(place in path and use in text for place, use in STANDARD):
                    continue
                for pattern, say in WORDS.items():
                    if match := pattern.search(text):
                        yield f"{path}:{number}: “{match[0]}” in “{text.strip()}”: say {say}"


def test_words_are_standard() -> None:
    assert list(wrong_words()) == []
