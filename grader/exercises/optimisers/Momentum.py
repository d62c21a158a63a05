"""Exercise 6.5: an optimiser as an object, with parameters that are frozen or have no gradient in a step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.text import Text
from grader.exercises.optimisers._runs import long, small, two
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Two optimisers take turns. The first has the case's parameters, given as a generator; of these, some have no
    gradient in some steps ("absent": pairs of step and parameter), and some are frozen. The second has copies."""

    params = [p.clone().requires_grad_(number not in case["frozen"]) for number, p in enumerate(case["params"])]
    others = [p.clone().requires_grad_() for p in case["params"]]
    optimiser = ns["Momentum"]((p for p in params), case["lrs"][0], case["momentum"])
    second = ns["Momentum"](others, 0.05, 0.5)
    for number, (lr, grads) in enumerate(zip(case["lrs"], case["grads"], strict=True)):
        optimiser.zero_grad()
        if number == 1:
            yield "cleared", [p.grad for p in params]
        for place, (p, grad) in enumerate(zip(params, grads, strict=True)):
            if p.requires_grad and [number, place] not in case["absent"]:
                p.grad = grad.clone() if p.grad is None else p.grad + grad
        optimiser.lr = lr
        optimiser.step()
        for p, grad in zip(others, grads, strict=True):
            p.grad = grad.clone() * 0.5
        second.step()
        if number == 0:
            yield "first", [p.detach() for p in params]
    yield "params", [p.detach() for p in params]
    yield "others", [p.detach() for p in others]
    yield "leaves", [[p.is_leaf, p.requires_grad] for p in (*params, *others)]


def _case(
    name: str,
    label: Text,
    run: dict[str, Any],
    momentum: float,
    frozen: tuple[int, ...] = (),
    absent: tuple[tuple[int, int], ...] = (),
) -> Case:
    return Case(
        name, label, {**run, "momentum": momentum, "frozen": list(frozen), "absent": [list(pair) for pair in absent]}
    )


