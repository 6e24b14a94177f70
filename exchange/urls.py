"""Pages for exchange files."""

from django.urls import path

from exchange import views

app_name = "exchange"
urlpatterns = [
    path("files/", views.file_list, name="file_list"),
    path("files/templates/<slug:kind>.xlsx", views.file_template, name="file_template"),
    path("files/<int:pk>/", views.file_detail, name="file_detail"),
    path("files/<int:pk>/write/", views.file_write, name="file_write"),
    path("files/<int:pk>/faults.xlsx", views.file_faults, name="file_faults"),
    path("files/<int:pk>/changes.csv", views.file_changes, name="file_changes"),
    path("files/<int:pk>/control/", views.file_control, name="file_control"),
    path("files/<int:pk>/<slug:step>/", views.file_step, name="file_step"),
]
