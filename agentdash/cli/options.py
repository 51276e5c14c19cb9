"""The options that every command has, before or after its name, and the settings that they result in."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import click

from agentdash.core.settings.model import Settings

if TYPE_CHECKING:
    from agentdash.settings.load import Loaded

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(slots=True)
class GivenOptions:
    """The common options of this call, from both sides of the command's name.

    Attributes:
        values: Dotted key of a setting to (option, value).
    """

    values: dict[str, tuple[str, Any]] = field(default_factory=dict)
    config: str | None = None

    def add(self, name: str, option: str, value: Any) -> None:
        """Add the value of an option; folders accumulate, of others the last one counts."""
        if name == "projects":
            value = (*self.values.get(name, ("", ()))[1], *value)
        self.values[name] = (option, value)


def options_of(ctx: click.Context) -> GivenOptions:
    """The common options of this call."""
    return ctx.find_root().ensure_object(GivenOptions)


def settings_of(ctx: click.Context) -> Settings:
    """The settings in force; a warning on stderr lists those that are ignored for lack of trust.

    Raises:
        SettingsError: when something about them is wrong.
    """
    loaded = loaded_of(ctx)
    warn_ignored(loaded)
    return loaded.settings


def loaded_of(ctx: click.Context) -> Loaded:
    """The settings in force, and where they come from.

    Raises:
        SettingsError: when something about them is wrong.
    """
    from agentdash.settings.load import load

    given = options_of(ctx)
    return load(given.values, config=given.config)


def warn_ignored(loaded: Loaded) -> tuple[str, ...]:
    """Warn on stderr about settings that are ignored because their file is not trusted; the lines."""
    ignoring = [file for file in loaded.guarded if file.ignored]
    if not ignoring:
        return ()
    from agentdash.cli.output import print_message
    from agentdash.settings.trust import ignored_message

    lines = tuple(ignored_message(file) for file in ignoring)
    for line in lines:
        print_message(line)
    return lines


def use_color(settings: Settings, stream: Any = None) -> bool:
    """Whether to color the output to *stream* (stdout): on a terminal, unless the settings differ.

    ``NO_COLOR`` (https://no-color.org) counts where it is not empty.
    """
    if settings.color != "auto":
        return settings.color == "always"
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool((stream or sys.stdout).isatty())


def _setting(name: str, option: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def add(ctx: click.Context, _: click.Parameter, value: Any) -> None:
        if value not in {None, False, ()}:
            options_of(ctx).add(name, option, value)

    return add


def _color(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        options_of(ctx).add("color", "--no-color", "never")


def _config(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        options_of(ctx).config = value


def common_options(command: F) -> F:
    """Give *command* the options of every command; their values go to `GivenOptions`, not to its arguments.

    Its help lists them after its own, wherever this decorator is applied.
    """
    own = getattr(command, "__click_params__", [])
    command.__click_params__ = []  # type: ignore[attr-defined]
    for option in reversed(_OPTIONS):
        command = option(command)
    command.__click_params__ += own  # type: ignore[attr-defined]
    return command


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--projects",
        metavar="DIR",
        multiple=True,
        expose_value=False,
        callback=_setting("projects", "--projects"),
        help="Search for repositories below DIR; repeatable.",
    ),
    click.option(
        "--redis",
        metavar="URL",
        expose_value=False,
        callback=_setting("redis.url", "--redis"),
        help="Use this server: redis://, rediss://, unix://, redis+sentinel://, redis+cluster://.",
    ),
    click.option(
        "--config",
        metavar="FILE",
        expose_value=False,
        callback=_config,
        help="Read settings from FILE only.",
    ),
    click.option(
        "--read-only",
        is_flag=True,
        expose_value=False,
        callback=_setting("read_only", "--read-only"),
        help="Carry out no command that changes anything.",
    ),
    click.option(
        "--no-color",
        is_flag=True,
        expose_value=False,
        callback=_color,
        help="Plain text; NO_COLOR does the same.",
    ),
)
