"""Each misbehaviour in each phase, seen by a plain client, and the life of the process."""

import json
import os
import signal
import smtplib
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smtp_simulator import Control, Phase, RunningServer, running

SENDER, RECIPIENT = "post@verwaltung.example", "mieter@post.example"
MESSAGE = b"Subject: Probe\r\n\r\nText\r\n"
PATIENCE_S = 0.5
HANGS_S = 60.0
BEFORE_THE_DOT = [
    Phase.CONNECT,
    Phase.EHLO,
    Phase.MAIL,
    Phase.RCPT,
    Phase.DATA,
    Phase.CONTENT,
]


@pytest.fixture(scope="module")
def running_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running(tmp_path_factory.mktemp("faults") / "mails") as server:
        yield server


@pytest.fixture
def server(running_server: RunningServer) -> RunningServer:
    running_server.control.reset()
    return running_server


def received(connection: socket.socket, control: Control, hasty_in: Phase | None) -> bytes:
    """The next bytes; a hasty client gives up where the server has come to that phase."""
    connection.settimeout(HANGS_S if hasty_in is None else PATIENCE_S)
    while True:
        reached = hasty_in is None or control.reached(hasty_in)
        try:
            return connection.recv(4096)
        except TimeoutError:
            if reached:
                raise


def lines(connection: socket.socket, control: Control, hasty_in: Phase | None) -> Iterator[bytes]:
    """What the server says."""
    begun = b""
    while more := received(connection, control, hasty_in):
        *complete, begun = (begun + more).split(b"\n")
        yield from complete
    raise EOFError


def converse(server: RunningServer, *, hasty_in: Phase | None = None) -> int:
    """The last code of a whole conversation; raises what sockets raise.

    A hasty client hangs up when the server has come to that phase and is then silent for long.
    """
    with socket.create_connection(("127.0.0.1", server.port), HANGS_S) as connection:
        said = lines(connection, server.control, hasty_in)

        def answer() -> int:
            return next(int(line[:3]) for line in said if line[3:4] == b" ")

        def ask(command: bytes) -> int:
            connection.sendall(command + b"\r\n")
            return answer()

        commands = [
            b"EHLO client.example",
            b"MAIL FROM:<" + SENDER.encode() + b">",
            b"RCPT TO:<" + RECIPIENT.encode() + b">",
            b"DATA",
            MESSAGE + b".",
        ]
        code = answer()
        for command in commands:
            if code >= 400:
                break
            code = ask(command)
        return code


def test_without_a_fault_the_message_is_accepted(server: RunningServer) -> None:
    before = len(server.messages())
    assert converse(server) == 250
    assert len(server.messages()) == before + 1


@pytest.mark.parametrize("phase", [*BEFORE_THE_DOT, Phase.END])
@pytest.mark.parametrize("code", [421, 451, 554])
def test_a_reply_of_any_phase_can_be_set_and_nothing_is_stored(
    server: RunningServer, phase: Phase, code: int
) -> None:
    before = len(server.messages())
    server.control.reply(phase, f"{code} 4.0.0 nicht jetzt")
    assert converse(server) == code
    assert len(server.messages()) == before


@pytest.mark.parametrize("phase", BEFORE_THE_DOT)
def test_a_connection_dropped_before_the_dot_leaves_nothing(
    server: RunningServer, phase: Phase
) -> None:
    before = len(server.messages())
    server.control.drop(phase)
    with pytest.raises((EOFError, ConnectionError)):
        converse(server)
    assert server.control.reached(phase) == 1
    assert len(server.messages()) == before


@pytest.mark.parametrize("stored", [True, False])
def test_a_connection_dropped_after_the_dot_stores_as_told(
    server: RunningServer, *, stored: bool
) -> None:
    before = len(server.messages())
    server.control.drop(Phase.END, stored=stored)
    with pytest.raises((EOFError, ConnectionError)):
        converse(server)
    assert len(server.messages()) == before + stored


@pytest.mark.parametrize("phase", [*BEFORE_THE_DOT, Phase.END])
def test_a_server_that_hangs_says_nothing_and_serves_others(
    server: RunningServer, phase: Phase
) -> None:
    before = len(server.messages())
    server.control.hang(phase, times=1)
    with pytest.raises(TimeoutError):
        converse(server, hasty_in=phase)
    assert len(server.messages()) == before + (phase is Phase.END)
    assert converse(server) == 250


@pytest.mark.parametrize("phase", [Phase.RCPT, Phase.CONTENT, Phase.END])
def test_a_delayed_server_is_too_late_for_some_and_right_for_others(
    server: RunningServer, phase: Phase
) -> None:
    server.control.delay(phase, 600, times=1)
    with pytest.raises(TimeoutError):
        converse(server, hasty_in=phase)
    server.control.delay(phase, PATIENCE_S, times=1)
    begun = time.monotonic()
    assert converse(server) == 250
    assert time.monotonic() - begun >= PATIENCE_S


def test_a_fault_strikes_as_often_as_told(server: RunningServer) -> None:
    server.control.reply(Phase.RCPT, "450 4.2.0 Greylisted", times=2)
    assert [converse(server) for _ in range(3)] == [450, 450, 250]


def test_a_421_ends_the_connection(server: RunningServer) -> None:
    server.control.reply(Phase.MAIL, "421 4.3.2 Feierabend")
    with smtplib.SMTP("127.0.0.1", server.port, timeout=HANGS_S) as client:
        client.ehlo()
        assert client.mail(SENDER)[0] == 421
        with pytest.raises(smtplib.SMTPServerDisconnected):
            client.noop()


def test_the_control_port_refuses_what_it_does_not_know(server: RunningServer) -> None:
    with pytest.raises(ValueError, match="line"):
        server.control.reply(Phase.RCPT, "450 zwei\r\nZeilen")
    assert converse(server) == 250


def _ended(pid: int) -> bool:
    """Whether the process is gone, or is a zombie whose parent never asked."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def _wait_until(condition: Callable[[], bool], deadline_s: float = HANGS_S) -> None:
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_the_server_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    program = textwrap.dedent(
        """
        import pathlib, sys, smtp_simulator
        with smtp_simulator.running(pathlib.Path(sys.argv[1])) as server:
            print(server.process.pid, flush=True)
            sys.stdin.read()
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "mails")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert not _ended(pid)
        os.kill(parent.pid, signal.SIGKILL)
        _wait_until(lambda: _ended(pid))


def test_the_program_alone_tells_its_ports_and_ends_on_sigterm(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "smtp_simulator", "--port", "0", "--maildir", tmp_path / "mails"],
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        with Control(ready["control_port"]) as control:
            assert control.reached(Phase.CONNECT) == 0
        with smtplib.SMTP("127.0.0.1", ready["port"], timeout=HANGS_S) as client:
            client.sendmail(SENDER, RECIPIENT, MESSAGE)
        process.terminate()
        assert process.wait(HANGS_S) == 0
    assert len(list((tmp_path / "mails" / "new").iterdir())) == 1
