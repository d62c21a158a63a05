"""Exercise 4.1: which tensors are leaves, which require a gradient, and which get one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Asks for the prediction once; yields one column of the table after the other."""
    table = ns["predict"]()
    if not isinstance(table, dict) or not all(
        isinstance(row, (tuple, list)) and len(row) == 3 for row in table.values()
    ):
        yield "leaf", table  # not the table: the comparison then says what came instead
        return
    for column, name in enumerate(("leaf", "requires_grad", "grad")):
        yield name, {tensor: table[tensor][column] for tensor in case["tensors"] if tensor in table}


PUBLIC = (Case("program", Text(en="the program of the card", zh="题目卡片上的程序"), {"tensors": list("abcdefgk")}),)


def hidden(rng: np.random.Generator) -> list[Case]:
    """The rows in another order: there is only one table."""
    return [
        Case(
            "reordered",
            Text(en="the same program", zh="同一个程序"),
            {"tensors": [str(t) for t in rng.permutation(list("abcdefgk"))]},
        )
    ]


WRONG = (
    Wrong(
        "every-tracked-tensor-has-grad",
        Text(en="everything that requires a gradient is given a .grad", zh="以为凡是需要梯度的都会得到 .grad"),
        edits=(
            ('"c": (False, True, False)', '"c": (False, True, True)'),
            ('"e": (False, True, False)', '"e": (False, True, True)'),
        ),
        hint=Hint(
            question=Text(
                en="Which of your tensors with a .grad were made by a recorded operation? What does backward do with the "
                "gradients of values in between?",
                zh="在你认为有 .grad 的张量里，哪些是由被记录的运算产生的？中间值的梯度，backward 用完之后怎么处理？",
            ),
            neighbour=Text(
                en="p = torch.tensor(1.0, requires_grad=True); q = p * 5; (q * q).backward(). All three require a gradient. "
                "p is a leaf and gets 50. q had the gradient 10 on the way, used it, and its .grad is None.",
                zh="p = torch.tensor(1.0, requires_grad=True); q = p * 5; (q * q).backward()。三个都需要梯度。p 是叶子，得到 50。"
                "q 在途中有过梯度 10，用完就算，它的 .grad 是 None。",
            ),
        ),
    ),
    Wrong(
        "conversion-is-a-leaf",
        Text(en="the converted tensor is taken for a leaf", zh="把转换得到的张量当成了叶子"),
        edits=(('"e": (False, True, False)', '"e": (True, True, True)'),),
        hint=Hint(
            question=Text(
                en="What made e? Look at e.grad_fn.",
                zh="e 是怎么来的？看看 e.grad_fn。",
            ),
            neighbour=Text(
                en="u = torch.zeros(2, requires_grad=True); s = u.reshape(2, 1). s.grad_fn is a view's function, so s is no "
                "leaf. Turned round, torch.zeros(2).reshape(2, 1).requires_grad_(): the reshape was not recorded, as "
                "nothing required a gradient yet, and the flag is set on a leaf.",
                zh="u = torch.zeros(2, requires_grad=True); s = u.reshape(2, 1)。s.grad_fn 是某个函数，所以 s 不是叶子。反过来写，"
                "torch.zeros(2).reshape(2, 1).requires_grad_()：reshape 时还没有谁需要梯度，所以没有记录，标志设在了叶子上。",
            ),
        ),
    ),
    Wrong(
        "detach-keeps-the-flag",
        Text(en="detach() is thought to keep requires_grad", zh="以为 detach() 之后仍然需要梯度"),
        edits=(('"d": (True, False, False)', '"d": (False, True, False)'),),
        hint=Hint(
            question=Text(
                en="What does detach() leave out: the numbers or the history? Can a tensor without history pass a gradient on?",
                zh="detach() 去掉的是数还是历史？没有历史的张量，还能把梯度传下去吗？",
            ),
            neighbour=Text(
                en="A photocopy of a bill with the sender cut off: the amount is still there, but nobody can send a "
                "complaint back. m = n.detach(): the same amount, m.grad_fn is None, m.requires_grad is False.",
                zh="一张剪掉了发件人的账单复印件：金额还在，但谁也没法退回去申诉。m = n.detach()：数相同，m.grad_fn 是 None，"
                "m.requires_grad 是 False。",
            ),
        ),
    ),
    Wrong(
        "leaf-means-requires-grad",
        Text(en="tensors that require no gradient are not counted as leaves", zh="没有把不需要梯度的张量算作叶子"),
        edits=(
            ('"a": (True, False, False)', '"a": (False, False, False)'),
            ('"d": (True, False, False)', '"d": (False, False, False)'),
            ('"g": (True, False, False)', '"g": (False, False, False)'),
        ),
        hint=Hint(
            question=Text(
                en="Read the definition again: a leaf is a tensor that no recorded operation made. Does it say anything "
                "about requires_grad?",
                zh="再读一遍定义：不是由被记录的运算产生的张量，就是叶子。定义里提到 requires_grad 了吗？",
            ),
            neighbour=Text(
                en="In a family tree, the people without entered parents are at its ends, whether or not anybody "
                "writes to them. torch.arange(4).is_leaf is True, though whole numbers can never require a gradient.",
                zh="家谱里没有登记父母的人就在末端，不管有没有人给他们写信。torch.arange(4).is_leaf 是 True，尽管整数永远不可能要求梯度。",
            ),
        ),
    ),
    Wrong(
        "no-grad-result-is-tracked",
        Text(en="a result made under no_grad is thought to require a gradient", zh="以为 no_grad 下得到的结果需要梯度"),
        edits=(('"g": (True, False, False)', '"g": (False, True, False)'),),
        hint=Hint(
            question=Text(
                en="Was the recorder running when g was made? What does a result look like of which nothing was written down?",
                zh="产生 g 的时候，记录开着吗？什么都没记的结果，看上去是什么样？",
            ),
            neighbour=Text(
                en="with torch.no_grad(): r = q + 1, where q requires a gradient. Nothing is recorded, so r.grad_fn is None and "
                "r.requires_grad is False: for autograd, r is a number that fell from the sky.",
                zh="with torch.no_grad(): r = q + 1，其中 q 需要梯度。什么也没记，所以 r.grad_fn 是 None，r.requires_grad 是 False："
                "在自动求导看来，r 就是天上掉下来的数。",
            ),
        ),
    ),
    Wrong(
        "retain-grad-forgotten",
        Text(en="retain_grad() is overlooked", zh="没有注意到 retain_grad()"),
        edits=(('"k": (False, True, True)', '"k": (False, True, False)'),),
        hint=Hint(
            question=Text(
                en="One value in between was asked about before backward. Which one?",
                zh="有一个中间值，在 backward 之前就有人要它的梯度。是哪一个？",
            ),
            neighbour=Text(
                en="q = p * 5; q.retain_grad(); (q * q).backward() at p = 1: now q.grad is 10. It did not make q a leaf; it only "
                "asked to keep a note that would have been thrown away.",
                zh="q = p * 5; q.retain_grad(); (q * q).backward()，p = 1：这回 q.grad 是 10。q 并没有因此变成叶子，只是请人留下一张本要扔掉的条子。",
            ),
        ),
    ),
    Wrong(
        "every-leaf-has-grad",
        Text(en="every leaf is given a .grad", zh="以为每个叶子都会得到 .grad"),
        edits=(
            ('"a": (True, False, False)', '"a": (True, False, True)'),
            ('"d": (True, False, False)', '"d": (True, False, True)'),
            ('"g": (True, False, False)', '"g": (True, False, True)'),
        ),
        hint=Hint(
            question=Text(
                en="Did anybody ask for the gradient of a? What does requires_grad say about it?",
                zh="有人要 a 的梯度吗？a 的 requires_grad 是什么？",
            ),
            neighbour=Text(
                en="prices = torch.tensor([2.0, 3.0]); amounts = torch.tensor([1.0, 4.0], requires_grad=True); "
                "(prices * amounts).sum().backward(). Both are leaves. amounts.grad is [2, 3]; prices.grad is None: nobody asked.",
                zh="prices = torch.tensor([2.0, 3.0]); amounts = torch.tensor([1.0, 4.0], requires_grad=True); "
                "(prices * amounts).sum().backward()。两个都是叶子。amounts.grad 是 [2, 3]；prices.grad 是 None：没有人要。",
            ),
        ),
    ),
)

