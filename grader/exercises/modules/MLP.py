"""Exercise 7.2: a network of any depth."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Names and shapes; the answer for given weights; how often each layer is called; whether initial layers differ."""
    from itertools import pairwise

    import torch

    with torch.random.fork_rng():
        torch.manual_seed(case["seed"])
        model = ns["MLP"](list(case["sizes"])).double()
    yield "parameters", {name: list(p.shape) for name, p in model.named_parameters()}
    weights = [p.detach().clone() for name, p in model.named_parameters() if name.endswith("weight")]
    yield (
        "different",
        [bool((a == b).all()) for a, b in pairwise(weights) if a.shape == b.shape],
    )
    model.load_state_dict(case["weights"])
    calls: list[str] = []
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear):
            module.register_forward_hook(lambda module, inputs, output, name=name: calls.append(name))
    yield "output", model(case["x"]).detach()
    yield "calls", calls


def _case(name: str, label: Text, sizes: list[int], n: int, rng: np.random.Generator) -> Case:
    weights: dict[str, tuple[int, ...]] = {}
    for place, (a, b) in enumerate(pairwise(sizes)):
        weights |= {f"layers.{place}.weight": (b, a), f"layers.{place}.bias": (b,)}
    drawn = {key: torch.from_numpy(np.round(rng.standard_normal(shape), 1)) for key, shape in weights.items()}
    x = torch.from_numpy(np.round(rng.standard_normal((n, sizes[0])), 1))
    return Case(name, label, {"sizes": sizes, "weights": drawn, "x": x, "seed": int(rng.integers(1000))})


PUBLIC = (
    _case("two-layers", Text(en="sizes [2, 3, 2]", zh="各层 [2, 3, 2]"), [2, 3, 2], 3, np.random.default_rng(1)),
    _case(
        "equal-widths",
        Text(en="sizes [2, 3, 3, 3, 1]", zh="各层 [2, 3, 3, 3, 1]"),
        [2, 3, 3, 3, 1],
        2,
        np.random.default_rng(2),
    ),
    _case(
        "one-layer",
        Text(en="sizes [3, 2]: a single layer", zh="各层 [3, 2]：只有一层"),
        [3, 2],
        2,
        np.random.default_rng(5),
    ),
)


def hidden(rng: np.random.Generator) -> list[Case]:
    """A deep one, a batch of one."""
    return [
        _case("deep", Text(en="sizes [4, 6, 6, 5, 5, 3]", zh="各层 [4, 6, 6, 5, 5, 3]"), [4, 6, 6, 5, 5, 3], 5, rng),
        _case("single", Text(en="a batch of one", zh="只有一个样本的批量"), [3, 4, 2], 1, rng),
    ]


