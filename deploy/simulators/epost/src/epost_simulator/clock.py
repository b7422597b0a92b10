"""The simulator's clock: it ticks like ours, and can be set."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")


class Clock:
    """Remembers how far it was moved, so that a restart does not turn statuses back."""

    def __init__(self, file: Path) -> None:
        self._file = file
        moved_s = json.loads(file.read_text()) if file.exists() else 0.0
        self._moved = timedelta(seconds=moved_s)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._moved

    def set(self, instant: datetime) -> None:
        self._move(instant - datetime.now(UTC))

    def advance(self, seconds: float) -> None:
        self._move(self._moved + timedelta(seconds=seconds))

    def _move(self, moved: timedelta) -> None:
        self._moved = moved
        self._file.write_text(json.dumps(moved.total_seconds()))


def stamp(instant: datetime | None, *, fraction: bool = False) -> str | None:
    """Write an instant as the API does: German wall time, no zone, fraction now and then."""
    if instant is None:
        return None
    local = instant.astimezone(BERLIN).replace(tzinfo=None)
    return local.isoformat(timespec="milliseconds" if fraction else "seconds")
