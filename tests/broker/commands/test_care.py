"""Looking after a folder: `doctor` and `backup`."""

import stat
from hashlib import sha256
from pathlib import Path

import pytest

from broker.checkup import texted
from storage.files import Files
from storage.meta import JOURNAL
from tests.broker.commands.conversation import Talk, had, talk
from tests.broker.commands.typed import parsed, printed, typed
from tests.system.shop import serving

pytestmark = pytest.mark.slow


@pytest.fixture
def talked(tmp_path: Path) -> Talk:
    return had(tmp_path / "data")


def test_messages_and_notes_are_what_the_message_table_shows() -> None:
    assert texted() == {"msg", "note"}


def test_a_healthy_folder_is_said_to_be_well(talked: Talk) -> None:
    assert "All is well" in printed(talked.folder, "doctor")


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE ticket SET preview = 'x'", "the ticket row's preview"),
        ("UPDATE ticket SET seq = seq - 1", "a ticket is not as new as its events"),
        ("DELETE FROM event WHERE seq = 4", "are not numbered"),
        ("DELETE FROM message WHERE seq = 4", "no row in the message table"),
        ("UPDATE snapshot SET state = x'00'", "the snapshot is damaged"),
    ],
)
def test_what_is_wrong_is_said_and_exits_with_1(
    talked: Talk, sql: str, said: str
) -> None:
    talked.spoil(sql)
    result = typed("doctor", "--data", talked.folder)
    assert result.exit_code == 1
    assert said in result.output
    assert "lamp" not in result.output


def test_a_damaged_file_is_said_to_be_one(talked: Talk) -> None:
    file = talked.folder / JOURNAL
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + bytes(4096) + whole[8192:])
    result = typed("doctor", "--data", talked.folder)
    assert result.exit_code == 1
    assert "damaged" in result.output or "cannot be read" in result.output


def test_the_doctor_finds_what_is_still_there(talked: Talk) -> None:
    found = typed("doctor", "--find", "fell from the van", "--data", talked.folder)
    assert found.exit_code == 1
    assert JOURNAL in found.output
    gone = typed("doctor", "--find", "never said", "--data", talked.folder)
    assert (gone.exit_code, gone.output) == (0, "")


def test_a_folder_is_copied_with_its_images_and_made_anew_of_the_copy(
    talked: Talk, tmp_path: Path
) -> None:
    pixels = b"not really pixels"
    digest = sha256(pixels).hexdigest()
    file = Files(talked.folder).path(digest)
    file.parent.mkdir(parents=True)
    file.write_bytes(pixels)
    talked.spoil(
        "INSERT INTO blob VALUES ('b','default',?,'x','s',?,'image/png','n',17,1,1)",
        talked.chat,
        digest,
    )
    made = parsed(talked.folder, "backup", tmp_path / "copy")
    assert made["copied"]["images"] == 1
    assert made["copied"]["events"] == talked.head
    # What is nobody's any more goes from the copy, too, and what is new comes.
    leftover = Files(tmp_path / "copy").path("ab" + "0" * 62)
    leftover.parent.mkdir(exist_ok=True)
    leftover.write_bytes(b"")
    assert parsed(talked.folder, "backup", tmp_path / "copy") == made
    assert not leftover.exists()
    folder = tmp_path / "restored"
    result = typed("restore", tmp_path / "copy", "--data", folder)
    assert result.exit_code == 0, result.output
    assert "All is well" in printed(folder, "doctor")
    assert Files(folder).path(digest).read_bytes() == pixels
    before = parsed(talked.folder, "replay", "--all")
    assert parsed(folder, "replay", "--all") == before
    Files(folder).path(digest).write_bytes(b"scratched")
    assert "has other bytes" in typed("doctor", "--data", folder).output
    Files(folder).path(digest).unlink()
    assert "is not there" in typed("doctor", "--data", folder).output


def test_a_copy_that_disagrees_is_said_to(talked: Talk, tmp_path: Path) -> None:
    talked.spoil("UPDATE ticket SET preview = 'x'")
    result = typed("backup", tmp_path / "copy", "--data", talked.folder)
    assert (result.exit_code, "preview" in result.stderr) == (1, True)
    words = ("backup", tmp_path / "copy", "--quick", "--data", talked.folder)
    assert typed(*words).exit_code == 0


def test_nothing_is_restored_over_a_journal_or_of_no_copy(
    talked: Talk, tmp_path: Path
) -> None:
    parsed(talked.folder, "backup", tmp_path / "copy.db")
    result = typed("restore", tmp_path / "copy.db", "--data", talked.folder)
    assert "has a journal already" in str(result.exception)
    (tmp_path / "diary").write_text("Dear diary, " * 1000)
    result = typed("restore", tmp_path / "diary", "--data", tmp_path / "new")
    assert "Nothing was restored" in str(result.exception)
    assert not (tmp_path / "new" / JOURNAL).exists()


def restored(copy: Path, folder: Path) -> Path:
    """Make a folder of a backup, as the documentation says."""
    folder.mkdir(mode=0o700)
    copy.rename(folder / JOURNAL)
    return folder


def test_a_backup_is_a_folders_journal(talked: Talk, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    made = parsed(talked.folder, "backup", copy)
    assert made == {"backup": str(copy), "bytes": copy.stat().st_size}
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    before = parsed(talked.folder, "replay", "--all")
    folder = restored(copy, tmp_path / "restored")
    assert parsed(folder, "replay", "--all") == before
    assert "All is well" in printed(folder, "doctor")
    shown = parsed(folder, "site", "show", "default")
    assert shown == parsed(talked.folder, "site", "show", "default")


async def test_a_backup_made_while_it_is_served_has_what_was_acknowledged(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path / "data") as shop:
        chat, head = await talk(shop)
        parsed(tmp_path / "data", "backup", tmp_path / "copy.db")
        epoch = shop.broker.journal.epoch
    folder = restored(tmp_path / "copy.db", tmp_path / "restored")
    async with serving(folder) as shop:
        # Clients that know the other journal have to begin again.
        assert shop.broker.journal.epoch != epoch
        sara = await shop.shopper()
        opened = await sara.ask("chat.open", chat=chat)
        assert opened["head"] >= head
        resync = await sara.ask("chat.open", chat=chat, after=3, epoch=epoch)
        assert resync["code"] == "resync_required"


def test_a_backup_never_goes_where_the_journal_is(talked: Talk) -> None:
    for target in (JOURNAL, "copy.db"):
        words = ("backup", talked.folder / target, "--data", talked.folder)
        result = typed(*words)
        assert (result.exit_code, "folder itself" in result.output) == (1, True)
    assert "All is well" in printed(talked.folder, "doctor")


def test_a_backup_that_cannot_be_made_is_said(talked: Talk, tmp_path: Path) -> None:
    words = ("backup", tmp_path / "no" / "copy.db", "--data", talked.folder)
    result = typed(*words)
    assert "No backup was made" in str(result.exception)
