from annotations.models.annotation import (
    Annotation,
    GoldLabel,
    ParameterSpan,
    ReviewReason,
    SkipReason,
)
from annotations.models.attempts import AttemptCounter
from annotations.models.audit import AuditEvent
from annotations.models.bulk import BulkAction, BulkMember
from annotations.models.catalogue import (
    OUT_OF_SCOPE,
    Act,
    CatalogueStamp,
    Domain,
    Intent,
    Iteration,
)
from annotations.models.conversation import Conversation, Turn
from annotations.models.desk import (
    IDLE_MINUTES,
    DeskSettings,
    KeyPreset,
    SingleKeys,
    WarmUp,
)
from annotations.models.guideline import (
    ContrastPair,
    IntentChange,
    IntentConfusion,
    IntentExample,
    IntentRemark,
)
from annotations.models.intake import IntakeBatch, PendingLabel, RejectedRow
from annotations.models.intent_move import IntentMove, MovedLabel
from annotations.models.person import ApiToken, Role, Scope, SignInLink, User
from annotations.models.proposal import IntentProposal
from annotations.models.queue import BLIND_REASONS, QueueItem, Reason
from annotations.models.review import (
    ErrorCandidate,
    ErrorSearch,
    OpinionPolicy,
    Question,
    QuestionMessage,
)
from annotations.models.schema import (
    Function,
    FunctionExample,
    LabelMigration,
    SchemaRemark,
    SchemaVersion,
)
from annotations.models.suggestion import Suggestion
from annotations.models.utterance import MAX_TEXT, Utterance
from annotations.models.worker import WorkerHeartbeat

__all__ = [
    "BLIND_REASONS",
    "IDLE_MINUTES",
    "MAX_TEXT",
    "OUT_OF_SCOPE",
    "Act",
    "Annotation",
    "ApiToken",
    "AttemptCounter",
    "AuditEvent",
    "BulkAction",
    "BulkMember",
    "CatalogueStamp",
    "ContrastPair",
    "Conversation",
    "DeskSettings",
    "Domain",
    "ErrorCandidate",
    "ErrorSearch",
    "Function",
    "FunctionExample",
    "GoldLabel",
    "IntakeBatch",
    "Intent",
    "IntentChange",
    "IntentConfusion",
    "IntentExample",
    "IntentMove",
    "IntentProposal",
    "IntentRemark",
    "Iteration",
    "KeyPreset",
    "LabelMigration",
    "MovedLabel",
    "OpinionPolicy",
    "ParameterSpan",
    "PendingLabel",
    "Question",
    "QuestionMessage",
    "QueueItem",
    "Reason",
    "RejectedRow",
    "ReviewReason",
    "Role",
    "SchemaRemark",
    "SchemaVersion",
    "Scope",
    "SignInLink",
    "SingleKeys",
    "SkipReason",
    "Suggestion",
    "Turn",
    "User",
    "Utterance",
    "WarmUp",
    "WorkerHeartbeat",
]
