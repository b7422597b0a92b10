"""Our services as programs beside this one, one for each process, as in production."""

import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from cryptography.fernet import Fernet

from bench.ground import Ground
from events.testing.postgres import Urls
from outbox.settings import OutboxSettings
from stack.process import Command, end, spawn

_STOP_S = 30.0
_CURSOR_KEY = Fernet.generate_key().decode()


@contextmanager
def programs(
    ground: Ground, wanted: Sequence[tuple[str, str]], services: Mapping[str, Urls]
) -> Iterator[list[int]]:
    """Run `python -m MODULE PROCESS` for each pair; yields their process ids.

    `services`: the prefix of each service's variables, and its database.
    """
    environment = {
        f"{prefix}_{name.upper()}": value
        for prefix, urls in services.items()
        for name, value in _settings(ground, urls).items()
    }
    with ExitStack() as ends:
        started = []
        for number, (module, process) in enumerate(wanted):
            log = ground.folder / f"{number}-{module}-{process}.log"
            argv = [sys.executable, "-m", module, process]
            command = Command(argv, log, signal.SIGTERM, environment=environment)
            program = spawn(command)
            ends.callback(end, program, (signal.SIGTERM, signal.SIGKILL), timeout_s=_STOP_S)
            started.append(program)
        yield [program.pid for program in started]
        for program in started:
            program.terminate()


def outbox_settings(ground: Ground, urls: Urls) -> OutboxSettings:
    return OutboxSettings.model_validate(_settings(ground, urls))


def _settings(ground: Ground, urls: Urls) -> Mapping[str, str]:
    return {
        "environment": "development",
        "database_url": urls.app,
        "machinery_database_url": urls.machinery,
        "migrator_database_url": urls.migrator,
        "kafka_bootstrap_servers": ground.servers.kafka.bootstrap_servers,
        "keks": ground.keks,
        "log_level": "ERROR",
        "token_issuer": "bench",
        "token_audience": "bench",
        "token_keys_url": "http://127.0.0.1:9/none",
        "cursor_keys": _CURSOR_KEY,
        "documents_url": ground.folder.as_uri(),
    }
