"""Exercise 4.4: the inventory of a recorded graph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Builds the graph from the case's steps and yields the inventory.

    A step is [operation, index, index …] over the list of tensors made so far; the list begins with the leaves u and
    w, which require gradients, and with c, which does not.
    """
    import torch

    u, w = (torch.tensor([1.5, 2.5], dtype=torch.float64, requires_grad=True) for _ in range(2))
    made = [u, w, torch.tensor([2.0, 0.5], dtype=torch.float64)]
    operations: dict[str, Any] = {
        "add": lambda a, b: a + b,
        "mul": lambda a, b: a * b,
        "sub": lambda a, b: a - b,
        "exp": lambda a: a.exp(),
        "sum": lambda a: a.sum(),
        "detach": lambda a: a.detach(),
    }
    for name, *indices in case["steps"]:
        made.append(operations[name](*(made[i] for i in indices)))
    yield "names", ns["op_names"](made[-1])


def _case(name: str, label: Text, *steps: list[Any]) -> Case:
    return Case(name, label, {"steps": list(steps)})


PUBLIC = (
    _case("chain", Text(en="u.exp().sum()", zh="u.exp().sum()"), ["exp", 0], ["sum", 3]),
    _case("two-leaves", Text(en="u - w.exp()", zh="u - w.exp()"), ["exp", 1], ["sub", 0, 3]),
    _case("constant-first", Text(en="(c * u).sum(), c requires no gradient", zh="(c * u).sum()，c 不需要梯度"), ["mul", 2, 0], ["sum", 3]),
    _case("diamond", Text(en="e = u.exp(); (e * e + e).sum()", zh="e = u.exp(); (e * e + e).sum()"), ["exp", 0], ["mul", 3, 3], ["add", 4, 3], ["sum", 5]),
    _case("twins", Text(en="u.exp() * w.exp(): two functions of one type", zh="u.exp() * w.exp()：两个同类型的函数"), ["exp", 0], ["exp", 1], ["mul", 3, 4]),
    _case("nothing", Text(en="u.detach().exp(): nothing was recorded", zh="u.detach().exp()：什么也没记录"), ["detach", 0], ["exp", 3]),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """Random graphs in which values are used again and again, and a long chain."""
    cases = [
        _case(
            "long",
            Text(en="a chain of 60 functions", zh="60 个函数连成的链"),
            ["exp", 0],
            *(["sub", 3 + n, 2] for n in range(59)),
        )
    ]
    for number in range(4):
        steps: list[list[Any]] = []
        for made in range(3, 3 + int(rng.integers(6, 14))):
            if rng.random() < 0.25:
                steps.append(["exp", int(rng.integers(made))])
            else:
                steps.append([str(rng.choice(["add", "mul", "sub"])), int(rng.integers(made)), int(rng.integers(made))])
        steps.append(["add", 2 + len(steps), 0])
        cases.append(
            _case(
                f"random-{number}",
                Text(en=f"a random graph of {len(steps)} steps", zh=f"由 {len(steps)} 步组成的随机图"),
                *steps,
            )
        )
    return cases


WRONG = (
    Wrong(
        "first-input-only",
        Text(en="follows next_functions[0] only", zh="只跟着 next_functions[0] 走"),
        source='''def op_names(result):
    names, node = [], result.grad_fn
    while node is not None:
        names.append(type(node).__name__)
        node = node.next_functions[0][0] if node.next_functions else None
    return sorted(names)
''',
        hint=Hint(
            question=Text(
                en="How many entries has next_functions for a product? How many of them do you visit?",
                zh="对一个乘积，next_functions 有几项？你走了其中几项？",
            ),
            neighbour=Text(
                en="Ancestors: follow only the mother of each person, and of 2 parents and 4 grandparents you meet 1 and 1. The list of "
                "those still to be visited must take in both parents.",
                zh="查祖先时，如果每个人只追母亲，那么 2 位父母、4 位祖父母辈里，你各只遇到 1 位。待访问的名单上，父母双方都要写进去。",
            ),
        ),
    ),
    Wrong(
        "stumbles-over-none",
        Text(en="None is not skipped", zh="没有跳过 None"),
        edits=(("if node is not None and node not in seen:", "if node not in seen:"),),
        hint=Hint(
            question=Text(
                en="What stands in next_functions for an input that needs no gradient? Does it have a next_functions?",
                zh="对不需要梯度的输入，next_functions 里放的是什么？它有 next_functions 吗？",
            ),
            neighbour=Text(
                en="A register with entries ('Ann', 3), (None, 0): reading the first of each pair gives a person and a gap. Ask 'is it "
                "there?' before you ask it anything else.",
                zh="登记表里有 ('Ann', 3)、(None, 0)：取每对的第一项，得到一个人和一个空位。问它别的之前，先问它在不在。",
            ),
        ),
    ),
    Wrong(
        "shared-twice",
        Text(en="a function that two ways lead to is listed twice", zh="有两条路通向的函数被列了两次"),
        edits=(("if node is not None and node not in seen:", "if node is not None:"),),
        hint=Hint(
            question=Text(
                en="In the diamond, how many ways lead from the result to exp? How often was exp computed?",
                zh="在菱形的例子里，从结果到 exp 有几条路？exp 计算了几次？",
            ),
            neighbour=Text(
                en="From the roof of a house two stairs lead to one cellar. Whoever counts cellars by walking down each stair finds two. "
                "A list of rooms already seen keeps the count right.",
                zh="房子有两道楼梯通往同一间地下室。沿每道楼梯走一遍来数地下室，会数出两间。记下已经去过的房间，才不会数重。",
            ),
        ),
    ),
    Wrong(
        "leaves-missing",
        Text(en="AccumulateGrad is left out", zh="漏了 AccumulateGrad"),
        edits=(("return sorted(type(node).__name__ for node in seen)", 'return sorted(type(node).__name__ for node in seen if node.next_functions)'),),
        hint=Hint(
            question=Text(
                en="Where does the walk end? Which function stands there, and does it belong to the inventory?",
                zh="路走到哪里为止？那里站着什么函数？它算不算在清单里？",
            ),
            neighbour=Text(
                en="A tree of 3 forks has 4 tips. A list of everything has 7 entries; 'everything that goes on' has 3.",
                zh="一棵有 3 个分叉的树有 4 个末梢。全部列出来是 7 项；只列“还能往前走的”，是 3 项。",
            ),
        ),
    ),
    Wrong(
        "types-not-functions",
        Text(en="two functions of the same type are listed once", zh="两个类型相同的函数只列了一次"),
        edits=(("return sorted(type(node).__name__ for node in seen)", "return sorted({type(node).__name__ for node in seen})"),),
        hint=Hint(
            question=Text(
                en="Are the two exp of the twins the same function or two of the same type? What do you compare: nodes or names?",
                zh="“同类型”那个例子里的两个 exp，是同一个函数，还是类型相同的两个？你比较的是节点，还是名字？",
            ),
            neighbour=Text(
                en="Two people called Kim live in the house. The set of names has one entry, the list of residents two.",
                zh="这栋楼里住着两个叫小金的人。名字的集合里只有一项，住户名单上却有两项。",
            ),
        ),
    ),
    Wrong(
        "begins-one-too-late",
        Text(en="the result's own function is left out", zh="漏了结果自己的函数"),
        source='''def op_names(result):
    seen = []
    waiting = [child for child, _ in result.grad_fn.next_functions] if result.grad_fn is not None else []
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.append(node)
            waiting += [child for child, _ in node.next_functions]
    return sorted(type(node).__name__ for node in seen)
''',
        hint=Hint(
            question=Text(
                en="Which function made the result itself? Is it in your list?",
                zh="结果本身是由哪个函数产生的？它在你的列表里吗？",
            ),
            neighbour=Text(
                en="A relay of 4 runners: who asks the last one only for her predecessors writes down 3 names.",
                zh="四人接力：如果只向最后一棒打听她前面有谁，就只记下 3 个名字。",
            ),
        ),
    ),
    Wrong(
        "needs-a-graph",
        Text(en="fails where nothing was recorded", zh="什么也没记录时会出错"),
        edits=(
            ("seen, waiting = [], [result.grad_fn]", "seen, waiting = [result.grad_fn], [child for child, _ in result.grad_fn.next_functions]"),
        ),
        hint=Hint(
            question=Text(
                en="What is grad_fn of a detached tensor? What should an inventory of nothing be?",
                zh="detach 之后的张量，grad_fn 是什么？什么都没有时，清单应当是什么？",
            ),
            neighbour=Text(
                en="The stock list of an empty shelf is an empty list, not a complaint that there is no first item.",
                zh="空货架的盘点单就是一张空单子，而不是抱怨“没有第一件货”。",
            ),
        ),
    ),
    Wrong(
        "unsorted",
        Text(en="in the order of the walk, not sorted", zh="按走的次序排列，没有排序"),
        edits=(("return sorted(type(node).__name__ for node in seen)", "return [type(node).__name__ for node in seen]"),),
        hint=Hint(
            question=Text(
                en="Two people walk the same graph in different ways. How can their lists be compared?",
                zh="两个人用不同的走法走同一张图，他们的列表怎样才能比较？",
            ),
            neighbour=Text(
                en="'cba' and 'bca' hold the same letters; sorted, both are 'abc'. The card asks for the sorted list.",
                zh="'cba' 和 'bca' 的字母相同，排序后都是 'abc'。题目要的是排好序的列表。",
            ),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "recursive",
        '''def op_names(result):
    """Depth first, by recursion."""
    found = {}

    def visit(node):
        if node is None or id(node) in found:
            return
        found[id(node)] = node
        for child, _ in node.next_functions:
            visit(child)

    visit(result.grad_fn)
    return sorted(type(node).__name__ for node in found.values())
''',
    ),
    Right(
        "layer-by-layer",
        '''def op_names(result):
    """Breadth first, with a set of the nodes themselves."""
    layer = {result.grad_fn} - {None}
    seen = set()
    while layer:
        seen |= layer
        layer = {child for node in layer for child, _ in node.next_functions} - seen - {None}
    names = [type(node).__name__ for node in seen]
    names.sort()
    return tuple(names)
''',
    ),
)

EXERCISE = Exercise(
    title=Text(en="4.4 Walk the graph", zh="4.4 把图走一遍"),
    properties=(Property("names", Text(en="the sorted list of names", zh="排好序的名字列表"), points=4.0),),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Draw the graph of the failing case and number its functions. Which of them is missing from your list, or stands there twice?",
            zh="把出错的那张图画出来，给函数编号。你的列表里缺了哪个，或者哪个出现了两次？",
        ),
        neighbour=Text(
            en="s = u * w; t = s + s: the functions are one AddBackward0, one MulBackward0 (though both entries of the sum lead to it) and "
            "two AccumulateGrad, so four names.",
            zh="s = u * w; t = s + s：函数有 AddBackward0 一个、MulBackward0 一个（尽管加法的两项都通向它）、AccumulateGrad 两个，共四个名字。",
        ),
    ),
)
