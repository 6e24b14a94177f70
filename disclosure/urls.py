"""Public pages, and the officers' pages for publications."""

from django.urls import path, register_converter

from disclosure.converters import CreditCode, LevyYear, RegionCode
from disclosure.views import calculator, documents, explanations, open_data, public, publications, regions

register_converter(RegionCode, "region")
register_converter(CreditCode, "uscc")
register_converter(LevyYear, "levy_year")

app_name = "disclosure"
urlpatterns = [
    path("", public.home, name="home"),
    path("search/", public.search, name="search"),
    path("units/<uscc:uscc>/", public.employer, name="employer"),
    path("units/<uscc:uscc>/<levy_year:levy_year>/", public.employer, name="employer_year"),
    path("regions/", regions.regions, name="regions"),
    path("regions/compare/", regions.compare, name="region_compare"),
    path("regions/<region:code>/", regions.region_newest, name="region_newest"),
    path("regions/<region:code>/<levy_year:levy_year>/", regions.region, name="region"),
    path("how-it-works/", explanations.how_it_works, name="how_it_works"),
    path("lexicon/", explanations.lexicon, name="lexicon"),
    path("help/", explanations.help_page, name="help"),
    path("accessibility/", explanations.accessibility, name="accessibility"),
    path("privacy/", explanations.privacy, name="privacy"),
    path("calculator/", calculator.calculator, name="calculator"),
    path("open-data/", open_data.open_data, name="open_data"),
    path("open-data/dictionary/", open_data.data_dictionary, name="data_dictionary"),
    path("open-data/<int:pk>/<slug:name>.<slug:kind>", open_data.download, name="download"),
    path("publications/", publications.publication_list, name="publication_list"),
    path("publications/start/", publications.publication_start, name="publication_start"),
    path("publications/<int:pk>/", publications.publication_detail, name="publication_detail"),
    path("publications/<int:pk>/preview/<region:code>/", publications.publication_preview, name="publication_preview"),
    path("publications/<int:pk>/<slug:name>.<slug:kind>", publications.publication_file, name="publication_file"),
    path("publications/<int:pk>/<slug:step>/", publications.publication_step, name="publication_step"),
    path("verify-document/", documents.document_check, name="document_check"),
]
