"""Pages and API routes of what people do. Who may call them: ivr_label/access.yaml."""

from django.urls import path

from annotations.views import (
    audit,
    functions,
    home,
    intents,
    label,
    me,
    search,
    sign_in,
)

pages = [
    path("", home.home, name="home"),
    path("state", home.state, name="home_state"),
    path("label", label.page, name="label"),
    path("label/next", label.next_item, name="label_next"),
    path("label/answer", label.answer, name="label_answer"),
    path("label/skip", label.skip, name="label_skip"),
    path("label/quarantine", label.quarantine, name="label_quarantine"),
    path("label/undo", label.undo, name="label_undo"),
    path("label/renew", label.renew, name="label_renew"),
    path("label/release", label.release, name="label_release"),
    path("label/catalogue", label.catalogue, name="label_catalogue"),
    path("me", me.me, name="me"),
    path("intents", intents.intents, name="intents"),
    path("intents/<str:name>", intents.intent, name="intent"),
    path("functions", functions.functions, name="functions"),
    path("functions/<str:name>", functions.function, name="function"),
    path("search", search.search, name="search"),
    path("audit", audit.audit, name="audit"),
    path("sign-in", sign_in.sign_in, name="sign_in"),
    path("sign-in/<str:token>", sign_in.sign_in_link, name="sign_in_link"),
    path("sign-out", sign_in.sign_out, name="sign_out"),
]

urlpatterns = [*pages]
