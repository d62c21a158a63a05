"""The simulated device: what a GPU would refuse is refused, what it would do is done, and nothing stays behind."""

from __future__ import annotations

import copy
import io
import linecache
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.checking import check, portability
from course_lib.checking.device_words import tell
from course_lib.checking.packs import read_pack
from course_lib.checking.portability import advice, slips_of, travel
from course_lib.checking.render_html import html
from course_lib.checking.render_text import plain
from course_lib.checking.simulated import DEVICE, Shell, home, simulated_device, to_device
from course_lib.checking.values import observe
from course_lib.checking.verdict import ExercisePack, JudgedCase
from course_lib.text import Text

PROBE = "def probe(ns, case):\n    yield 'out', ns['f'](**case)"


def student(body: str, parameters: str = "x") -> dict[str, Any]:
    """The names that a student's cell defines: a function f with this body."""
    lines = [line for line in body.split("\n") if line]
    source = f"def f({parameters}):\n" + "".join(f"    {line}\n" for line in lines)
    namespace: dict[str, Any] = {"torch": torch, "nn": nn, "np": np}
    file = f"<cell {len(linecache.cache)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    exec(compile(source, file, "exec"), namespace)
    return namespace


def compiled(source: str = PROBE) -> Any:
    names: dict[str, Any] = {}
    exec(compile(source, "<probe>", "exec"), names)
    return names["probe"]


def trip(body: str, **inputs: Any) -> Any:
    inputs = inputs or {"x": torch.arange(6.0).reshape(2, 3)}
    seen = {name: observe(thing) for name, thing in inputs.items()}
    return travel(compiled(), student(body, ", ".join(inputs)), seen)


def kinds(body: str, **inputs: Any) -> list[str]:
    return [slip.kind for slip in slips_of(trip(body, **inputs))]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("return x @ torch.randn(3, 2)", "mixed"),
        ("return x + torch.zeros(3)", "mixed"),
        ("return x * torch.tensor([2.0])", "mixed"),
        ("return torch.cat([x, torch.zeros(1, 3)])", "mixed"),
        ("total = torch.zeros(())\ntotal += x.sum()\nreturn total", "mixed"),
        ("return torch.add(x, x, out=torch.empty(2, 3))", "mixed"),
        ("return torch.zeros(9)[x.long()]", "mixed"),
        ("return x.gather(1, torch.zeros(2, 1, dtype=torch.int64))", "mixed"),
        ("return torch.stack([x.sum(), torch.tensor(1.0)])", "mixed"),
        ("return torch.nn.functional.mse_loss(x, torch.ones(2, 3))", "mixed"),
        ("return nn.Linear(3, 2)(x)", "mixed"),
        ("return torch.equal(x, torch.zeros(2, 3))", "mixed"),
        ("return x.numpy()", "numpy"),
        ("return torch.tensor(np.asarray(x))", "numpy"),
        ("return torch.from_numpy(np.maximum(x, 0))", "numpy"),
        ("return torch.rand(3, device=x.device, generator=torch.Generator())", "generator"),
        ("return x.clone().normal_(generator=torch.Generator())", "generator"),
        ("return torch.rand(3, generator=torch.Generator(x.device)).to(x)", "drawn"),
        ("return torch.randperm(3, generator=torch.Generator(device=x.device)).to(x.device)", "drawn"),
        ("w = x.clone().requires_grad_()\nw.grad = torch.zeros(2, 3)\nreturn w.grad", "refused"),
        ("torch.set_rng_state(torch.get_rng_state().to(x.device))\nreturn x", "state"),
        ("w = nn.Parameter(x)\nw.data = torch.zeros(2, 3)\nreturn w + x", "moved"),
        ("return x.cpu() * 2", "returned"),
        ("return torch.tensor(x.tolist())", "returned"),
        ("out = torch.empty(2, 3)\nout[:] = x\nreturn out", "returned"),
        ("return [x, {'deep': (x.sum(), torch.zeros(2))}]", "returned"),
        ("return torch.tensor([x[0, 0], x[1, 1]])", "returned"),
    ],
)
def test_what_a_gpu_would_not_take(body: str, kind: str) -> None:
    assert kinds(body)[0] == kind


