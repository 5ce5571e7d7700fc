"""What does *A picture is numbers* ask? How many numbers go in, and which ones should come out."""

from dataclasses import dataclass

from cnnlab import ops

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


def targets(label: int, classes: int) -> tuple[tuple[tuple[int, ...], ...], tuple[int, ...]]:
    """Ask which numbers stand for the class `label`, from 0, of so many: return options and answer.

    The wrong ones: the class's number at its place, ones up to it, a one counted from the other end.
    """
    answer = tuple(int(value) for value in ops.one_hot(label, classes))
    number = tuple((label + 1) * value for value in answer)
    upto = tuple(int(place <= label) for place in range(classes))
    return tuple(sorted({answer, number, upto, answer[::-1]})), answer
