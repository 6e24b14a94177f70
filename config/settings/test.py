"""The test run: real services, quick password hashes, plain static files, and guards that watch every request."""

import os
from urllib.parse import urlsplit

# Test processes share the two Valkeys: each takes the database of its number, and so do the programs that it starts,
# unless a test gives them another address.
PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
if os.environ.get("LEVY_TEST_PROCESS") != PROCESS:
    for _name in ("REDIS_URL", "CACHE_URL"):
        os.environ[_name] = urlsplit(os.environ[_name])._replace(path=f"/{PROCESS}").geturl()
    os.environ["LEVY_TEST_PROCESS"] = PROCESS

from config.settings.base import *  # noqa: E402, F403
from config.settings.base import INSTALLED_APPS, MIDDLEWARE, VAR_DIR  # noqa: E402

INSTALLED_APPS = ["demo", "tests.casework", *INSTALLED_APPS]
MIDDLEWARE = [*MIDDLEWARE, "tests.support.reading_changes_nothing"]
SECOND_FACTOR_REQUIRED = False  # tests of sign-in turn it on
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
MEDIA_ROOT = VAR_DIR / f"test-files-{PROCESS}"
WHITENOISE_AUTOREFRESH = True
