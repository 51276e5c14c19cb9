"""Git as a child process that trusts no repository, and the files of git directories."""