@pytest.mark.parametrize(
    "body",
    [
        "return x * 2.5 + torch.tensor(3.0)",  # a tensor without axes counts as a number
        "return torch.where(x > 2, x, torch.tensor(0.0))",
        "return torch.where(x > 2, 1.0, 0.0)",
        "return x[torch.tensor([1, 0])]",  # an index may come from the CPU
        "return x[[1, 0], [2, 2]]",
        "x[[0]] = 7.0\nreturn x",
        "x[0, 0] = torch.tensor(9.0)\nreturn x",
        "x[torch.zeros(2, dtype=torch.int64), 1] = 4.0\nreturn x",
        "return x[x > 2]",
        "return x if x.sum() > 3 else -x",
        "return [float(x.sum()), x.max().item(), x.tolist(), int(x[1, 1]), len(x), bool((x > 0).any())]",
        "return torch.tensor([[1.0, 2.0]], device=x.device) + x.new_tensor([3.0])",
        "return torch.as_tensor([2.0], device=x.device) * torch.arange(3, device=x.device)",
        "return torch.zeros(2, device=x.device), torch.zeros_like(x), x.new_ones(2), torch.ones(2).to(x.device)",
        "return torch.tensor([1.0], device=x.device, requires_grad=True) * torch.asarray([2.0], device=x.device)",
        "return torch.from_numpy(x.cpu().numpy() + x.numpy(force=True)).to(x)",
        "return torch.tensor([x[0, 0], x[1, 1]], device=x.device)",
        "y = x.view(6)\ny.mul_(2)\nx += 1\nreturn x, y",
        "y = x.T\ny.data = y.data + 1\nreturn y, y.data.sum()",
        "return torch.vmap(lambda r: (r * x).sum())(x), torch.func.grad(lambda t: (t * t).sum())(x)",
        "w = x.clone().requires_grad_()\n(w * w).sum().backward()\nreturn w.grad, w.detach()",
        "return torch.autograd.functional.jacobian(lambda t: t * t, x)",
        "w = x.double().requires_grad_()\nreturn torch.autograd.gradcheck(lambda t: t.sin().sum(), w)",
        "torch.manual_seed(1)\nreturn torch.rand(3, device=x.device), torch.randn_like(x), x.clone().bernoulli_(0.5)",
        "g = torch.Generator(device=x.device).manual_seed(3)\nreturn torch.rand(3, device=x.device, generator=g)",
        "g = torch.Generator(x.device)\ng.manual_seed(3)\nreturn [torch.randn(2, generator=g, device=x.device), "
        "torch.bernoulli(x / 9, generator=g), torch.randperm(9, device=x.device, generator=g), x.normal_(generator=g)]",
        "return nn.init.normal_(torch.empty_like(x), generator=torch.Generator(x.device).manual_seed(3))",
        "g = torch.Generator(x.device).manual_seed(1)\ns = g.get_state()\na = torch.rand_like(x, generator=g)\n"
        "g.set_state(s)\nreturn a, torch.rand(2, device=x.device, generator=g)",
        "g = torch.Generator()\ng.manual_seed(3)\n"
        "return torch.rand(3, generator=g).to(x), x[torch.randperm(2, generator=g)]",
        "assert isinstance(torch.Generator(), torch.Generator)\ng = torch.Generator(device=x.device)\n"
        "assert isinstance(g, torch.Generator) and g.device.type == x.device.type\nreturn x",
        "return [b for (b,) in torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x), 2)]",
        "return torch.einsum('ij,kj->ik', x, x), torch.nn.functional.conv2d(x[None, None], x[None, None, :1, :1])",
        "return torch.split(x, [1, 2], dim=1), torch.unbind(x), list(x)",
        "with torch.device(x.device):\n    return torch.zeros(3) + x, torch.tensor([1.0, 2.0, 3.0]) * x, torch.eye(3)",
        "return f'{x.sum():.3f} {x.max():>6.1e}'",
        "with torch.inference_mode():\n    return (x * 2).softmax(1)",
    ],
)
def test_what_runs_everywhere_gives_the_numbers_of_the_cpu(body: str) -> None:
    x = torch.arange(6.0).reshape(2, 3)
    found = trip(body, x=x)
    assert slips_of(found) == [] and found.observed.error is None
    here = student(body)["f"](x.clone())
    if isinstance(here, torch.Tensor) and here.is_inference():
        here = here.clone()
    expected, got = observe(here), found.observed.values["out"]
    assert _numbers(got) == _numbers(expected)


