"""The pictures of the documentation, drawn by the program itself on the fleet of its demo."""
