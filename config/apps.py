"""Wiring of Django's own apps."""

from django.contrib.admin.apps import AdminConfig


class AdministrationConfig(AdminConfig):
    """Put the administration pages behind our sign-in."""

    default_site = "accounts.sign_in.administration.AdministrationSite"
