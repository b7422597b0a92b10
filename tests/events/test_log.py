"""What is logged: the story's ids, an error's class and places, and nobody's data."""

import json
import subprocess
import sys
import textwrap

import pytest

from events.log import frames

PERSON = "Jürgen Groß"


def lines_of(program: str) -> tuple[int, list[str]]:
    """Status and standard error of a program that logs as a service does."""
    begin = "import asyncio, logging\nimport structlog\nfrom events.log import configure_logs\n"
    code = begin + "configure_logs('ledger')\nlog = structlog.get_logger()\n"
    done = subprocess.run(
        [sys.executable, "-c", code + textwrap.dedent(program)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return done.returncode, done.stderr.splitlines()


def test_a_line_is_json_with_the_service_and_the_story() -> None:
    _, (line,) = lines_of("""
        structlog.contextvars.bind_contextvars(correlation="c-1")
        log.info("letter.sent", pages=3)
        log.debug("too.fine")
    """)
    told = json.loads(line)
    assert (told["event"], told["service"], told["correlation"]) == ("letter.sent", "ledger", "c-1")
    assert (told["level"], told["pages"]) == ("info", 3)
    assert told["timestamp"].endswith("Z")


@pytest.mark.parametrize("key", ["name", "iban", "mail_address", "street", "password", "subject"])
def test_a_personal_field_is_left_out(key: str) -> None:
    _, (line,) = lines_of(f"log.warning('odd', {key}='{PERSON}', pages=3)")
    assert json.loads(line)[key] == "(left out)"
    assert json.loads(line)["pages"] == 3


@pytest.mark.parametrize(
    "program",
    [
        "log.exception('failed')",
        "log.error('failed', exc_info=error)",
        "logging.getLogger('library').exception('failed')",
        "logging.getLogger('library').error('failed', exc_info=error)",
        "logging.getLogger('library').error('failed: %s', error, exc_info=True)",
        "logging.getLogger('library').error(error, exc_info=True)",
    ],
)
def test_an_error_is_told_by_class_and_places_without_its_text(program: str) -> None:
    _, (line,) = lines_of(f"""
        def fail():
            raise ValueError("{PERSON}") from KeyError("{PERSON}")
        try:
            fail()
        except ValueError as error:
            {program}
    """)
    told = json.loads(line)
    assert told["error"] == "ValueError"
    assert told["frames"][-1].endswith("fail")
    assert "Groß" not in json.dumps(told, ensure_ascii=False)


@pytest.mark.parametrize(
    ("program", "event"),
    [
        ("raise ValueError(PERSON)", "program.failed"),
        (
            "asyncio.create_task(fail()); await asyncio.sleep(0.01); import gc; gc.collect()",
            "loop.unhandled",
        ),
        (
            "asyncio.get_running_loop().call_soon(int, PERSON); await asyncio.sleep(0.01)",
            "loop.unhandled",
        ),
    ],
    ids=["error", "task", "callback"],
)
def test_an_error_that_nobody_handles_is_told_the_same_way(program: str, event: str) -> None:
    status, lines = lines_of(f"""
        from events.process import run
        PERSON = "{PERSON}"
        async def fail():
            raise ValueError(PERSON)
        async def main():
            {program}
        run(main())
    """)
    assert status == (1 if event == "program.failed" else 0)
    (line,) = lines
    assert (json.loads(line)["event"], json.loads(line)["error"]) == (event, "ValueError")
    assert "Groß" not in line


def test_frames_name_the_places_innermost_last() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        print(1 // int("0"))  # noqa: T201 - a line that fails
    (place,) = frames(caught.value)
    assert place.endswith("test_frames_name_the_places_innermost_last")
