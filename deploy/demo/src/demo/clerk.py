"""Works with the product over HTTP, as a clerk's console would."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx

from demo.papers import Paper
from demo.people import Person
from demo.product import Product
from web.auth import Role

_PATIENCE_S = 120.0
_PAGE = 200


class RefusedError(Exception):
    """The product said no, in words for a clerk."""

    def __init__(self, slug: str, detail: str) -> None:
        super().__init__(detail)
        self.slug = slug
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Clerk:
    """A clerk of one mandant, signed in at both services."""

    mandant: UUID
    contacts: httpx.Client
    outbox: httpx.Client

    def introduce(self, sender: Mapping[str, Any]) -> None:
        """Say who the mandant is."""
        _answer(self.outbox.put("/sender", json=sender))

    def register(self, person: Person) -> str:
        """Enter a contact; the same person twice is entered once."""
        headers = {"Idempotency-Key": person.key}
        answer = _answer(self.contacts.post("/contacts", json=person.body, headers=headers))
        return str(answer["contact"])

    def file(self, paper: Paper, recipients: Sequence[str], *, key: str) -> str:
        """Put a document into the outbox; raises `RefusedError`."""
        about = json.dumps({"name": paper.name, "kind": "brief", "recipients": recipients})
        parts: dict[str, tuple[str | None, bytes, str]] = {
            "document": (None, about.encode(), "application/json"),
            "file": ("dokument.pdf", paper.content, "application/pdf"),
        }
        headers = {"Idempotency-Key": key}
        return str(
            _answer(self.outbox.post("/documents", files=parts, headers=headers))["document"]
        )

    def send(self, documents: Sequence[str]) -> dict[str, Any]:
        """Press *senden* for these documents."""
        selection = {"documents": list(documents)}
        return _answer(self.outbox.post("/deliveries/send", json=selection))

    def overview(self) -> list[dict[str, Any]]:
        """All documents of the outbox, the oldest first."""
        return sorted(self._all("/documents"), key=lambda row: str(row["created_at"]))

    def deliveries(self, document: str) -> list[dict[str, Any]]:
        answer = _answer(self.outbox.get(f"/documents/{document}", params={"limit": _PAGE}))
        return list(answer["deliveries"]["items"])

    def delivery(self, delivery: str) -> dict[str, Any]:
        return _answer(self.outbox.get(f"/deliveries/{delivery}"))

    def _all(self, path: str) -> Iterator[dict[str, Any]]:
        cursor: dict[str, str] = {}
        while True:
            page = _answer(self.outbox.get(path, params={"limit": _PAGE, **cursor}))
            yield from page["items"]
            if not page["next_cursor"]:
                return
            cursor = {"cursor": page["next_cursor"]}


@contextmanager
def clerk(product: Product) -> Iterator[Clerk]:
    """A clerk of a mandant that nobody has seen before."""
    mandant = uuid4()
    token = product.issuer.token(mandant, "admin", [Role.CLERK, Role.ADMIN])
    with (
        _client(product.contacts_url, token) as contacts,
        _client(product.outbox_url, token) as box,
    ):
        yield Clerk(mandant, contacts, box)


def _client(url: str, token: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=url, headers=headers, timeout=_PATIENCE_S, trust_env=False)


def _answer(response: httpx.Response) -> dict[str, Any]:
    answer: dict[str, Any] = response.json()
    if response.is_success:
        return answer
    raise RefusedError(str(answer.get("slug")), str(answer.get("detail")))
