"""What a mandant's clerks do while everything breaks: they try again until they get an answer."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar
from uuid import UUID, uuid4

import httpx
from tests.faults.world import World

from demo.clerk import Clerk, RefusedError
from demo.papers import Paper
from demo.people import SENDER, Person
from documents.testing import samples
from web.auth import Role

_T = TypeVar("_T")
_AGAIN_S = 0.1
_ANSWER_S = 10.0
# What a clerk tries again; a fault must never look like his mistake.
_LATER = frozenset(
    {
        "None",
        "request-in-progress",
        "unavailable",
        "internal-error",
        "answer-too-slow",
        "body-too-slow",
        "not-ready",
        "sign-in-unavailable",
    }
)


class StuckError(Exception):
    """Something did not come to its end in the time that it was given."""


@dataclass(slots=True)
class Story:
    """One mandant with a few recipients and documents, and what was asked of the product."""

    world: World
    title: str
    documents: int = 2
    mandant: UUID = field(default_factory=uuid4)
    filed: list[str] = field(default_factory=list)
    patience_s: float = 90.0

    def enter(self) -> None:
        """Say who we are, who the recipients are, and file the documents."""
        with self._client("contacts") as contacts, self._client("outbox") as outbox:
            clerk = Clerk(self.mandant, contacts, outbox)
            self._insist(lambda: clerk.introduce(SENDER))
            people = _people(self.title)
            known = [self._insist(partial(clerk.register, person)) for person in people]
            for number in range(self.documents):
                name = f"{self.title}, Blatt {number}"
                paper = Paper(name, samples.written(1, title=name), people)
                key = f"{self.mandant}-{number}"
                self.filed.append(self._insist(partial(clerk.file, paper, known, key=key)))

    def wait_until_sendable(self) -> None:
        """Wait until the outbox knows everybody."""
        with self._client("contacts") as contacts, self._client("outbox") as outbox:
            clerk = Clerk(self.mandant, contacts, outbox)

            def sendable() -> bool:
                rows = [
                    row
                    for document in self.filed
                    for row in self._insist(partial(clerk.deliveries, document))
                ]
                ready = sum("send" in row["actions"] and not row["reasons"] for row in rows)
                return ready == self.deliveries

            self.wait(sendable, "every delivery can be sent")

    def send(self) -> None:
        """Press *senden* until there is an answer."""
        with self._client("contacts") as contacts, self._client("outbox") as outbox:
            clerk = Clerk(self.mandant, contacts, outbox)
            self._insist(lambda: clerk.send(self.filed))

    @property
    def deliveries(self) -> int:
        """How many there must be: one for each channel of each recipient, of each document."""
        return self.documents * sum(len(person.channels) for person in _people(self.title))

    def wait(
        self, condition: Callable[[], bool], what: str, patience_s: float | None = None
    ) -> None:
        """Wait until it is so; raises `StuckError`."""
        most_s = patience_s or self.patience_s
        deadline = time.monotonic() + most_s
        while not condition():
            if time.monotonic() > deadline:
                raise StuckError(f"not within {most_s:.0f} s: {what}")
            time.sleep(_AGAIN_S)

    def _insist(self, ask: Callable[[], _T]) -> _T:
        deadline = time.monotonic() + self.patience_s
        while True:
            try:
                return ask()
            except (httpx.TransportError, ValueError) as error:
                trouble = type(error).__name__
            except RefusedError as error:
                if error.slug not in _LATER:
                    raise
                trouble = error.slug
            if time.monotonic() > deadline:
                raise StuckError(f"a clerk got no answer: {trouble}")
            time.sleep(_AGAIN_S)

    def _client(self, service: str) -> httpx.Client:
        token = self.world.issuer.token(self.mandant, "anna", [Role.CLERK, Role.ADMIN])
        return httpx.Client(
            base_url=self.world.places[service],
            headers={"Authorization": f"Bearer {token}"},
            timeout=_ANSWER_S,
            trust_env=False,
        )


def _people(title: str) -> list[Person]:
    """Two who want letters, one who wants mails, one who wants both."""
    ways = (("epost",), ("epost",), ("mail",), ("epost", "mail"))
    return [_person(title, number, list(channels)) for number, channels in enumerate(ways)]


def _person(title: str, number: int, channels: list[str]) -> Person:
    body = {
        "names": {
            "kind": "person",
            "gender": "female",
            "first_names": "Ida",
            "surname": f"{title} Nummer {number}".translate(_WITHOUT_DIGITS),
        },
        "postal_address": {
            "street": "Lindenallee",
            "house_number": str(number + 1),
            "postal_code": "04109",
            "town": "Leipzig",
            "country": "DE",
        },
        "mail_address": f"ida{number}@mieter.example",
        "preferred_channels": channels,
    }
    return Person(f"{title}-{number}".replace(" ", "-"), body)


_WITHOUT_DIGITS = str.maketrans("0123456789", "abcdefghij")
