"""What joins subjects, which do not import each other: owners of consumers, related records."""
