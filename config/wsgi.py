"""WSGI entry point for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

from accounts.frame.bodies import utf8_only

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

application = utf8_only(get_wsgi_application())
