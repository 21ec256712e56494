"""The PostgreSQL extensions that the tables stand on."""

from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension
from django.db import migrations
from pgvector.django import VectorExtension


class Migration(migrations.Migration):
    dependencies = []
    operations = [VectorExtension(), TrigramExtension(), BtreeGistExtension()]
