"""Tokens kept encrypted in the database, so that all processes of the service share one login."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from delivery_epost.ports import Token
from events.database import Database

_NONCE_BYTES = 12

_LOAD = "select token, expires_at from epost_token where ekp = %s"
_SAVE = """
insert into epost_token (ekp, token, expires_at) values (%s, %s, %s)
on conflict (ekp) do update set token = excluded.token, expires_at = excluded.expires_at
"""


class TableTokenCache:
    """A `TokenCache`. A token under another key than today's counts as none: one logs in again."""

    def __init__(self, database: Database, key: bytes) -> None:
        self._database = database
        self._cipher = AESGCM(key)

    async def load(self, ekp: str) -> Token | None:
        async with self._database.plain() as connection:
            row = await (await connection.execute(_LOAD, (ekp,))).fetchone()
        if row is None:
            return None
        sealed, expires_at = row
        nonce, block = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return Token(self._cipher.decrypt(nonce, block, ekp.encode()).decode(), expires_at)
        except InvalidTag:
            return None

    async def save(self, ekp: str, token: Token) -> None:
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, token.value.encode(), ekp.encode())
        async with self._database.plain() as connection:
            await connection.execute(_SAVE, (ekp, sealed, token.expires_at))
