"""Pages of the employer and of the federation."""

from django.urls import path

from quota.views import documents

app_name = "quota"
urlpatterns = [
    path("headcounts/<str:number>.pdf", documents.certificate_file, name="certificate_file"),
    path("headcounts/<str:number>/", documents.certificate, name="certificate"),
]
