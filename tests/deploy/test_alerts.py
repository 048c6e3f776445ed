"""The rules fire when they should and not before: promtool is asked, and a broker.

A rule nobody has seen fire is a guess.
"""

import json
import shutil
import subprocess
from functools import partial
from math import isnan
from pathlib import Path

import pytest

from broker.config import Config, ShipConfig
from broker.metrics import gauges
from broker.server import Broker
from storage.backup import back_up_folder
from tests.deploy.test_figures import GRAFANA
from tests.deploy.test_runbooks import ALERTS

RULES = GRAFANA / "alerts.yaml"
DAY_S = 24 * 3600
HOW_LONG = "1h"
"""What a series is told for, a sample a minute."""
NOTHING = " ".join(["NaN"] * 61)
"""A gauge that does not apply."""
Series = dict[str, str]

BAD: dict[str, Series] = {
    "ShopwireGone": {'up{job="shopwire"}': "0x60"},
    "ShopwireDiskFull": {"shopwire_journal_writable": "0x60"},
    "ShopwireLittleRoom": {"shopwire_journal_wal_bytes": "300000000x60"},
    "ShopwireOldCopy": {
        "shopwire_backup_age_seconds": NOTHING,
        "shopwire_uncopied_seconds": "86401+60x60",
    },
    "ShopwireNotShipped": {"shopwire_ship_lag_seconds": "61x60"},
    "ShopwireShoppersWait": {"shopwire_oldest_wait_seconds": "901x60"},
    "ShopwireTooFewAgents": {
        "shopwire_queue_oldest_wait_seconds": "301x60",
        "shopwire_agents_full": "2x60",
        "shopwire_agents_online": "2x60",
    },
    "ShopwireOverloaded": {"shopwire_hellos_put_off_total": "0+100x60"},
    "ShopwireSlowDisk": {
        'shopwire_commit_duration_seconds_bucket{le="0.1"}': "0+50x60",
        'shopwire_commit_duration_seconds_bucket{le="0.5"}': "0+60x60",
        'shopwire_commit_duration_seconds_bucket{le="+Inf"}': "0+60x60",
    },
    "ShopwireSlowTurns": {"shopwire_slow_turns_total": "0+60x60"},
    "ShopwireGivenUp": {'shopwire_outgoing_total{came="dead",kind="mail"}': "0+1x60"},
    "ShopwireBug": {"shopwire_broken_promises_total": "0+1x60"},
    "ShopwireNobodyOwns": {
        'shopwire_cluster_owns{instance="one"}': "0x60",
        'shopwire_cluster_owns{instance="two"}': "0x60",
    },
    "ShopwireNodeBehind": {"shopwire_cluster_silence_seconds": "0+60x60"},
    # By turns, and each begins to count anew where it was restarted.
    "ShopwireChangesHands": {
        'shopwire_cluster_epoch{instance="one"}': "7x50 8 9 9 11 0 12 12 12 12 12",
        'shopwire_cluster_epoch{instance="two"}': "7x50 8 8 10 11 11 11 12 0 12 12",
    },
    "ShopwireFenced": {'shopwire_cluster_fenced_total{what="entry"}': "0+1x60"},
}
"""What each rule is for, in figures."""

WELL: dict[str, list[Series]] = {
    "ShopwireOldCopy": [
        {"shopwire_backup_age_seconds": NOTHING, "shopwire_uncopied_seconds": "60x60"},
        {
            "shopwire_backup_age_seconds": "3600x60",
            "shopwire_uncopied_seconds": NOTHING,
        },
        # Shipped, or a cluster's: there never was a backup, and need not be.
        {
            "shopwire_backup_age_seconds": NOTHING,
            "shopwire_uncopied_seconds": NOTHING,
        },
    ],
    "ShopwireNotShipped": [{"shopwire_ship_lag_seconds": NOTHING}],
    "ShopwireTooFewAgents": [
        BAD["ShopwireTooFewAgents"] | {"shopwire_agents_full": "1x60"}
    ],
    "ShopwireNobodyOwns": [
        BAD["ShopwireNobodyOwns"] | {'shopwire_cluster_owns{instance="two"}': "1x60"}
    ],
    "ShopwireGivenUp": [{'shopwire_outgoing_total{came="sent",kind="mail"}': "0+9x60"}],
    "ShopwireChangesHands": [
        {"shopwire_cluster_epoch": "7x50 8x10"},
        # A node that comes back has not heard yet how often it was.
        {
            'shopwire_cluster_epoch{instance="one"}': "7x50 0 0 0 7x10",
            'shopwire_cluster_epoch{instance="two"}': "7x60",
        },
    ],
}
"""What looks like it, and is not."""


def fires(tmp_path: Path, alert: str, series: Series) -> bool:
    """Return what promtool says of these figures, after an hour of them."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("there is no promtool here")
    nobody: list[str] = []
    expected = {"eval_time": HOW_LONG, "alertname": alert, "exp_alerts": nobody}
    told = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [
                    {"series": name, "values": values}
                    for name, values in series.items()
                ],
                "alert_rule_test": [expected],
            }
        ],
    }
    asked = tmp_path / "asked.yaml"
    asked.write_text(json.dumps(told))
    run = partial(subprocess.run, check=False, capture_output=True, text=True)
    done = run([promtool, "test", "rules", asked])
    # It was told that nothing fires: what it says otherwise is that something does.
    assert done.returncode == 0 or "exp:[" in done.stderr, done.stderr
    return bool(done.returncode)


def test_every_rule_has_a_case_here() -> None:
    assert list(BAD) == ALERTS


@pytest.mark.parametrize("alert", ALERTS)
def test_a_rule_fires_for_what_it_is_for(tmp_path: Path, alert: str) -> None:
    assert fires(tmp_path, alert, BAD[alert])


@pytest.mark.parametrize(
    ("alert", "series"), [(name, each) for name, many in WELL.items() for each in many]
)
def test_a_rule_is_silent_where_all_is_well(
    tmp_path: Path, alert: str, series: Series
) -> None:
    assert not fires(tmp_path, alert, series)


def ages(broker: Broker, later_s: int) -> tuple[float, float]:
    """Return the age of the copy, and of what there is none of, some time later."""
    then = broker.clock() + later_s * 1000
    broker.clock = lambda: type(broker.began)(then)
    named = {each.name: each.value for each in gauges(broker)}
    return named["backup_age_seconds"], named["uncopied_seconds"]


async def test_a_journal_that_nothing_copies_grows_old_until_something_does(
    tmp_path: Path, autojump_clock: object
) -> None:
    del autojump_clock
    data, copy = tmp_path / "data", tmp_path / "copy"
    async with Broker.open(data, virtual=True) as broker:
        age, bare = ages(broker, 2 * DAY_S)
        assert isnan(age)
        assert 2 * DAY_S <= bare < 3 * DAY_S
        back_up_folder(data, copy)
        age, bare = ages(broker, 0)
        assert age < DAY_S
        assert isnan(bare)


async def test_a_journal_that_is_shipped_is_copied(
    tmp_path: Path, autojump_clock: object
) -> None:
    del autojump_clock
    data, other = tmp_path / "data", tmp_path / "other"
    other.mkdir()
    config = Config(ship=ShipConfig(to=str(other)))
    async with Broker.open(data, config, virtual=True) as broker:
        age, bare = ages(broker, 2 * DAY_S)
        assert isnan(age)
        assert isnan(bare)
