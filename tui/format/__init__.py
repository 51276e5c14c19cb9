"""From facts to cells: pure functions, one file a pane. Nothing in here judges; it only shows."""
