"""Every slug that a clerk may meet has a German sentence."""

import pytest

from documents.rejections import Slug
from events.contracts.deliveries import Channel
from events.decider import Rejected
from outbox.api.answers import CHANNEL_LABELS
from outbox.api.texts import Texts
from outbox.application.sending import DocumentUnknown
from outbox.domain.checks import MEGABYTE, RULES, Reason
from outbox.domain.delivery.events import Answer
from web.testing import rejections_without_sentence

TEXTS = Texts.read()
# What make_letter says of an address concerns the channel, not the entry of a document.
OF_LETTERS = {
    Slug.TOO_MANY_BYTES,
    Slug.ADDRESS_INCOMPLETE,
    Slug.ADDRESS_TOO_LONG,
    Slug.SENDER_TOO_LONG,
    Slug.UNPRINTABLE,
}


@pytest.mark.spec("OUT-02", "OUT-14")
def test_every_refusal_has_a_sentence() -> None:
    assert DocumentUnknown.slug in TEXTS.problems
    assert rejections_without_sentence(Rejected, TEXTS.problems, "outbox") == []
    assert rejections_without_sentence(Rejected, TEXTS.problems, "events") == []
    assert set(Slug) - OF_LETTERS <= TEXTS.problems.keys()


@pytest.mark.spec("OUT-10")
def test_every_check_has_a_sentence() -> None:
    assert TEXTS.reasons.keys() == {rule.slug for rule in RULES}


@pytest.mark.spec("OUT-16")
def test_every_fact_of_the_timeline_has_a_name() -> None:
    ours = {"planned", "checked", "dropped", "requested", "withdrawal-requested"}
    assert TEXTS.timeline.keys() == ours | set(Answer)


def test_every_channel_has_its_label() -> None:
    assert CHANNEL_LABELS.keys() == set(Channel)


@pytest.mark.spec("OUT-10", "EPO-03")
@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        (
            Reason("too-many-pages", {"pages": 94, "limit": 93}),
            "Der Brief hat 94 Seiten. Erlaubt sind höchstens 93 Seiten mit Deckblatt.",
        ),
        (
            Reason(
                "too-many-bytes",
                {"size_bytes": 15 * MEGABYTE + 1, "limit_bytes": 15 * MEGABYTE},
            ),
            (
                "Der Brief ist 15,01 MB groß. Erlaubt sind höchstens 15 MB mit Deckblatt"
                " (1 MB = 1024 × 1024 Byte)."
            ),
        ),
        (
            Reason("mail-too-large", {"size_bytes": 12_582_912, "limit_bytes": 10 * MEGABYTE}),
            "Der Anhang ist 12 MB groß. Erlaubt sind höchstens 10 MB (1 MB = 1024 × 1024 Byte).",
        ),
    ],
)
def test_figures_stand_in_the_sentence(reason: Reason, sentence: str) -> None:
    assert TEXTS.reason(reason) == sentence
