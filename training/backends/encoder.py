"""Training of the sentence encoder on this machine: on CUDA, else on the CPU."""

from pathlib import Path
from typing import Any

from training.ml import bundle, compression, recipes, reproducible
from training.ml.data import Dataset
from training.ml.encoder import model_folder
from training.ml.finetune import FinetuneConfig
from training.ml.hooks import Hooks


class EncoderBackend:
    """Light head or end-to-end fine-tuning, by recipe."""

    def conditions(self, threads: int | None = None) -> dict[str, Any]:
        return reproducible.settle(threads)

    def train(
        self,
        train: Dataset,
        valid: Dataset | None,
        *,
        recipe: str,
        seed: int,
        work: Path,
        shared: Path,
        hooks: Hooks,
    ) -> dict[str, bytes | Path]:
        work.mkdir(parents=True, exist_ok=True)
        config = recipes.TrainConfig(
            recipe=recipe, seed=seed, finetuning=FinetuneConfig(seed=seed)
        )
        trained = recipes.train(
            train,
            valid,
            config,
            base=model_folder(),
            work=work,
            shared=shared,
            hooks=hooks,
        )
        graph, parity = compression.smaller(
            trained.bundle, trained.encoder, trained.tokenizer, valid or train
        )
        files = bundle.to_files(trained.bundle, graph, trained.tokenizer)
        return {**files, compression.PARITY: parity.as_json()}
