"""Sites, keys, agents and profiles."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlite_utils import Database

from storage import accounts
from storage.accounts import (
    Agent,
    Key,
    PasswordHash,
    Profile,
    Secret,
    Site,
)
from storage.schema import open_writer

SHOP = Site("shop", "Shop", 1)
ANN = Agent(
    "shop", "ann", "ann@shop.test", "Ann", "agent", PasswordHash("$argon2id$x"), None, 1
)
PAT = Profile("shop", "p1", "sub-1", "Pat", None, None, "pl", 1, 1)


@pytest.fixture
def db(path: Path) -> Iterator[Database]:
    opened = Database(open_writer(path), execute_plugins=False)
    accounts.add_site(opened, SHOP)
    yield opened
    opened.close()


def key(kid: str, site: str | None = "shop", secret: bytes = b"s3cr3t") -> Key:
    use: accounts.Use = "staff" if site is None else "shop"
    return Key(kid, site, use, "HS256", Secret(secret), 1)


def test_a_site_is_added_once(db: Database) -> None:
    assert not accounts.add_site(db, Site("shop", "Another", 2))
    assert accounts.add_site(db, Site("second", "Second", 2))
    assert accounts.sites(db.conn) == [SHOP, Site("second", "Second", 2)]
    assert accounts.site(db.conn, "shop") == SHOP
    assert accounts.site(db.conn, "third") is None


def test_a_key_is_found_until_it_is_removed(db: Database) -> None:
    staff, shop = key("k1", None), key("k2")
    assert accounts.add_key(db, staff)
    assert accounts.add_key(db, shop)
    assert not accounts.add_key(db, key("k2", secret=b"other"))
    assert accounts.keys(db.conn) == [staff, shop]
    assert accounts.remove_key(db, "k2", at=5)
    assert not accounts.remove_key(db, "k2", at=6)
    assert accounts.keys(db.conn) == [staff]
    # Its name stays taken, for a token may still bear it; its secret is gone.
    assert not accounts.add_key(db, shop)
    assert db.execute("SELECT secret FROM key WHERE kid = 'k2'").fetchone() == (b"",)


@pytest.mark.parametrize(
    "wrong", [("staff", "shop"), ("shop", None), ("admin", "shop")]
)
def test_a_keys_use_goes_with_its_site(
    db: Database, wrong: tuple[str, str | None]
) -> None:
    use, site = wrong
    with pytest.raises(sqlite3.IntegrityError):
        accounts.add_key(db, msgspec.structs.replace(key("k"), use=use, site=site))


def test_a_key_of_a_site_that_is_none_is_a_bug(db: Database) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        accounts.add_key(db, key("k", "nowhere"))


def test_no_secret_shows_itself() -> None:
    shown = repr(key("k", secret=b"s3cr3t")) + repr(ANN) + f"{[ANN.password]}"
    assert "s3cr3t" not in shown
    assert "argon2" not in shown
    assert "Secret(...)" in shown
    assert key("k").secret == b"s3cr3t"


def test_an_agent_is_found_by_id_and_by_email(db: Database) -> None:
    assert accounts.add_agent(db, ANN)
    assert accounts.agent(db.conn, "shop", "ann") == ANN
    assert accounts.agent(db.conn, "shop", "bob") is None
    assert accounts.agents_by_email(db.conn, "ANN@Shop.test") == [ANN]
    assert accounts.agents(db.conn, "shop") == [ANN]


def test_an_email_serves_one_agent_a_site(db: Database) -> None:
    accounts.add_agent(db, ANN)
    bob = msgspec.structs.replace(ANN, id="bob")
    assert not accounts.add_agent(db, bob)
    assert not accounts.add_agent(db, ANN)
    # An account that the command line made has none, and there may be many.
    for name in ("c", "d"):
        robot = msgspec.structs.replace(ANN, id=name, email=None, password=None)
        assert accounts.add_agent(db, robot)
    accounts.add_site(db, Site("second", "Second", 2))
    elsewhere = msgspec.structs.replace(ANN, site="second")
    assert accounts.add_agent(db, elsewhere)
    assert accounts.agents_by_email(db.conn, "ann@shop.test") == [elsewhere, ANN]


def test_an_agent_is_changed_unless_the_email_is_anothers(db: Database) -> None:
    accounts.add_agent(db, ANN)
    bob = msgspec.structs.replace(ANN, id="bob", email="bob@shop.test")
    assert not accounts.save_agent(db, bob)
    accounts.add_agent(db, bob)
    disabled = msgspec.structs.replace(bob, name="Bobby", disabled_at=7)
    assert accounts.save_agent(db, disabled)
    assert accounts.agent(db.conn, "shop", "bob") == disabled
    taken = msgspec.structs.replace(bob, email="ann@shop.test")
    assert not accounts.save_agent(db, taken)
    assert accounts.agent(db.conn, "shop", "bob") == disabled


def test_a_profile_is_made_once_per_sub(db: Database) -> None:
    assert accounts.add_profile(db, PAT) == PAT
    # Two tabs say hello at once, each with an id made for a new person.
    assert accounts.add_profile(db, msgspec.structs.replace(PAT, id="p2")) == PAT
    assert accounts.profile(db.conn, "shop", "p2") is None
    assert accounts.profile_by_sub(db.conn, "shop", "sub-1") == PAT
    assert accounts.profile_by_sub(db.conn, "other", "sub-1") is None


def test_profiles_without_a_sub_do_not_meet(db: Database) -> None:
    first = msgspec.structs.replace(PAT, sub=None)
    second = msgspec.structs.replace(PAT, id="p2", sub=None)
    assert accounts.add_profile(db, first) == first
    assert accounts.add_profile(db, second) == second
    again = msgspec.structs.replace(second, name="Another")
    assert accounts.add_profile(db, again) == second


def test_a_profile_is_changed_unless_the_sub_is_anothers(db: Database) -> None:
    accounts.add_profile(db, PAT)
    kim = msgspec.structs.replace(PAT, id="p2", sub="sub-2", name="Kim")
    assert not accounts.save_profile(db, kim)
    accounts.add_profile(db, kim)
    changed = msgspec.structs.replace(kim, email="kim@home.test", updated_at=9)
    assert accounts.save_profile(db, changed)
    assert accounts.profile(db.conn, "shop", "p2") == changed
    assert not accounts.save_profile(db, msgspec.structs.replace(kim, sub="sub-1"))
