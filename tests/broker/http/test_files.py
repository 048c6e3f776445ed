"""What is served as it is."""

import gzip
from pathlib import Path

import pytest

from broker.http.files import ASK_AGAIN, FOR_EVER, file, folder, sent
from tests.broker.http.web import Web

LONG = b"live chat " * 100


async def test_a_file_comes_with_a_tag_that_saves_sending_it_again(web: Web) -> None:
    first = await web.client.get("/schema/asyncapi.json")
    assert first.status_code == 200
    assert first.headers["content-type"] == "application/json"
    assert first.headers["content-encoding"] == "gzip"
    assert first.headers["vary"] == "Accept-Encoding"
    assert first.headers["x-content-type-options"] == "nosniff"
    assert first.json()["asyncapi"] == "3.0.0"
    tag = {"If-None-Match": first.headers["etag"]}
    again = await web.client.get("/schema/asyncapi.json", headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


async def test_the_description_of_http_has_a_tag_too(web: Web) -> None:
    first = await web.client.get("/schema/openapi.json")
    assert first.status_code == 200
    assert first.headers["content-type"] == "application/json"
    assert first.json()["openapi"].startswith("3.1.")
    tag = {"If-None-Match": first.headers["etag"]}
    again = await web.client.get("/schema/openapi.json", headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    head = await web.client.head("/schema/openapi.json")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == first.headers["etag"]


async def test_a_client_that_takes_no_gzip_gets_none(web: Web) -> None:
    for accepted in ("identity", "gzip;q=0", "br"):
        headers = {"Accept-Encoding": accepted}
        plain = await web.client.get("/schema/asyncapi.json", headers=headers)
        assert "content-encoding" not in plain.headers
        assert plain.json()["asyncapi"] == "3.0.0"


async def test_the_two_forms_of_a_file_have_tags_of_their_own(web: Web) -> None:
    url = "/schema/asyncapi.json"
    packed = await web.client.get(url)
    plain = await web.client.get(url, headers={"Accept-Encoding": "identity"})
    assert packed.headers["etag"] != plain.headers["etag"]


async def test_a_head_tells_the_same_without_the_file(web: Web) -> None:
    got = await web.client.get("/robots.txt")
    head = await web.client.head("/robots.txt")
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-length", "content-type", "etag", "cache-control"):
        assert head.headers[name] == got.headers[name]
    assert got.headers["content-type"] == "text/plain; charset=utf-8"
    assert "Disallow: /" in got.text


@pytest.mark.parametrize(
    "path",
    [
        "/../broker/config.py",
        "/%2e%2e/config.py",
        "/robots.txt%00",
        "/ROBOTS.TXT",
    ],
)
async def test_nothing_else_is_served(web: Web, path: str) -> None:
    answer = await web.raw(
        f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    )
    assert answer.split()[1] in {b"404", b"400"}


def test_a_file_named_after_its_content_is_kept_for_good(tmp_path: Path) -> None:
    names = (
        "index.html",
        "assets/index-B3x9_aZ0.js",
        "app.4f9d2c1b.css",
        "shop-products.svg",
        "widget.js",
    )
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(LONG)
    files = folder(tmp_path)
    assert files.keys() == {f"/{name}" for name in names}
    assert files["/index.html"].media_type == "text/html"
    assert {path for path, found in files.items() if found.cache == FOR_EVER} == {
        "/assets/index-B3x9_aZ0.js",
        "/app.4f9d2c1b.css",
    }
    assert files["/widget.js"].cache == ASK_AGAIN


def test_only_what_gets_smaller_is_compressed() -> None:
    assert file(b"short", "text/plain").compressed is None
    assert file(gzip.compress(bytes(range(256)) * 9), "image/png").compressed is None
    compressed = file(LONG, "text/plain").compressed
    assert compressed is not None
    assert gzip.decompress(compressed) == LONG


@pytest.mark.parametrize("listed", ['"{}"', 'W/"{}"', '"x", "{}"', "*"])
def test_a_tag_is_found_among_others(listed: str) -> None:
    wanted = file(LONG, "text/plain")
    headers = {"if-none-match": listed.format(wanted.digest)}
    assert sent(wanted, headers).status_code == 304
    other = {"if-none-match": '"something else"'}
    assert sent(wanted, other).status_code == 200
