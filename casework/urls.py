"""The desk."""

from django.urls import path

from casework.views import desk

app_name = "casework"
urlpatterns = [
    path("home/", desk.desk, name="desk"),
]
