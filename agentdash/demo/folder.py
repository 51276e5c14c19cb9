"""The temporary folder of one demo: its layout and its owners."""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

PREFIX = "agentdash-demo-"
MARK = "DEMO_OF_AGENTDASH"
"""Environment variable that every process of a demo inherits; its value is the folder."""

OWNERLESS_AFTER = 60.0
"""Seconds after which a folder without a recorded owner counts as abandoned."""


@dataclass(frozen=True, slots=True)
class DemoFolder:
    """One demo's folder; everything that the demo writes is below `root`."""

    root: Path

    @property
    def projects(self) -> Path:
        """The repositories."""
        return self.root / "projects"

    @property
    def upstream(self) -> Path:
        """The bare repositories that they push to, outside of the projects."""
        return self.root / "upstream"

    @property
    def server(self) -> Path:
        """The private server's files and socket."""
        return self.root / "server"

    @property
    def state(self) -> Path:
        """The state folder of every agentdash process in the demo."""
        return self.root / "state"

    @property
    def config(self) -> Path:
        """The settings file of the workers."""
        return self.root / "config" / "agentdash" / "config.toml"

    @property
    def inbox(self) -> Path:
        """Where agents write findings."""
        return self.root / "monitor-session" / "findings"

    def log(self, name: str) -> Path:
        """The log of a service."""
        return self.root / "logs" / f"{name}.log"

    def agent_log(self, title: str) -> Path:
        """The log of an agent."""
        return self.root / "logs" / "agents" / f"{title}.log"

    def pid_file(self, name: str) -> Path:
        """The pid file of a service."""
        return self.root / "pids" / f"{name}.pid"

    def port_file(self, name: str) -> Path:
        """The file with the port that a service listens on."""
        return self.root / "pids" / f"{name}.port"

    def make_subfolders(self) -> None:
        """Create every folder that a part of the fleet expects."""
        places = (
            self.projects, self.upstream, self.server, self.state, self.config.parent, self.inbox,
            self.agent_log("x").parent, self.pid_file("x").parent, self.root / "empty",
        )  # fmt: skip
        for place in places:
            place.mkdir(parents=True, exist_ok=True)

    def add_owner(self, part: str, who: tuple[int, float]) -> None:
        """Record a process that owns the folder, as (process id, create time in Unix seconds)."""
        known = self.owners() or {}
        new = self.root / "keepers.json.new"
        new.write_text(json.dumps({**known, part: who}))
        new.replace(self.root / "keepers.json")

    def owners(self) -> dict[str, tuple[int, float]] | None:
        """The recorded owners by role; None where there are none."""
        try:
            raw = json.loads((self.root / "keepers.json").read_text())
            return {part: (int(pid), float(created)) for part, (pid, created) in raw.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return None

    def remove(self, patience: float = 3.0) -> bool:
        """Remove everything, also files written meanwhile.

        Args:
            patience: Seconds for retries.

        Returns:
            Whether the folder is gone.
        """
        until = time.monotonic() + patience
        while self.root.exists():
            shutil.rmtree(self.root, ignore_errors=True)
            if time.monotonic() > until:
                return not self.root.exists()
            if self.root.exists():
                time.sleep(0.05)
        return True


def create() -> DemoFolder:
    """A new folder with mode 0700.

    Raises:
        OSError: when the temporary folder is not writable.
    """
    return DemoFolder(Path(tempfile.mkdtemp(prefix=PREFIX)).resolve())


def existing() -> list[DemoFolder]:
    """The folders of all demos of this user on this machine, running or abandoned."""
    found = []
    for place in Path(tempfile.gettempdir()).resolve().glob(f"{PREFIX}*"):
        try:
            info = place.lstat()
        except OSError:
            continue
        if stat.S_ISDIR(info.st_mode) and info.st_uid == os.getuid():
            found.append(DemoFolder(place))
    return found
