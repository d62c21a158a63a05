"""Every exercise that runs anywhere, on this machine's accelerator: the solution and all right answers agree with the
solution there and with float64, and no device mistake goes through.

    python -m pytest -m gpu -rA tests/gpu/test_exercises.py

prints for each exercise what agreed and how long it took on both.
"""

from __future__ import annotations

import pytest

from grader.packing import make_pack
from grader.proof_there import prove_there
from grader.reference import load_exercises
from tests.gpu import bare

pytestmark = [pytest.mark.gpu, pytest.mark.filterwarnings("ignore:.*determinis:UserWarning")]


@pytest.mark.parametrize(("folder", "name"), bare.portable(), ids=lambda word: word)
def test_right_answers_agree_and_device_mistakes_do_not(folder: str, name: str) -> None:
    place, lesson = bare.place(), bare.lesson(folder)
    spec = load_exercises(lesson)[name]
    pack = make_pack(lesson, name, spec, seed=1, wrong=False)
    found = prove_there(lesson, name, spec, pack, place)
    print(
        f"{pack.key} on {found.device}: {found.agree}/{found.answers * found.cases} agree, "
        f"{found.caught}/{found.mistakes} mistakes, CPU {1000 * found.seconds_here:.0f} ms, "
        f"device {1000 * found.seconds_there:.0f} ms"
    )
    problems = found.problems
    if place.name == "cpu":  # a rehearsal: nothing is on the wrong device here
        problems = tuple(problem for problem in problems if problem[0] != "device-missed")
    assert problems == ()
    assert found.agree == found.answers * found.cases
