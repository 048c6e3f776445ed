"""What a person types, run in this process."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from broker.__main__ import shopwire


def typed(*words: object, stdin: str = "") -> Result:
    """Return what comes of `shopwire words…`."""
    return CliRunner().invoke(shopwire, [str(word) for word in words], stdin)


def printed(folder: Path, *words: object, stdin: str = "") -> str:
    """Return what a command prints that succeeds in `folder`."""
    result = typed(*words, "--data", folder, stdin=stdin)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def parsed(folder: Path, *words: object, stdin: str = "") -> Any:  # noqa: ANN401  # JSON
    """Return the JSON that a command prints."""
    return json.loads(printed(folder, *words, stdin=stdin))
