"""Addresses for those who run the system."""

from django.urls import path

from operations import views

app_name = "operations"
urlpatterns = [
    path("health/", views.health, name="health"),
    path("ready/", views.ready, name="ready"),
    path("metrics/", views.metrics_text, name="metrics"),
    path("status/", views.status, name="status"),
]
