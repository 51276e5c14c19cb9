"""The embedded server: one per folder, started by its first user, stopped by its last.

Three lock files coordinate this, because the kernel releases a lock when its holder dies:

- ``start.lock`` is held exclusively while the server is started, stopped or recovered.
- ``users.lock`` is shared by all users; a user that can hold it exclusively is the last one.
- ``server.lock`` is held by the server itself, which inherits it: while it is held, a server runs in this
  folder, so two never write the same data; when it is free, the recorded server has ended.
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
    """The server of one folder. All methods block for a bounded time; call them from a thread.

    Args:
        folder: For its data, socket, log and locks. Private to its owner. The data is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.expanduser().absolute()

    def acquire(self) -> EmbeddedUse:
        """Join the running server, or start it.

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
        """Restart the server if its process has ended.

        Returns:
            The new server; None if it is still running.

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
        """Release *use*; the last user stops the server."""
        try:
            if not use.users.on_path():
                # The folder was removed. A server that shuts down normally would remove the new one's socket.
                if use.birth is not None and use.users.take():
                    process.send(use.pid, use.birth, signal.SIGKILL)
                return
            with self._alone():
                if use.users.take():
                    self._stop()
        finally:
            use.users.close()

    def stop(self) -> bool:
        """Stop the server, even if it is in use.

        Returns:
            Whether it was running.

        Raises:
            SourceError: when it does not stop.
        """
        if not self.folder.is_dir():
            return False
        with self._alone():
            return self._stop()

    def status(self) -> ServerStatus:
        """The status of the server, read from outside."""
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
        """A server that answers: the running one, or a new one. Needs the start lock."""
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
        """Stop a running server that does not answer, unless it has other users."""
        sole_user = users.take()
        users.take(shared=True, timeout=_STEP_LIMIT)
        if sole_user and known is not None and self._end(known, life):
            return
        pid = f" (pid {known.pid})" if known and known.pid else ""
        raise SourceError(
            f"The embedded server in {self.folder} runs{pid} but does not answer",
            "End that process, or stop it with: agentdash server stop",
        )

    def _place(self, known: ServerRecord | None) -> Path:
        """The path of the socket: the previous one, so that its users find a restarted server."""
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
        """Stop the server and clean up. Needs the start lock."""
        known = record.load(self.folder)
        with self._lock("server.lock") as life:
            lived = not life.take()
            if lived and (known is None or not self._end(known, life)):
                raise SourceError(
                    f"The embedded server in {self.folder} does not stop",
                    f"End it by hand: pid {known.pid if known and known.pid else 'unknown'}",
                )
            record.forget(self.folder)
            if known is not None:
                places.remove_socket(Path(known.socket), self.folder)
        return lived

    @staticmethod
    def _end(known: ServerRecord, life: FileLock) -> bool:
        """Send SHUTDOWN, then SIGTERM, then SIGKILL; the last two only to the recorded process."""
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
                    "Another agentdash is starting or stopping the embedded server, and does not finish",
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
    """One use of the embedded server, until `release` or the end of the process.

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
        """Restart the server if its process has ended; blocks.

        Returns:
            Whether it was restarted or joined again.

        Raises:
            SourceError: when that is not possible, or it was stopped on purpose.
        """
        with self._guard:
            found = None if self._released else self._server.recover(self)
            if found is not None:
                self._set(found)
            return found is not None

    def release(self) -> None:
        """Release it; the last user stops the server. Blocks; a second call does nothing.

        Raises:
            SourceError: when the server does not stop.
        """
        with self._guard:
            if not self._released:
                self._released = True
                self._server.leave(self)


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """The embedded server of a folder, read from outside.

    Attributes:
        running: Whether its process is running.
        answer: Its INFO; None when it does not answer.
    """

    folder: Path
    running: bool
    url: str | None = None
    pid: int | None = None
    answer: launch.Answer | None = None


def status(folder: Path) -> ServerStatus:
    """The server in *folder*; see `EmbeddedServer.status`."""
    return EmbeddedServer(folder).status()


def stop(folder: Path) -> bool:
    """Stop the server of *folder*; see `EmbeddedServer.stop`."""
    return EmbeddedServer(folder).stop()


def _url(socket: str) -> str:
    return f"unix://{quote(socket)}"
