"""One batch of inbox records inside one transaction: read, open, react, execute, take out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

import structlog

from events import inbox, tracing
from events.burial import SetAside, orders_after
from events.database import Connection, see
from events.deaths import HOLD, Deaths
from events.decider import Rejected
from events.envelope import Envelope, header, read, read_attributes
from events.execute import Executor, Result, SubjectErased
from events.hearing import Reaction
from events.inbox import Row
from events.keyring import KekMissingError, KeyMissingError
from events.personal import KeyId
from events.registry import Registry, TooNewError, UnreadableError
from events.store import Transaction
from events.store.postgres import PostgresTransaction
from events.stream import Heard, Order
from events.vault import Vault

WAIT = timedelta(seconds=30)

log = structlog.get_logger()


def key_name(error: KeyMissingError) -> str:
    """What a record waits for; intake looks for exactly this when a key arrives."""
    return inbox.waiting_name(error.key)


@dataclass(slots=True)
class Batch:
    """The rows that were claimed, and what becomes of them. All of it or nothing is committed."""

    connection: Connection
    executor: Executor
    registry: Registry
    reactions: Mapping[str, Reaction]
    rows: Sequence[Row]
    deaths: Deaths
    set_aside: Mapping[str, SetAside]
    handled: list[Row] = field(default_factory=list)
    buried: list[Row] = field(default_factory=list)
    held: int = 0
    newer: Counter[str] = field(default_factory=Counter)
    lacking: set[tuple[UUID, KeyId]] = field(default_factory=set)

    async def handle(self) -> None:
        """Do the work. Errors of single records are settled here, all others are raised."""
        transaction = PostgresTransaction(self.connection)
        vault = Vault(transaction, self.executor.keyring)
        heard = await self._open_all(await self._read_all(), vault)
        told = [(f"hear {row.topic}", event.cause.traceparent) for row, event in heard]
        with tracing.spans(told, "consumer") as hops:
            for at, hop in enumerate(hops):
                row, event = heard[at]
                heard[at] = (row, replace(event, hop=hop))
            await self._act(transaction, vault, heard)

    async def _act(
        self, transaction: Transaction, vault: Vault, heard: Sequence[tuple[Row, Heard]]
    ) -> None:
        orders = [(row, order) for row, event in heard for order in await self._react(event)]
        results = await self.executor.execute(transaction, [order for _, order in orders], vault)
        refused = _refused([row for row, _ in orders], results)
        for row, rejection in refused.values():
            await self._bury(row, f"rejected: {rejection.slug}")
        self.handled = [row for row, _ in heard if row.seq not in refused]
        if self.newer:
            log.warning("records.waiting", waiting_for=inbox.NEWER_RELEASE, newer=dict(self.newer))
        await inbox.finish(self.connection, self.handled)
        await self._answer_for_buried(transaction)

    async def _read_all(self) -> list[tuple[Row, Envelope]]:
        readable = []
        for row in self.rows:
            try:
                readable.append((row, self._read(row)))
            except TooNewError as error:
                await self._wait_for_newer(row, error)
            except UnreadableError as error:
                await self._bury(row, f"unreadable: {error}")
        return readable

    async def _open_all(
        self, readable: Sequence[tuple[Row, Envelope]], vault: Vault
    ) -> list[tuple[Row, Heard]]:
        await see(self.connection, {envelope.attributes.mandant for _, envelope in readable})
        await vault.fetch(block.key for _, envelope in readable for block in envelope.sealed)
        heard = []
        now, began_at = self.executor.clock(), self.executor.began_at
        for row, envelope in readable:
            try:
                blocks = vault.open(envelope.sealed, envelope.attributes.place)
                heard.append((row, envelope.open(self.registry, blocks, now, began_at)))
            except KeyMissingError as error:
                await inbox.wait_for(self.connection, row, key_name(error), WAIT)
                self.lacking.add((envelope.attributes.mandant, error.key))
            except KekMissingError as error:
                await inbox.wait_for(self.connection, row, inbox.kek_name(error.kek), WAIT)
            except UnreadableError as error:
                await self._bury(row, f"unreadable: {error}")
        return heard

    async def _react(self, heard: Heard) -> Sequence[Order]:
        react = self.reactions[self.registry.name_of(type(heard.event)).type]
        return await react(self.connection, heard)

    def _read(self, row: Row) -> Envelope:
        """Whether it is too new is asked before anything else of it is believed or opened."""
        try:
            envelope = _read(row)
        except UnreadableError:
            # A later release may write what this one can't take apart: a category of its own.
            self.registry.check(read_attributes(row.headers).name)
            raise
        self.registry.check(envelope.attributes.name)
        return envelope

    async def _wait_for_newer(self, row: Row, error: TooNewError) -> None:
        await inbox.wait_for(self.connection, row, inbox.NEWER_RELEASE, WAIT)
        self.newer[str(error)] += 1

    async def _bury(self, row: Row, reason: str) -> None:
        if self.deaths.too_many(len(self.rows), self.died + 1):
            self.held += 1
            await inbox.wait_for(self.connection, row, inbox.held_name(reason), HOLD)
            return
        self.buried.append(row)
        await inbox.bury(self.connection, row, reason)
        trace = tracing.trace_id(header(row.headers, "traceparent"))
        log.error(
            "record.buried",
            topic=row.topic,
            part=row.part,
            off=row.off,
            reason=reason,
            trace_id=trace,
        )

    @property
    def died(self) -> int:
        """How many of the rows nobody can handle."""
        return len(self.buried) + self.held

    async def _answer_for_buried(self, transaction: Transaction) -> None:
        """Tell those who wait for an answer that nothing happens before a person has looked."""
        now = self.executor.clock()
        orders = [o for row in self.buried for o in orders_after(self.set_aside, row, now)]
        if orders:
            await see(self.connection, {order.mandant for order in orders})
            await self.executor.execute(transaction, orders)


def _read(row: Row) -> Envelope:
    envelope = read(row.headers, row.value)
    if envelope.attributes.name.type != row.topic:
        raise UnreadableError("the event stands in another event's topic")
    return envelope


def _refused(rows: Sequence[Row], results: Sequence[Result]) -> Mapping[int, tuple[Row, Rejected]]:
    """Rows whose order was rejected. For somebody who was erased there is nothing left to do."""
    return {
        row.seq: (row, result)
        for row, result in zip(rows, results, strict=True)
        if isinstance(result, Rejected) and not isinstance(result, SubjectErased)
    }
