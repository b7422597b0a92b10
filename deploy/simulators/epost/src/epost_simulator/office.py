"""Everything the simulator knows, in one place, and the pace it demands of each account."""

from datetime import datetime, timedelta

from epost_simulator.accounts import Accounts
from epost_simulator.catalogue import ApiError
from epost_simulator.clock import Clock
from epost_simulator.faults import FaultQueue
from epost_simulator.letters import Letters
from epost_simulator.settings import Settings


class Office:
    """One simulated post office; what is in its folder survives a restart."""

    def __init__(self, settings: Settings) -> None:
        settings.folder.mkdir(parents=True, exist_ok=True)
        self.settings = settings
        self.clock = Clock(settings.folder / "clock.json")
        self.accounts = Accounts(settings.folder / "accounts.json", self.clock)
        self.letters = Letters(settings.folder / "letters")
        self.faults = FaultQueue()
        self.health = "I501"
        self._last_query: dict[tuple[str, str], datetime] = {}

    def keep_pace(self, ekp: str, kind: str, spacing_s: float) -> None:
        """Refuse a query that follows the last answered one of its kind too soon."""
        now = self.clock.now()
        last = self._last_query.get((ekp, kind))
        if last is not None and timedelta() <= now - last < timedelta(seconds=spacing_s):
            raise ApiError("E322")
        self._last_query[ekp, kind] = now
