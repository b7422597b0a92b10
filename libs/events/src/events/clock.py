"""The time, as an argument: nothing in this house reads a clock of its own."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The instant now, aware, in UTC."""
    return datetime.now(UTC)
