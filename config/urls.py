"""Every address of the system."""

from django.contrib import admin
from django.urls import include, path

handler400 = "accounts.frame.refusals.bad_request"
handler403 = "accounts.frame.refusals.permission_denied"
handler404 = "accounts.frame.refusals.page_not_found"
handler500 = "accounts.frame.refusals.server_error"

urlpatterns = [
    path("", include("disclosure.urls")),
    path("", include("accounts.urls")),
    path("", include("access.urls")),
    path("", include("casework.urls")),
    path("", include("operations.urls")),
    path("", include("exchange.urls")),
    path("", include("quota.urls")),
    path("", include("levy.urls")),
    path("", include("collection.urls")),
    path("", include("subsidies.urls")),
    path("", include("portal.urls")),
    path("api/v1/", include("config.api_urls")),
    path("admin/", admin.site.urls),
]
