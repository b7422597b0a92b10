"""Questions to the provider keep the distance that it demands of one access."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest
from structlog.testing import capture_logs
from tests.delivery_epost.conftest import Desk
from tests.delivery_epost.office import ACCESS, MANDANT, Office

from delivery_epost.application.desk import LETTERS
from delivery_epost.domain.commands import IntendSubmission, RecordUncertainty
from delivery_epost.domain.pace import Task
from delivery_epost.ports import Access, LetterReport, Post
from delivery_epost.sender import Poller
from epost_simulator import running
from epost_simulator.accounts import Account
from epost_simulator.control import Control
from events.contracts.deliveries import FileReference
from events.lease import Lease
from events.stream import Order
from events.work import Due

_APART_S = 0.5
_FILE = FileReference(sha256="b" * 64, size_bytes=2000, pages=3)


@pytest.fixture
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    """A provider that answers too early a question with 429 and E322."""
    with running(tmp_path_factory.mktemp("strict"), status_spacing_s=_APART_S) as control:
        control.register(
            Account(ACCESS.ekp, ACCESS.vendor_id, password=ACCESS.password, secret=ACCESS.secret)
        )
        yield control


async def in_doubt(office: Office) -> Due:
    """A letter of which nobody knows whether it arrived."""
    item = await office.planned()
    for command in (
        IntendSubmission(_FILE, office.now),
        RecordUncertainty(1, "no-answer", office.now),
    ):
        await office.parts.commands.one(Order(LETTERS, item.stream, MANDANT, command))
    return replace(item, task=Task.RECONCILE)


class HeldUp:
    """A post office on the way to which the first question is held up."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._delay_s = 0.8 * _APART_S

    async def find(self, access: Access, custom1: str) -> LetterReport | None:
        await asyncio.sleep(self._delay_s)
        self._delay_s = 0.0
        return await self._post.find(access, custom1)


@pytest.mark.spec("EPO-09")
async def test_the_provider_never_says_too_soon(
    office: Office, lease: Lease, strict: Control, desk_with: Callable[..., Desk]
) -> None:
    items = [await in_doubt(office) for _ in range(3)]
    post = HeldUp(desk_with(base_url=strict.base_url).post)
    desk = replace(office.desk, post=cast("Post", post))
    poller = Poller(desk, office.parts, _APART_S, timedelta(seconds=1))
    with capture_logs() as logs:
        await poller._ask_all(items, lease)

    assert [(await office.letter(item)).not_found for item in items] == [1, 1, 1]
    assert "provider.silent" not in [line["event"] for line in logs]
