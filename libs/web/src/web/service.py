"""An API as one of a service's processes, with the settings that all of them share."""

import asyncio

import structlog
from fastapi import FastAPI
from pydantic import SecretStr

from events.process import Process
from events.settings import ServiceSettings
from web.auth import TokenVerifier
from web.environment import Environment
from web.keys import KeySource
from web.paging import Cursors
from web.server import serve

log = structlog.get_logger()


class ApiSettings(ServiceSettings):
    """What the machinery needs, and whom the API trusts.

    `token_keys_url` is the JWKS of the identity provider.
    """

    token_issuer: str
    token_audience: str
    token_keys_url: str

    def verifier(self, keys: KeySource) -> TokenVerifier:
        """Checks callers' tokens with `keys`."""
        return TokenVerifier(
            keys,
            issuer=self.token_issuer,
            audience=self.token_audience,
            environment=Environment(self.environment),
        )


class ListingSettings(ApiSettings):
    """For an API with long lists.

    `cursor_keys` are Fernet keys separated by spaces; the first one seals the cursors of lists,
    all of them open.
    """

    cursor_keys: SecretStr

    def cursors(self) -> Cursors:
        return Cursors(self.cursor_keys.get_secret_value().split())


def served(api: FastAPI, settings: ServiceSettings) -> Process:
    """The process that answers requests until it is told to stop."""

    async def until(stopping: asyncio.Event) -> None:
        await serve(
            api,
            host=settings.http_host,
            port=settings.http_port,
            stopping=stopping,
            listening=lambda port: log.info("api.listening", port=port),
        )

    return until
