"""Which numbers to compute with: bfloat16 where the hardware has it, else float32.

A processor without bfloat16 instructions emulates them: a training step of MiniLM took
7.4 s instead of 0.28 s on an AVX2 machine, so this is asked before every use.
"""

from __future__ import annotations

from typing import Any

PRECISIONS = ("auto", "bfloat16", "float32")


def autocast(device: Any, precision: str = "auto") -> Any:
    """A context in which torch computes on `device` in the wanted precision."""
    import torch

    if precision not in PRECISIONS:
        raise ValueError(f"precision is {precision!r}, known are {PRECISIONS}")
    reduced = precision == "bfloat16" or (
        precision == "auto" and computes_bfloat16(device)
    )
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=reduced)


def computes_bfloat16(device: Any) -> bool:
    """Whether `device` (a torch.device) multiplies bfloat16 natively."""
    import torch

    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return bool(
        torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    )
