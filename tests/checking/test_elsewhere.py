"""An answer in another place: what is seen there, what should be, and how far rounding may take the two apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

from course_lib.checking import agreement, check, on_accelerator
from course_lib.checking.accelerator_errors import fatal, out_of_memory
from course_lib.checking.agreement import Expected, difference, differences, moved
from course_lib.checking.elsewhere import SIMULATED, _DiceOfTheCpu, expect, observe_on, observe_precisely
from course_lib.checking.elsewhere_words import reason, tell
from course_lib.checking.packs import read_pack
from course_lib.checking.probing import compile_probe, run_probe
from course_lib.checking.results import Difference, Observed, RaisedError
from course_lib.checking.rounding import counted
from course_lib.checking.values import observe
from course_lib.checking.verdict import PropertySpec
from course_lib.text import Text
from grader.course import find_course
from grader.lesson import Lesson, read_lesson
from grader.reference import exercise_ids, load_exercises, run_solutions

PROP = PropertySpec("y", Text(en="the result", zh="结果"), 1.0)
PROBE = "def probe(ns, case):\n    yield 'y', ns['f'](case['x'])\n    yield 'n', 3\n"


def seen_on(device: str, f: Any, x: Any = None) -> Observed:
    given = torch.tensor([1.0, 2.0]) if x is None else x
    return observe_on(device, compile_probe(PROBE), {"f": f}, {"x": observe(given)})


def test_the_device_of_each_tensor_is_in_the_record() -> None:
    seen = seen_on(SIMULATED, lambda x: [x * 2, (x + 1).cpu(), {"z": x.sum()}])
    first, second, third = seen.values["y"].data
    assert (first.device, second.device, third.data["z"].device) == (SIMULATED, "cpu", SIMULATED)
    assert seen.values["n"].data == 3
    assert seen_on("cpu", lambda x: x).values["y"].device == "cpu"


SLY = "def f(x):\n    try:\n        return x + torch.zeros(2)\n    except RuntimeError:\n        return x"


def test_a_slip_that_a_students_except_met_is_an_error_all_the_same() -> None:
    names: dict[str, Any] = {"torch": torch}
    exec(compile(SLY, "<cell 1>", "exec"), names)
    seen = seen_on(SIMULATED, names["f"])
    assert seen.error is not None and "same device" in seen.error.message
    assert reason(seen, {}) == "error"


def test_dice_for_another_device_are_the_cpus() -> None:
    """``meta`` is a device that every build of torch has; its own dice leave the CPU's where they are."""
    torch.manual_seed(0)
    with _DiceOfTheCpu():
        assert torch.rand(3, device="meta").device.type == "meta"
        assert torch.randperm(9, device="meta").device.type == "meta"
    after = torch.get_rng_state()
    torch.manual_seed(0)
    torch.rand(3), torch.randperm(9)
    assert torch.equal(after, torch.get_rng_state())
    torch.manual_seed(0)
    torch.rand(3, device="meta"), torch.randperm(9, device="meta")
    assert not torch.equal(after, torch.get_rng_state())


