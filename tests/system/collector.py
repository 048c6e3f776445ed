"""Where traces are sent to, on 127.0.0.1, and what came there, taken apart."""

import http.server
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

Values = dict[str, str | int]


class Span(NamedTuple):
    """A part of a way, as it came."""

    trace: bytes
    id: bytes
    parent: bytes
    name: str
    begin: int
    end: int
    attributes: Values
    failed_with: str
    """What its status says; empty: it has none."""
    more: int
    """How many events and links it has."""


class Collector:
    """Takes what is exported over OTLP."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.url = ""

    def spans(self) -> list[Span]:
        """Return all that came, in the order of their beginnings."""
        found = [
            Span(
                span.trace_id,
                span.span_id,
                span.parent_span_id,
                span.name,
                span.start_time_unix_nano,
                span.end_time_unix_nano,
                _values(span.attributes),
                span.status.message,
                len(span.events) + len(span.links),
            )
            for request in self._requests()
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
        return sorted(found, key=lambda span: (span.begin, span.end))

    def resource(self) -> Values:
        """Return what is said of who sends."""
        (first, *_) = self._requests()
        return _values(first.resource_spans[0].resource.attributes)

    def _requests(self) -> list[ExportTraceServiceRequest]:
        return [ExportTraceServiceRequest.FromString(body) for body in self.bodies]


def _values(pairs: Iterable[KeyValue]) -> Values:
    return {pair.key: pair.value.string_value or pair.value.int_value for pair in pairs}


@contextmanager
def collecting() -> Generator[Collector]:
    """Listen until the end of the block, in a thread of its own."""
    collector = Collector()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.bodies.append(
                self.rfile.read(int(self.headers["content-length"]))
            )
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()
