"""An order to erase -> fences, put up at once; and what is to be done until the certificate."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from contacts.domain.erasure.events import ErasureOrdered
from events.database import Connection
from events.erasure import demand
from events.personal import KeyId
from events.stream import Change
from events.subject_keys import Fence
from events.work import keep_next_step

LANE = "erasures"
CERTIFY = "certify"


def _next_step(state: Any) -> tuple[str, datetime] | None:
    if state.ordered_at is None or state.certified:
        return None
    return CERTIFY, state.ordered_at


_keep_next_step = keep_next_step(LANE, _next_step)


async def project(connection: Connection, changes: Sequence[Change]) -> None:
    """The fences stand in the transaction of the order; they are told once our copy is gone."""
    fences = [
        Fence(each.mandant, KeyId(each.event.contact, category), None, each.event.ordered_at)
        for change in changes
        for each in change.recorded
        if isinstance(each.event, ErasureOrdered)
        for category in each.event.categories
    ]
    await demand(connection, fences, tell=True)
    await _keep_next_step(connection, changes)
