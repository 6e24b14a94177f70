"""Writes of filings and their verification."""

from quota.services.in_force import settle_returns_in_force

__all__ = ["settle_returns_in_force"]
