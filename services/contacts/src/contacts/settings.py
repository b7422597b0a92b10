"""Every setting of the address book, read from variables that begin with CONTACTS_."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from web.service import ListingSettings


class ContactsSettings(ListingSettings):
    """What every API of the house needs, and how erasures come to their end.

    `erasures_confirmed_by`: every service that keeps contacts' data, by the name by which it
    speaks; a certificate waits for all of them. `tick_every_s`: how often the topic of keys gets
    a record, without which Kafka does not compact it. `certify_every_s`: how often complete
    erasures are looked for.
    """

    model_config = SettingsConfigDict(env_prefix="CONTACTS_")

    erasures_confirmed_by: frozenset[str] = Field(
        default=frozenset({"contacts", "outbox", "delivery-epost", "delivery-mail"}), min_length=1
    )
    tick_every_s: float = Field(default=600.0, gt=0)
    certify_every_s: float = Field(default=300.0, gt=0)
