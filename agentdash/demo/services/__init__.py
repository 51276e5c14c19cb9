"""The seven small services of the demo, one process each: ``python -m agentdash.demo.services NAME``."""
