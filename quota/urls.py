"""Pages of the employer and of the federation."""

from django.urls import path

from quota.views import cases, certificate_changes, documents, queue, returns, sign_in_codes

app_name = "quota"
urlpatterns = [
    path("my-employers/", returns.my_employers, name="my_employers"),
    path("employers/<slug:uscc>/<int:levy_year>/open/", returns.return_open, name="return_open"),
    path("returns/<int:pk>/", returns.return_form, name="return"),
    path("returns/<int:pk>/people/add/", returns.placement_form, name="placement_add"),
    path("returns/<int:pk>/people/copy/", returns.copy_last_year, name="copy_last_year"),
    path("returns/<int:pk>/people/<int:placement>/", returns.placement_form, name="placement"),
    path("returns/<int:pk>/people/<int:placement>/remove/", returns.placement_remove, name="placement_remove"),
    path("returns/<int:pk>/submit/", returns.return_submit, name="return_submit"),
    path("returns/<int:pk>/receipt/", returns.receipt, name="receipt"),
    path("verification/", queue.queue, name="queue"),
    path("verification/returns.csv", queue.queue_file, name="queue_file"),
    path("verification/quick/", queue.quick, name="quick"),
    path("verification/certificates/", certificate_changes.certificate_changes, name="certificate_changes"),
    path(
        "verification/<int:pk>/certificates-seen/",
        certificate_changes.certificate_changes_seen,
        name="certificate_changes_seen",
    ),
    path("verification/<int:pk>/", cases.case, name="case"),
    path("verification/<int:pk>/people/<int:placement>/", cases.case, name="case_person"),
    path("verification/<int:pk>/people/<int:placement>/preview/", cases.decision_preview, name="decision_preview"),
    path("verification/<int:pk>/people/<int:placement>/reveal/", cases.reveal, name="reveal"),
    path("verification/<int:pk>/<slug:step>/", cases.case_step, name="case_step"),
    path("sign-in-codes/", sign_in_codes.find_employer, name="sign_in_codes"),
    path("sign-in-codes/<slug:uscc>/", sign_in_codes.sign_in_code, name="sign_in_code"),
    path("headcounts/<str:number>.pdf", documents.certificate_file, name="certificate_file"),
    path("headcounts/<str:number>/", documents.certificate, name="certificate"),
]
