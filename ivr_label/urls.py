"""Every address, app by app."""

from django.urls import include, path
from django.views.i18n import JavaScriptCatalog

from . import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("words.js", JavaScriptCatalog.as_view(), name="words"),
    # Before annotations: an intent's own page takes whatever follows /intents/.
    path("", include("training.urls")),
    path("", include("annotations.urls")),
]

handler400 = "ivr_label.failures.bad_request"
handler403 = "ivr_label.failures.permission_denied"
handler404 = "ivr_label.failures.not_found"
handler500 = "ivr_label.failures.server_error"
