"""The screen: app, bridge, keymap, formats, screens and widgets. Reads the store, writes nothing."""
