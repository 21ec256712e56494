from training.models.checkpoint import FAMILY, Checkpoint, Evaluation, Promotion
from training.models.dataset import DatasetSnapshot, SnapshotMember
from training.models.drift import DriftCheck
from training.models.force import ForcedPromotion
from training.models.forecast import LearningForecast
from training.models.learning_comparison import LearningComparison
from training.models.live import LiveTurn, ShadowAnswer
from training.models.log import RoundLine
from training.models.own_effect import OwnEffect
from training.models.policy import Policy
from training.models.ranking import (
    EMBEDDING_DIMENSIONS,
    Ranking,
    UtteranceEmbedding,
)
from training.models.registry import RegistryEntry
from training.models.round import Round, RoundStep

__all__ = [
    "EMBEDDING_DIMENSIONS",
    "FAMILY",
    "Checkpoint",
    "DatasetSnapshot",
    "DriftCheck",
    "Evaluation",
    "ForcedPromotion",
    "LearningComparison",
    "LearningForecast",
    "LiveTurn",
    "OwnEffect",
    "Policy",
    "Promotion",
    "Ranking",
    "RegistryEntry",
    "Round",
    "RoundLine",
    "RoundStep",
    "ShadowAnswer",
    "SnapshotMember",
    "UtteranceEmbedding",
]
