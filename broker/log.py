"""Logs: one JSON object a line, on stderr.

Never what people write, tokens, secrets or e-mail addresses. Messages are written so;
and as an exception's own text may quote what it choked on, of errors that are not ours
only their type and the way to them are told.
"""

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType

from broker.config import LogConfig
from storage.errors import StorageError

REDACTED = re.compile(
    r"[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}"  # a token
    r"|[^\s@\"'<>]+@[^\s@\"'<>]+"  # an e-mail address
)
"""What must not be there in the first place: a net below the care of the callers."""
TALKATIVE = ("httpx", "httpcore")
"""Libraries that log the addresses they call, which may hold secrets."""
FRAMES = 20
"""Of a traceback: the innermost ones."""


class JsonFormatter(logging.Formatter):
    """Makes a line of a record."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        at = datetime.fromtimestamp(record.created, UTC)
        said: dict[str, object] = {
            "at": at.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": REDACTED.sub("***", record.getMessage()),
        }
        if record.exc_info and record.exc_info[1] is not None:
            said["error"] = _error(record.exc_info[1])
            said["trace"] = _trace(record.exc_info[2])
        return json.dumps(said, ensure_ascii=False)


def set_up(config: LogConfig) -> None:
    """Have everything that is logged from now on written to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=config.level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def _error(error: BaseException) -> str:
    name = type(error).__name__
    inside: tuple[BaseException, ...] = getattr(error, "exceptions", ())
    if inside:
        return f"{name} [{', '.join(map(_error, inside))}]"
    if isinstance(error, StorageError):
        return f"{name}: {REDACTED.sub('***', str(error))}"
    if isinstance(error, OSError) and error.strerror:
        return f"{name}: {error.strerror}"
    return name


def _trace(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-FRAMES:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
