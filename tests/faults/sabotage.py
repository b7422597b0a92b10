"""Safeguards that can be switched off, one at a time, to see that the checker notices."""

import importlib
from collections.abc import Callable
from dataclasses import replace as changed
from typing import Any
from uuid import uuid4

import psycopg
from tests.faults.points import replace


def no_fence(_: str) -> None:
    """Whoever has held a lease once believes to hold it for ever."""

    def guard(_: Any) -> Any:
        async def anybody(_: Any) -> None:
            return None

        return anybody

    replace("events.lease:Lease.held", lambda _: lambda _: True)
    replace("events.lease:Lease.guard", lambda _: guard)


def no_intent(service: str) -> None:
    """The mail channel calls first; what it meant to do is written nowhere."""
    if service != "delivery_mail":
        return

    def forgetful(real: Any) -> Any:
        async def one(commands: Any, order: Any, *, guard: Any = None) -> Any:
            if guard is None:
                return await real(commands, order)
            async with commands._store.transaction([order.mandant]) as transaction:
                (result,) = await commands._executor.execute(transaction, [order])
                raise psycopg.Rollback
            return result

        return one

    replace("events.commands:Commands.one", forgetful)


def no_deduplication(_: str) -> None:
    """The inbox takes a record as often as it comes."""

    def renamed(real: Any) -> Any:
        def arrival(record: Any) -> Any:
            return changed(real(record), id=uuid4())

        return arrival

    replace("events.inlet:arrival", renamed)


def no_memory(service: str) -> None:
    """The mail channel plans what is asked for a second time a second time."""
    if service != "delivery_mail":
        return
    decider = importlib.import_module("delivery_mail.domain.decider")
    commands = importlib.import_module("delivery_mail.domain.commands")
    real = decider.decide

    def decide(command: Any, mail: Any) -> Any:
        if isinstance(command, commands.PlanMail):
            return [command.plan]
        return real(command, mail)

    desk = importlib.import_module("delivery_mail.application.desk")
    forgetful = changed(desk.MAILS, decider=changed(desk.MAILS.decider, decide=decide))
    replace("delivery_mail.application.desk:MAILS", lambda _: forgetful)
    replace("delivery_mail.intake:MAILS", lambda _: forgetful)


def hasty_relay(_: str) -> None:
    """The relay deletes rows before Kafka has their records."""

    def hasty(real: Any) -> Any:
        async def publish(connection: Any, producer: Any, rows: Any) -> None:
            seqs = [row.seq for row in rows]
            await connection.execute("delete from relay where seq = any (%s)", (seqs,))
            await real(connection, producer, rows)

        return publish

    replace("events.relay:_publish", hasty)


ACTS: dict[str, Callable[[str], None]] = {
    act.__name__: act for act in (no_fence, no_intent, no_deduplication, no_memory, hasty_relay)
}
