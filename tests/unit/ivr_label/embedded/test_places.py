import stat
import threading

import pytest

from ivr_label.embedded import places as module
from ivr_label.embedded.places import EmbeddedError, Places, is_reachable, keep_secret


def test_a_secret_is_made_once_and_only_its_owner_reads_it(tmp_path):
    path = tmp_path / "key"

    first = keep_secret(path, n_bytes=40)

    assert keep_secret(path, n_bytes=40) == first
    assert len(first) == 80
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_of_many_first_readers_all_get_the_same_secret(tmp_path):
    found = []
    threads = [
        threading.Thread(
            target=lambda: found.append(keep_secret(tmp_path / "key", n_bytes=8))
        )
        for _ in range(16)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 16
    assert len(set(found)) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["key"]


def test_a_path_is_reachable_only_if_all_its_parents_let_everybody_pass(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir()
    base = is_reachable(tmp_path / "x")

    closed.chmod(0o711)
    assert is_reachable(closed / "x") is base
    closed.chmod(0o700)
    assert is_reachable(closed / "deep" / "x") is False


def test_the_cluster_moves_only_where_its_user_could_not_reach_it(
    tmp_path, monkeypatch
):
    tmp_path.chmod(0o700)
    places = Places(tmp_path / "data")

    monkeypatch.setattr(module, "service_user", lambda: None)
    assert places.postgres == tmp_path / "data" / "postgres"

    monkeypatch.setattr(module, "service_user", lambda: "nobody")
    assert places.postgres.parent == module.SHARED_HOME
    assert places.postgres == places.postgres  # it stays there


def test_a_new_data_folder_never_meets_the_cluster_of_an_old_one(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "service_user", lambda: "nobody")
    tmp_path.chmod(0o700)
    before = Places(tmp_path / "data").postgres

    (tmp_path / "data" / "instance-id").unlink()

    assert Places(tmp_path / "data").postgres != before


def test_a_socket_whose_path_would_be_too_long_lies_elsewhere(tmp_path):
    short, long = Places(tmp_path / "d"), Places(tmp_path / ("d" * 90))

    assert short.valkey_socket.is_relative_to(short.data)
    assert not long.valkey_socket.is_relative_to(long.data)
    for places in (short, long):
        assert len(str(places.valkey_socket)) < 104
        assert len(str(places.postgres_socket / ".s.PGSQL.5432")) < 104


def test_a_data_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(EmbeddedError, match=r"cannot be written.*IVR_DATA_DIR"):
        Places(tmp_path / "file" / "data").make()


def test_a_folder_that_begins_with_the_demo_has_the_exam_of_every_demo(tmp_path):
    one, other = Places(tmp_path / "one"), Places(tmp_path / "other")
    for places in (one, other):
        places.make()
        assert places.exam_key() == ""
        places.begin_with_demo()

    assert one.exam_key() == other.exam_key() != ""


def test_a_folder_that_holds_data_keeps_its_own_exam(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "service_user", lambda: None)
    places = Places(tmp_path / "data")
    places.make()
    places.postgres.mkdir()

    places.begin_with_demo()

    assert places.exam_key() == ""
