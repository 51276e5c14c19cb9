"""``python -m agentdash``."""

from agentdash.cli import main

main()
