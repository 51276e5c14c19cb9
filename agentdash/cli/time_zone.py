"""The local time zone."""

from __future__ import annotations

import os
import sys
import time

DAY_S = 86_400


def fix_time_zone() -> None:
    """Use UTC, here and in child processes, where ``TZ`` has an offset of a day or more; print a warning."""
    if max(abs(time.timezone), abs(time.altzone)) >= DAY_S:
        os.environ["TZ"] = "UTC0"
        time.tzset()
        sys.stderr.write("agentdash: TZ is a day or more away from UTC: times are in UTC\n")
