"""Pages of rewards."""

from django.urls import path

from subsidies.views import awards, programmes

app_name = "subsidies"
urlpatterns = [
    path("awards/", awards.award_list, name="award_list"),
    path("awards.csv", awards.award_file, name="award_file"),
    path("awards/<int:pk>/", awards.award_detail, name="award_detail"),
    path("awards/<int:pk>/<slug:step>/", awards.award_step, name="award_step"),
    path("programmes/", programmes.programme_list, name="programme_list"),
    path("programmes/<int:pk>/", programmes.programme_detail, name="programme_detail"),
    path("programmes/<int:pk>/check/", programmes.programme_check, name="programme_check"),
    path("programmes/<int:pk>/compute/", programmes.programme_compute, name="programme_compute"),
    path("programmes/<int:pk>/<int:levy_year>/approve/", programmes.programme_approve, name="programme_approve"),
]
