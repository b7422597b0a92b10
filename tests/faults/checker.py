"""Judges a story by what everybody has written down. Uses none of the product's code."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from uuid import UUID

from tests.faults.books import Books, Event

FINAL = frozenset({"delivered", "failed", "not-deliverable", "withdrawn"})
_ON_THE_ROW = {
    "delivered": "delivered",
    "failed": "failed",
    "not-deliverable": "failed",
    "withdrawn": "open",
    "uncertain": "on_hold",
}

# What each event must have been told as: any of the first set, and all of the second.
_TELLS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    name: (frozenset(any_of), frozenset(all_of))
    for name, any_of, all_of in (
        ("contact.registered", (), ("ContactChanged",)),
        ("contact.changed", (), ("ContactChanged",)),
        ("document.filed", (), ("DocumentQueued",)),
        ("delivery.requested", (), ("DeliveryRequested",)),
        ("delivery.withdrawal_requested", (), ("DeliveryWithdrawalRequested",)),
        ("letter.withdrawn", (), ("DeliveryWithdrawn",)),
        ("letter.withdrawal-refused", (), ("DeliveryWithdrawalRefused",)),
        ("letter.accepted", (), ("DeliveryAccepted",)),
        ("letter.progressed", ("DeliverySent", "DeliveryNoted"), ()),
        ("letter.sent", (), ("DeliverySucceeded",)),
        ("letter.doubled", (), ("DeliveryNoted",)),
        ("letter.refused", (), ("DeliveryFailed",)),
        ("letter.failed", (), ("DeliveryFailed",)),
        ("letter.submission-intended", (), ("DeliveryNoted",)),
        ("letter.submission-failed", (), ("DeliveryNoted",)),
        ("letter.resubmission-allowed", (), ("DeliveryNoted",)),
        ("letter.submission-uncertain", (), ("DeliveryUncertain",)),
        ("letter.person-asked", (), ("DeliveryUncertain",)),
        ("letter.request-set-aside", (), ("DeliveryUncertain",)),
        ("letter.unheard-of", (), ("DeliveryUncertain",)),
        ("letter.decided", ("DeliverySucceeded", "DeliveryFailed", "DeliveryNoted"), ()),
        ("mail.withdrawn", (), ("DeliveryWithdrawn",)),
        ("mail.withdrawal-refused", (), ("DeliveryWithdrawalRefused",)),
        ("mail.handover-intended", (), ("DeliveryNoted",)),
        ("mail.handover-failed", (), ("DeliveryNoted",)),
        ("mail.handover-uncertain", (), ("DeliveryNoted",)),
        ("mail.person-asked", (), ("DeliveryUncertain",)),
        ("mail.request-set-aside", (), ("DeliveryUncertain",)),
        ("mail.accepted", (), ("DeliveryAccepted", "DeliverySent")),
        ("mail.refused", (), ("DeliveryFailed",)),
        ("mail.decided", ("DeliverySent", "DeliveryFailed", "DeliveryNoted"), ()),
    )
}
_SENT = frozenset({"letter.accepted", "letter.sent", "mail.accepted"})
_NEVER_LEFT = frozenset({"letter.withdrawn", "mail.withdrawn", "mail.refused", "letter.refused"})


def violations(
    books: Books, deliveries: int, forgetful: Collection[str] = frozenset()
) -> list[str]:
    """What is not as it must be; `deliveries` is how many the clerks have asked for.

    `forgetful` are services whose database was restored: what they had told and done since the
    backup is still true, and no longer in their log.
    """
    return [
        *_every_delivery_ends(books, deliveries),
        *_nothing_is_left(books),
        *_letters(books),
        *_mails(books),
        *_views_agree(books, forgetful),
        *_counters(books),
        *_logs_are_whole(books),
        *_all_is_told(books, forgetful),
    ]


def _every_delivery_ends(books: Books, deliveries: int) -> Iterator[str]:
    if len(books.deliveries) != deliveries:
        yield f"{len(books.deliveries)} deliveries instead of {deliveries}"
    for row in books.deliveries:
        asks = row["state"] == "uncertain" and row["needs_decision"]
        if row["state"] not in FINAL and not asks:
            yield f"delivery {row['delivery']} by {row['channel']} ends as {row['state']}"
        if row["attempt"] < 1:
            yield f"delivery {row['delivery']} was never requested"


def _nothing_is_left(books: Books) -> Iterator[str]:
    for queue, count in books.left.items():
        if count:
            yield f"{count} rows are left in {queue}"


def _letters(books: Books) -> Iterator[str]:
    streams = _streams(books, "delivery-epost")
    found = Counter(letter.custom1 for letter in books.letters)
    for stream, events in streams.items():
        types = {event.type for event in events}
        yield from _times(f"letter {stream}", found[str(stream)], types)
    for custom1, copies in found.items():
        if copies > 1 and custom1 not in {str(stream) for stream in streams}:
            yield f"letter {custom1} of nobody's is there {copies} times"


def _mails(books: Books) -> Iterator[str]:
    for stream, events in _streams(books, "delivery-mail").items():
        types = {event.type for event in events}
        copies = books.mails.get(str(stream), ())
        yield from _times(f"mail {stream}", len(copies), types)
        if len(set(copies)) > 1:
            yield f"mail {stream} has {len(set(copies))} Message-IDs"


def _times(what: str, copies: int, types: set[str]) -> Iterator[str]:
    if copies > 1:
        yield f"{what} is there {copies} times"
    if types & _SENT and copies == 0:
        yield f"{what} is said to be sent and is not there"
    if types & _NEVER_LEFT and not types & _SENT and copies:
        yield f"{what} is said not to be sent and is there"
    if not types & {"letter.submission-intended", "mail.handover-intended"} and copies:
        yield f"{what} is there without an intent"


def _views_agree(books: Books, forgetful: Collection[str]) -> Iterator[str]:
    channels = {**_streams(books, "delivery-epost"), **_streams(books, "delivery-mail")}
    for row in books.deliveries:
        events = channels.get(UUID(row["delivery"]))
        if events is None:
            yield f"delivery {row['delivery']} never came to its channel"
            continue
        expected = _verdict({event.type for event in events})
        if events[0].source in forgetful and expected == "uncertain":
            continue  # A person is asked, whatever outbox has heard in the earlier life.
        if expected != row["state"]:
            yield f"delivery {row['delivery']}: the channel says {expected}, outbox {row['state']}"
    heard = Counter(
        str(event.stream) for event in books.events if event.type == "delivery.answered"
    )
    answers = {
        told.id: told.headers["ce_subject"]
        for told in books.told
        if told.headers["ce_source"] in {"delivery-epost", "delivery-mail"}
    }
    for delivery, count in Counter(answers.values()).items():
        if heard[delivery] != count:
            yield f"delivery {delivery}: {count} answers, {heard[delivery]} in outbox's log"


def _verdict(types: set[str]) -> str:
    """Where the channel's own log leaves a delivery, in outbox's words."""
    for reached, state in (
        ({"letter.failed", "letter.refused", "mail.refused"}, "failed"),
        ({"letter.sent", "mail.accepted"}, "delivered"),
        ({"letter.unheard-of"}, "uncertain"),
        ({"letter.accepted"}, "accepted"),
        ({"letter.withdrawn", "mail.withdrawn"}, "withdrawn"),
        ({"letter.person-asked", "mail.person-asked"}, "uncertain"),
    ):
        if types & reached:
            return state
    return "open in its channel"


def _counters(books: Books) -> Iterator[str]:
    for document in books.documents:
        rows = [row for row in books.deliveries if row["document"] == document["document"]]
        counted = Counter(_ON_THE_ROW.get(row["state"], "in_progress") for row in rows)
        for name in ("open", "delivered", "failed", "in_progress", "on_hold"):
            if document[name] != counted[name]:
                yield f"document {document['document']}: {name} {document[name]}, {counted[name]}"
        for channel in ("epost", "mail"):
            there = sum(row["channel"] == channel for row in rows)
            if document[f"by_{channel}"] != there:
                yield f"document {document['document']}: by_{channel} is not {there}"


def _logs_are_whole(books: Books) -> Iterator[str]:
    versions: dict[tuple[str, UUID], list[int]] = defaultdict(list)
    for event in books.events:
        versions[event.source, event.stream].append(event.version)
    for (source, stream), numbers in versions.items():
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"stream {stream} of {source} has the versions {numbers}"


def _all_is_told(books: Books, forgetful: Collection[str]) -> Iterator[str]:
    told = defaultdict(set)
    contents: dict[tuple[str, str], object] = {}
    for record in books.told:
        source, stream, version, topic = record.of
        told[source, stream, version].add(topic)
        content = (record.topic, record.key, record.value, record.headers)
        if contents.setdefault(record.id, content) != content:
            yield f"record {record.id} of {topic} was told with two contents"
    stored = set()
    for event in books.events:
        place = (event.source, str(event.stream), event.version)
        stored.add(place)
        any_of, all_of = _TELLS.get(event.type, (frozenset(), frozenset()))
        missing = all_of - told[place]
        if missing or (any_of and not any_of & told[place]):
            yield f"{event.type} {place} was never told"
    for place in told.keys() - stored:
        if place[0] not in forgetful:
            yield f"{place} was told and is not in the log"
    for key in books.keys_made - books.keys_told:
        yield f"key {key} was never told"


def _streams(books: Books, source: str) -> Mapping[UUID, Sequence[Event]]:
    found: dict[UUID, list[Event]] = defaultdict(list)
    for event in books.events:
        if event.source == source:
            found[event.stream].append(event)
    return found
