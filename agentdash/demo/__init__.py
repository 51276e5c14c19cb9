"""A small real fleet in a temporary folder on its own server; nothing in it is simulated."""
