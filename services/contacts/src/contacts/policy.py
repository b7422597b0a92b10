"""Their events -> our commands."""

from contacts.domain.erasure.commands import RecordConfirmation
from contacts.domain.erasure.decider import stream_of
from events.contracts.keys import ErasureConfirmed
from events.hearing import Translated
from events.stream import Heard


def record_confirmation(heard: Heard) -> Translated:
    """A service has erased what it kept of a subject, which may be no contact of ours."""
    event = heard.event
    assert isinstance(event, ErasureConfirmed)
    command = RecordConfirmation(
        heard.source, event.category, event.fingerprint, event.confirmed_at
    )
    return Translated(stream_of(event.subject), command)
