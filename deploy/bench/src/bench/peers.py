"""The peers, in an environment of their own: they are never among our dependencies."""

import json
import os
import re
import subprocess
import sys
import venv
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.figures import Run
from bench.ground import Ground, Meter
from stack.accounts import server_account
from stack.binaries import postgres_programs
from stack.rooms import cache_folder

_FOLDER = Path(__file__).parents[2] / "peers"
_CALLERS = 16

_BARE = """
create table bare (position bigint generated always as identity primary key, mandant uuid not null,
    stream uuid not null, version int not null, id uuid not null, type text not null,
    schema smallint not null, at timestamptz not null, meta jsonb not null, data jsonb not null,
    unique (stream, version))
"""
_INSERT = """
insert into bare (mandant, stream, version, id, type, schema, at, meta, data)
values ('0190a000-0000-7000-8000-000000000001', uuidv7(), 1, uuidv7(), 'ledger.counted', 1, now(),
 '{"actor": "clerk", "correlation": "0190a000-0000-7000-8000-000000000001"}',
 '{"by": "0190a000-0000-7000-8000-000000000001", "text": "Das Exposé liegt vor.", "number": 1}');
"""


def eventsourcing(ground: Ground, what: str, seconds: float, size: int = 0) -> Run:
    """The PyPI package `eventsourcing` with its PostgreSQL store; `what`: see its program."""
    with ground.database() as urls:
        place = urlsplit(urls.migrator)
        environment = {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": place.path.removeprefix("/"),
            "POSTGRES_HOST": place.hostname or "",
            "POSTGRES_PORT": str(place.port or 5432),
            "POSTGRES_USER": place.username or "postgres",
            "POSTGRES_PASSWORD": place.password or "none",
            "POSTGRES_POOL_SIZE": str(_CALLERS),
        }
        argv = [
            str(_environment() / "bin" / "python"),
            str(_FOLDER / "eventsourcing_peer.py"),
            what,
            str(seconds),
            str(size),
        ]
        ground.settle()
        told = json.loads(_output(argv, environment))
        return Run(told["count"] / told["seconds"])


def pgbench(ground: Ground, seconds: float) -> Run:
    """PostgreSQL's own benchmark: the same row without anything around it."""
    script = ground.folder / "insert.sql"
    script.write_text(_INSERT.replace("\n", " ").strip())
    program = postgres_programs(server_account()) / "pgbench"
    with ground.database() as urls:
        import psycopg

        with psycopg.connect(urls.migrator) as connection:
            connection.execute(_BARE.encode())
        ground.settle()
        meter = Meter(ground)
        spread = ["-c", str(_CALLERS), "-j", "2", "-M", "prepared", "-n"]
        argv = [str(program), *spread, "-T", str(max(1, round(seconds))), "-f", str(script)]
        with meter.running():
            said = _output([*argv, urls.migrator], {})
    done = re.search(r"transactions actually processed: (\d+)", said)
    rate = re.search(r"tps = ([\d.]+)", said)
    assert done is not None and rate is not None, said  # noqa: PT018 - one fact
    return Run(float(rate[1]), meter.cost(int(done[1])))


def _environment() -> Path:
    """The peers' virtual environment, made when first needed, and anew for other versions."""
    pins = _FOLDER / "requirements.lock"
    mark = sha256(pins.read_bytes()).hexdigest()[:12]
    folder = cache_folder() / f"bench-peers-{sys.version_info.minor}-{mark}"
    ready = folder / "ready"
    if not ready.exists():
        venv.create(folder, clear=True, with_pip=True)
        pip = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "-r", str(pins)], check=True)
        ready.touch()
    return folder


def _output(argv: list[str], environment: Mapping[str, Any]) -> str:
    done = subprocess.run(
        argv, env={**os.environ, **environment}, check=True, text=True, stdout=subprocess.PIPE
    )
    return done.stdout
