"""A sample app for tests only (config/settings/test.py). No page and no rule uses its case."""

from django.apps import AppConfig


class SampleConfig(AppConfig):
    name = "tests.casework"
    label = "sample"
