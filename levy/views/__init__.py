"""Pages of the levy officer, the tax officer and of one employer's amount."""
