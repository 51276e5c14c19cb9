"""The faces without a screen: documents for programs, tables for people, and streams of changes."""
