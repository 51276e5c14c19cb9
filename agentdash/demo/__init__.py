"""A small real fleet in a temporary folder on a server of its own; nothing in it is painted."""
