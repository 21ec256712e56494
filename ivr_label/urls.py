"""Every address, app by app."""

from django.urls import include, path

urlpatterns = [
    path("", include("annotations.urls")),
    path("", include("training.urls")),
]

handler400 = "annotations.views.errors.bad_request"
handler403 = "annotations.views.errors.permission_denied"
handler404 = "annotations.views.errors.not_found"
handler500 = "annotations.views.errors.server_error"
