"""The embedded PostgreSQL lives exactly as long as somebody uses it."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest

from ivr_label.embedded.keeper import Lease
from ivr_label.embedded.places import SHARED_HOME, EmbeddedError, Places
from ivr_label.embedded.postgres import DATABASE, SUPERUSER

from .conftest import ROOT, processes_using, wait_until

HOLDER = """
import sys
from pathlib import Path
from ivr_label.embedded.keeper import Lease
from ivr_label.embedded.places import Places
lease = Lease(Places(Path(sys.argv[1])), throw_away=True)
print("held", flush=True)
sys.stdin.read()
"""


def start_holder(folder: Path) -> subprocess.Popen[str]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout.readline() == "held\n"
    return holder


def connect(folder: Path) -> psycopg.Connection:
    return psycopg.connect(
        host=str(Places(folder).postgres_socket), user=SUPERUSER, dbname=DATABASE
    )


def answers(folder: Path) -> bool:
    try:
        with connect(folder) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def postmaster(folder: Path) -> int:
    return int((Places(folder).postgres / "postmaster.pid").read_text().split()[0])


def keeper(folder: Path) -> int:
    [pid] = [
        pid
        for pid in processes_using(folder)
        if b"embedded.keeper" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    return pid


def test_the_last_one_out_turns_the_server_off(data_folder):
    first = Lease(Places(data_folder), throw_away=True)
    second = Lease(Places(data_folder), throw_away=True)

    first.release()
    assert answers(data_folder)

    second.release()
    assert not answers(data_folder)
    assert processes_using(data_folder) == []


def test_a_holder_killed_without_a_word_still_counts_as_gone(data_folder):
    holder = start_holder(data_folder)
    assert answers(data_folder)

    holder.kill()
    holder.wait()

    wait_until(lambda: processes_using(data_folder) == [])


def test_many_first_comers_share_one_server(data_folder):
    leases: list[Lease] = []
    threads = [
        threading.Thread(
            target=lambda: leases.append(Lease(Places(data_folder), throw_away=True))
        )
        for _ in range(4)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(leases) == 4
    assert keeper(data_folder)  # exactly one
    for lease in leases:
        lease.release()
    assert processes_using(data_folder) == []


def test_a_killed_server_comes_back_with_what_was_committed(data_folder):
    lease = Lease(Places(data_folder))
    with connect(data_folder) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")

    os.kill(postmaster(data_folder), signal.SIGKILL)

    wait_until(lambda: answers(data_folder))
    with connect(data_folder) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    lease.release()
    wait_until(lambda: processes_using(data_folder) == [])


@pytest.mark.skipif(sys.platform != "linux", reason="needs the parent-death signal")
def test_a_killed_keeper_takes_the_server_along_and_both_can_start_again(data_folder):
    lease = Lease(Places(data_folder), throw_away=True)

    os.kill(keeper(data_folder), signal.SIGKILL)

    wait_until(lambda: not answers(data_folder))
    assert lease.ensure() is True
    assert answers(data_folder)
    assert lease.ensure() is False
    lease.release()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs it as somebody else")
def test_roots_closed_folder_stays_closed(data_folder):
    data_folder.parent.chmod(0o700)

    lease = Lease(Places(data_folder), throw_away=True)

    assert answers(data_folder)
    assert data_folder.parent.stat().st_mode & 0o777 == 0o700
    assert Places(data_folder).postgres.is_relative_to(SHARED_HOME)
    lease.release()


def test_a_cluster_that_cannot_start_says_why(data_folder):
    places = Places(data_folder)
    lease = Lease(places, throw_away=True)
    lease.release()
    (places.postgres / "postgresql.auto.conf").write_text("no_such_setting = 1\n")

    with pytest.raises(EmbeddedError, match=r"PostgreSQL stopped at start: .*postgres"):
        Lease(places, throw_away=True)

    assert processes_using(data_folder) == []
