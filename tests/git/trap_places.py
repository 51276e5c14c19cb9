"""Where a repository's configuration can lie, and how git is led to it: each as a trap."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from tests.collectors.repos.stage import git

PADDING = "# nothing, and nothing again\n" * 60_000
"""More than a MiB."""
_NO_HOOKS = ("-c", "core.hooksPath=/dev/null")


def append(file: Path, text: str) -> None:
    with file.open("a", encoding="utf-8") as opened:
        opened.write(text)


def own(web: Path, text: str) -> None:
    append(web / ".git/config", text)


def included(web: Path, text: str) -> None:
    (web / ".git/more.cfg").write_text(text, encoding="utf-8")
    append(web / ".git/config", "[include]\n\tpath = more.cfg\n")


def included_from_the_tree(web: Path, text: str) -> None:
    (web / "evil.cfg").write_text(text, encoding="utf-8")
    (web / "first.cfg").write_text("[INCLUDE]\n\tpath = evil.cfg\n")
    append(web / ".git/config", '[includeIf "onbranch:main"]\n\tpath = ../first.cfg\n')


def of_the_work_tree(web: Path, text: str) -> None:
    append(web / ".git/config", "[extensions]\n\tworktreeConfig = true\n")
    (web / ".git/config.worktree").write_text(text, encoding="utf-8")


def padded(web: Path, text: str) -> None:
    append(web / ".git/config", PADDING + text)


def through_a_link(web: Path, text: str) -> None:
    append(web / ".git/config", text)
    (web / ".git/config").rename(web / "linked.cfg")
    (web / ".git/config").symlink_to("../linked.cfg")


def through_the_working_folder(web: Path, text: str) -> None:
    through_a_link(web, text)
    (web / ".git/config").unlink()
    (web / ".git/config").symlink_to("/proc/self/cwd/linked.cfg")


def in_another_form(web: Path, text: str) -> None:
    old = (web / ".git/config").read_text() + text.replace('[filter "evil"]', "[FILTER.evil] ; so be it\n")
    (web / ".git/config").write_bytes(b"\xef\xbb\xbf" + old.replace("\n", "\r\n").encode())


def behind_a_pointer_with_a_blank(web: Path, text: str) -> None:
    own_dir = web.parent.parent / f"{web.name}.git "
    shutil.copytree(web / ".git", str(own_dir).rstrip(), symlinks=True)
    (web / ".git").rename(own_dir)
    append(own_dir / "config", text)
    (web / ".git").write_text(f"gitdir: {own_dir}\r\n\n")


def behind_a_pointer_to_the_working_folder(web: Path, text: str) -> None:
    append(web / ".git/config", text)
    (web / ".git").rename(web / "real.git")
    (web / ".git").write_text("gitdir: /proc/self/cwd/real.git\n")


def behind_a_link(web: Path, text: str) -> None:
    append(web / ".git/config", text)
    real = web.parent.parent / f"{web.name} real.git"
    (web / ".git").rename(real)
    (web / ".git").symlink_to(real)


def of_a_linked_work_tree(web: Path, text: str) -> None:
    linked = web.parent / f"{web.name} linked"
    git(web, *_NO_HOOKS, "worktree", "add", "-q", "-b", "other", str(linked))
    append(web / ".git/config", "[extensions]\n\tworktreeConfig = true\n")
    (linked / "plain.txt").write_text("of the linked one\n")
    (git_dir,) = (web / ".git/worktrees").iterdir()
    (git_dir / "config.worktree").write_text(text, encoding="utf-8")


def behind_commondir_with_a_blank(web: Path, text: str) -> None:
    for name in ("common", "common "):
        shutil.copytree(web / ".git", web / ".git" / name, symlinks=True)
    append(web / ".git/common /config", text)
    (web / ".git/commondir").write_text("common \n")


def around_a_broken_one(web: Path, text: str) -> None:
    append(web / ".git/config", text)
    (web / "a:b/inner/.git").mkdir(parents=True)
    (web / "a:b/inner/a.txt").write_text("a\n")


def bare_beside_a_broken_one(web: Path, text: str) -> None:
    for name in ("HEAD", "objects", "refs", "config", "index", "packed-refs"):
        if (web / ".git" / name).exists():
            (web / ".git" / name).rename(web / name)
    append(web / "config", text + "[core]\n\tbare = false\n\tworktree = .\n")


def of_a_bare_one(web: Path, text: str) -> None:
    bare = web.parent / f"{web.name} bare.git"
    git(web, *_NO_HOOKS, "clone", "-q", "--bare", str(web), str(bare))
    append(bare / "config", text)


def of_an_embedded_bare_one(web: Path, text: str) -> None:
    append(web / "fixtures/embedded.git/config", text)


def of_a_submodule(web: Path, text: str) -> None:
    append(web / ".git/modules/lib/config", text)
    (web / "lib/a.txt").write_text("changed\n")


PLACES: dict[str, Callable[[Path, str], None]] = {
    one.__name__: one
    for one in (
        own, included, included_from_the_tree, of_the_work_tree, padded, through_a_link,
        through_the_working_folder,
        in_another_form, behind_a_pointer_with_a_blank, behind_a_pointer_to_the_working_folder, behind_a_link,
        of_a_linked_work_tree, behind_commondir_with_a_blank, around_a_broken_one, bare_beside_a_broken_one,
        of_a_bare_one, of_an_embedded_bare_one, of_a_submodule,
    )
}  # fmt: skip
WRITTEN = (
    "own", "included", "of_the_work_tree", "padded", "through_a_link", "behind_a_link",
    "of_a_linked_work_tree", "of_a_submodule",
)  # fmt: skip
"""Those of which staging, committing and fetching is tried."""
