"""What the levy app does. Every write goes through here and leaves an entry in the audit trail."""