WRONG = (
    Wrong(
        "python-list",
        Text(en="the layers stand in an ordinary list", zh="把层放在了普通列表里"),
        edits=(("nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:]))", "[nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:])]"),),
        hint=Hint(
            question=Text(en="How many parameters has your model, by list(model.parameters())?", zh="list(model.parameters()) 显示你的模型有几个参数？"),
            neighbour=Text(en="A box without a label in the cellar: its things are there, but on no list. nn.ModuleList is the box with a label.", zh="地窖里一只没贴标签的箱子：东西都在，可清单上没有。nn.ModuleList 就是贴了标签的箱子。"),
        ),
    ),
    Wrong(
        "relu-at-the-end",
        Text(en="ReLU after the last layer, too", zh="最后一层之后也加了 ReLU"),
        edits=(("        for layer in self.layers[:-1]:\n            x = torch.relu(layer(x))\n        return self.layers[-1](x)\n", "        for layer in self.layers:\n            x = torch.relu(layer(x))\n        return x\n"),),
        hint=Hint(
            question=Text(en="Can your logits be negative?", zh="你的 logits 能是负数吗？"),
            neighbour=Text(en="A judge who may give points from 0 upwards only cannot say 'rather not'. Logits 0 and 0 are a tie; -3 and 2 are a verdict.", zh="只能打 0 分以上的评委，没法表示“不太行”。logits 是 0 和 0，打平；是 -3 和 2，才分出高下。"),
        ),
    ),
    Wrong(
        "no-relu",
        Text(en="no ReLU between the layers", zh="层与层之间没有 ReLU"),
        edits=(("x = torch.relu(layer(x))", "x = layer(x)"),),
        hint=Hint(
            question=Text(en="What are two linear layers without a kink between them worth?", zh="两个线性层之间没有折点，等于几层？"),
            neighbour=Text(en="Times 2, then times 3 is times 6: one machine would do.", zh="先乘 2 再乘 3，就是乘 6：一台机器就够了。"),
        ),
    ),
    Wrong(
        "one-layer-for-equal-widths",
        Text(en="layers of equal widths are one and the same object", zh="宽度相同的层成了同一个对象"),
        source='''class MLP(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        made = {}
        for pair in zip(sizes[:-1], sizes[1:]):
            made.setdefault(pair, nn.Linear(*pair))
        self.layers = nn.ModuleList(made[pair] for pair in zip(sizes[:-1], sizes[1:]))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)
''',
        hint=Hint(
            question=Text(en="Is layers[1] the same object as layers[2]? Try 'is'.", zh="layers[1] 和 layers[2] 是同一个对象吗？用 is 试试。"),
            neighbour=Text(en="[[0]] * 2 holds one inner list twice: changing the first changes the second. [[0] for _ in range(2)] holds two.", zh="[[0]] * 2 里是同一个内层列表放了两次：改第一个，第二个也变。[[0] for _ in range(2)] 才是两个。"),
        ),
    ),
    Wrong(
        "calls-forward",
        Text(en="layer.forward(x) instead of layer(x): hooks are passed over", zh="写了 layer.forward(x)，而不是 layer(x)：钩子被跳过"),
        edits=(("torch.relu(layer(x))", "torch.relu(layer.forward(x))"), ("self.layers[-1](x)", "self.layers[-1].forward(x)")),
        hint=Hint(
            question=Text(en="Put a forward hook on a layer. Does it run?", zh="给某一层装一个前向钩子。它运行了吗？"),
            neighbour=Text(en="Whoever climbs in through the window is not seen by the porter. layer(x) is the door.", zh="翻窗进来的人，门卫看不到。layer(x) 才是门。"),
        ),
    ),
    Wrong(
        "last-layer-missing",
        Text(en="the last layer is left out", zh="漏了最后一层"),
        edits=(("return self.layers[-1](x)", "return x"),),
        hint=Hint(
            question=Text(en="Which width has your output? Which one does sizes promise?", zh="你的输出有多宽？sizes 要的是多宽？"),
            neighbour=Text(en="Three floors, two staircases climbed: one stands on the second floor.", zh="三层楼，只爬了两段楼梯：还站在二楼。"),
        ),
    ),
    Wrong(
        "sizes-reversed",
        Text(en="inputs and outputs of the layers are swapped", zh="各层的输入和输出写反了"),
        edits=(("nn.Linear(a, b)", "nn.Linear(b, a)"),),
        hint=Hint(
            question=Text(en="Which argument of nn.Linear comes first, inputs or outputs?", zh="nn.Linear 的第一个参数是输入数还是输出数？"),
            neighbour=Text(en="A funnel turned round: 3 in and 2 out is not 2 in and 3 out.", zh="把漏斗倒过来：3 进 2 出，与 2 进 3 出不是一回事。"),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "sequential-inside",
        '''class MLP(nn.Module):
    """The list is a Sequential; ReLU comes by the position."""

    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.Sequential()
        for i in range(len(sizes) - 1):
            self.layers.append(nn.Linear(sizes[i], sizes[i + 1]))

    def forward(self, x):
        for i, layer in enumerate(self.layers):
            x = layer(x if i == 0 else x.clamp(min=0))
        return x
''',
    ),
    Right(
        "recursive",
        '''class MLP(nn.Module):
    """Works through the list by recursion."""

    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList()
        for a, b in zip(sizes, sizes[1:]):
            self.layers += [nn.Linear(a, b)]

    def forward(self, x, place=0):
        x = self.layers[place](x)
        return x if place == len(self.layers) - 1 else self.forward(F.relu(x), place + 1)
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "zeros-on-cpu",
        Text(en="forward makes the zeros for the ReLU on the CPU", zh="forward 在 CPU 上生成 ReLU 用的零"),
        edits=(("x = torch.relu(layer(x))", "x = torch.maximum(layer(x), torch.zeros(layer.out_features, dtype=x.dtype))"),),
        hint=Hint(
            question=Text(en="model.to(device) moves what the model keeps. Does it also change what forward makes anew in each call?", zh="model.to(device) 搬走模型保存的东西。forward 每次调用时新生成的，它也管得着吗？"),
            neighbour=Text(en="In forward, positions = torch.arange(x.shape[1]) is on the CPU at each call, on whatever device the module is; torch.arange(x.shape[1], device=x.device) follows the input.", zh="在 forward 里写 positions = torch.arange(x.shape[1])，不管模块在哪里，每次都在 CPU 上；torch.arange(x.shape[1], device=x.device) 则跟着输入走。"),
        ),
    ),
    Wrong(
        "result-on-cpu",
        Text(en="forward brings its result to the CPU", zh="forward 把结果带回了 CPU"),
        edits=(('return self.layers[-1](x)', 'return self.layers[-1](x).cpu()'),),
        hint=Hint(
            question=Text(en="Who uses the result of forward next, and where are the labels that it is compared with?", zh="forward 的结果接下来由谁来用？拿来与它比较的标签又在哪里？"),
            neighbour=Text(en="For a plot, model(x).detach().cpu() is right: at the end, by whoever draws. Inside the model, .cpu() brings every result down, and the loss with labels on the GPU raises.", zh="要画图时，model(x).detach().cpu() 是对的：在最后，由画图的人来写。写在模型里面，.cpu() 会把每个结果都搬下来，与 GPU 上的标签一起算损失时就报错。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="7.2 A network of any depth", zh="7.2 任意深度的网络"),
    properties=(
        Property("parameters", Text(en="names and shapes of the parameters", zh="参数的名字和形状"), points=2.0),
        Property(
            "different", Text(en="layers of equal widths differ", zh="宽度相同的层彼此不同"), only_with="parameters"
        ),
        Property("output", Text(en="the answer for given weights", zh="给定权重时的结果"), points=2.0),
        Property("calls", Text(en="every layer is called once, in order", zh="每层依次调用一次"), only_with="output"),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Print the model, then the shape of x after every layer. Which line is not what sizes says?",
            zh="打印模型，再打印 x 经过每一层之后的形状。哪一行与 sizes 不符？",
        ),
        neighbour=Text(
            en="sizes [1, 2, 1] with all weights 1 and no biases, x = 3: the first layer gives (3, 3), ReLU leaves them, the last one 6. For x = -3: (-3, -3), then (0, 0), then 0.",
            zh="各层 [1, 2, 1]，权重全为 1，没有偏置，x = 3：第一层得 (3, 3)，ReLU 不变，最后一层得 6。x = -3 时：(-3, -3)，然后 (0, 0)，最后 0。",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
