"""agentdash: a live dashboard for coding agents, their streams, repositories, services and logs."""

__version__ = "0.1.0"
