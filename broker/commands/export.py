"""`shopwire export`: all that is kept of a person, as an archive to hand out."""

from pathlib import Path

import click

from broker import dossier
from broker.commands import options
from broker.commands.asking import ask, request
from broker.commands.reading import journal
from broker.commands.show import show
from broker.office.requests import ExportNoted, ExportProfile
from storage.files import Files


@click.command("export")
@click.argument("profile")
@click.option(
    "--to",
    "target",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The archive to write; there must be none yet.",
)
@click.option("--notes", is_flag=True, help="With what the shop's people wrote, too.")
@options.data
@options.config
@options.site
def command(  # noqa: PLR0913  # one for each option
    profile: str,
    target: Path,
    folder: Path,
    file: Path | None,
    site: str,
    *,
    notes: bool,
) -> None:
    """Write what is kept of PROFILE, as the shop calls them or by our id, as a ZIP.

    A visitor, who has no name, is named by one of their chats.
    Whether or not the folder is being served. That it was asked for is noted first.
    """
    if target.exists():
        raise click.ClickException(f"{target} is there already.")
    fields: dict[str, object] = {"site": site, "profile": profile, "notes": notes}
    asked = request(ExportProfile, fields)
    noted = ask(folder, options.configured(folder, file), asked)
    name = noted.profile if isinstance(noted, ExportNoted) else profile
    wanted = dossier.Asked(site, name, notes)
    try:
        with journal(folder) as connection, target.open("xb") as archive:
            target.chmod(0o600)
            found = dossier.write(connection, Files(folder), wanted, archive)
    except FileExistsError as error:
        raise click.ClickException(f"{target} is there already.") from error
    if not found:
        target.unlink()
        raise click.ClickException(f"{profile} was forgotten meanwhile.")
    show({"exported": profile, "to": str(target), "bytes": target.stat().st_size})
