"""Personal data: taken out of an event, locked away, and put back only where it belongs."""

import base64
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.ids import new_id
from events.keyring import (
    KekMissingError,
    KeyMissingError,
    Keyring,
    NotEntitledError,
    SubjectErasedError,
    WrappedKey,
)
from events.personal import (
    Category,
    KeyId,
    Personal,
    personal_fields,
    put_together,
    sealing_keys,
    take_apart,
)
from events.registry import Event, UnreadableError
from events.seal import KEY_BYTES, Place, Sealed, seal, unseal
from events.store.memory import MemoryStore
from events.vault import Vault

MANDANT = UUID(int=1)


class Couple(Event):
    """Two subjects, two categories, own and foreign keys."""

    first: UUID
    second: UUID
    flat: int
    first_name: Annotated[str | None, Personal("first", Category.IDENTITY, own=True)] = None
    first_lines: Annotated[tuple[str, ...] | None, Personal("first", Category.IDENTITY)] = None
    first_iban: Annotated[str | None, Personal("first", Category.BANKING)] = None
    second_name: Annotated[str | None, Personal("second", Category.IDENTITY)] = None


texts = st.none() | st.text()
couples = st.builds(
    Couple,
    first=st.uuids(),
    second=st.uuids(),
    flat=st.integers(),
    first_name=texts,
    first_lines=st.none() | st.lists(st.text()).map(tuple),
    first_iban=texts,
    second_name=texts,
)


@given(couples)
def test_what_is_taken_apart_fits_together_again(event: Couple) -> None:
    public, blocks = take_apart(event)
    assert Couple.model_validate(put_together(Couple, public, blocks)) == event
    assert blocks.keys() == sealing_keys(event)


@given(couples)
def test_no_personal_field_stays_outside_of_the_blocks(event: Couple) -> None:
    public, blocks = take_apart(event)
    assert public.keys() == Couple.model_fields.keys() - personal_fields(Couple).keys()
    assert all(None not in fields.values() for fields in blocks.values())


@given(couples, st.data())
def test_without_a_block_its_fields_are_none_and_the_others_stay(
    event: Couple, data: st.DataObject
) -> None:
    public, blocks = take_apart(event)
    left = {key: block for key, block in blocks.items() if data.draw(st.booleans())}
    read = Couple.model_validate(put_together(Couple, public, left))
    for name, mark in personal_fields(Couple).items():
        is_left = KeyId(getattr(event, mark.subject), mark.category) in left
        assert getattr(read, name) == (getattr(event, name) if is_left else None)


def test_a_block_fills_no_field_that_is_not_its_own() -> None:
    one, other = uuid4(), uuid4()
    key = KeyId(one, Category.IDENTITY)
    joined = put_together(
        Couple,
        {"first": str(one), "second": str(other), "flat": 3, "first_name": "in clear"},
        {key: {"flat": 9, "second_name": "x", "first_iban": "x", "first_name": "Jürgen"}},
    )
    assert joined == {"first": str(one), "second": str(other), "flat": 3, "first_name": "Jürgen"}


def test_a_personal_field_in_clear_is_not_read() -> None:
    one = uuid4()
    public = {"first": str(one), "second": str(one), "flat": 3, "first_name": "in clear"}
    assert "first_name" not in put_together(Couple, public, {})


def test_a_subject_that_is_no_id_is_unreadable() -> None:
    with pytest.raises(UnreadableError, match="no id"):
        put_together(Couple, {"first": "Müller"}, {})


def test_only_own_keys_are_made() -> None:
    one, other = uuid4(), uuid4()
    event = Couple(first=one, second=other, flat=1, first_name="a", first_iban="b", second_name="c")
    assert sealing_keys(event, own_only=True) == {KeyId(one, Category.IDENTITY)}


PLACE = Place(mandant=uuid4(), source="contacts", event=uuid4(), stream=uuid4(), version=3)
KEY = KeyId(uuid4(), Category.IDENTITY)


@given(st.dictionaries(st.text(), st.text() | st.none() | st.booleans() | st.lists(st.text())))
def test_a_block_opens_at_its_place(fields: dict[str, object]) -> None:
    secret = os.urandom(KEY_BYTES)
    assert unseal(seal(fields, KEY, secret, PLACE), secret, PLACE) == fields


def elsewhere() -> list[tuple[str, Callable[[Sealed], Sealed], Place]]:
    """Every part of where a block belongs, changed."""
    here: Callable[[Sealed], Sealed] = lambda sealed: sealed  # noqa: E731 - a table reads best
    return [
        ("mandant", here, replace(PLACE, mandant=uuid4())),
        ("source", here, replace(PLACE, source="outbox")),
        ("event", here, replace(PLACE, event=uuid4())),
        ("stream", here, replace(PLACE, stream=uuid4())),
        ("version", here, replace(PLACE, version=4)),
        ("subject", lambda s: replace(s, key=KeyId(uuid4(), s.key.category)), PLACE),
        ("category", lambda s: replace(s, key=KeyId(s.key.subject, Category.NOTES)), PLACE),
        ("nonce", lambda s: replace(s, nonce=os.urandom(12)), PLACE),
        ("odd nonce", lambda s: replace(s, nonce=b"x"), PLACE),
        ("block", lambda s: replace(s, block=s.block[:-1] + bytes([s.block[-1] ^ 1])), PLACE),
        ("no block", lambda s: replace(s, block=b""), PLACE),
    ]


