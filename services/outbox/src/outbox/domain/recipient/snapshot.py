"""What the checks and a channel need to know of a contact."""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from events.contracts.deliveries import Channel, PostalAddress


class Stamp(NamedTuple):
    """Which of two snapshots is the newer one: the greater."""

    epoch: int
    version: int


@dataclass(frozen=True, slots=True)
class Recipient:
    """A contact as the address book last told it. What was erased, or never set, is None."""

    contact: UUID
    stamp: Stamp
    preferred_channels: tuple[Channel, ...] = ()
    short_name: str | None = None
    salutation: str | None = None
    name_lines: tuple[str, ...] | None = None
    postal_address: PostalAddress | None = None
    address_lines: tuple[str, ...] | None = None
    mail_address: str | None = None
