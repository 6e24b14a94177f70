"""Public pages."""

from django.urls import path

from disclosure.views import documents

app_name = "disclosure"
urlpatterns = [
    path("verify-document/", documents.document_check, name="document_check"),
]
