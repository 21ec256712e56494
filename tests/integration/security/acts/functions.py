"""What changes function schemas."""

import json

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from annotations.models import FunctionExample, User
from tests.factories import cast
from tests.unit.annotations.functions.pairs import fn, s


def function_new(client: Client, user: User):
    cast.intent("pay_bill")
    source = json.dumps(fn(amount=s()))
    return client.post(
        "/functions/new", {"name": "pay_bill", "intent": "pay_bill", "source": source}
    )


def function_draft(client: Client, user: User):
    cast.live_schema(cast.intent("check_bill"), fn(month=s()))
    return client.post(
        "/functions/check_bill/draft", {"source": json.dumps(fn(month=s(), plan=s()))}
    )


def function_import(client: Client, user: User):
    cast.intent("pay_bill")
    tool = {"name": "pay_bill", "parameters": fn(amount=s())}
    file = SimpleUploadedFile("tool.json", json.dumps(tool).encode())
    return client.post("/functions/import", {"files": [file]})


def function_examples(client: Client, user: User):
    live = cast.live_schema(cast.intent("check_bill"), fn(month=s()))
    example = FunctionExample.objects.create(
        function=live.function, kind="positive", text="my bill", vetted_by=user
    )
    return client.post("/functions/check_bill/examples", {"remove": example.pk})


def schema_step(client: Client, user: User):
    cast.live_schema(cast.intent("check_bill"), fn(month=s()))
    return client.post(
        "/functions/check_bill/v1/step/comment", {"text": "The month reads well."}
    )


ACTS = (
    (function_new, "schema.drafted"),
    (function_draft, "schema.drafted"),
    (function_import, "schema.drafted"),
    (function_examples, "example.removed"),
    (schema_step, "schema.commented"),
)
