"""Pages of every signed-in person, and of administrators."""
