"""A client of the test's own: a blocking socket, RESP2 read by hand; nothing is shared with ours."""

from __future__ import annotations

import socket
from types import TracebackType
from typing import Any, Self


class RefusalError(Exception):
    """An error that the server answers with."""


class Raw:
    """One connection to the server behind a ``unix://`` URL, or to a port of this machine."""

    def __init__(self, url: str) -> None:
        kind, _, place = url.partition("://")
        if kind == "unix":
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.connect(place.partition("?")[0])
        else:
            host, _, port = place.partition("/")[0].rpartition(":")
            self._socket = socket.create_connection((host, int(port)))
        self._file = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._socket.close()

    def __call__(self, *words: str | bytes | int) -> Any:
        """The reply to one command; an error of the server as `RefusalError`, raised."""
        self.send(*words)
        reply = self._read()
        if isinstance(reply, RefusalError):
            raise reply
        return reply

    def send(self, *words: str | bytes | int) -> None:
        """Send one command, and leave its reply for later, or for never."""
        raw = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        self._socket.sendall(
            b"*%d\r\n" % len(raw) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in raw)
        )

    def table(self, *words: str | bytes | int) -> dict[str, Any]:
        """The reply as names with their values."""
        return table(self(*words))

    def tables(self, *words: str | bytes | int) -> list[dict[str, Any]]:
        return [table(one) for one in self(*words)]

    def _read(self) -> Any:
        line = self._file.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"$":
            return None if rest == b"-1" else self._file.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return None if rest == b"-1" else [self._read() for _ in range(int(rest))]
        if kind == b":":
            return int(rest)
        return RefusalError(rest.decode()) if kind == b"-" else rest


def table(flat: list[Any]) -> dict[str, Any]:
    return {name.decode(): value for name, value in zip(flat[::2], flat[1::2], strict=True)}
