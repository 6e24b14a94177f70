"""Every address of the system."""

from django.contrib import admin
from django.urls import include, path

handler400 = "accounts.refusals.bad_request"
handler403 = "accounts.refusals.permission_denied"
handler404 = "accounts.refusals.page_not_found"
handler500 = "accounts.refusals.server_error"

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
