"""Files documents, presses *senden*, and watches until every delivery is final."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from demo.clerk import Clerk, RefusedError
from demo.papers import Paper
from demo.people import SENDER
from demo.product import Product
from demo.report import Line, lines

_PAUSE_S = 0.25
_KNOWN_WITHIN_S = 120.0
_QUIET_FOR_S = 120.0
_POST_TAKES = timedelta(hours=12)
_UNKNOWN = "recipient-unknown"

Show = Callable[[Sequence[dict[str, Any]]], None]


@dataclass(frozen=True, slots=True)
class Story:
    """The main job, from a PDF to the recipient's letter box."""

    product: Product
    clerk: Clerk
    show: Show

    def tell(self, papers: Sequence[Paper]) -> list[Line]:
        """Do it all; returns what became of each delivery, refused documents included."""
        self.clerk.introduce(SENDER)
        people = {person.key: person for paper in papers for person in paper.recipients}
        contacts = {key: self.clerk.register(person) for key, person in people.items()}
        documents, refused = self._file_all(papers, contacts)
        self._wait_until_known(documents)
        if documents:
            self.clerk.send(documents)
            self._wait_until_final()
        return [*lines(self.clerk, self.product), *refused]

    def _file_all(
        self, papers: Sequence[Paper], contacts: dict[str, str]
    ) -> tuple[list[str], list[Line]]:
        documents, refused = [], []
        for paper in papers:
            recipients = [contacts[person.key] for person in paper.recipients]
            try:
                documents.append(self.clerk.file(paper, recipients, key=str(uuid4())))
            except RefusedError as refusal:
                refused.extend(_refused(paper, refusal))
            self.show(self.clerk.overview())
        return documents, refused

    def _wait_until_known(self, documents: Sequence[str]) -> None:
        """Wait until the outbox has heard of all recipients from the address book."""
        deadline = time.monotonic() + _KNOWN_WITHIN_S
        while time.monotonic() < deadline:
            rows = [row for document in documents for row in self.clerk.deliveries(document)]
            slugs = {reason["slug"] for row in rows for reason in row["reasons"]}
            if _UNKNOWN not in slugs:
                return
            time.sleep(_PAUSE_S)

    def _wait_until_final(self) -> None:
        """Show every change; the post's clock runs fast. Gives up when nothing moves any more."""
        seen: object = None
        changed_at = time.monotonic()
        while time.monotonic() - changed_at < _QUIET_FOR_S:
            rows = self.clerk.overview()
            if rows != seen:
                seen, changed_at = rows, time.monotonic()
                self.show(rows)
            if all(_is_settled(row) for row in rows):
                return
            time.sleep(_PAUSE_S)
            self.product.post.advance(_POST_TAKES)


def _is_settled(row: dict[str, Any]) -> bool:
    """Only *erfolgreich* and *fehlgeschlagen* are left."""
    counts = {counter["counter"]: counter["count"] for counter in row["counters"]}
    return bool(counts["delivered"] + counts["failed"] == counts["total"])


def _refused(paper: Paper, refusal: RefusedError) -> list[Line]:
    """What was not even taken in, one line per recipient and channel."""
    reason = {"slug": refusal.slug, "detail": refusal.detail}
    return [
        Line(
            document=paper.name,
            recipient=person.label,
            channel=channel,
            state="not-deliverable",
            label="nicht angenommen",
            reasons=[reason],
            pages=None,
            file=None,
            sha256=None,
            instants=[],
        )
        for person in paper.recipients
        for channel in person.channels
    ]
