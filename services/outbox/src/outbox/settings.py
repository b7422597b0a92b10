"""Every setting of the outbox, read from variables that begin with OUTBOX_."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from events.contracts.deliveries import Channel
from outbox.domain.checks import MEGABYTE, Limits
from web.service import ListingSettings


class OutboxSettings(ListingSettings):
    """What every API of the house needs, where documents lie, and the limits.

    `documents_url` is s3://bucket/prefix or file:///folder. `channels` are those whose service is
    running here.
    """

    model_config = SettingsConfigDict(env_prefix="OUTBOX_")

    documents_url: str
    documents_endpoint: str | None = None
    workshop_workers: int = Field(default=2, ge=1)
    channels: frozenset[Channel] = frozenset({Channel.EPOST, Channel.MAIL})
    default_channel: Channel = Channel.EPOST
    letter_pages: int = 93
    letter_bytes: int = 15 * MEGABYTE
    cover_sheet_bytes: int = 64 * 1024

    def limits(self) -> Limits:
        return Limits(self.channels, self.letter_pages, self.letter_bytes, self.cover_sheet_bytes)
