"""Everything around the product and the product itself: servers, proxies, simulators, processes."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from tests.faults import pace, victim
from tests.faults.crew import Crew, Seat, crew
from tests.faults.proxy import Proxies, proxies
from tests.faults.trap import Traps

import epost_simulator
import smtp_simulator
import stack
from demo.programs import database_of, program, wait_for
from demo.surroundings import EKP, EPOST_WORD, VENDOR, Surroundings
from epost_simulator.accounts import Account
from epost_simulator.control import Control
from events.contracts.topics import TOPICS
from events.kafka_topics import make_topics
from events.testing.postgres import urls
from smtp_simulator import RunningServer
from stack.ports import free_port
from stack.servers import with_database
from web.environment import VARIABLE
from web.issuer import DevelopmentIssuer

PROCESSES: Mapping[str, Sequence[str]] = {
    "contacts": ("api", "relay"),
    "outbox": ("api", "intake", "worker", "relay", "poller"),
    "delivery_epost": ("intake", "worker", "relay", "sender", "poller"),
    "delivery_mail": ("intake", "worker", "relay", "sender"),
}
ONE_OF_EACH = tuple(Seat(service, name) for service, names in PROCESSES.items() for name in names)
_DATA_MB = 1500
_DOCUMENTS_MB = 64


@dataclass(frozen=True, slots=True)
class World:
    """What a run works on. `small_disks` are file systems of their own that can be filled."""

    folder: Path
    servers: stack.Servers
    proxies: Proxies
    post: Control
    mail: RunningServer
    issuer: DevelopmentIssuer
    crew: Crew
    traps: Traps
    places: Mapping[str, str]
    small_disks: Mapping[str, Path]

    @property
    def kafka(self) -> str:
        return self.servers.kafka.bootstrap_servers

    def admin_url(self, service: str) -> str:
        """Past all proxies and all rights."""
        return with_database(self.servers.postgres.admin_url(), service)

    def clock(self, service: str, wrong_s: float) -> None:
        """Move the clock of a service's processes."""
        file = self.folder / f"clock-{service}"
        draft = file.with_suffix(".draft")
        draft.write_text(str(wrong_s))
        draft.rename(file)


@contextmanager
def world(
    folder: Path, seats: Sequence[Seat] = ONE_OF_EACH, sabotage: Sequence[str] = ()
) -> Iterator[World]:
    """The running product, with a proxy in each of its lines. `folder` keeps what happened."""
    os.environ[VARIABLE] = "development"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("documents", "logs", "tokens", "stack"):
        (folder / name).mkdir()
    with ExitStack() as ends:
        disks = {
            name: place
            for name, place, size in (
                ("database", folder / "stack", _DATA_MB),
                ("documents", folder / "documents", _DOCUMENTS_MB),
            )
            if _mounted(place, size, ends)
        }
        servers = ends.enter_context(stack.running(folder=folder / "stack", report=lambda _: None))
        _keep_little_log(servers)
        post = ends.enter_context(_post(folder))
        mail = ends.enter_context(smtp_simulator.running(folder / "mails"))
        asyncio.run(make_topics(servers.kafka.bootstrap_servers, TOPICS.values()))
        for service in victim.SERVICES:
            database_of(service, servers.postgres.admin_url())
        lines = ends.enter_context(proxies())
        environment, places = _environment(folder, servers, lines, post, mail, ends, sabotage)
        traps = Traps(folder / "traps")
        traps.open()
        members = ends.enter_context(crew(environment, folder / "logs"))
        members.seat(seats)
        for service, url in places.items():
            if Seat(service, "api") in seats:
                wait_for(f"{url}/readyz", folder / "logs" / f"{service}.api-1.log")
        issuer = DevelopmentIssuer(folder / "tokens")
        yield World(folder, servers, lines, post, mail, issuer, members, traps, places, disks)


def _environment(
    folder: Path,
    servers: stack.Servers,
    lines: Proxies,
    post: Control,
    mail: RunningServer,
    ends: ExitStack,
    sabotage: Sequence[str],
) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """What each service's processes read, and where its API will answer."""
    kafka_port = int(servers.kafka.bootstrap_servers.rpartition(":")[2])
    epost = lines.open("epost", int(post.base_url.rpartition(":")[2]))
    smtp = lines.open("smtp", mail.port)
    around = Surroundings.around(
        kafka=servers.kafka.bootstrap_servers,
        token_keys_url=_issuer(folder, ends),
        documents=folder / "documents",
        epost_url=f"http://127.0.0.1:{epost.port}",
        smtp_port=smtp.port,
    )
    environment, places = {}, {}
    for service in victim.SERVICES:
        to_postgres = lines.open(f"{service}:postgres", servers.postgres.port).port
        to_kafka = lines.open(f"{service}:kafka", kafka_port).port
        admin = servers.postgres.admin_url().replace(
            f":{servers.postgres.port}/", f":{to_postgres}/"
        )
        port = free_port()
        own = {f"{service}_{n}".upper(): v for n, v in pace.SETTINGS.get(service, {}).items()}
        environment[service] = {
            **around.of(service, urls(admin, service), port),
            **own,
            f"{service}_database_connections".upper(): "4",
            victim.FOLDER: str(folder),
            victim.SABOTAGE: _json(sabotage),
            victim.KAFKA_DETOUR: f"{kafka_port}:{to_kafka}",
        }
        places[service] = f"http://127.0.0.1:{port}"
    return environment, places


def _json(names: Sequence[str]) -> str:
    import json

    return json.dumps(list(names))


@contextmanager
def _post(folder: Path) -> Iterator[Control]:
    """A post office where a letter is with its recipient after a second."""
    with epost_simulator.running(
        folder / "epost",
        status_spacing_s=0.05,
        checked_after_s=0.2,
        printing_after_s=0.5,
        sent_after_s=1.0,
    ) as post:
        post.register(Account(ekp=EKP, vendor_id=VENDOR, password=EPOST_WORD, secret=EPOST_WORD))
        yield post


def _issuer(folder: Path, ends: ExitStack) -> str:
    port, log = free_port(), folder / "logs" / "issuer.log"
    argv = ["web", "issuer", "--port", str(port), "--folder", str(folder / "tokens")]
    ends.enter_context(program(argv, {VARIABLE: "development"}, log))
    url = f"http://127.0.0.1:{port}/.well-known/jwks.json"
    wait_for(url, log)
    return url


def _keep_little_log(servers: stack.Servers) -> None:
    """The write-ahead log must fit on the small disk."""
    with psycopg.connect(servers.postgres.admin_url(), autocommit=True) as connection:
        connection.execute("alter system set max_wal_size = '192MB'")
        connection.execute("alter system set min_wal_size = '80MB'")
        connection.execute("select pg_reload_conf()")


def _mounted(place: Path, size_mb: int, ends: ExitStack) -> bool:
    """Put a small file system of its own there, where that is allowed."""
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        return False
    command = [mount, "-t", "tmpfs", "-o", f"size={size_mb}m,mode=711", "faults", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        return False
    ends.callback(subprocess.run, ["umount", "--lazy", str(place)], check=False)
    return True
