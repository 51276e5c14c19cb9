"""The embedded server: one for each folder, started by the first who needs it, stopped by the last.

Three lock files settle everything, because the kernel gives a lock back when its holder dies:

- ``start.lock`` is held alone by whoever starts, stops or looks closely: one at a time.
- ``users.lock`` is shared by all users; who can hold it alone is the last.
- ``server.lock`` is held by the server itself, which inherits it: while it is held a server lives on this
  folder, so two never write the same data; when it is free, what was written down about a server is past.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from agentdash.core.snapshot import SourceError
from agentdash.server import launch, places, process, record
from agentdash.server.locks import FileLock
from agentdash.server.record import ServerRecord

_PATIENCE = 30.0
_ANSWER_LIMIT = 10.0
_STEP_LIMIT = 5.0


class EmbeddedServer:
    """The server of one folder. Everything blocks for a bounded time; call it from a thread.

    Args:
        folder: Its data, socket, log and locks. Private to its owner. The data outlives the server.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.expanduser().absolute()

    def acquire(self) -> EmbeddedUse:
        """Join the server that runs, or start it.

        Raises:
            SourceError: when there is no program for it, the folder cannot be used, or it does not start.
        """
        places.make_state_folder(self.folder)
        with self._alone():
            users = self._lock("users.lock")
            try:
                users.take(shared=True, timeout=_STEP_LIMIT)
                found = self._ensure(users, record.load(self.folder))
            except BaseException:
                if users.take():
                    with suppress(SourceError):
                        self._stop()
                users.close()
                raise
        return EmbeddedUse(self, users, found)

    def recover(self, use: EmbeddedUse) -> ServerRecord | None:
        """Start the server again where its process is gone.

        Returns:
            What it is now, or None where it lives and nothing was done.

        Raises:
            SourceError: when it cannot be started, or was stopped on purpose.
        """
        if self._lives():
            return None
        with self._alone():
            known = record.load(self.folder)
            if known is None:
                raise SourceError(
                    "The embedded server was stopped", "Any agentdash command that needs it starts it again."
                )
            return self._ensure(use.users, known)

    def leave(self, use: EmbeddedUse) -> None:
        """Give up *use*; the last one out stops the server."""
        try:
            if not use.users.on_path():
                # The folder was removed under us. A server that ends in peace removes the new one's socket.
                if use.birth is not None and use.users.take():
                    process.send(use.pid, use.birth, signal.SIGKILL)
                return
            with self._alone():
                if use.users.take():
                    self._stop()
        finally:
            use.users.close()

    def stop(self) -> bool:
        """Stop the server, whoever uses it.

        Returns:
            Whether one was running.

        Raises:
            SourceError: when it does not end.
        """
        if not self.folder.is_dir():
            return False
        with self._alone():
            return self._stop()

    def status(self) -> ServerStatus:
        """What runs, seen from outside; changes nothing."""
        known = record.load(self.folder) if self.folder.is_dir() else None
        lives = self.folder.is_dir() and self._lives()
        answer = launch.ask(Path(known.socket)) if known and lives else None
        return ServerStatus(
            folder=self.folder,
            running=lives,
            url=_url(known.socket) if known and lives else None,
            pid=answer.pid if answer else known.pid if known and lives else None,
            answer=answer,
        )

    def _ensure(self, users: FileLock, known: ServerRecord | None) -> ServerRecord:
        """A server that answers: the one that lives, or a new one. Under the start lock."""
        with self._lock("server.lock") as life:
            deadline = time.monotonic() + _ANSWER_LIMIT
            while not life.take():
                if known and (answer := launch.ask(Path(known.socket))):
                    launch.bound_log(self.folder)
                    return self._note(known, answer)
                if time.monotonic() >= deadline:
                    self._give_up_on(users, known, life)
                time.sleep(0.01)
            socket = self._place(known)
            self._write(ServerRecord(str(socket)))
            return self._note(ServerRecord(str(socket)), launch.launch(self.folder, socket, life.fd))

    def _give_up_on(self, users: FileLock, known: ServerRecord | None, life: FileLock) -> None:
        """A server lives but does not answer: end it where nobody else uses it."""
        nobody_else = users.take()
        users.take(shared=True, timeout=_STEP_LIMIT)
        if nobody_else and known is not None and self._end(known, life):
            return
        pid = f" (pid {known.pid})" if known and known.pid else ""
        raise SourceError(
            f"The embedded server in {self.folder} runs{pid} but does not answer",
            "End that process, or stop it with: agentdash server stop",
        )

    def _place(self, known: ServerRecord | None) -> Path:
        """Where the socket goes: where it was, so that its users find a server that was started again."""
        if known is None:
            return places.socket_in(self.folder)
        before = Path(known.socket)
        places.make_private(before.parent)
        return before

    def _note(self, known: ServerRecord, answer: launch.Answer) -> ServerRecord:
        if known.pid == answer.pid:
            return known
        found = replace(known, pid=answer.pid, birth=process.birth(answer.pid), version=answer.version)
        self._write(found)
        return found

    def _write(self, found: ServerRecord) -> None:
        try:
            record.save(self.folder, found)
        except OSError as error:
            raise SourceError(
                f"{self.folder} cannot be written: {error.strerror}",
                "Free some space, or set state_dir to a folder that you can write to.",
            ) from error

    def _stop(self) -> bool:
        """Stop what lives and tidy up. Under the start lock."""
        known = record.load(self.folder)
        with self._lock("server.lock") as life:
            lived = not life.take()
            if lived and (known is None or not self._end(known, life)):
                raise SourceError(
                    f"The embedded server in {self.folder} does not end",
                    f"End it by hand: pid {known.pid if known and known.pid else 'unknown'}",
                )
            record.forget(self.folder)
            if known is not None:
                places.remove_socket(Path(known.socket), self.folder)
        return lived

    @staticmethod
    def _end(known: ServerRecord, life: FileLock) -> bool:
        """Ask it, then TERM, then KILL; the last two only to the very process that was written down."""
        launch.ask_to_stop(Path(known.socket))
        if life.take(timeout=_STEP_LIMIT):
            return True
        for number in (signal.SIGTERM, signal.SIGKILL):
            if known.pid is None or known.birth is None or not process.send(known.pid, known.birth, number):
                break
            if life.take(timeout=_STEP_LIMIT):
                return True
        return life.take()

    def _lives(self) -> bool:
        with self._lock("server.lock") as life:
            return not life.take(shared=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._lock("start.lock") as lock:
            if not lock.take(timeout=_PATIENCE):
                raise SourceError(
                    "Another agentdash is starting or stopping the embedded server, and does not get done",
                    f"End it; it holds {lock.path}",
                )
            yield

    def _lock(self, name: str) -> FileLock:
        try:
            return FileLock(self.folder / name)
        except OSError as error:
            raise SourceError(
                f"{error.filename or self.folder / name} cannot be used: {error.strerror}",
                "Set state_dir (or XDG_STATE_HOME) to a folder of yours that you can write to.",
            ) from error


class EmbeddedUse:
    """One user's hold on the embedded server, until `release` or the end of the process.

    Attributes:
        url: ``unix://…``
        socket: The path of the socket.
        pid: The server's process.
        version: E.g. ``valkey 9.1.2``.
    """

    def __init__(self, server: EmbeddedServer, users: FileLock, found: ServerRecord) -> None:
        self.users = users
        self._server = server
        self._guard = threading.Lock()
        self._released = False
        self._set(found)

    def _set(self, found: ServerRecord) -> None:
        self.socket = Path(found.socket)
        self.url = _url(found.socket)
        self.pid = found.pid or 0
        self.birth = found.birth
        self.version = found.version

    def recover(self) -> bool:
        """Start the server again where its process is gone; blocks.

        Returns:
            Whether it was started or joined anew.

        Raises:
            SourceError: when that is not possible, or it was stopped on purpose.
        """
        with self._guard:
            found = None if self._released else self._server.recover(self)
            if found is not None:
                self._set(found)
            return found is not None

    def release(self) -> None:
        """Give it up; the last user stops the server. Blocks; a second call does nothing.

        Raises:
            SourceError: when the server does not end.
        """
        with self._guard:
            if not self._released:
                self._released = True
                self._server.leave(self)


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """The embedded server of a folder as seen from outside.

    Attributes:
        running: Whether its process lives.
        answer: What it says of itself; None when it does not answer.
    """

    folder: Path
    running: bool
    url: str | None = None
    pid: int | None = None
    answer: launch.Answer | None = None


def status(folder: Path) -> ServerStatus:
    """What runs in *folder*; see `EmbeddedServer.status`."""
    return EmbeddedServer(folder).status()


def stop(folder: Path) -> bool:
    """Stop the server of *folder*; see `EmbeddedServer.stop`."""
    return EmbeddedServer(folder).stop()


def _url(socket: str) -> str:
    return f"unix://{quote(socket)}"
