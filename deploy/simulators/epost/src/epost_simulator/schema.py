"""The request bodies as the API's definition has them: nothing more, nothing longer."""

import json
from typing import Annotated, Any, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictInt,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)
from pydantic.alias_generators import to_camel

from epost_simulator.catalogue import ApiError

Line = Annotated[str, StringConstraints(max_length=80)]
Ekp = Annotated[str, StringConstraints(min_length=10, max_length=10)]
Password = Annotated[str, StringConstraints(min_length=5, max_length=100)]
Int32 = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=to_camel)


class Login(_Body):
    vendor_id: Annotated[str, Field(alias="vendorID", min_length=1)]
    ekp: Ekp
    secret: Annotated[str, Field(max_length=100)]
    password: Password
    vendor_sub_id: Annotated[str | None, Field(alias="vendorSubID", max_length=100)] = None
    token_duration: Annotated[int, Field(ge=1, le=1440)] = 1440


class SmsCodeRequest(_Body):
    vendor_id: Annotated[str, Field(alias="vendorID", min_length=1)]
    ekp: Ekp


class SetPassword(_Body):
    vendor_id: Annotated[str, Field(alias="vendorID", min_length=1)]
    ekp: Ekp
    new_password: Password
    sms_code: Annotated[str, Field(min_length=6, max_length=6)]


class PlugIn(_Body):
    plug_in_name: Annotated[str, Field(max_length=200)]
    plug_in_model: Any = None


class Letter(_Body):
    file_name: Annotated[str, Field(min_length=5, max_length=200, pattern=r"^[A-Za-z0-9._-]+$")]
    data: Annotated[str, Field(repr=False)]
    is_color: bool = False
    is_duplex: bool = False
    batch_id: Annotated[Int32, Field(alias="batchID")] = 0
    registered_letter: Annotated[str | None, Field(max_length=50)] = None
    registered_letter_adress_line1: Line | None = None
    registered_letter_adress_line2: Line | None = None
    registered_letter_adress_line3: Line | None = None
    registered_letter_zip_code: Annotated[str | None, Field(min_length=5, max_length=20)] = None
    registered_letter_city: Line | None = None
    test_flag: bool = False
    test_e_mail: Annotated[str | None, Field(max_length=100)] = None
    test_show_restricted_area: bool = False
    cover_letter: bool = False
    cover_data: Annotated[str | None, Field(repr=False)] = None
    address_line1: Annotated[str, Field(min_length=1, max_length=80)]
    address_line2: Line | None = None
    address_line3: Line | None = None
    address_line4: Line | None = None
    address_line5: Line | None = None
    zip_code: Annotated[str, Field(min_length=3, max_length=20)]
    city: Annotated[str, Field(min_length=1, max_length=80)]
    country: Line | None = None
    sender_adress_line1: Line | None = None
    sender_street: Line | None = None
    sender_zip_code: Line | None = None
    sender_city: Line | None = None
    sender_adress_line_complete: Annotated[str | None, Field(max_length=200)] = None
    custom1: Line | None = None
    custom2: Line | None = None
    custom3: Line | None = None
    custom4: Line | None = None
    custom5: Line | None = None
    vendor_system_information: Annotated[str | None, Field(max_length=120)] = None
    cost_center: Annotated[str | None, Field(max_length=8, pattern=r"^[0-9a-zA-Z]*$")] = None
    plug_in_list: list[PlugIn] | None = None
    activate_duplicate_failsafe: bool = False


LOGIN = TypeAdapter(Login)
SMS_CODE_REQUEST = TypeAdapter(SmsCodeRequest)
SET_PASSWORD = TypeAdapter(SetPassword)
LETTERS = TypeAdapter(Annotated[list[Letter], Field(min_length=1)])
LETTER_IDS = TypeAdapter(Annotated[list[StrictInt], Field(min_length=1)])


Parsed = TypeVar("Parsed")


def parse(adapter: TypeAdapter[Parsed], raw: bytes) -> Parsed:
    """Read one JSON body; any deviation is E313, told by place and kind, never by value."""
    try:
        return adapter.validate_python(json.loads(raw))
    except ValueError as error:
        raise ApiError("E313", _places(error)) from error


def _places(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return "kein JSON"
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, one['loc'])) or 'body'} {one['type']}" for one in found)
