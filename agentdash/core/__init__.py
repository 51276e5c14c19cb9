"""What every part speaks: records, settings, clock, store, rules. Pure: no I/O, no driver, no screen."""
