import pytest
from pytest_socket import socket_allow_hosts


@pytest.fixture(scope="session", autouse=True)
def folder_of_static_files():
    """WhiteNoise warns about a folder that does not exist."""
    from django.conf import settings

    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """No test reaches the network: only this machine answers."""
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)
