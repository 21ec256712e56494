"""Work done ahead of its use, in a thread: redact a chunk while one is stored."""

import threading
from collections.abc import Iterable, Iterator
from queue import Empty, Full, Queue
from typing import TypeVar

T = TypeVar("T")
DEPTH = 2
_WAIT_SECONDS = 0.2


class _Fault:
    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def ahead(items: Iterable[T], depth: int = DEPTH) -> Iterator[T]:
    """`items` in order, up to `depth` of them made before they are asked for.

    What making one raises is raised here, in its place. Closing the generator ends
    the thread.
    """
    made: Queue[T | _Fault] = Queue(depth)
    stop = threading.Event()
    worker = threading.Thread(target=_make, args=(items, made, stop), daemon=True)
    worker.start()
    try:
        while True:
            item = made.get()
            if not isinstance(item, _Fault):
                yield item
            elif item.error is not None:
                raise item.error
            else:
                return
    finally:
        stop.set()
        _empty(made)
        worker.join()


def _make(items: Iterable[T], made: "Queue[T | _Fault]", stop: threading.Event) -> None:
    end = _Fault(None)
    try:
        for item in items:
            if not _put(item, made, stop):
                return
    except BaseException as error:
        end = _Fault(error)
    _put(end, made, stop)


def _put(item: T | _Fault, made: "Queue[T | _Fault]", stop: threading.Event) -> bool:
    while not stop.is_set():
        try:
            made.put(item, timeout=_WAIT_SECONDS)
        except Full:
            continue
        return True
    return False


def _empty(made: "Queue[T | _Fault]") -> None:
    try:
        while True:
            made.get_nowait()
    except Empty:
        return
