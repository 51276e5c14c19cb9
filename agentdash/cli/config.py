"""Commands about settings and JSON Schemas."""

from __future__ import annotations

import os
from typing import Any

import click

from agentdash.cli.exit_codes import ExitCode
from agentdash.cli.group import NearestGroup
from agentdash.cli.options import common_options, loaded_of, options_of, warn_ignored
from agentdash.cli.output import print_data, print_text
from agentdash.core.text import printable


@click.group(
    cls=NearestGroup,
    epilog="\b\nExamples:\n  agentdash config show\n  agentdash config schema runs\n  agentdash config path",
)
@common_options
def config() -> None:
    """Settings: those in force, their files, and the JSON Schemas."""


@config.view(
    epilog="\b\nExamples:\n  agentdash config show\n  agentdash config show --json | jq '.\"streams.poll\"'"
)
@click.option("--json", "as_json", is_flag=True, help="As JSON: {key: {value, origin, trusted, ignored}}.")
@click.pass_context
def show(ctx: click.Context, as_json: bool) -> int:
    """Print all settings and the origin of each. Secrets in URLs are masked.

    Settings of a folder's agentdash.toml are marked as trusted, or as ignored where it is not trusted.
    """
    from agentdash.headless.settings_shown import shown

    loaded = loaded_of(ctx)
    rows = list(shown(loaded))
    warn_ignored(loaded)
    if as_json:
        from agentdash.headless.views import dumps

        print_data(dumps({row.key: row.record() for row in rows}, indent=2))
        return ExitCode.SUCCESS
    from agentdash.headless.grid import Grid, GridCell, columns_of, render

    lines = tuple((row.key, _text(row.value), GridCell(row.where, "dim")) for row in rows)
    for line in render(Grid(columns_of("SETTING | VALUE | FROM"), lines, "")):
        print_data(line)
    return ExitCode.SUCCESS


def _text(value: Any) -> str:
    from agentdash.headless.views import dumps

    return "–" if value is None else value if isinstance(value, str) else dumps(value)


@config.view(epilog="\b\nExamples:\n  agentdash config schema\n  agentdash config schema streams")
@click.argument("view", required=False)
@click.pass_context
def schema(ctx: click.Context, view: str | None) -> int:
    """Print the JSON Schema of a view, or without VIEW that of a settings file.

    Views: all, runs, streams, repos, services, findings, logs, and logline: one line of them.
    """
    from agentdash.core.settings.keys import nearest
    from agentdash.headless.schemas import settings_schema, view_schema
    from agentdash.headless.views import OBJECTS, dumps

    if view is None:
        print_data(dumps(settings_schema(), indent=2))
        return ExitCode.SUCCESS
    if view not in OBJECTS:
        guess = nearest(view, OBJECTS)
        hint = f"Did you mean {guess}?" if guess else f"There are: {', '.join(OBJECTS)}."
        raise click.UsageError(f"There is no view {printable(view)!r}. {hint}", ctx)
    print_data(dumps(view_schema(view), indent=2))
    return ExitCode.SUCCESS


@config.view(epilog="\b\nExample:\n  agentdash config path")
@click.pass_context
def path(ctx: click.Context) -> int:
    """Print the files that settings are read from, highest precedence last; missing ones are marked."""
    from agentdash.core.paths import current_folder
    from agentdash.settings.files import candidates

    given = options_of(ctx).config or os.environ.get("AGENTDASH_CONFIG") or None
    for file in candidates(given, os.environ, current_folder()):
        print_text(f"{file.path}{'' if file.path.is_file() else '  (missing)'}")
    return ExitCode.SUCCESS


@click.command(
    epilog="\b\nExamples:\n"
    "  agentdash completion bash > ~/.local/share/bash-completion/completions/agentdash\n"
    "  agentdash completion zsh > ~/.zfunc/_agentdash\n"
    "  agentdash completion fish > ~/.config/fish/completions/agentdash.fish"
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> int:
    """Print the script that completes commands and options in SHELL."""
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    print_data(found(ctx.find_root().command, {}, "agentdash", "_AGENTDASH_COMPLETE").source())
    return ExitCode.SUCCESS


def add_to(group: NearestGroup) -> None:
    """Add the commands to *group*."""
    group.add_command(config)
    group.add_command(completion)
