"""Pages and API routes of what people do. Who may call them: ivr_label/access.yaml."""

from django.urls import path

from annotations.views import sign_in

pages = [
    path("sign-in", sign_in.sign_in, name="sign_in"),
    path("sign-in/<str:token>", sign_in.sign_in_link, name="sign_in_link"),
    path("sign-out", sign_in.sign_out, name="sign_out"),
]

urlpatterns = [*pages]
