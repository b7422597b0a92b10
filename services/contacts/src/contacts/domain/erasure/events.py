"""What has happened to an erasure. It names the contact by its id and nobody by name."""

from uuid import UUID

from pydantic import AwareDatetime, Field

from events.personal import Category
from events.registry import Event, Registry

registry = Registry()


@registry.event("erasure.ordered")
class ErasureOrdered(Event):
    """The contact is to be erased for good, in all services. There is no way back.

    `legal_basis` is a slug: why it must, or may, be erased.
    """

    contact: UUID
    categories: tuple[Category, ...] = Field(min_length=1)
    legal_basis: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")
    ordered_by: str
    ordered_at: AwareDatetime


@registry.event("erasure.confirmed")
class ErasureConfirmed(Event):
    """A service has destroyed all that it kept of one category; `fingerprint` names the key."""

    service: str
    category: Category
    fingerprint: str | None = None
    confirmed_at: AwareDatetime


@registry.event("erasure.certified")
class ErasureCertified(Event):
    """Everybody has confirmed, and the keys stand nowhere in Kafka any more."""

    services: tuple[str, ...]
    fingerprints: tuple[str, ...]
    certified_at: AwareDatetime


ErasureEvent = ErasureOrdered | ErasureConfirmed | ErasureCertified
