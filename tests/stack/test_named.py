"""Servers that the environment names are used and left alone."""

import pytest

import stack
from stack.servers import with_database


def test_named_servers_are_used_and_never_stopped(
    servers: stack.Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in servers.environment().items():
        monkeypatch.setenv(name, value)
    with stack.running() as named:
        assert named.environment() == servers.environment()
        assert (named.postgres.host, named.postgres.port) == ("127.0.0.1", servers.postgres.port)
        for refused in (named.kafka.stop, named.postgres.kill, named.postgres.start):
            with pytest.raises(stack.NotOursError):
                refused()
    assert servers.kafka.pid is not None
    assert servers.postgres.pid is not None


@pytest.mark.parametrize(
    ("user", "password", "expected"),
    [
        (None, None, "postgresql://boss:pw@db:5433/letters?sslmode=require"),
        ("clerk", None, "postgresql://clerk@db:5433/letters?sslmode=require"),
        ("a@b", "p/w", "postgresql://a%40b:p%2Fw@db:5433/letters?sslmode=require"),
    ],
)
def test_a_url_keeps_what_is_not_replaced(
    user: str | None, password: str | None, expected: str
) -> None:
    admin = "postgresql://boss:pw@db:5433/postgres?sslmode=require"
    assert with_database(admin, "letters", user, password) == expected
