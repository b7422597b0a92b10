"""From orders to facts: the one function that API, worker, sender and poller share.

Load the streams of all orders, decide, append, tell the read models and the relay: all in one
transaction, in few round trips, whatever the number of orders.
"""

import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from events import tracing
from events.clock import Clock
from events.decider import Rejected
from events.ids import new_id
from events.keyring import Keyring
from events.personal import Category, KeyId, sealing_keys
from events.recording import Origin, Telling, recalled, stored, told
from events.store import ForeignMandantError, Record, Stored, Transaction
from events.stream import Cause, Change, Done, Order, Recorded, StreamKind
from events.subject_keys import key_record
from events.vault import Vault

log = structlog.get_logger()

Project = Callable[[Any, Sequence[Change]], Awaitable[None]]
Result = Done | Rejected

_RECORD_MAX_BYTES = 900_000


class RecordTooLargeError(Exception):
    """A published event is larger than any record may be: our bug, and nothing was written."""


class SubjectErased(Rejected):
    """Nothing can be written about this person any more: the erasure is final."""

    status = 410


@dataclass(frozen=True, slots=True)
class Executor:
    """What executing needs to know of the service.

    `issues_keys`: each subject whose key the service makes gets one of every of these categories,
    and new keys are published, so that other services can seal what they know of the subject.
    `began_at`: when the present life of its database began.
    """

    origin: Origin
    keyring: Keyring
    clock: Clock
    project: Project | None = None
    issues_keys: frozenset[Category] = frozenset()
    began_at: datetime | None = None

    async def execute(
        self, transaction: Transaction, orders: Sequence[Order], vault: Vault | None = None
    ) -> list[Result]:
        """Carry out the orders in their sequence; each gets its own result.

        A rejected order adds nothing and does not undo the others. Raises `StreamConflictError`
        when another transaction was faster (nothing is written: do it again in a new one),
        `KeyMissingError` when a key has not arrived, `ForeignMandantError` for a foreign stream.
        """
        safe = vault or Vault(transaction, self.keyring)
        streams = await self._load(transaction, orders, safe)
        plan = _decide(orders, streams, {}, self.clock)
        while refused := await self._get_keys(transaction, safe, plan):
            plan = _decide(orders, streams, refused | plan.refused, self.clock)
        await self._write(transaction, safe, plan)
        return plan.results

    async def state(self, transaction: Transaction, order: Order) -> Any:
        """The state that the order's command would meet; nothing is decided or written."""
        vault = Vault(transaction, self.keyring)
        return (await self._load(transaction, [order], vault))[order.stream].state

    async def _load(
        self, transaction: Transaction, orders: Sequence[Order], vault: Vault
    ) -> Mapping[UUID, "_Stream"]:
        kinds = {order.stream: order.kind for order in orders}
        owners = {order.stream: order.mandant for order in orders}
        await transaction.lock(kinds.keys())
        opened = [stream for stream, kind in kinds.items() if kind.opens]
        rows = await transaction.load(kinds.keys(), opened)
        _check_owners(rows, orders)
        await vault.fetch(block.key for row in _flat(rows) for block in row.sealed)
        return {
            stream: _Stream.folded(
                kind,
                owners[stream],
                stream,
                [
                    recalled(row, kind.registry, vault, self.origin.source)
                    for row in rows.get(stream, ())
                ],
            )
            for stream, kind in kinds.items()
        }

    async def _get_keys(
        self, transaction: Transaction, vault: Vault, plan: "_Plan"
    ) -> dict[int, Rejected]:
        """Get all keys that the plan needs; returns the orders that erasure has made impossible."""
        for mandant, keys in sorted(plan.own_keys(self.issues_keys).items()):
            made = await vault.make(mandant, keys)
            if made and self.issues_keys:
                now = self.clock()
                await transaction.enqueue([key_record(mandant, key, now) for key in made])
        await vault.fetch(key for step in plan.steps for key in step.needs)
        erased = [step.order for step in plan.steps if vault.erased(step.needs) is not None]
        return {index: SubjectErased() for index in erased}

    async def _write(self, transaction: Transaction, vault: Vault, plan: "_Plan") -> None:
        if not plan.steps:
            return
        source = self.origin.source
        if log.is_enabled_for(logging.DEBUG):
            for step in plan.steps:
                _note(step.recorded)
        rows = [stored(step.recorded, step.kind.registry, vault, source) for step in plan.steps]
        await transaction.append(rows)
        if self.project is not None:
            await self.project(getattr(transaction, "connection", None), plan.changes())
        records = [
            told(telling, self.origin, vault) for step in plan.steps for telling in step.tellings
        ]
        _check_sizes(records)
        await transaction.enqueue(records)


