"""Writes of the levy app. Each leaves an entry in the audit trail."""
