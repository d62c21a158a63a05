"""Every automatic mutant of every reference: the sample in ``make test`` leaves most of them out."""

from __future__ import annotations

import pytest

from grader.course import LessonRef, find_course
from grader.lesson import read_lesson
from grader.mutation import LEAST, mutate_lesson, share

REFS = find_course().lessons()


@pytest.mark.long
@pytest.mark.parametrize("ref", REFS, ids=lambda ref: ref.id)
def test_the_checks_notice_them(ref: LessonRef) -> None:
    proofs = mutate_lesson(read_lesson(ref.source))
    assert sum(proof.total for proof in proofs) >= 20
    assert share(proofs) >= LEAST, [name for proof in proofs for name in proof.unknown]
    assert [name for proof in proofs for name in proof.stale] == []
