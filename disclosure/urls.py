"""Public pages, and the officers' pages that decide what is public."""

from django.urls import path, register_converter

from disclosure.converters import CreditCode, LevyYear, RegionCode
from disclosure.views import calculator, documents, open_data, public, publications

register_converter(RegionCode, "region")
register_converter(CreditCode, "uscc")
register_converter(LevyYear, "levy_year")

app_name = "disclosure"
urlpatterns = [
    path("", public.home, name="home"),
    path("search/", public.search, name="search"),
    path("units/<uscc:uscc>/", public.employer, name="employer"),
    path("regions/", public.regions, name="regions"),
    path("regions/<region:code>/", public.region_newest, name="region_newest"),
    path("regions/<region:code>/<levy_year:levy_year>/", public.region, name="region"),
    path("calculator/", calculator.calculator, name="calculator"),
    path("open-data/", open_data.open_data, name="open_data"),
    path("open-data/<int:pk>/<slug:name>.<slug:kind>", open_data.download, name="download"),
    path("publications/", publications.publication_list, name="publication_list"),
    path("publications/start/", publications.publication_start, name="publication_start"),
    path("publications/<int:pk>/", publications.publication_detail, name="publication_detail"),
    path("publications/<int:pk>/preview/<region:code>/", publications.publication_preview, name="publication_preview"),
    path("publications/<int:pk>/<slug:name>.<slug:kind>", publications.publication_file, name="publication_file"),
    path("publications/<int:pk>/<slug:step>/", publications.publication_step, name="publication_step"),
    path("verify-document/", documents.document_check, name="document_check"),
]