def _numbers(value: Any) -> Any:
    if value.kind == "sequence":
        return [_numbers(item) for item in value.data]
    return value.kind, value.dtype, value.shape, np.asarray(value.data).tolist()


@pytest.mark.parametrize("optimiser", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad"])
def test_modules_and_optimisers_train_there_as_on_the_cpu(optimiser: str) -> None:
    def trained(move: bool) -> Any:
        torch.manual_seed(0)
        x, y = torch.randn(8, 3), torch.randint(2, (8,))
        model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2))
        if move:
            x, y, model = to_device(x), to_device(y), to_device(model)
        steps = getattr(torch.optim, optimiser)(model.parameters(), lr=0.05)
        for _ in range(3):
            steps.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            steps.step()
        again = copy.deepcopy(model)
        file = io.BytesIO()
        torch.save(model.state_dict(), file)
        file.seek(0)
        state = torch.load(file)
        again.load_state_dict(state)
        assert all(isinstance(t, Shell) is move for t in (*again.parameters(), *again.buffers(), *state.values()))
        return [p.inside if isinstance(p, Shell) else p.detach() for p in again.parameters()]

    with simulated_device() as log:
        there = trained(True)
    torch.testing.assert_close(there, trained(False))
    assert log.slips == []


def test_the_words_name_the_line_the_shape_and_where_it_was_made() -> None:
    (slip,) = slips_of(trip("noise = torch.rand(2, 3) > 0.5\nreturn x * noise"))
    assert (slip.line, slip.source_line, slip.shapes) == (3, "return x * noise", ((2, 3),))
    said = tell(slip)
    for words in (said.en, said.zh):
        assert "`return x * noise`" in words and "`mul`" in words and "(2, 3)" in words
        assert "`noise = torch.rand(2, 3) > 0.5`" in words and "device=" in words
        assert "RuntimeError: Expected all tensors to be on the same device" in words
    (slip,) = slips_of(trip("return x @ torch.randn(3, 2)"))
    assert slip.made_in == "" and slip.source_line == "return x @ torch.randn(3, 2)"
    assert "TypeError: can't convert" in tell(slips_of(trip("return x.numpy()"))[0]).zh
    said = tell(slips_of(trip("w = nn.Parameter(x)\nw.grad = torch.zeros(2, 3)"))[0])
    assert "`RuntimeError: attempting to assign a gradient" in said.zh and "'cuda'" in said.en and "meta" not in said.en


def test_a_result_is_called_by_its_label_and_a_copy_to_the_cpu_is_no_missing_device() -> None:
    (slip,) = slips_of(trip("return x.cpu()"))
    label = Text(en="the shape of it", zh="它的形状")
    said = tell(slip, {"out": label})
    assert "on the CPU (the shape of it)" in said.en and "CPU（它的形状）" in said.zh
    (slip,) = slips_of(trip("y = x.cpu() + 1\nreturn x * y"))
    assert tell(slip).en.endswith("That tensor comes from `y = x.cpu() + 1`.") and "device=" not in tell(slip).zh


def test_words_with_braces_are_only_quoted() -> None:
    (slip,) = slips_of(trip("d = {'w': torch.ones(3)}\nreturn f\"{x + d['w']}\""))
    assert "{x + d['w']}" in tell(slip).en


def test_a_slip_in_the_backward_pass_is_found_with_the_students_line() -> None:
    body = """\
class Twice(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return 2 * x
    @staticmethod
    def backward(ctx, grad):
        return grad * torch.full((2, 3), 2.0)
w = x.clone().requires_grad_()
Twice.apply(w).sum().backward()
return w.grad"""
    slip = slips_of(trip(body))[0]
    assert (slip.kind, slip.source_line) == ("mixed", "return grad * torch.full((2, 3), 2.0)")


