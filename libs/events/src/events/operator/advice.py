"""What to do about a dead record: one sentence per reason, for the night shift."""

from collections.abc import Mapping

ADVICE: Mapping[str, str] = {
    "unreadable": (
        "Its bytes are no event of ours, or of a shape that this release does not know: ask the"
        " service in ce_source; redrive once this service can read it, drop it if it is garbage."
    ),
    "rejected": (
        "Our rules refused it: the slug after the colon says which one; correct what it met, then"
        " redrive, or drop it if the refusal is right."
    ),
    "failed": (
        "Our own code failed on it, eight times: the stack says where; redrive after the release"
        " that mends it, never drop it before."
    ),
    "foreign-mandant": (
        "It names another mandant than the stream that it is about: its producer mixes mandants up;"
        " tell its team at once, redrive nothing, and drop it once they have the evidence."
    ),
    "category-not-mounted": (
        "This service has to seal what it may not read: mount the category's key-encryption key,"
        " restart, then redrive."
    ),
    "repeated-id": (
        "Another record with the same id came first and was taken: ask the producer which of the"
        " two holds; redrive only if both do."
    ),
}
_ELSE = "Nobody has met this before: read the stack, and ask the service's team before you drop it."


def slug_of(reason: str) -> str:
    """The part of a reason that stays the same from record to record."""
    return reason.partition(":")[0]


def advice(reason: str) -> str:
    """What to do about it."""
    return ADVICE.get(slug_of(reason), _ELSE)