@pytest.mark.parametrize(
    ("move", "place"), [pytest.param(*case[1:], id=case[0]) for case in elsewhere()]
)
def test_a_block_opens_nowhere_else(move: Callable[[Sealed], Sealed], place: Place) -> None:
    secret = os.urandom(KEY_BYTES)
    sealed = seal({"name": "Groß"}, KEY, secret, PLACE)
    assert unseal(sealed, secret, PLACE) == {"name": "Groß"}
    with pytest.raises(UnreadableError, match="does not open"):
        unseal(move(sealed), secret, place)


def test_a_block_does_not_open_with_another_key() -> None:
    sealed = seal({"name": "Groß"}, KEY, os.urandom(KEY_BYTES), PLACE)
    with pytest.raises(UnreadableError, match="does not open"):
        unseal(sealed, os.urandom(KEY_BYTES), PLACE)


def test_a_sealed_block_tells_nothing() -> None:
    sealed = seal({"name": "Großmann"}, KEY, os.urandom(KEY_BYTES), PLACE)
    assert b"mann" not in sealed.block
    assert seal({}, KEY, b"\0" * 32, PLACE).nonce != seal({}, KEY, b"\0" * 32, PLACE).nonce


def kek(name: str, category: Category = Category.IDENTITY) -> str:
    return f"{category}:{name}:{base64.b64encode(os.urandom(KEY_BYTES)).decode()}"


def test_a_new_key_encryption_key_wraps_and_the_old_one_still_opens() -> None:
    old, new = kek("2025"), kek("2026")
    before = Keyring.from_text(old).make(KEY)
    both = Keyring.from_text(f"{new} {old}")
    after = both.make(KEY)

    assert (before.kek, after.kek) == ("2025", "2026")
    assert both.unwrap(before) == Keyring.from_text(old).unwrap(before)
    assert both.unwrap(after) == Keyring.from_text(new).unwrap(after)
    with pytest.raises(KekMissingError, match="not mounted"):
        Keyring.from_text(old).unwrap(after)


@pytest.mark.parametrize(
    "change",
    [
        lambda key: replace(key, id=KeyId(uuid4(), Category.IDENTITY)),
        lambda key: replace(key, kek="second"),
        lambda key: replace(key, wrapped=b""),
        lambda key: replace(key, wrapped=key.wrapped[:20]),
    ],
    ids=["subject", "kek", "empty", "short"],
)
def test_a_wrapped_key_opens_only_as_what_it_is(change: Callable[[WrappedKey], WrappedKey]) -> None:
    keyring = Keyring.from_text(f"{kek('first')} {kek('second')}")
    with pytest.raises(UnreadableError, match="does not open"):
        keyring.unwrap(change(keyring.make(KEY)))


@pytest.mark.parametrize(
    "text", ["identity:k:c2hvcnQ=", "nobody:k:AAAA", "identity:k", "identity:k:ä"]
)
def test_a_keyring_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        Keyring.from_text(text)
    assert not isinstance(caught.value, UnreadableError)


async def test_a_vault_opens_what_it_may_and_leaves_out_the_rest(keyring: Keyring) -> None:
    """Erased, and of a category that is not mounted: left out. Not there yet: wait."""
    store = MemoryStore()
    known, gone, late = (KeyId(new_id(), Category.IDENTITY) for _ in range(3))
    foreign = KeyId(known.subject, Category.NOTES)
    async with store.transaction([MANDANT]) as transaction:
        vault = Vault(transaction, keyring)
        assert len(await vault.make(MANDANT, [known, gone, foreign])) == 3
        blocks = {key: {"of": str(key)} for key in (known, gone, foreign)}
        sealed = vault.seal(blocks, PLACE)
    store.erase(gone)

    entitled = Keyring({c: ks for c, ks in keyring._keks.items() if c is not Category.NOTES})
    async with store.transaction([MANDANT]) as transaction:
        vault = Vault(transaction, entitled)
        await vault.fetch([known, gone, foreign, late])
        assert vault.open(sealed, PLACE) == {known: {"of": str(known)}}
        assert vault.erased([known, foreign, late, gone]) == gone
        with pytest.raises(SubjectErasedError):
            vault.seal({gone: {}}, PLACE)
        with pytest.raises(KeyMissingError):
            vault.seal({late: {}}, PLACE)
        with pytest.raises(NotEntitledError):
            vault.seal({foreign: {}}, PLACE)
        with pytest.raises(KeyMissingError) as caught:
            vault.open([replace(sealed[0], key=late)], PLACE)
        assert caught.value.key == late


async def test_a_key_is_made_once(keyring: Keyring) -> None:
    store = MemoryStore()
    async with store.transaction([MANDANT]) as transaction:
        vault = Vault(transaction, keyring)
        (made,) = await vault.make(MANDANT, [KEY])
        assert await vault.make(MANDANT, [KEY]) == []
        sealed = vault.seal({KEY: {"name": "Groß"}}, PLACE)
    async with store.transaction([MANDANT]) as transaction:
        later = Vault(transaction, keyring)
        assert await later.make(MANDANT, [KEY]) == []
        assert later.open(sealed, PLACE) == {KEY: {"name": "Groß"}}
        assert await transaction.keys([KEY]) == {KEY: made}
