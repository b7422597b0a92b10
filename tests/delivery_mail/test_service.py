"""A requested mail leaves once, and what is told of it is what is certain."""

import hashlib
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import psycopg
import pytest
import pytest_asyncio
from psycopg import sql
from structlog.testing import capture_logs
from tests.delivery_mail.channel import MailChannel, all_processes, channel_settings, until
from tests.delivery_mail.requests import PERSONAL, withdrawal_of

import stack
from events.clock import utc_now
from events.contracts.deliveries import (
    DeliveryAccepted,
    DeliveryFailed,
    DeliveryNoted,
    DeliveryRequested,
    DeliverySent,
    DeliverySucceeded,
    DeliveryUncertain,
    DeliveryWithdrawalRefused,
    DeliveryWithdrawn,
    MailOptions,
)
from events.testing.kafka import all_records, empty_topics
from events.testing.postgres import fresh_database
from smtp_simulator import Phase, RunningServer

# One running channel for all: no story disturbs another one, since they run one after the other.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running_channel(
    servers: stack.Servers,
    simulator: RunningServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[MailChannel]:
    kafka = servers.kafka.bootstrap_servers
    await empty_topics(kafka)
    with fresh_database(servers.postgres.admin_url(), "delivery_mail") as database:
        folder = tmp_path_factory.mktemp("channel")
        settings = channel_settings(database, folder, kafka=kafka, smtp_port=simulator.port)
        async with all_processes(settings):
            yield MailChannel(settings, simulator)


@pytest.fixture
def channel(running_channel: MailChannel) -> MailChannel:
    running_channel.server.control.reset()
    running_channel.server.control.limit_size(None)
    return running_channel


async def everything_before_is_done(channel: MailChannel) -> None:
    """A mail that was asked for later has left, so that earlier ones have had their chance.

    And all has been told of them: topics have no common order, but the relay goes batch by batch.
    """
    await channel.say(later := await channel.request())
    await channel.until_told(later.delivery, DeliverySent)


@pytest.mark.spec("EML-02", "EML-06", "CHN-03")
async def test_a_mail_requested_twice_is_sent_once_and_never_called_delivered(
    channel: MailChannel,
) -> None:
    request = await channel.request()
    await channel.say(request, request)
    accepted = await channel.until_told(request.delivery, DeliveryAccepted)
    await channel.say(request)
    await everything_before_is_done(channel)

    (raw,) = channel.raw_mails(request.delivery)
    message = raw.partition(b"Delivered-To: juergen.gross@post.example\r\n")[2]
    assert accepted.sent_sha256 == hashlib.sha256(message).hexdigest()
    assert accepted.reference == f"<{request.delivery}@hausbote.example>"
    told = await channel.names(request.delivery)
    assert told == {"DeliveryNoted", "DeliveryAccepted", "DeliverySent"}
    assert DeliverySucceeded.__name__ not in told


@pytest.mark.spec("EML-02")
async def test_the_mail_says_what_the_request_says(channel: MailChannel) -> None:
    files = (await channel.file(b"%PDF-1.7 eins"), await channel.file(b"%PDF-1.7 zwei"))
    names = ("Abrechnung Groß", "Abrechnung Groß.pdf")
    request = await channel.request(files=files, file_names=names)
    await channel.say(request)
    accepted = await channel.until_told(request.delivery, DeliveryAccepted)

    (mail,) = channel.mails(request.delivery)
    assert mail["Return-Path"] == "<ruecklauf@hausbote.example>"
    assert mail["From"] == "Hausverwaltung Lindenhof GmbH <versand@hausbote.example>"
    assert mail["Reply-To"] == "post@lindenhof.example"
    assert mail["To"] == '"Groß, Jürgen" <juergen.gross@post.example>'
    assert mail["Subject"] == "2 Dokumente"
    assert mail["Message-ID"] == accepted.reference
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime <= accepted.at
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().startswith("Sehr geehrter Herr Groß,")
    attached = [(part.get_filename(), part.get_content()) for part in mail.iter_attachments()]
    assert attached == [
        ("Abrechnung Groß.pdf", b"%PDF-1.7 eins"),
        ("Abrechnung Groß (2).pdf", b"%PDF-1.7 zwei"),
    ]


