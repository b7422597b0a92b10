"""What callers send, in form: types, lengths and tidy text. What it means is the domain's."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter
from pydantic_core import PydanticCustomError

from contacts.domain.address import GERMANY, LINE_CHARACTERS
from contacts.domain.details import ContactDetails
from contacts.domain.names import Gender
from contacts.domain.text import ControlCharacterError, one_line
from events.contracts.contacts import ContactKind
from events.contracts.deliveries import Channel

_DETAILS = TypeAdapter(ContactDetails)


def _tidy(text: str) -> str:
    try:
        return one_line(text)
    except ControlCharacterError:
        raise PydanticCustomError("control-character", "control character") from None


def _present(text: str) -> str:
    if not text:
        raise PydanticCustomError("text-missing", "text missing")
    return text


def _none_if_blank(text: str) -> str | None:
    return text or None


# The limits hold for what is sent, spaces included; forms send "" for a field left blank.
_Text = Annotated[str, StringConstraints(max_length=LINE_CHARACTERS), AfterValidator(_tidy)]
_LongText = Annotated[str, StringConstraints(max_length=254), AfterValidator(_tidy)]
Line = Annotated[_Text, AfterValidator(_present)]
OptionalLine = Annotated[_Text, AfterValidator(_none_if_blank)] | None
OptionalLongLine = Annotated[_LongText, AfterValidator(_none_if_blank)] | None


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PersonBody(_Body):
    """A natural person; see `contacts.domain.names.Person`."""

    kind: Literal[ContactKind.PERSON] = ContactKind.PERSON
    gender: Gender = Gender.NONE
    title: OptionalLine = None
    first_names: OptionalLine = None
    surname_prefix: OptionalLine = None
    surname: Line
    degree: OptionalLine = None
    office: OptionalLine = None


class CoupleBody(_Body):
    """Two people who get one letter."""

    kind: Literal[ContactKind.COUPLE]
    first: PersonBody
    second: PersonBody


class CompanyBody(_Body):
    """A company and whom to ask for there."""

    kind: Literal[ContactKind.COMPANY]
    name_lines: tuple[Line, ...] = Field(min_length=1, max_length=3)
    contact_person: PersonBody | None = None


class PostalAddressBody(_Body):
    """An address: whole, or not given at all."""

    addition: OptionalLine = None
    street: Line
    house_number: OptionalLine = None
    postal_code: Line
    town: Line
    country: Line = GERMANY


class ContactBody(_Body):
    """All that a clerk enters; a change sends all of it again."""

    names: Annotated[PersonBody | CoupleBody | CompanyBody, Field(discriminator="kind")]
    salutation_override: OptionalLongLine = None
    postal_address: PostalAddressBody | None = None
    mail_address: OptionalLongLine = None
    preferred_channels: tuple[Channel, ...] = Field(default=(), max_length=len(Channel))

    def details(self) -> ContactDetails:
        """The same in the domain's words."""
        return _DETAILS.validate_python(self.model_dump())
