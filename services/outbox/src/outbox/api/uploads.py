"""Documents as callers send them: a PDF and a part of JSON beside it."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import File, UploadFile
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from outbox.api.bodies import DocumentBody
from web.json_body import check
from web.limits import MIB

LARGEST_UPLOAD_BYTES = 210 * MIB
"""A PDF of 200 MB with its JSON and the frame of the form."""

_JSON_DEPTH = 8

PdfPart = Annotated[UploadFile, File(description="The PDF.")]
JsonPart = Annotated[
    UploadFile | str, File(description="What is known of it, as JSON; see DocumentBody.")
]


async def document_body(part: UploadFile | str) -> DocumentBody:
    """The JSON part, under the same rules as any JSON body.

    Problem for what is no JSON, RequestValidationError for what is not a DocumentBody.
    """
    text = part.encode() if isinstance(part, str) else await _whole(part)
    check(text, _JSON_DEPTH)
    try:
        return DocumentBody.model_validate_json(text)
    except ValidationError as error:
        raise RequestValidationError([_placed(found) for found in error.errors()]) from None


async def _whole(part: UploadFile) -> bytes:
    """The part's content; it is left as it was, for whoever compares requests."""
    content = await part.read()
    await part.seek(0)
    return content


def _placed(found: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**found, "loc": ("body", "document", *found["loc"])}
