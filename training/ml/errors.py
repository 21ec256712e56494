"""The few failures of the learning code that callers tell apart."""


class MLError(Exception):
    """Root of the errors below."""


class EmptyPoolError(MLError):
    """There is nothing to choose from."""


class PoolExhaustedError(MLError):
    """More items were asked for than the pool holds."""


class TooFewLabelsError(MLError):
    """The labels at hand do not determine a model (fewer than two intents)."""


class CheckpointCorruptError(MLError):
    """A checkpoint's files are missing or their hashes do not match."""


class CheckpointFormatError(MLError):
    """A checkpoint was written in a format this code does not read."""


class TrainingCancelledError(MLError):
    """Whoever started the training asked it to stop."""
