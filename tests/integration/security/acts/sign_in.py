"""Signing in and out."""

from django.test import Client

from annotations.models import User
from annotations.services import sign_in


def sign_in_link(client: Client, user: User):
    return client.post(sign_in.issue_link(user=user, base_url=""))


def sign_out(client: Client, user: User):
    return client.post("/sign-out")


ACTS = (
    (sign_in_link, "signed_in"),
    (sign_out, "signed_out"),
)
