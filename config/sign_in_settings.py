"""Settings of sign-in (docs/decisions/0008-sign-in.md)."""

import os

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "casework:desk"
LOGOUT_REDIRECT_URL = "disclosure:home"
PASSWORD_HASHERS = [
    "accounts.sign_in.hashers.Argon2Hasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]

# Officers sign in with a second factor. "off" is for the demo: `check --deploy` refuses it.
SECOND_FACTOR_REQUIRED = os.environ.get("LEVY_SECOND_FACTOR", "on") != "off"
# "on": employers' accounts need one too. Without it each may set one up (docs/decisions/0008-sign-in.md).
SECOND_FACTOR_FOR_EMPLOYERS = os.environ.get("LEVY_EMPLOYER_SECOND_FACTOR", "off") == "on"

# "asvs": long passwords, no forced change (OWASP ASVS 5.0, 6.2). "mlps": also mixed characters and a new one every
# 90 days, as assessors of GB/T 22239-2019 (8.1.4.1 a) expect.
PASSWORD_RULES = os.environ.get("LEVY_PASSWORD_RULES") or "asvs"
PASSWORD_MAX_DAYS = 90 if PASSWORD_RULES == "mlps" else 0
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["username", "name"]},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
if PASSWORD_RULES == "mlps":
    AUTH_PASSWORD_VALIDATORS.append({"NAME": "accounts.sign_in.password_rules.MixedCharactersValidator"})

SESSION_ENGINE = "accounts.sign_in.session_store"  # in the database: sessions must outlive the cache (promise B2)
SESSION_COOKIE_AGE = 30 * 60  # without an action of the person
SESSION_LONGEST = 12 * 3600  # whatever the person does
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "accounts.frame.csrf.stale_form"

# Sign-in at another authority's OpenID Connect service, beside the password; without an issuer it is not offered.
OIDC_ISSUER = os.environ.get("LEVY_OIDC_ISSUER", "")
OIDC_CLIENT_ID = os.environ.get("LEVY_OIDC_CLIENT_ID", "")
OIDC_CLIENT_SECRET = os.environ.get("LEVY_OIDC_CLIENT_SECRET", "")
OIDC_NAME = os.environ.get("LEVY_OIDC_NAME") or "统一身份认证平台"
OIDC_USERNAME_CLAIM = os.environ.get("LEVY_OIDC_USERNAME_CLAIM") or "preferred_username"  # the sign-in name
