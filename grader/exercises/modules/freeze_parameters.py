"""Exercise 7.3: freeze by name, count by object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Builds a model with a shared weight and a batch-norm, freezes, and yields counts and flags."""
    import torch

    a, b = case["sizes"]
    first, head = torch.nn.Linear(a, b), torch.nn.Linear(b, a)
    parts = {"body": torch.nn.Sequential(first, torch.nn.BatchNorm1d(b)), "head": head}
    if case["tied"]:
        mirror = torch.nn.Linear(a, b, bias=False)
        mirror.weight = first.weight
        parts["mirror"] = mirror
    model = torch.nn.ModuleDict(parts)
    for p in head.parameters():
        p.requires_grad_(case["head_trainable"])
    yield "counts", ns["freeze_parameters"](model, case["prefix"])
    yield "flags", {name: p.requires_grad for name, p in model.named_parameters()}


def _case(name: str, label: Text, prefix: str, sizes: tuple[int, int], tied: bool = False, head: bool = True) -> Case:
    return Case(name, label, {"prefix": prefix, "sizes": list(sizes), "tied": tied, "head_trainable": head})


PUBLIC = (
    _case("body", Text(en="prefix 'body'", zh="前缀 'body'"), "body", (2, 3)),
    _case("one-layer", Text(en="prefix 'body.0'", zh="前缀 'body.0'"), "body.0", (4, 2)),
    _case("tied", Text(en="a shared weight, prefix 'head'", zh="有共享的权重，前缀 'head'"), "head", (2, 5), tied=True),
    _case(
        "thaw",
        Text(en="the head was frozen before, prefix 'body'", zh="head 原来是冻结的，前缀 'body'"),
        "body",
        (3, 3),
        head=False,
    ),
    _case("nothing", Text(en="a prefix that fits nothing", zh="什么都不匹配的前缀"), "tail", (2, 2)),
)


def hidden(rng: np.random.Generator) -> list[Case]:
    """Other sizes and prefixes; everything frozen."""
    a, b = (int(n) for n in rng.integers(2, 9, 2))
    return [
        _case("all", Text(en="an empty prefix", zh="空前缀"), "", (a, b), tied=True),
        _case("weights", Text(en="prefix 'body.1.w'", zh="前缀 'body.1.w'"), "body.1.w", (b, a), head=False),
    ]


