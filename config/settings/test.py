"""The test run: real services, quick password hashes, plain static files, and guards that watch every request."""

from config.settings.base import *  # noqa: F403
from config.settings.base import INSTALLED_APPS, MIDDLEWARE, VAR_DIR

INSTALLED_APPS = ["demo", *INSTALLED_APPS]
MIDDLEWARE = [*MIDDLEWARE, "tests.support.reading_changes_nothing"]
SECOND_FACTOR_REQUIRED = False  # tests of sign-in turn it on
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
MEDIA_ROOT = VAR_DIR / "test-files"
WHITENOISE_AUTOREFRESH = True
