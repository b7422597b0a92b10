"""Keys of subjects, wrapped with the key-encryption key of their category."""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from events.personal import Category, KeyId
from events.registry import UnreadableError
from events.seal import KEY_BYTES, fingerprint

_NONCE_BYTES = 12
_TAG_BYTES = 16
WRAPPED_BYTES = _NONCE_BYTES + KEY_BYTES + _TAG_BYTES


class Missing(Enum):
    """Why a key is not to be had."""

    NOT_YET = auto()  # It has not arrived: wait for it.
    ERASED = auto()  # A fence stands where it was: go on without.
    NOT_ENTITLED = auto()  # This service does not mount the category: go on without.


class KeyMissingError(Exception):
    """A key has not arrived yet. The record that needs it waits for it."""

    def __init__(self, key: KeyId) -> None:
        super().__init__(f"the {key.category} key of {key.subject} has not arrived")
        self.key = key


class KekMissingError(Exception):
    """The key is here, but not the one that opens it: wait until a process mounts it."""

    slug = "kek-not-mounted"

    def __init__(self, kek: str) -> None:
        super().__init__("a key-encryption key is not mounted")
        self.kek = kek


class NotEntitledError(Exception):
    """Something is to be sealed in a category that this service does not mount: a wrong setting.

    Waiting for the key would not help, since it may be there.
    """

    slug = "category-not-mounted"

    def __init__(self, key: KeyId) -> None:
        super().__init__(f"the category {key.category} is not mounted")
        self.key = key


class SubjectErasedError(Exception):
    """Nothing can be sealed for this subject any more: it was erased for good."""

    def __init__(self, key: KeyId) -> None:
        super().__init__(f"{key.subject} was erased")
        self.key = key


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A subject's key as it is stored and travels: useless without the category's own key."""

    id: KeyId
    wrapped: bytes
    kek: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Kek:
    """A key-encryption key. `name` travels with everything that it wraps."""

    name: str
    secret: bytes


class Keyring:
    """The key-encryption keys that this service mounts. The first one of a category wraps."""

    def __init__(self, keks: Mapping[Category, tuple[Kek, ...]]) -> None:
        self._keks = keks

    @classmethod
    def from_text(cls, text: str) -> "Keyring":
        """Read `category:name:base64 …`, in the order newest first; refuse keys of odd size."""
        keks: dict[Category, tuple[Kek, ...]] = {}
        for entry in text.split():
            category, name, secret = entry.split(":", 2)
            kek = Kek(name, base64.b64decode(secret, validate=True))
            if len(kek.secret) != KEY_BYTES:
                raise ValueError(f"the key {name} is not {KEY_BYTES} bytes long")
            keks[Category(category)] = (*keks.get(Category(category), ()), kek)
        return cls(keks)

    def entitled(self, category: Category) -> bool:
        return category in self._keks

    def names(self) -> frozenset[str]:
        """The names of all that is mounted."""
        return frozenset(kek.name for keks in self._keks.values() for kek in keks)

    def make(self, key_id: KeyId) -> WrappedKey:
        """A new random key for a subject."""
        secret = os.urandom(KEY_BYTES)
        kek = self._keks[key_id.category][0]
        nonce = os.urandom(_NONCE_BYTES)
        wrapped = nonce + AESGCM(kek.secret).encrypt(nonce, secret, _bound_to(key_id, kek.name))
        return WrappedKey(key_id, wrapped, kek.name, fingerprint(secret))

    def unwrap(self, key: WrappedKey) -> bytes:
        """The key in clear; never keep it longer than a transaction.

        Raises `KekMissingError`, or `UnreadableError` where the key does not open.
        """
        kek = next((kek for kek in self._keks[key.id.category] if kek.name == key.kek), None)
        if kek is None:
            raise KekMissingError(key.kek)
        nonce, block = key.wrapped[:_NONCE_BYTES], key.wrapped[_NONCE_BYTES:]
        try:
            return AESGCM(kek.secret).decrypt(nonce, block, _bound_to(key.id, kek.name))
        except (InvalidTag, ValueError):
            raise UnreadableError(f"a wrapped {key.id.category} key does not open") from None


def _bound_to(key_id: KeyId, kek: str) -> bytes:
    return f"{key_id.subject}\x1f{key_id.category}\x1f{kek}".encode()
