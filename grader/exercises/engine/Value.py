"""Exercise 5.2: a scalar engine, judged on random expressions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Works out the case's steps with Values; yields the result, the leaves' slopes, and the slopes of a second call.

    A step is [operation, index, index or number]; indices count the leaves and what was made since.
    """
    Value = ns["Value"]
    leaves = [Value(number) for number in case["leaves"]]
    for leaf in leaves:
        leaf.grad = case["left_over"]
    made = list(leaves)
    operations = {
        "add": lambda i, j: made[i] + made[j],
        "mul": lambda i, j: made[i] * made[j],
        "sub": lambda i, j: made[i] - made[j],
        "add number": lambda i, n: made[i] + n,
        "mul number": lambda i, n: made[i] * n,
        "sub number": lambda i, n: made[i] - n,
        "number add": lambda i, n: n + made[i],
        "number mul": lambda i, n: n * made[i],
        "number sub": lambda i, n: n - made[i],
        "pow": lambda i, n: made[i] ** n,
        "exp": lambda i, _: made[i].exp(),
        "neg": lambda i, _: -made[i],
    }
    for name, i, j in case["steps"]:
        made.append(operations[name](i, j))
    result = made[-1]
    yield "value", result.data
    result.backward()
    yield "slopes", [leaf.grad for leaf in leaves]
    result.backward()
    yield "again", [leaf.grad for leaf in leaves]


def _case(name: str, label: str, leaves: list[float], *steps: list[Any], left_over: float = 0.0) -> Case:
    return Case(
        name,
        Text(en=label, zh=label.replace(", something left in .grad", "，.grad 里留有东西").replace(" steps", " 步")),
        {"leaves": leaves, "steps": list(steps), "left_over": left_over},
    )


