r"""Commands as typed into ``redis-cli``: exact, whatever bytes a name has.

The quoting is that of redis-cli's own line splitter (``sdssplitargs``): double quotes, with
``\n \r \t \b \a``, ``\\``, ``\"`` and ``\xHH`` inside.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agentdash.core.secrets.mask import mask

_PLAIN = re.compile(rb"[A-Za-z0-9_.:@/+=,~$*{}\-]+\Z")
_ESCAPED = {0x22: '\\"', 0x5C: "\\\\", 0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x08: "\\b", 0x07: "\\a"}

Word = bytes | str | int


def redis_cli(words: Sequence[Word], *, longest: int | None = None) -> str:
    """*words* as one line for redis-cli, in printable ASCII; a secret in a name is masked.

    Args:
        words: The command and its arguments.
        longest: Bytes of a word that are shown, of its beginning and its end; a longer one has ``…`` in its
            middle and cannot be pasted. None: all.
    """
    return mask(" ".join(quoted(word, longest) for word in words))[0]


def quoted(word: Word, longest: int | None = None) -> str:
    """One word, quoted where redis-cli would otherwise parse it differently."""
    raw = word if isinstance(word, bytes) else str(word).encode()
    if longest is None or len(raw) <= longest:
        return raw.decode("ascii") if _PLAIN.match(raw) else f'"{_escaped(raw)}"'
    tail = longest // 3
    head, end = raw[: longest - tail], raw[len(raw) - tail :]
    if _PLAIN.match(head) and _PLAIN.match(end):
        return f"{head.decode('ascii')}…{end.decode('ascii')}"
    return f'"{_escaped(head)}…{_escaped(end)}"'


def _escaped(raw: bytes) -> str:
    return "".join(
        _ESCAPED[byte] if byte in _ESCAPED else chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}"
        for byte in raw
    )
