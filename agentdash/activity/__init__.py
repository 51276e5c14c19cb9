"""The activity log: the steps of agentdash, their outcome and duration."""

from agentdash.activity.file import read_activity
from agentdash.activity.log import Activity

__all__ = ["Activity", "read_activity"]
