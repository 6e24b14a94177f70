"""Every address of the API, version 1."""

urlpatterns: list = []
