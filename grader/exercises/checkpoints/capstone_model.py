"""Exercise 13.4: one's own activation, module and optimiser together, looked at from many sides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Survivor, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Names and shapes, values and derivatives for given weights, two steps, an interrupted run, a fresh start.

    Model and optimiser are made together, so that there is no moment to move the model before the optimiser is made:
    both are made where the data lie, by torch's default device. All that comes after is on its own.
    """
    import io

    import torch
    import torch.nn.functional as F

    x, y, width = case["x"], case["y"], case["width"]

    def fresh(width: int, lr: float, momentum: float) -> Any:
        with torch.device(x.device):
            return ns["capstone_model"](width, lr, momentum)

    def made(weights: Any) -> Any:
        model, optimiser = fresh(width, case["lr"], case["momentum"])
        model = model.double()
        with torch.no_grad():
            for name, value in weights.items():
                getattr(model, name).copy_(value)
        return model, optimiser

    def loss_of(model: Any) -> Any:
        return F.cross_entropy(model(x), y)

    with torch.random.fork_rng():
        torch.manual_seed(case["seed"])
        model, _ = fresh(width, case["lr"], case["momentum"])
        yield "parameters", {name: list(p.shape) for name, p in model.named_parameters()}
        yield "start", F.cross_entropy(model(x.float()), y).item()
        wide, _ = fresh(400, case["lr"], case["momentum"])
        yield (
            "init",
            [wide.w1.std().item(), wide.w2.std().item(), wide.b1.abs().sum().item(), wide.b2.abs().sum().item()],
        )
        model, optimiser = made(case["weights"])
        yield "logits", model(x).detach()
        named = dict(model.named_parameters())
        names = sorted(named)
        grads = torch.autograd.grad(loss_of(model), [named[n] for n in names], create_graph=True)
        yield "gradients", {n: g.detach() for n, g in zip(names, grads, strict=True)}
        second = torch.autograd.grad(torch.stack([(g * g).sum() for g in grads]).sum(), [named[n] for n in names])
        yield "second", dict(zip(names, second, strict=True))
        for number in range(4):
            optimiser.zero_grad()
            loss_of(model).backward()
            optimiser.step()
            if number == 1:
                yield "steps", {n: named[n].detach() for n in names}
                file = io.BytesIO()
                torch.save({"model": model.state_dict(), "optimiser": optimiser.state_dict()}, file)
        yield "whole", {n: named[n].detach() for n in names}
        file.seek(0)
        saved = torch.load(file, weights_only=True)
        model, optimiser = made(case["weights"])
        optimiser.zero_grad()
        optimiser.step()
        yield "idle", {n: p.detach() for n, p in sorted(model.named_parameters())}
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        for _ in range(2):
            optimiser.zero_grad()
            loss_of(model).backward()
            optimiser.step()
        yield "resumed", {n: p.detach() for n, p in sorted(model.named_parameters())}
        torch.manual_seed(case["seed"])
        model, optimiser = fresh(32, 0.1, 0.9)
        for _ in range(60):
            optimiser.zero_grad()
            loss = F.cross_entropy(model(x.float()), y)
            loss.backward()
            optimiser.step()
        yield "by-heart", loss.item()


def _case(name: str, label: Text, n: int, width: int, lr: float, momentum: float, rng: np.random.Generator) -> Case:
    draw = rng.standard_normal
    weights = {
        "w1": draw((196, width)) / 14,
        "b1": 0.1 * draw(width),
        "w2": draw((width, 10)) / 3,
        "b2": 0.1 * draw(10),
    }
    return Case(
        name,
        label,
        {
            "x": torch.from_numpy(draw((n, 1, 14, 14))),
            "y": torch.from_numpy(rng.integers(0, 10, n)),
            "weights": {key: torch.from_numpy(value) for key, value in weights.items()},
            "width": width,
            "lr": lr,
            "momentum": momentum,
            "seed": int(rng.integers(1000)),
        },
    )


PUBLIC = (
    _case("small", Text(en="four samples, width 3", zh="四个样本，宽度 3"), 4, 3, 0.1, 0.5, np.random.default_rng(1)),
)


def hidden(rng: np.random.Generator) -> list[Case]:
    """Another width, learning rate and momentum; sixteen samples."""
    return [_case("random", Text(en="sixteen samples, width 5", zh="十六个样本，宽度 5"), 16, 5, 0.05, 0.9, rng)]


_SLOPE = Hint(
    question=Text(
        en="Test your Function by itself with gradcheck and gradgradcheck, in float64. Which of the two complains?",
        zh="单独用 gradcheck 和 gradgradcheck 检验你的 Function，用 float64。哪一个有怨言？",
    ),
    neighbour=Text(
        en="For x * sin(x) the slope is sin(x) + x * cos(x): two terms, since x stands there twice. In a Function: grad_output times that, from the saved x, with recorded operations.",
        zh="x * sin(x) 的斜率是 sin(x) + x * cos(x)：x 出现两次，所以有两项。写进 Function：用保存的 x 和会被记录的运算算出它，再乘以 grad_output。",
    ),
)

