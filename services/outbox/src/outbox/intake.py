"""Which topics the outbox hears, and what follows from each."""

from collections.abc import Callable, Sequence
from typing import Any

from events.contracts.contacts import ContactChanged
from events.contracts.documents import DocumentFiled
from events.hearing import Hears, Policy
from events.stream import Heard, Order, StreamKind
from outbox.application.streams import DELIVERY, DOCUMENT, RECIPIENT
from outbox.policy import ANSWERS, Translated, announce, note_recipient, record_answer


def _ordering(kind: StreamKind[Any, Any, Any], translate: Callable[[Heard], Translated]) -> Policy:
    """What is translated goes to a stream of this kind."""

    def react(heard: Heard) -> Sequence[Order]:
        stream, command = translate(heard)
        return (Order(kind, stream, heard.mandant, command, heard.next_cause()),)

    return react


HEARS: Hears = {
    DocumentFiled: _ordering(DOCUMENT, announce),
    ContactChanged: _ordering(RECIPIENT, note_recipient),
    **dict.fromkeys(ANSWERS, _ordering(DELIVERY, record_answer)),
}