PUBLIC = (
    _case("sum", "u + w", [2.0, 5.0], ["add", 0, 1]),
    _case("product", "u * w", [2.0, 5.0], ["mul", 0, 1]),
    _case("square", "u * u", [3.0], ["mul", 0, 0]),
    _case("diamond", "m = 3 * u; m + m * m", [1.0], ["number mul", 0, 3.0], ["mul", 1, 1], ["add", 1, 2]),
    _case("difference", "u - w", [2.0, 5.0], ["sub", 0, 1]),
    _case("numbers-right", "(u + 3) * 2 - 1", [4.0], ["add number", 0, 3.0], ["mul number", 1, 2.0], ["sub number", 2, 1.0]),
    _case("numbers-left", "3 + 2 * u", [4.0], ["number mul", 0, 2.0], ["number add", 1, 3.0]),
    _case("number-minus", "7 - u", [4.0], ["number sub", 0, 7.0]),
    _case("power", "u ** 3", [2.0], ["pow", 0, 3]),
    _case("reciprocal", "u ** -1", [4.0], ["pow", 0, -1]),
    _case("exponential", "u.exp() * w", [0.5, 3.0], ["exp", 0, 0], ["mul", 2, 1]),
    _case("negative", "-u * w", [2.0, 3.0], ["neg", 0, 0], ["mul", 2, 1]),
    _case("left-over", "u * w, something left in .grad", [2.0, 3.0], ["mul", 0, 1], left_over=10.0),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """Random expressions of 6 to 16 steps over three leaves, in which values are used again."""
    cases = []
    for number in range(6):
        steps: list[list[Any]] = []
        for made in range(3, 3 + int(rng.integers(6, 17))):
            name = str(rng.choice(["add", "mul", "sub", "add number", "number sub", "number mul", "sub number", "neg"]))
            recent = int(rng.integers(max(0, made - 4), made))
            second = round(float(rng.uniform(-1, 1)), 3) if "number" in name else int(rng.integers(made))
            steps.append([name, recent, second])
        steps += [["mul number", 2 + len(steps), 0.01], ["exp", 3 + len(steps), 0], ["pow", 4 + len(steps), -2]]
        steps.append(["mul", 2 + len(steps), 0])
        cases.append(
            _case(
                f"random-{number}",
                f"{len(steps)} steps",
                [round(float(v), 3) for v in rng.uniform(-1, 1, 3)],
                *steps,
                left_over=float(number),
            )
        )
    return cases


_OVERWRITTEN = Hint(
    question=Text(
        en="In u * u the same u is a parent twice. What is in u.grad after the first of the two, and what after the second?",
        zh="在 u * u 里，同一个 u 当了两次双亲。处理完第一次，u.grad 里是什么？处理完第二次呢？",
    ),
    neighbour=Text(
        en="Two aunts give a child 5 and 3. 'money = 5' and then 'money = 3' leaves 3. 'money += 5', 'money += 3' leaves 8. Every share counts.",
        zh="两位姑妈分别给孩子 5 元和 3 元。先 money = 5，再 money = 3，只剩 3。先 money += 5，再 money += 3，是 8。每一份都要算。",
    ),
)

WRONG = (
    Wrong(
        "overwrites-shares",
        Text(en="= in place of +=: the last share wins", zh="该用 += 却用了 =：最后一份覆盖了前面的"),
        edits=(("parent.grad += slope * node.grad", "parent.grad = slope * node.grad"),),
        hint=_OVERWRITTEN,
    ),
    Wrong(
        "upstream-missing",
        Text(en="the local slope alone, without the gradient from above", zh="只有局部斜率，没有乘上面传来的梯度"),
        edits=(("parent.grad += slope * node.grad", "parent.grad += slope"),),
        hint=Hint(
            question=Text(
                en="In (u + 3) * 2, what does the sum's parent get? Who tells it that a product with 2 stands above?",
                zh="在 (u + 3) * 2 里，加法的双亲得到多少？谁来告诉它上面还乘了个 2？",
            ),
            neighbour=Text(
                en="1 euro is 2 marks, 1 mark is 3 crowns. How many crowns is 1 euro? 2 times 3, not 3: along a path the factors multiply.",
                zh="1 欧元换 2 马克，1 马克换 3 克朗。1 欧元换几克朗？2 乘 3，不是 3：沿着路，因子要相乘。",
            ),
        ),
    ),
    Wrong(
        "numbers-on-the-left",
        Text(en="a plain number on the left is not understood", zh="左边是普通的数时不认识"),
        edits=(("    __radd__ = __add__\n    __rmul__ = __mul__\n", ""),),
        hint=Hint(
            question=Text(
                en="Which method does Python call for 3 + v, after the number 3 has said that it does not know v?",
                zh="算 3 + v 时，数 3 表示不认识 v，Python 接着会调用哪个方法？",
            ),
            neighbour=Text(
                en="class Box with __sub__ answers box - 1. For 1 - box Python asks the number 1 first, is turned away, and then calls box.__rsub__(1). "
                "Without it: TypeError.",
                zh="类 Box 有 __sub__，就能算 box - 1。算 1 - box 时，Python 先问数 1，被拒绝后再调用 box.__rsub__(1)。没有它，就报 TypeError。",
            ),
        ),
    ),
    Wrong(
        "reversed-difference",
        Text(en="7 - u is computed as u - 7", zh="把 7 - u 算成了 u - 7"),
        edits=(("        return -self + other\n", "        return self - other\n"),),
        hint=Hint(
            question=Text(
                en="In __rsub__, which of the two stands on the left of the minus: self or other?",
                zh="在 __rsub__ 里，减号左边的是 self 还是 other？",
            ),
            neighbour=Text(
                en="10 - 4 = 6, and 4 - 10 = -6. A sum may be turned round, a difference may not: its sign turns with it.",
                zh="10 - 4 = 6，4 - 10 = -6。加法可以换位，减法不行：一换，符号就反了。",
            ),
        ),
    ),
    Wrong(
        "slopes-of-product-swapped",
        Text(en="each factor gets its own value as its slope", zh="乘积里每个因子的斜率用了它自己的值"),
        edits=(("((self, other.data), (other, self.data))", "((self, self.data), (other, other.data))"),),
        hint=Hint(
            question=Text(
                en="If u grows by 0.01, by how much does u * w grow? Does that depend on u or on w?",
                zh="u 增加 0.01，u * w 增加多少？这取决于 u 还是 w？",
            ),
            neighbour=Text(
                en="3 tickets at 20: one ticket more costs 20 more, one more on the price costs 3 more. The slope in one factor is the other one.",
                zh="3 张票，每张 20：多买一张多花 20；单价涨 1 多花 3。对一个因子的斜率，是另一个因子。",
            ),
        ),
    ),
    Wrong(
        "power-without-exponent",
        Text(en="the factor n of the power rule is missing", zh="幂的求导漏了因子 n"),
        edits=(("n * self.data ** (n - 1)", "self.data ** (n - 1)"),),
        hint=Hint(
            question=Text(
                en="What is the slope of u ** 3 at 2? Move u to 2.01 and see.",
                zh="u ** 3 在 2 处的斜率是多少？把 u 移到 2.01 看看。",
            ),
            neighbour=Text(
                en="u ** 2 at 5: from 25 to 25.1001 for a move of 0.01, so the slope is about 10 = 2 * 5, not 5.",
                zh="u ** 2 在 5 处：移动 0.01，从 25 到 25.1001，斜率约为 10 = 2 * 5，而不是 5。",
            ),
        ),
    ),
    Wrong(
        "power-rule-for-exp",
        Text(en="exp is differentiated like a power", zh="把 exp 当成幂来求导"),
        edits=(("return Value(value, ((self, value),))", "return Value(value, ((self, self.data * math.exp(self.data - 1)),))"),),
        hint=Hint(
            question=Text(
                en="Which function is its own slope?",
                zh="哪个函数的斜率就是它自己？",
            ),
            neighbour=Text(
                en="2**u at u = 3 is 8, at 3.01 it is 8.0556: slope about 5.55 = 8 * 0.693. The slope of a**u is a**u times log(a); for the power u**a it is "
                "another rule.",
                zh="2**u 在 u = 3 处是 8，在 3.01 处是 8.0556，斜率约 5.55 = 8 * 0.693。a**u 的斜率是 a**u 乘以 log(a)；幂 u**a 用的是另一条规则。",
            ),
        ),
    ),
    Wrong(
        "not-afresh",
        Text(en=".grad is not cleared first", zh="开始之前没有清空 .grad"),
        edits=(("        for node in order:\n            node.grad = 0.0\n", ""),),
        hint=Hint(
            question=Text(
                en="What is in .grad when backward() is called for the second time?",
                zh="第二次调用 backward() 时，.grad 里有什么？",
            ),
            neighbour=Text(
                en="A score board that still shows 2 : 1 from the last match: after a 1 : 0 it shows 3 : 1. Set it to 0 : 0 before the whistle.",
                zh="记分牌上还留着上一场的 2 : 1，这场踢了 1 : 0，就显示成 3 : 1。开球之前要拨回 0 : 0。",
            ),
        ),
    ),
    Wrong(
        "seed-missing",
        Text(en="the result's own slope is not set to 1", zh="没有把结果自己的斜率设为 1"),
        edits=(("        self.grad = 1.0\n", ""),),
        hint=Hint(
            question=Text(
                en="With which number does the way back begin? What is the slope of a number in itself?",
                zh="往回走从哪个数开始？一个数对它自己的斜率是多少？",
            ),
            neighbour=Text(
                en="Multiplying along the path 2, 3, 4 from a start of 0 gives 0, whatever the path. From 1 it gives 24.",
                zh="沿路乘 2、3、4，从 0 起步，结果总是 0；从 1 起步，是 24。",
            ),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "every-operator-by-itself",
        '''def _value(thing):
    return thing if isinstance(thing, Value) else Value(thing)


class Value(Recorded):
    """Each operator has slopes of its own; the way back goes by hand over a stack."""

    def __add__(self, other):
        o = _value(other)
        return Value(self.data + o.data, [(self, 1), (o, 1)])

    def __radd__(self, other):
        return _value(other) + self

    def __sub__(self, other):
        o = _value(other)
        return Value(self.data - o.data, [(self, 1), (o, -1)])

    def __rsub__(self, other):
        return _value(other) - self

    def __mul__(self, other):
        o = _value(other)
        return Value(self.data * o.data, [(self, o.data), (o, self.data)])

    def __rmul__(self, other):
        return _value(other) * self

    def __neg__(self):
        return Value(-self.data, [(self, -1)])

    def __pow__(self, n):
        out = self.data**n
        return Value(out, [(self, n * out / self.data)])

    def exp(self):
        return Value(np.exp(self.data), [(self, np.exp(self.data))])

    def backward(self):
        slopes = {}
        for node in self.order():
            slopes[id(node)] = 1.0 if node is self else slopes.get(id(node), 0.0)
            for parent, slope in node.parents:
                slopes[id(parent)] = slopes.get(id(parent), 0.0) + slope * slopes[id(node)]
            node.grad = float(slopes[id(node)])
''',
    ),
    Right(
        "borrowed-from-torch",
        '''class Value(Recorded):
    """Keeps a tensor beside it and lets torch walk back."""

    def __init__(self, data, parents=()):
        self.t = data if isinstance(data, torch.Tensor) else torch.tensor(float(data), dtype=torch.float64, requires_grad=True)
        super().__init__(self.t.item(), parents)

    def _new(self, t, *others):
        return Value(t, [(o, 0.0) for o in (self, *others) if isinstance(o, Value)])

    def __add__(self, o):
        return self._new(self.t + getattr(o, "t", o), o)

    def __mul__(self, o):
        return self._new(self.t * getattr(o, "t", o), o)

    def __sub__(self, o):
        return self._new(self.t - getattr(o, "t", o), o)

    def __rsub__(self, o):
        return self._new(o - self.t)

    def __neg__(self):
        return self._new(-self.t)

    def __pow__(self, n):
        return self._new(self.t**n)

    def exp(self):
        return self._new(self.t.exp())

    __radd__, __rmul__ = __add__, __mul__

    def backward(self):
        nodes = self.order()
        grads = torch.autograd.grad(self.t, [n.t for n in nodes], retain_graph=True, allow_unused=True)
        for node, grad in zip(nodes, grads):
            node.grad = grad.item()
''',
    ),
)

EXERCISE = Exercise(
    title=Text(en="5.2 A scalar engine", zh="5.2 标量引擎"),
    properties=(
        Property("value", Text(en="the value of the expression", zh="式子的值")),
        Property("slopes", Text(en="the slopes in its leaves", zh="对各个叶子的斜率"), points=4.0),
        Property(
            "again",
            Text(en="the same slopes at a second backward()", zh="第二次 backward()，斜率相同"),
            only_with="slopes",
        ),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Which is the smallest expression that fails? Print its parents: are the pairs (number, slope) the ones in the table?",
            zh="最小的出错的式子是哪个？打印它的 parents：那些（数，斜率）对，与表里的一致吗？",
        ),
        neighbour=Text(
            en="L = a * b + a at a = 2, b = 3. Back: the sum hands 1 to the product and 1 to a. The product hands 1*3 to a and 1*2 to b. So a has 1 + 3 = 4, "
            "b has 2. Check: 2.01 * 3 + 2.01 = 8.04, a rise of 0.04.",
            zh="L = a * b + a，a = 2，b = 3。往回：加法传给乘积 1，传给 a 1；乘积传给 a 1*3，传给 b 1*2。所以 a 得 1 + 3 = 4，b 得 2。"
            "验算：2.01 * 3 + 2.01 = 8.04，增加 0.04。",
        ),
    ),
)
