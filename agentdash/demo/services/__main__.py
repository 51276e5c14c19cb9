"""Runs one service until it is stopped: ``python -m agentdash.demo.services NAME URL FOLDER``."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

from agentdash.demo.folder import DemoFolder
from agentdash.demo.services.log import ServiceLog, logfmt, pino, plain
from agentdash.demo.services.service import DemoService, open_client
from agentdash.demo.services.shop import SERVICES

FORMATS = {"api": pino, "mailer": pino, "indexer": pino, "ledger": logfmt}


def main(name: str, url: str, root: Path) -> int:
    """Run the service; an error is logged with its traceback and ends the process."""
    log = ServiceLog(DemoFolder(root).log(name), name, FORMATS.get(name, plain))
    log.write("INFO", "started")
    try:
        SERVICES[name](DemoService(name, open_client(url, f"{name}-1"), log, root))
    except Exception as fault:  # noqa: BLE001 - every error is logged
        log.failed(f"{type(fault).__name__}: {fault}", traceback.format_exc())
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
