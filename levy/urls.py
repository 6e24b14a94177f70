"""Pages of the levy: runs, corrections, documents, and the administration of parameters and divisions."""

from django.urls import path, re_path

from levy.views import corrections, documents, parameters, regions, runs

app_name = "levy"
urlpatterns = [
    path("runs/", runs.run_list, name="run_list"),
    path("runs/start/", runs.run_start, name="run_start"),
    path("runs/<int:pk>/", runs.run_detail, name="run_detail"),
    path("runs/<int:pk>/report/", documents.run_report, name="run_report"),
    path("runs/<int:pk>/report.pdf", documents.run_report_file, name="run_report_file"),
    path("runs/<int:pk>/comparison/", runs.run_comparison, name="run_comparison"),
    path("runs/<int:pk>/comparison/<slug:movement>.csv", runs.run_movement, name="run_movement"),
    path("runs/<int:pk>/notices/", documents.batch_list, name="batch_list"),
    path("notice-batches/<int:pk>/", documents.batch, name="batch"),
    path("notice-batches/<int:pk>/notices.zip", documents.batch_file, name="batch_file"),
    path("assessments/<int:pk>/notice/", documents.notice_issue, name="notice_issue"),
    path("notices/<str:number>.pdf", documents.notice_file, name="notice_file"),
    path("notices/<str:number>/", documents.notice, name="notice"),
    path("runs/<int:pk>/<slug:step>/", runs.run_step, name="run_step"),
    path("employers/<slug:uscc>/<int:levy_year>/correct/", corrections.correction_propose, name="correction_propose"),
    path("corrections/", corrections.correction_list, name="correction_list"),
    path("corrections/<int:pk>/", corrections.correction, name="correction"),
    re_path(
        "^corrections/(?P<pk>[0-9]{1,18})/(?P<step>approve|reject)/$",
        corrections.correction_step,
        name="correction_step",
    ),
    path("parameters/", parameters.parameter_list, name="parameter_list"),
    path("parameters/changes/", parameters.parameter_change_list, name="parameter_change_list"),
    path("parameters/changes/<int:pk>/", parameters.parameter_change, name="parameter_change"),
    re_path(
        "^parameters/changes/(?P<pk>[0-9]{1,18})/(?P<step>approve|reject)/$",
        parameters.parameter_change_step,
        name="parameter_change_step",
    ),
    path("parameters/<slug:code>/<slug:name>/", parameters.parameter_history, name="parameter_history"),
    path("parameters/<slug:code>/<slug:name>/new/", parameters.parameter_propose, name="parameter_propose"),
    path("divisions/", regions.region_list, name="region_list"),
    path("divisions/changes/<int:pk>/", regions.region_change, name="region_change"),
    re_path(
        "^divisions/changes/(?P<pk>[0-9]{1,18})/(?P<step>approve|reject)/$",
        regions.region_change_step,
        name="region_change_step",
    ),
    re_path("^divisions/(?P<code>[0-9]{6})/$", regions.region_detail, name="region_detail"),
    re_path(
        "^divisions/(?P<code>[0-9]{6})/(?P<kind>add|rename|retire)/$", regions.region_propose, name="region_propose"
    ),
]