def test_the_probes_own_lines_are_on_the_device_and_modules_are_moved() -> None:
    probe = """\
def probe(ns, case):
    import torch
    model = ns['f'](3)
    yield 'weights', [p.detach() for p in model.parameters()]
    yield 'out', model(torch.ones(2, 3)) + torch.tensor([1.0, 2.0])
"""
    namespace = student("pass")
    source = "class f(nn.Linear):\n    def __init__(self, n):\n        super().__init__(n, 2)\n"
    exec(compile(source, "<cell f>", "exec"), namespace)
    assert slips_of(travel(compiled(probe), namespace, {})) == []
    source += (
        "        self.kept = torch.ones(2)\n    def forward(self, x):\n        return super().forward(x) + self.kept\n"
    )
    exec(compile(source, "<cell f>", "exec"), namespace)
    assert [slip.kind for slip in slips_of(travel(compiled(probe), namespace, {}))] == ["mixed"]


def test_a_probe_that_listens_does_not_hide_whose_line_it_is() -> None:
    probe = """\
def probe(ns, case):
    from torch.overrides import TorchFunctionMode
    class Listener(TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            return func(*args, **(kwargs or {}))
    with Listener():
        out = ns['f'](case['x'])
    yield 'out', out
"""
    inputs = {"x": observe(torch.ones(3))}
    found = travel(compiled(probe), student("return x + torch.zeros(3)"), inputs)
    assert [slip.kind for slip in slips_of(found)] == ["mixed"]


def test_nothing_stays_behind() -> None:
    from torch.overrides import _get_current_function_mode_stack
    from torch.utils._python_dispatch import _get_current_dispatch_mode_stack

    torch.manual_seed(3)
    before = (
        torch.get_rng_state(),
        torch.get_default_dtype(),
        torch.get_default_device(),
        np.random.get_state()[1].sum(),
    )
    loaded, generator = set(torch.serialization.get_safe_globals()), torch.Generator
    methods = {name: id(getattr(torch.Tensor, name)) for name in ("numpy", "tolist", "__getitem__", "__reduce_ex__")}
    names = student("kept.append(torch.rand(4))\nkept.append(x * torch.rand(3, device=x.device))\nreturn 1 / 0")
    names["kept"] = kept = []
    for _ in range(2):
        found = travel(compiled(), names, {"x": observe(torch.ones(3))})
        assert found.observed.error is not None and found.observed.error.type == "ZeroDivisionError"
    with pytest.raises(KeyError), simulated_device():
        raise KeyError
    after = torch.get_rng_state(), torch.get_default_dtype(), torch.get_default_device(), np.random.get_state()[1].sum()
    assert torch.equal(before[0], after[0]) and before[1:] == after[1:]
    assert set(torch.serialization.get_safe_globals()) == loaded and torch.Generator is generator
    assert slips_of(trip("torch.set_default_device(x.device)\nreturn torch.ones(3) + x")) == []
    assert torch.get_default_device() == before[2] and torch.ones(1).tolist() == [1.0]
    assert slips_of(trip("from torch._C import Generator\nGenerator(device=x.device)")) == []  # out of its reach
    assert _get_current_function_mode_stack() == [] and _get_current_dispatch_mode_stack() == []
    assert methods == {name: id(getattr(torch.Tensor, name)) for name in methods}
    assert torch.autograd.is_multithreading_enabled()
    # What the student's own list has kept of the device is an ordinary tensor to every operation by now.
    assert type(kept[1] + torch.ones(3)) is torch.Tensor and kept[1].numpy().shape == (3,)


def test_there_is_one_at_a_time() -> None:
    with simulated_device(), pytest.raises(RuntimeError, match="in force already"), simulated_device():
        pass
    with simulated_device():
        assert torch.zeros(2, device=DEVICE).tolist() == [0.0, 0.0]


def test_to_device_and_home_keep_what_they_carry() -> None:
    with simulated_device():
        w = torch.ones(2, 3).T.requires_grad_()
        moved = to_device({"w": w, "several": [w.detach(), (1, "a")], "none": None})
        assert moved["w"].is_leaf and moved["w"].requires_grad and moved["w"].stride() == (1, 3)
        assert to_device(moved["w"]) is moved["w"]
        plain, where = home([moved, torch.zeros(1)])
    assert where == (True, True, False)
    assert plain[0]["w"].requires_grad and plain[0]["several"][1] == [1, "a"]


