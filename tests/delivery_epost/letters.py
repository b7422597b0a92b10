"""Letters that the post office accepts."""

from itertools import count
from typing import Any

from delivery_epost.ports import PostalAddress, Submission
from epost_simulator import specimen

RECIPIENT = PostalAddress(("Erika Muster", "Weg 7"), "53113", "Bonn")
_numbers = count(1)


def a_letter(**changes: Any) -> Submission:
    """Return a letter like no other."""
    number = next(_numbers)
    fields: dict[str, Any] = {
        "file_name": f"zustellung-{number}.pdf",
        "custom1": f"zustellung-{number}",
        "batch_id": 0,
        "pdf": specimen.letter(mark=f"Zustellung {number}"),
        "recipient": RECIPIENT,
    }
    return Submission(**fields | changes)
