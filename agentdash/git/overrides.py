"""Overrides for the dangerous settings of a repository's own configuration."""

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
    """Whether its configuration may set a key of `config_keys.BY_NAME`; without a git process."""
    return may_contain(git_dir, config_keys.RISKY_WORDS)


def overrides(path: Path, found: Sequence[ConfigSetting]) -> dict[str, str]:
    """Overrides for the repository's settings in *found*, by full name: the user's values, else neutral ones.

    Raises:
        GitFailed: where a name contains control characters.
    """
    users = {one.key: one.value for one in found if not one.own}
    result: dict[str, str] = {}
    for one in found:
        if one.key.startswith("hook."):
            result[f"{one.key.rpartition('.')[0]}.enabled"] = "false"  # no hooks, not even the user's
        elif not one.own:
            continue
        elif one.key in config_keys.FILES:
            result[one.key] = users.get(one.key) or _plain_file(path, one.value)
        elif (neutral := config_keys.neutral_value(one.key)) is not None:
            result[one.key] = users.get(one.key, neutral)
    if odd := next((key for key in result if _CONTROL.search(key)), None):
        raise GitFailed(
            f"its configuration sets {safe_text(odd, 100)!r}, which is no name that git would use"
        )
    return result


def filter_names(result: Mapping[str, str]) -> set[str]:
    """Names of the filters in overrides: those that the repository defines."""
    keys = (key.split(".", 1)[1] for key in result if key.startswith("filter."))
    return {key.rpartition(".")[0] for key in keys}


def _plain_file(path: Path, value: str) -> str:
    """The file that *value* names, without links; the null device where it is not a regular file.

    Also where its name has control characters: git's environment can be included as configuration.
    """
    with suppress(OSError, ValueError, UnusableRepo):
        place = resolve_regular(os.path.join(path, os.path.expanduser(value)))  # noqa: PTH111, PTH118 - for odd names
        if not _CONTROL.search(place):
            return place
    return os.devnull