PUBLIC = (
    _case("plain", Text(en="one parameter, three steps", zh="一个参数，三步"), small([[1.0, -2.0], [0.5, 1.0], [0.0, 3.0]], [0.1, 0.1, 0.1]), 0.5),
    _case("schedule", Text(en="lr 0.5, then 0.1, then 0.02", zh="lr 先 0.5，再 0.1，再 0.02"), small([[1.0, 0.0], [0.0, 3.0], [-2.0, 1.0]], [0.5, 0.1, 0.02]), 0.9),
    _case("frozen", Text(en="two parameters, the first is frozen", zh="两个参数，第一个被冻结"), two(3, [0.1, 0.05, 0.2], np.random.default_rng(6)), 0.8, frozen=(0,)),
    _case("absent", Text(en="the first parameter has no gradient in the second step", zh="第一个参数在第二步没有梯度"), two(3, [0.1, 0.1, 0.1], np.random.default_rng(7)), 0.8, absent=((1, 0),)),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """Forty-five steps, three parameters, one of them frozen, gradients missing here and there."""
    shapes = ((2, 3), (4,), (1, 2))
    absent = tuple((step, place) for step in range(45) for place in range(3) if rng.random() < 0.3)
    return [
        _case("long", Text(en="45 steps, lr changes, gradients are missing here and there", zh="45 步，lr 不断变化，时而缺少梯度"), long(rng, 0.0, shapes), 0.9, absent=absent),
        _case("frozen", Text(en="45 steps, the second parameter is frozen", zh="45 步，第二个参数被冻结"), long(rng, 0.7, shapes), 0.7, frozen=(1,), absent=absent),
    ]  # fmt: skip


_NONE = Hint(
    question=Text(
        en="Is 'no gradient' the same as 'a gradient of zero'? What does the velocity do to a parameter in each case?",
        zh="“没有梯度”和“梯度为零”是一回事吗？两种情形下，速度会对参数做什么？",
    ),
    neighbour=Text(
        en="A train at 80 without a new push rolls on (zero push). A train that stands in the depot today (no entry in the timetable) does not move, and "
        "keeps in its log the 80 of yesterday for tomorrow.",
        zh="以 80 的速度行驶、没有再加力的列车会继续滑行（加力为零）。今天停在车库、运行图上没有它的列车则不动，昨天的 80 留在记录里，明天接着用。",
    ),
)

WRONG = (
    Wrong(
        "crashes-on-none",
        Text(en="None is used like a gradient", zh="把 None 当梯度来用"),
        edits=(("                if p.grad is not None:\n                    v.mul_(self.momentum).add_(p.grad)\n                    p -= self.lr * v\n", "                v.mul_(self.momentum).add_(p.grad)\n                p -= self.lr * v\n"),),
        hint=Hint(
            question=Text(
                en="What is the .grad of a frozen parameter? What should step() do with such a one?",
                zh="被冻结的参数，.grad 是什么？step() 遇到它该怎么办？",
            ),
            neighbour=Text(
                en="Post for 3 flats, one of which is empty: the postman looks whether there is a letter before he rings. if letter is not None: ring().",
                zh="给 3 户送信，其中一户没有信：邮递员先看有没有信，再按门铃。if letter is not None: ring()。",
            ),
        ),
    ),
    Wrong(
        "none-as-zero",
        Text(en="a missing gradient is treated as a gradient of zero", zh="把缺少的梯度当成了零梯度"),
        edits=(("                if p.grad is not None:\n                    v.mul_(self.momentum).add_(p.grad)\n                    p -= self.lr * v\n", "                v.mul_(self.momentum)\n                if p.grad is not None:\n                    v.add_(p.grad)\n                p -= self.lr * v\n"),),
        hint=_NONE,
    ),
    Wrong(
        "zero-grad-writes-zeros",
        Text(en="zero_grad() writes zeros instead of None", zh="zero_grad() 写的是零，而不是 None"),
        edits=(("            p.grad = None\n", "            p.grad = torch.zeros_like(p)\n"),),
        hint=Hint(
            question=Text(
                en="After your zero_grad(), can step() still see which parameters took no part?",
                zh="在你的 zero_grad() 之后，step() 还看得出哪些参数没有参与吗？",
            ),
            neighbour=Text(
                en="An exam list in which everybody gets 0 points in advance: afterwards nobody can tell who wrote nothing and who was not there. An empty "
                "field says it.",
                zh="成绩单上事先给每个人填了 0 分：事后就分不清谁交了白卷、谁根本没来考。空着才说得清。",
            ),
        ),
    ),
    Wrong(
        "generator-used-up",
        Text(en="a generator is gone through twice", zh="把生成器遍历了两次"),
        edits=(
            ("self.params = list(params)", "self.params = params"),
            ("[torch.zeros_like(p) for p in self.params]", "[torch.zeros_like(p) for p in params]"),
        ),
        hint=Hint(
            question=Text(
                en="What is left in a generator after the first loop over it? How many parameters does step() see?",
                zh="生成器遍历过一次之后，里面还剩什么？step() 看到了几个参数？",
            ),
            neighbour=Text(
                en="g = (n * n for n in range(3)); sum(g) is 5, and sum(g) once more is 0. With k = list(g) at the beginning both sums are 5.",
                zh="g = (n * n for n in range(3))；sum(g) 是 5，再来一次 sum(g) 就是 0。一开始就 k = list(g)，两次都是 5。",
            ),
        ),
    ),
    Wrong(
        "shared-by-all",
        Text(en="all optimisers share one list of velocities", zh="所有优化器共用一份速度"),
        source='''class Momentum:
    velocities = []

    def __init__(self, params, lr, momentum):
        self.params = list(params)
        self.lr, self.momentum = lr, momentum
        for p in self.params[len(self.velocities):]:
            self.velocities.append(torch.zeros_like(p))
        for v in self.velocities:
            v.zero_()

    def step(self):
        with torch.no_grad():
            for p, v in zip(self.params, self.velocities):
                if p.grad is not None:
                    v = v if v.shape == p.shape else torch.zeros_like(p)
                    p -= self.lr * v.mul_(self.momentum).add_(p.grad)

    def zero_grad(self):
        for p in self.params:
            p.grad = None
''',
        hint=Hint(
            question=Text(
                en="Where do your velocities live: in the class or in self? What do two optimisers see?",
                zh="你的速度放在哪里，类里还是 self 里？两个优化器各看到什么？",
            ),
            neighbour=Text(
                en="class Bag: things = [] gives all bags one and the same list: Bag().things.append('key') and another Bag().things shows the key as well. "
                "self.things = [] in __init__ gives each bag its own.",
                zh="class Bag: things = [] 会让所有的包共用一个列表：Bag().things.append('key') 之后，另一个 Bag().things 里也有钥匙。在 __init__ 里写 "
                "self.things = []，才是一包一份。",
            ),
        ),
    ),
    Wrong(
        "lr-remembered",
        Text(en="the learning rate of the beginning is used for ever", zh="一直用开头的学习率"),
        edits=(
            ("self.lr, self.momentum = lr, momentum", "self.lr, self.momentum = lr, momentum\n        self.first = lr"),
            ("p -= self.lr * v", "p -= self.first * v"),
        ),
        hint=Hint(
            question=Text(
                en="A schedule writes to optimiser.lr between two steps. Which number does your step() read?",
                zh="调度会在两步之间写 optimiser.lr。你的 step() 读的是哪个数？",
            ),
            neighbour=Text(
                en="A thermostat set from 20 to 16 at night: a heater that noted the 20 in the morning goes on heating to 20. Read the dial each time.",
                zh="恒温器夜里从 20 调到 16，可早上记下了 20 的暖气还是照 20 来烧。每次都要去看一眼旋钮。",
            ),
        ),
    ),
    Wrong(
        "velocity-forgotten",
        Text(en="the velocities are new in every step", zh="每一步的速度都是新的"),
        edits=(("v.mul_(self.momentum).add_(p.grad)", "v = self.momentum * v + p.grad"),),
        hint=Hint(
            question=Text(
                en="What is in self.velocities[0] after the first step?",
                zh="第一步之后，self.velocities[0] 里是什么？",
            ),
            neighbour=Text(
                en="v = 0.5 * v + 4 makes a new tensor and gives it the name v; the list still holds the old zeros. v.mul_(0.5).add_(4) changes the one in the "
                "list.",
                zh="v = 0.5 * v + 4 生成新张量，并把 v 这个名字给它；列表里还是原来的零。v.mul_(0.5).add_(4) 改的才是列表里的那个。",
            ),
        ),
    ),
    Wrong(
        "recorded-update",
        Text(en="the update is not under no_grad", zh="更新没有放在 no_grad 之下"),
        edits=(("        with torch.no_grad():\n", "        if True:\n"),),
        hint=Hint(
            question=Text(
                en="Should autograd record the update? Which error does it raise for an in-place change of a leaf?",
                zh="自动求导该记录更新这一步吗？对叶子做原地修改，它会报什么错？",
            ),
            neighbour=Text(
                en="u = torch.ones(2, requires_grad=True); u -= 1 raises 'a leaf Variable that requires grad is being used in an in-place operation'. Under "
                "torch.no_grad() the same line is fine.",
                zh="u = torch.ones(2, requires_grad=True); u -= 1 会报 'a leaf Variable that requires grad is being used in an in-place operation'。"
                "放在 torch.no_grad() 之下，同一行就没问题。",
            ),
        ),
    ),
    Wrong(
        "clears-only-the-first",
        Text(en="zero_grad() leaves its loop after the first parameter", zh="zero_grad() 处理完第一个参数就退出了"),
        edits=(("            p.grad = None\n", "            p.grad = None\n            break\n"),),
        hint=Hint(
            question=Text(
                en="Print the .grad of every parameter after zero_grad(). Which of them are None?",
                zh="在 zero_grad() 之后打印每个参数的 .grad，哪些是 None？",
            ),
            neighbour=Text(
                en="Wiping one of two blackboards: on the other one today's sum is written below yesterday's.",
                zh="两块黑板只擦了一块：另一块上，今天的算式写在了昨天的下面。",
            ),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "dict-of-velocities",
        '''class Momentum:
    """Velocities in a dict, made when they are first needed."""

    def __init__(self, params, lr, momentum):
        self.params = tuple(params)
        self.lr = lr
        self.mu = momentum
        self.memory = {}

    @torch.no_grad()
    def step(self):
        for p in self.params:
            if p.grad is None:
                continue
            old = self.memory.get(p)
            self.memory[p] = p.grad.clone() if old is None else self.mu * old + p.grad
            p.add_(self.memory[p], alpha=-self.lr)

    def zero_grad(self):
        for p in self.params:
            p.grad = None
''',
    ),
    Right(
        "the-real-one",
        '''class Momentum(torch.optim.SGD):
    """torch's own, with lr as an attribute."""

    def __init__(self, params, lr, momentum):
        super().__init__(params, lr=lr, momentum=momentum)

    @property
    def lr(self):
        return self.param_groups[0]["lr"]

    @lr.setter
    def lr(self, value):
        self.param_groups[0]["lr"] = value
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "velocities-on-cpu",
        Text(en="the velocities are made on the CPU, whatever the parameters lie on", zh="不管参数在哪里，速度都在 CPU 上生成"),
        edits=(("self.velocities = [torch.zeros_like(p) for p in self.params]", "self.velocities = [torch.zeros(p.shape, dtype=p.dtype) for p in self.params]"),),
        hint=Hint(
            question=Text(en="The model was moved to the GPU before your optimiser got its parameters. Where are the velocities?", zh="模型先移到了 GPU 上，然后优化器才拿到参数。那么速度在哪里？"),
            neighbour=Text(en="torch.optim makes its state with torch.zeros_like(p) at the first step: beside p, in p's dtype. For p of float64 on a GPU, torch.zeros(p.shape) would miss both.", zh="torch.optim 在走第一步时用 torch.zeros_like(p) 生成状态：在 p 旁边，dtype 也同 p。p 是 GPU 上的 float64 时，torch.zeros(p.shape) 这两样都不对。"),
        ),
    ),
    Wrong(
        "rate-on-cpu",
        Text(en="the learning rate is kept as a tensor with one entry, on the CPU", zh="把学习率存成了 CPU 上只有一个元素的张量"),
        edits=(('self.lr, self.momentum = lr, momentum', 'self.lr, self.momentum = torch.tensor([lr], dtype=torch.float64), momentum'),),
        hint=Hint(
            question=Text(en="What does your optimiser do with the learning rate that a Python number cannot do?", zh="你的优化器拿学习率做的事，有什么是 Python 的数做不到的？"),
            neighbour=Text(en="t * 0.1 runs on every device. t * torch.tensor([0.1]) does not; where a tensor is needed, torch.tensor([0.1], device=t.device) can only be made once t is known.", zh="t * 0.1 在哪个设备上都能运行，t * torch.tensor([0.1]) 不行；真需要张量时，torch.tensor([0.1], device=t.device) 也只有知道了 t 才能生成。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="6.5 An optimiser of your own", zh="6.5 自己的优化器"),
    properties=(
        Property("first", Text(en="the parameters after the first step", zh="第一步之后的参数")),
        Property(
            "cleared",
            Text(en="every .grad is None after zero_grad()", zh="zero_grad() 之后每个 .grad 都是 None"),
            only_with="first",
        ),
        Property("params", Text(en="the parameters after all steps", zh="全部步数之后的参数"), points=2.0),
        Property("others", Text(en="a second optimiser is not disturbed", zh="第二个优化器不受干扰")),
        Property(
            "leaves", Text(en="the parameters are still the same leaves", zh="参数仍是原来的叶子"), only_with="first"
        ),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Which case is the first to fail: the plain one, the schedule, the frozen or the missing gradient? Which line of step() makes the "
            "difference there?",
            zh="最先失败的是哪个算例：最普通的、带调度的、有冻结的，还是缺少梯度的？在那里起作用的是 step() 的哪一行？",
        ),
        neighbour=Text(
            en="One parameter 1.0, mu 0.5, lr 0.1. Step 1, gradient 4: v = 4, p = 0.6. Step 2, no gradient: nothing happens, v stays 4. Step 3, gradient 2: "
            "v = 2 + 2 = 4, p = 0.2.",
            zh="一个参数 1.0，mu 0.5，lr 0.1。第 1 步，梯度 4：v = 4，p = 0.6。第 2 步，没有梯度：什么都不做，v 仍是 4。第 3 步，梯度 2：v = 2 + 2 = 4，p = 0.2。",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
