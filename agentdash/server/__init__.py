"""Which Redis is used, how to talk to it, and the embedded one. The blocking parts are meant for threads."""
