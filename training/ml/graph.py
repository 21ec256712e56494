"""An ONNX graph that runs: where it computes, and what the runtime may do to it."""

from __future__ import annotations

from pathlib import Path

import onnxruntime

# The fused form of the sum and the normalization, which the runtime prefers, is a slow
# loop behind int8 products (`benchmarks.serving` prints what a turn takes).
SLOW_FUSIONS = ["SkipLayerNormFusion"]


def session(model: bytes | Path) -> onnxruntime.InferenceSession:
    """The graph, computing on the thread that asks it.

    What trains, what compares and what serves run it in this one way, so that none
    sees other numbers than the next.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # Spinning threads would take the cores from the requests beside this one.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(
        model if isinstance(model, bytes) else str(model),
        options,
        providers=["CPUExecutionProvider"],
        disabled_optimizers=SLOW_FUSIONS,
    )
