"""An app of the tests alone, with a case that no page and no rule knows (config/settings/test.py)."""

from django.apps import AppConfig


class SampleConfig(AppConfig):
    name = "tests.casework"
    label = "sample"
