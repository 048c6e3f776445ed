"""Journals as released versions left them, as SQL: one file for each version.

When a version is released, and before its number is raised:

    python -m tests.storage.journals VERSION

has today's program play a conversation and writes what is in its journal then. These
files are never written again. `0.0.0` is from before there was a migration.
"""
