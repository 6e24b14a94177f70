"""Every address of the system."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("disclosure.urls")),
    path("", include("accounts.urls")),
    path("", include("operations.urls")),
    path("", include("quota.urls")),
    path("", include("levy.urls")),
    path("", include("subsidies.urls")),
    path("api/v1/", include("config.api_urls")),
    path("admin/", admin.site.urls),
]
