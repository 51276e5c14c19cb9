"""Secrets that are assigned to a name: ``dbPassword=…``, ``"token": "…"``, ``--api-key …``, headers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agentdash.core.secrets.headers import bare_end, header_value, quoted_end
from agentdash.core.secrets.names import Meaning, meaning_of
from agentdash.core.secrets.values import (
    is_expression,
    is_label,
    is_own_name,
    is_placeholder,
    is_secret_value,
    is_type,
    looks_generated,
)
from agentdash.core.secrets.view import Span

HINTS = (
    "pass", "pwd", "secret", "token", "key", "auth", "cookie", "cred", "sig=", "signature", "sessid", "pw",
    "psk",
)  # fmt: skip
"""A lower-case text without any of them contains no name of a secret."""

_SIGNS = (
    "pass", "pw", "key", "token", "secret", "auth", "cookie", "cred", "sig", "sessid", "psk",
    "bearer", "basic",
)  # fmt: skip
"""Fewer texts, one of which is in each of `HINTS`, and in secrets without a name."""
_AFTER = re.compile(
    r"(?P<rest>[\w-]{0,48}(?:\.[\w-]{1,40}){0,4})"
    r"(?P<closing>\\{0,31}(?:[\"'`]|\*{2})?\]?)"
    r"(?:[ \t]{0,60}(?P<sign>:{1,3}=|=>|->|→|\.=|\?=|\+=|=(?!=)|:{1,2}(?![:/])|\|\||[|│┃](?=[ \t])|%3[DdAa])"
    r"(?:\*{2})?[ \t]{0,60}"
    r"(?P<inner>\{\s?\\{0,31}[\"'][\w.-]{1,40}\\{0,31}[\"']\s?:\s?(?=\\{0,31}[\"'])|\[\s?(?=\\{0,31}[\"']))?"
    r"|(?P<pair>,?\s{0,4}\\{0,31}[\"']?[vV]alue\\{0,31}[\"']?\s{0,4}[:=]\s{0,4})"
    r"|(?P<comma>[ \t]{0,4},[ \t]{0,4}(?=[\"']))"
    r"|(?P<element></(?:td|th|dt|b|strong|label|span)>\s{0,8}<(?:td|dd|span|code)[^<>]{0,80}>(?:<code>)?"
    r"|>(?:<!\[CDATA\[)?)"
    r"|(?P<call>\( ?(?=[\"']))"
    r"|(?P<gap>[ \t]{1,60}))"
    r"(?:(?:Secret|SecretStr|SecretBytes|Password|Token|Some|Ok|Just|Optional|[sS]ensitive|str|String|quote)"
    r"\((?=[\"'bru])|string\(\d{1,6}\) (?=\"))?"
    r"(?:[bBuUrRfF]{1,2}(?=\\{0,31}[\"']))?"
    r"(?P<open>\\{0,31}(?:\"\"\"|'''|[\"'`]))?"
)
_LONGEST = 8192
_BARE_ON = re.compile(r"[^\s\"'`<>]+")
_MARKUP = re.compile(r"(?! )[^<]{1,8192}(?=</|$)")
_CDATA = re.compile(r"[^\]]{1,8192}(?=\]\]>|$)")
_ELEMENT = re.compile(r"<(?:[\w-]{1,30}:)?$")
_NAMED = re.compile(r"(?:name|key|id)=\\{0,31}[\"']$")
_CHANGED = re.compile(r"[\"'][ \t]{0,8}(?:->|→|=>)[ \t]{0,8}(?P<open>[\"'])")
# What follows a quote that closes a text, but not one that opens a value.
_CLOSED = re.compile(r"[ \t]{0,4}(?:[,;+)\]}%]|$)")
_CELL = re.compile(r"[`\"']?[ \t]{0,60}(?:[|│┃]|$)")
_FREE_SCHEME = re.compile(r"(?i)(?<![A-Za-z0-9])(?:bearer|basic)\s{1,4}([A-Za-z0-9+/_.~=-]{8,8192})")
_WORD_AND_NUMBER = re.compile(r"[A-Za-z]+\d{1,4}")
_YAML = re.compile(r"[ \t]*(?:-[ \t]+)?[\"']?$")
_BEFORE = 64
_PROSE_BEFORE = (
    "unexpected ", "invalid ", "expected ", "illegal ", "current ", "lock ", "resume ", "trace ", "next ",
    "found ", "fencing ", "continuation ", "page ", "shift ", "near ",
)  # fmt: skip
# Words before a name and a value without a sign between them; names with such values.
_SETTING = re.compile(
    r"(?:^|[\s;&\"])(?:env|ENV|ARG|setenv|set -\w{1,4}|putenv|-e|--env|config set|CONFIG SET) $"
)
_DIRECTIVES = frozenset({"requirepass", "masterauth", "ansible_password", "PASSWORD"})
_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_SETS = re.compile(r"(?i)(?:set|with|change|update|reset)")
_HEADER_NAME = re.compile(r"(?i)authorization|cookie|.+[-_.].+")


def may_contain_name(low: str) -> bool:
    """Whether a lower-case text may contain the name of a secret: a quick check."""
    for sign in _SIGNS:  # noqa: SIM110 - a generator costs more than the search
        if sign in low:
            return True
    return False


def assigned_spans(text: str, low: str) -> Iterator[Span]:
    """The secrets in *text*; *low* is *text* in lower case."""
    if "bearer" in low or "basic" in low:
        for free in _FREE_SCHEME.finditer(text):
            if (
                looks_generated(free[1], 8)
                and not is_placeholder(free[1])
                and not _WORD_AND_NUMBER.fullmatch(free[1])
            ):
                yield Span(*free.span(1), "authorization")
    done = 0
    for place in _hits(low):
        if place < done:
            continue
        match = _AFTER.match(text, place)
        if match is None:
            continue
        start = _name_start(text, place)
        done = max(place + 1, match.end("rest"))
        asked = start - 1 if text[start - 1 : start] in {"?", "&"} else start  # as in a URL
        meaning = meaning_of(text[asked : match.end("rest")])
        if meaning is None:
            continue
        found = _NamedValue(text, start, match, meaning).value()
        if found is not None and found[0] < found[1]:
            yield Span(*found, meaning.kind)
            done = found[1]
            changed = _CHANGED.match(text, done) if match["open"] else None
            if changed is not None:
                done = quoted_end(text, changed.end(), changed["open"])
                if done > changed.end() and not is_placeholder(text[changed.end() : done]):
                    yield Span(changed.end(), done, meaning.kind)


def _hits(low: str) -> list[int]:
    """Where names may be, in order."""
    hits: list[int] = []
    for hint in HINTS:
        place = low.find(hint) if hint in low else -1
        while place >= 0:
            hits.append(place)
            place = low.find(hint, place + len(hint))
    hits.sort()
    return hits


def _name_start(text: str, place: int) -> int:
    start, least = place, max(0, place - _BEFORE)
    while start > least and (text[start - 1].isalnum() or text[start - 1] in "_-."):
        start -= 1
    if start and text[start - 1] == "\\" and text[start] in "nrtbf" and start < place:
        start += 1  # a newline that is written out
    return start


class _NamedValue:
    """The name of a secret, and what follows it."""

    def __init__(self, text: str, start: int, match: re.Match[str], meaning: Meaning) -> None:
        self.text, self.start, self.match, self.meaning = text, start, match, meaning
        self.name = text[start : match.end("rest")]
        self.before = text[start - 1 : start]
        self.sign: str = match["sign"] or ""
        self.opening: str = match["open"] or ""
        self.colon = self.sign[:1] == ":" and self.sign[-1] != "="

    def value(self) -> tuple[int, int] | None:
        """Where its value begins and ends; None without one, or for one that is not a secret."""
        text, begin = self.text, self.match.end()
        if self.match["element"]:
            return self._within_markup(begin)
        if not self._is_assignment():
            return None
        if self.meaning.kind in {"authorization", "cookie"} and (self.opening or self.sign):
            special = header_value(text, begin, self.opening, self.meaning, self.start)
            if special is not None:
                return special
        end = quoted_end(text, begin, self.opening) if self.opening else bare_end(text, begin)
        value = text[begin:end]
        if not value or not self._is_secret(value, end):
            return None
        longer = _BARE_ON.match(text, end) if len(value) >= _LONGEST and not self.opening else None
        return begin, end if longer is None else longer.end()

    def _is_assignment(self) -> bool:
        """Whether what is between name and value assigns it."""
        match, begin = self.match, self.match.end()
        if match["gap"]:
            return self._is_option(begin) if self.name[0] == "-" else self._is_setting()
        if match["call"]:
            return self.meaning.chosen and _SETS.match(self.name.rpartition(".")[2]) is not None
        if match["comma"] and _HEADER_NAME.fullmatch(self.name) is None:
            return False
        if self.colon and self.before == "/":
            return False
        if self.sign == "->" and not self.opening and match.end("sign") == begin:
            return False  # a member of a structure
        if len(self.opening) == 1 and not match["closing"] and _CLOSED.match(self.text, begin):
            line = self.text.rfind("\n", 0, self.start) + 1
            return self.text.count(self.opening, line, self.start) % 2 == 0  # else it closes a quoted text
        return True

    def _is_option(self, begin: int) -> bool:
        return not self.match["closing"] and "." not in self.name and self.text[begin : begin + 1] != "-"

    def _is_setting(self) -> bool:
        """Whether name and value are separated as in ``ENV NAME VALUE``, or in two columns."""
        if self.match["closing"]:
            return False
        if self.name in _DIRECTIVES or self._is_set():
            return True
        columns = len(self.match["gap"]) > 1 or "\t" in self.match["gap"]
        return columns and _VARIABLE.fullmatch(self.name) is not None

    def _is_set(self) -> bool:
        return _SETTING.search(self.text, max(0, self.start - 16), self.start) is not None

    def _is_secret(self, value: str, end: int) -> bool:
        if not self.opening and (
            is_expression(value, self.text[end : end + 2])
            or is_own_name(self.name, value)
            or (self.colon and is_type(value, self.text[end : end + 3]))
        ):
            return False
        if not self.opening and (self.colon or self.before == " ") and self._is_prose():
            return False
        if self.sign == "||" and not (self.opening and looks_generated(value, 8)):
            return False
        if self.match["inner"] and " " in value:
            return False
        if self.match["pair"] and value.isalpha() and not self.meaning.chosen:
            return False
        assigned = self._is_assigned(value, end)
        if assigned is None:
            return False
        return is_secret_value(value, self.meaning, assigned=assigned, quoted=bool(self.opening))

    def _is_assigned(self, value: str, end: int) -> bool | None:
        """Whether it is certainly assigned, or may be prose, as after a colon; None where it is neither."""
        if self.sign in {"|", "│", "┃"}:
            return False if _CELL.match(self.text, end) is not None else None
        if self.match["comma"]:
            return False
        if self.match["gap"] and self.name[0] != "-":
            return self.name in _DIRECTIVES - {"PASSWORD"} or bool(self.opening) or self._is_set()
        if not self.colon or self.opening:
            return True
        if value.isdigit() and self.match["closing"]:
            return True
        line = self.text.rfind("\n", 0, self.start) + 1
        alone = _YAML.fullmatch(self.text, line, self.start) is not None and not is_label(value)
        return alone and self.meaning.chosen and self.text[end : end + 1] in {"", "\n", "\r"}

    def _is_prose(self) -> bool:
        """Whether the words before a name make it prose: ``unexpected token: x``."""
        before = self.text[max(0, self.start - 14) : self.start].lower()
        return not self.meaning.chosen and before.endswith(_PROSE_BEFORE)

    def _within_markup(self, begin: int) -> tuple[int, int] | None:
        if self.match["closing"]:
            within = _NAMED.search(self.text, max(0, self.start - 40), self.start) is not None
        else:
            within = _ELEMENT.search(self.text, max(0, self.start - 40), self.start) is not None
            within = within or (self.before == ">" and self.match["element"][0] == "<")
        cdata = self.match["element"].endswith("[")
        value = (_CDATA if cdata else _MARKUP).match(self.text, begin) if within else None
        if value is None or not is_secret_value(value[0].strip(), self.meaning, assigned=True, quoted=True):
            return None
        return value.span()
