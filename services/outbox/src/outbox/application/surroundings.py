"""What deliveries are checked against: recipients, the mandant's settings, the limits."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from events.contracts.deliveries import Channel, PostalAddress, Sender
from events.database import Connection
from outbox.domain.checks import Basis, Limits
from outbox.domain.recipient.snapshot import Recipient, Stamp

_RECIPIENTS = """
select contact, epoch, version, preferred_channels, short_name, salutation, name_lines,
    postal_address, address_lines, mail_address
from recipient where mandant = %s and contact = any (%s) and epoch is not null
"""
_SETTINGS = "select sender, default_channel from mandant_setting where mandant = %s"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a mandant has set, or what holds where he has not."""

    sender: Sender | None
    default_channel: Channel


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All that the deliveries of one mandant are checked against."""

    recipients: Mapping[UUID, Recipient]
    settings: Settings
    limits: Limits

    def basis(self, contact: UUID | None) -> Basis:
        """What a delivery to this contact is checked against."""
        recipient = self.recipients.get(contact) if contact else None
        return Basis(recipient, self.settings.sender, self.limits)


@dataclass(frozen=True, slots=True)
class Standards:
    """What the installation sets: limits, and everybody's channel until he chooses one."""

    limits: Limits
    default_channel: Channel

    async def surroundings(
        self, connection: Connection, mandant: UUID, contacts: Collection[UUID]
    ) -> Surroundings:
        """What is known now of these contacts and of the mandant."""
        return Surroundings(
            recipients=await recipients_of(connection, mandant, contacts),
            settings=await settings_of(connection, mandant, self.default_channel),
            limits=self.limits,
        )


async def settings_of(connection: Connection, mandant: UUID, default: Channel) -> Settings:
    """The mandant's settings; `default` is everybody's channel until he chooses one."""
    row = await (await connection.execute(_SETTINGS, (mandant,))).fetchone()
    sender, channel = row if row is not None else (None, None)
    return Settings(
        sender=Sender.model_validate(sender) if sender else None,
        default_channel=Channel(channel) if channel else default,
    )


async def recipients_of(
    connection: Connection, mandant: UUID, contacts: Collection[UUID]
) -> Mapping[UUID, Recipient]:
    """Those of these contacts that are known."""
    cursor = connection.cursor(row_factory=dict_row)
    rows = await cursor.execute(_RECIPIENTS, (mandant, list(contacts)))
    return {row["contact"]: _recipient(row) for row in await rows.fetchall()}


def _recipient(row: Mapping[str, Any]) -> Recipient:
    address = row["postal_address"]
    return Recipient(
        contact=row["contact"],
        stamp=Stamp(row["epoch"], row["version"]),
        preferred_channels=tuple(map(Channel, row["preferred_channels"])),
        short_name=row["short_name"],
        salutation=row["salutation"],
        name_lines=_lines(row["name_lines"]),
        postal_address=PostalAddress.model_validate(address) if address else None,
        address_lines=_lines(row["address_lines"]),
        mail_address=row["mail_address"],
    )


def _lines(lines: list[str] | None) -> tuple[str, ...] | None:
    return None if lines is None else tuple(lines)
