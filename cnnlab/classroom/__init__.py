"""The class on disk: names, answers, votes, limits, the ranking, and how an address reaches a phone."""

from cnnlab.classroom.classroom import ANSWERS, LONG_AWAY, Answer, Classroom, Student, make_room

__all__ = ["ANSWERS", "LONG_AWAY", "Answer", "Classroom", "Student", "make_room"]
