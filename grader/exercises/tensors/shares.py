"""Exercise 2.3: which expressions use the memory of x."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong

GROUPS = {
    "views": ["x[0]", "x[[0]]", "x.T", "x.view(6)", "x.T.reshape(6)"],
    "arithmetic": ["x + 0", "x.add_(0)", "x * 1"],
    "conversions": [
        "x.clone()",
        "x.detach()",
        "x.float()",
        "x.double()",
        "torch.tensor(x.tolist())",
        "torch.as_tensor(x)",
        "torch.from_numpy(x.numpy())",
    ],
}


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Asks for the table once; yields it group by group."""
    table = ns["shares"]()
    if not isinstance(table, dict):
        yield "views", table  # no table: the comparison then says what came instead
        return
    for group, expressions in case["groups"].items():
        yield group, {expression: table[expression] for expression in expressions if expression in table}


PUBLIC = (Case("table", Text(en="the expressions of the card", zh="题目卡片上的式子"), {"groups": GROUPS}),)


def hidden(rng: np.random.Generator) -> list[Case]:
    """The expressions in another order: there is only one table."""
    mixed = {group: [str(e) for e in rng.permutation(expressions)] for group, expressions in GROUPS.items()}
    return [Case("reordered", Text(en="the same expressions", zh="同样的式子"), {"groups": mixed})]


def _flip(*expressions: str) -> tuple[tuple[str, str], ...]:
    """Edits that turn the answers for some expressions round."""
    truth = {
        "x[0]",
        "x.T",
        "x.view(6)",
        "x.add_(0)",
        "x.detach()",
        "x.float()",
        "torch.as_tensor(x)",
        "torch.from_numpy(x.numpy())",
    }
    return tuple((f'"{e}": {e in truth},', f'"{e}": {e not in truth},') for e in expressions)


