"""Exercise 7.4: a recorder that leaves no trace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Records one run of a model that uses its parts in another order than it lists them; then looks for traces."""
    import contextlib

    import torch

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last = torch.nn.Linear(3, 2).double()
            self.inner = torch.nn.Sequential(torch.nn.Linear(2, 3).double(), torch.nn.ReLU(inplace=case["in_place"]))
            self.twice = torch.nn.Tanh()

        def forward(self, x: Any) -> Any:
            x = self.twice(self.inner(self.twice(x)))
            if case["breaks"]:
                raise ValueError("the model is broken")
            return self.last(x)

    model = Model()
    with torch.no_grad():
        for p, value in zip(model.parameters(), case["weights"], strict=True):
            p.copy_(value)
    seen = None
    with contextlib.suppress(ValueError):  # the broken model's own
        seen = ns["record"](model, case["x"])
    hooks = [len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules()]
    yield "hooks", hooks
    if case["breaks"]:
        return
    if not isinstance(seen, (list, tuple)) or not all(
        isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in seen
    ):
        yield "names", seen  # no pairs: the comparison then says what came instead
        return
    yield "names", [name for name, _ in seen]
    yield "outputs", [output.detach() for _, output in seen]
    yield "free", [bool(output.requires_grad) for _, output in seen]


def _case(
    name: str, label: Text, n: int, rng: np.random.Generator, in_place: bool = False, breaks: bool = False
) -> Case:
    shapes = ((2, 3), (2,), (3, 2), (3,))
    weights = [torch.from_numpy(np.round(rng.standard_normal(shape), 1)) for shape in shapes]
    return Case(
        name,
        label,
        {
            "weights": weights,
            "x": torch.from_numpy(np.round(rng.standard_normal((n, 2)), 1)),
            "in_place": in_place,
            "breaks": breaks,
        },
    )


PUBLIC = (
    _case("plain", Text(en="two samples", zh="两个样本"), 2, np.random.default_rng(1)),
    _case("in-place", Text(en="ReLU works in place", zh="ReLU 是原地的"), 3, np.random.default_rng(2), in_place=True),
    _case("broken", Text(en="the model raises an error", zh="模型报错"), 1, np.random.default_rng(3), breaks=True),
)


def hidden(rng: np.random.Generator) -> list[Case]:
    """Other weights."""
    return [_case("random", Text(en="four samples", zh="四个样本"), 4, rng, in_place=True)]