def test_in_float64_the_numbers_are_the_same_and_the_dice_too() -> None:
    def f(x: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(1)
        return torch.nn.functional.dropout(x / 3, 0.5) + torch.rand(2, dtype=x.dtype)

    narrow = run_probe(PROBE, {"f": f}, {"x": observe(torch.tensor([1.0, 2.0]))}).values["y"]
    wide = observe_precisely(compile_probe(PROBE), {"f": f}, {"x": observe(torch.tensor([1.0, 2.0]))}).values["y"]
    assert (narrow.dtype, wide.dtype) == ("float32", "float64")
    assert np.abs(wide.data - narrow.data).max() < 1e-6


@pytest.mark.parametrize(
    ("f", "terms"),
    [
        (lambda x: x @ torch.ones(1000, 2), 1001),
        (lambda x: x.sum(), 1000),
        (lambda x: torch.exp(x), 4),
        (lambda x: x.reshape(10, 100), 0),
        (lambda x: torch.nn.functional.conv1d(x.reshape(1, 1, -1), torch.ones(1, 1, 7)), 8),
    ],
    ids=["product", "sum", "exp", "view", "convolution"],
)
def test_the_allowance_follows_the_operation(f: Any, terms: int) -> None:
    with counted() as work:
        f(torch.full((1000,), 3.0))
    assert work.terms == terms


def test_the_allowance_follows_the_dtype_and_the_size_of_the_numbers() -> None:
    def allowed(x: torch.Tensor) -> float:
        with counted() as work:
            x.sum()
        return work.total

    one = allowed(torch.ones(100))
    assert allowed(torch.ones(100) * 1000) == pytest.approx(1000 * one)
    assert allowed(torch.ones(100).double()) == pytest.approx(one * 2.0**-29)
    signs = torch.tensor([1.0, -1.0]).repeat(50)
    assert allowed(signs) == pytest.approx(one), "what cancels has rounded all the same"


def test_no_allowance_is_wider_than_half_of_the_digits() -> None:
    expected = Expected(Observed({"y": observe(torch.tensor([1.0]))}), None, allowance=10.0)
    assert difference(PROP, expected, Observed({"y": observe(torch.tensor([1.0003]))})) is None
    assert difference(PROP, expected, Observed({"y": observe(torch.tensor([1.01]))})) is not None
    whole = Expected(Observed({"y": observe(7)}), None, allowance=10.0)
    assert difference(PROP, whole, Observed({"y": observe(8)})) is not None


def test_near_the_reference_is_not_enough_where_both_are_far_from_the_truth() -> None:
    there, truth = (
        Observed({"y": observe(torch.tensor([y], dtype=d))}) for y, d in ((1.01, torch.float32), (1.0, torch.float64))
    )
    expected = Expected(there, truth, 1e-6)
    found = difference(PROP, expected, there)
    assert found is not None and found.reason == "truth" and "float64" in found.sentence.zh
    assert difference(PROP, replace(expected, truth=None), there) is None


def test_what_came_back_on_the_cpu_is_told_so() -> None:
    expected = Expected(seen_on(SIMULATED, lambda x: x * 2))
    gaps = differences((PROP,), expected, seen_on(SIMULATED, lambda x: (x * 2).cpu()))
    assert gaps["y"].reason == "device"
    said = tell("a GPU", Observed({}), gaps, {"y": PROP.label})
    assert "comes back on the CPU (the result)" in said.en and "结果却回到了 CPU（结果）" in said.zh


def test_every_kind_of_error_has_its_words_in_both_languages() -> None:
    errors = {
        "out_of_memory": RaisedError("OutOfMemoryError", "CUDA out of memory. Tried to allocate 2 GiB", 1, "a = b"),
        "fatal": RaisedError("AcceleratorError", "CUDA error: device-side assert triggered\nmore", 1, "a[i]"),
        "error": RaisedError("RuntimeError", "Expected all tensors to be on the same device", 1, "x + y"),
    }
    for code, error in errors.items():
        assert reason(Observed({}, error), {}) == code
        said = tell("a GPU", Observed({}, error), {}, {})
        assert said.en != said.zh and "{" not in said.en + said.zh
        assert (fatal(error), out_of_memory(error)) == (code == "fatal", code == "out_of_memory")
    missing = tell("a GPU", Observed({}, RaisedError("NotDefined", "f")), {}, {})
    assert "does not get that far" in missing.en
    values = tell(
        "a GPU",
        Observed({}),
        {"y": Difference("values", Text(en="1 instead of 2", zh="得到 1，应为 2"))},
        {"y": PROP.label},
    )
    assert "1 instead of 2" in values.en and "得到 1" in values.zh
    with pytest.raises(ValueError, match="nothing is wrong"):
        tell("a GPU", Observed({}), {}, {})


def cross_entropy(line: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {}
    source = (
        "import torch\ndef cross_entropy(logits, labels, weight=None):\n    each = -torch.log_softmax(logits, dim=1)\n"
        f"    chosen = {line}\n    chosen[torch.arange(len(labels)), labels] = 1\n"
        "    chosen = chosen if weight is None else chosen * weight\n    return (chosen * each).sum() / chosen.sum()\n"
    )
    exec(compile(source, "<cell 1>", "exec"), namespace)
    return namespace


def test_advice_from_a_device_names_the_line_and_is_silent_on_right_answers() -> None:
    pack = read_pack("losses.cross_entropy")
    narrow, wide = (
        cross_entropy("torch.zeros(*logits.shape, dtype=logits.dtype)"),
        cross_entropy("logits.new_zeros(logits.shape)"),
    )
    said = on_accelerator.advice_on(SIMULATED, SIMULATED, pack, narrow)
    assert said is not None and "on the same device" in said.en and "分数全得" in said.zh
    assert on_accelerator.advice_on(SIMULATED, SIMULATED, pack, wide) is None
    assert on_accelerator.advice_on("cpu", "cpu", pack, narrow) is None


def test_advice_draws_nothing_from_the_students_dice() -> None:
    drawing: dict[str, Any] = {}
    source = (
        "import torch\ndef cross_entropy(logits, labels, weight=None):\n    torch.rand(3)\n"
        "    return torch.nn.functional.cross_entropy(logits, labels, weight)\n"
    )
    exec(compile(source, "<cell 1>", "exec"), drawing)
    torch.manual_seed(0)
    before = torch.get_rng_state()
    assert on_accelerator.advice_on("cpu", "cpu", read_pack("losses.cross_entropy"), drawing) is None
    assert torch.equal(torch.get_rng_state(), before)


def test_check_asks_the_device_that_it_is_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    pack = read_pack("losses.cross_entropy")
    narrow = cross_entropy("torch.zeros(*logits.shape, dtype=logits.dtype)")
    assert check._advised(pack, narrow, "cpu").notes == ()
    assert len(check._advised(pack, narrow, "simulated").notes) == 1
    if not torch.accelerator.is_available():
        (note,) = check._advised(pack, narrow, "cuda").notes
        assert "no accelerator here" in note.en and "没有加速器" in note.zh
    asked: list[str] = []
    monkeypatch.setattr("course_lib.device.pick_device", lambda: torch.device("meta"))
    monkeypatch.setattr(on_accelerator, "advice_on", lambda device, *_: asked.append(device))
    assert check._advised(pack, narrow).notes == ()
    assert asked == ["meta"]


def test_a_value_is_moved_with_all_that_it_holds() -> None:
    value = moved(observe([torch.ones(1), {"a": torch.zeros(2)}, 3]), "cuda:0")
    assert [value.data[0].device, value.data[1].data["a"].device, value.data[2].device] == ["cuda:0", "cuda:0", ""]


# Sums in another order and other elementary functions; + − × ÷ √ are the same on every machine (IEEE 754).
_ROUNDS = (
    "mm addmm bmm baddbmm mv dot sum mean var var_mean convolution convolution_backward exp log log1p pow sigmoid tanh "
    "silu _softmax _log_softmax _softmax_backward_data _log_softmax_backward_data native_batch_norm softplus cumsum"
)


class _OtherRounding(TorchDispatchMode):
    """Sums and elementary functions are off by up to two units in the last place, as on another machine."""

    def __init__(self) -> None:
        super().__init__()
        self.dice = torch.Generator().manual_seed(0)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        rounds = func._schema.name.removeprefix("aten::") in _ROUNDS.split()
        if not rounds or torch.Tag.inplace in func.tags or torch.Tag.nondeterministic_seeded in func.tags:
            return out
        return tree_map_only(torch.Tensor, self._shaken, out)

    def _shaken(self, t: torch.Tensor) -> torch.Tensor:
        if not t.is_floating_point() or any(word in str(t.dtype) for word in ("16",)):
            return t
        off = (torch.rand(t.shape, generator=self.dice) * 4 - 2).to(t.dtype) * (torch.finfo(t.dtype).eps / 2)
        return t * (1 + off)


def lessons() -> list[Lesson]:
    return [read_lesson(ref.source) for ref in find_course().lessons()]


@pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.ref.id)
def test_right_answers_agree_on_a_machine_that_rounds_otherwise_and_wrong_ones_do_not(lesson: Lesson) -> None:
    """The allowances are wide enough for other rounding, and no named wrong answer gets in with them."""
    specs = load_exercises(lesson)
    portable = [name for name in exercise_ids(lesson) if specs[name].device_wrong]
    if not portable:
        pytest.skip(f"{lesson.ref.id} has no exercise that runs on other devices")
    for name in portable:
        pack = read_pack(f"{lesson.ref.slug}.{name}")
        names, probe = run_solutions(lesson, [name]), compile_probe(pack.probe)
        wanted = [expect("cpu", probe, names, case.inputs, pack.properties) for case in pack.cases]
        for case, expected in zip(pack.cases, wanted, strict=True):

            def shaken(ns: Any, inputs: Any, probe: Any = probe) -> Iterator[tuple[str, object]]:
                with _OtherRounding():
                    yield from probe(ns, inputs)

            seen = run_probe(shaken, names, case.inputs)
            assert differences(pack.properties, expected, seen) == {}, (pack.key, case.name)
        for known in pack.wrong:
            caught = [
                differences(pack.properties, e, o) or o.error for e, o in zip(wanted, known.observed, strict=True)
            ]
            assert any(caught), (pack.key, known.code)


def test_the_other_rounding_is_one() -> None:
    """The test above means something: without allowances some right answer would be off."""
    x = torch.linspace(0, 1, 50)
    with _OtherRounding():
        shaken, exact = x.exp(), x * 3
    assert 0 < (shaken - x.exp()).abs().max() < 1e-6 and torch.equal(exact, x * 3)
    assert agreement._half_of_the_digits(observe(torch.tensor([4.0]))) == pytest.approx(4 * 2**-11.5)
