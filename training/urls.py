"""Pages and API routes of what machines do. Access: ivr_label/access.yaml."""

from django.urls import path

from training.api.chat import ChatCompletions
from training.api.checkpoints import Checkpoints
from training.api.metrics import Metrics
from training.api.rounds import RoundCancel, RoundDetail, Rounds
from training.api.turns import Turns
from training.views import (
    checkpoints,
    curve,
    data_card,
    drift,
    intent_models,
    meaning_search,
    own_effect,
    plan,
    policies,
    progress,
    rounds,
    samples,
    schema_trial,
)

pages = [
    path("search/like", meaning_search.search_like, name="search_like"),
    path("rounds", rounds.rounds_page, name="rounds"),
    path("rounds/state", rounds.rounds_state, name="rounds_state"),
    path("rounds/start", rounds.round_start, name="round_start"),
    path("rounds/roll-back", rounds.champion_roll_back, name="champion_roll_back"),
    path("rounds/plan", plan.plan_page, name="plan"),
    path("rounds/curve", curve.curve_page, name="curve"),
    path("rounds/policies", policies.policies_page, name="policies"),
    path("rounds/policies/<int:iteration>", policies.policy_page, name="policy"),
    path(
        "rounds/policies/<int:iteration>/intents",
        policies.policy_intents,
        name="policy_intents",
    ),
    path("rounds/<int:round_id>", rounds.round_page, name="round"),
    path("rounds/<int:round_id>/data", data_card.data_page, name="round_data"),
    path(
        "rounds/<int:round_id>/data.json",
        data_card.data_download,
        name="round_data_download",
    ),
    path("rounds/<int:round_id>/state", rounds.round_state, name="round_state"),
    path("rounds/<int:round_id>/cancel", rounds.round_cancel, name="round_cancel"),
    path("rounds/<int:round_id>/decision", rounds.round_decide, name="round_decide"),
    path("rounds/<int:round_id>/force", rounds.round_force, name="round_force"),
    path("rounds/forced/<int:force_id>", rounds.force_decide, name="force_decide"),
    path("models/<str:name>", checkpoints.checkpoint_page, name="model"),
    path("intents/<path:name>/models", intent_models.models, name="intent_models"),
    path("intents/<path:name>/samples", samples.write, name="intent_samples"),
    path(
        "intents/<path:name>/samples/check",
        samples.check,
        name="intent_samples_check",
    ),
    path("progress", progress.progress, name="progress"),
    path(
        "progress/<int:item_id>/release",
        progress.progress_release,
        name="progress_release",
    ),
    path("worth", progress.worth, name="worth"),
    path("me/effect", own_effect.own_effect_part, name="own_effect"),
    path("drift", drift.drift_page, name="drift"),
    path("drift/check", drift.drift_start, name="drift_start"),
    path("drift/<int:check_id>", drift.drift_check_page, name="drift_check"),
    path("drift/<int:check_id>/sample", drift.drift_sample, name="drift_sample"),
    path("functions/<str:name>/models", schema_trial.models, name="schema_models"),
    path(
        "functions/<str:name>/v<int:number>/try",
        schema_trial.attempt,
        name="schema_try",
    ),
]

api = [
    path("api/v1/rounds", Rounds.as_view(), name="api_rounds"),
    path("api/v1/rounds/<int:round_id>", RoundDetail.as_view(), name="api_round"),
    path(
        "api/v1/rounds/<int:round_id>/cancel",
        RoundCancel.as_view(),
        name="api_round_cancel",
    ),
    path("api/v1/checkpoints", Checkpoints.as_view(), name="api_checkpoints"),
    path("api/v1/metrics", Metrics.as_view(), name="api_metrics"),
    path("api/v1/turns", Turns.as_view(), name="api_turns"),
    path("v1/chat/completions", ChatCompletions.as_view(), name="chat_completions"),
]

urlpatterns = [*pages, *api]