RIGHT = (
    Right(
        "runs-the-program",
        '''def predict():
    """Runs the program and looks."""
    a = torch.ones(3)
    b = torch.ones(3, requires_grad=True)
    c = b * 2
    d = c.detach()
    e = b.double()
    f = torch.ones(3).double().requires_grad_()
    with torch.no_grad():
        g = b * 3
    k = c + 1
    k.retain_grad()
    (k * f + e + d * a + g).sum().backward()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tensors = {"a": a, "b": b, "c": c, "d": d, "e": e, "f": f, "g": g, "k": k}
        return {n: (t.is_leaf, t.requires_grad, t.grad is not None) for n, t in tensors.items()}
''',
    ),
    Right(
        "three-sets",
        '''def predict():
    """One set for each question."""
    leaves, tracked, filled = set("abdfg"), set("bcefk"), set("bfk")
    return {name: [name in leaves, name in tracked, name in filled] for name in "kgfedcba"}
''',
    ),
)

EXERCISE = Exercise(
    title=Text(en="4.1 Who is a leaf?", zh="4.1 谁是叶子？"),
    properties=(
        Property("leaf", Text(en="is it a leaf?", zh="是不是叶子")),
        Property("requires_grad", Text(en="does it require a gradient?", zh="需不需要梯度")),
        Property("grad", Text(en="has it a .grad after backward?", zh="backward 之后有没有 .grad")),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Go through the program line by line. For each tensor: what made it, was the recorder on, and did any input "
            "require a gradient?",
            zh="逐行读程序。对每个张量问：它是怎么来的？当时记录开着吗？有没有输入需要梯度？",
        ),
        neighbour=Text(
            en="u = torch.zeros(2, requires_grad=True); s = u + 1; t = torch.zeros(2); (s * t).sum().backward(). "
            "u: leaf, requires, has a .grad. s: no leaf, requires, no .grad. t: leaf, does not require, no .grad.",
            zh="u = torch.zeros(2, requires_grad=True); s = u + 1; t = torch.zeros(2); (s * t).sum().backward()。"
            "u：叶子，需要梯度，有 .grad。s：不是叶子，需要梯度，没有 .grad。t：叶子，不需要梯度，没有 .grad。",
        ),
    ),
)
