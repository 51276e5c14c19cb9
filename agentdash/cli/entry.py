"""The entry point: from the first byte to the exit code, with the error messages that all commands share.

Only what a signal needs is imported at the top: signals are handled from the first line of `main` on, before
click and the commands are loaded.
"""

from __future__ import annotations

import sys

from agentdash import process_end

TYPE_CHECKING = False  # as in typing, which is not loaded yet
if TYPE_CHECKING:
    from typing import NoReturn

    from agentdash.cli.exit_codes import ExitCode


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    process_end.install()
    from agentdash.cli.stdio import prepare
    from agentdash.cli.time_zone import fix_time_zone

    prepare()
    fix_time_zone()
    process_end.exit_process(_run())


def _run() -> int:
    from contextlib import suppress

    import click

    from agentdash.cli.exit_codes import ExitCode
    from agentdash.cli.root import PipeClosed, root
    from agentdash.cli.stdio import discard_stdout
    from agentdash.core.text import printable_lines

    try:
        code = root.main(prog_name="agentdash", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as problem:
        # It quotes its input unchanged; click offers no other place to change that.
        problem.message = printable_lines(problem.message)  # type: ignore[misc]
        with suppress(OSError):
            problem.show()
        return ExitCode.REFUSED
    except (click.Abort, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    except (PipeClosed, BrokenPipeError):
        discard_stdout()
        return ExitCode.PIPE_CLOSED
    except OSError as problem:  # not of files or sources: of stdout, or the machine
        where = f": {problem.filename}" if problem.filename else ""
        _print(f"{problem.strerror or problem}{where}", ExitCode.CHECK_FAILED)
        discard_stdout()
        return ExitCode.CHECK_FAILED
    except MemoryError:
        message = "not enough memory (see ulimit -v, or the limit of the container)"
        return _print(message, ExitCode.CHECK_FAILED)
    except Exception as problem:
        if "can't start new thread" in str(problem):
            message = "no thread can be started: too little memory, or too many processes (ulimit -u)"
            return _print(message, ExitCode.CHECK_FAILED)
        code = _handled(problem)
        if code is None:
            raise
        return code
    return code if isinstance(code, int) else ExitCode.SUCCESS


def _handled(problem: Exception) -> ExitCode | None:
    """Print an error that a person can fix; None for a fault of the program."""
    from agentdash.cli.exit_codes import ExitCode
    from agentdash.core.commands import Refused
    from agentdash.core.snapshot import SourceError
    from agentdash.settings.load import SettingsError

    if isinstance(problem, SettingsError | Refused):
        return _print(str(problem), ExitCode.REFUSED)
    if isinstance(problem, SourceError):
        cure = f"\n{problem.cure}" if problem.cure else ""
        return _print(f"{problem.message}{cure}", ExitCode.UNAVAILABLE)
    return None


def _print(text: str, code: ExitCode) -> ExitCode:
    from agentdash.cli.output import print_message

    for line in text.splitlines():
        print_message(line)
    return code
