"""The options that every command takes, before or after its name, and the settings that they lead to."""

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

EVERYWHERE = "Options of every command"


@dataclass(slots=True)
class Given:
    """What the command line says, gathered from both sides of the command's name.

    Attributes:
        values: Dotted key of a setting to (option, value).
    """

    values: dict[str, tuple[str, Any]] = field(default_factory=dict)
    config: str | None = None

    def take(self, name: str, option: str, value: Any) -> None:
        """Add the value of an option; folders add up, of others the last one counts."""
        if name == "projects":
            value = (*self.values.get(name, ("", ()))[1], *value)
        self.values[name] = (option, value)


def given(ctx: click.Context) -> Given:
    """What was gathered in this call."""
    return ctx.find_root().ensure_object(Given)


def settings_of(ctx: click.Context) -> Settings:
    """The settings in force; what is ignored since it needs trust is said on stderr.

    Raises:
        SettingsError: when something about them is wrong.
    """
    loaded = loaded_of(ctx)
    say_ignored(loaded)
    return loaded.settings


def loaded_of(ctx: click.Context) -> Loaded:
    """The settings in force, and where they come from.

    Raises:
        SettingsError: when something about them is wrong.
    """
    from agentdash.settings.load import load

    said = given(ctx)
    return load(said.values, config=said.config)


def say_ignored(loaded: Loaded) -> tuple[str, ...]:
    """Say on stderr which settings are ignored since their file is not trusted; the lines that were said."""
    ignoring = [file for file in loaded.guarded if file.ignored]
    if not ignoring:
        return ()
    from agentdash.cli.output import say
    from agentdash.cli.trust import ignored_words

    lines = tuple(ignored_words(file) for file in ignoring)
    for line in lines:
        say(line)
    return lines


def colored(settings: Settings, stream: Any = None) -> bool:
    """Whether to colour what goes to *stream* (stdout): on a terminal, unless the settings say otherwise.

    ``NO_COLOR`` (https://no-color.org) counts where it is not empty.
    """
    if settings.color != "auto":
        return settings.color == "always"
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool((stream or sys.stdout).isatty())


def _setting(name: str, option: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def take(ctx: click.Context, _: click.Parameter, value: Any) -> None:
        if value not in {None, False, ()}:
            given(ctx).take(name, option, value)

    return take


def _color(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        given(ctx).take("color", "--no-color", "never")


def _config(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        given(ctx).config = value


def everywhere(command: F) -> F:
    """Give *command* the options of every command; their values go to `Given`, not to its arguments.

    They stand after its own in its help, wherever this decorator stands.
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
        help="Look for repositories below DIR; may be given several times.",
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
        help="Read settings from FILE alone.",
    ),
    click.option(
        "--read-only",
        is_flag=True,
        expose_value=False,
        callback=_setting("read_only", "--read-only"),
        help="Change nothing.",
    ),
    click.option(
        "--no-color",
        is_flag=True,
        expose_value=False,
        callback=_color,
        help="Plain text; NO_COLOR does the same.",
    ),
)
