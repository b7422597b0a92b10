"""Measures the queues of a service for its operators: the gauges, not the counters."""

from collections.abc import Mapping

from events import metrics
from events.database import Connection

_DEPTHS = """
select (select count(*) from inbox),
    (select coalesce(extract(epoch from clock_timestamp() - min(arrived_at)), 0) from inbox),
    (select count(*) from dead),
    (select count(*) from relay),
    (select coalesce(extract(epoch from clock_timestamp() - min(at)), 0) from relay),
    (select count(*) from relay where refused is not null),
    (select count(*) from work where attempts > 0),
    (select count(*) from erasure_due)
"""
_GAUGES = (
    metrics.INBOX_DEPTH,
    metrics.INBOX_AGE,
    metrics.DEAD_DEPTH,
    metrics.RELAY_DEPTH,
    metrics.RELAY_AGE,
    metrics.RELAY_REFUSED,
    metrics.WORK_FAILING,
    metrics.ERASURES_DUE,
)

_WAITING = """
select case
        when waiting_for like 'held: %' then 'a better release'
        when waiting_for like 'kek:%' then 'a mounted key'
        when waiting_for = 'a newer release' then 'a newer release'
        else 'a key'
    end as what, count(*), extract(epoch from clock_timestamp() - min(arrived_at))
from inbox where waiting_for is not null group by what
"""
_REASONS_TO_WAIT = ("a key", "a mounted key", "a newer release", "a better release")
_INTERVENTIONS = "select action, count(*) from intervention group by action"


async def measure(connection: Connection) -> None:
    """Set every gauge; in the machinery's role."""
    row = await (await connection.execute(_DEPTHS)).fetchone()
    assert row is not None
    for gauge, value in zip(_GAUGES, row, strict=True):
        gauge.set(float(value))
    for what, (count, age_s) in (await waiting(connection)).items():
        metrics.INBOX_WAITING.labels(what).set(count)
        metrics.INBOX_WAITING_AGE.labels(what).set(age_s)
    for action, count in await (await connection.execute(_INTERVENTIONS)).fetchall():
        metrics.INTERVENTIONS.labels(action).set(count)


async def waiting(connection: Connection) -> Mapping[str, tuple[int, float]]:
    """How many records wait for what, and for how many seconds the oldest of them is here."""
    found = await connection.execute(_WAITING)
    seen = {what: (count, float(age_s)) for what, count, age_s in await found.fetchall()}
    return {what: seen.get(what, (0, 0.0)) for what in _REASONS_TO_WAIT}
