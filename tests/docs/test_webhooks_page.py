"""The page for those who are told: its check takes what we sign, and nothing else."""

import re
import time
from collections.abc import Callable
from pathlib import Path

from broker.outward.webhooks.told import headers, secret_of

PAGE = Path(__file__).parents[2] / "docs" / "webhooks.md"
SECRET = secret_of(bytes(range(32)))
BODY = b'{"id":"a","type":"ping"}'


def check() -> Callable[[str, dict[str, str], bytes], bool]:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict[str, Callable[[str, dict[str, str], bytes], bool]] = {}
    exec(code, names)  # noqa: S102  # the page's own
    return names["is_from_shopwire"]


def test_its_check_takes_what_we_sign() -> None:
    made = headers("a", int(time.time()), BODY, SECRET)
    given = {name.lower(): value for name, value in made.items()}
    assert check()(SECRET, given, BODY)
    # Two secrets at once, while one takes the place of the other.
    both = given | {"webhook-signature": f"v1,xx {given['webhook-signature']}"}
    assert check()(SECRET, both, BODY)


def test_its_check_takes_nothing_else() -> None:
    now = int(time.time())
    good = headers("a", now, BODY, SECRET)
    assert not check()(SECRET, good, BODY + b" ")
    assert not check()(secret_of(bytes(32)), good, BODY)
    assert not check()(SECRET, good | {"webhook-id": "b"}, BODY)
    assert not check()(SECRET, good | {"webhook-timestamp": str(now - 1)}, BODY)
    assert not check()(SECRET, headers("a", now - 301, BODY, SECRET), BODY)
    signature = good["webhook-signature"].replace("v1,", "v1a,")
    assert not check()(SECRET, good | {"webhook-signature": signature}, BODY)
    assert not check()(SECRET, good | {"webhook-signature": ""}, BODY)


def test_a_signature_is_the_one_of_the_standard() -> None:
    # The example of the specification's own libraries.
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    made = headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body, secret)
    wanted = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert made["webhook-signature"] == wanted
