"""The lessons that use an accelerator, on a simulated one that rounds and throws dice in its own way.

Each lesson runs twice in this process, on the CPU and there: nothing may be refused, what it prints, describes and
answers has to be the same, and what it trains has to be trained on the device. No GPU is needed; ``tests/gpu`` does the
same on a real one.
"""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from course_lib.checking.simulated import DEVICE, to_device
from grader.course import find_course
from grader.lesson import read_lesson
from tests.lessons.another_machine import another_machine
from tests.lessons.running import CHOICE, Code, Told, accelerated, code_cells, run

LESSONS = pytest.mark.parametrize("path", accelerated(), ids=lambda path: path.stem)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Tens of thousands of tiny operations: threads would only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def elsewhere(cells: list[Code], machine: int) -> Told:
    return run(cells, DEVICE.type, another_machine(machine))


def compare(path: Path, machine: int) -> None:
    cells = code_cells(path)
    here, there = run(cells, "cpu"), elsewhere(cells, machine)
    assert there.said == here.said
    assert there.answers == here.answers and all(
        type(there.answers[key]) is type(answer) for key, answer in here.answers.items()
    )
    assert there.trained_since() == {cell: {DEVICE.type} for cell in here.trained_since()}
    assert not here.exact and there.exact == bool(there.trained_since()), "a lesson that trains keeps its kernels exact"
    assert torch.backends.cudnn.allow_tf32 and not torch.are_deterministic_algorithms_enabled(), "as it was"


@LESSONS
def test_a_lesson_says_the_same_on_another_machine(path: Path) -> None:
    compare(path, 0)


@pytest.mark.long
@pytest.mark.parametrize("machine", range(1, 6))
@LESSONS
def test_a_lesson_says_the_same_on_many_machines(path: Path, machine: int) -> None:
    compare(path, machine)


def test_the_lessons_that_train_a_network_are_among_them() -> None:
    assert {"lenet", "training", "checkpoints"} <= {path.stem.partition("_")[2] for path in accelerated()}


def first_training() -> list[Code]:
    """Lesson 12 as far as its first training."""
    cells = code_cells(find_course().lesson("training").source)
    return cells[: [cell.id for cell in cells].index("before-run") + 1]


@pytest.mark.parametrize(
    ("cell", "move"),
    [("load", ".to(device)\n"), ("before-run", "train_x[:32].to(device)"), ("before-run", "labels.to(device)")],
)
def test_a_forgotten_move_is_refused(cell: str, move: str) -> None:
    without = move.replace(".to(device)", "")
    cells = [dataclasses.replace(c, source=(c.source + "\n").replace(move, without)) for c in first_training()]
    assert cells != first_training() and cell in [c.id for c in cells]
    with pytest.raises(RuntimeError, match="same device") as caught:
        elsewhere(cells, 0)
    assert caught.value.__notes__ == ["in cell before-run"]


def test_a_figure_needs_its_numbers_on_the_cpu() -> None:
    drawn = Code("figure", "", "fig, ax = new_figure()\nax.plot([1, 2], train_x[0, 0, 0, :2].to(device))")
    with pytest.raises(TypeError, match="host memory"):
        elsewhere([*first_training(), drawn], 0)


def test_training_that_stays_on_the_cpu_is_noticed() -> None:
    stays = CHOICE + '\ndevice = torch.device("cpu")'
    cells = [dataclasses.replace(c, source=c.source.replace(CHOICE, stays)) for c in first_training()]
    assert elsewhere(first_training(), 0).trained_since() == {"before-run": {DEVICE.type}}
    assert elsewhere(cells, 0).trained_since() == {"before-run": {"cpu"}}


def test_another_machine_rounds_and_throws_dice_in_its_own_way() -> None:
    a, b = torch.rand(50, 50), torch.rand(50, 50)
    products, dice, manual_seed = (
        [a @ b],
        [torch.rand(3, generator=torch.Generator().manual_seed(7))],
        torch.manual_seed,
    )
    for number in (0, 1):
        with torch.random.fork_rng(), another_machine(number):
            products.append((to_device(a) @ to_device(b)).cpu())
            torch.manual_seed(7)
            dice.append(torch.rand(3, device=DEVICE).cpu())
            torch.manual_seed(7)
            assert torch.equal(torch.rand(3, device=DEVICE).cpu(), dice[-1])
            assert torch.equal(torch.rand(3), dice[0]), "the dice of the CPU are the same everywhere"
    for things in (products, dice):
        assert not any(torch.equal(one, other) for one, other in zip(things, [*things[1:], things[0]], strict=True))
    assert all(torch.allclose(product, products[0], rtol=1e-6, atol=0) for product in products)
    assert torch.manual_seed is manual_seed


@pytest.mark.parametrize("ref", find_course().lessons(), ids=lambda ref: ref.id)
def test_the_cells_are_those_that_the_course_reads(ref) -> None:
    read = [(cell.id, cell.source) for cell in read_lesson(ref.source).cells if cell.kind == "code"]
    assert [(cell.id, cell.source) for cell in code_cells(ref.source)] == read


BARE = """
import sys

class Without:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("IPython PIL ipywidgets jupytext matplotlib nbformat safetensors".split()):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Without())
import torch
from tests.lessons.running import accelerated, code_cells, run
torch.set_num_threads(1)
print(sum(bool(run(code_cells(path), "cpu").trained_since()) for path in accelerated()), "lessons have trained")
"""


def test_a_machine_without_jupyter_and_matplotlib_can_do_it() -> None:
    done = subprocess.run([sys.executable, "-c", BARE], capture_output=True, text=True, check=False)
    assert done.stdout == "3 lessons have trained\n", done.stderr
