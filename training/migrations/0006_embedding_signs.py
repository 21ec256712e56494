"""The nearest utterances without reading every vector."""

import pgvector.django
from django.contrib.postgres.indexes import OpClass
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Cast


class Migration(migrations.Migration):
    atomic = False  # an index built concurrently commits in between
    dependencies = [("training", "0005_forced_promotions")]
    operations = [
        AddIndexConcurrently(
            "utteranceembedding",
            pgvector.django.HnswIndex(
                OpClass(
                    Cast(
                        models.Func("vector", function="binary_quantize"),
                        pgvector.django.BitField(length=384),
                    ),
                    name="bit_hamming_ops",
                ),
                name="embedding_signs",
                m=16,
                ef_construction=64,
            ),
        ),
    ]
