"""The command line: thin. Each command imports what it needs when it runs, so that `--help` stays quick.

Exit codes: 0 fine; 1 the thing asked about is bad; 2 wrong use, or refused; 3 not reached in time; 4 a needed
service is not there; 5 a change was sent and no answer came, so it may have been carried out; 128 + n ended
by signal n (130 by ctrl+c), or 141 because nobody reads the output any more.
"""

from agentdash.cli.entry import main

__all__ = ["main"]
