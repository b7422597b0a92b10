"""The same product, with a shorter breath: what takes half a minute in a house takes a second here.

Nothing of this changes what is done, only how long it is waited for.
"""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

from tests.faults.points import replace

from documents.workshop import Workshop

LEASE_S = 2.0
_SOON = timedelta(seconds=1)

_CONSTANTS: dict[str, Any] = {
    "events.batch:WAIT": _SOON,
    "events.worker:WAIT": _SOON,
    "events.work:_TROUBLE": "update work set attempts = attempts + 1, failed = %s,"
    " due_at = clock_timestamp() + interval '1 second' where stream = any (%s) and task = %s",
    "events.inlet:_PAUSE_MAX_S": 1.0,
    "events.database:_CONNECTION_WAIT_S": 4.0,
    "events.relay:_OPTIONS": "-c idle_session_timeout=3s -c statement_timeout=10s"
    " -c idle_in_transaction_session_timeout=3s",
    "events.relay:_STALE_S": 2.0,
    "delivery_epost.sender:_STORE_AWAY": _SOON,
    "delivery_epost.sender:_NO_ANSWER": _SOON,
    "delivery_epost.application.desk:_RETRY_FIRST_S": 0.3,
    "delivery_epost.application.desk:_RETRY_MAX_S": 1.0,
    "delivery_epost.application.desk:_BLOCKED_FOR": _SOON,
    "delivery_mail.sender:_STORE_AWAY": _SOON,
}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "events.lease:Leases.__init__": {"ttl_s": LEASE_S},
    "web.idempotency.postgres:PostgresIdempotency.__init__": {"take_over_after_s": 1.0},
}
SETTINGS = {
    "delivery_epost": {
        "request_timeout_s": "2",
        "look_up_after_s": "0.3",
        "questions_apart_s": "0.1",
        "poll_every_s": "0.5",
        "resend_within_s": "40",
        "give_up_after_s": "60",
    },
    "delivery_mail": {
        "connect_s": "2",
        "answer_s": "2",
        "final_answer_s": "2",
        "call_may_take_s": "4",
        "retry_first_s": "0.3",
        "retry_max_s": "1",
        "account_rest_s": "0.5",
        "server_rest_s": "0.5",
    },
}


def quicken() -> None:
    """Shorten what a process of ours waits for; AttributeError or KeyError where it is gone."""
    for where, value in _CONSTANTS.items():
        replace(where, partial(_instead, value))
    for where, values in _DEFAULTS.items():
        replace(where, partial(_with_defaults, values=values))
    replace("events.intake:KafkaBroker.subscriber", _missed_soon)
    _work_at_home()


def _instead(value: Any, _: Any) -> Any:
    return value


def _with_defaults(function: Any, values: dict[str, Any]) -> Any:
    for name, value in values.items():
        assert name in function.__kwdefaults__, name
        function.__kwdefaults__[name] = value
    return function


def _missed_soon(subscriber: Any) -> Any:
    """A dead member of a consumer group is missed after three seconds instead of ten."""

    def quick(*args: Any, **kwargs: Any) -> Any:
        return subscriber(*args, session_timeout_ms=3000, heartbeat_interval_ms=500, **kwargs)

    return quick


def _work_at_home() -> None:
    """PDF work in this process: starting a workshop of its own takes a second of each life."""

    async def enter(self: Workshop) -> Workshop:
        return self

    async def leave(_: Workshop, *__: object) -> None:
        return None

    one_at_a_time = asyncio.Lock()  # Typefaces are made for processes, not for threads.

    async def run(_: Workshop, job: Any) -> Any:
        async with one_at_a_time:
            return await asyncio.to_thread(job)

    replace("documents.workshop:Workshop.__aenter__", lambda _: enter)
    replace("documents.workshop:Workshop.__aexit__", lambda _: leave)
    replace("documents.workshop:Workshop.run", lambda _: run)
