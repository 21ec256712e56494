"""Shutting people out."""

from django.test import Client

from annotations.models import User
from tests.factories import cast


def person(client: Client, user: User):
    leaver = cast.person("leaver", "annotator")
    return client.post(f"/people/{leaver.pk}", {"act": "deactivate"})


ACTS = ((person, "person.deactivated"),)
