"""How problems look in the OpenAPI description of every route."""

from typing import Any

from web.problem import MEDIA_TYPE

_TEXT = {"type": "string"}

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "slug", "title", "status", "detail", "correlation_id"],
    "properties": {
        "type": {"type": "string", "pattern": "^urn:hausbote:problem:"},
        "slug": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "correlation_id": {"type": "string", "format": "uuid"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["in", "field", "slug", "detail"],
                "properties": {"in": _TEXT, "field": _TEXT, "slug": _TEXT, "detail": _TEXT},
            },
        },
    },
}

PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {MEDIA_TYPE: {"schema": PROBLEM_SCHEMA}}}
    for status, text in {
        "4XX": "Refused: the slug says why.",
        "5XX": "Failed on our side.",
    }.items()
}
