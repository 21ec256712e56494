import threading

import pytest

from annotations.intake.ahead import ahead


def test_items_come_in_order():
    assert list(ahead(range(100))) == list(range(100))


def test_only_so_many_are_made_ahead():
    made = []
    enough = threading.Event()

    def items():
        for n in range(50):
            made.append(n)
            if n == 3:
                enough.set()
            yield n

    source = ahead(items(), depth=2)
    assert next(source) == 0
    assert enough.wait(5)  # 1 and 2 wait, 3 wants to

    assert len(made) <= 5
    source.close()
    assert len(made) <= 6


def test_a_fault_is_raised_in_its_place():
    def items():
        yield 1
        raise ValueError("broken")

    source = ahead(items())

    assert next(source) == 1
    with pytest.raises(ValueError, match="broken"):
        next(source)


def test_closing_ends_the_thread():
    before = threading.active_count()
    source = ahead(range(10**9))
    next(source)

    source.close()

    assert threading.active_count() == before
