"""From the first byte to the exit code: what every command shares when it goes wrong."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

import click

from agentdash.cli.codes import Code
from agentdash.core.text import printable


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    signal.signal(signal.SIGTERM, _terminated)
    sys.exit(_run())


def _run() -> int:
    from agentdash.cli.root import PipeClosed, root
    from agentdash.core.commands import Refused
    from agentdash.core.settings_load import SettingsError
    from agentdash.core.snapshot import SourceError

    try:
        code = root.main(prog_name="agentdash", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as problem:
        problem.show()
        return Code.REFUSED
    except SettingsError as problem:
        return _say(str(problem), Code.REFUSED)
    except Refused as problem:
        return _say(str(problem), Code.REFUSED)
    except SourceError as problem:
        cure = f"\n{problem.cure}" if problem.cure else ""
        return _say(f"{problem.message}{cure}", Code.NO_SERVICE)
    except (click.Abort, KeyboardInterrupt):
        return Code.INTERRUPTED
    except PipeClosed:
        return _pipe_closed()
    return code if isinstance(code, int) else Code.FINE


def _say(text: str, code: Code) -> Code:
    for line in text.splitlines():
        click.echo(f"agentdash: {printable(line)}", err=True)
    return code


def _pipe_closed() -> Code:
    """Nobody reads any more: end quietly, also where Python flushes on its way out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Code.PIPE_CLOSED


def _terminated(_signal: int, _frame: FrameType | None) -> NoReturn:
    """SIGTERM ends as ctrl+c does: with everything put back, but its own code."""
    raise SystemExit(Code.TERMINATED)
