"""Pages that need no sign-in, and the pages of the officers who publish."""
