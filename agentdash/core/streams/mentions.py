"""Where the name of a stream stands in the files of the repositories."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mention:
    """What a search for one name came to.

    Attributes:
        place: The first place, as ``repository: file:line``; None where there is none.
        repos: How many repositories were searched.
        failed: How many others could not be searched.
    """

    place: str | None
    repos: int
    failed: int = 0
