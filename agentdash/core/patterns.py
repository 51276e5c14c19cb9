"""Globs over keys, as the server reads them in KEYS and SCAN MATCH; keys need not be text."""

from __future__ import annotations

from fnmatch import translate
from functools import lru_cache
from re import Pattern
from re import compile as compile_pattern


def matches(pattern: str, key: bytes) -> bool:
    """Whether *key* as a whole matches *pattern* (``*``, ``?``, ``[abc]``, ``[^a]``)."""
    return key_pattern(pattern).fullmatch(key.decode("utf-8", "surrogateescape")) is not None


@lru_cache(maxsize=256)
def key_pattern(text: str) -> Pattern[str]:
    """The glob *text* as a regular expression for `re.fullmatch`."""
    return compile_pattern(translate(text.replace("[^", "[!")))
