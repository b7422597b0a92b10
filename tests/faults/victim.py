"""One process of a service, as production runs it, but for the traps on its way."""

import importlib
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.faults import pace, points, sabotage
from tests.faults.trap import Prey

from events.log import configure_logs
from events.process import run

SERVICES = ("contacts", "outbox", "delivery_epost", "delivery_mail")
FOLDER = "FAULTS_FOLDER"
SABOTAGE = "FAULTS_SABOTAGE"
KAFKA_DETOUR = "FAULTS_KAFKA_DETOUR"
_SETTINGS = {
    "contacts": "ContactsSettings",
    "outbox": "OutboxSettings",
    "delivery_epost": "EpostSettings",
    "delivery_mail": "MailSettings",
}


def get_ready() -> None:
    """Import what all of them need, so that each life begins at once."""
    for service in SERVICES:
        importlib.import_module(f"{service}.wiring")
    for module in ("documents.letter", "documents.inspect", "delivery_epost.sender"):
        importlib.import_module(module)


def live(service: str, process: str) -> None:
    """Run the process until it is told to stop, or steps into a trap."""
    folder = Path(os.environ[FOLDER])
    who = f"{service}.{process}"
    pace.quicken()
    points.replace("events.clock:datetime", lambda _: _movable(folder / f"clock-{service}"))
    _take_the_detour()
    points.watch(Prey(folder / "traps", who))
    for name in json.loads(os.environ.get(SABOTAGE, "[]")):
        sabotage.ACTS[name](service)
    wiring = importlib.import_module(f"{service}.wiring")
    settings = getattr(importlib.import_module(f"{service}.settings"), _SETTINGS[service])()
    configure_logs(service.replace("_", "-"), settings.log_level)
    run(wiring.run_processes(settings, process))


def _movable(offset: Path) -> type[datetime]:
    """A clock that goes wrong by as many seconds as the file says."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override] # as utc_now calls it
            try:
                wrong_s = float(offset.read_text() or 0)
            except FileNotFoundError:
                wrong_s = 0.0
            return datetime.now(tz or UTC) + timedelta(seconds=wrong_s)

    return Clock


def _take_the_detour() -> None:
    """Kafka tells its clients where it is; here they go through our proxy all the same."""
    real_port, proxy_port = map(int, os.environ[KAFKA_DETOUR].split(":"))

    def through_proxy(create: Any) -> Any:
        async def connect(host: str, port: int, **how: Any) -> Any:
            return await create(host, proxy_port if port == real_port else port, **how)

        return connect

    points.replace("aiokafka.client:create_conn", through_proxy)
