"""What every store of events does: inherit the suite and give it a store."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest

from events.ids import new_id
from events.keyring import Missing, WrappedKey
from events.personal import Category, KeyId
from events.registry import Name
from events.seal import Sealed
from events.store import Record, Store, Stored, StreamConflictError

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
MANDANT = UUID("0190a000-0000-7000-8000-000000000001")
STRANGER = UUID("0190a000-0000-7000-8000-000000000002")


def row(stream: UUID, version: int, mandant: UUID = MANDANT, *sealed: Sealed) -> Stored:
    """An event as a store gets it."""
    return Stored(
        mandant=mandant,
        stream=stream,
        version=version,
        id=new_id(),
        name=Name("thing.happened", 1),
        at=NOON,
        meta={"correlation": str(stream), "actor": "Jürgen"},
        fields={"number": version, "list": [1, None, "ä"]},
        sealed=sealed,
    )


def block(category: Category = Category.IDENTITY) -> Sealed:
    return Sealed(KeyId(new_id(), category), b"fingerpr", b"nonce", b"\x00\xff block")


def key(subject: UUID | None = None, category: Category = Category.NOTES) -> WrappedKey:
    return WrappedKey(KeyId(subject or new_id(), category), b"\x00wrapped", "k1", b"fingerpr")


def record(value: bytes) -> Record:
    return Record("Topic", b"key", (("ce_id", b"\xff"), ("ce_type", b"")), value)


class StoreSuite:
    """The tests; a subclass says how its store is made, and looks behind it."""

    @pytest.fixture
    def store(self) -> Store:
        raise NotImplementedError

    async def erase(self, store: Store, erased: KeyId) -> None:
        """Put a fence of `MANDANT` where a key was."""
        raise NotImplementedError

    async def relayed(self, store: Store) -> Sequence[Record]:
        """What stands in the relay, in its order."""
        raise NotImplementedError

    refusals: tuple[type[Exception], ...]
    """What the store raises for a mandant that the transaction does not work for."""

    async def test_what_was_appended_is_loaded_as_it_was(self, store: Store) -> None:
        stream = new_id()
        first = row(stream, 1, MANDANT, block(), block(Category.BANKING))
        rows = [first, row(stream, 2)]
        async with store.transaction([MANDANT]) as transaction:
            await transaction.append(rows)
        async with store.transaction([MANDANT]) as transaction:
            (loaded,) = (await transaction.load([stream, new_id()])).values()

        assert [one.version for one in loaded] == [1, 2]
        assert loaded[1] == rows[1]
        assert set(loaded[0].sealed) == set(first.sealed)
        assert (loaded[0].fields, loaded[0].meta, loaded[0].at, loaded[0].name) == (
            first.fields,
            first.meta,
            NOON,
            first.name,
        )

    async def test_blocks_come_with_the_streams_that_are_to_be_opened(self, store: Store) -> None:
        opened, closed = new_id(), new_id()
        async with store.transaction([MANDANT]) as transaction:
            await transaction.append(
                [row(stream, 1, MANDANT, block()) for stream in (opened, closed)]
            )
            loaded = await transaction.load([opened, closed], [opened])

        assert [len(loaded[stream][0].sealed) for stream in (opened, closed)] == [1, 0]

    async def test_many_streams_are_appended_and_loaded_at_once(self, store: Store) -> None:
        streams = [new_id() for _ in range(3)]
        rows = [row(stream, version) for version in (1, 2) for stream in streams]
        async with store.transaction([MANDANT]) as transaction:
            await transaction.lock(streams)
            await transaction.append(rows)
            loaded = await transaction.load(streams)

        assert {s: [one.version for one in found] for s, found in loaded.items()} == {
            stream: [1, 2] for stream in streams
        }

    async def test_a_version_is_taken_once_and_nothing_of_the_loser_stays(
        self, store: Store
    ) -> None:
        stream, other = new_id(), new_id()
        async with store.transaction([MANDANT]) as transaction:
            await transaction.append([row(stream, 1)])

        async def come_second() -> None:
            async with store.transaction([MANDANT]) as transaction:
                await transaction.append([row(other, 1)])
                await transaction.append([row(stream, 1)])

        with pytest.raises(StreamConflictError) as caught:
            await come_second()
        assert caught.value.streams == {stream}
        async with store.transaction([MANDANT]) as transaction:
            assert list(await transaction.load([stream, other])) == [stream]

    async def test_an_error_undoes_events_keys_and_records(self, store: Store) -> None:
        stream, made = new_id(), key()

        async def fail() -> None:
            async with store.transaction([MANDANT]) as transaction:
                await transaction.append([row(stream, 1)])
                await transaction.add_keys(MANDANT, [made])
                await transaction.enqueue([record(b"{}")])
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()
        async with store.transaction([MANDANT]) as transaction:
            assert await transaction.load([stream]) == {}
            assert await transaction.keys([made.id]) == {made.id: Missing.NOT_YET}
        assert await self.relayed(store) == []

    async def test_records_wait_for_the_relay_in_their_order(self, store: Store) -> None:
        records = [record(str(number).encode() + b"\x00") for number in range(20)]
        async with store.transaction([MANDANT]) as transaction:
            await transaction.enqueue(records[:15])
            await transaction.enqueue(())
            await transaction.enqueue(records[15:])

        assert await self.relayed(store) == records

    async def test_a_key_is_kept_once_and_the_first_one_stays(self, store: Store) -> None:
        made = key()
        second = WrappedKey(made.id, b"other", "k2", b"another!")
        fresh = key()
        async with store.transaction([MANDANT]) as transaction:
            assert await transaction.add_keys(MANDANT, [made]) == {made.id}
        async with store.transaction([MANDANT]) as transaction:
            assert await transaction.add_keys(MANDANT, [second, fresh]) == {fresh.id}
            assert await transaction.keys([made.id, fresh.id]) == {
                made.id: made,
                fresh.id: fresh,
            }
            assert await transaction.keys([]) == {}

    async def test_a_key_is_one_of_a_subject_and_a_category(self, store: Store) -> None:
        made = key()
        other = KeyId(made.id.subject, Category.PRIVATE)
        async with store.transaction([MANDANT]) as transaction:
            await transaction.add_keys(MANDANT, [made])
            assert await transaction.keys([made.id, other]) == {
                made.id: made,
                other: Missing.NOT_YET,
            }

    async def test_behind_a_fence_there_is_no_key_and_never_will_be(self, store: Store) -> None:
        made, never = key(), key()
        async with store.transaction([MANDANT]) as transaction:
            await transaction.add_keys(MANDANT, [made])
        await self.erase(store, made.id)
        await self.erase(store, never.id)
        async with store.transaction([MANDANT]) as transaction:
            assert await transaction.add_keys(MANDANT, [made, never]) == frozenset()
            assert await transaction.keys([made.id, never.id]) == {
                made.id: Missing.ERASED,
                never.id: Missing.ERASED,
            }

    async def test_mandants_do_not_see_one_another(self, store: Store) -> None:
        stream, made = new_id(), key()
        async with store.transaction([MANDANT]) as transaction:
            await transaction.append([row(stream, 1)])
            await transaction.add_keys(MANDANT, [made])

        for mandants in ([STRANGER], []):
            async with store.transaction(mandants) as transaction:
                assert await transaction.load([stream]) == {}
                assert await transaction.keys([made.id]) == {made.id: Missing.NOT_YET}
        async with store.transaction([STRANGER, MANDANT]) as transaction:
            assert list(await transaction.load([stream])) == [stream]
            assert await transaction.keys([made.id]) == {made.id: made}

    async def test_a_foreign_stream_is_a_conflict(self, store: Store) -> None:
        stream = new_id()
        async with store.transaction([MANDANT]) as transaction:
            await transaction.append([row(stream, 1)])
        with pytest.raises(StreamConflictError):
            async with store.transaction([STRANGER]) as transaction:
                await transaction.append([row(stream, 1, STRANGER)])

    async def test_nothing_is_written_for_a_mandant_who_was_not_named(self, store: Store) -> None:
        with pytest.raises(self.refusals):
            async with store.transaction([MANDANT]) as transaction:
                await transaction.append([row(new_id(), 1, STRANGER)])
        with pytest.raises(self.refusals):
            async with store.transaction([MANDANT]) as transaction:
                await transaction.add_keys(STRANGER, [key()])
