import pytest

from ivr_label.databases import from_url, socket_url
from ivr_label.env import SettingError


def test_a_url_becomes_djangos_settings():
    settings = from_url(
        "postgresql://ana:p%40ss@db.example:5433/label?sslmode=require", pool_size=0
    )

    assert settings["NAME"] == "label"
    assert settings["USER"] == "ana"
    assert settings["PASSWORD"] == "p@ss"
    assert (settings["HOST"], settings["PORT"]) == ("db.example", "5433")
    assert settings["OPTIONS"]["sslmode"] == "require"
    assert "host" not in settings["OPTIONS"]


def test_a_socket_folder_survives_the_way_through_a_url():
    url = socket_url(folder="/var/a b/socket", user="u", name="n")

    assert from_url(url, pool_size=0)["HOST"] == "/var/a b/socket"


def test_a_pool_ends_the_connections_of_single_threads():
    settings = from_url("postgres://u@h/n", pool_size=6)

    assert settings["OPTIONS"]["pool"]["max_size"] == 6
    assert settings["CONN_MAX_AGE"] == 0


@pytest.mark.parametrize(
    "url", ["mysql://u@h/n", "postgresql://u@h", "nonsense", "postgresql://u@h:x/n"]
)
def test_a_url_of_another_shape_is_refused(url):
    with pytest.raises(SettingError, match="DATABASE_URL"):
        from_url(url, pool_size=0)
