"""Sign-in, the own account, settings of the reader, the auditors' log."""

from django.urls import path

from accounts.frame.display import display_settings, language
from accounts.sign_in.views import account, sign_in
from accounts.views import pages

app_name = "accounts"
urlpatterns = [
    path("sign-in/", sign_in.sign_in, name="sign_in"),
    path("sign-in/code/", sign_in.sign_in_code, name="sign_in_code"),
    path("sign-in/set-up/", sign_in.sign_in_set_up, name="sign_in_set_up"),
    path("sign-in/oidc/", sign_in.oidc_start, name="oidc_start"),
    path("sign-in/oidc/return/", sign_in.oidc_return, name="oidc_return"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
    path("account/", account.account, name="account"),
    path("account/password/", account.password, name="password"),
    path("account/second-factor/", account.new_app, name="new_app"),
    path("account/recovery-codes/", account.recovery_codes, name="recovery_codes"),
    path("account/sessions/end/", account.end_own_session, name="end_own_session"),
    path("account/session/", account.session_state, name="session_state"),
    path("display/", display_settings, name="display"),
    path("language/", language, name="language"),
    path("audit-log/", pages.audit_log, name="audit_log"),
    path("styleguide/", pages.style_guide, name="styleguide"),
]
