"""Secrets that are known by the text around them: configuration files, SQL, protocols, sentences."""

# ruff: noqa: E501 - a table: a row a line

from __future__ import annotations

import re
from collections.abc import Iterator

from agentdash.core.secrets.languages import PASSWORD
from agentdash.core.secrets.names import Meaning
from agentdash.core.secrets.values import is_placeholder, is_secret_value, looks_generated
from agentdash.core.secrets.view import Span

_CHOSEN = Meaning("password", chosen=True)
_QUOTE = r"[\"'`]?"
_START, _END = r"(?:^|\n|\\n|\")", r"(?=[ \r]{0,8}(?:$|\n|\\n|\"))"
_ANY, _PROSE, _GENERATED = "any", "prose", "made"
# Two texts that a lower-case text must contain, a pattern with the secret in its only group, and what the
# secret must be: any text, not a word of a sentence, generated.
_STATEMENTS: tuple[tuple[str, str, str, str], ...] = (
    # .netrc, also over lines
    ("login ", "", r"\blogin\s+\S{1,200}\s+password\s+(\S{1,512})", _ANY),
    ("password ", "", rf"{_START}[ \t]*password[ \t]+(\S{{6,512}}){_END}", _PROSE),
    # .pgpass: host:port:database:user:password
    (":*:", ":", rf"{_START}[\w.*-]{{1,253}}:(?:\d{{4,5}}|\*):[\w.*-]{{1,64}}:[\w.*-]{{1,64}}:([^\s\"]{{3,512}}){_END}", _ANY),
    (":5432:", ":", rf"{_START}[\w.*-]{{1,253}}:\d{{4,5}}:[\w.*-]{{1,64}}:[\w.*-]{{1,64}}:([^\s\"]{{3,512}}){_END}", _ANY),
    # Cookies of Netscape: domain, flag, path, flag, time, name, value
    ("\ttrue\t", "", r"\t(?:TRUE|FALSE)\t/[^\t\n]{0,500}\t(?:TRUE|FALSE)\t\d{1,12}\t[^\t\n]{1,200}\t(\S{6,4096})", _GENERATED),
    ("\tfalse\t", "", r"\t(?:TRUE|FALSE)\t/[^\t\n]{0,500}\t(?:TRUE|FALSE)\t\d{1,12}\t[^\t\n]{1,200}\t(\S{6,4096})", _GENERATED),
    # SQL: MySQL, Oracle
    ("identified ", " by ", r"(?i)\bidentified\s(?:with\s\S{1,60}\s)?by\s(?:password\s)?[\"']([^\"'\n]{1,512})", _ANY),
    ("identified ", " by ", r"\bIDENTIFIED BY (?:PASSWORD )?([^\"'\s;]{3,512})", _ANY),
    # Redis, and its users
    (" >", "setuser ", r"(?i)\bsetuser\s[^\n]{0,400}?\s>(\S{1,512})", _ANY),
    (" >", "user ", rf"{_START}user \S{{1,100}} o(?:n|ff) [^\n>]{{0,400}}>(\S{{1,512}})", _ANY),
    ("auth ", "", rf"(?:{_START}|[>:\]] )AUTH (?!PLAIN|LOGIN|XOAUTH)(?:\S{{1,100}} )?([^\s\"]{{3,512}}){_END}", _PROSE),
    ("\"auth", "\" ", r"\\?\"AUTH\\?\" (?:\\?\"[^\"\\\n]{1,100}\\?\" )?\\?\"([^\"\\\n]{1,512})\\?\"", _ANY),
    # SMTP, IMAP, POP, FTP
    ("auth ", "", r"\bAUTH(?:ENTICATE)? (?:PLAIN|LOGIN|XOAUTH2) ([A-Za-z0-9+/]{8,4096}={0,2})(?![\w/+=])", _ANY),
    ("pass ", "", rf"(?:{_START}|(?:[>:\]]|FTP|C:) )PASS ([^\s/\"]{{8,512}}){_END}", _PROSE),
    # What AWS asks for
    ("secret access key", "", r"(?i)\bsecret access key(?: \[[^\]\n]{0,40}\])?: {0,4}([A-Za-z0-9+/]{30,60})", _ANY),
    # Sentences
    ("password is ", "", rf"(?i)\bpassword is (?:now |set to |called )?{_QUOTE}([^\s\"'`]{{6,512}})", _PROSE),
    ("password was ", "", rf"(?i)\bpassword was (?:set to |changed to ){_QUOTE}([^\s\"'`]{{6,512}})", _PROSE),
    ("password to ", "", rf"(?i)\b(?:set|changed?|reset) (?:the |your |his |her )?(?:\w{{1,20}} )?password to {_QUOTE}([^\s\"'`]{{6,512}})", _PROSE),
    ("password", "generated", rf"(?i)\b(?:password\b[^\n]{{0,40}}generated|generated[^\n]{{0,40}}password)\b[^\n:]{{0,60}}: {{1,4}}{_QUOTE}([^\s\"'`]{{6,512}})", _PROSE),
    ("temporary password", "", rf"(?i)\btemporary password\b[^\n:]{{0,60}}: {{1,4}}{_QUOTE}([^\s\"'`]{{6,512}})", _PROSE),
    ("token is ", "", rf"(?i)\btoken is {_QUOTE}([^\s\"'`]{{16,2048}})", _GENERATED),
    ("key is ", "", rf"(?i)\b(?:api|secret|access) key is {_QUOTE}([^\s\"'`]{{16,2048}})", _GENERATED),
)  # fmt: skip
_COMPILED = tuple((first, then, re.compile(form), look) for first, then, form, look in _STATEMENTS)
_WORDS = re.compile(
    r"(?i)(?<![^\W_])(?:" + "|".join(re.escape(word).replace(r"\ ", "[ _-]?") for word in PASSWORD) + r")"
    r"[\"'`]?[ \t]{0,8}(?P<sign>=|:|=>)[ \t]{0,8}(?P<open>[\"'`]?)(?P<value>[^\s\"'`]{3,512})"
)
_MAX = 20
"""Statements of one kind that are searched for in one text."""


def statement_spans(text: str, low: str) -> Iterator[Span]:
    """The secrets in *text*; *low* is *text* in lower case."""
    for first, then, form, look in _COMPILED:
        if first not in low or then not in low:
            continue
        for number, match in enumerate(form.finditer(text)):
            if number >= _MAX:
                break
            start = match.start(1)
            value = match[1].rstrip(".,;:)") if look != _ANY else match[1]
            if value and _fits(value, look):
                yield Span(start, start + len(value), "password")


def word_spans(text: str) -> Iterator[Span]:
    """Values of names that mean password in another language."""
    for match in _WORDS.finditer(text):
        assigned = match["sign"] != ":" or match["open"] != ""
        if is_secret_value(match["value"], _CHOSEN, assigned=assigned, quoted=match["open"] != ""):
            yield Span(*match.span("value"), "password")


def _fits(value: str, look: str) -> bool:
    if is_placeholder(value):
        return False
    if look == _GENERATED:
        return looks_generated(value)
    return look == _ANY or is_secret_value(value, _CHOSEN, assigned=False, quoted=False)
