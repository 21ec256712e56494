"""Stand-ins that are deterministic and instant."""

import zlib
from collections.abc import Sequence

import numpy as np


class FakeEncoder:
    """Hashed words and letter triples as unit vectors: like texts lie close."""

    name = "fake"

    def __init__(self, dimension: int = 384) -> None:
        self.dimension = dimension
        self.texts: list[str] = []  # everything that was ever embedded

    def encode(self, texts: Sequence[str], progress=None) -> np.ndarray:
        self.texts.extend(texts)
        out = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for part in self._parts(text):
                code = zlib.crc32(part.encode())
                out[row, code % self.dimension] += 1.0 if code >> 31 else -1.0
        length = np.linalg.norm(out, axis=1, keepdims=True)
        out[length[:, 0] == 0, 0] = 1.0
        if progress is not None and texts:
            progress(len(texts), len(texts))
        return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)

    @staticmethod
    def _parts(text: str) -> list[str]:
        words = text.lower().split()
        padded = f"  {' '.join(words)} "
        return [f"w {w}" for w in words] * 3 + [
            padded[i : i + 3] for i in range(len(padded) - 2)
        ]
