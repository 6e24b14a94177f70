"""Pages of one employer's year, for the employer and for officers."""

from django.urls import path

from portal.views import employers, forecasts, outlook

app_name = "portal"
urlpatterns = [
    path("employers/", employers.employer_search, name="employer_search"),
    path("employers/<slug:uscc>/<int:levy_year>/", employers.employer_year_page, name="employer_year"),
    path("employers/<slug:uscc>/<int:levy_year>/what-if/", outlook.what_if, name="what_if"),
    path("employers/<slug:uscc>/<int:levy_year>/dates.ics", employers.employer_dates, name="employer_dates"),
    path("returns/<int:pk>/amount/", forecasts.return_amount, name="return_amount"),
    path("my-documents/", employers.my_documents, name="my_documents"),
]
