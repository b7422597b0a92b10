"""Starts the whole product and what it talks to, and ends all of it again."""

import asyncio
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import epost_simulator
import smtp_simulator
import stack
from demo.programs import Running, database_of, program, wait_for
from demo.surroundings import EKP, EPOST_WORD, VENDOR, Surroundings
from epost_simulator.accounts import Account
from epost_simulator.control import Control
from events.contracts.topics import TOPICS
from events.kafka_topics import make_topics
from events.testing.postgres import Urls
from smtp_simulator import RunningServer
from stack.ports import free_port
from web.environment import VARIABLE, Environment
from web.issuer import DevelopmentIssuer

SERVICES = ("contacts", "outbox", "delivery_epost", "delivery_mail")

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Product:
    """What a clerk, and who watches him, needs to know of the running product.

    `places` has the base URL of each service, `databases` its database, `environments` the
    variables with which its program runs.
    """

    folder: Path
    issuer: DevelopmentIssuer
    post: Control
    mail: RunningServer
    servers: stack.Servers
    databases: Mapping[str, Urls]
    places: Mapping[str, str]
    environments: Mapping[str, Mapping[str, str]] = field(repr=False)

    @property
    def contacts_url(self) -> str:
        return self.places["contacts"]

    @property
    def outbox_url(self) -> str:
        return self.places["outbox"]

    @property
    def letters(self) -> Path:
        return self.folder / "epost" / "letters"


@contextmanager
def running(folder: Path, report: Report) -> Iterator[Product]:
    """Everything, ready to work; `folder` is emptied first and keeps what happened."""
    for name in ("documents", "epost", "mails", "logs", "tokens"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in ("documents", "logs", "tokens"):
        (folder / name).mkdir(parents=True)
    with ExitStack() as ends, ThreadPoolExecutor() as pool:
        starting = pool.submit(_simulators, folder, ends)
        servers = ends.enter_context(stack.running(report=report))
        post, mail = starting.result()
        report("databases and topics: making them")
        topics = pool.submit(_topics, servers)
        databases = {service: _database(service, servers) for service in SERVICES}
        topics.result()
        around = Surroundings.around(
            kafka=servers.kafka.bootstrap_servers,
            token_keys_url=_issuer(folder, ends),
            documents=folder / "documents",
            epost_url=post.base_url,
            smtp_port=mail.port,
        )
        report("services: starting")
        ports = {service: free_port() for service in SERVICES}
        environments = {
            service: around.of(service, databases[service], port) for service, port in ports.items()
        }
        places = _services(folder, environments, ports, ends)
        for service, url in places.items():
            wait_for(f"{url}/readyz", _log(folder, service))
            report(f"{service.replace('_', '-')}: ready at {url}")
        issuer = DevelopmentIssuer(folder / "tokens", environment=Environment.DEVELOPMENT)
        yield Product(folder, issuer, post, mail, servers, databases, places, environments)


def _services(
    folder: Path,
    environments: Mapping[str, Mapping[str, str]],
    ports: Mapping[str, int],
    ends: ExitStack,
) -> dict[str, str]:
    """Start all services; returns where each will answer."""
    places, started = {}, list[Running]()
    for service in SERVICES:
        argv, environment = [service, "all"], environments[service]
        started.append(ends.enter_context(program(argv, environment, _log(folder, service))))
        places[service] = f"http://127.0.0.1:{ports[service]}"
    ends.callback(_tell_to_stop, started)
    return places


def _tell_to_stop(processes: Sequence[Running]) -> None:
    """All at once: stopping with grace takes each of them some seconds."""
    for process in processes:
        process.terminate()


def _simulators(folder: Path, ends: ExitStack) -> tuple[Control, RunningServer]:
    post = ends.enter_context(epost_simulator.running(folder / "epost", status_spacing_s=0.5))
    post.register(Account(ekp=EKP, vendor_id=VENDOR, password=EPOST_WORD, secret=EPOST_WORD))
    mail = ends.enter_context(smtp_simulator.running(folder / "mails"))
    return post, mail


def _topics(servers: stack.Servers) -> None:
    asyncio.run(make_topics(servers.kafka.bootstrap_servers, TOPICS.values()))


def _database(service: str, servers: stack.Servers) -> Urls:
    return database_of(service, servers.postgres.admin_url())


def _issuer(folder: Path, ends: ExitStack) -> str:
    """Where the services get the keys that check tokens."""
    port, log = free_port(), _log(folder, "issuer")
    argv = ["web", "issuer", "--port", str(port), "--folder", str(folder / "tokens")]
    ends.enter_context(program(argv, {VARIABLE: "development"}, log))
    url = f"http://127.0.0.1:{port}/.well-known/jwks.json"
    wait_for(url, log)
    return url


def _log(folder: Path, program_name: str) -> Path:
    return folder / "logs" / f"{program_name}.log"
