"""The peer's side of the comparison; runs in the peers' environment and prints one JSON line.

    eventsourcing_peer.py save|command|replay SECONDS SIZE

`save`: new aggregates of one event each. `command`: get one of SIZE aggregates, trigger an event,
save it. `replay`: read SIZE events back, in the order of the log, as domain events.
"""

import json
import sys
import threading
import time
from collections.abc import Callable
from itertools import count
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

_CALLERS = 16
_TEXT = "Das Exposé liegt der Hausverwaltung vor."
_PAGE = 1000


class Tally(Aggregate):  # type: ignore[misc] # the peer is not installed where types are checked
    """Counts, as our ledger does."""

    @event("Opened")  # type: ignore[untyped-decorator] # the peer is not installed here
    def __init__(self, by: UUID, text: str) -> None:
        self.number = 1
        self.by = by
        self.text = text

    @event("Counted")  # type: ignore[untyped-decorator] # the peer is not installed here
    def counted(self, number: int, by: UUID, text: str) -> None:
        self.number = number
        self.by = by
        self.text = text


def _new(application: Application[UUID]) -> UUID:
    tally = Tally(by=UUID(int=1), text=_TEXT)
    application.save(tally)
    return UUID(str(tally.id))


def _repeated(one: Callable[[int], object], seconds: float) -> tuple[int, float]:
    numbers = count()
    began = time.perf_counter()

    def caller() -> None:
        while time.perf_counter() < began + seconds:
            one(next(numbers))

    threads = [threading.Thread(target=caller) for _ in range(_CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return next(numbers), time.perf_counter() - began


def _save(application: Application[UUID], seconds: float, _: int) -> tuple[int, float]:
    return _repeated(lambda _: _new(application), seconds)


def _command(application: Application[UUID], seconds: float, size: int) -> tuple[int, float]:
    ids = [_new(application) for _ in range(size)]

    def one(number: int) -> None:
        tally = application.repository.get(ids[number * 7 % size])
        tally.counted(number=tally.number + 1, by=tally.id, text=_TEXT)
        application.save(tally)

    return _repeated(one, seconds)


def _replay(application: Application[UUID], _: float, size: int) -> tuple[int, float]:
    some = 50
    for _ in range(0, size, some):
        tally = Tally(by=UUID(int=1), text=_TEXT)
        for number in range(2, some + 1):
            tally.counted(number=number, by=tally.id, text=_TEXT)
        application.save(tally)
    began, read = time.perf_counter(), 0
    while notices := application.recorder.select_notifications(start=read + 1, limit=_PAGE):
        for notice in notices:
            application.mapper.to_domain_event(notice)
        read += len(notices)
    return read, time.perf_counter() - began


_WHAT = {"save": _save, "command": _command, "replay": _replay}

if __name__ == "__main__":
    what, seconds, size = sys.argv[1:]
    done, took = _WHAT[what](Application(), float(seconds), int(size))
    sys.stdout.write(json.dumps({"count": done, "seconds": took}) + "\n")
