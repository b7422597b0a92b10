"""What is known about a contact, and what is wrong or unwise about it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple, assert_never

from contacts.domain.address import LINE_CHARACTERS, PostalAddress, place_lines
from contacts.domain.mail import MailAddressInvalidError, normal_mail_address
from contacts.domain.names import Names, name_lines
from events.contracts.deliveries import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDetails:
    """Everything a clerk enters. `salutation_override` replaces the one made of the names.

    `preferred_channels` stand in the order of preference.
    """

    names: Names
    salutation_override: str | None = None
    postal_address: PostalAddress | None = None
    mail_address: str | None = None
    preferred_channels: tuple[Channel, ...] = ()

    def normal(self) -> "ContactDetails":
        """The same details in the form in which they are stored; idempotent."""
        mail_address = self.mail_address
        if mail_address is not None and _is_mail_address(mail_address):
            mail_address = normal_mail_address(mail_address)
        return replace(
            self,
            postal_address=self.postal_address.normal() if self.postal_address else None,
            mail_address=mail_address,
            preferred_channels=tuple(dict.fromkeys(self.preferred_channels)),
        )


class Finding(NamedTuple):
    """Something about the details: the path of the field to mend, and a stable slug."""

    field: str
    slug: str


def errors(details: ContactDetails) -> tuple[Finding, ...]:
    """What keeps normal details from being saved; empty when nothing does."""
    return (*_name_errors(details), *_address_errors(details), *_mail_errors(details))


def warnings(details: ContactDetails) -> tuple[Finding, ...]:
    """What a clerk should know on saving, although it keeps nothing from being saved."""
    return (*_address_warnings(details), *_channel_warnings(details))


def _name_errors(details: ContactDetails) -> Iterator[Finding]:
    if any(len(line) > LINE_CHARACTERS for line in name_lines(details.names)):
        yield Finding("names", "name-line-too-long")


def _address_errors(details: ContactDetails) -> Iterator[Finding]:
    address = details.postal_address
    if address is None:
        return
    if not address.country_is_known:
        yield Finding("postal_address.country", "country-unknown")
    elif any(len(line) > LINE_CHARACTERS for line in place_lines(address)):
        yield Finding("postal_address", "address-line-too-long")
    if not address.postal_code_is_valid:
        yield Finding("postal_address.postal_code", "postal-code-invalid")


def _mail_errors(details: ContactDetails) -> Iterator[Finding]:
    if details.mail_address is not None and not _is_mail_address(details.mail_address):
        yield Finding("mail_address", "mail-address-invalid")


def _address_warnings(details: ContactDetails) -> Iterator[Finding]:
    if details.postal_address is not None and details.postal_address.lacks_house_number:
        yield Finding("postal_address.house_number", "house-number-missing")


def _channel_warnings(details: ContactDetails) -> Iterator[Finding]:
    for place, channel in enumerate(details.preferred_channels):
        lacking = _lacking(channel, details)
        if lacking is not None:
            yield Finding(f"preferred_channels.{place}", lacking)


def _lacking(channel: Channel, details: ContactDetails) -> str | None:
    """The slug of what the channel needs and the contact does not have."""
    match channel:
        case Channel.EPOST if details.postal_address is None:
            return "epost-needs-postal-address"
        case Channel.MAIL if details.mail_address is None:
            return "mail-needs-mail-address"
        case Channel.MAILSHARE if details.mail_address is None:
            return "mailshare-needs-mail-address"
        case Channel.PORTAL:
            return "portal-needs-portal-access"
        case Channel.EPOST | Channel.MAIL | Channel.MAILSHARE | Channel.PRINT:
            return None
        case _:
            assert_never(channel)


def _is_mail_address(text: str) -> bool:
    try:
        normal_mail_address(text)
    except MailAddressInvalidError:
        return False
    return True
