"""Logs: JSON lines with the ids of the story they belong to, and never personal data."""

import logging
import sys

import orjson
import structlog
from structlog.typing import EventDict, Processor

# A net, not a plan: nobody should log these in the first place.
_NEVER = frozenset(
    {
        "name",
        "names",
        "first_name",
        "surname",
        "street",
        "town",
        "address",
        "mail_address",
        "phone",
        "iban",
        "salutation",
        "subject",
        "body",
        "file_name",
        "password",
        "secret",
        "token",
    }
)


def configure_logs(service: str, level: str = "INFO") -> None:
    """Set up logging for a whole process; call it once, in `__main__`."""
    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _drop_personal,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        _frames_only,
    ]
    render = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*processors, render],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    # Libraries speak through the standard library; their warnings are worth a line.
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_LibraryLine())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


class _LibraryLine(logging.Formatter):
    """A library's warning as a JSON line: errors by their class and frames, as in our own."""

    def format(self, record: logging.LogRecord) -> str:
        args = record.args
        if isinstance(args, tuple):
            args = tuple(type(a).__name__ if isinstance(a, BaseException) else a for a in args)
        said = record.msg
        text = type(said).__name__ if isinstance(said, BaseException) else str(said)
        line: dict[str, object] = {
            "event": text % args if args else text,
            "logger": record.name,
            "level": record.levelname.lower(),
        }
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            line |= {"error": type(error).__name__, "frames": frames(error)}
        return orjson.dumps(line).decode()


def _drop_personal(_: object, __: str, event: EventDict) -> EventDict:
    for key in _NEVER & event.keys():
        event[key] = "(left out)"
    return event


def _frames_only(_: object, __: str, event: EventDict) -> EventDict:
    """An error as its class and the places it passed: its text may quote a person's data."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["frames"] = frames(error)
    return event


def frames(error: BaseException) -> list[str]:
    """Where an error passed, innermost last, without any value that was at hand."""
    places = []
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        places.append(f"{code.co_filename}:{step.tb_lineno} {code.co_name}")
        step = step.tb_next
    return places
