"""Every step of a conversation and every way it can end, against a real server (EML-03)."""

import asyncio
import dataclasses
import datetime as dt
import email
import socket
from collections.abc import Callable, Iterator
from email import policy
from email.message import EmailMessage
from uuid import UUID

import pytest
import uvloop

from delivery_mail.adapters.smtp import Patience, SmtpMailServer
from delivery_mail.message.attachments import Attachment
from delivery_mail.message.composing import Mail, compose
from delivery_mail.ports import (
    Account,
    AccountError,
    Handover,
    MailServerError,
    NotAcceptedError,
    OutgoingMail,
    RefusedError,
    TlsMode,
    TooLargeForServerError,
    UncertainError,
)
from smtp_simulator import Phase, RunningServer, running

pytestmark = pytest.mark.spec("EML-03")

CALM = Patience(connect_s=120, answer_s=120, upload_s=120, final_answer_s=120)
SMALL = b"Subject: Probe\r\n\r\n.Punkt\r\n..zwei Punkte\r\nText\r\n"
LINE = b"x" * 76 + b"\r\n"
LARGE = b"Subject: Probe\r\n\r\n" + LINE * (24 * 1024 * 1024 // len(LINE))
"""More than the kernel keeps for a connection, so that the end cannot have left by itself."""

BEFORE_THE_DOT = [
    Phase.CONNECT,
    Phase.EHLO,
    Phase.MAIL,
    Phase.RCPT,
    Phase.DATA,
    Phase.CONTENT,
]

SPENT_IN = {Phase.CONNECT: "connect_s", Phase.CONTENT: "upload_s"}
"""Which patience a silence uses up; in the other phases it is the one for answers."""


@pytest.fixture(scope="module")
def running_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running(tmp_path_factory.mktemp("smtp") / "mails") as server:
        yield server


@pytest.fixture
def server(running_server: RunningServer) -> Iterator[RunningServer]:
    running_server.control.reset()
    running_server.control.limit_size(None)
    yield running_server
    for file in (running_server.maildir / "new").iterdir():
        file.unlink()


async def send(
    server: RunningServer, message: bytes = SMALL, patience: Patience = CALM
) -> Handover:
    mail = OutgoingMail("post@verwaltung.example", "mieter@post.example", message)
    account = Account("127.0.0.1", server.port, TlsMode.NONE)
    return await SmtpMailServer("haus.example", patience=patience).send(mail, account)


@pytest.mark.spec("EML-06")
async def test_the_servers_acceptance_is_a_handover(server: RunningServer) -> None:
    assert await send(server) == Handover(code=250, enhanced_status="2.0.0")
    (stored,) = server.messages()
    trace = b"Return-Path: <post@verwaltung.example>\r\nDelivered-To: mieter@post.example\r\n"
    assert stored == trace + SMALL


async def test_a_large_message_arrives_byte_by_byte(server: RunningServer) -> None:
    await send(server, LARGE)
    (stored,) = server.messages()
    assert stored.endswith(LARGE)


def test_all_this_holds_on_the_loop_of_the_program(server: RunningServer) -> None:
    """The service runs on uvloop, whose transports are of a kind of their own."""
    assert uvloop.run(send(server, LARGE)).code == 250
    server.control.drop(Phase.CONTENT, times=1)
    with pytest.raises(NotAcceptedError):
        uvloop.run(send(server, LARGE))
    server.control.drop(Phase.END, times=1)
    with pytest.raises(UncertainError):
        uvloop.run(send(server))
    assert len(server.messages()) == 2


@pytest.mark.spec("EML-02")
async def test_a_composed_mail_arrives_as_it_was_composed(server: RunningServer) -> None:
    content = b"%PDF-1.7\n" + bytes(range(256)) * 20_480
    composed = compose(
        Mail(
            delivery_id=UUID("0192f0c4-6c2e-7d3a-9b1f-2f6f3c1a5e77"),
            sent_at=dt.datetime(2026, 3, 1, 9, 30, tzinfo=dt.UTC),
            sender_address="post@verwaltung.example",
            sender_name="Hausverwaltung Müller",
            recipient_address="mieter@post.example",
            recipient_name="Anna Größ",
            subject="Abrechnung für Größ",
            salutation="Guten Tag Frau Größ,",
            attachments=(Attachment("Abrechnung Größ.pdf", content),),
        )
    )
    await send(server, composed.message_bytes)
    (stored,) = server.messages()
    assert stored.endswith(composed.message_bytes)
    received = email.message_from_bytes(stored, policy=policy.default)
    assert isinstance(received, EmailMessage)
    assert received["Message-ID"] == composed.message_id
    assert received["Subject"] == "Abrechnung für Größ"
    (part,) = received.iter_attachments()
    assert part.get_filename() == "Abrechnung Größ.pdf"
    assert part.get_content() == content


async def test_each_mail_has_a_conversation_of_its_own(server: RunningServer) -> None:
    await asyncio.gather(*(send(server) for _ in range(3)))
    assert server.control.reached(Phase.CONNECT) == 3
    assert server.control.reached(Phase.RCPT) == 3
    assert len(server.messages()) == 3


REPLIES = [
    (Phase.CONNECT, "421 4.3.2 voll", NotAcceptedError, "server-deferred"),
    (Phase.CONNECT, "554 5.7.1 gesperrt", AccountError, "server-blocks-us"),
    (Phase.EHLO, "450 spaeter", NotAcceptedError, "server-deferred"),
    (Phase.EHLO, "550 gesperrt", AccountError, "server-blocks-us"),
    (Phase.MAIL, "451 4.3.0 spaeter", NotAcceptedError, "server-deferred"),
    (Phase.MAIL, "452 4.3.1 kein Platz", NotAcceptedError, "server-deferred"),
    (Phase.MAIL, "530 5.7.0 erst anmelden", AccountError, "login-required"),
    (Phase.MAIL, "550 5.7.1 nicht Ihr Absender", RefusedError, "sender-refused"),
    (Phase.MAIL, "552 zu gross", TooLargeForServerError, "mail-too-large-for-server"),
    (Phase.RCPT, "450 4.2.0 Greylisting", NotAcceptedError, "recipient-deferred"),
    (Phase.RCPT, "452 4.2.2 voll", NotAcceptedError, "recipient-deferred"),
    (Phase.RCPT, "550 nein", RefusedError, "recipient-refused"),
    (Phase.RCPT, "550 5.1.1 unbekannt", RefusedError, "recipient-unknown"),
    (Phase.RCPT, "550 5.2.1 stillgelegt", RefusedError, "mailbox-disabled"),
    (Phase.RCPT, "552 voll", RefusedError, "mailbox-full"),
    (Phase.RCPT, "554 5.7.1 Regel", RefusedError, "refused-by-policy"),
    (Phase.DATA, "451 spaeter", NotAcceptedError, "server-deferred"),
    (Phase.DATA, "554 nein", RefusedError, "message-refused"),
    (Phase.END, "421 4.3.2 voll", NotAcceptedError, "server-deferred"),
    (Phase.END, "451 4.3.0 spaeter", NotAcceptedError, "server-deferred"),
    (Phase.END, "552 5.3.4 zu gross", TooLargeForServerError, "mail-too-large-for-server"),
    (Phase.END, "552 5.2.2 voll", RefusedError, "mailbox-full"),
    (Phase.END, "554 5.6.0 Inhalt", RefusedError, "message-refused"),
]


@pytest.mark.spec("CHN-03")
@pytest.mark.parametrize(
    ("phase", "line", "kind", "slug"), REPLIES, ids=[f"{r[0]}-{r[1][:9]}" for r in REPLIES]
)
async def test_the_code_of_a_refusal_says_what_happens_next(
    server: RunningServer, phase: Phase, line: str, kind: type[MailServerError], slug: str
) -> None:
    server.control.reply(phase, line)
    with pytest.raises(MailServerError) as refused:
        await send(server)
    assert type(refused.value) is kind
    assert refused.value.slug == slug
    assert refused.value.code == int(line[:3])
    assert refused.value.enhanced_status == (line[4:9] if line[5] == "." else None)
    assert refused.value.text_de
    assert server.messages() == []


@pytest.mark.spec("CHN-03")
@pytest.mark.parametrize("phase", BEFORE_THE_DOT)
async def test_a_break_before_the_dot_proves_that_nothing_was_accepted(
    server: RunningServer, phase: Phase
) -> None:
    server.control.drop(phase)
    with pytest.raises(NotAcceptedError) as broken:
        await send(server, LARGE)
    expected = "server-unreachable" if phase is Phase.CONNECT else "connection-lost"
    assert (broken.value.slug, broken.value.code) == (expected, None)
    assert server.control.reached(phase) == 1
    assert server.messages() == []


@pytest.mark.spec("CHN-03")
@pytest.mark.parametrize("phase", BEFORE_THE_DOT)
async def test_a_silence_before_the_dot_proves_that_nothing_was_accepted(
    server: RunningServer, phase: Phase
) -> None:
    server.control.hang(phase)
    hasty = dataclasses.replace(CALM, **{SPENT_IN.get(phase, "answer_s"): 1.0})
    with pytest.raises(NotAcceptedError):
        await send(server, LARGE, hasty)
    assert server.messages() == []


@pytest.mark.parametrize("stored", [True, False])
async def test_a_break_after_the_dot_is_uncertain_whether_or_not_the_mail_is_there(
    server: RunningServer, *, stored: bool
) -> None:
    server.control.drop(Phase.END, stored=stored)
    with pytest.raises(UncertainError) as broken:
        await send(server)
    assert (broken.value.slug, broken.value.code) == ("outcome-unknown", None)
    assert "ungeklärt" in broken.value.text_de
    assert len(server.messages()) == stored


async def test_a_silence_after_the_dot_is_uncertain_and_the_mail_is_there(
    server: RunningServer,
) -> None:
    server.control.hang(Phase.END)
    with pytest.raises(UncertainError):
        await send(server, patience=dataclasses.replace(CALM, final_answer_s=1.0))
    await _until(lambda: len(server.messages()) == 1)


async def test_a_small_mail_broken_off_in_mid_content_is_uncertain(server: RunningServer) -> None:
    """Its dot lay in the kernel already; nobody can know how far that got."""
    server.control.drop(Phase.CONTENT)
    with pytest.raises(UncertainError):
        await send(server)
    assert server.messages() == []


async def test_an_unreadable_answer_after_the_dot_is_uncertain(server: RunningServer) -> None:
    server.control.reply(Phase.END, "jawohl")
    with pytest.raises(UncertainError):
        await send(server)


async def test_an_unreadable_answer_before_it_is_not(server: RunningServer) -> None:
    server.control.reply(Phase.RCPT, "jawohl")
    with pytest.raises(NotAcceptedError) as broken:
        await send(server)
    assert broken.value.slug == "reply-unreadable"


@pytest.mark.spec("CHN-03")
async def test_after_greylisting_the_same_mail_gets_through(server: RunningServer) -> None:
    server.control.reply(Phase.RCPT, "450 4.2.0 Greylisting", times=1)
    with pytest.raises(NotAcceptedError):
        await send(server)
    await send(server)
    assert len(server.messages()) == 1


async def test_the_last_answer_has_a_patience_of_its_own(server: RunningServer) -> None:
    """Many servers look for viruses and spam between the dot and their answer."""
    server.control.delay(Phase.END, 3.0)
    await send(server, patience=dataclasses.replace(CALM, answer_s=2.0))
    assert len(server.messages()) == 1


def test_by_default_the_last_answer_is_awaited_for_ten_minutes() -> None:
    assert Patience().final_answer_s == 600


@pytest.mark.spec("CHN-03")
@pytest.mark.parametrize("host", ["127.0.0.1", "no such host", "a..b"])
async def test_a_server_that_is_not_there_accepted_nothing(host: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens on it
        account = Account(host, taken.getsockname()[1], TlsMode.NONE)
        mail = OutgoingMail("post@verwaltung.example", "mieter@post.example", SMALL)
        with pytest.raises(NotAcceptedError) as lost:
            await SmtpMailServer("haus.example", patience=CALM).send(mail, account)
    assert lost.value.slug == "server-unreachable"


@pytest.mark.spec("EML-04")
async def test_a_mail_over_the_announced_size_is_not_even_offered(server: RunningServer) -> None:
    server.control.limit_size(len(SMALL) - 1)
    with pytest.raises(TooLargeForServerError) as refused:
        await send(server)
    assert refused.value.slug == "mail-too-large-for-server"
    assert (refused.value.size_bytes, refused.value.limit_bytes) == (len(SMALL), len(SMALL) - 1)
    assert refused.value.code is None
    assert server.control.reached(Phase.MAIL) == 0


@pytest.mark.spec("EML-04")
async def test_a_mail_of_exactly_the_announced_size_is_sent(server: RunningServer) -> None:
    message = b"Subject: Probe\r\n\r\n" + LINE * 100
    server.control.limit_size(len(message))
    await send(server, message)
    assert len(server.messages()) == 1


@pytest.mark.spec("EML-04")
async def test_the_reason_names_both_sizes_and_a_way_out(server: RunningServer) -> None:
    server.control.limit_size(10 * 1024 * 1024)
    with pytest.raises(TooLargeForServerError) as refused:
        await send(server, LARGE)
    assert refused.value.text_de == (
        "Die E-Mail ist mit 24,0 MB größer, als der Mailserver annimmt (höchstens 10,0 MB). "
        "Bitte senden Sie die Dokumente als E-Mail-Freigabe oder auf mehrere E-Mails verteilt."
    )


async def test_the_servers_words_are_not_kept(server: RunningServer) -> None:
    server.control.reply(Phase.RCPT, "550 5.1.1 <mieter@post.example> Frau Groess unbekannt")
    with pytest.raises(RefusedError) as refused:
        await send(server)
    error = refused.value
    kept = f"{error!r} {error.__dict__} {error.__cause__!r} {error.__context__!r}"
    assert "mieter@" not in kept
    assert "Groess" not in kept


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110, another process makes it true
            await asyncio.sleep(0.01)


async def test_a_cancelled_upload_leaves_nothing(server: RunningServer) -> None:
    server.control.hang(Phase.CONTENT)
    task = asyncio.create_task(send(server, LARGE))
    await _until(lambda: server.control.reached(Phase.CONTENT) == 1)
    await _until(lambda: not task.cancel())  # Python 3.11 may lose one: wait_for
    with pytest.raises(asyncio.CancelledError):
        await task
    assert server.messages() == []


@pytest.mark.parametrize("message", [b"", b"a", b"a\r\n.\nb\r\n", b"a\rb\r\n", b"a\n"])
def test_a_message_that_could_smuggle_another_is_refused(message: bytes) -> None:
    with pytest.raises(ValueError, match="CRLF"):
        OutgoingMail("a@post.example", "b@post.example", message)


@pytest.mark.parametrize("address", ["", "a b@x.example", "jörg@x.example", "a@x\r\nDATA", "a"])
def test_an_address_that_could_carry_a_command_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="ASCII"):
        OutgoingMail("a@post.example", address, SMALL)
    with pytest.raises(ValueError, match="ASCII"):
        OutgoingMail(address, "b@post.example", SMALL)
