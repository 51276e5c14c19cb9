"""The worker behind ``agentdash run``: owns one run, executes its turns, records everything in Redis."""
