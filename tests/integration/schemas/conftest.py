"""Two product owners: what one proposes the other may approve."""

import pytest

from annotations.models import User
from tests.factories import cast


@pytest.fixture
def boris(db) -> User:
    return cast.person("boris", "product_owner")


@pytest.fixture
def dana(db) -> User:
    return cast.person("dana", "product_owner")
