"""Whoever is woken finds what to do: a runbook for each rule, and none without."""

import re

from tests.docs.fences import DOCS
from tests.faults.processes import ROOT

RULES = (ROOT / "deploy/grafana/alerts.yaml").read_text()
PAGE = (DOCS / "runbooks.md").read_text()
ALERTS = re.findall(r"^ +- alert: (\w+)$", RULES, re.MULTILINE)
PARTS = dict(
    re.findall(r"^## (Shopwire\w+)\n(.*?)(?=^## )", PAGE, re.MULTILINE | re.DOTALL)
)


def test_every_rule_has_a_runbook_and_every_runbook_a_rule() -> None:
    assert len(set(ALERTS)) == len(ALERTS) > 10
    assert list(PARTS) == ALERTS


def test_every_rule_says_where_its_runbook_is() -> None:
    named = re.findall(r"^ +runbook: (\S+)$", RULES, re.MULTILINE)
    assert named == [f"docs/runbooks.md#{alert.lower()}" for alert in ALERTS]


def test_every_runbook_says_what_it_means_where_to_look_and_what_to_do() -> None:
    for alert, part in PARTS.items():
        steps = re.findall(r"^(\*\*\w+:\*\*|```sh)", part, re.MULTILINE)
        assert steps == ["**Means:**", "**Look:**", "```sh", "**Do:**"], alert


def test_no_line_is_looked_for_by_a_priority_that_none_has() -> None:
    """They are JSON on stderr: to journald all of them are of one priority."""
    for line in re.findall(r"^journalctl .*$", PAGE, re.MULTILINE):
        assert not re.search(r" (-p|--priority)\b", line), line


def test_what_is_looked_for_in_the_log_is_what_the_program_says() -> None:
    said = "".join(path.read_text() for path in (ROOT / "broker").rglob("*.py"))
    looked_for = re.findall(
        r"^journalctl .* -g (?:\"(.*)\"|(\w+))$", PAGE, re.MULTILINE
    )
    assert len(looked_for) > 3
    for quoted, word in looked_for:
        phrase = (quoted or word).partition(" .*")[0]
        assert phrase in said