WRONG = (
    Wrong(
        "counts-tensors",
        Text(en="counts tensors instead of numbers", zh="数的是张量，不是数"),
        edits=(("+= p.numel()", "+= 1"),),
        hint=Hint(
            question=Text(en="How many numbers are in a weight [3, 2]?", zh="权重 [3, 2] 里有多少个数？"),
            neighbour=Text(en="A shelf of 2 boxes with 10 and 4 eggs holds 14 eggs, not 2.", zh="架子上 2 盒鸡蛋，分别有 10 个和 4 个，共 14 个，不是 2 个。"),
        ),
    ),
    Wrong(
        "shared-counted-twice",
        Text(en="shared parameters are counted twice", zh="共享的参数算了两次"),
        edits=(("model.named_parameters()", "model.named_parameters(remove_duplicate=False)"),),
        hint=Hint(
            question=Text(en="In the case with the shared weight: how many different tensors are there?", zh="在有共享权重的算例里，不同的张量有几个？"),
            neighbour=Text(en="Two doors to one room: the house has one room, and one needs one set of furniture.", zh="一个房间有两扇门：房间还是一个，家具也只要一套。"),
        ),
    ),
    Wrong(
        "buffers-counted",
        Text(en="buffers are counted as frozen", zh="把缓冲区算作冻结的"),
        edits=(("    return counts[True], counts[False]\n", "    return counts[True], counts[False] + sum(b.numel() for b in model.buffers())\n"),),
        hint=Hint(
            question=Text(en="Is a running mean a parameter?", zh="滑动均值是参数吗？"),
            neighbour=Text(en="A car's mileage is kept in the papers, but nobody can tune it. Counting the parts of the engine, one leaves it out.", zh="里程数写在证件上，但没有人去调校它。数发动机零件时不算它。"),
        ),
    ),
    Wrong(
        "never-thaws",
        Text(en="what was frozen before stays frozen", zh="原来冻结的没有解冻"),
        edits=(("p.requires_grad_(not name.startswith(prefix))", "p.requires_grad_(p.requires_grad and not name.startswith(prefix))"),),
        hint=Hint(
            question=Text(en="What does the card say about the parameters that do not begin with the prefix?", zh="不以前缀开头的参数，题目怎么要求？"),
            neighbour=Text(en="'Lock the ground floor and open all the others' is about the others, too.", zh="“锁上一楼，其余各层都打开”，其余各层也要管。"),
        ),
    ),
    Wrong(
        "prefix-anywhere",
        Text(en="the prefix is looked for anywhere in the name", zh="在名字的任何位置找前缀"),
        edits=(("not name.startswith(prefix)", "not (prefix in name or prefix[:2] in name)"),),
        hint=Hint(
            question=Text(en="Which of the names begin with the prefix, and which only contain a part of it?", zh="哪些名字以前缀开头？哪些只是含有其中一段？"),
            neighbour=Text(en="Phone numbers beginning with 030 are in Berlin; 0171 030 is not.", zh="以 010 开头的是北京的电话，号码中间有 010 的不是。"),
        ),
    ),
    Wrong(
        "flag-on-a-copy",
        Text(en="the flag is set on copies", zh="标志设在了副本上"),
        edits=(
            ("p.requires_grad_(not name.startswith(prefix))", "p = p.detach().clone().requires_grad_(not name.startswith(prefix))"),
        ),
        hint=Hint(
            question=Text(en="After your call: what do the model's own parameters say about requires_grad?", zh="调用之后，模型自己的参数的 requires_grad 是什么？"),
            neighbour=Text(en="Sticking 'do not touch' on a photograph of the vase does not protect the vase.", zh="在花瓶的照片上贴“请勿触摸”，保护不了花瓶。"),
        ),
    ),
    Wrong(
        "the-wrong-way-round",
        Text(en="what begins with the prefix is trained, the rest frozen", zh="以前缀开头的可训练，其余被冻结"),
        edits=(("not name.startswith(prefix)", "name.startswith(prefix)"),),
        hint=Hint(
            question=Text(en="Freeze 'body': may the body's parameters move afterwards?", zh="冻结 'body' 之后，body 的参数还能动吗？"),
            neighbour=Text(en="'Keep the milk cold' puts the milk into the fridge, not everything else.", zh="“把牛奶冷藏”是把牛奶放进冰箱，而不是把别的都放进去。"),
        ),
    ),
    Wrong(
        "frozen-first",
        Text(en="the two numbers are returned in the wrong order", zh="两个数的返回次序反了"),
        edits=(("return counts[True], counts[False]", "return counts[False], counts[True]"),),
        hint=Hint(
            question=Text(en="Which number does the card name first?", zh="题目先说的是哪个数？"),
            neighbour=Text(en="divmod(17, 5) is (3, 2), not (2, 3): the order is part of the promise.", zh="divmod(17, 5) 是 (3, 2)，不是 (2, 3)：次序也是约定的一部分。"),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "two-sums",
        '''def freeze_parameters(model, prefix):
    """First the flags, then two sums over the different objects."""
    for name, p in model.named_parameters():
        p.requires_grad = not name.startswith(prefix)
    everything = list(model.parameters())
    trainable = sum(p.numel() for p in everything if p.requires_grad)
    return trainable, sum(p.numel() for p in everything) - trainable
''',
    ),
    Right(
        "by-hand",
        '''def freeze_parameters(model, prefix):
    """Keeps a dict of the objects by their identity."""
    seen = {}
    for path, module in model.named_modules():
        for name, p in module._parameters.items():
            if p is not None and id(p) not in seen:
                full = f"{path}.{name}" if path else name
                seen[id(p)] = p.requires_grad_(full[: len(prefix)] != prefix)
    on = [p.numel() for p in seen.values() if p.requires_grad]
    off = [p.numel() for p in seen.values() if not p.requires_grad]
    return [sum(on), sum(off)]
''',
    ),
)

DEVICE_WRONG = (
    Wrong(
        "counted-by-numpy",
        Text(en="the elements are counted by NumPy", zh="用 NumPy 来数元素的个数"),
        edits=(('counts[p.requires_grad] += p.numel()', 'counts[p.requires_grad] += p.detach().numpy().size'),),
        hint=Hint(
            question=Text(en="Does one have to read a parameter's numbers to know how many there are?", zh="要知道一个参数有多少个数，非得把这些数读出来吗？"),
            neighbour=Text(en="The shape of t is known without a look at its numbers, on every device: t.shape, t.ndim, t.numel(). t.numpy().shape asks for the numbers first, and on a GPU that is a TypeError.", zh="t 的形状不用看其中的数就知道，在哪个设备上都行：t.shape、t.ndim、t.numel()。t.numpy().shape 则先要拿到那些数，到 GPU 上就是 TypeError。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="7.3 Count and freeze", zh="7.3 统计与冻结"),
    properties=(
        Property("counts", Text(en="the two counts", zh="两个数"), points=2.0),
        Property("flags", Text(en="the flags of all parameters", zh="所有参数的标志"), points=2.0),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="List the names, the shapes and the flags after your call. Which line is wrong?",
            zh="列出调用之后的名字、形状和标志。哪一行不对？",
        ),
        neighbour=Text(
            en="Linear(2, 3) has a weight [3, 2] and a bias [3]: 6 + 3 = 9 numbers. Freezing 'weight' leaves 3 trainable and 6 frozen.",
            zh="Linear(2, 3) 有权重 [3, 2] 和偏置 [3]：6 + 3 = 9 个数。冻结 'weight'，可训练的剩 3 个，冻结的 6 个。",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
