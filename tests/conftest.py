"""Fixtures of the whole suite. Real PostgreSQL, real Valkey; nothing of ours is mocked."""
