"""Pages and API routes of what people do. Who may call them: ivr_label/access.yaml."""

from django.urls import path

from annotations.api.annotations import Annotations
from annotations.api.batches import Batch, Batches, BatchRejects
from annotations.api.functions import FunctionDetail, Functions, ValidateArguments
from annotations.api.intents import Intent, Intents
from annotations.api.queue import Heartbeat, NextItem, Release
from annotations.api.schema import OpenApi, docs
from annotations.views import (
    audit,
    bulk,
    clusters,
    functions,
    history,
    home,
    intent_editor,
    intent_moves,
    intents,
    label,
    label_values,
    me,
    me_keys,
    people,
    proposals,
    review,
    review_gold,
    review_personal,
    review_policy,
    review_questions,
    schema_editor,
    schema_steps,
    schemas,
    search,
    sign_in,
    sources,
    warm_up,
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
    path("label/warm-up", warm_up.page, name="label_warm_up"),
    path("label/warm-up/catalogue", warm_up.catalogue, name="label_warm_up_catalogue"),
    path("label/value", label_values.value, name="label_value"),
    path("label/cluster/undo", clusters.undo, name="label_cluster_undo"),
    path("label/cluster/<int:item_id>", clusters.page, name="label_cluster"),
    path(
        "label/cluster/<int:item_id>/check", clusters.check, name="label_cluster_check"
    ),
    path(
        "label/cluster/<int:item_id>/confirm",
        clusters.confirm,
        name="label_cluster_confirm",
    ),
    path("me", me.me, name="me"),
    path("label/ask", review_questions.ask, name="label_ask"),
    path(
        "me/questions/<int:question_id>", review_questions.reply, name="question_reply"
    ),
    path("review", review.overview, name="review"),
    path("me/keys", me_keys.keys, name="me_keys"),
    path("history", history.history, name="history"),
    path("review/disagreements", review.disagreements, name="review_disagreements"),
    path("review/errors", review.errors, name="review_errors"),
    path("review/errors/search", review.search, name="review_search"),
    path("review/late", review.late, name="review_late"),
    path("review/questions", review_questions.questions, name="review_questions"),
    path(
        "review/questions/<int:question_id>",
        review_questions.answer,
        name="review_answer",
    ),
    path("review/personal", review_personal.queue, name="review_personal"),
    path(
        "review/personal/<int:utterance_id>",
        review_personal.decide,
        name="review_report",
    ),
    path("review/gold", review_gold.gold, name="review_gold"),
    path("review/gold/<int:utterance_id>", review_gold.reopen, name="review_reopen"),
    path("review/agreement", review_policy.agreement, name="review_agreement"),
    path("review/policy", review_policy.policy, name="review_policy"),
    path("review/resolve", review.resolve, name="review_resolve"),
    path("review/proposals", proposals.queue, name="review_proposals"),
    path(
        "review/proposals/<int:proposal_id>", proposals.decide, name="proposal_decide"
    ),
    path("proposals", proposals.own, name="proposals"),
    path("proposals/new", proposals.propose, name="propose_intent"),
    path("review/undo", review.take_back, name="review_undo"),
    path("review/vote/<int:utterance_id>", review.vote, name="review_vote"),
    path(
        "review/value/<int:utterance_id>",
        label_values.value_in_review,
        name="review_value",
    ),
    path("intents", intents.intents, name="intents"),
    path("intents/<path:name>/change", intent_moves.change, name="intent_change"),
    path("intents/moves/<int:move_id>", intent_moves.move, name="intent_move"),
    path("intents/<path:name>/edit", intent_editor.edit, name="intent_edit"),
    path(
        "intents/<path:name>/contrast", intent_editor.contrast, name="intent_contrast"
    ),
    path(
        "intents/<path:name>/examples", intent_editor.examples, name="intent_examples"
    ),
    path("intents/<path:name>/set-off", intent_editor.set_off, name="intent_set_off"),
    path("intents/<path:name>/remarks", intent_editor.remarks, name="intent_remarks"),
    # Imported names may hold a slash: this takes all that nothing above it took.
    path("intents/<path:name>", intents.intent, name="intent"),
    path("functions", functions.functions, name="functions"),
    path("functions/new", schema_editor.new, name="function_new"),
    path("functions/check", schema_editor.check, name="function_check"),
    path("functions/import", schemas.import_functions, name="function_import"),
    path("functions/<str:name>", functions.function, name="function"),
    path("functions/<str:name>/draft", schema_editor.draft, name="function_draft"),
    path("functions/<str:name>/examples", schemas.examples, name="function_examples"),
    path("functions/<str:name>/v<int:number>", schemas.version, name="schema_version"),
    path(
        "functions/<str:name>/v<int:number>/receipt",
        schemas.receipt,
        name="schema_receipt",
    ),
    path(
        "functions/<str:name>/v<int:number>/step/<str:action>",
        schema_steps.act,
        name="schema_step",
    ),
    path("search", search.search, name="search"),
    path("search/open", search.open_at_desk, name="search_open"),
    path("search/bulk", bulk.draft, name="bulk_draft"),
    path("search/bulk/<uuid:action_id>", bulk.page, name="bulk"),
    path("search/bulk/<uuid:action_id>/state", bulk.state, name="bulk_state"),
    path("search/bulk/<uuid:action_id>/lines", bulk.download, name="bulk_download"),
    path("search/bulk/<uuid:action_id>/<str:step>", bulk.step, name="bulk_step"),
    path("sources", sources.sources, name="sources"),
    path("sources/state", sources.state, name="sources_state"),
    path("sources/upload", sources.upload, name="source_upload"),
    path("sources/<uuid:batch_id>", sources.batch, name="source_batch"),
    path("sources/<uuid:batch_id>/cancel", sources.cancel, name="source_cancel"),
    path("sources/<uuid:batch_id>/rejects.csv", sources.rejects, name="source_rejects"),
    path("audit", audit.audit, name="audit"),
    path("people", people.people, name="people"),
    path("people/<int:person_id>", people.person, name="person"),
    path("sign-in", sign_in.sign_in, name="sign_in"),
    path("sign-in/<str:token>", sign_in.sign_in_link, name="sign_in_link"),
    path("sign-out", sign_in.sign_out, name="sign_out"),
    path("session", sign_in.session, name="session"),
]

