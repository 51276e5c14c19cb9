"""Wires collectors, store and rules together and supervises them; knows no screen."""
