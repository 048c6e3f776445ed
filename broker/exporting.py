"""Where traces go: to a collector, over OTLP, as OpenTelemetry's own variables say."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from importlib.metadata import version

from broker.config import ConfigError, OtelConfig
from broker.makings import MISSING

LAST_MS = 2000
"""Milliseconds for the last spans to leave, within the twelve seconds of a drain."""


@contextmanager
def exporting(config: OtelConfig) -> Generator[None]:
    """Send what is traced within the block; nothing at all if nothing is to be.

    Raises:
        ConfigError: what it takes is not installed.
    """
    if not config.enabled:
        yield
        return
    try:
        from opentelemetry import trace  # noqa: PLC0415  # an extra
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415  # likewise
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415  # likewise
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415  # likewise
        from opentelemetry.sdk.trace.export import (  # noqa: PLC0415  # likewise
            BatchSpanProcessor,
        )
    except ImportError as error:
        raise ConfigError(MISSING) from error
    said = {"service.version": version("shopwire")}
    if "OTEL_SERVICE_NAME" not in os.environ:
        said["service.name"] = "shopwire"
    processor = BatchSpanProcessor(OTLPSpanExporter())
    # Its own way out waits for a collector that has gone for longer than we have.
    provider = TracerProvider(resource=Resource.create(said), shutdown_on_exit=False)
    provider.add_span_processor(processor)
    trace.set_tracer_provider(provider)
    try:
        yield
    finally:
        processor.force_flush(LAST_MS)
