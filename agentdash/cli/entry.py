"""From the first byte to the exit code: what every command shares when it goes wrong.

Only what a signal needs is imported at the top: it is handled from the first line of `main` on, before click
and the commands are loaded.
"""

from __future__ import annotations

import sys

from agentdash import process_end

TYPE_CHECKING = False  # as in typing, which is not loaded yet
if TYPE_CHECKING:
    from typing import NoReturn

    from agentdash.cli.codes import Code


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    process_end.install()
    from agentdash.cli.stdio import prepare
    from agentdash.cli.zone import mend_zone

    prepare()
    mend_zone()
    process_end.leave(_run())


def _run() -> int:
    from contextlib import suppress

    import click

    from agentdash.cli.codes import Code
    from agentdash.cli.root import PipeClosed, root
    from agentdash.cli.stdio import let_go_of_stdout
    from agentdash.core.text import printable_lines

    try:
        code = root.main(prog_name="agentdash", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as problem:
        # It names what was given, as it was given; click offers no other place to change that.
        problem.message = printable_lines(problem.message)  # type: ignore[misc]
        with suppress(OSError):
            problem.show()
        return Code.REFUSED
    except (click.Abort, KeyboardInterrupt):
        return Code.INTERRUPTED
    except (PipeClosed, BrokenPipeError):
        let_go_of_stdout()
        return Code.PIPE_CLOSED
    except OSError as problem:  # what files and sources say is words by now: this is stdout, or the machine
        where = f": {problem.filename}" if problem.filename else ""
        _say(f"{problem.strerror or problem}{where}", Code.BAD)
        let_go_of_stdout()
        return Code.BAD
    except MemoryError:
        return _say("there is not enough memory (see ulimit -v, or the limit of the container)", Code.BAD)
    except Exception as problem:
        if "can't start new thread" in str(problem):
            words = "no thread can be started: too little memory, or too many processes (ulimit -u)"
            return _say(words, Code.BAD)
        code = _in_words(problem)
        if code is None:
            raise
        return code
    return code if isinstance(code, int) else Code.FINE


def _in_words(problem: Exception) -> Code | None:
    """Say what a person can mend; None for what is a fault of ours."""
    from agentdash.cli.codes import Code
    from agentdash.core.commands import Refused
    from agentdash.core.snapshot import SourceError
    from agentdash.settings.load import SettingsError

    if isinstance(problem, SettingsError | Refused):
        return _say(str(problem), Code.REFUSED)
    if isinstance(problem, SourceError):
        cure = f"\n{problem.cure}" if problem.cure else ""
        return _say(f"{problem.message}{cure}", Code.NO_SERVICE)
    return None


def _say(text: str, code: Code) -> Code:
    from agentdash.cli.output import say

    for line in text.splitlines():
        say(line)
    return code
