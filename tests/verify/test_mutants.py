"""Which mutants are made of a reference, and whether an exercise's checks notice them."""

from __future__ import annotations

import dataclasses
import os
import time
from fractions import Fraction

import numpy as np
import pytest

from grader import mutation
from grader.mutants import mutants
from grader.mutation import MutationProof, in_children, mutate_lesson, share
from grader.reference import ExerciseError
from grader.spec import Survivor
from tests.verify.toy import DOUBLE, use


def changes(body: str, head: str = "def f(x, y):") -> set[str]:
    """What is changed in a cell whose solution is these lines."""
    lines = "\n".join(f"    {line}" for line in body.split("\n"))
    cell = f'{head}\n    """Doc 1 + 1."""\n    ### BEGIN SOLUTION\n{lines}\n    ### END SOLUTION\nlater = 1 + 1'
    several = mutants(cell)
    for mutant in several:
        compile(mutant.source, "mutant", "exec")
        assert mutant.source != cell
        assert mutant.source.startswith(cell[: cell.index("BEGIN")]) and mutant.source.endswith("later = 1 + 1")
    assert len({m.source for m in several}) == len(several)
    return {mutant.change for mutant in several} - {"dropped"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return x + y", {"x + y -> x - y"}),
        ("return x - y", {"x - y -> x + y", "x - y -> y - x"}),
        ("return x @ y", {"x @ y -> x * y", "x @ y -> y @ x"}),
        ("return x ** y", {"x ** y -> x * y"}),
        ("x += y", {"x += y -> x -= y", "x += y -> x = y"}),
        ("return -x", {"-x -> x"}),
        ("return x[-1]", {"-1 -> 1", "-1 -> -2"}),
        ("return x < y", {"x < y -> x <= y", "x < y -> x >= y"}),
        ("return x is None", {"x is None -> x is not None"}),
        ("return x and y", {"x and y -> x or y"}),
        ("return x[0], 2.5, 0.0, True", {"0 -> 1", "2.5 -> 5.0", "0.0 -> 1.0", "True -> False"}),
        ("return x.sum(dim=1)", {"x.sum(dim=1) -> x.mean(dim=1)", "1 -> 0"}),
        ("return x.T", {"x.T -> x"}),
        (
            "return x.transpose(y, x).clone()",
            {"x.transpose(y, x).clone() -> x.transpose(y, x)", "x.transpose(y, x) -> x"},
        ),
        ("return np.sqrt(x)", {"np.sqrt(x) -> x"}),
        ("return torch.zeros(x)", {"torch.zeros(x) -> torch.ones(x)"}),
        ("with torch.no_grad():\n    x.f()", {"with torch.no_grad(): -> if True:"}),
        ("if x:\n    return y", {"if x: -> if True:", "if x: -> if False:"}),
        ("return x if y else later", {"x if y else later -> x", "x if y else later -> later"}),
        ("raise ValueError(f'{1 + 1} is {2}', 3)", set()),
        ('"""Not 1 but 2."""\nv: Literal[1] = x', set()),
    ],
)
def test_one_small_change_each(body: str, expected: set[str]) -> None:
    assert changes(body) == expected


def test_the_rest_of_the_cell_keeps_its_layout_and_a_mutant_is_named_by_its_line() -> None:
    lines = "    b = '值 # no'; c = a + 1   # add | 加\n    return c"
    cell = f"def f(a):\n    ### BEGIN SOLUTION\n{lines}\n    ### END SOLUTION"
    found = {mutant.name: mutant.source for mutant in mutants(cell)}
    assert found["b = '值 # no'; c = a + 1   [a + 1 -> a - 1]"] == cell.replace("a + 1", "(a - 1)")
    assert found["return c   [dropped]"] == cell.replace("return c", "pass")


def test_a_factor_stays_a_factor() -> None:
    """Brackets are put round what changes, or ``a * (b + c)`` could become another sum."""
    cell = "def f(a, b, c):\n    ### BEGIN SOLUTION\n    return c - a * b\n    ### END SOLUTION"
    assert any("c - (a / b)" in mutant.source for mutant in mutants(cell))


def test_good_checks_kill_what_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    proofs = mutate_lesson(use(monkeypatch))
    assert [proof.key for proof in proofs] == ["toy.double", "toy.total"]
    assert [(proof.total, proof.killed) for proof in proofs] == [(4, 4), (3, 2)]
    # A NumPy number counts as a float: the survivor is none that a check should notice.
    assert proofs[1].unknown == ["return float(np.sum(x))   [float(np.sum(x)) -> np.sum(x)]"]


def test_a_weak_check_lets_mutants_live_and_each_wants_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    zeros = dataclasses.replace(DOUBLE.public[0], inputs={"x": np.zeros(3)})
    weak = dataclasses.replace(DOUBLE, public=(zeros,), hidden=lambda rng: [])
    (proof, _) = mutate_lesson(use(monkeypatch, weak))
    assert proof.unknown == ["factor = 2   [2 -> 3]"] and proof.killed == 3
    assert share([proof]) == Fraction(3, 4)

    reasons = (Survivor("factor = 2", "2 -> 3", "zeros stay zeros"), Survivor("factor = 2", "dropped", "out of date"))
    (proof, _) = mutate_lesson(use(monkeypatch, dataclasses.replace(weak, survivors=reasons)))
    assert (proof.unknown, proof.equivalent, share([proof])) == ([], 1, 1)
    assert proof.stale == ["factor = 2   [dropped]"]

    admitted = (dataclasses.replace(reasons[0], equivalent=False),)
    (proof, _) = mutate_lesson(use(monkeypatch, dataclasses.replace(weak, survivors=admitted)))
    assert (proof.unknown, proof.explained, share([proof])) == ([], 1, Fraction(3, 4))


def test_a_sample_is_the_same_at_every_run(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [proof.total for proof in mutate_lesson(use(monkeypatch), sample=2)] == [2, 2]
    assert mutate_lesson(use(monkeypatch), sample=2) == mutate_lesson(use(monkeypatch), sample=2)


def test_nothing_counts_as_killed_where_the_reference_itself_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutation, "in_children", lambda tasks: iter([b""] * len(tasks)))
    with pytest.raises(ExerciseError, match=r"toy\.double: the reference itself does not pass"):
        mutate_lesson(use(monkeypatch))


def test_what_never_ends_or_dies_or_forks_is_stopped_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    children: list[int] = []
    fork = os.fork

    def noted_fork() -> int:
        children.append(fork())
        return children[-1]

    monkeypatch.setattr(os, "fork", noted_fork)

    def sleeps() -> bytes:
        while True:
            time.sleep(60)

    def eats() -> bytes:
        return bytes([len(bytearray(2**40)) % 7])

    def talks() -> bytes:
        print("into the void")
        os.write(2, b"into the void")
        return b"survives"

    tasks = [talks, sleeps, lambda: os._exit(3), eats, lambda: b"killed"]
    assert list(in_children(tasks, seconds=0.5)) == [b"survives", b"", b"", b"", b"killed"]
    assert len(children) == len(tasks)
    for child in children:  # nobody is left behind
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)


def test_a_proof_with_nothing_to_kill_is_no_failure() -> None:
    assert share([MutationProof("toy.double", total=2, equivalent=2)]) == 1
