"""However badly messages arrive, the end is the same; `make million` shows it with a million."""

import random
from collections import Counter
from pathlib import Path

import pytest

import stack
from bench.ground import Ground
from bench.million import both
from bench.stories import Dirty
from events.store import Record


@pytest.mark.spec("PLT-41")
async def test_repeats_disorder_and_garbage_lead_to_the_same_state(
    servers: stack.Servers, tmp_path: Path
) -> None:
    clean, spoilt = await both(Ground(servers, tmp_path), 2_000)

    assert clean.state == spoilt.state
    assert spoilt.messages > clean.messages
    assert (clean.dead == 0, spoilt.dead > 0) == (True, True)


def test_what_is_spoilt_still_holds_every_record() -> None:
    records = [Record("DeliverySent", b"key", (("ce_id", b"%d" % n),), b"{}") for n in range(1_000)]
    dirty = Dirty(iter(records), random.Random(41))  # noqa: S311 - the same disorder each time
    told = [record for record in dirty if record in set(records)]

    assert set(told) == set(records)
    assert told != records
    assert len(told) == 1_000 + dirty.duplicates
    assert max(Counter(told).values()) > 1
    assert dirty.garbage > 0
