"""What the API takes and gives. Shapes only: the services hold the rules."""

import uuid

from django.db.models import BigIntegerField
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotations.models import Act, Annotation, SkipReason
from annotations.services.answers import MOST_MS, MOST_SPANS, Answer, SpanAnswer

MOST_ID = BigIntegerField.MAX_BIGINT
MOST_LETTERS = 2000
MOST_TURNS = 1000
NAME = 80


class StrictMixin:
    """Refuses fields that nobody asked for: a typing error must not pass silently."""

    def to_internal_value(self, data: object) -> dict:
        if isinstance(data, dict):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                raise serializers.ValidationError(
                    {
                        name[:NAME]: [_("There is no such field.")]
                        for name in unknown[:20]
                    }
                )
        return super().to_internal_value(data)


class TextField(serializers.CharField):
    """A JSON string as it is. Numbers are not taken for one, nothing is trimmed."""

    def __init__(self, **options: object) -> None:
        super().__init__(**{"trim_whitespace": False, **options})

    def to_internal_value(self, data: object) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class WholeNumberField(serializers.IntegerField):
    """A JSON integer; neither "7" nor 7.0 nor true is one."""

    def to_internal_value(self, data: object) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return super().to_internal_value(data)


class IdField(serializers.UUIDField):
    """A UUID in its usual spelling."""

    def to_internal_value(self, data: object) -> uuid.UUID:
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


class TurnSerializer(serializers.Serializer):
    role = serializers.CharField()
    text = serializers.CharField()


class SuggestedIntentSerializer(serializers.Serializer):
    name = serializers.CharField()
    title = serializers.CharField()
    confidence = serializers.FloatField(help_text="calibrated, 0 to 1")


class SuggestedSpanSerializer(serializers.Serializer):
    param = serializers.CharField()
    start = serializers.IntegerField()
    end = serializers.IntegerField()
    text = serializers.CharField()
    value = serializers.CharField(required=False)


class ItemSerializer(serializers.Serializer):
    """A queue item leased to the caller."""

    id = serializers.IntegerField(source="item_id")
    text = serializers.CharField()
    context = serializers.SerializerMethodField()
    why = serializers.CharField()
    count = serializers.IntegerField(help_text="how often callers said exactly this")
    blind = serializers.BooleanField(source="is_blind")
    suggestions = SuggestedIntentSerializer(many=True)
    parameters = SuggestedSpanSerializer(many=True)
    lease_expires_at = serializers.DateTimeField()

    @extend_schema_field(TurnSerializer(many=True))
    def get_context(self, item: object) -> list[dict[str, str]]:
        return [{"role": role, "text": text} for role, text in item.context]


class QueueStateSerializer(serializers.Serializer):
    """Why there is nothing to label."""

    ready = serializers.IntegerField()
    held_by_others = serializers.IntegerField()
    next_free_at = serializers.DateTimeField(allow_null=True)
    pool = serializers.IntegerField()
    worker_alive = serializers.BooleanField()


class NextSerializer(serializers.Serializer):
    item = ItemSerializer(allow_null=True)
    queue = QueueStateSerializer(allow_null=True)


class LeaseSerializer(serializers.Serializer):
    lease_expires_at = serializers.DateTimeField()


class ReleasedSerializer(serializers.Serializer):
    released = serializers.BooleanField()


class SpanSerializer(StrictMixin, serializers.Serializer):
    """Code points, half-open, with the text read there."""

    param = TextField(max_length=NAME)
    start = WholeNumberField(min_value=0, max_value=MOST_LETTERS)
    end = WholeNumberField(min_value=1, max_value=MOST_LETTERS)
    text = TextField(max_length=MOST_LETTERS)
    value = TextField(
        max_length=MOST_LETTERS,
        required=False,
        allow_blank=True,
        help_text="what the words amount to; read from them where left out",
    )
    turn = WholeNumberField(
        min_value=0,
        max_value=MOST_TURNS,
        required=False,
        allow_null=True,
        help_text="position in the context, where an earlier turn says it",
    )