@pytest.mark.spec("EML-03", "CHN-03")
async def test_a_mail_that_the_server_defers_is_handed_over_again(channel: MailChannel) -> None:
    channel.server.control.reply(Phase.RCPT, "450 4.2.0 Greylisting", times=2)
    request = await channel.request()
    await channel.say(request)
    await channel.until_told(request.delivery, DeliverySent)

    await everything_before_is_done(channel)

    assert len(channel.mails(request.delivery)) == 1
    notes = [e for e in await channel.told(request.delivery) if isinstance(e, DeliveryNoted)]
    assert [note.note for note in notes] == [
        *("handover-intended", "handover-failed") * 2,
        "handover-intended",
    ]
    assert notes[1].text == (
        "Der Mailserver nimmt E-Mails an diesen Empfänger zurzeit nicht an (Code 450)."
        " Die E-Mail wird später erneut übergeben."
    )


@pytest.mark.spec("EML-03")
async def test_a_mail_that_the_server_refuses_fails_for_good(channel: MailChannel) -> None:
    channel.server.control.reply(Phase.RCPT, "550 5.1.1 <juergen.gross@post.example>?", times=1)
    request = await channel.request()
    await channel.say(request)
    failed = await channel.until_told(request.delivery, DeliveryFailed)
    await everything_before_is_done(channel)

    assert (failed.reason, failed.code, failed.permanent) == ("recipient-unknown", "550", True)
    assert failed.text.startswith("Die E-Mail-Adresse des Empfängers gibt es nicht (Code 550).")
    assert channel.mails(request.delivery) == []


@pytest.mark.spec("EML-03")
@pytest.mark.parametrize("stored", [True, False])
async def test_a_mail_whose_answer_was_lost_is_for_a_person_and_never_sent_again(
    channel: MailChannel, *, stored: bool
) -> None:
    channel.server.control.drop(Phase.END, stored=stored, times=1)
    request = await channel.request()
    await channel.say(request)
    doubt = await channel.until_told(request.delivery, DeliveryUncertain)
    await channel.say(request)
    await everything_before_is_done(channel)

    assert (doubt.reason, doubt.needs_person) == ("outcome-unknown", True)
    assert len(channel.mails(request.delivery)) == stored
    assert await channel.names(request.delivery) == {"DeliveryNoted", "DeliveryUncertain"}


@pytest.mark.spec("EML-03")
async def test_a_request_that_is_too_old_is_for_a_person(channel: MailChannel) -> None:
    request = await channel.request(requested_at=utc_now() - timedelta(hours=73))
    await channel.say(request)
    doubt = await channel.until_told(request.delivery, DeliveryUncertain)
    await everything_before_is_done(channel)

    assert (doubt.reason, doubt.needs_person) == ("overdue", True)
    assert channel.mails(request.delivery) == []


@pytest.mark.spec("EML-04")
async def test_files_over_the_limit_fail_with_their_numbers(channel: MailChannel) -> None:
    files = (await channel.file(b"x" * 1024 * 1024), await channel.file(b"y" * 100))
    request = await channel.request(files=files, mail=MailOptions(size_limit_mb=1))
    await channel.say(request)
    failed = await channel.until_told(request.delivery, DeliveryFailed)

    assert (failed.reason, failed.permanent) == ("files-too-large", True)
    assert failed.text == (
        "Die Dateien sind zusammen 1,1 MB groß, erlaubt sind 1,0 MB:\n"
        "- Datei 1 (1,0 MB)\n"
        "- Datei 2 (1 KB)\n"
        "Bitte senden Sie sie als E-Mail-Freigabe oder auf mehrere E-Mails verteilt."
        " 1 MB sind 1024 × 1024 Byte."
    )
    assert channel.mails(request.delivery) == []


@pytest.mark.spec("EML-04")
async def test_a_mail_over_the_servers_size_fails_with_its_numbers(channel: MailChannel) -> None:
    channel.server.control.limit_size(1024 * 1024)
    files = (await channel.file(b"x" * 1024 * 1024),)
    request = await channel.request(files=files)
    await channel.say(request)
    failed = await channel.until_told(request.delivery, DeliveryFailed)

    assert failed.reason == "mail-too-large-for-server"
    assert "mit 1,4 MB größer" in failed.text
    assert "(höchstens 1,0 MB)" in failed.text
    assert failed.text.endswith("1 MB sind 1024 × 1024 Byte.")
    assert channel.mails(request.delivery) == []


@pytest.mark.spec("CHN-05")
async def test_a_withdrawal_that_comes_first_still_stops_the_mail(channel: MailChannel) -> None:
    request = await channel.request()
    await channel.say(withdrawal_of(request), request)
    await channel.until_told(request.delivery, DeliveryWithdrawn)
    await everything_before_is_done(channel)

    assert channel.mails(request.delivery) == []