WRONG = (
    Wrong(
        "parameters-not-registered",
        Text(en="plain tensors instead of parameters", zh="用了普通张量，不是参数"),
        edits=(
            ("self.w1 = nn.Parameter(torch.randn(196, width) * math.sqrt(2 / 196))", "self.w1 = (torch.randn(196, width) * math.sqrt(2 / 196)).requires_grad_()"),
            ("self.b1 = nn.Parameter(torch.zeros(width))", "self.b1 = torch.zeros(width).requires_grad_()"),
        ),
        hint=Hint(
            question=Text(en="What does list(model.named_parameters()) show?", zh="list(model.named_parameters()) 显示什么？"),
            neighbour=Text(en="A guest who did not sign the book is not on the list for breakfast. nn.Parameter signs by itself when it is assigned to self.", zh="没在登记簿上签名的客人，早餐名单上就没有他。nn.Parameter 赋给 self 时会自动签名。"),
        ),
    ),
    Wrong(
        "upstream-missing",
        Text(en="the activation's backward forgets the upstream gradient", zh="激活函数的 backward 漏了上游梯度"),
        edits=(("return grad_output * (s + x * s * (1 - s))", "return s + x * s * (1 - s)"),),
        hint=_SLOPE,
    ),
    Wrong(
        "half-a-product-rule",
        Text(en="the activation's slope has only one of its two terms", zh="激活函数的斜率只写了两项中的一项"),
        edits=(("return grad_output * (s + x * s * (1 - s))", "return grad_output * s"),),
        hint=_SLOPE,
    ),
    Wrong(
        "detached-slope",
        Text(en="the slope is detached: second derivatives are lost", zh="斜率被 detach 了：二阶导数没了"),
        edits=(("            s = torch.sigmoid(x)\n", "            x = x.detach()\n            s = torch.sigmoid(x)\n"),),
        hint=_SLOPE,
    ),
    Wrong(
        "relu-instead",
        Text(en="another activation", zh="用了别的激活函数"),
        edits=(("Swish.apply(x.flatten(1) @ self.w1 + self.b1)", "torch.relu(x.flatten(1) @ self.w1 + self.b1)"),),
        hint=Hint(
            question=Text(en="What does your activation give for -1? What does x * sigmoid(x) give?", zh="你的激活函数在 -1 处是多少？x * sigmoid(x) 呢？"),
            neighbour=Text(en="At 2: 2 * 0.88 = 1.76 and not 2; at -2: -2 * 0.12 = -0.24 and not 0.", zh="在 2 处：2 * 0.88 = 1.76，不是 2；在 -2 处：-2 * 0.12 = -0.24，不是 0。"),
        ),
    ),
    Wrong(
        "averaged-momentum",
        Text(en="the velocity averages instead of summing", zh="速度取了平均，而不是累加"),
        edits=(("v.mul_(momentum).add_(p.grad)", "v.mul_(momentum).add_((1 - momentum) * p.grad)"),),
        hint=Hint(
            question=Text(en="How large is the first step, compared with lr times the gradient?", zh="与 lr 乘以梯度相比，第一步有多大？"),
            neighbour=Text(en="v = 0.5 * 0 + 4 = 4; averaged it would be 2. Lesson 06, section 3.", zh="v = 0.5 * 0 + 4 = 4；若取平均则是 2。见第 06 课第 3 节。"),
        ),
    ),
    Wrong(
        "state-is-empty",
        Text(en="the optimiser's state holds no velocities", zh="优化器的状态里没有速度"),
        edits=(('return {"velocities": [v.clone() for v in self.velocities]}', 'return {"velocities": []}'),),
        hint=Hint(
            question=Text(en="What does your state_dict() hold after two steps? What must a continued run know?", zh="走了两步之后，你的 state_dict() 里有什么？续训需要知道什么？"),
            neighbour=Text(en="A ball is put back in its place without its speed: it lies still. The speed belongs to the state.", zh="球放回原处，却没有了速度：它就静止了。速度也是状态的一部分。"),
        ),
    ),
    Wrong(
        "weights-too-large",
        Text(en="the last layer begins with large weights: the first loss is far above ln 10", zh="最后一层的初始权重太大：起点的损失远高于 ln 10"),
        edits=(("self.w2 = nn.Parameter(torch.randn(width, 10) * 0.01)", "self.w2 = nn.Parameter(torch.randn(width, 10) * 5)"),),
        hint=Hint(
            question=Text(en="Which loss has a network that gives all ten classes the same probability?", zh="给十个类别同样概率的网络，损失是多少？"),
            neighbour=Text(en="With two classes: ln 2 = 0.69. A network that is sure from the start, and wrong half of the time, has a far larger one.", zh="两个类别时是 ln 2 = 0.69。一开始就很有把握、却有一半答错的网络，损失大得多。"),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "classes-beside",
        '''class Act(torch.autograd.Function):
    """Saves input and output; slope = s + f * (1 - s)."""

    @staticmethod
    def forward(x):
        return x / (1 + torch.exp(-x))

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0], output)

    @staticmethod
    def backward(ctx, upstream):
        x, f = ctx.saved_tensors
        s = x.sigmoid()
        return (s + f * (1 - s)) * upstream


class OwnNet(nn.Module):
    def __init__(self, width):
        super().__init__()
        for name, shape, scale in (("w1", (196, width), (2 / 196) ** 0.5), ("b1", (width,), 0), ("w2", (width, 10), 0.01), ("b2", (10,), 0)):
            self.register_parameter(name, nn.Parameter(torch.randn(shape) * scale))

    def forward(self, x):
        hidden = torch.addmm(self.b1, x.reshape(len(x), -1), self.w1)
        return F.linear(Act.apply(hidden), self.w2.T, self.b2)


class OwnSGD:
    def __init__(self, params, lr, mu):
        self.params, self.lr, self.mu, self.v = list(params), lr, mu, {}

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    @torch.no_grad()
    def step(self):
        for i, p in enumerate(self.params):
            if p.grad is not None:
                self.v[i] = self.mu * self.v.get(i, 0) + p.grad
                p.sub_(self.lr * self.v[i])

    def state_dict(self):
        return {i: v.clone() for i, v in self.v.items()}

    def load_state_dict(self, state):
        self.v = {i: v.clone() for i, v in state.items()}


def capstone_model(width, lr, momentum):
    model = OwnNet(width)
    return model, OwnSGD(model.parameters(), lr, momentum)
''',
    ),
    Right(
        "torch-inside",
        '''def capstone_model(width, lr, momentum):
    """torch's own optimiser and silu: not in the spirit of the thing, but equal in every number."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.w1, self.b1 = nn.Parameter(torch.empty(196, width)), nn.Parameter(torch.zeros(width))
            self.w2, self.b2 = nn.Parameter(torch.empty(width, 10)), nn.Parameter(torch.zeros(10))
            nn.init.normal_(self.w1, std=math.sqrt(2 / 196))
            nn.init.normal_(self.w2, std=0.01)

        def forward(self, x):
            return F.silu(x.flatten(1) @ self.w1 + self.b1) @ self.w2 + self.b2

    model = Net()
    return model, torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
''',
    ),
)

DEVICE_WRONG = (
    Wrong(
        "velocities-on-cpu",
        Text(en="the velocities are made on the CPU at the first step", zh="走第一步时，在 CPU 上生成了速度"),
        edits=(
            ("self.velocities = [torch.zeros_like(p) for p in self.params]", "self.velocities = []"),
            ("            with torch.no_grad():\n", "            self.velocities = self.velocities or [torch.zeros(p.shape) for p in self.params]\n            with torch.no_grad():\n"),
            ('            for v, saved in zip(self.velocities, state["velocities"]):\n                v.copy_(saved)\n', '            self.velocities = [saved.clone() for saved in state["velocities"]]\n'),
        ),
        hint=Hint(
            question=Text(en="torch.zeros(p.shape) takes the shape from p. What else does a velocity share with its parameter?", zh="torch.zeros(p.shape) 从 p 那里取了形状。速度与它的参数还有什么相同？"),
            neighbour=Text(en="A running mean m of the batches t: m = torch.zeros(t.shape[1:]) is float32 on the CPU for every t; m = torch.zeros_like(t[0]) has t's dtype and lies beside it.", zh="各批 t 的滑动平均 m：m = torch.zeros(t.shape[1:]) 不管 t 怎样，总是 CPU 上的 float32；m = torch.zeros_like(t[0]) 的 dtype 与 t 相同，也在 t 旁边。"),
        ),
    ),
    Wrong(
        "ones-on-cpu",
        Text(en="the activation's backward makes ones on the CPU", zh="激活函数的 backward 在 CPU 上生成了 1"),
        edits=(("(s + x * s * (1 - s))", "(s + x * s * (torch.ones(x.shape, dtype=x.dtype) - s))"),),
        hint=Hint(
            question=Text(en="The forward pass goes well on a GPU, the backward pass stops. Which tensor of your backward comes from neither x nor grad_output?", zh="在 GPU 上前向没有问题，反向却中止了。backward 里哪个张量既不来自 x，也不来自 grad_output？"),
            neighbour=Text(en="In the backward of a clipped t: keep = torch.zeros(t.shape); keep[t.abs() < 1] = 1 lies on the CPU. keep = (t.abs() < 1).to(t.dtype) is computed from t and lies beside it.", zh="给 t 截断时，backward 里写 keep = torch.zeros(t.shape); keep[t.abs() < 1] = 1，它就在 CPU 上。keep = (t.abs() < 1).to(t.dtype) 由 t 算出，就在 t 旁边。"),
        ),
    ),
    Wrong(
        "state-as-lists",
        Text(en="the state is saved as lists, and the tensors made from them lie on the CPU", zh="状态存成了列表，再由列表生成的张量在 CPU 上"),
        edits=(
            ("[v.clone() for v in self.velocities]", "[v.tolist() for v in self.velocities]"),
            ('            for v, saved in zip(self.velocities, state["velocities"]):\n                v.copy_(saved)\n', '            self.velocities = [torch.tensor(saved) for saved in state["velocities"]]\n'),
        ),
        hint=Hint(
            question=Text(en="The interrupted run stops at its first step after loading, the whole one does not. What does a list forget?", zh="中断的训练加载之后，第一步就中止了；一口气走完的却没事。列表忘掉了什么？"),
            neighbour=Text(en="old = m.tolist(); m = torch.tensor(old) is a new tensor, float32, on the CPU. m.copy_(torch.tensor(old)) writes the same numbers into m, which keeps its dtype and its device.", zh="old = m.tolist(); m = torch.tensor(old) 得到一个新张量：float32，在 CPU 上。m.copy_(torch.tensor(old)) 把同样的数写进 m，m 的 dtype 和设备都不变。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="13.4 The capstone", zh="13.4 综合项目"),
    properties=(
        Property("parameters", Text(en="names and shapes of the parameters", zh="参数的名字和形状")),
        Property(
            "start",
            Text(en="the loss at the start, near ln 10", zh="起点的损失，接近 ln 10"),
            rtol=0.0,
            atol=0.3,
            why="initial weights are random: every draw with the given deviations lies within 0.1 of ln 10",
        ),
        Property(
            "init",
            Text(en="the initial weights' deviations, biases 0", zh="初始权重的标准差，偏置为 0"),
            rtol=0.05,
            atol=0.0,
            why="the deviation of 4000 drawn numbers lies within 5 % of the true one, at more than four sigma",
        ),
        Property("logits", Text(en="logits for given weights", zh="给定权重时的 logits"), points=2.0),
        Property("gradients", Text(en="gradients for given weights", zh="给定权重时的梯度"), points=2.0),
        Property("second", Text(en="second derivatives", zh="二阶导数"), points=2.0),
        Property("steps", Text(en="two steps of the optimiser", zh="优化器走两步"), points=2.0),
        Property(
            "idle",
            Text(en="a step without gradients changes nothing", zh="没有梯度时走一步，什么都不变"),
            only_with="steps",
        ),
        Property("whole", Text(en="four steps in one go", zh="一口气走四步")),
        Property("resumed", Text(en="two steps, a file, two steps more", zh="走两步，存文件，再走两步"), points=2.0),
        Property(
            "by-heart",
            Text(en="sixteen samples by heart", zh="背下十六个样本"),
            rtol=0.0,
            atol=0.1,
            why="any working network brings the loss close to 0; how close depends on the draw of its weights",
            only_with="steps",
        ),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    timeout=10.0,
    fallback=Hint(
        question=Text(
            en="Which row of the table is the first that fails? The parts build on each other: parameters, forward pass, backward rule, optimiser, saving.",
            zh="表中最先失败的是哪一行？各部分环环相扣：参数、前向、反向规则、优化器、保存。",
        ),
        neighbour=Text(
            en="Test the parts one at a time, as you would a chain of lamps: gradcheck for the activation; model.state_dict().keys() for the module; two steps on p = 1 with gradient 4, lr 0.1, "
            "momentum 0.5 (0.6, then 0.0) for the optimiser.",
            zh="像查一串灯泡那样逐个检验：激活函数用 gradcheck；模块看 model.state_dict().keys()；优化器在 p = 1、梯度 4、lr 0.1、动量 0.5 上走两步（0.6，然后 0.0）。",
        ),
    ),
    survivors=(
        Survivor(
            "self.w1 = nn.Parameter(torch.randn(196, width) * math.sqrt(2 / 196))",
            "196 -> 197",
            "in the deviation this is a quarter of a per cent, less than chance moves the deviation of the weights drawn",
            equivalent=False,
        ),
        Survivor(
            'return {"velocities": [v.clone() for v in self.velocities]}',
            "v.clone() -> v",
            "the card promises a state that can be saved; written to a file at once, a window and a copy are the same",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
