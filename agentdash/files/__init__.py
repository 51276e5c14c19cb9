"""Files on disk: small ones of others, and the program's own state files."""
