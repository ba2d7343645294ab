"""Parts of the real sessions: what a part lacks is a question without an answer there."""

from __future__ import annotations

import random
from collections import defaultdict

from benchmarks.quality.places import Archive, without


def in_archive(archive: Archive) -> list[tuple[str, str, int]]:
    """(session, project, how many messages) of all sessions."""
    with archive.connect() as connection:
        return list(connection.execute("SELECT sid, ifnull(workspace, 0), messages FROM sessions ORDER BY sid"))


def half_of_projects(archive: Archive, seed: int) -> frozenset[str]:
    """The sessions of whole projects, drawn until they have half of the messages."""
    return some_projects(archive, seed, sum([count for _, _, count in in_archive(archive)]) // 2)


def some_projects(archive: Archive, seed: int, messages: int, most: float = 1e9) -> frozenset[str]:
    """The sessions of projects with at most so many messages, drawn until together they have that many."""
    projects: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for sid, project, count in in_archive(archive):
        projects[str(project)].append((sid, count))
    drawn: list[tuple[str, int]] = []
    for project in random.Random(seed).sample(sorted(projects), len(projects)):
        if sum([count for _, count in drawn]) < messages and sum([count for _, count in projects[project]]) <= most:
            drawn += projects[project]
    return frozenset([sid for sid, _ in drawn])


def parted(archive: Archive, name: str, gone: frozenset[str]) -> Archive:
    """The archive without these sessions."""
    with archive.connect() as connection:
        rows = connection.execute("SELECT s.sid, m.id FROM messages m JOIN sessions s ON s.id=m.session")
        return without(archive, name, [message for sid, message in rows if sid in gone])
