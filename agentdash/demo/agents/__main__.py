"""Executes one turn of one agent: ``python -S -m agentdash.demo.agents WORK --title …``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from agentdash.demo.agents.agent import DemoAgent
from agentdash.demo.agents.coder import PARSER, TOKEN, code
from agentdash.demo.agents.maintenance import bump, migrate, sweep

WORKS: dict[str, Callable[[DemoAgent], int]] = {
    "token": partial(code, task=TOKEN),
    "parser": partial(code, task=PARSER),
    "migrate": migrate,
    "bump": bump,
    "sweep": sweep,
}


def main() -> int:
    """Execute one turn; exit code 1 where the agent gives up."""
    options = argparse.ArgumentParser()
    options.add_argument("work", choices=WORKS)
    options.add_argument("--title", required=True)
    options.add_argument("--turn-file", type=Path, required=True)
    options.add_argument("--log", type=Path, required=True)
    options.add_argument("--inbox", type=Path, required=True)
    options.add_argument("--pace", type=float, default=1.0)
    given = options.parse_args()
    turn_file: Path = given.turn_file
    turn = int(turn_file.read_text()) + 1 if turn_file.exists() else 1
    turn_file.write_text(str(turn))
    agent = DemoAgent(given.title, turn, given.log, given.inbox, given.pace)
    try:
        return WORKS[given.work](agent)
    finally:
        agent.report_tokens()


if __name__ == "__main__":
    sys.exit(main())
