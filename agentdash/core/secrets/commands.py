"""Secrets on command lines: the values of ``--password`` or ``curl -u``, in a text or in its words."""

# ruff: noqa: E501 - a table: a row a line

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from agentdash.core.secrets.names import meaning_of
from agentdash.core.secrets.values import is_placeholder, is_secret_value
from agentdash.core.secrets.view import MASK, Span

_ARGUMENT = r"(?:\"([^\"]{1,512})\"|'([^']{1,512})'|([^\s\"'|;&<>]{1,512}))"
_UNTIL = r"[^|;&\n]{0,500}?\s"
_LOGIN = r"[\"']?[^\s\"':]{0,100}:([^\s\"']{1,512})"
_FED = r"[^\n]{0,200}?(?:\bsudo\s[^|\n]{0,40}-\w{0,4}S\b|-stdin\b|\bchpasswd\b|\s--passphrase-fd[ =]0)"
# What a text must contain, and a pattern with the secret in its first group that matches.
_COMMANDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("curl", re.compile(rf"\bcurl\b{_UNTIL}(?:-[a-zA-Z]{{0,8}}[uU]|--(?:proxy-)?user)[ =]{{0,2}}{_LOGIN}")),
    ("curl", re.compile(rf"\bcurl\b{_UNTIL}(?:-[a-zA-Z]{{0,8}}b|--cookie)[ =]{{0,2}}[\"']?([^\s\"'=]{{1,64}}=[^\"'\n]{{6,2048}}?)(?=[\"'\s]|$)")),
    ("mysql", re.compile(rf"\bmysql\w{{0,10}}\b{_UNTIL}-p(?!ort\b){_ARGUMENT}")),
    ("mariadb", re.compile(rf"\bmariadb(?:-\w{{1,10}})?\b{_UNTIL}-p(?!ort\b){_ARGUMENT}")),
    ("sshpass", re.compile(rf"\bsshpass\s+-p\s*{_ARGUMENT}")),
    ("redis-cli", re.compile(rf"\bredis-cli\b{_UNTIL}(?:-a|--pass)\s+{_ARGUMENT}")),
    ("valkey-cli", re.compile(rf"\bvalkey-cli\b{_UNTIL}(?:-a|--pass)\s+{_ARGUMENT}")),
    (" login ", re.compile(rf"\blogin\b{_UNTIL}-p[ =]{_ARGUMENT}")),
    ("pass:", re.compile(r"\spass:([^\s\"']{1,512})")),
    ("mongo", re.compile(rf"\bmongo(?:sh|dump|restore|export|import)?\b{_UNTIL}-p[ =]?(?!ort\b){_ARGUMENT}")),
    ("cypher-shell", re.compile(rf"\bcypher-shell\b{_UNTIL}-p[ =]?{_ARGUMENT}")),
    ("ldap", re.compile(rf"\bldap\w{{3,10}}\b{_UNTIL}-w\s*{_ARGUMENT}")),
    ("smbclient", re.compile(rf"\bsmbclient\b{_UNTIL}-U\s*[^\s%]{{1,100}}%(\S{{1,512}})")),
    ("sqlplus", re.compile(rf"\bsqlplus\b{_UNTIL}[\"']?[\w$#]{{1,64}}/(?![/ ])\"?([^\s@\"']{{1,256}})")),
    ("jdbc:oracle", re.compile(r"\bjdbc:oracle:\w{1,8}:[\w$#]{1,64}/\"?([^\s@\"']{1,256})(?=\"?@)")),
    ("7z", re.compile(rf"\b7z[a-z]{{0,2}}\b{_UNTIL}-p{_ARGUMENT}")),
    ("rar", re.compile(rf"\b(?:un)?rar\b{_UNTIL}-h?p{_ARGUMENT}")),
    ("zip", re.compile(rf"\b(?:un)?zip\b{_UNTIL}-\w{{0,6}}P\s*{_ARGUMENT}")),
    ("ftp", re.compile(rf"\bl?ftp\b{_UNTIL}(?:-u|--user)[ =]?[\"']?[^\s,\"']{{1,100}},([^\s\"']{{1,512}})")),
    ("openssl", re.compile(rf"\bopenssl\b{_UNTIL}-k\s+{_ARGUMENT}")),
    ("htpasswd", re.compile(rf"\bhtpasswd\s+-(?=\w{{0,8}}b)(?:n?\w{{1,8}})\s+(?:(?<!n\s)\S{{1,256}}\s+)?\S{{1,100}}\s+{_ARGUMENT}")),
    ("ipmitool", re.compile(rf"\bipmitool\b{_UNTIL}-P\s*{_ARGUMENT}")),
    ("rabbitmqctl", re.compile(rf"\brabbitmqctl\s+(?:change_password|add_user|authenticate_user)\s+\S{{1,100}}\s+{_ARGUMENT}")),
    ("/p:", re.compile(rf"(?<!\S)/p:{_ARGUMENT}")),
    ("echo", re.compile(rf"\becho\s+(?:-[neE]+\s+)?{_ARGUMENT}\s*\|{_FED}")),
    ("printf", re.compile(rf"\bprintf\s+(?:[\"']?%s(?:\\n)?[\"']?\s+)?{_ARGUMENT}\s*\|{_FED}")),
    ("<<<", re.compile(rf"(?:\bsudo\s[^|\n]{{0,40}}-\w{{0,4}}S\b|-stdin\b|\bchpasswd\b)[^|\n]{{0,80}}<<<\s*{_ARGUMENT}")),
    ("@tcp(", re.compile(r"(?<![\w.])[\w.-]{1,64}:([^\s:@/\"']{1,256})@tcp\(")),
    ("@unix(", re.compile(r"(?<![\w.])[\w.-]{1,64}:([^\s:@/\"']{1,256})@unix\(")),
)  # fmt: skip
_OPTIONS = (
    " -",
    "-stdin",
    "chpasswd",
    "pass:",
    "@tcp(",
    "@unix(",
    " /p:",
    "jdbc:oracle",
    "sqlplus",
    "rabbitmqctl",
)
_MAX = 20
"""Commands of one kind that are searched for in one text."""
_BEFORE, _WITHIN = 80, 1024
_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[_-][A-Za-z0-9]+)+")
_FILE = re.compile(r"[/\\]|\.[a-z]{1,4}$")
_OPTION = re.compile(r"-{1,2}(?P<name>[A-Za-z][\w.-]{1,60})")


