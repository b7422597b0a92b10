"""A collector of OpenTelemetry's spans: a real HTTP server that reads what it is sent."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Span:
    """One span as it arrived."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    attributes: tuple[str, ...]


@dataclass
class Collector:
    """All spans so far, and every byte of them."""

    url: str = ""
    spans: list[Span] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def of(self, trace: str) -> list[Span]:
        return [span for span in tuple(self.spans) if span.trace == trace]

    def take(self, body: bytes) -> None:
        self.bodies.append(body)
        for told in ExportTraceServiceRequest.FromString(body).resource_spans:
            (service,) = [
                one.value.string_value
                for one in told.resource.attributes
                if one.key == "service.name"
            ]
            for scope in told.scope_spans:
                self.spans.extend(
                    Span(
                        service,
                        span.name,
                        span.trace_id.hex(),
                        span.span_id.hex(),
                        span.parent_span_id.hex(),
                        tuple(str(one) for one in span.attributes),
                    )
                    for span in scope.spans
                )


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector that listens on a free port until the block ends."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            packed = self.headers.get("Content-Encoding") == "gzip"
            collector.take(gzip.decompress(body) if packed else body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()
