"""Pages of the finance officer: programmes and awards."""
