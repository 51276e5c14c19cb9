"""Mentions of the name of a stream in the files of repositories."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mention:
    """The result of a search for one name.

    Attributes:
        place: The first place, as ``repository: file:line``; None where there is none.
        repos: How many repositories were searched.
        failed: How many others could not be searched.
    """

    place: str | None
    repos: int
    failed: int = 0
