"""Real repositories for tests, and what every byte below a folder was."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path


def git(path: Path, *arguments: str, check: bool = True) -> str:
    done = subprocess.run(
        ("git", "-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main", *arguments),
        cwd=path,
        check=check,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def repository(path: Path, *arguments: str) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    git(path, "init", "-q", *arguments)
    return path


def commit(path: Path, name: str = "a.txt", text: str = "a\n", subject: str = "first") -> str:
    (path / name).write_text(text)
    git(path, "add", "-A")
    git(path, "commit", "-qm", subject)
    return git(path, "rev-parse", "HEAD")


def fingerprint(root: Path) -> dict[str, tuple[object, ...]]:
    fingerprint: dict[str, tuple[object, ...]] = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        fingerprint[str(path)] = (status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns, content)
    return fingerprint
