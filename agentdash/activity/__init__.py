"""The activity log: what agentdash did, step by step, whether it worked, and how long it took."""

from agentdash.activity.file import read_activity
from agentdash.activity.log import Activity

__all__ = ["Activity", "read_activity"]
