"""`shopwire knowledge`: what the AI agent of a shop may say."""

from pathlib import Path

import click
import msgspec

from actors.library import Faq, FaqItem, Knowledge, KnowledgeItem, Library
from actors.settings.ai import AiSettings
from broker.commands import options
from broker.commands.articles import Unreadable, articles
from broker.commands.asking import ask, request
from broker.commands.reading import journal
from broker.commands.show import show
from broker.office.requests import PutArticles
from broker.outward.ai import trial
from broker.outward.ai.knowledge import Knowledge as Responder
from storage import accounts, documents

confidence = click.option(
    "--confidence",
    type=click.FloatRange(0, 1),
    default=AiSettings().confidence,
    show_default=True,
    help="As `ai.confidence` in the site's settings.",
)


@click.group("knowledge")
def command() -> None:
    """Take articles over, and try questions."""


@command.command("import")
@click.argument("source", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--only", is_flag=True, help="Remove all articles that are not in it.")
@options.data
@options.config
@options.site
def import_(
    source: Path, folder: Path, file: Path | None, site: str, *, only: bool
) -> None:
    """Make each *.md in the folder SOURCE an article; all of them or none.

    Prints as JSON what became of them. Articles with the same ids are replaced.
    """
    try:
        items = articles(source)
    except Unreadable as error:
        raise click.ClickException(f"Nothing was taken over.\n{error}") from error
    config = options.configured(folder, file)
    fields: dict[str, object] = {
        "site": site,
        "items": msgspec.to_builtins(items),
        "only": only,
    }
    show(ask(folder, config, request(PutArticles, fields)))


@command.command("ask")
@click.argument("question")
@options.data
@options.site
@confidence
def ask_(question: str, folder: Path, site: str, confidence: float) -> None:
    """Print as JSON what would be answered to QUESTION, or why nothing."""
    show(Responder(_library(folder, site), confidence).answer(question))


@command.command("test")
@click.argument("questions", type=click.Path(dir_okay=False, path_type=Path))
@options.data
@options.site
@confidence
def test(questions: Path, folder: Path, site: str, confidence: float) -> None:
    """Ask all in the file QUESTIONS, and print what went wrong, and figures.

    Each line is `ids | question`: the ids of items that answer it, or `?` if none does.
    Exits with 1 if anything was answered that should not have been.
    """
    try:
        cases = trial.cases(questions.read_text("utf-8").splitlines())
    except (trial.Malformed, UnicodeDecodeError) as error:
        raise click.UsageError(str(error)) from error
    done = trial.tried(Responder(_library(folder, site), confidence), cases)
    for each in done:
        if each.wrong:
            click.echo(f"wrong: {each.case.question} -> {each.source}")
        elif each.case.right and not each.answered:
            click.echo(f"{each.source}: {each.case.question}")
    click.echo(trial.figures(done))
    if any(each.wrong for each in done):
        raise SystemExit(1)


def _library(folder: Path, site: str) -> Library:
    with journal(folder) as connection:
        if accounts.site(connection, site) is None:
            raise click.ClickException(f"There is no site {site}.")
        faq, known = (
            documents.newest(connection, site, name) for name in ("faq", "knowledge")
        )
    items = b"[]" if faq is None else faq.document.encode()
    texts = b"[]" if known is None else known.document.encode()
    return Library(
        Faq(1, msgspec.json.decode(items, type=tuple[FaqItem, ...])),
        knowledge=Knowledge(
            1, msgspec.json.decode(texts, type=tuple[KnowledgeItem, ...])
        ),
    )
