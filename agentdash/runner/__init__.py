"""The worker behind ``agentdash run``: owns one run, executes its turns, and records them in Redis."""
