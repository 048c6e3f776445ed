"""The command `shopwire`, which is also `python -m broker`.

Each command is a module that is imported when it is asked for, by name: one start-up
pays for one command, and those in `clients` are reached without an import of them here.
"""

import importlib
import sys
from typing import NamedTuple

import click


class Listed(NamedTuple):
    """A command: where its `command` is, and what the overview says of it."""

    module: str
    does: str


COMMANDS = {
    "serve": Listed("broker.commands.serve", "Serve a data folder until told to stop."),
    "demo": Listed("broker.commands.demo", "Serve a shop to try out."),
    "talk": Listed("clients.talk", "Talk in a terminal, as a shopper or an agent."),
    "token": Listed("broker.commands.token", "Print a token to sign in with."),
    "site": Listed("broker.commands.site", "List, add and show sites."),
    "agent": Listed("broker.commands.agent", "Add, list and disable agents."),
    "knowledge": Listed(
        "broker.commands.knowledge", "Take articles over, and try questions."
    ),
    "config": Listed("broker.commands.config", "Check and show the configuration."),
    "load": Listed("clients.load.command", "Load a broker, and say whether it held."),
    "capacity": Listed("clients.load.capacity", "Find out how many chats it holds."),
    "simulate": Listed("clients.simulate.command", "Let a day go by in seconds."),
    "top": Listed("broker.commands.top", "Show how a broker is, live."),
    "replay": Listed("broker.commands.replay", "Fold chats anew, then or now."),
    "audit": Listed("broker.commands.audit", "Prove that no message is missed."),
    "doctor": Listed("broker.commands.doctor", "Examine a folder's journal."),
    "report": Listed("broker.commands.report", "Say how a shop answers, now or then."),
    "outgoing": Listed("broker.commands.outgoing", "List what could not leave yet."),
    "webhook": Listed("broker.commands.webhook", "List webhooks, and tell them again."),
    "cluster": Listed("broker.commands.cluster", "See who takes part in a cluster."),
    "export": Listed("broker.commands.export", "Hand out what is kept of a person."),
    "erase": Listed("broker.commands.erase", "Forget a person, for good."),
    "deeds": Listed("broker.commands.deeds", "Say who did what to a shop."),
    "backup": Listed("broker.commands.backup", "Copy a folder while it is in use."),
    "restore": Listed("broker.commands.restore", "Make a folder of a copy."),
}
"""In the order of the overview."""


class Shopwire(click.Group):
    """The group of all commands; none is imported before it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the overview."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command called `cmd_name`."""
        del ctx
        listed = COMMANDS.get(cmd_name)
        if listed is None:
            return None
        command: click.Command = importlib.import_module(listed.module).command
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write the overview, from the table alone."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].does) for name in COMMANDS])


@click.group(cls=Shopwire, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="shopwire")
def shopwire() -> None:
    """Live chat between a shop's visitors and its agents."""


def main() -> None:
    """Run the command line; what goes wrong is said in a sentence if there is one."""
    try:
        shopwire(prog_name="shopwire")
    except Exception as error:
        # Late: its imports would cost every start.
        from broker.commands.failures import told  # noqa: PLC0415

        failure = told(error)
        if failure is None:
            raise
        click.echo(f"Error: {failure.text}", err=True)
        sys.exit(failure.code)


if __name__ == "__main__":
    main()
