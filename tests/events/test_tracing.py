"""A story keeps its trace over every hop, and each hop has a span of its own."""

from dataclasses import replace
from uuid import UUID

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.events.hearing import Listener, changed
from tests.events.ledger import MANDANT, Count, executor, order, said

from events import tracing
from events.envelope import read_attributes
from events.ids import new_id
from events.store.postgres import PostgresStore
from events.stream import Cause

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
FROM_OUTSIDE = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.mark.spec("PLT-04")
def test_a_header_of_a_stranger_counts_only_where_it_is_one() -> None:
    assert tracing.valid(FROM_OUTSIDE) == FROM_OUTSIDE
    assert tracing.trace_id(FROM_OUTSIDE) == TRACE
    for wrong in (
        None,
        "",
        FROM_OUTSIDE.upper(),
        FROM_OUTSIDE + "-more",
        f"ff-{TRACE}-00f067aa0ba902b7-01",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE}-{'0' * 16}-01",
    ):
        assert tracing.valid(wrong) is None
        assert tracing.trace_id(wrong) is None


@given(st.text())
def test_no_text_is_too_odd_to_be_looked_at(text: str) -> None:
    assert tracing.valid(text) in {None, text}


def test_a_child_stays_in_the_trace_and_in_nobodys_span() -> None:
    child = tracing.child(FROM_OUTSIDE)
    assert tracing.valid(child) == child != FROM_OUTSIDE
    assert tracing.trace_id(child) == TRACE
    assert tracing.trace_id(tracing.child(None)) not in {None, TRACE}


def test_inside_of_a_span_one_is_there() -> None:
    with tracing.span("work", FROM_OUTSIDE) as there:
        assert tracing.here() == there
        assert tracing.trace_id(there) == TRACE
    assert tracing.trace_id(tracing.here()) != TRACE


@pytest.mark.spec("PLT-04")
async def test_the_trace_goes_on_from_a_record_into_the_log(
    listener: Listener, owner: psycopg.Connection
) -> None:
    *key, record = listener.say(said())
    await listener.take(*key, changed(record, traceparent=FROM_OUTSIDE))
    *key, record = listener.say(said())
    await listener.take(*key, changed(record, traceparent="nonsense"))
    await listener.work()
    kept = owner.execute("select meta ->> 'traceparent' from event order by position").fetchall()
    (known,), (made,) = kept
    assert (tracing.trace_id(known), known != FROM_OUTSIDE) == (TRACE, True)
    assert tracing.trace_id(made) not in {None, TRACE}


@pytest.mark.spec("PLT-04")
async def test_a_dead_record_names_its_trace_however_it_died(
    listener: Listener, owner: psycopg.Connection
) -> None:
    *key, record = listener.say(said())
    other = replace(record, value=b'{"other": 1}')
    broken = changed(record, ce_id=str(new_id()), traceparent=FROM_OUTSIDE)
    await listener.take(*key, record, changed(other, traceparent=FROM_OUTSIDE))
    await listener.take(replace(broken, value=b"nonsense"))
    await listener.work()
    assert owner.execute("select distinct trace from dead").fetchall() == [(FROM_OUTSIDE,)]
    assert len(listener.dead()) == 2


@pytest.mark.spec("PLT-04")
async def test_a_stream_goes_on_in_its_trace(listener: Listener, owner: psycopg.Connection) -> None:
    """As a sender does, who has nobody's word but the stream's."""
    stream = new_id()
    for cause in (Cause(new_id(), traceparent=FROM_OUTSIDE), None):
        async with PostgresStore(listener.app).transaction([MANDANT]) as transaction:
            counted = replace(order(Count(), stream), cause=cause)
            await executor(listener.keyring).execute(transaction, [counted])
    rows = owner.execute("select meta ->> 'traceparent' from event").fetchall()
    assert {tracing.trace_id(kept) for (kept,) in rows} == {TRACE}
    assert len(set(rows)) == 2


def test_a_record_without_a_trace_is_read_all_the_same(listener: Listener) -> None:
    record = listener.say(said())[-1]
    assert read_attributes(record.headers).cause.traceparent is None
    assert isinstance(read_attributes(record.headers).cause.correlation, UUID)
