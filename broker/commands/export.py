"""`shopwire export`: all that is kept of a person, as an archive to hand out."""

from pathlib import Path

import click

from broker import dossier
from broker.commands import options
from broker.commands.reading import journal
from broker.commands.show import show
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
@options.site
def command(
    profile: str, target: Path, folder: Path, site: str, *, notes: bool
) -> None:
    """Write what is kept of PROFILE, as the shop calls them or by our id, as a ZIP.

    Whether or not the folder is being served.
    """
    asked = dossier.Asked(site, profile, notes)
    try:
        with journal(folder) as connection, target.open("xb") as archive:
            target.chmod(0o600)
            found = dossier.write(connection, Files(folder), asked, archive)
    except FileExistsError as error:
        raise click.ClickException(f"{target} is there already.") from error
    if not found:
        target.unlink()
        raise click.ClickException(f"Nobody of {site} is called {profile}.")
    show({"exported": profile, "to": str(target), "bytes": target.stat().st_size})
