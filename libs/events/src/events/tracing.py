"""One trace for a whole story, over every hop (W3C Trace Context), and spans where they are wanted.

Each hop has a span id of its own, whether or not anybody looks: it costs a random number. Spans are
exported only where OTEL_EXPORTER_OTLP_ENDPOINT names a collector (with the extra `tracing`);
what they are called and what they carry is chosen here and never a person's.
"""

import os
import random
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any, Literal

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"

_FORM = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_SPAN = slice(36, 52)

Kind = Literal["server", "client", "producer", "consumer", "internal"]

_tracer: Any = None
_here: ContextVar[str | None] = ContextVar("traceparent", default=None)
_span: ContextVar[Any] = ContextVar("span", default=None)


def configure(service: str) -> None:
    """Export the spans of this process, if a collector is named; call it once, in `__main__`."""
    global _tracer  # noqa: PLW0603 - set up once for a whole process, as its logs are
    if not os.environ.get(ENDPOINT):
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _tracer = provider.get_tracer("events")


def valid(traceparent: str | None) -> str | None:
    """The header as it came, or None where it is none: a stranger may have written it."""
    return traceparent if traceparent and _FORM.fullmatch(traceparent) else None


def trace_id(traceparent: str | None) -> str | None:
    """The trace that a header names, if it names one."""
    found = _FORM.fullmatch(traceparent or "")
    return found[1] if found else None


def child(parent: str | None) -> str:
    """A step without a span of its own: in the parent's trace, or in one that it begins.

    It has a name of its own all the same, unless spans are exported: those name real ones only.
    """
    if parent is not None and _tracer is not None:
        return parent
    span = random.getrandbits(64) or 1
    if parent is None:
        trace = random.getrandbits(128) or 1
        return f"00-{trace:032x}-{span:016x}-01"
    return f"{parent[: _SPAN.start]}{span:016x}{parent[_SPAN.stop :]}"


def here() -> str:
    """The span that we are in; a new one, in a trace of its own, where we are in none."""
    return _here.get() or child(None)


@contextmanager
def span(name: str, parent: str | None, kind: Kind = "internal") -> Iterator[str]:
    """A step of the story that `parent` tells, for as long as the block takes."""
    with _started(name, parent, kind) as inner:
        traceparent = child(parent) if inner is None else _traceparent(inner)
        place, inside = _here.set(traceparent), _span.set(inner)
        try:
            yield traceparent
        finally:
            _here.reset(place)
            _span.reset(inside)


@contextmanager
def spans(wanted: Iterable[tuple[str, str | None]], kind: Kind) -> Iterator[list[str]]:
    """A span for each name and parent, all for as long as the block takes; none without export."""
    with ExitStack() as stack:
        if _tracer is None:
            yield []
        else:
            started = [stack.enter_context(_started(name, parent, kind)) for name, parent in wanted]
            yield [_traceparent(inner) for inner in started]


def rename(name: str, **attributes: str | int) -> None:
    """Call the span that we are in by what is known of it by now."""
    inner = _span.get()
    if inner is not None:
        inner.update_name(name)
        inner.set_attributes(attributes)


@contextmanager
def _started(name: str, parent: str | None, kind: Kind) -> Iterator[Any]:
    """OpenTelemetry's span, or None. Of an error it is told the class: its text may name people."""
    if _tracer is None:
        yield None
        return
    from opentelemetry.trace import SpanKind, Status, StatusCode

    inner = _tracer.start_span(name, context=_context(parent), kind=SpanKind[kind.upper()])
    try:
        yield inner
    except BaseException as error:
        inner.set_status(Status(StatusCode.ERROR, type(error).__name__))
        raise
    finally:
        inner.end()


def _context(parent: str | None) -> Any:
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier = {} if parent is None else {"traceparent": parent}
    return TraceContextTextMapPropagator().extract(carrier, context=Context())


def _traceparent(inner: Any) -> str:
    told = inner.get_span_context()
    return f"00-{told.trace_id:032x}-{told.span_id:016x}-{int(told.trace_flags):02x}"