class AnswerSerializer(StrictMixin, serializers.Serializer):
    """One answer. `id` is made by the client: sent again, it is stored once."""

    id = IdField(format="hex_verbose")
    kind = serializers.ChoiceField(choices=Annotation.Kind.choices)
    item = WholeNumberField(min_value=1, max_value=MOST_ID, required=False)
    intent = TextField(max_length=NAME, required=False)
    spans = serializers.ListField(
        child=SpanSerializer(), max_length=MOST_SPANS, required=False
    )
    not_spoken = serializers.ListField(
        child=TextField(max_length=NAME), max_length=MOST_SPANS, required=False
    )
    reason = serializers.ChoiceField(
        choices=SkipReason.choices, required=False, help_text="for a skip"
    )
    act = serializers.ChoiceField(
        choices=Act.choices,
        required=False,
        help_text="what the turn does in its conversation",
    )
    misheard = serializers.BooleanField(
        required=False, help_text="true: the speech recognizer got a word wrong"
    )
    place = serializers.ListField(
        child=WholeNumberField(min_value=0, max_value=MOST_LETTERS),
        min_length=2,
        max_length=2,
        required=False,
        help_text="start and end of the personal data, in code points",
    )
    shown_ms = WholeNumberField(min_value=0, max_value=MOST_MS, required=False)
    next = serializers.BooleanField(
        default=False, help_text="true: the response holds the next item"
    )

    NEEDS = {
        Annotation.Kind.LABEL: {"item", "intent"},
        Annotation.Kind.SKIP: {"item", "reason"},
        Annotation.Kind.QUARANTINE: {"item"},
        Annotation.Kind.UNDO: set(),
    }
    MAY = {
        Annotation.Kind.LABEL: {"spans", "not_spoken", "act", "misheard", "shown_ms"},
        Annotation.Kind.QUARANTINE: {"place"},
    }

    def validate(self, attrs: dict) -> dict:
        kind = attrs["kind"]
        needed = self.NEEDS[kind]
        allowed = needed | self.MAY.get(kind, set()) | {"id", "kind", "next"}
        faults = {name: [_("This field is required.")] for name in needed - set(attrs)}
        faults |= {
            name: [_("Not part of the kind “%(kind)s”.") % {"kind": kind}]
            for name in set(attrs) - allowed
        }
        if faults:
            raise serializers.ValidationError(faults)
        return attrs

    def answer(self) -> Answer:
        sent = self.validated_data
        return Answer(
            uuid=sent["id"],
            item_id=sent["item"],
            intent=sent["intent"],
            spans=tuple(SpanAnswer(**span) for span in sent.get("spans", ())),
            not_spoken=tuple(sent.get("not_spoken", ())),
            shown_ms=sent.get("shown_ms"),
            act=sent.get("act", ""),
            is_misheard=sent.get("misheard", False),
        )


class AnnotationSerializer(serializers.ModelSerializer):
    """A stored answer, as its author sees it."""

    intent = serializers.CharField(source="intent.name", default=None, allow_null=True)
    item = serializers.IntegerField(source="queue_item_id", allow_null=True)
    utterance = serializers.IntegerField(source="utterance_id")
    undoes = serializers.UUIDField(source="undoes_id", allow_null=True)
    skip_reason = serializers.CharField(help_text="empty where not skipped")
    spans = SpanSerializer(many=True)
    misheard = serializers.BooleanField(source="is_misheard")

    class Meta:
        model = Annotation
        fields = [
            "id",
            "kind",
            "item",
            "utterance",
            "intent",
            "spans",
            "not_spoken",
            "act",
            "misheard",
            "skip_reason",
            "undoes",
            "is_late",
            "created_at",
        ]
        read_only_fields = fields


class StoredSerializer(AnnotationSerializer):
    """The stored answer and, where it was asked for, the next item."""

    next = NextSerializer(required=False)

    class Meta(AnnotationSerializer.Meta):
        fields = [*AnnotationSerializer.Meta.fields, "next"]
        read_only_fields = fields


class ParameterSerializer(serializers.Serializer):
    name = serializers.CharField()
    type = serializers.CharField()
    required = serializers.BooleanField()
    description = serializers.CharField()
    enum = serializers.ListField(child=serializers.CharField())


class IntentSerializer(serializers.Serializer):
    name = serializers.CharField()
    title = serializers.CharField()
    domain = serializers.CharField()
    description = serializers.CharField()
    aliases = serializers.ListField(child=serializers.CharField())
    is_out_of_scope = serializers.BooleanField()
    function = serializers.CharField(help_text="empty where no function is called")
    parameters = ParameterSerializer(many=True)
    contrasts = serializers.SerializerMethodField()

    @extend_schema_field(serializers.DictField(child=serializers.CharField()))
    def get_contrasts(self, card: object) -> dict[str, str]:
        """By the other intent's name: when to choose this one instead."""
        return dict(card.contrasts)


class FunctionSerializer(serializers.Serializer):
    name = serializers.CharField()
    description = serializers.CharField()
    intent = serializers.CharField(source="intent.name")
    domain = serializers.CharField(source="domain.name")
    version = serializers.IntegerField(
        source="live.number", default=None, allow_null=True
    )
    content_hash = serializers.CharField(
        source="live.content_hash", default=None, allow_null=True
    )
    parameters = serializers.JSONField(
        source="live.body",
        default=None,
        allow_null=True,
        help_text="JSON Schema of the live version",
    )


class ArgumentsSerializer(StrictMixin, serializers.Serializer):
    arguments = serializers.DictField(help_text="parameter values by name")


class FaultSerializer(serializers.Serializer):
    path = serializers.CharField()
    message = serializers.CharField()


class ValidationSerializer(serializers.Serializer):
    valid = serializers.BooleanField()
    version = serializers.IntegerField()
    missing = serializers.ListField(child=serializers.CharField())
    errors = FaultSerializer(many=True)


class ProblemSerializer(serializers.Serializer):
    """Every refusal: `code` is stable, `message` is for people."""

    code = serializers.CharField()
    message = serializers.CharField()
    fields = serializers.DictField(required=False)
