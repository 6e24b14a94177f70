"""Administrators' pages: people, their posts, and changes of access by two people."""

from django.urls import path, re_path

from access.views import changes, people

app_name = "access"
urlpatterns = [
    path("people/", people.person_list, name="people"),
    path("people/new/", people.person_new, name="person_new"),
    path("people/changes/", changes.change_list, name="change_list"),
    re_path("^people/changes/(?P<pk>[0-9]{1,18})/(?P<step>approve|reject)/$", changes.change_step, name="change_step"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/appoint/", people.person_appoint, name="person_appoint"),
    path("people/<int:pk>/<slug:name>/", people.person_act, name="person_act"),
    path("people/appointments/<int:pk>/end/", people.appointment_end, name="appointment_end"),
]
