"""Changes of regions, people and their access."""

from accounts.services.people import appoint, create_officer
from accounts.services.regions import RegionChanges, load_regions

__all__ = ["RegionChanges", "appoint", "create_officer", "load_regions"]
