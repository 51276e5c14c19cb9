"""The command line: each command imports what it needs when it runs, so that `--help` stays fast."""

from agentdash.cli.entry import main

__all__ = ["main"]
