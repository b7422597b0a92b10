"""The local PostgreSQL: the version we run in production, durable, and ours to kill."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

import stack


def _ask(url: str, statement: str) -> object:
    with psycopg.connect(url, autocommit=True) as session:
        cursor = session.execute(statement)
        found = cursor.fetchone() if cursor.description else None
    return found[0] if found else None


def test_it_is_postgresql_18_and_flushes_what_is_committed(servers: stack.Servers) -> None:
    url = servers.postgres.admin_url()
    assert str(_ask(url, "SHOW server_version")).startswith("18.")
    assert _ask(url, "SHOW fsync") == "on"
    assert _ask(url, "SHOW synchronous_commit") == "on"


@pytest.mark.parametrize("extension", ["pg_trgm", "unaccent", "fuzzystrmatch"])
def test_it_has_the_extensions_we_use(servers: stack.Servers, extension: str) -> None:
    _ask(servers.postgres.admin_url(), f"CREATE EXTENSION {extension}")


def test_each_user_and_database_has_a_url(servers: stack.Servers) -> None:
    admin = servers.postgres.admin_url()
    _ask(admin, 'CREATE ROLE "clerk@home" LOGIN')
    _ask(admin, "CREATE DATABASE letters")
    assert _ask(servers.postgres.url("letters", "clerk@home"), "SELECT user") == "clerk@home"
    assert _ask(servers.postgres.url("letters"), "SELECT current_database()") == "letters"


def test_a_killed_server_starts_again_with_every_committed_row(servers: stack.Servers) -> None:
    server = servers.postgres
    url, first_pid = server.admin_url(), server.pid
    _ask(url, "CREATE TABLE posted AS SELECT 42 AS letter")
    server.kill()
    assert server.pid is None
    with pytest.raises(psycopg.OperationalError):
        _ask(url, "SELECT 1")
    server.start()
    assert server.pid not in {None, first_pid}
    assert server.admin_url() == url
    assert _ask(url, "SELECT letter FROM posted") == 42


def test_two_stacks_stand_side_by_side_and_the_second_leaves_nothing(
    servers: stack.Servers,
) -> None:
    with stack.running(kafka=False) as second:
        place = Path(str(_ask(second.postgres.admin_url(), "SHOW data_directory")))
        assert second.postgres.port != servers.postgres.port
        assert place.exists()
        second.postgres.kill()  # even so
        segments = _segments_of(place)
        assert segments
    assert not place.exists()
    assert not segments & _all_segments()
    assert _ask(servers.postgres.admin_url(), "SELECT 1") == 1


def test_a_durable_folder_keeps_its_rows_and_has_one_owner_at_a_time(open_folder: Path) -> None:
    folder = open_folder / "data"
    with stack.running(kafka=False, folder=folder) as first:
        _ask(first.postgres.admin_url(), "CREATE TABLE posted AS SELECT 7 AS letter")
        with pytest.raises(stack.FolderInUseError), stack.running(kafka=False, folder=folder):
            pass
    with stack.running(kafka=False, folder=folder) as again:
        assert _ask(again.postgres.admin_url(), "SELECT letter FROM posted") == 7


def test_a_server_outlives_the_thread_that_asked_for_it() -> None:
    with ExitStack() as owner:
        with ThreadPoolExecutor(1) as short_lived:
            context = stack.running(kafka=False)
            found = short_lived.submit(owner.enter_context, context).result()
        assert _ask(found.postgres.admin_url(), "SELECT 1") == 1
        assert found.postgres.pid is not None


def _segments_of(data: Path) -> set[int]:
    """System V shared memory that a postmaster noted in its lock file."""
    return {int((data / "postmaster.pid").read_text().splitlines()[6].split()[1])}


def _all_segments() -> set[int]:
    lines = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    return {int(line.split()[1]) for line in lines}
