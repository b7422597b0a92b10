"""What channels tell of many deliveries: in order and once, or as badly as a network can do it."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from bench.requests import Request
from events.contracts import deliveries
from events.contracts.deliveries import Channel, ChannelAnswer
from events.ids import derived_id
from events.keyring import Keyring
from events.store import Record
from events.testing.speaker import Speaker

_NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
_TEXT = "Die Sendung ist unterwegs."

# Every delivery is accepted, underway, sent, underway, and arrives: eight facts.
_NOTES = ("checked", "queued", "printed", "enveloped", "handed-over")
_TELLS: tuple[tuple[type[ChannelAnswer], dict[str, Any]], ...] = (
    (deliveries.DeliveryAccepted, {"reference": "4711", "pages": 2}),
    *((deliveries.DeliveryNoted, {"note": note, "text": _TEXT}) for note in _NOTES),
    (deliveries.DeliverySent, {}),
    (deliveries.DeliverySucceeded, {}),
)
FACTS = len(_TELLS)

_LATE_MAX = 20_000
_DUPLICATES = 0.25
_GARBAGE = 0.02


def clean(requests: Sequence[Request], keyring: Keyring) -> Iterator[Record]:
    """Each fact once; of any one delivery in order."""
    speaker = Speaker(keyring, "delivery-epost")
    for rank, (tells, more) in enumerate(_TELLS):
        for request in requests:
            event = tells(
                delivery=request.delivery,
                attempt=1,
                document=request.document,
                channel=Channel.EPOST,
                at=_NOON + timedelta(minutes=rank),
                **more,
            )
            yield from speaker.records(
                request.mandant,
                event,
                event_id=derived_id(request.delivery, rank),
                version=rank + 1,
                at=_NOON,
            )


@dataclass
class Dirty:
    """The same with repeats, disorder and garbage between; counts what it has put in."""

    records: Iterator[Record]
    rng: random.Random
    duplicates: int = 0
    garbage: int = 0
    _late: list[Record] = field(default_factory=list)

    def __iter__(self) -> Iterator[Record]:
        """Up to twenty thousand records are held back and leave in any order, some of them twice.

        So a record may come that much later than it should, and its repeat later still.
        """
        for record in self.records:
            yield from self._with_garbage(record)
            self._late.append(record)
            if len(self._late) >= _LATE_MAX:
                yield self._any()
        while self._late:
            yield self._any()

    def _any(self) -> Record:
        """One of those that are held back; sometimes it stays, and comes again."""
        at = self.rng.randrange(len(self._late))
        record = self._late[at]
        if self.rng.random() < _DUPLICATES / (1 + _DUPLICATES):
            self.duplicates += 1
            return record
        last = self._late.pop()
        if at < len(self._late):
            self._late[at] = last
        return record

    def _with_garbage(self, record: Record) -> Iterator[Record]:
        if self.rng.random() < _GARBAGE:
            self.garbage += 1
            yield self.rng.choice(_SPOILT)(record, self.garbage)


def _with(record: Record, **headers: bytes) -> Record:
    return replace(record, headers=tuple({**dict(record.headers), **headers}.items()))


def _under_another_id(record: Record, number: int) -> Record:
    return _with(record, ce_id=str(UUID(int=number)).encode())


def _no_json(record: Record, number: int) -> Record:
    return replace(_under_another_id(record, number), value=b"\xff\x00{" + record.value[:40])


def _nameless(record: Record, number: int) -> Record:
    return Record(record.topic, record.key, (), b"%d" % number)


def _unknown(record: Record, number: int) -> Record:
    return _with(_under_another_id(record, number), ce_type=b"DeliveryEaten")


def _no_text(record: Record, number: int) -> Record:
    return _with(_under_another_id(record, number), ce_actor=b"\xc3\x28")


def _empty(record: Record, number: int) -> Record:
    return replace(_under_another_id(record, number), value=b"")


_SPOILT: tuple[Callable[[Record, int], Record], ...] = (
    _no_json,
    _nameless,
    _unknown,
    _no_text,
    _empty,
)
