"""What became of each delivery, with the file that was sent, for people and for programs."""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from demo.clerk import Clerk
from demo.product import Product
from epost_simulator.control import SentLetter

FINAL = frozenset({"delivered", "failed", "not-deliverable", "withdrawn"})
_DELIVERY_HEADER = b"x-delivery-id:"


@dataclass(frozen=True, slots=True)
class Line:
    """One delivery. `file` and `sha256` are what left the house; None where nothing did."""

    document: str
    recipient: str
    channel: str
    state: str
    label: str
    reasons: list[dict[str, str]]
    pages: int | None
    file: str | None
    sha256: str | None
    instants: list[dict[str, str]]

    @property
    def is_final(self) -> bool:
        return self.state in FINAL

    def row(self) -> dict[str, Any]:
        return asdict(self)


def lines(clerk: Clerk, product: Product) -> list[Line]:
    """Every delivery of the clerk's outbox, as it stands now."""
    letters = {letter.custom1: letter for letter in product.post.letters()}
    mails = _mails(product.mail.maildir)
    return [
        _line(document, clerk.delivery(row["delivery"]), product, letters, mails)
        for document in clerk.overview()
        for row in clerk.deliveries(document["document"])
    ]


def _line(
    document: dict[str, Any],
    delivery: dict[str, Any],
    product: Product,
    letters: dict[str, SentLetter],
    mails: dict[str, Path],
) -> Line:
    letter = letters.get(delivery["delivery"])
    file = mails.get(delivery["delivery"])
    if letter is not None:
        file = product.letters / f"{letter.letter_id}.pdf"
    return Line(
        document=document["name"],
        recipient=delivery["recipient"],
        channel=delivery["channel"]["label"],
        state=delivery["state"],
        label=delivery["label"],
        reasons=_reasons(delivery),
        pages=letter.pages if letter else document["pages"],
        file=str(file) if file else None,
        sha256=hashlib.sha256(file.read_bytes()).hexdigest() if file else None,
        instants=[{"at": fact["at"], "what": fact["what"]} for fact in delivery["timeline"]],
    )


def _reasons(delivery: dict[str, Any]) -> list[dict[str, str]]:
    """Why it can't be sent, by our checks; or why it failed, by the channel's word."""
    checks = [{"slug": r["slug"], "detail": r["detail"]} for r in delivery["reasons"]]
    if checks or delivery["state"] != "failed":
        return checks
    facts = [fact for fact in delivery["timeline"] if fact["reason"]]
    return [{"slug": fact["reason"], "detail": fact["text"]} for fact in facts[-1:]]


def _mails(maildir: Path) -> dict[str, Path]:
    """The stored mails, by the delivery that each names in its header."""
    found = {}
    for path in (maildir / "new").iterdir() if (maildir / "new").is_dir() else ():
        head = path.read_bytes().partition(b"\r\n\r\n")[0].partition(b"\n\n")[0]
        for line in head.splitlines():
            if line.lower().startswith(_DELIVERY_HEADER):
                found[line.split(b":", 1)[1].strip().decode()] = path
    return found
