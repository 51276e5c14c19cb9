"""Secrets on command lines: what follows ``--password`` or ``curl -u``, in a text or in its words."""

# ruff: noqa: E501 - a table: a row a line

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from agentdash.core.secret_names import meaning_of
from agentdash.core.secret_values import is_secret_value, stands_for_one
from agentdash.core.secret_view import MASK, Span

_ARGUMENT = r"(?:\"([^\"]{1,512})\"|'([^']{1,512})'|([^\s\"'|;&<>]{1,512}))"
_NO_OTHER = r"[^|;&\n]{0,500}?"
# What a text must hold, and where the secret is: in the first group that has one.
_COMMANDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("curl", re.compile(rf"\bcurl\b{_NO_OTHER}\s(?:-u|--user|--proxy-user|-U)[ =]?[\"']?[^\s\"':]{{0,100}}:([^\s\"']{{1,512}})")),
    ("mysql", re.compile(rf"\bmysql\w{{0,10}}\b{_NO_OTHER}\s-p{_ARGUMENT}")),
    ("mariadb", re.compile(rf"\bmariadb(?:-\w{{1,10}})?\b{_NO_OTHER}\s-p{_ARGUMENT}")),
    ("sshpass", re.compile(rf"\bsshpass\s+-p\s*{_ARGUMENT}")),
    ("redis-cli", re.compile(rf"\b(?:redis|valkey)-cli\b{_NO_OTHER}\s(?:-a|--pass)\s+{_ARGUMENT}")),
    ("valkey-cli", re.compile(rf"\bvalkey-cli\b{_NO_OTHER}\s(?:-a|--pass)\s+{_ARGUMENT}")),
    (" login ", re.compile(rf"\blogin\b{_NO_OTHER}\s-p[ =]{_ARGUMENT}")),
    ("pass:", re.compile(r"\spass:([^\s\"']{1,512})")),
    ("mongo", re.compile(rf"\bmongo(?:sh|dump|restore|export|import)?\b{_NO_OTHER}\s-p[ =]?{_ARGUMENT}")),
    ("ldap", re.compile(rf"\bldap\w{{3,10}}\b{_NO_OTHER}\s-w\s*{_ARGUMENT}")),
    ("smbclient", re.compile(rf"\bsmbclient\b{_NO_OTHER}\s-U\s*[^\s%]{{1,100}}%(\S{{1,512}})")),
    ("@tcp(", re.compile(r"(?<![\w.])[\w.-]{1,64}:([^\s:@/\"']{1,256})@tcp\(")),
    ("@unix(", re.compile(r"(?<![\w.])[\w.-]{1,64}:([^\s:@/\"']{1,256})@unix\(")),
)  # fmt: skip
_OPTIONS = (" -p", " -u", " -U", " -a", " -w", " --user", " --pass", " --proxy-user")
_MOST = 20
"""Commands of one kind that are looked for in one text."""
_BEFORE, _WITHIN = 80, 1024
_OPTION = re.compile(r"-{1,2}(?P<name>[A-Za-z][\w.-]{1,60})")


def may_hold_command(text: str) -> bool:
    """A quick check that lets most texts pass: whether one of the options or forms is in it."""
    if " -" in text:
        for option in _OPTIONS:
            if option in text:
                return True
    return "pass:" in text or "@tcp(" in text or "@unix(" in text


def command_spans(text: str, low: str) -> Iterator[Span]:
    """Secrets of commands that are known, in a text that shows them; *low* is it in small letters."""
    for sign, pattern in _COMMANDS:
        if sign not in low:
            continue
        place = low.find(sign)
        for _ in range(_MOST):
            if place < 0:
                break
            match = pattern.search(text, max(0, place - _BEFORE), place + _WITHIN)
            if match is None:
                place = low.find(sign, place + _WITHIN // 2)
                continue
            group = next(number for number, found in enumerate(match.groups(), 1) if found)
            if not stands_for_one(match[group]):
                yield Span(*match.span(group), "password")
            place = low.find(sign, match.end())


def masked_words(words: Sequence[str], masked: Callable[[str], str]) -> list[str]:
    """A command line word by word: also what follows an option such as ``--api-key``.

    Args:
        words: The program and its arguments.
        masked: Masks what is recognised within one text.
    """
    found = [_masked_word(words, place, masked) for place in range(len(words))]
    line = " ".join(words)
    for span in command_spans(line, line.lower()):
        found = _without(words, found, span)
    return found


def _masked_word(words: Sequence[str], place: int, masked: Callable[[str], str]) -> str:
    word = words[place]
    option = _OPTION.fullmatch(words[place - 1]) if place else None
    meaning = meaning_of(option["name"]) if option is not None else None
    if meaning is None or word.startswith("--") or not word:
        return masked(word)
    if meaning.spoken or meaning.kind in {"authorization", "credentials"}:
        return word if stands_for_one(word) else MASK
    if is_secret_value(word, meaning, assigned=True, quoted=True):
        return MASK
    return masked(word)


def _without(words: Sequence[str], found: list[str], span: Span) -> list[str]:
    """*found* with what *span* of the joined words covers masked."""
    place = 0
    masked = list(found)
    for number, word in enumerate(words):
        start, end = max(span.start, place), min(span.end, place + len(word))
        if start < end:
            masked[number] = word[: start - place] + MASK + word[end - place :]
        place += len(word) + 1
    return masked
