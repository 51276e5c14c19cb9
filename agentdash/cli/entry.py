"""From the first byte to the exit code: what every command shares when it goes wrong."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

import click

from agentdash.cli.codes import Code


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    signal.signal(signal.SIGTERM, _terminated)
    sys.exit(_run())


def _run() -> int:
    from agentdash.cli.root import PipeClosed, root

    try:
        code = root.main(prog_name="agentdash", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as problem:
        problem.show()
        return Code.REFUSED
    except (click.Abort, KeyboardInterrupt):
        return Code.INTERRUPTED
    except PipeClosed:
        return _let_go_of_stdout(Code.PIPE_CLOSED)
    except OSError as problem:  # what files and sources say is words by now: this is stdout, or the machine
        where = f": {problem.filename}" if problem.filename else ""
        _say(f"{problem.strerror or problem}{where}", Code.BAD)
        return _let_go_of_stdout(Code.BAD)
    except Exception as problem:
        told = _told(problem)
        if told is None:
            raise
        return told
    return code if isinstance(code, int) else Code.FINE


def _told(problem: Exception) -> Code | None:
    """Say what a person can mend; None for what is a fault of ours."""
    from agentdash.core.commands import Refused
    from agentdash.core.settings_load import SettingsError
    from agentdash.core.snapshot import SourceError

    if isinstance(problem, SettingsError | Refused):
        return _say(str(problem), Code.REFUSED)
    if isinstance(problem, SourceError):
        cure = f"\n{problem.cure}" if problem.cure else ""
        return _say(f"{problem.message}{cure}", Code.NO_SERVICE)
    return None


def _say(text: str, code: Code) -> Code:
    from agentdash.core.safe_text import safe_message  # only where something is wrong

    for line in text.splitlines():
        click.echo(f"agentdash: {safe_message(line)}", err=True)
    return code


def _let_go_of_stdout(code: Code) -> Code:
    """Nothing can be written there any more: keep Python from trying once more on its way out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _terminated(_signal: int, _frame: FrameType | None) -> NoReturn:
    """SIGTERM ends as ctrl+c does: with everything put back, but its own code."""
    raise SystemExit(Code.TERMINATED)
