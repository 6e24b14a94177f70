"""Pages of the employer and of the federation."""
