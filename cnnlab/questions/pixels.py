"""What does *A picture is numbers* ask? How many numbers of a photo reach the network."""

from dataclasses import dataclass

SIDE, CHANNELS = 32, 3


@dataclass(frozen=True)
class Count:
    """How many numbers the network gets: `answer` is one of `options`, which rise and have no duplicates."""

    options: tuple[int, ...]
    answer: int


def count(height: int, width: int) -> Count:
    """Ask of a photo (height, width): 32 x 32 x 3, whatever its size.

    The wrong answers forget the channels, forget that both sides count, or count the photo before it shrinks.
    """
    answer = SIDE * SIDE * CHANNELS
    others = {SIDE * CHANNELS, SIDE * SIDE, height * width * CHANNELS}
    return Count(tuple(sorted(others | {answer})), answer)