def test_advice_is_given_once_and_never_for_a_portable_answer() -> None:
    cases = tuple(JudgedCase(n, Text(en=n, zh=n), {"x": observe(torch.ones(2, 3))}, _none()) for n in ("a", "b"))
    pack = ExercisePack("toy.f", Text(en="f", zh="f"), (), PROBE, cases, (), None, portable=True)  # type: ignore[arg-type]
    said = advice(pack, student("return x + torch.zeros(3)"))
    assert said is not None and said.note.en.startswith("Your answer is right and has all its points.")
    assert said.note.en.count("RuntimeError") == 1 and "全得" in said.note.zh
    assert (said.hint, said.lies) == (None, None)
    assert advice(pack, student("return x + 1")) is None
    assert advice(pack, student("raise ValueError('something else')")) is None


MASK_ON_CPU = """\
each = -torch.log_softmax(logits, dim=1)
chosen = torch.zeros(*logits.shape, dtype=logits.dtype)
chosen[torch.arange(len(labels)), labels] = 1
chosen = chosen if weight is None else chosen * weight
return (chosen * each).sum() / chosen.sum()"""


def test_check_advises_after_a_right_answer_and_takes_no_points(monkeypatch: pytest.MonkeyPatch) -> None:
    pack = read_pack("losses.cross_entropy")
    assert pack.portable and not read_pack("numpy_backprop.forward").portable
    parameters = "logits, labels, weight=None"
    narrow = student(MASK_ON_CPU, parameters)
    wide = student(MASK_ON_CPU.replace("torch.zeros(*logits", "logits.new_zeros(*logits"), parameters)
    for namespace in (narrow, wide):
        namespace["cross_entropy"] = namespace["f"]
    torch.manual_seed(0)
    result = check._advised(pack, narrow)
    assert (result.verdict, result.score) == ("pass", result.max_score)
    (note,) = result.notes
    assert "would not run on a GPU" in note.en and "`chosen = torch.zeros(*logits.shape" in note.zh
    assert note.en in plain(result, "en") and "would not run on a GPU" in html(result, "en")
    assert check._advised(pack, wide).notes == ()
    drawn = torch.rand(1)
    torch.manual_seed(0)
    assert torch.equal(drawn, torch.rand(1))  # the check has drawn no random number from the student's generator

    def broken(*_: Any) -> None:
        raise AssertionError("a fault of ours")

    assert check._run(pack, narrow).notes == (), "solved() asks only whether it is right"
    with monkeypatch.context() as graded:
        graded.setenv("NBGRADER_EXECUTION", "validate")
        assert check._advised(pack, narrow).notes == ()
    monkeypatch.setattr(portability, "advice", broken)
    assert check._advised(pack, narrow).notes == ()


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("device=device", False),
        ("device=DEVICE", False),
        ('device="cuda" if torch.cuda.is_available() else "cpu"', False),
        ('device="cpu"', True),
        ("requires_grad=False", True),
    ],
)
def test_nobody_is_told_off_for_a_device_of_their_own_choice(where: str, told: bool) -> None:
    """Here it is the CPU; on a machine with a GPU the same line may choose the GPU."""
    pack = read_pack("losses.leaky_relu")
    body = (
        f"ones = torch.ones(x.shape, dtype=x.dtype, {where})\n"
        "factor = torch.where(x > 0, ones, slope)\nreturn x * factor, grad_out * factor"
    )
    namespace = student(body, "x, slope, grad_out")
    namespace |= {"leaky_relu": namespace["f"], "device": torch.device("cpu"), "DEVICE": "cpu"}
    assert check._run(pack, namespace).verdict == "pass"
    assert bool(check._advised(pack, namespace).notes) == told


def test_a_generator_of_the_cpu_is_no_choice_of_a_device() -> None:
    case = JudgedCase("a", Text(en="a", zh="a"), {"x": observe(torch.ones(2, 3))}, _none())
    pack = ExercisePack("toy.f", Text(en="f", zh="f"), (), PROBE, (case,), (), None, portable=True)  # type: ignore[arg-type]
    line = "return torch.rand(3, device=x.device, generator=torch.Generator())"
    said = advice(pack, student(line))
    assert said is not None and f"`{line}`" in said.note.en
    assert advice(pack, student("device = torch.device('cpu')\nreturn x + torch.zeros(3, device=device)")) is None


def _none() -> Any:
    from course_lib.checking.results import Observed

    return Observed({})


def test_importing_the_library_and_check_does_not_load_it() -> None:
    code = "import sys, course_lib.checking.check; print('torch' in sys.modules, 'simulated' in str(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["False", "False"]
