"""What every response has, whatever the view."""

import gzip
import json

import pytest
from django.test import Client


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/no-such-page", "/api/v1/no-such"])
def test_each_response_has_an_id_and_forbids_inline_code(client: Client, path):
    response = client.get(path)

    assert len(response["X-Request-ID"]) == 32
    assert response["Content-Security-Policy"].startswith("default-src 'none'")
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.django_db
def test_a_nul_in_the_address_is_a_bad_request(client: Client):
    assert client.get("/search?q=a%00b").status_code == 400
    assert client.get("/a%00b").status_code == 400


def test_static_files_are_collected_small_and_under_names_that_never_change(
    manage, tmp_path
):
    done = manage("collectstatic", "--noinput", "-v0", STATIC_ROOT=str(tmp_path))

    assert done.returncode == 0, done.stderr
    names = json.loads((tmp_path / "staticfiles.json").read_text())["paths"]
    styles = [tmp_path / v for k, v in names.items() if k.startswith("css/")]
    assert styles
    for path in styles:
        packed = path.with_name(path.name + ".gz").read_bytes()
        assert gzip.decompress(packed) == path.read_bytes()
        assert len(packed) < path.stat().st_size