WRONG = (
    Wrong(
        "lists-give-views",
        Text(en="an index with a list is taken for a view", zh="以为用列表做索引得到的是视图"),
        edits=_flip("x[[0]]"),
        hint=Hint(
            question=Text(
                en="Compare x[0] and x[[0]]: which of the two could also have been asked for the rows 1, 0, 1?",
                zh="比较 x[0] 和 x[[0]]：哪一种写法还可以用来取第 1、0、1 行？",
            ),
            neighbour=Text(
                en="A view is a rule 'start here, go on by so much'. Rows 4, 0, 3 follow no such rule, so a list always collects its rows in new memory, even if the list has "
                "one entry.",
                zh="视图是一条规则：“从这里开始，每次走这么远”。第 4、0、3 行不合任何这样的规则，所以用列表时总是收集到新内存里，哪怕列表里只有一项。",
            ),
        ),
    ),
    Wrong(
        "reshape-never-copies",
        Text(en="reshape is taken for a view in every case", zh="以为 reshape 总是视图"),
        edits=_flip("x.T.reshape(6)"),
        hint=Hint(
            question=Text(
                en="In which order do the numbers of x.T lie in memory? In which order does reshape(6) want them?",
                zh="x.T 的数在内存里是什么次序？reshape(6) 要的是什么次序？",
            ),
            neighbour=Text(
                en="Numbers 1 2 3 4 in memory, seen as [[1, 2], [3, 4]]. Read column by column they are 1 3 2 4: no single stride leads from place to place, so they have to be written "
                "anew.",
                zh="内存里是 1 2 3 4，看作 [[1, 2], [3, 4]]。按列读是 1 3 2 4：没有一个固定的步幅能依次走到，只好重新写一份。",
            ),
        ),
    ),
    Wrong(
        "transpose-copies",
        Text(en="the transpose is taken for a copy", zh="以为转置是复制"),
        edits=_flip("x.T"),
        hint=Hint(
            question=Text(
                en="Does a transpose change any number, or only the order of reading?",
                zh="转置改动了哪个数吗？还是只改了读的次序？",
            ),
            neighbour=Text(
                en="A table on paper, read down the columns instead of along the rows: the paper is the same. m.T[0, 1] = 9 also changes m[1, 0].",
                zh="纸上的一张表，改成按列往下读：还是那张纸。m.T[0, 1] = 9 之后，m[1, 0] 也变了。",
            ),
        ),
    ),
    Wrong(
        "float-always-copies",
        Text(en="x.float() is taken for a copy, although x is float32 already", zh="x 本来就是 float32，却以为 x.float() 是复制"),
        edits=_flip("x.float()"),
        hint=Hint(
            question=Text(
                en="Which dtype has x? What is there to convert?",
                zh="x 是什么 dtype？有什么可转换的？",
            ),
            neighbour=Text(
                en="n = torch.zeros(2, dtype=torch.int64): n.long() is n is True, n.int() is n is False. Conversions copy only if they must.",
                zh="n = torch.zeros(2, dtype=torch.int64)：n.long() is n 是 True，n.int() is n 是 False。转换不得已时才复制。",
            ),
        ),
    ),
    Wrong(
        "detach-copies",
        Text(en="detach() is taken for a copy", zh="以为 detach() 是复制"),
        edits=_flip("x.detach()"),
        hint=Hint(
            question=Text(
                en="What does detach() remove: numbers or history?",
                zh="detach() 去掉的是数，还是历史？",
            ),
            neighbour=Text(
                en="Two labels on one jar: tearing off the one with the date does not fill the jam into another jar. d = t.detach(); d[0] = 9 shows in t.",
                zh="一个罐子上贴了两张标签：撕掉写日期的那张，果酱并没有换罐子。d = t.detach(); d[0] = 9，在 t 里也看得到。",
            ),
        ),
    ),
    Wrong(
        "clone-shares",
        Text(en="clone() is taken for a second name", zh="以为 clone() 只是另起一个名字"),
        edits=_flip("x.clone()"),
        hint=Hint(
            question=Text(
                en="Which of clone and detach makes new memory?",
                zh="clone 和 detach，哪一个会开辟新内存？",
            ),
            neighbour=Text(
                en="A cloned sheep is a second sheep: shearing one leaves the other its wool.",
                zh="克隆羊是第二只羊：剪了一只的毛，另一只的毛还在。",
            ),
        ),
    ),
    Wrong(
        "adding-nothing-shares",
        Text(en="x + 0 and x * 1 are thought to be x itself", zh="以为 x + 0、x * 1 就是 x 自己"),
        edits=_flip("x + 0", "x * 1"),
        hint=Hint(
            question=Text(
                en="Does PyTorch look at the 0 before it decides to make a new tensor?",
                zh="PyTorch 会先看看那个 0，再决定要不要生成新张量吗？",
            ),
            neighbour=Text(
                en="A copying machine set to 100 % still gives a second sheet of paper. t - 0 is a new tensor with the same numbers.",
                zh="复印机设成 100 %，出来的还是另一张纸。t - 0 是数值相同的新张量。",
            ),
        ),
    ),
    Wrong(
        "underscore-overlooked",
        Text(en="add_ is thought to make a new tensor", zh="以为 add_ 会生成新张量"),
        edits=_flip("x.add_(0)"),
        hint=Hint(
            question=Text(
                en="What does the underscore at the end of a method's name announce?",
                zh="方法名末尾的下划线预示着什么？",
            ),
            neighbour=Text(
                en="r = t.mul_(2): r is t is True. r = t.mul(2): it is False.",
                zh="r = t.mul_(2)：r is t 是 True。r = t.mul(2)：是 False。",
            ),
        ),
    ),
    Wrong(
        "numpy-copies",
        Text(en="the way to NumPy and back is taken for a copy", zh="以为到 NumPy 再回来是复制"),
        edits=_flip("torch.from_numpy(x.numpy())"),
        hint=Hint(
            question=Text(
                en="Which of the two functions, numpy() and from_numpy(), copies?",
                zh="numpy() 和 from_numpy() 这两个函数，哪一个会复制？",
            ),
            neighbour=Text(
                en="Over a bridge and back one stays the same person. v = t.numpy(); v[0] = 9 shows in t, and torch.from_numpy(v) sees it too.",
                zh="过了桥再回来，还是同一个人。v = t.numpy(); v[0] = 9，在 t 里看得到，torch.from_numpy(v) 里也看得到。",
            ),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "tries-them-out",
        '''def shares():
    """Evaluates each expression and compares the storages."""
    expressions = """x[0]|x[[0]]|x.T|x.view(6)|x.T.reshape(6)|x + 0|x.add_(0)|x * 1|x.clone()|x.detach()|x.float()|x.double()
|torch.tensor(x.tolist())|torch.as_tensor(x)|torch.from_numpy(x.numpy())""".replace(chr(10), "").split("|")
    x = torch.arange(6.0).reshape(2, 3)
    return {e: eval(e).untyped_storage().data_ptr() == x.untyped_storage().data_ptr() for e in expressions}
''',
    ),
    Right(
        "by-marking",
        '''def shares():
    """Writes a mark into x and looks whether the result shows it."""
    makers = {
        "x[0]": lambda x: x[0], "x[[0]]": lambda x: x[[0]], "x.T": lambda x: x.T, "x.view(6)": lambda x: x.view(6),
        "x.T.reshape(6)": lambda x: x.T.reshape(6), "x + 0": lambda x: x + 0, "x.add_(0)": lambda x: x.add_(0),
        "x * 1": lambda x: x * 1, "x.clone()": lambda x: x.clone(), "x.detach()": lambda x: x.detach(),
        "x.float()": lambda x: x.float(), "x.double()": lambda x: x.double(),
        "torch.tensor(x.tolist())": lambda x: torch.tensor(x.tolist()), "torch.as_tensor(x)": torch.as_tensor,
        "torch.from_numpy(x.numpy())": lambda x: torch.from_numpy(x.numpy()),
    }
    answers = {}
    for name, make in makers.items():
        x = torch.arange(6.0).reshape(2, 3)
        result = make(x)
        x.fill_(77)
        answers[name] = bool((result == 77).all())
    return answers
''',
    ),
)

EXERCISE = Exercise(
    title=Text(en="2.3 Whose memory?", zh="2.3 谁的内存？"),
    properties=(
        Property("views", Text(en="views", zh="视图"), points=2.0),
        Property("arithmetic", Text(en="arithmetic", zh="算术")),
        Property("conversions", Text(en="copies and conversions", zh="复制与转换"), points=2.0),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Take one expression of the group that is wrong: r = …; then x.fill_(77). Does r show 77?",
            zh="从错的那一组里取一个式子：r = ……；然后 x.fill_(77)。r 里出现 77 了吗？",
        ),
        neighbour=Text(
            en="t = torch.zeros(3). s = t[1:]; t.fill_(5): s shows 5, 5, so it shares. u = t.square(); t.fill_(7): u still shows 25, so it does not.",
            zh="t = torch.zeros(3)。s = t[1:]; t.fill_(5)：s 显示 5、5，所以共用。u = t.square(); t.fill_(7)：u 仍显示 25，所以不共用。",
        ),
    ),
)
