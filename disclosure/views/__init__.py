"""Pages that anybody reads without signing in, and those of the officers who publish."""
