"""What the API of models and rounds takes and gives. Shapes only."""

from rest_framework import serializers

from annotations.api.serializers import StrictMixin, TextField, WholeNumberField
from annotations.models import MAX_TEXT
from training.ml.data import ACTS
from training.models import Checkpoint, Round
from training.serving.dialogue import Outcome, Reason

NAME = 80
MAX_TURNS = 12


class RoundSerializer(serializers.ModelSerializer):
    iteration = serializers.IntegerField(source="policy.iteration")
    challenger = serializers.CharField(
        source="challenger.name", default=None, allow_null=True
    )
    champion = serializers.CharField(
        source="champion.name", default=None, allow_null=True
    )
    snapshot = serializers.CharField(
        source="snapshot.digest", default=None, allow_null=True
    )
    error = serializers.CharField(
        source="fault", help_text="why it failed, or the attempt before this one did"
    )

    class Meta:
        model = Round
        fields = [
            "id",
            "iteration",
            "status",
            "recipe",
            "backend",
            "cause",
            "requested_at",
            "started_at",
            "finished_at",
            "attempts",
            "progress",
            "snapshot",
            "challenger",
            "champion",
            "verdict",
            "error",
        ]


class RoundRequestSerializer(StrictMixin, serializers.Serializer):
    iteration = WholeNumberField(min_value=1, max_value=3, default=1)
    backend = TextField(max_length=20, default="encoder")


class CheckpointSerializer(serializers.ModelSerializer):
    evaluation = serializers.JSONField(
        help_text="the newest report on the exam, as `evaluate` prints it"
    )

    class Meta:
        model = Checkpoint
        fields = [
            "name",
            "family",
            "recipe",
            "state",
            "gate_passed",
            "manifest_sha256",
            "size_bytes",
            "created_at",
            "evaluation",
        ]


class MetricsSerializer(serializers.Serializer):
    champion = serializers.CharField(allow_null=True)
    since = serializers.DateTimeField(allow_null=True)
    exam = serializers.JSONField(
        allow_null=True, help_text="the champion on the exam, as `evaluate` prints it"
    )
    gold_labels = serializers.IntegerField()
    exam_labels = serializers.IntegerField()
    pool = serializers.IntegerField()
    ready = serializers.IntegerField()


class ContextTurnSerializer(StrictMixin, serializers.Serializer):
    role = TextField(max_length=40)
    text = TextField(max_length=MAX_TEXT, allow_blank=True)


class TurnRequestSerializer(StrictMixin, serializers.Serializer):
    text = TextField(max_length=MAX_TEXT)
    context = ContextTurnSerializer(many=True, required=False, max_length=MAX_TURNS)
    conversation_id = TextField(max_length=120, required=False, allow_blank=True)
    turn = WholeNumberField(min_value=0, max_value=2**31 - 1, required=False)
    domain = TextField(max_length=NAME, required=False, allow_blank=True)
    bot_intent = TextField(max_length=NAME, required=False, allow_blank=True)
    bot_confidence = serializers.FloatField(min_value=0, max_value=1, required=False)
    is_fallback = serializers.BooleanField(required=False)
    occurred_at = TextField(max_length=64, required=False)


class IntentAnswerSerializer(serializers.Serializer):
    name = serializers.CharField()
    confidence = serializers.FloatField(help_text="calibrated, 0 to 1")


class ParameterAnswerSerializer(serializers.Serializer):
    param = serializers.CharField()
    start = serializers.IntegerField()
    end = serializers.IntegerField()
    text = serializers.CharField()


class ActAnswerSerializer(serializers.Serializer):
    name = serializers.ChoiceField(choices=ACTS)
    confidence = serializers.FloatField(help_text="calibrated, 0 to 1")


class FunctionCallSerializer(serializers.Serializer):
    name = serializers.CharField()
    arguments = serializers.JSONField()


class DialogueStateSerializer(serializers.Serializer):
    intent = serializers.CharField()
    function = serializers.CharField()
    arguments = serializers.JSONField()


class TurnAnswerSerializer(serializers.Serializer):
    intents = IntentAnswerSerializer(many=True)
    act = ActAnswerSerializer(
        allow_null=True,
        help_text="what the turn does: makes a new request, continues, corrects,"
        " confirms, denies or closes; null where the model has not learned it",
    )
    fallback = serializers.BooleanField()
    parameters = ParameterAnswerSerializer(many=True)
    function_call = FunctionCallSerializer(
        required=False, help_text="only where every required parameter is known"
    )
    outcome = serializers.ChoiceField(
        choices=[str(outcome) for outcome in Outcome],
        help_text="what to do next: call the function, ask for what is missing, ask"
        " which intent is meant, go on with an intent that has no function, fall back",
    )
    reason = serializers.ChoiceField(
        choices=["", *(str(reason) for reason in Reason)], help_text="of a fallback"
    )
    missing = serializers.ListField(child=serializers.CharField())
    prompt = serializers.CharField(help_text="the words to ask with, may be empty")
    state = DialogueStateSerializer()
    text = serializers.CharField(help_text="the turn as it was understood: redacted")
    model = serializers.CharField()
