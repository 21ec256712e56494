"""An encoder thin enough to train in seconds."""

import shutil

import pytest

from training.ml.encoder import model_folder


@pytest.fixture(scope="session")
def base(tmp_path_factory):
    """A folder with a tiny encoder and the real tokenizer."""
    import torch
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("base") / "tiny" / "model"
    folder.mkdir(parents=True)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = BertConfig(
            hidden_size=32,
            num_hidden_layers=5,
            num_attention_heads=2,
            intermediate_size=64,
        )
        BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    shutil.copy(model_folder() / "tokenizer.json", folder)
    return folder
