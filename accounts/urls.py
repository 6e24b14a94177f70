"""Sign-in, settings of the reader, the auditors' log."""

from django.urls import path

from accounts import views
from accounts.display import display_settings

app_name = "accounts"
urlpatterns = [
    path("account/password/", views.home, name="password"),
    path("sign-in/", views.SignIn.as_view(), name="sign_in"),
    path("sign-out/", views.SignOut.as_view(), name="sign_out"),
    path("home/", views.home, name="home"),
    path("display/", display_settings, name="display"),
    path("audit-log/", views.audit_log, name="audit_log"),
    path("styleguide/", views.style_guide, name="styleguide"),
]
