"""Git as a child process that trusts no repository, and what its folders say without asking it."""
