"""A process that is killed in mid-conversation leaves a question for a person, never two mails."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest
from tests.delivery_mail.channel import (
    MailChannel,
    all_processes,
    channel_settings,
    environment,
    until,
)

import stack
from delivery_mail.settings import MailSettings
from events.contracts.deliveries import DeliverySent, DeliveryUncertain
from events.testing.kafka import empty_topics
from events.testing.postgres import Urls, fresh_database
from smtp_simulator import Phase, RunningServer


@asynccontextmanager
async def program(settings: MailSettings) -> AsyncIterator[asyncio.subprocess.Process]:
    """All of the service in a process of its own, killed at the end if it still lives."""
    started = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "delivery_mail", "all"),
        env=environment(settings),
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


def let_leases_run_out(database: Urls) -> None:
    """As if their fifteen seconds had passed."""
    with psycopg.connect(database.migrator) as connection:
        connection.execute("update lease set until = clock_timestamp() - interval '1 second'")


def has_begun(database: Urls) -> bool:
    with psycopg.connect(database.migrator) as connection:
        return bool(connection.execute("select from stream_epoch").fetchall())


@pytest.mark.spec("CHN-01", "EML-03")
async def test_a_mail_whose_sender_was_killed_after_the_dot_is_never_sent_again(
    servers: stack.Servers, simulator: RunningServer, tmp_path: Path
) -> None:
    kafka = servers.kafka.bootstrap_servers
    await empty_topics(kafka)
    simulator.control.hang(Phase.END, times=1)
    with fresh_database(servers.postgres.admin_url(), "delivery_mail") as database:
        settings = channel_settings(
            database, tmp_path, kafka=kafka, smtp_port=simulator.port, call_may_take_s=1.0
        )
        channel = MailChannel(settings, simulator)
        request = await channel.request()
        async with program(settings) as first:
            # What was said before its database's life began it would not send by itself.
            await until(lambda: has_begun(database))
            await channel.say(request)
            await until(lambda: simulator.control.reached(Phase.END))
            first.kill()
            await first.wait()
        let_leases_run_out(database)

        async with all_processes(settings):
            await channel.say(request)
            doubt = await channel.until_told(request.delivery, DeliveryUncertain)
            await channel.say(later := await channel.request())
            await channel.until_told(later.delivery, DeliverySent)

        assert (doubt.reason, doubt.needs_person) == ("left-open", True)
        assert len(channel.mails(request.delivery)) == 1
        assert DeliverySent.__name__ not in await channel.names(request.delivery)
