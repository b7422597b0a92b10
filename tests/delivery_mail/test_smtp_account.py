"""Login and TLS: what stops an account, and what is only a bad moment."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from delivery_mail.adapters.smtp import Patience, SmtpMailServer
from delivery_mail.ports import Account, AccountError, NotAcceptedError, OutgoingMail, TlsMode
from smtp_simulator import Phase, RunningServer, running
from smtp_simulator import tls as simulator_tls
from smtp_simulator.certificate import self_signed

pytestmark = pytest.mark.spec("EML-03")

USER, PASSWORD = "post@verwaltung.example", "Schlüssel & Schloss"
MAIL = OutgoingMail(USER, "mieter@post.example", b"Subject: Probe\r\n\r\nText\r\n")
PATIENCE = Patience(connect_s=120, answer_s=120, upload_s=120, final_answer_s=120)


def start(folder: Path, mode: simulator_tls.TlsMode) -> Iterator[RunningServer]:
    files = self_signed(folder, mode)
    with running(folder / "mails", tls=files, user=USER, password=PASSWORD) as server:
        yield server


@pytest.fixture(scope="module")
def starttls_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    yield from start(tmp_path_factory.mktemp("starttls"), simulator_tls.TlsMode.STARTTLS)


@pytest.fixture(scope="module")
def tls_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    yield from start(tmp_path_factory.mktemp("tls"), simulator_tls.TlsMode.TLS)


@pytest.fixture(scope="module")
def plain_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("plain") / "mails"
    with running(folder, user=USER, password=PASSWORD) as server:
        yield server


@pytest.fixture(params=list(TlsMode))
def server(request: pytest.FixtureRequest) -> RunningServer:
    """One server of each kind in turn."""
    names = {
        TlsMode.NONE: "plain_server",
        TlsMode.STARTTLS: "starttls_server",
        TlsMode.TLS: "tls_server",
    }
    server: RunningServer = request.getfixturevalue(names[request.param])
    server.control.reset()
    return server


@pytest.fixture
def mode(request: pytest.FixtureRequest) -> TlsMode:
    found: TlsMode = request.node.callspec.params["server"]
    return found


def account(server: RunningServer, mode: TlsMode, password: str = PASSWORD) -> Account:
    return Account("127.0.0.1", server.port, mode, USER, password)


def client(server: RunningServer) -> SmtpMailServer:
    """Trusts the server's own certificate where it has one."""
    context = ssl.create_default_context()
    certificate = server.maildir.parent / "certificate.pem"
    if certificate.exists():
        context.load_verify_locations(certificate)
    return SmtpMailServer("haus.example", patience=PATIENCE, tls_context=context)


async def test_a_mail_goes_through_login_and_encryption(
    server: RunningServer, mode: TlsMode
) -> None:
    before = len(server.messages())
    await client(server).send(MAIL, account(server, mode))
    assert len(server.messages()) == before + 1


@pytest.mark.spec("EML-01")
async def test_an_account_can_be_tried_without_a_mail(server: RunningServer, mode: TlsMode) -> None:
    before = len(server.messages())
    await client(server).check(account(server, mode))
    assert server.control.reached(Phase.AUTH) == 1
    assert server.control.reached(Phase.MAIL) == 0
    assert len(server.messages()) == before


async def test_a_wrong_password_stops_the_account(server: RunningServer, mode: TlsMode) -> None:
    with pytest.raises(AccountError) as refused:
        await client(server).send(MAIL, account(server, mode, "falsch"))
    assert (refused.value.slug, refused.value.code) == ("login-refused", 535)
    assert refused.value.enhanced_status == "5.7.8"
    assert "Passwort" in refused.value.text_de


@pytest.mark.spec("CHN-03")
async def test_a_login_that_fails_for_the_moment_does_not(
    server: RunningServer, mode: TlsMode
) -> None:
    server.control.reply(Phase.AUTH, "454 4.7.0 spaeter")
    with pytest.raises(NotAcceptedError) as refused:
        await client(server).send(MAIL, account(server, mode))
    assert refused.value.code == 454


@pytest.mark.parametrize("phase", [Phase.AUTH, Phase.EHLO])
async def test_a_break_before_or_in_the_login_is_a_bad_moment(
    server: RunningServer, mode: TlsMode, phase: Phase
) -> None:
    server.control.drop(phase)
    with pytest.raises(NotAcceptedError):
        await client(server).send(MAIL, account(server, mode))


async def test_a_server_that_demands_a_login_stops_an_account_without_one(
    plain_server: RunningServer,
) -> None:
    plain_server.control.reset()
    bare = Account("127.0.0.1", plain_server.port, TlsMode.NONE)
    with pytest.raises(AccountError) as refused:
        await client(plain_server).send(MAIL, bare)
    assert (refused.value.slug, refused.value.code) == ("login-required", 530)


async def test_a_server_without_login_stops_an_account_that_wants_one(tmp_path: Path) -> None:
    with running(tmp_path / "mails") as server:
        with pytest.raises(AccountError) as refused:
            await client(server).send(MAIL, account(server, TlsMode.NONE))
        assert refused.value.slug == "login-unsupported"


async def test_an_unknown_certificate_stops_the_account_before_the_password_is_said(
    starttls_server: RunningServer, tls_server: RunningServer
) -> None:
    for server, mode in ((starttls_server, TlsMode.STARTTLS), (tls_server, TlsMode.TLS)):
        server.control.reset()
        stranger = SmtpMailServer("haus.example", patience=PATIENCE)
        with pytest.raises(AccountError) as refused:
            await stranger.send(MAIL, account(server, mode))
        assert refused.value.slug == "tls-failed"
        assert server.control.reached(Phase.AUTH) == 0


async def test_without_starttls_on_offer_nothing_is_said_in_clear(
    plain_server: RunningServer,
) -> None:
    plain_server.control.reset()
    with pytest.raises(AccountError) as refused:
        await client(plain_server).send(MAIL, account(plain_server, TlsMode.STARTTLS))
    assert refused.value.slug == "tls-unsupported"
    assert plain_server.control.reached(Phase.AUTH) == 0
    assert plain_server.control.reached(Phase.MAIL) == 0


async def test_tls_against_a_plain_port_stops_the_account(plain_server: RunningServer) -> None:
    with pytest.raises(AccountError) as refused:
        await client(plain_server).send(MAIL, account(plain_server, TlsMode.TLS))
    assert refused.value.slug == "tls-failed"


@pytest.mark.parametrize(
    ("line", "kind"),
    [("454 4.7.0 spaeter", NotAcceptedError), ("502 5.5.1 nein", AccountError)],
)
async def test_a_refused_starttls_counts_by_its_code(
    starttls_server: RunningServer, line: str, kind: type[Exception]
) -> None:
    starttls_server.control.reset()
    starttls_server.control.reply(Phase.STARTTLS, line)
    with pytest.raises(kind):
        await client(starttls_server).send(MAIL, account(starttls_server, TlsMode.STARTTLS))
    assert starttls_server.control.reached(Phase.AUTH) == 0


def test_the_password_is_not_in_the_repr(tls_server: RunningServer) -> None:
    assert "Schloss" not in repr(account(tls_server, TlsMode.TLS))
