"""Pages of everybody who signs in, and of administrators."""
