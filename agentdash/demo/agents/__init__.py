"""The scripted agents of the demo. They use nothing but Python itself: one turn is one short process."""
