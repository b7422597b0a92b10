"""What must be right before a delivery can be sent: one table of rules (OUT-10)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from babel import Locale

from events.contracts.deliveries import Channel, PostalAddress, Sender
from outbox.domain.delivery.plan import Plan
from outbox.domain.recipient.snapshot import Recipient, Stamp

MEGABYTE = 1024 * 1024

# CLDR lists a few codes that are no countries: unions, currency areas, tests.
_NO_COUNTRY = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})
_TERRITORIES = map(str, Locale("de").territories)
COUNTRIES = frozenset(code for code in _TERRITORIES if re.fullmatch("[A-Z]{2}", code)) - _NO_COUNTRY


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a delivery cannot be sent. The slug is stable; the values fill its German text."""

    slug: str
    values: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the installation allows. A letter's cover sheet counts in pages and bytes."""

    channels: frozenset[Channel] = frozenset({Channel.EPOST, Channel.MAIL})
    letter_pages: int = 93
    letter_bytes: int = 15 * MEGABYTE
    cover_sheet_bytes: int = 64 * 1024


@dataclass(frozen=True, slots=True)
class Basis:
    """What a delivery is checked against, as it is known now."""

    recipient: Recipient | None
    sender: Sender | None
    limits: Limits

    @property
    def stamp(self) -> Stamp | None:
        """Which snapshot of the recipient this is."""
        return self.recipient.stamp if self.recipient else None


Failure = Mapping[str, int] | None


@dataclass(frozen=True, slots=True)
class Rule:
    """One check. `field` is what has to be mended; `fails` gives the text's values, or None."""

    slug: str
    field: str
    fails: Callable[[Plan, Basis], Failure]
    channels: frozenset[Channel] = frozenset(Channel)


def check(plan: Plan, basis: Basis) -> tuple[Reason, ...]:
    """All reasons why this delivery cannot be sent, in the order of the table."""
    reasons = []
    for rule in RULES:
        if plan.channel in rule.channels:
            failure = rule.fails(plan, basis)
            if failure is not None:
                reasons.append(Reason(rule.slug, failure))
    return tuple(reasons)


def _if(failed: bool) -> Failure:  # noqa: FBT001 - the outcome is the argument
    return {} if failed else None


def _channel_not_available(plan: Plan, basis: Basis) -> Failure:
    return _if(plan.channel not in basis.limits.channels)


def _recipient_missing(plan: Plan, _basis: Basis) -> Failure:
    return _if(plan.contact is None)


def _recipient_unknown(plan: Plan, basis: Basis) -> Failure:
    return _if(plan.contact is not None and basis.recipient is None)


def _sender_missing(_plan: Plan, basis: Basis) -> Failure:
    return _if(basis.sender is None)


def _unreadable(plan: Plan, _basis: Basis) -> Failure:
    return _if(plan.file is None)


def _encrypted(plan: Plan, _basis: Basis) -> Failure:
    """A letter is made from its pages, which the owner's password forbids."""
    return _if(plan.file is not None and plan.encrypted)


def _address_missing(_plan: Plan, basis: Basis) -> Failure:
    return _if(basis.recipient is not None and basis.recipient.postal_address is None)


def _address_incomplete(_plan: Plan, basis: Basis) -> Failure:
    recipient = basis.recipient
    if recipient is None or recipient.postal_address is None:
        return None
    named = any(line.strip() for line in recipient.name_lines or ())
    return _if(not named or not _is_complete(recipient.postal_address))


def _is_complete(address: PostalAddress) -> bool:
    """Abroad a place may do without postal codes, at home none does."""
    needed = [address.street, address.town]
    if address.country == "DE":
        needed.append(address.postal_code)
    return all(part.strip() for part in needed)


def _country_unknown(_plan: Plan, basis: Basis) -> Failure:
    address = basis.recipient.postal_address if basis.recipient else None
    return _if(address is not None and address.country not in COUNTRIES)


def _mail_address_missing(_plan: Plan, basis: Basis) -> Failure:
    return _if(basis.recipient is not None and not basis.recipient.mail_address)


def _letter_too_long(plan: Plan, basis: Basis) -> Failure:
    if plan.file is None:
        return None
    pages = plan.file.pages + plan.letter.cover_sheet
    limit = basis.limits.letter_pages
    return {"pages": pages, "limit": limit} if pages > limit else None


def _letter_too_large(plan: Plan, basis: Basis) -> Failure:
    if plan.file is None:
        return None
    cover_bytes = basis.limits.cover_sheet_bytes if plan.letter.cover_sheet else 0
    return _too_large(plan.file.size_bytes + cover_bytes, basis.limits.letter_bytes)


def _mail_too_large(plan: Plan, _basis: Basis) -> Failure:
    if plan.file is None:
        return None
    return _too_large(plan.file.size_bytes, plan.mail.size_limit_mb * MEGABYTE)


def _too_large(size_bytes: int, limit_bytes: int) -> Failure:
    if size_bytes <= limit_bytes:
        return None
    return {"size_bytes": size_bytes, "limit_bytes": limit_bytes}


_LETTER = frozenset({Channel.EPOST})
_MAIL = frozenset({Channel.MAIL})
_BY_MAIL = frozenset({Channel.MAIL, Channel.MAILSHARE})

RULES: tuple[Rule, ...] = (
    Rule("channel-not-available", "channel", _channel_not_available),
    Rule("recipient-missing", "contact", _recipient_missing),
    Rule("recipient-unknown", "contact", _recipient_unknown),
    Rule("sender-missing", "sender", _sender_missing),
    Rule("unreadable-pdf", "file", _unreadable),
    Rule("encrypted-pdf", "file", _encrypted, _LETTER),
    Rule("postal-address-missing", "postal_address", _address_missing, _LETTER),
    Rule("postal-address-incomplete", "postal_address", _address_incomplete, _LETTER),
    Rule("country-unknown", "postal_address.country", _country_unknown, _LETTER),
    Rule("mail-address-missing", "mail_address", _mail_address_missing, _BY_MAIL),
    Rule("too-many-pages", "file", _letter_too_long, _LETTER),
    Rule("too-many-bytes", "file", _letter_too_large, _LETTER),
    Rule("mail-too-large", "file", _mail_too_large, _MAIL),
)
FIELDS: Mapping[str, str] = {rule.slug: rule.field for rule in RULES}
