"""The browser clients, as the broker serves them."""

import gzip
from pathlib import Path

import httpx
import pytest

from broker.http import application
from broker.http.built import Built, dist
from broker.http.files import ASK_AGAIN, FOR_EVER
from tests.broker.http.web import Web, asked

SCRIPT = b"console.log('a shop');" * 99


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a build that left one file of each kind."""
    root = tmp_path / "dist"
    for name in (
        "widget.js",
        "widget/main-0123456789ab.js",
        "desk/index.html",
        "desk/assets/index-B3x9_aZ0.js",
        "demo/index.html",
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"<!doctype html>" if name.endswith("html") else SCRIPT)
    monkeypatch.setattr(application, "dist", lambda: root)
    return root


async def get(web: Web, path: str) -> httpx.Response:
    return await web.client.get(path)


@pytest.mark.slow
async def test_the_browser_clients_are_served(build: Path, tmp_path: Path) -> None:
    assert (build / "widget.js").exists()
    async with asked(tmp_path / "data") as web:
        loader = await get(web, "/widget.js")
        assert (loader.status_code, loader.content) == (200, SCRIPT)
        assert loader.headers["cache-control"] == ASK_AGAIN
        assert loader.headers["access-control-allow-origin"] == "*"
        assert loader.headers["access-control-expose-headers"] == "ETag"
        assert loader.headers["cross-origin-resource-policy"] == "cross-origin"
        assert loader.headers["content-encoding"] == "gzip"
        for path in ("/widget/main-0123456789ab.js", "/desk/assets/index-B3x9_aZ0.js"):
            hashed = await get(web, path)
            assert (hashed.status_code, hashed.content) == (200, SCRIPT)
            assert hashed.headers["cache-control"] == FOR_EVER
            assert "javascript" in hashed.headers["content-type"]
        for path in ("/desk/", "/desk"):
            desk = await get(web, path)
            assert desk.status_code == 200
            assert desk.headers["content-type"] == "text/html; charset=utf-8"
            policy = desk.headers["content-security-policy"]
            assert "script-src 'self'; style-src 'self'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "access-control-allow-origin" not in desk.headers
        for path in ("/desk/none.js", "/widget", "/widget/", "/widget/%2e%2e/desk"):
            assert (await get(web, path)).status_code == 404
        assert (await get(web, "/demo/")).status_code == 404
        web.shop.broker.demo = True
        assert (await get(web, "/demo/")).status_code == 200


@pytest.mark.slow
async def test_who_has_not_built_them_reads_how(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(application, "dist", lambda: tmp_path / "none")
    async with asked(tmp_path / "data") as web:
        for path in ("/desk/", "/widget.js"):
            answer = await get(web, path)
            assert answer.status_code == 404
            assert "npm run build" in answer.text


async def test_a_file_is_read_when_it_is_first_asked_for(tmp_path: Path) -> None:
    (tmp_path / "widget.js").write_bytes(SCRIPT)
    built = Built(tmp_path)
    assert built
    assert "/widget.js" in built
    assert "/other.js" not in built
    first = await built.file("/widget.js")
    (tmp_path / "widget.js").unlink()
    assert await built.file("/widget.js") is first
    assert gzip.decompress(first.compressed or b"") == SCRIPT


def test_the_build_is_looked_for_beside_the_python_clients() -> None:
    assert dist().parts[-3:] == ("clients", "web", "dist")
    assert (dist().parent / "package.json").exists()
