"""Who is who when grades go back: the gradebook's students, with what the roster and the files' names say of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from grader.gradebook import Book
from grader.naming import label_in, safe_id
from grader.person_names import joined
from grader.receipts import Receipt
from grader.roster import Roster, Student
from grader.transcript import names


@dataclass(frozen=True)
class People:
    """roster: everybody, with all that is known of them. numbers: Moodle's for a participant, by lesson and student: it
    is another one in each assignment."""

    roster: Roster
    numbers: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def of(cls, book: Book, receipts: Iterable[Receipt], roster: Roster | None) -> People:
        """Of a roster the entries count; what it leaves empty comes from the gradebook and from the files' names."""
        found = {student.key: student for student in roster or ()}
        for key, about in names(book).items():
            first, last = about["first_name"], about["last_name"]
            known = {"name": joined(first, last), "first_name": first, "last_name": last}
            known |= {"email": about["email"], "canvas": about["lms_user_id"]}
            found[key] = _completed(found.get(key, Student(key)), known)
        numbers: dict[tuple[str, str], str] = {}
        canvas: dict[str, set[str]] = defaultdict(set)
        for receipt in receipts:
            label = label_in(receipt.file.split("/"))
            if label is None or receipt.student not in found:
                continue
            if label.platform == "moodle":
                numbers[receipt.lesson, receipt.student] = label.user
            else:
                canvas[receipt.student].add(label.user)
            known = {"name": label.name}
            found[receipt.student] = _completed(found[receipt.student], known)
        for student, several in canvas.items():
            if len(several) == 1:
                found[student] = _completed(found[student], {"canvas": next(iter(several))})
        return cls(Roster(tuple(found[key] for key in sorted(found))), numbers)

    def __getitem__(self, student: str) -> Student:
        return self._by_key.get(student) or Student(student)

    @cached_property
    def _by_key(self) -> dict[str, Student]:
        return {student.key: student for student in self.roster}

    def participant(self, lesson: str, student: str) -> str:
        """Moodle's number for a student in a lesson's assignment; empty where it is not known."""
        return self.numbers.get((lesson, student), "")

    def with_numbers(self, numbers: Mapping[tuple[str, str], str]) -> People:
        return replace(self, numbers={**numbers, **self.numbers})

    def file_name(self, student: str) -> str:
        """Fit for a file: the gradebook may know people whom somebody else entered, under any name."""
        return safe_id(student)


def _completed(student: Student, known: Mapping[str, str]) -> Student:
    new: dict[str, Any] = {key: word for key, word in known.items() if word and not getattr(student, key)}
    return replace(student, **new)
