"""What a repository's own configuration sets, and the overrides that undo what it must not do."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from agentdash.core.secrets.safe_text import safe_text
from agentdash.git import config_keys
from agentdash.git.call import GitFailed
from agentdash.git.config import ConfigSetting, may_contain
from agentdash.git.git_dir import GitDir, UnusableRepo
from agentdash.git.opened_files import resolve_regular

_CONTROL = re.compile(r"[\0-\x1f\x7f]")


def needs_overrides(git_dir: GitDir) -> bool:
    """Whether its configuration may set anything that has to be undone by name; without a git process."""
    return may_contain(git_dir, config_keys.RISKY_WORDS)


def overrides(path: Path, found: Sequence[ConfigSetting]) -> dict[str, str]:
    """What undoes the repository's part of *found*, by full name; the user's own values take its place.

    Raises:
        GitFailed: where a name of it has control characters in it.
    """
    users = {one.key: one.value for one in found if not one.own}
    undone: dict[str, str] = {}
    for one in found:
        if one.key.startswith("hook."):
            undone[f"{one.key.rpartition('.')[0]}.enabled"] = "false"  # no hook is run, the user's neither
        elif not one.own:
            continue
        elif one.key in config_keys.FILES:
            undone[one.key] = users.get(one.key) or _plain_file(path, one.value)
        elif (nothing := config_keys.neutral_value(one.key)) is not None:
            undone[one.key] = users.get(one.key, nothing)
    if odd := next((key for key in undone if _CONTROL.search(key)), None):
        raise GitFailed(
            f"its configuration sets {safe_text(odd, 100)!r}, which is no name that git would use"
        )
    return undone


def filter_names(undone: Mapping[str, str]) -> set[str]:
    """Names of the filters that the repository's own configuration defines."""
    keys = (key.split(".", 1)[1] for key in undone if key.startswith("filter."))
    return {key.rpartition(".")[0] for key in keys}


def _plain_file(path: Path, value: str) -> str:
    """The file that *value* names, without links in it; the null device where it is no plain file.

    Nor where its name could be taken for lines of configuration: what git is handed can be read as a file.
    """
    with suppress(OSError, ValueError, UnusableRepo):
        place = resolve_regular(os.path.join(path, os.path.expanduser(value)))  # noqa: PTH111, PTH118 - for odd names
        if not _CONTROL.search(place):
            return place
    return os.devnull
