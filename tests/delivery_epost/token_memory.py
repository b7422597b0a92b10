"""Tokens kept in this process only."""

from delivery_epost.ports import Token


class MemoryTokenCache:
    """A `TokenCache` that forgets with the process."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}

    async def load(self, ekp: str) -> Token | None:
        return self._tokens.get(ekp)

    async def save(self, ekp: str, token: Token) -> None:
        self._tokens[ekp] = token
