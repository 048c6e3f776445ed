"""What Shopify's app proxy says of a customer, believed only if it has signed it.

It adds to the query of each request `shop`, `logged_in_customer_id` (empty for who is
not signed in), `path_prefix`, `timestamp` and `signature`: an HMAC over all the others,
sorted, joined with nothing between; values of one name are joined by commas.
"""

import hmac
import re
from collections import defaultdict
from urllib.parse import parse_qsl

from broker.services import ShopifyConfig

FRESH_S = 300
"""Seconds for which a signed query is good, either way: it may be seen in a log."""
SECONDS = re.compile("[0-9]{1,11}")
"""A moment as Shopify writes it: till the year 5138."""
MOST_FIELDS = 100
"""Of a query; the proxy passes on whatever a page has added to its own."""


def customer(config: ShopifyConfig, site: str, query: str, now: float) -> str | None:
    """Return the customer who asks for `site`; empty: somebody who is not signed in.

    `None`: that is not to be believed, and why not is nobody's business. The site has
    to be the shop's own: one app may serve many, and their customers choose the path.
    """
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return None
    fields: dict[str, list[str]] = defaultdict(list)
    for name, value in pairs:
        fields[name].append(value)
    signature = ",".join(fields.pop("signature", []))
    if config.secret is None or not _is_signed(config.secret, fields, signature):
        return None
    once = {name: values[0] for name, values in fields.items() if len(values) == 1}
    if f"{site}={once.get('shop')}" not in config.shops:
        return None
    timestamp = once.get("timestamp", "")
    if SECONDS.fullmatch(timestamp) is None or abs(now - int(timestamp)) > FRESH_S:
        return None
    return once.get("logged_in_customer_id")


def _is_signed(secret: str, fields: dict[str, list[str]], signature: str) -> bool:
    signed = "".join(sorted(f"{n}={','.join(values)}" for n, values in fields.items()))
    good = hmac.digest(secret.encode(), signed.encode(errors="replace"), "sha256").hex()
    return hmac.compare_digest(good.encode(), signature.encode(errors="replace"))