@dataclass(frozen=True, slots=True)
class _Stream:
    kind: StreamKind[Any, Any, Any]
    mandant: UUID
    id: UUID
    version: int
    state: Any
    last: Recorded | None

    def cause_of(self, order: Order) -> Cause:
        """Why the order is carried out: it says so, or it goes on with the stream's story."""
        if order.cause is not None:
            return order.cause
        if self.last is None:
            return Cause(correlation=order.stream, traceparent=tracing.child(None))
        story = self.last.cause
        hop = tracing.child(story.traceparent)
        return Cause(story.correlation, self.last.id, traceparent=hop)

    @classmethod
    def folded(
        cls,
        kind: StreamKind[Any, Any, Any],
        mandant: UUID,
        stream: UUID,
        history: Sequence[Recorded],
    ) -> "_Stream":
        state = kind.decider.fold(recorded.event for recorded in history)
        return cls(kind, mandant, stream, len(history), state, history[-1] if history else None)


@dataclass(frozen=True, slots=True)
class _Step:
    """One new event, what is told of it, the keys that seal both, and whose order it was."""

    order: int
    kind: StreamKind[Any, Any, Any]
    recorded: Recorded
    tellings: tuple[Telling, ...]
    needs: frozenset[KeyId]


@dataclass(slots=True)
class _Plan:
    """What the orders lead to, before anything is written."""

    before: Mapping[UUID, _Stream]
    after: dict[UUID, _Stream]
    refused: dict[int, Rejected] = field(default_factory=dict)
    steps: list[_Step] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)

    def own_keys(self, issued: frozenset[Category]) -> Mapping[UUID, Collection[KeyId]]:
        own: dict[UUID, set[KeyId]] = {}
        for step in self.steps:
            keys = sealing_keys(step.recorded.event, own_only=True)
            if not keys:
                continue
            also = {KeyId(key.subject, category) for key in keys for category in issued}
            own.setdefault(step.recorded.mandant, set()).update(keys | also)
        return own

    def changes(self) -> list[Change]:
        new: dict[UUID, list[Recorded]] = {}
        for step in self.steps:
            new.setdefault(step.recorded.stream, []).append(step.recorded)
        return [
            Change(
                kind=self.after[stream].kind,
                stream=stream,
                mandant=self.after[stream].mandant,
                before=self.before[stream].state,
                after=self.after[stream].state,
                recorded=tuple(recorded),
            )
            for stream, recorded in new.items()
        ]


def _decide(
    orders: Sequence[Order],
    streams: Mapping[UUID, _Stream],
    refused: dict[int, Rejected],
    clock: Clock,
) -> _Plan:
    plan = _Plan(before=streams, after=dict(streams), refused=refused)
    for index, order in enumerate(orders):
        plan.results.append(refused.get(index) or _carry_out(index, order, plan, clock))
    return plan


def _carry_out(index: int, order: Order, plan: _Plan, clock: Clock) -> Result:
    stream = plan.after[order.stream]
    try:
        events = order.kind.decider.decide(order.command, stream.state)
    except Rejected as rejection:
        return rejection
    cause = stream.cause_of(order)
    recorded = []
    for event in events:
        new = Recorded(
            id=new_id(),
            mandant=order.mandant,
            stream=order.stream,
            version=stream.version + 1,
            at=clock(),
            event=event,
            cause=cause,
        )
        state = order.kind.decider.evolve(stream.state, event)
        tellings = order.kind.publish(stream.state, event, state)
        told_of = tuple(Telling(new, rank, telling) for rank, telling in enumerate(tellings))
        needs = sealing_keys(event).union(*(sealing_keys(one.event) for one in told_of))
        plan.steps.append(_Step(index, order.kind, new, told_of, needs))
        stream = _Stream(stream.kind, stream.mandant, stream.id, new.version, state, new)
        recorded.append(new)
    plan.after[order.stream] = stream
    return Done(stream.state, tuple(recorded))


def _note(recorded: Recorded) -> None:
    log.debug(
        "event.decided",
        event_id=str(recorded.id),
        event_type=type(recorded.event).__name__,
        stream=str(recorded.stream),
        version=recorded.version,
        correlation_id=str(recorded.cause.correlation),
        causation_id=str(recorded.cause.causation),
        trace_id=tracing.trace_id(recorded.cause.traceparent),
    )


def _check_sizes(records: Iterable[Record]) -> None:
    """Better that the caller hears of it than that Kafka refuses the record afterwards."""
    for record in records:
        if len(record.value) > _RECORD_MAX_BYTES:
            raise RecordTooLargeError(f"a {record.topic} of {len(record.value)} bytes")


def _check_owners(rows: Mapping[UUID, Sequence[Stored]], orders: Sequence[Order]) -> None:
    owners = {stream: history[0].mandant for stream, history in rows.items() if history}
    for order in orders:
        if owners.setdefault(order.stream, order.mandant) != order.mandant:
            raise ForeignMandantError(f"stream {order.stream} is another mandant's")


def _flat(rows: Mapping[UUID, Sequence[Stored]]) -> Iterable[Stored]:
    return (row for stream in rows.values() for row in stream)
