"""The server as a mail program meets it: what it accepts, enforces and stores."""

import smtplib
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from smtp_simulator import Phase, RunningServer, running
from smtp_simulator.certificate import self_signed
from smtp_simulator.tls import TlsMode

SENDER, RECIPIENT = "post@verwaltung.example", "mieter@post.example"
MESSAGE = b"Subject: Probe\r\n\r\n.Zeile mit Punkt\r\nGr\xc3\xbc\xc3\x9fe\r\n"
LIMIT_BYTES = 10_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("server") / "mails"
    with running(folder, size_limit_bytes=LIMIT_BYTES) as server:
        yield server


@pytest.fixture
def client(server: RunningServer) -> Iterator[smtplib.SMTP]:
    server.control.reset()
    with smtplib.SMTP("127.0.0.1", server.port, timeout=60) as client:
        yield client


def test_an_accepted_message_is_one_file_with_its_envelope(
    server: RunningServer, client: smtplib.SMTP
) -> None:
    before = len(server.messages())
    client.sendmail(SENDER, [RECIPIENT, "zweiter@post.example"], MESSAGE)
    messages = server.messages()
    assert len(messages) == before + 1
    trace = (
        f"Return-Path: <{SENDER}>\r\n"
        f"Delivered-To: {RECIPIENT}\r\n"
        "Delivered-To: zweiter@post.example\r\n"
    )
    assert trace.encode() + MESSAGE in messages


def test_the_size_limit_is_announced_and_enforced_before_and_after_the_upload(
    server: RunningServer, client: smtplib.SMTP
) -> None:
    before = len(server.messages())
    client.ehlo()
    assert client.esmtp_features["size"] == str(LIMIT_BYTES)
    assert client.mail(SENDER, [f"size={LIMIT_BYTES + 1}"])[0] == 552
    client.mail(SENDER)
    client.rcpt(RECIPIENT)
    assert client.data(MESSAGE + (b"x" * 900 + b"\r\n") * 12)[0] == 552
    assert len(server.messages()) == before


def test_the_size_limit_changes_while_it_runs(server: RunningServer) -> None:
    server.control.limit_size(None)
    with smtplib.SMTP("127.0.0.1", server.port, timeout=60) as client:
        client.ehlo()
        assert "size" not in client.esmtp_features
    server.control.limit_size(LIMIT_BYTES)


def test_commands_out_of_order_are_refused(client: smtplib.SMTP) -> None:
    client.ehlo()
    assert client.rcpt(RECIPIENT)[0] == 503


def test_a_line_over_the_limit_of_the_protocol_is_refused(
    server: RunningServer, client: smtplib.SMTP
) -> None:
    before = len(server.messages())
    with pytest.raises(smtplib.SMTPDataError):
        client.sendmail(SENDER, RECIPIENT, b"Subject: x\r\n\r\n" + b"z" * 1200 + b"\r\n")
    assert len(server.messages()) == before


def test_the_phases_that_clients_reach_are_counted(
    server: RunningServer, client: smtplib.SMTP
) -> None:
    client.sendmail(SENDER, [RECIPIENT, "zweiter@post.example"], MESSAGE)
    assert server.control.reached(Phase.CONNECT) == 1
    assert server.control.reached(Phase.RCPT) == 2
    assert server.control.reached(Phase.END) == 1
    server.control.reset()
    assert server.control.reached(Phase.CONNECT) == 0


def test_a_login_is_demanded_and_checked(tmp_path: Path) -> None:
    with running(tmp_path / "mails", user="haus", password="geheim") as server:
        with smtplib.SMTP("127.0.0.1", server.port, timeout=60) as client:
            client.ehlo()
            assert client.mail(SENDER)[0] == 530
        with (
            smtplib.SMTP("127.0.0.1", server.port, timeout=60) as client,
            pytest.raises(smtplib.SMTPAuthenticationError) as refused,
        ):
            client.login("haus", "falsch")
        assert refused.value.smtp_code == 535
        with smtplib.SMTP("127.0.0.1", server.port, timeout=60) as client:
            client.login("haus", "geheim")
            client.sendmail(SENDER, RECIPIENT, MESSAGE)
        assert len(server.messages()) == 1


def test_starttls_is_demanded_and_then_works(tmp_path: Path) -> None:
    files = self_signed(tmp_path, TlsMode.STARTTLS)
    context = ssl.create_default_context(cafile=files.certificate)
    with (
        running(tmp_path / "mails", tls=files) as server,
        smtplib.SMTP("127.0.0.1", server.port, timeout=60) as client,
    ):
        client.ehlo()
        assert client.mail(SENDER)[0] == 530
        client.starttls(context=context)
        client.sendmail(SENDER, RECIPIENT, MESSAGE)
        assert len(server.messages()) == 1


def test_tls_from_the_start_works(tmp_path: Path) -> None:
    files = self_signed(tmp_path, TlsMode.TLS)
    context = ssl.create_default_context(cafile=files.certificate)
    with (
        running(tmp_path / "mails", tls=files, user="haus", password="geheim") as server,
        smtplib.SMTP_SSL("127.0.0.1", server.port, timeout=60, context=context) as client,
    ):
        client.login("haus", "geheim")
        client.sendmail(SENDER, RECIPIENT, MESSAGE)
        assert len(server.messages()) == 1
