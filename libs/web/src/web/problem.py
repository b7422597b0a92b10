"""What goes wrong at an API, as RFC 9457 problem details with a German sentence for the clerk."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import structlog
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from web.correlation import correlation_of
from web.messages import own_messages, titles

MEDIA_TYPE = "application/problem+json"
SERVER_ERROR = 500

_log = structlog.get_logger("web")


class Problem(HTTPException):
    """An error answer: a stable slug for programs, a sentence for the clerk.

    Without `title` and `detail` the title of the status and the sentence of the slug are taken.
    `members` (such as `field` or `limit`) stand in the answer and fill the `{placeholders}` of
    the sentence; what the caller sent never belongs there. An HTTPException, because FastAPI
    lets no other exception pass while it reads a body.
    """

    def __init__(
        self,
        slug: str,
        status: int,
        *,
        title: str | None = None,
        detail: str | None = None,
        headers: Mapping[str, str] | None = None,
        **members: object,
    ) -> None:
        super().__init__(status, slug, headers)
        self.slug = slug
        self.title = title
        self.sentence = detail
        self.members = members


@dataclass(frozen=True, slots=True)
class Problems:
    """Turns problems into answers with the sentences of this package and of one service."""

    messages: Mapping[str, str]

    def response(self, problem: Problem, scope: Scope) -> Response:
        """The answer as `application/problem+json`, with the request's correlation id in it."""
        return Response(
            orjson.dumps(self.document(problem, correlation_of(scope)), default=str),
            status_code=problem.status_code,
            headers=problem.headers,
            media_type=MEDIA_TYPE,
        )

    def document(self, problem: Problem, correlation: UUID) -> dict[str, Any]:
        """The members of the answer; the five of RFC 9457 cannot be overwritten."""
        status = problem.status_code
        members = {**problem.members, "correlation_id": correlation}
        return members | {
            "type": f"urn:hausbote:problem:{problem.slug}",
            "slug": problem.slug,
            "title": problem.title or titles().get(str(status), "Anfrage abgelehnt"),
            "status": status,
            "detail": problem.sentence or self.sentence(problem.slug, status, members),
        }

    def sentence(self, slug: str, status: int, members: Mapping[str, object]) -> str:
        """The filled sentence of the slug; a general one, and a warning, when there is none."""
        general = "internal-error" if status >= SERVER_ERROR else "rejected"
        for known in (slug, general):
            try:
                return self.find(known).format_map(members)
            except KeyError:
                _log.warning("no sentence for problem", slug=known)
        return own_messages()["rejected"]

    def find(self, slug: str) -> str:
        """The sentence as written, the service's before our own. KeyError when there is none."""
        return self.messages[slug] if slug in self.messages else own_messages()[slug]


def size_text(size_bytes: int) -> str:
    """A size as the clerk reads it: whole MB (1024 x 1024 bytes) where it is that, else bytes."""
    whole, rest = divmod(size_bytes, 1024 * 1024)
    return f"{size_bytes} Byte" if rest or not whole else f"{whole} MB (1 MB = 1024 × 1024 Byte)"