WRONG = (
    Wrong(
        "hooks-left",
        Text(en="the hooks are never removed", zh="钩子从没取下"),
        edits=(("        for handle in handles:\n            handle.remove()\n", "        pass\n"),),
        hint=Hint(
            question=Text(en="Call record twice. Who writes into which list the second time?", zh="调用两次 record。第二次，谁在往哪个列表里写？"),
            neighbour=Text(en="A microphone left behind after the interview goes on recording everything. What is put up must be taken down.", zh="采访结束后忘了拿走的话筒，会一直录下去。装上的，要取下来。"),
        ),
    ),
    Wrong(
        "left-after-an-error",
        Text(en="hooks stay where the model raises an error", zh="模型报错时，钩子留了下来"),
        edits=(("    try:\n        model(x)\n    finally:\n        for handle in handles:\n            handle.remove()\n", "    model(x)\n    for handle in handles:\n        handle.remove()\n"),),
        hint=Hint(
            question=Text(en="Which of your lines run if model(x) raises an error?", zh="如果 model(x) 报错，你的哪几行还会执行？"),
            neighbour=Text(en="try: cook() finally: gas_off() turns the gas off even if the soup boils over.", zh="try: cook() finally: gas_off()：哪怕汤溢出来了，煤气也会关掉。"),
        ),
    ),
    Wrong(
        "keeps-the-graph",
        Text(en="the outputs keep their graph", zh="输出还带着计算图"),
        edits=(("output.detach().clone()", "output.clone()"),),
        hint=Hint(
            question=Text(en="Do your recorded outputs require a gradient? What hangs on them?", zh="你记录的输出需要梯度吗？上面挂着什么？"),
            neighbour=Text(en="A fish drawn out with the whole net: heavy. Cut it loose first.", zh="连着整张渔网把鱼拖上来，太沉了。先把鱼解下来。"),
        ),
    ),
    Wrong(
        "no-copy",
        Text(en="the outputs share memory with the running model", zh="输出与运行中的模型共用内存"),
        edits=(("output.detach().clone()", "output.detach()"),),
        hint=Hint(
            question=Text(en="What does a ReLU that works in place do to the output of the layer before it?", zh="原地的 ReLU 会把前一层的输出变成什么样？"),
            neighbour=Text(en="A photograph of the blackboard survives the sponge; a finger pointing at it does not.", zh="给黑板拍的照片不怕擦；指着黑板的手指却留不住上面的字。"),
        ),
    ),
    Wrong(
        "order-of-names",
        Text(en="in the order of the names, not of the calls", zh="按名字的次序，而不是调用的次序"),
        edits=(("    return calls\n", "    order = [name for name, _ in model.named_modules()]\n    return sorted(calls, key=lambda call: order.index(call[0]))\n"),),
        hint=Hint(
            question=Text(en="Does the model use its parts in the order in which it lists them?", zh="模型使用部件的次序，与列出它们的次序一样吗？"),
            neighbour=Text(en="A recipe lists salt, flour, eggs; the eggs come first into the bowl. A report of the cooking follows the bowl.", zh="菜谱上列着盐、面粉、鸡蛋；先进碗的却是鸡蛋。做菜的记录要按进碗的次序。"),
        ),
    ),
    Wrong(
        "containers-too",
        Text(en="modules that contain others are recorded as well", zh="含有子模块的模块也记了"),
        edits=(("        if not list(module.children()):\n", "        if name:\n"),),
        hint=Hint(
            question=Text(en="Which of your names have children?", zh="你记下的名字里，哪些有子模块？"),
            neighbour=Text(en="Counting rooms, one does not count the house as well.", zh="数房间的时候，不把整栋房子也算作一间。"),
        ),
    ),
    Wrong(
        "answer-replaced",
        Text(en="the hook returns something, which replaces the output", zh="钩子返回了东西，把输出替换掉了"),
        edits=(("            calls.append((name, output.detach().clone()))     # returns nothing: only looks | 不返回任何东西：只是看看\n", "            calls.append((name, output.detach().clone()))\n            return torch.ones_like(output)\n"),),
        hint=Hint(
            question=Text(en="What does your hook return? What does PyTorch do with it?", zh="你的钩子返回了什么？PyTorch 拿它做什么？"),
            neighbour=Text(en="A guard who looks at the parcels and hands on another one than he was given is no guard. Look, and return nothing.", zh="检查包裹的门卫，若递出去的是另一个包裹，就不是门卫了。只看，什么也不返回。"),
        ),
    ),
    Wrong(
        "last-call-only",
        Text(en="a module that is called twice is recorded once", zh="被调用两次的模块只记了一次"),
        edits=(("    return calls\n", "    return list(dict(calls).items())\n"),),
        hint=Hint(
            question=Text(en="How often is tanh called in the model? How often does it stand in your list?", zh="模型里 tanh 被调用了几次？在你的列表里出现了几次？"),
            neighbour=Text(en="Who enters the shop twice has two entries in the visitors' book. A dict by names keeps the last one only.", zh="进店两次的人，来客登记簿上有两条。用名字做键的字典，只留下最后一条。"),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "names-by-module",
        '''def record(model, x):
    """One hook for all; the names are looked up."""
    names = {module: name for name, module in model.named_modules() if next(module.children(), None) is None}
    seen = []

    def look(module, _, output):
        seen.append([names[module], output.data.clone()])

    handles = []
    try:
        handles += [module.register_forward_hook(look) for module in names]
        model(x)
    finally:
        while handles:
            handles.pop().remove()
    return seen
''',
    ),
    Right(
        "exit-stack",
        '''import contextlib


def record(model, x):
    """Handles are context managers."""
    with contextlib.ExitStack() as stack:
        calls = []
        for name, module in model.named_modules():
            if len(module._modules) == 0:
                hook = lambda m, i, o, n=name: calls.append((n, torch.empty_like(o).copy_(o.detach())))
                stack.enter_context(module.register_forward_hook(lambda m, i, o, h=hook: h(m, i, o)))
        with torch.no_grad():
            model(x)
    return calls
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "copy-by-numpy",
        Text(en="the outputs are copied by NumPy", zh="用 NumPy 来复制输出"),
        edits=(("output.detach().clone()))", "torch.from_numpy(output.detach().numpy().copy())))"),),
        hint=Hint(
            question=Text(en="Which method of a tensor makes a copy without leaving its device?", zh="张量的哪个方法能复制自己，又不离开所在的设备？"),
            neighbour=Text(en="For a picture of the activations at the end, t.detach().cpu().numpy() is the way, once. In a hook that runs in each forward pass, t.numpy() stops the model on a GPU with a TypeError.", zh="最后要画激活值时，走一次 t.detach().cpu().numpy() 就行。而在每次前向都要跑的钩子里，t.numpy() 会让 GPU 上的模型以 TypeError 中止。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="7.4 A recorder", zh="7.4 记录器"),
    properties=(
        Property("names", Text(en="the names, in the order of the calls", zh="名字，按调用的次序"), points=2.0),
        Property("outputs", Text(en="the outputs as they were", zh="当时的输出"), points=2.0),
        Property("free", Text(en="without their graphs", zh="不带计算图"), only_with="outputs"),
        Property(
            "hooks", Text(en="no hook is left, even after an error", zh="不留下钩子，哪怕报了错"), only_with="outputs"
        ),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Write down by hand which modules the model of the case calls, in which order. Where does your list part from it?",
            zh="手写出算例的模型依次调用了哪些模块。你的列表从哪里开始不同？",
        ),
        neighbour=Text(
            en="Sequential(Linear, ReLU): the names are '0' and '1'; a hook on each, one call of the model, two entries; then remove both handles.",
            zh="Sequential(Linear, ReLU)：名字是 '0' 和 '1'；各装一个钩子，调用一次模型，得到两条记录；然后取下两个钩子。",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