def may_contain_command(low: str) -> bool:
    """Whether a lower-case text may contain a secret of a command: a quick check."""
    for option in _OPTIONS:  # noqa: SIM110 - a generator costs more than the search
        if option in low:
            return True
    return False


def command_spans(text: str, low: str) -> Iterator[Span]:
    """Secrets of known commands in a text; *low* is *text* in lower case."""
    for sign, pattern in _COMMANDS:
        if sign not in low:
            continue
        place, done = low.find(sign), 0
        for _ in range(_MAX):
            if place < 0:
                break
            match = pattern.search(text, max(done, place - _BEFORE), place + _WITHIN)
            if match is None:
                place = low.find(sign, place + _WITHIN // 2)
                continue
            group = next(number for number, found in enumerate(match.groups(), 1) if found)
            if not is_placeholder(match[group]):
                yield Span(*match.span(group), "password")
            done = match.end()
            place = low.find(sign, done)


def masked_words(words: Sequence[str], masked: Callable[[str], str]) -> list[str]:
    """A command line masked word by word, also the values of options such as ``--api-key``.

    Args:
        words: The program and its arguments.
        masked: Masks one text.
    """
    found = [_masked_word(words, place, masked) for place in range(len(words))]
    line = " ".join(words)
    for span in command_spans(line, line.lower()):
        found = _without(words, found, span)
    return found


def _masked_word(words: Sequence[str], place: int, masked: Callable[[str], str]) -> str:
    word = words[place]
    if place and _is_beside_name(words[place - 1], word):
        return MASK
    option = _OPTION.fullmatch(words[place - 1]) if place else None
    meaning = meaning_of(option["name"]) if option is not None else None
    if meaning is None or word.startswith("--") or not word:
        return masked(word)
    if meaning.chosen or meaning.kind in {"authorization", "credentials"}:
        return word if is_placeholder(word) else MASK
    if is_secret_value(word, meaning, assigned=True, quoted=True):
        return MASK
    return masked(word)


def _is_beside_name(name: str, word: str) -> bool:
    """Whether *word* is the value of the name before it, which is not an option: ``DB_PASSWORD``."""
    if _VARIABLE.fullmatch(name) is None or _FILE.search(word) is not None:
        return False
    meaning = meaning_of(name)
    return meaning is not None and is_secret_value(word, meaning, assigned=False, quoted=False)


def _without(words: Sequence[str], found: list[str], span: Span) -> list[str]:
    """*found* with *span* of the joined words masked."""
    place = 0
    masked = list(found)
    for number, word in enumerate(words):
        start, end = max(span.start, place), min(span.end, place + len(word))
        if start < end:
            masked[number] = word[: start - place] + MASK + word[end - place :]
        place += len(word) + 1
    return masked
