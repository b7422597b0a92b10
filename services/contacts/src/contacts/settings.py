"""Every setting of the address book, read from variables that begin with CONTACTS_."""

from pydantic_settings import SettingsConfigDict

from web.service import ListingSettings


class ContactsSettings(ListingSettings):
    """What every API of the house needs."""

    model_config = SettingsConfigDict(env_prefix="CONTACTS_")
