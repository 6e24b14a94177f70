"""Every address of the API, version 1."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from levy import api as levy_api

app_name = "api"
urlpatterns = [
    path("estimate", login_not_required(levy_api.estimate), name="estimate"),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path(
        "docs",
        SpectacularSwaggerSplitView.as_view(url_name="api:schema", template_name="layout/api.html"),
        name="docs",
    ),
]
