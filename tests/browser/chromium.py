"""The machine's Chromium: found, or installed where that can be done without asking.

`python -m tests.browser.chromium` is what `make test` runs first. Where there is no
browser and none can be had, the browser's tests are skipped and say so; where
`SHOPWIRE_NEEDS_BROWSER` is set, as in continuous integration, they fail.
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
NEEDED = "SHOPWIRE_NEEDS_BROWSER"
INSTALL_S = 120
"""Seconds for Debian's packages to come."""
ARGUMENTS = (
    # Tests run as root in containers, where the sandbox has nothing to build on.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    # A made-up shop on the internet is served by a broker on this machine.
    "--disable-features=LocalNetworkAccessChecks",
    # Nothing that calls home: the network may be closed, and waits.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


def found() -> str | None:
    """Return where the browser is, if there is one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def install() -> bool:
    """Return whether there is one now: Debian's, if this may install packages."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return False
    # Mirrors are busy at times: once more is worth a try.
    return any(_installed(apt) for _ in range(2))


def _installed(apt: str) -> bool:
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    packages = ("chromium", "fonts-dejavu-core")
    for words in (
        ("update", "-qq"),
        ("install", "-qq", "--no-install-recommends", "-y", *packages),
    ):
        try:
            subprocess.run(
                [apt, *words],
                env=quiet,
                check=True,
                stdout=subprocess.DEVNULL,
                timeout=INSTALL_S,
            )
        except subprocess.SubprocessError:
            return False
    return found() is not None


def main() -> None:
    """See that there is a browser, or say how to get one."""
    if found() or install():
        return
    sys.stderr.write(
        "No Chromium was found, so the browser's tests will be skipped. Install it, on"
        " Debian and Ubuntu: apt-get install chromium\n"
    )
    sys.exit(1 if os.environ.get(NEEDED) else 0)


if __name__ == "__main__":
    main()
