"""Every address, app by app."""

from django.urls import include, path

urlpatterns = [
    path("", include("annotations.urls")),
    path("", include("training.urls")),
]
