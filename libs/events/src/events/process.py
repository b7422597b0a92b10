"""The processes of a service: each runs until it is told to stop, and stops with grace."""

import argparse
import asyncio
import contextlib
import gc
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import structlog
import uvloop

from events import tracing
from events.database import TRANSIENT
from events.intake import intake
from events.linger import linger
from events.log import configure_logs
from events.measures import measure
from events.operator import TOOLS
from events.operator.tool import Site, Tool
from events.service import INBOX, Blueprint, Machinery
from events.settings import ServiceSettings

S = TypeVar("S", bound=ServiceSettings)

Process = Callable[[asyncio.Event], Awaitable[None]]

_NET_S = 1.0
_PAUSE_S = 1.0
_WATCH_S = 5.0
_CLEAR_UP_S = 3600.0

_FORGET = "delete from idempotency where claimed_at < clock_timestamp() - interval '7 days'"

log = structlog.get_logger()


def machinery_processes(machinery: Machinery) -> Mapping[str, Process]:
    """The processes that every service has; a service that hears nothing takes nothing in."""
    processes: dict[str, Process] = {"relay": lambda stopping: relay(machinery, stopping)}
    if machinery.blueprint.hears:
        processes["intake"] = lambda stopping: take_in(machinery, stopping)
        processes["worker"] = lambda stopping: work(machinery, stopping)
    return processes


async def relay(machinery: Machinery, stopping: asyncio.Event) -> None:
    """Publish what the service has to say, keep an eye on its queues, and clear up."""
    await until_stopped(stopping, machinery.relay.run(), watch(machinery), _clear_up(machinery))


async def take_in(machinery: Machinery, stopping: asyncio.Event) -> None:
    """Take in what others say."""
    settings, blueprint = machinery.settings, machinery.blueprint
    async with intake(
        settings.kafka_bootstrap_servers,
        blueprint.source,
        blueprint.topics(),
        machinery.inlet,
        machinery.machinery_database,
    ):
        await stopping.wait()


async def work(machinery: Machinery, stopping: asyncio.Event) -> None:
    """Handle the inbox, and erase; what is under way is finished before stopping."""
    works = (_handle_inbox(machinery, stopping), _erase(machinery, stopping))
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _erase(machinery: Machinery, stopping: asyncio.Event) -> None:
    """Nobody waits for an erasure by the second, so it needs no waking."""
    while not stopping.is_set():
        try:
            await machinery.eraser.work()
        except TRANSIENT as error:
            log.warning("eraser.waiting", error=type(error).__name__)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), _NET_S)


async def _handle_inbox(machinery: Machinery, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        machinery.health.beat("worker")
        began = time.monotonic()
        try:
            claimed = await machinery.worker.work()
        except TRANSIENT as error:
            log.warning("worker.waiting", error=type(error).__name__)
            await asyncio.sleep(_PAUSE_S)
            continue
        if not claimed:
            await machinery.wake.wait(INBOX, _NET_S)
        await linger(began, claimed, machinery.worker.batch_max)


async def watch(machinery: Machinery) -> None:
    """Measure the queues from time to time."""
    while True:
        with suppress(*TRANSIENT):
            async with machinery.machinery_database.plain() as connection:
                await measure(connection)
        await asyncio.sleep(_WATCH_S)


async def until_stopped(stopping: asyncio.Event, *works: Awaitable[None]) -> None:
    """Run endless work until stopping is set; an error of any of it is raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    stop = asyncio.create_task(stopping.wait())
    try:
        done, _ = await asyncio.wait([stop, *tasks], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (stop, *tasks):
            task.cancel()
        await asyncio.gather(stop, *tasks, return_exceptions=True)
    for task in done:
        if task is not stop:
            task.result()


async def run_together(processes: Mapping[str, Process]) -> None:
    """Run processes until SIGTERM or SIGINT, or until one of them fails; then stop them all."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    ended = await asyncio.gather(
        *(_guarded(name, process, stopping) for name, process in processes.items()),
        return_exceptions=True,
    )
    for end in ended:
        if isinstance(end, BaseException):
            raise end


