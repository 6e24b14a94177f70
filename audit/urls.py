"""Addresses that a watcher asks."""

from django.urls import path

from audit import views

app_name = "audit"
urlpatterns = [
    path("health/", views.health, name="health"),
    path("ready/", views.ready, name="ready"),
]