@pytest.mark.spec("CHN-05")
async def test_a_withdrawal_that_comes_after_the_mail_is_too_late(channel: MailChannel) -> None:
    request = await channel.request()
    await channel.say(request)
    await channel.until_told(request.delivery, DeliverySent)
    await channel.say(withdrawal_of(request))
    await channel.until_told(request.delivery, DeliveryWithdrawalRefused)

    assert len(channel.mails(request.delivery)) == 1


@pytest.mark.spec("CHN-03")
async def test_trouble_with_the_account_lets_it_rest_and_fails_no_mail(
    channel: MailChannel,
) -> None:
    channel.server.control.reply(Phase.CONNECT, "554 5.7.1 Blocked", times=1)
    requests = [await channel.request() for _ in range(3)]
    await channel.say(*requests)
    for request in requests:
        await channel.until_told(request.delivery, DeliverySent)
    await everything_before_is_done(channel)

    assert [len(channel.mails(request.delivery)) for request in requests] == [1, 1, 1]
    told = [event for r in requests for event in await channel.told(r.delivery)]
    failures = [e for e in told if isinstance(e, DeliveryNoted) and e.note == "handover-failed"]
    assert [failure.text.partition(" (")[0] for failure in failures] == [
        "Der Mailserver lehnt jede Verbindung von uns ab"
    ]


@pytest.mark.spec("EML-03")
async def test_a_known_outcome_is_told_though_the_database_was_away(channel: MailChannel) -> None:
    channel.server.control.delay(Phase.END, 1.0, times=1)
    request = await channel.request()
    await channel.say(request)
    await until(lambda: channel.server.control.reached(Phase.END))
    url = channel.settings.migrator_database_url.get_secret_value()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
    await channel.until_told(request.delivery, DeliverySent)

    assert len(channel.mails(request.delivery)) == 1


@pytest.mark.spec("EML-02", "EML-04")
async def test_nothing_about_the_recipient_is_said_in_clear(channel: MailChannel) -> None:
    with capture_logs() as logs:
        for request in await _every_ending(channel):
            await channel.say(request)
            await until(lambda: _is_told(channel, request))  # noqa: B023 - awaited at once

    lines = json.dumps(logs, default=str, ensure_ascii=False)
    assert "mail.handed_over" in lines
    texts = {"logs": lines, "kafka": await _in_kafka(channel), **_tables(channel)}
    assert "DeliveryFailed" in texts["kafka"]
    assert "mail.planned" in texts["event"]
    assert {place: found for place, text in texts.items() if (found := _clear_in(text))} == {}


async def _every_ending(channel: MailChannel) -> list[DeliveryRequested]:
    """Requests that are sent, and that fail at each place that knows a personal value."""
    one_mb = MailOptions(size_limit_mb=1)
    large = (await channel.file(b"Betriebskostenabrechnung" * 100_000),)
    return [
        await channel.request(),
        await channel.request(mail_address="jürgen.groß@post.example"),
        await channel.request(mail_address="Jürgen Groß"),
        await channel.request(short_name="Groß,\nJürgen"),
        await channel.request(files=large, mail=one_mb),
        await channel.request(file_names=("Betriebskosten\nabrechnung Groß",)),
    ]


async def _is_told(channel: MailChannel, request: DeliveryRequested) -> bool:
    return bool(await channel.names(request.delivery) & {"DeliverySent", "DeliveryFailed"})


async def _in_kafka(channel: MailChannel) -> str:
    return "\n".join(
        repr((record.topic, record.key, record.value.decode(), record.headers))
        for record in await all_records(channel.kafka)
    )


def _tables(channel: MailChannel) -> dict[str, str]:
    """Each table's rows as text, as the owner of the server sees them."""
    url = channel.settings.migrator_database_url.get_secret_value()
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "select relname from pg_class where relnamespace = 'public'::regnamespace"
            " and relkind in ('r', 'p')"
        ).fetchall()
        rows = sql.SQL("select t::text from {} t")
        return {
            table: "\n".join(
                row for (row,) in connection.execute(rows.format(sql.Identifier(table)))
            )
            for (table,) in tables
        }


def _clear_in(text: str) -> list[str]:
    """Which personal values stand there: as they are, escaped for JSON, or as bytes in hex."""
    return [
        value
        for value in PERSONAL
        if any(form in text for form in (value, json.dumps(value)[1:-1], value.encode().hex()))
    ]
