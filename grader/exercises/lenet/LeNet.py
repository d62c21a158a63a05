"""Exercise 11.1: LeNet for images of 32 and of 28 pixels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Survivor, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Names and shapes of the parameters; what goes into and out of each layer; the answer; an image that is too large."""
    import torch

    def pattern(shape: list[int], start: int) -> Any:
        count = int(torch.tensor(shape).prod())
        return (((torch.arange(count) * 37 + 11 * start) % 101 - 50).double() / 50).reshape(shape)

    side, other = int(case["side"]), int(case["other"])
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = (ns["LeNet"]() if side == 32 else ns["LeNet"](side)).double()
    yield "parameters", {name: list(p.shape) for name, p in sorted(model.named_parameters())}
    with torch.no_grad():
        for place, (_, p) in enumerate(sorted(model.named_parameters())):
            p.copy_(pattern(list(p.shape), place) / (1 if p.ndim == 1 else float(p[0].numel()) ** 0.5))
    seen: dict[str, list[list[int]]] = {}
    for name, module in model.named_modules():
        if name in ("conv1", "conv2", "fc1", "fc2", "fc3"):
            module.register_forward_hook(
                lambda module, inputs, output, name=name: seen.setdefault(name, []).extend(
                    # conv1 may be given an image that is framed already
                    [list(t.shape[1:]) for t in ((output,) if name == "conv1" else (inputs[0], output))]
                )
            )
    images = pattern([int(case["n"]), 1, side, side], int(case["start"]))
    try:
        output = model(images).detach()
    finally:
        yield "shapes", dict(seen)
    yield "output", output
    try:
        model(pattern([25, 1, other, other], 0))
        yield "refused", False
    except Exception:  # whatever it is that such a model raises
        yield "refused", True


def _case(name: str, label: Text, side: int, n: int, other: int, start: int) -> Case:
    return Case(name, label, {"side": side, "n": n, "other": other, "start": start})


PUBLIC = (
    _case("32-pixels", Text(en="two images of 32 by 32", zh="两张 32 乘 32 的图像"), 32, 2, 28, 1),
    _case("28-pixels", Text(en="three images of 28 by 28", zh="三张 28 乘 28 的图像"), 28, 3, 32, 2),
)


def hidden(rng: np.random.Generator) -> list[Case]:
    """One image, and more images than a usual batch of this lesson."""
    return [
        _case("single", Text(en="one image of 28 by 28", zh="一张 28 乘 28 的图像"), 28, 1, 32, int(rng.integers(50))),
        _case("single-32", Text(en="one image of 32 by 32", zh="一张 32 乘 32 的图像"), 32, 1, 28, int(rng.integers(50))),
        _case("seven", Text(en="seven images of 32 by 32", zh="七张 32 乘 32 的图像"), 32, 7, 28, int(rng.integers(50))),
    ]  # fmt: skip


_ROUND = "        x = F.max_pool2d(F.relu(self.conv1(x)), 2)\n        x = F.max_pool2d(F.relu(self.conv2(x)), 2)\n"

