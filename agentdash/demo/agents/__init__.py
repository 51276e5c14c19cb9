"""The scripted agents of the demo, in the standard library only: one turn is one short process."""
