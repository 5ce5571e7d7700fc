"""The class on disk: names, answers, votes, limits, the ranking, and how an address reaches a phone."""

from cnnlab.classroom.answers import ANSWERS, Answer
from cnnlab.classroom.class_folder import make_room
from cnnlab.classroom.classroom import Classroom
from cnnlab.classroom.students import LONG_AWAY, Student

__all__ = ["ANSWERS", "LONG_AWAY", "Answer", "Classroom", "Student", "make_room"]
