"""A person's keys: presets without conflicts, and nothing stored that is not listed."""

import pytest
from django.test import Client

from annotations.errors import InvalidError
from annotations.models import DeskSettings, KeyPreset
from annotations.services import desk_keys
from annotations.services.desk_keys import ACTIONS, KEYS, KeysConflictError, Wishes
from tests.factories import cast

pytestmark = pytest.mark.django_db


def wishes(preset="default", single_keys="plain", **keys):
    named = {name.replace("_", "-"): key for name, key in keys.items()}
    return Wishes(preset=preset, single_keys=single_keys, keys=named)


@pytest.mark.parametrize("preset", KeyPreset.values)
def test_no_preset_puts_two_commands_on_one_key(preset):
    assert desk_keys.conflicts(desk_keys.keymap(preset, {})) == []


def test_what_differs_from_the_preset_is_stored():
    ana = cast.ana()

    desk_keys.save(by=ana, wishes=wishes(skip="/", again="="))

    stored = DeskSettings.objects.get()
    assert (stored.user, stored.keys) == (ana, {"skip": "/"})
    assert desk_keys.for_page(stored)["keys"] == {"skip": ["/"]}


@pytest.mark.parametrize("name", [n for n, one in ACTIONS.items() if not one.is_fixed])
def test_a_key_that_is_taken_is_refused_for_every_command(name):
    taken = "Mod+z" if name != "undo" else "Mod+i"

    with pytest.raises(KeysConflictError) as refused:
        desk_keys.save(by=cast.ana(), wishes=Wishes("default", "plain", {name: taken}))

    assert str(ACTIONS[name].name) in refused.value.message
    assert not DeskSettings.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        Wishes("default", "plain", {"skip": "<script>alert(1)</script>"}),
        Wishes("default", "plain", {"skip": "Enter "}),
        Wishes("default", "plain", {"<b>": ";"}),
        Wishes("default", "plain", {"choose": ";"}),
        Wishes("theirs", "plain"),
        Wishes("default", "yes"),
        Wishes("default", "plain", idle_minutes=0),
    ],
)
def test_what_is_not_in_the_lists_is_refused(wrong):
    with pytest.raises(InvalidError):
        desk_keys.save(by=cast.ana(), wishes=wrong)

    assert not DeskSettings.objects.exists()


def test_everybody_changes_their_own_keys_alone():
    ana, ben = cast.ana(), cast.ben()
    desk_keys.save(by=ana, wishes=wishes(skip="/"))
    client = Client()
    client.force_login(ben)

    client.post("/me/keys", {"preset": "letters", "single_keys": "off",
                             "user": ana.pk, "user_id": ana.pk})  # fmt: skip

    assert DeskSettings.objects.get(user=ana).keys == {"skip": "/"}
    assert DeskSettings.objects.get(user=ben).preset == "letters"


def test_the_form_shows_a_conflict_and_keeps_what_was_chosen():
    client = Client()
    client.force_login(cast.ana())

    response = client.post(
        "/me/keys", {"preset": "default", "single_keys": "plain", "key-skip": "="}
    )

    page = response.content.decode()
    assert response.status_code == 422
    assert "would do both" in page
    assert '<option value="=" selected>' in page


def test_every_key_offered_is_one_the_page_understands():
    assert len(set(KEYS)) == len(KEYS)
    assert all(len(k) == 1 or k[0].isupper() for k in KEYS)