WRONG = (
    Wrong(
        "padding-forgotten",
        Text(en="no padding for 28 pixels: fc1 gets 256 features instead of 400", zh="28 像素时没有填充：fc1 收到 256 个特征，而不是 400 个"),
        edits=((", padding=(32 - side) // 2", ""),),
        hint=Hint(
            question=Text(en="Follow one side of a 28-pixel image through your network, by hand: how many pixels are there after each layer?", zh="亲手算一遍：28 像素的图像经过你的网络，每层之后边长还剩多少？"),
            neighbour=Text(en="Kernel 3, pooling 2, twice: 18 → 16 → 8 → 6 → 3. Starting from 16 it goes 16 → 14 → 7 → 5 → 2; with a frame of one pixel around it, 16 is 18 at the start and all the rest is equal.", zh="卷积核 3、池化 2，各两次：18 → 16 → 8 → 6 → 3。从 16 出发则是 16 → 14 → 7 → 5 → 2；四周加一圈一个像素的边，16 一开始就成了 18，后面全都一样。"),
        ),
    ),
    Wrong(
        "smaller-fc1",
        Text(en="no padding; fc1 is made smaller for 28 pixels", zh="没有填充，而是在 28 像素时把 fc1 改小"),
        edits=((", padding=(32 - side) // 2", ""), ("nn.Linear(16 * 5 * 5, 120)", "nn.Linear(400 if side == 32 else 256, 120)")),
        hint=Hint(
            question=Text(en="Could the network for 28 pixels load the weights of the one for 32?", zh="28 像素的网络，能加载 32 像素那个的权重吗？"),
            neighbour=Text(en="A letter that is too small for the machine: one can build a second machine, or put the letter into a larger envelope. Only the second way keeps one machine.", zh="信封太小，机器处理不了：可以另造一台机器，也可以把它套进大一号的信封。只有后一种办法，机器还是那一台。"),
        ),
    ),
    Wrong(
        "padding-on-conv2",
        Text(en="the padding stands at the second convolution: 400 features all the same", zh="填充加在了第二个卷积上：照样是 400 个特征"),
        edits=((", padding=(32 - side) // 2", ""), ("nn.Conv2d(6, 16, 5)", "nn.Conv2d(6, 16, 5, padding=(32 - side) // 4)")),
        hint=Hint(
            question=Text(en="With 28 pixels, what goes into conv2: 12 by 12 or 14 by 14? At which layer do the pixels of the frame come in?", zh="28 像素时，进入 conv2 的是 12 乘 12 还是 14 乘 14？边框的像素是在哪一层加进来的？"),
            neighbour=Text(en="Kernel 3, pooling 2: 16 with a frame of one pixel goes 18 → 16 → 8 → 6 → 3. With the frame in the second layer instead it goes 16 → 14 → 7, then 9 → 7 → 3. The same end, on another way.", zh="卷积核 3、池化 2：16 加一圈一个像素的边，是 18 → 16 → 8 → 6 → 3。如果到第二层才加边，就是 16 → 14 → 7，再 9 → 7 → 3。终点一样，走的却是另一条路。"),
        ),
    ),
    Wrong(
        "flatten-all",
        Text(en="flattens the batch dimension, too", zh="把批量维也展平了"),
        edits=(("x.flatten(1)", "x.flatten()"),),
        hint=Hint(
            question=Text(en="Which shape has x before and after flattening? Where has the number of images gone?", zh="展平前后 x 各是什么形状？图像的张数到哪里去了？"),
            neighbour=Text(en="A tensor [5, 2, 3]: flatten() gives [30], one long row for all; flatten(1) gives [5, 6], one row for each.", zh="张量 [5, 2, 3]：flatten() 得到 [30]，所有样本连成一长行；flatten(1) 得到 [5, 6]，每个样本一行。"),
        ),
    ),
    Wrong(
        "view-minus-one",
        Text(en="view(-1, 400): images of a wrong size turn into another number of samples", zh="view(-1, 400)：尺寸不对的图像变成了另外若干个样本"),
        edits=(("x.flatten(1)", "x.reshape(-1, 400)"),),
        hint=Hint(
            question=Text(en="25 images of a wrong size go in. How many rows come out?", zh="送进 25 张尺寸不对的图像，出来的是几行？"),
            neighbour=Text(en="6 pupils with 4 exercise books each, dealt out in piles of 3: 8 piles, and nobody complains. Whose pile is the second one? 'One pile for each pupil' would have noticed.", zh="6 个学生，每人 4 本练习册，按 3 本一摞来分：8 摞，没有人觉得不对。第二摞是谁的？如果说“每个学生一摞”，马上就会发现。"),
        ),
    ),
    Wrong(
        "softmax-at-the-end",
        Text(en="a softmax in forward: probabilities instead of logits", zh="forward 里做了 softmax：得到概率而不是 logits"),
        edits=(("return self.fc3(x)", "return torch.softmax(self.fc3(x), dim=1)"),),
        hint=Hint(
            question=Text(en="What do the entries of one row of your output add up to? What does the card promise?", zh="你的输出里，一行加起来是多少？题目要的是什么？"),
            neighbour=Text(en="Logits (2, 0) are the probabilities (0.881, 0.119). Cross-entropy takes a softmax of what it gets; after a second one, (0.682, 0.318) is left.", zh="logits (2, 0) 对应概率 (0.881, 0.119)。交叉熵会对收到的东西再做一次 softmax；做两次之后，只剩 (0.682, 0.318)。"),
        ),
    ),
    Wrong(
        "relu-at-the-end",
        Text(en="ReLU on the logits", zh="在 logits 上加了 ReLU"),
        edits=(("return self.fc3(x)", "return F.relu(self.fc3(x))"),),
        hint=Hint(
            question=Text(en="Can your logits be negative?", zh="你的 logits 能是负数吗？"),
            neighbour=Text(en="Scores of (-4, -1) and (-1, -4) say clearly which class is the better one; after ReLU both are (0, 0), a tie.", zh="得分 (-4, -1) 和 (-1, -4) 清楚地说明哪个类别更好；经过 ReLU，两者都是 (0, 0)，打平。"),
        ),
    ),
    Wrong(
        "no-relu-after-conv",
        Text(en="no ReLU after the convolutions", zh="卷积之后没有 ReLU"),
        edits=((_ROUND, _ROUND.replace("F.relu(self.conv1(x))", "self.conv1(x)").replace("F.relu(self.conv2(x))", "self.conv2(x)")),),
        hint=Hint(
            question=Text(en="After which layers does the card ask for ReLU? Is anything negative in what goes into conv2?", zh="题目要求在哪些层之后用 ReLU？进入 conv2 的值里有负数吗？"),
            neighbour=Text(en="The largest of (-3, -1, -2, -5) is -1. Pooling does not make it 0; ReLU does.", zh="(-3, -1, -2, -5) 中最大的是 -1。池化不会把它变成 0，ReLU 才会。"),
        ),
    ),
    Wrong(
        "average-pooling",
        Text(en="average pooling instead of max pooling", zh="用了平均池化，而不是最大池化"),
        edits=((_ROUND, _ROUND.replace("max_pool2d", "avg_pool2d")),),
        hint=Hint(
            question=Text(en="Which number of each square of 2 by 2 goes on: the largest, or the mean?", zh="每个 2 乘 2 的方块里，传下去的是最大的数还是平均数？"),
            neighbour=Text(en="The square (0, 8, 4, 0): its largest is 8, its mean 3.", zh="方块 (0, 8, 4, 0)：最大的是 8，平均是 3。"),
        ),
    ),
    Wrong(
        "tanh",
        Text(en="tanh, as in 1998, instead of ReLU", zh="用了 1998 年的 tanh，而不是 ReLU"),
        edits=((_ROUND, _ROUND.replace("F.relu", "torch.tanh")),),
        hint=Hint(
            question=Text(en="Which activation does the card name? Are there negative values or values above 1 in what goes into conv2?", zh="题目指定的是哪种激活函数？进入 conv2 的值里有负数吗？有大于 1 的吗？"),
            neighbour=Text(en="For -2, 0 and 3: ReLU gives 0, 0 and 3, tanh -0.964, 0 and 0.995.", zh="对 -2、0、3：ReLU 给出 0、0、3，tanh 给出 -0.964、0、0.995。"),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "layers-in-a-row",
        '''class LeNet(nn.Module):
    """The frame is made by F.pad, ReLU comes after the pooling (which is the same), all in one expression."""

    def __init__(self, side=32):
        super().__init__()
        self.frame = (32 - side) // 2
        for name, layer in (
            ("conv1", nn.Conv2d(1, 6, 5)), ("conv2", nn.Conv2d(6, 16, 5)),
            ("fc1", nn.Linear(400, 120)), ("fc2", nn.Linear(120, 84)), ("fc3", nn.Linear(84, 10)),
        ):
            self.add_module(name, layer)
        self.side = side

    def forward(self, images):
        if images.shape[-2:] != (self.side, self.side):
            raise ValueError("wrong size")
        x = F.pad(images, (self.frame,) * 4)
        for layer in (self.conv1, self.conv2):
            x = F.max_pool2d(layer(x), kernel_size=2, stride=2).clamp(min=0)
        x = x.view(len(x), -1)
        return self.fc3(self.fc2(self.fc1(x).relu()).relu())
''',
    ),
    Right(
        "modules-for-everything",
        '''class LeNet(nn.Module):
    """Modules for ReLU, pooling and flattening."""

    def __init__(self, side=32):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, kernel_size=(5, 5), padding={32: 0, 28: 2}[side])
        self.conv2 = nn.Conv2d(6, 16, kernel_size=(5, 5))
        self.pool = nn.MaxPool2d((2, 2))
        self.act = nn.ReLU()
        self.flat = nn.Flatten()
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        x = self.pool(self.act(self.conv1(x)))
        x = self.flat(self.pool(self.act(self.conv2(x))))
        return self.fc3(self.act(self.fc2(self.act(self.fc1(x)))))
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "plain-attribute",
        Text(en="a tensor that forward needs is a plain attribute, which .to(device) leaves behind", zh="forward 要用的张量存成了普通属性，.to(device) 不会带上它"),
        edits=(("        self.fc2 = nn.Linear(120, 84)", "        self.floor = torch.zeros(120)\n        self.fc2 = nn.Linear(120, 84)"), ("x = F.relu(self.fc1(x))", "x = torch.maximum(self.fc1(x), self.floor)")),
        hint=Hint(
            question=Text(en="Look at model.state_dict(): is your tensor in it? What does .to(device) go through?", zh="看一看 model.state_dict()：里面有你的那个张量吗？.to(device) 会搬哪些东西？"),
            neighbour=Text(en="self.mean = torch.tensor([0.5, 0.4]) stays on the CPU when the model moves; self.register_buffer(\"mean\", torch.tensor([0.5, 0.4])) moves with it and is saved with it.", zh="模型移动时，self.mean = torch.tensor([0.5, 0.4]) 留在 CPU 上；self.register_buffer(\"mean\", torch.tensor([0.5, 0.4])) 则跟着走，也一起保存。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="11.1 LeNet for two sizes", zh="11.1 两种尺寸的 LeNet"),
    properties=(
        Property("parameters", Text(en="names and shapes of the parameters", zh="参数的名字和形状")),
        Property(
            "shapes", Text(en="what goes into and comes out of each layer", zh="每一层的输入和输出形状"), points=2.0
        ),
        Property("output", Text(en="the logits for given weights", zh="给定权重时的 logits"), points=2.0),
        Property(
            "refused",
            Text(en="images of the other size raise an error", zh="另一种尺寸的图像会报错"),
            only_with="output",
        ),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Print x.shape after every line of forward and put it beside the table of the lesson. Which is the first that differs?",
            zh="在 forward 的每一行之后打印 x.shape，和课文里的表对一对。第一处不同在哪里？",
        ),
        neighbour=Text(
            en="A net for 14 pixels: a convolution with kernel 3 gives 12, pooling 6, another convolution 4, pooling 2. With 5 channels at the end, flatten(1) leaves 5 · 2 · 2 = 20 features.",
            zh="一个 14 像素的网络：核为 3 的卷积得 12，池化得 6，再一次卷积得 4，池化得 2。最后若有 5 个通道，flatten(1) 之后就是 5 · 2 · 2 = 20 个特征。",
        ),
    ),
    survivors=(
        Survivor(
            line="self.conv1 = nn.Conv2d(1, 6, 5, padding=(32 - side) // 2)",
            change="32 -> 33",
            reason="(33 - side) // 2 is 0 for 32 and 2 for 28 as well, and the card knows no other sides",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
