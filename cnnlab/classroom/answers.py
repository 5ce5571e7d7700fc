"""What have students answered? A first answer to each question is kept, a line each."""

import json
from dataclasses import asdict, dataclass

from pydantic import TypeAdapter, ValidationError

from cnnlab import files, moments, reading
from cnnlab.classroom.class_folder import make_room
from cnnlab.classroom.students import Students

ANSWERS = 1000  # first answers of a student that are kept; there are some dozens of questions


@dataclass(frozen=True)
class Answer:
    """A first answer: to which question, about which settings, of which partner where two work together."""

    at: str
    question: str
    settings: str
    answer: reading.Text
    right: bool
    partner: int = 1


_ANSWER = TypeAdapter(Answer)


class Answers(Students):
    """The part of a class that its first answers are."""

    def record(
        self, owner: str, question: str, settings: str, answer: str, right: bool, partner: int = 1
    ) -> None:
        """Keep a student's first answer to a question about these settings; a later one is not kept."""
        entry, kept = (
            Answer(moments.now(), question, settings, answer, right, partner),
            self.answers_of(owner),
        )
        if len(kept) >= ANSWERS or any(_same_question(one, entry) for one in kept):
            return
        path = self.folder / "answers" / f"{owner}.jsonl"
        make_room(path)
        files.append(path, json.dumps(asdict(entry)))

    def answers(self) -> list[tuple[str, Answer]]:
        """Return (nickname, answer) for every first answer of the class, in the order of time."""
        found = [(one.nickname, answer) for one in self.students() for answer in self.answers_of(one.owner)]
        return sorted(found, key=lambda pair: pair[1].at)

    def answers_of(self, owner: str) -> list[Answer]:
        """Return a student's first answers in their order; lines that are damaged are passed over."""
        try:
            lines = reading.content(self.folder / "answers" / f"{owner}.jsonl").splitlines()
        except (FileNotFoundError, reading.Damaged):
            return []
        found: list[Answer] = []
        for line in lines:
            try:
                answer = _ANSWER.validate_json(line, strict=True)
            except ValidationError:
                continue
            if not any(_same_question(one, answer) for one in found):  # two tabs may have written at once
                found.append(answer)
        return found


def _same_question(one: Answer, other: Answer) -> bool:
    return (one.question, one.settings, one.partner) == (other.question, other.settings, other.partner)
