"""Seals opened and made within one transaction; no unwrapped key outlives it."""

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from events.keyring import (
    KekMissingError,
    KeyMissingError,
    Keyring,
    Missing,
    NotEntitledError,
    SubjectErasedError,
    WrappedKey,
)
from events.personal import KeyId
from events.registry import Json, UnreadableError
from events.seal import Place, Sealed, seal, unseal
from events.store import Transaction

Unusable = KekMissingError | UnreadableError
"""Why a key that is here can't be used. It concerns only the records that need this key."""


class Vault:
    """The keys that one transaction has fetched, in clear."""

    def __init__(self, transaction: Transaction, keyring: Keyring) -> None:
        self._transaction = transaction
        self._keyring = keyring
        self._keys: dict[KeyId, bytes | Missing | Unusable] = {}

    async def fetch(self, keys: Iterable[KeyId]) -> None:
        """Get keys ready, in the order of their names, which is the order of their locks."""
        unknown = sorted(set(keys) - self._keys.keys())
        mounted = [key for key in unknown if self._keyring.entitled(key.category)]
        self._keys.update(dict.fromkeys(unknown, Missing.NOT_ENTITLED))
        if mounted:
            found = await self._transaction.keys(mounted)
            self._keys.update({key: self._unwrapped(found[key]) for key in mounted})

    async def make(self, mandant: UUID, keys: Collection[KeyId]) -> list[WrappedKey]:
        """Make those of the service's own keys that do not exist yet; returns the new ones."""
        await self.fetch(keys)
        lacking = sorted(key for key in keys if self._keys[key] is Missing.NOT_YET)
        if not lacking:
            return []
        made = [self._keyring.make(key) for key in lacking]
        added = await self._transaction.add_keys(mandant, made)
        for key in lacking:
            del self._keys[key]
        await self.fetch(lacking)
        return [key for key in made if key.id in added]

    def erased(self, keys: Iterable[KeyId]) -> KeyId | None:
        """The first of these keys whose subject was erased, if there is one."""
        return next((key for key in keys if self._keys[key] is Missing.ERASED), None)

    def open(self, sealed: Iterable[Sealed], place: Place) -> dict[KeyId, Json]:
        """The blocks that may be read. What was erased, or is none of our business, is left out.

        Raises `KeyMissingError` where a key has not arrived yet, and why another can't be used.
        """
        opened: dict[KeyId, Json] = {}
        for block in sealed:
            match self._keys[block.key]:
                case bytes() as key:
                    opened[block.key] = unseal(block, key, place)
                case Missing.NOT_YET:
                    raise KeyMissingError(block.key)
                case Exception() as unusable:
                    raise unusable
                case Missing.ERASED | Missing.NOT_ENTITLED:
                    pass
        return opened

    def seal(self, blocks: Mapping[KeyId, Json], place: Place) -> tuple[Sealed, ...]:
        """Lock the blocks away.

        Raises `SubjectErasedError`, `KeyMissingError`, `NotEntitledError`, or why a key can't be
        used.
        """
        return tuple(seal(fields, key, self._key_for(key), place) for key, fields in blocks.items())

    def _key_for(self, key: KeyId) -> bytes:
        match self._keys[key]:
            case bytes() as secret:
                return secret
            case Missing.ERASED:
                raise SubjectErasedError(key)
            case Missing.NOT_ENTITLED:
                raise NotEntitledError(key)
            case Missing.NOT_YET:
                raise KeyMissingError(key)
            case Exception() as unusable:
                raise unusable

    def _unwrapped(self, found: WrappedKey | Missing) -> bytes | Missing | Unusable:
        if isinstance(found, Missing):
            return found
        try:
            return self._keyring.unwrap(found)
        except (KekMissingError, UnreadableError) as unusable:
            return unusable
