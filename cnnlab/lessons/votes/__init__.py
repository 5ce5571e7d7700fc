"""Questions that a whole class can vote on, the same for everybody, on photos that come with the app.

Each entry of QUESTIONS computes its question from a fixed photo or network, with the functions that the
lessons ask with. It is called anew each time, for its words are in the session's language.
"""

from collections.abc import Callable

from cnnlab.lessons.votes.answer import adds, rises
from cnnlab.lessons.votes.convolution import bright, even, feeds
from cnnlab.lessons.votes.home import sure
from cnnlab.lessons.votes.layer import relu, weights
from cnnlab.lessons.votes.learning import double
from cnnlab.lessons.votes.network import reach
from cnnlab.lessons.votes.pooling import brighter, shift
from cnnlab.lessons.votes.question import Mark, Question, Sight, tally

__all__ = ["QUESTIONS", "Mark", "Question", "Sight", "tally"]

QUESTIONS: dict[str, Callable[[], Question]] = {
    function.__name__: function
    for function in (sure, bright, feeds, even, weights, relu, shift, brighter, adds, rises, reach, double)
}
