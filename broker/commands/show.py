"""Printing for people and programs alike."""

import click
import msgspec


def show(document: object) -> None:
    """Print `document` as JSON."""
    click.echo(msgspec.json.format(msgspec.json.encode(document)).decode())


def show_line(document: object) -> None:
    """Print `document` as JSON in one line."""
    click.echo(msgspec.json.encode(document).decode())
