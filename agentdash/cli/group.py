"""A group of commands that suggests the nearest one for an unknown name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from agentdash.cli.options import common_options


class NearestGroup(click.Group):
    """Finds commands by their exact name, and suggests the nearest one for another."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As in click, but with a suggestion in the error."""
        name = args[0] if args else ""
        if name and self.get_command(ctx, name) is None and not name.startswith("-"):
            import difflib

            near = difflib.get_close_matches(name, self.list_commands(ctx), n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]}?" if near else f"See `{ctx.command_path} --help`."
            raise click.UsageError(f"There is no command {name!r}. {hint}", ctx)
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """In the order in which they were added: most used first."""
        return list(self.commands)

    def view(self, *, epilog: str) -> Callable[[Callable[..., Any]], click.Command]:
        """Like `command`, with the options of every command."""
        add = self.command(epilog=epilog)
        return lambda function: add(common_options(function))
