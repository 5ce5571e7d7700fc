"""What is a class asked, what does it look at meanwhile, and how are its ballots counted?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np

Found = TypeVar("Found")


@dataclass(frozen=True)
class Mark:
    """A frame around cells of a grid, counted from 0, with a letter."""

    row: int
    col: int
    size: int
    letter: str


@dataclass(frozen=True, eq=False)
class Sight:
    """What is looked at: grey values or weights (h, w), or a photo (h, w, 3) uint8."""

    title: str
    values: np.ndarray
    role: Literal["pixels", "weights", "photo"]
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, eq=False)
class Question:
    """What the class is asked; `right` is the place of the right option, `lesson` the page about it."""

    lesson: str
    title: str
    text: str
    options: tuple[str, ...]
    right: int
    reveal: str
    sights: tuple[Sight, ...] = ()


def certain(found: Found | None) -> Found:
    """Return what a lesson asks on a fixed photo. ValueError where it asks nothing there: choose another."""
    if found is None:
        raise ValueError("the lesson has no question on this photo")
    return found


def tally(ballots: Mapping[str, int], options: int) -> list[int]:
    """Count the ballots for each of so many options; what names none of them does not count."""
    return [sum(choice == option for choice in ballots.values()) for option in range(options)]