async def _guarded(name: str, process: Process, stopping: asyncio.Event) -> None:
    """One process; when it ends, for whatever reason, the others stop too."""
    try:
        await process(stopping)
    except Exception:
        log.exception("process.failed", process=name)
        raise
    finally:
        stopping.set()


def start(
    package: str,
    settings_class: type[S],
    blueprint: Callable[[S], Blueprint],
    processes: Sequence[str],
    run_processes: Callable[[S, str], Awaitable[None]],
) -> None:
    """What every service's `__main__` does: a process, `all`, `migrate`, or a tool."""
    arguments = command_line([*processes, "all"]).parse_args()
    settings = settings_class()
    configure_logs(package.replace("_", "-"), settings.log_level)
    tracing.configure(package.replace("_", "-"))
    tool = chosen_tool(arguments)
    if arguments.chosen == "migrate":
        from events.migrate import migrate

        migrate(package, settings.migrator_database_url.get_secret_value())
    elif tool is not None:
        run(_use(tool, Site(settings, blueprint(settings)), arguments))
    else:
        run(run_processes(settings, arguments.chosen))


def command_line(processes: Sequence[str]) -> argparse.ArgumentParser:
    """What a service may be asked to do: `chosen` is its name, `tool` the tool of that name."""
    parser = argparse.ArgumentParser(description="Run a process of this service, or use a tool.")
    choices = parser.add_subparsers(dest="chosen", required=True, metavar="PROCESS|TOOL")
    parsers = {name: choices.add_parser(name) for name in processes}
    for parser_of_process in parsers.values():
        parser_of_process.set_defaults(tool=None)
    choices.add_parser("migrate", help="bring the database to its newest shape").set_defaults(
        tool=None
    )
    for tool in TOOLS:
        if tool.name in parsers:
            tool.arguments(parsers[tool.name])
            continue
        subparser = choices.add_parser(tool.name, help=tool.help)
        tool.arguments(subparser)
        subparser.set_defaults(tool=tool)
    return parser


def chosen_tool(arguments: argparse.Namespace) -> Tool | None:
    """The tool that was asked for. `relay` alone is a process, `relay status` a tool."""
    if getattr(arguments, "act", None) is not None:
        return next(tool for tool in TOOLS if tool.name == arguments.chosen)
    tool: Tool | None = arguments.tool
    return tool


async def _use(tool: Tool, site: Site, arguments: argparse.Namespace) -> None:
    """Use the tool; what it returns becomes the exit status of the program."""
    if status := await tool.run(site, arguments):
        sys.exit(status)


def run(main: Awaitable[None]) -> None:
    """Run the program to its end on uvloop; after an error the process ends with status 1.

    The error is logged, never printed: its text may quote a person's data.
    """
    spare_what_stays()
    with asyncio.Runner(loop_factory=_loop) as runner:
        try:
            runner.run(_awaited(main))
        except Exception:
            log.exception("program.failed")
            sys.exit(1)
        finally:
            sys.stderr.flush()


def spare_what_stays() -> None:
    """Let the garbage collector pass over what was loaded at the start, and come less often.

    A batch makes some ten thousand objects, which go by themselves; looking for cycles among them
    and all modules took a third of the worker's time (221 µs a record instead of 150).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _loop() -> asyncio.AbstractEventLoop:
    loop = uvloop.new_event_loop()
    loop.set_exception_handler(_unhandled)
    return loop


def _unhandled(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What nobody awaited; asyncio's own handler would print the error's text."""
    log.error("loop.unhandled", exc_info=context.get("exception"))


async def _awaited(main: Awaitable[None]) -> None:
    await main


async def _clear_up(machinery: Machinery) -> None:
    """Drop what need not be remembered any more, and make room for what comes."""
    while True:
        try:
            async with machinery.machinery_database.plain() as connection:
                await connection.execute("select roll_inbox_seen()")
                await connection.execute(_FORGET)
        except TRANSIENT as error:
            log.warning("clearing.waiting", error=type(error).__name__)
        await asyncio.sleep(_CLEAR_UP_S)