api = [
    path("api/v1/utterances/batches", Batches.as_view(), name="api_batches"),
    path(
        "api/v1/utterances/batches/<uuid:batch_id>", Batch.as_view(), name="api_batch"
    ),
    path(
        "api/v1/utterances/batches/<uuid:batch_id>/rejects",
        BatchRejects.as_view(),
        name="api_batch_rejects",
    ),
    path("api/v1/queue/next", NextItem.as_view(), name="api_queue_next"),
    path(
        "api/v1/queue/<int:item_id>/heartbeat",
        Heartbeat.as_view(),
        name="api_queue_heartbeat",
    ),
    path(
        "api/v1/queue/<int:item_id>/release",
        Release.as_view(),
        name="api_queue_release",
    ),
    path("api/v1/annotations", Annotations.as_view(), name="api_annotations"),
    path("api/v1/intents", Intents.as_view(), name="api_intents"),
    path("api/v1/intents/<path:name>", Intent.as_view(), name="api_intent"),
    path("api/v1/functions", Functions.as_view(), name="api_functions"),
    path("api/v1/functions/<str:name>", FunctionDetail.as_view(), name="api_function"),
    path(
        "api/v1/functions/<str:name>/validate",
        ValidateArguments.as_view(),
        name="api_function_validate",
    ),
    path("api/schema/", OpenApi.as_view(), name="api_schema"),
    path("api/docs/", docs, name="api_docs"),
]

urlpatterns = [*pages, *api]
