# %% [markdown] id="title" lang="en"
# # Lesson 05. Build the engine, then extend it
#
# In lesson 04 you looked at autograd's records from outside. Now you build the recorder: first for single numbers, in about thirty lines, then the rules for arrays. You will find that there is no magic in it, only bookkeeping, and that the bookkeeping has exactly two traps. After that you do what few courses show: you teach PyTorch an operation that it does not know, with a gradient of your own, and prove that the gradient is right, and the gradient of the gradient as well.
#
# **After this lesson you can**
#
# - write a working autograd engine for scalars, and say why the order of the way back matters;
# - derive and test the backward rule of an array operation, including broadcasting, picking and maxima;
# - write a `torch.autograd.Function` with `setup_context` and `save_for_backward`, and know what may be saved where;
# - test it with `gradcheck` and `gradgradcheck`, and read their complaints;
# - replace a useless gradient by a useful one, knowingly: the straight-through trick.
#
# **Time:** about 140 minutes, 95 of them for the five exercises.
#
# **You need:** lesson 03 (shapes and broadcasting) and lesson 04 (autograd).
#
# **Created** 2026-11, last updated 2026-11, last verified 2026-11 with torch 2.13; all cells together run in about 10 seconds on two CPU cores.
#
# **Licence:** the text is CC BY 4.0, the code is MIT.

# %% [markdown] id="title" lang="zh" reviewed="498fe027ae1c"
# # 第 05 课：先造引擎，再扩展它
#
# 第 04 课是从外面看自动求导的记录。现在来造这个记录员：先对单个的数，三十来行就够；再写数组的规则。你会发现其中没有魔法，只有记账，而记账恰好有两个陷阱。然后要做一件很少有课程讲的事：教 PyTorch 一种它不会的运算，用你自己给的梯度，并且证明这个梯度是对的，梯度的梯度也是对的。
#
# **学完本课，你能够**
#
# - 写出一个能用的标量自动求导引擎，并说明往回走的次序为什么要紧；
# - 推导并检验数组运算的反向规则，包括广播、选取和取最大值；
# - 用 `setup_context` 和 `save_for_backward` 写 `torch.autograd.Function`，并清楚什么东西该存在哪里；
# - 用 `gradcheck` 和 `gradgradcheck` 检验它，并读懂它们的抱怨；
# - 有意识地用一个有用的梯度替换没用的梯度：直通技巧。
#
# **时间**：约 140 分钟，其中五道练习占 95 分钟。
#
# **需要的基础**：第 03 课（形状与广播）和第 04 课（自动求导）。
#
# **编写**于 2026-11，最近更新于 2026-11，最近一次用 torch 2.13 验证于 2026-11；所有单元格加起来，在两个 CPU 核上约需运行 10 秒。
#
# **许可**：文字采用 CC BY 4.0，代码采用 MIT。

# %% id="imports" tags=["setup"]
import math

import numpy as np
import torch
from torch.autograd.gradcheck import GradcheckError

from course_lib import SERIES, Edge, Node, Text, check, computation_graph, digits, explore, label, legend, new_figure, prediction, predictions, reveal, say, show, solved

# %% [markdown] id="record" lang="en"
# ## 1. A number that remembers
#
# What must a number know, so that one can walk back from it? Its **value**; the numbers it was made from, its **parents**; and for each parent the **local slope**: how much the value moves when that parent moves. Take $c = a \cdot b$ with $a = 2$, $b = 5$: the parents are $a$ and $b$, the slopes $5$ and $2$.
#
# That is all a record needs:

# %% [markdown] id="record" lang="zh" reviewed="c09a2630c609"
# ## 1. 会记事的数
#
# 要能从一个数往回走，它得知道什么？它的**值**；它由哪些数得来，即它的**双亲**（沿用家谱的说法，个数不限于两个）；以及对每个双亲的**局部斜率**：那个数动一点，它的值动多少。以 $c = a \cdot b$ 为例，$a = 2$，$b = 5$：双亲是 $a$ 和 $b$，斜率是 $5$ 和 $2$。
#
# 一条记录需要的就这么多：

# %% id="Recorded" tags=["setup"]
class Recorded:
    """A number with its history. parents: pairs of (a Recorded, the local slope towards it); a leaf has none."""

    def __init__(self, data, parents=()):
        self.data = float(data)
        self.parents = tuple(parents)
        self.grad = 0.0

    def order(self):
        """This number and all that it was made from, each once, every one of them before its parents."""
        found, seen = [], set()

        def visit(node):
            if id(node) not in seen:
                seen.add(id(node))
                for parent, _ in node.parents:
                    visit(parent)
                found.append(node)          # after all its parents | 排在它的所有双亲之后

        visit(self)
        return found[::-1]

# %% [markdown] id="by-hand" lang="en"
# Let us write the history of $L = (a b + c) \cdot a$ by hand, with $a = 2$, $b = 5$, $c = -3$. Note that $a$ is used **twice**. **Predict** the slopes of $L$ in $a$, $b$ and $c$ with pencil and paper: $L = a^2 b + a c$.

# %% [markdown] id="by-hand" lang="zh" reviewed="0c27efb51437"
# 我们来手写 $L = (a b + c) \cdot a$ 的历史，取 $a = 2$，$b = 5$，$c = -3$。注意 $a$ 用了**两次**。用纸笔**预测** $L$ 对 $a$、$b$、$c$ 的斜率：$L = a^2 b + a c$。

# %% id="by-hand-predict" tags=["hide-input"]
prediction("engine.by_hand", Text(
    en="L = (a b + c) a, with a = 2, b = 5, c = -3: the slopes in a, b and c:",
    zh="L = (a b + c) a，取 a = 2，b = 5，c = -3：对 a、b、c 的斜率：",
), {
    (10, 4, 2): "10, 4, 2",
    (17, 2, 2): "17, 2, 2",
    (7, 4, 2): "7, 4, 2",
    (17, 4, 2): "17, 4, 2",
})

# %% id="by-hand-run"
a, b, c = Recorded(2), Recorded(5), Recorded(-3)
product = Recorded(a.data * b.data, ((a, b.data), (b, a.data)))
total = Recorded(product.data + c.data, ((product, 1.0), (c, 1.0)))
result = Recorded(total.data * a.data, ((total, a.data), (a, total.data)))

result.grad = 1.0
for node in result.order():
    for parent, slope in node.parents:
        parent.grad += slope * node.grad           # multiply along the path, add where paths meet | 沿路相乘，汇合处相加

say(Text(en="L = {v}, slopes: a {a}, b {b}, c {c}", zh="L = {v}，斜率：a {a}，b {b}，c {c}"), v=result.data, a=a.grad, b=b.grad, c=c.grad)
reveal("engine.by_hand", (a.grad, b.grad, c.grad))

# %% [markdown] id="by-hand-explain" lang="en"
# **Explain.** $\partial L / \partial a = 2ab + c = 17$, $\partial L / \partial b = a^2 = 4$, $\partial L / \partial c = a = 2$. The whole engine is the loop of three lines. The two traps are in it as well:
#
# 1. `+=`, not `=`: several paths lead to $a$, and each brings its share.
# 2. The **order**: a number may hand its gradient on only when *all* its own shares have arrived. `product` must not be dealt with before `total`.
#
# Step through it. The slider says how many numbers have handed their gradient on.

# %% [markdown] id="by-hand-explain" lang="zh" reviewed="66b10f2c0362"
# **解释**：$\partial L / \partial a = 2ab + c = 17$，$\partial L / \partial b = a^2 = 4$，$\partial L / \partial c = a = 2$。整个引擎就是那三行的循环。两个陷阱也都在里面：
#
# 1. 要用 `+=`，不能用 `=`：有好几条路通到 $a$，每条都带来一份。
# 2. **次序**：一个数，要等*所有*该给它的份额都到齐了，才能把梯度往下传。处理 `product` 不能早于 `total`。
#
# 一步一步看一遍。滑块表示已经有几个数把梯度传了下去。

# %% id="explore-steps"
NAMES = {id(a): "a", id(b): "b", id(c): "c", id(product): "a*b", id(total): "a*b + c", id(result): "L"}
SPOTS = {"a": (0, 1.5), "b": (0, 0), "c": (1, -1), "a*b": (1, 0), "a*b + c": (2, 0), "L": (3, 0)}


def draw_step(step):
    """The graph after so many numbers of the order have handed their gradient on."""
    order = result.order()
    grads = {NAMES[id(node)]: 0.0 for node in order}
    grads["L"] = 1.0
    edges = []
    for place, node in enumerate(order):
        for parent, slope in node.parents:
            name, above = NAMES[id(parent)], NAMES[id(node)]
            handed = place < step
            if handed:
                grads[name] += slope * grads[above]
            edges.append(Edge(name, above, gradient=f"{digits(slope * grads[above])}" if handed else None))
    nodes = {NAMES[id(n)]: Node(f"{NAMES[id(n)]} = {digits(n.data)}\ngrad {digits(grads[NAMES[id(n)]])}", at=SPOTS[NAMES[id(n)]]) for n in order}
    fig, ax = computation_graph(nodes, edges)
    label(ax, title=Text(en="{n} of 6 numbers have handed their gradient on", zh="6 个数中有 {n} 个已把梯度往下传").format(n=step))
    return fig, Text(en="After {n} steps the gradients are: {g}.", zh="{n} 步之后，各个梯度是：{g}。").format(n=step, g=", ".join(f"{k} {digits(v)}" for k, v in grads.items()))


explore(draw_step, labels={"step": Text(en="steps", zh="步数")}, step=(0, 6, 1, 3))

# %% [markdown] id="wrong-order" lang="en"
# ### What goes wrong in the wrong order
#
# Suppose the engine visits the numbers layer by layer, as one would search a maze: the result, its parents, their parents. Look at a number in the middle: $m = 3x$, used in $L = m + 2 \cdot m \cdot m$, at $x = 1$. **Predict:** if $m$ hands on as soon as its first share has arrived, how much does $x$ get?

# %% [markdown] id="wrong-order" lang="zh" reviewed="010a5ce0f46d"
# ### 次序错了会怎样
#
# 假设引擎像走迷宫那样一层一层地访问：先结果，再它的双亲，再双亲的双亲。看一个中间的数：$m = 3x$，用在 $L = m + 2 \cdot m \cdot m$ 里，取 $x = 1$。**预测**：如果 $m$ 在只收到第一份梯度时就往下传，$x$ 会得到多少？

# %% id="wrong-order-predict" tags=["hide-input"]
prediction("engine.wrong_order", Text(en="If m hands on after its first share, x gets", zh="如果 m 收到第一份就往下传，x 得到"), [3, 36, 39, 42])

# %% id="wrong-order-run"
def history():
    """L = m + 2 m m with m = 3 x at x = 1, recorded by hand."""
    x = Recorded(1)
    m = Recorded(3 * x.data, ((x, 3.0),))
    square = Recorded(m.data * m.data, ((m, m.data), (m, m.data)))
    twice = Recorded(2 * square.data, ((square, 2.0),))
    return x, Recorded(m.data + twice.data, ((m, 1.0), (twice, 1.0)))


def layer_by_layer(node):
    """Breadth first, each number once: not a topological order."""
    found = [node]
    for current in found:
        for parent, _ in current.parents:
            if not any(parent is known for known in found):
                found.append(parent)
    return found


arrived = []
for name, ordering in ((Text(en="layer by layer:   ", zh="一层一层：  "), layer_by_layer), (Text(en="topological order:", zh="按拓扑次序："), Recorded.order)):
    x, L = history()
    L.grad = 1.0
    for node in ordering(L):
        for parent, slope in node.parents:
            parent.grad += slope * node.grad
    say(Text(en="{name} dL/dx = {v}", zh="{name} dL/dx = {v}"), name=name, v=x.grad)
    arrived.append(x.grad)
reveal("engine.wrong_order", arrived[0])

# %% [markdown] id="wrong-order-explain" lang="en"
# **Explain.** $L = 3x + 18x^2$, so the slope at $1$ is $3 + 36 = 39$. Layer by layer, $m$ stands in the first layer already, with only the share $1$ from the sum, and hands on $3 \cdot 1$. The other share, $12$, arrives when $m$ has been dealt with. Nothing complains.
#
# An order in which everything comes before its parents is called **topological**. There are two ways to find one: search in depth and write a number down *after* all its parents, then turn the list round (that is what `order` does); or count for each number how many uses of it are still outstanding, and take it when the count is zero. You write the second one.

# %% [markdown] id="wrong-order-explain" lang="zh" reviewed="2d8850418645"
# **解释**：$L = 3x + 18x^2$，在 $1$ 处的斜率是 $3 + 36 = 39$。一层一层地走，$m$ 在第一层就轮到了，那时只收到加法给的一份 $1$，于是传下去 $3 \cdot 1$。另一份 $12$ 到达时，$m$ 早已处理完。没有任何东西报错。
#
# 每个数都排在它的双亲之前，这样的次序叫作**拓扑**次序。找法有两种：一种是深度优先搜索，在一个数的所有双亲*之后*把它写下，最后把列表倒过来（`order` 就是这么做的）；另一种是数一数每个数还有几处使用没处理完，数到零就轮到它。后一种由你来写。

# %% [markdown] id="topological-card" lang="en"
# ### Exercise 5.1: the order of the way back
#
# **Difficulty:** 3 of 5. **Time:** 20 minutes.
#
# Write `topological(parents, root)`. `parents` is a dict: for each name, the list of the names it was made from (a name stands there twice if it was used twice). The result is the list of all names that `root` was made from, itself included:
#
# - each name **once**, and every name **before** its parents;
# - where several names could come next, the alphabetically first (so that there is exactly one right answer);
# - names that `root` does not depend on are left out.
#
# The idea: first count the uses of each name among those that `root` depends on. A name is ready when all its uses have been written down.

# %% [markdown] id="topological-card" lang="zh" reviewed="bb500a2bffd3"
# ### 练习 5.1：往回走的次序
#
# **难度**：3（共 5 级）。**时间**：20 分钟。
#
# 编写 `topological(parents, root)`。`parents` 是字典：每个名字对应一个列表，里面是它由哪些名字得来（用了两次，就出现两次）。返回 `root` 所依赖的全部名字的列表，包括它自己：
#
# - 每个名字只出现**一次**，并且排在它的双亲**之前**；
# - 若有几个名字都可以排下一个，取字母次序最前的（这样正确答案只有一个）；
# - `root` 不依赖的名字不要列出。
#
# 思路：先在 `root` 所依赖的名字里，数出每个名字被使用了几次。一个名字的所有使用都已写下，它就可以排了。

# %% id="topological" tags=["solution"]
def topological(parents, root):
    """All names that root depends on, each once and before its parents; ties in alphabetical order -> list."""
    ### BEGIN SOLUTION
    uses, reached = {root: 0}, [root]
    for name in reached:                            # the list grows while we go through it | 边遍历，列表边增长
        for parent in parents[name]:
            if parent not in uses:
                uses[parent] = 0
                reached.append(parent)
            uses[parent] += 1
    order, ready = [], [root]
    while ready:
        name = min(ready)
        ready.remove(name)
        order.append(name)
        for parent in parents[name]:
            uses[parent] -= 1
            if uses[parent] == 0:
                ready.append(parent)
    return order
    ### END SOLUTION

# %% id="topological-check" tags=["check"]
check("engine.topological")

# %% [markdown] id="operators" lang="en"
# ## 2. Let Python write the history
#
# Nobody wants to write slopes by hand. Python calls a method for each operator: `a + b` becomes `a.__add__(b)`, and where the left side is a plain number, `3 + a` becomes `a.__radd__(3)`. A class that answers these calls with a new record is an engine: the expression looks like ordinary arithmetic, and the history writes itself.
#
# For each operation you need its value and its slopes:
#
# | operation | value | slopes |
# |---|---|---|
# | `u + w` | $u + w$ | $1$ and $1$ |
# | `u * w` | $u w$ | $w$ and $u$ |
# | `u ** n`, $n$ a plain number | $u^n$ | $n\,u^{n-1}$ |
# | `u.exp()` | $e^u$ | $e^u$ |
#
# Everything else can be made from these: $-u = u \cdot (-1)$, $u - w = u + (-w)$.

# %% [markdown] id="operators" lang="zh" reviewed="85552f3aa26f"
# ## 2. 让 Python 来写历史
#
# 没有人愿意手写斜率。每个运算符，Python 都会调用一个方法：`a + b` 就是 `a.__add__(b)`；左边是普通的数时，`3 + a` 就是 `a.__radd__(3)`。一个类，若用新的记录来回应这些调用，就是一个引擎：式子看上去还是普通的算术，历史却自己写好了。
#
# 每种运算都需要它的值和斜率：
#
# | 运算 | 值 | 斜率 |
# |---|---|---|
# | `u + w` | $u + w$ | $1$ 和 $1$ |
# | `u * w` | $u w$ | $w$ 和 $u$ |
# | `u ** n`，$n$ 是普通的数 | $u^n$ | $n\,u^{n-1}$ |
# | `u.exp()` | $e^u$ | $e^u$ |
#
# 其余的都可以由它们得到：$-u = u \cdot (-1)$，$u - w = u + (-w)$。

# %% [markdown] id="value-card" lang="en"
# ### Exercise 5.2: a scalar engine
#
# **Difficulty:** 3 of 5. **Time:** 20 minutes.
#
# Write the class `Value`, which inherits from `Recorded` (its `data`, `parents`, `grad` and `order()` are there already).
#
# - The operators `+`, `-` and `*` work with a `Value` or a plain number on **either** side; `**` takes a plain number as exponent; unary `-` and the method `exp()` work, too. Each returns a new `Value` with its parents and slopes.
# - `backward()` computes the slope of this value in every value it was made from, and leaves it in `.grad`. It starts afresh: what was in `.grad` before does not count.

# %% [markdown] id="value-card" lang="zh" reviewed="e5cda06dcaa0"
# ### 练习 5.2：标量引擎
#
# **难度**：3（共 5 级）。**时间**：20 分钟。
#
# 编写类 `Value`，它继承自 `Recorded`（`data`、`parents`、`grad` 和 `order()` 都已经有了）。
#
# - 运算符 `+`、`-`、`*` 的**任意一边**都可以是 `Value` 或普通的数；`**` 的指数是普通的数；取负 `-` 和方法 `exp()` 也要能用。每个都返回新的 `Value`，带上它的双亲和斜率。
# - `backward()` 算出这个值对它所依赖的每个值的斜率，放在各自的 `.grad` 里。每次都重新开始：`.grad` 里原有的东西不算数。

# %% id="Value" tags=["solution"]
class Value(Recorded):
    """A number that records its history through + - * ** exp, and can walk back through it."""

    ### BEGIN SOLUTION
    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, ((self, other.data), (other, self.data)))

    def __pow__(self, n):
        return Value(self.data**n, ((self, n * self.data ** (n - 1)),))

    def exp(self):
        value = math.exp(self.data)
        return Value(value, ((self, value),))

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + -other                         # -other is right for numbers, too | 对普通的数，-other 也对

    def __rsub__(self, other):
        return -self + other

    __radd__ = __add__
    __rmul__ = __mul__

    def backward(self):
        order = self.order()
        for node in order:
            node.grad = 0.0
        self.grad = 1.0
        for node in order:
            for parent, slope in node.parents:
                parent.grad += slope * node.grad
    ### END SOLUTION

# %% id="Value-check" tags=["check"]
check("engine.Value")

# %% [markdown] id="neuron" lang="en"
# Does it really learn? A neuron with two inputs and the squashing function $\tanh$, written with nothing but your operators, is trained on four points. The same in PyTorch, from the same start, for comparison. **Predict** how many digits of the final weights agree.

# %% [markdown] id="neuron" lang="zh" reviewed="faa1bd86c191"
# 它真的能学习吗？下面是一个有两个输入、用 $\tanh$ 压缩输出的神经元，只用你写的运算符，在四个点上训练。作为对照，用 PyTorch 从同一起点再做一遍。**预测**：最后的权重有多少位是一致的？

# %% id="neuron-predict" tags=["hide-input"]
prediction("engine.neuron", Text(en="After 30 steps, the decimal places in which the weights agree:", zh="30 步之后，权重小数点后一致的位数："), {
    3: Text(en="about 3", zh="约 3 位"),
    12: Text(en="12 or more", zh="12 位或更多"),
    7: Text(en="about 7", zh="约 7 位"),
})

# %% id="neuron-run"
POINTS = [((2.0, 1.0), 1.0), ((-1.0, 1.5), -1.0), ((1.0, -2.0), 1.0), ((-2.0, -0.5), -1.0)]


def tanh(u):
    """tanh(u) = 1 - 2 / (exp(2u) + 1), from the operators alone."""
    return 1.0 - 2.0 * ((u * 2.0).exp() + 1.0) ** -1


def neuron_loss(w1, w2, bias):
    return sum((tanh(w1 * p + w2 * q + bias) - target) ** 2 for (p, q), target in POINTS)


if solved("engine.Value"):
    mine = [Value(0.3), Value(-0.2), Value(0.1)]
    theirs = [torch.tensor(w.data, dtype=torch.float64, requires_grad=True) for w in mine]
    for step in range(30):
        loss = neuron_loss(*mine)
        loss.backward()
        for w in mine:
            w.data -= 0.1 * w.grad
        torch_loss = neuron_loss(*theirs)
        gradients = torch.autograd.grad(torch_loss, theirs)
        with torch.no_grad():
            for w, gradient in zip(theirs, gradients, strict=True):
                w -= 0.1 * gradient
        if step in (0, 9, 29):
            say(Text(en="step {s:>2}: loss {a} (torch {b})", zh="第 {s:>2} 步：损失 {a}（torch {b}）"), s=step, a=digits(loss.data, 6), b=digits(torch_loss.item(), 6))
    gap = max(abs(m.data - t.item()) for m, t in zip(mine, theirs, strict=True))
    say(Text(en="weights agree to 1e-12: {v}", zh="权重在 1e-12 之内一致：{v}"), v=gap < 1e-12)
    reveal("engine.neuron", next((places for places in (12, 7, 3) if gap < 10.0**-places), 0))

# %% [markdown] id="neuron-explain" lang="en"
# **Explain.** Apart from rounding, the two are the same thing. PyTorch's engine differs from yours in one respect that matters: its numbers are arrays. One record for a million products, instead of a million records. For that it needs backward rules for whole arrays.

# %% [markdown] id="neuron-explain" lang="zh" reviewed="61ebd0d0e18f"
# **解释**：除了舍入，两者就是一回事。PyTorch 的引擎与你的只有一个要紧的区别：它的“数”是数组。一百万个乘积只要一条记录，而不是一百万条。为此，它需要针对整个数组的反向规则。

# %% [markdown] id="arrays" lang="en"
# ## 3. Rules for arrays
#
# A backward rule answers one question: given the upstream gradient $G$ (it has the shape of the **result**), what is the gradient of the input (it has the shape of the **input**)? The method is always the same: ask of a single input entry *where it appears in the result*, and with what slope.
#
# - **exp**, entry by entry: each entry appears once. Multiply $G$ by the slope, which is the result itself.
# - **sum** over an axis: each entry of the input appears once, with slope 1, in the entry of the result for its row. So $G$ is spread out again along the axis.
# - **reshape**: nothing is computed, only arranged anew. So arrange $G$ back.
# - **picking** `x[index]`: an entry may be picked never, once or several times. Never: slope 0. Several times: **add**.
# - **matrix product**: lesson 01, $G B^T$ and $A^T G$.
# - **max** over an axis: only the winner of each row has influence. If several entries tie, there is a kink; one fair choice, which PyTorch's `amax` makes, is to share equally among them.
#
# **Predict** for picking: `x = [10, 20, 30]`, `index = [2, 0, 2]`, upstream `[1, 5, 7]`. What is the gradient of `x`, and what does NumPy make of `grad[index] += upstream`?

# %% [markdown] id="arrays" lang="zh" reviewed="dacf703d8152"
# ## 3. 数组的规则
#
# 反向规则只回答一个问题：给定上游梯度 $G$（与**结果**同形），输入的梯度（与**输入**同形）是什么？方法总是一样：对输入的单个元素问，*它出现在结果的哪些地方*，斜率是多少。
#
# - **exp**，逐元素：每个元素出现一次。用 $G$ 乘以斜率，而斜率就是结果本身。
# - 沿某个轴 **sum**：输入的每个元素出现一次，斜率为 1，在结果中它那一行对应的元素里。所以把 $G$ 沿这个轴重新铺开。
# - **reshape**：什么也没算，只是重新排列。所以把 $G$ 排回去。
# - **选取** `x[index]`：一个元素可能一次没被选，可能选了一次，也可能好几次。一次没有：斜率为 0。好几次：**相加**。
# - **矩阵乘法**：见第 01 课，$G B^T$ 和 $A^T G$。
# - 沿某个轴 **max**：每一行只有胜者有影响。若几个元素并列，就出现折点；一种公平的做法是平分，PyTorch 的 `amax` 就是这样。
#
# **预测**选取的情形：`x = [10, 20, 30]`，`index = [2, 0, 2]`，上游梯度 `[1, 5, 7]`。`x` 的梯度是什么？NumPy 的 `grad[index] += upstream` 又会得到什么？

# %% id="arrays-predict" tags=["hide-input"]
prediction("engine.pick", Text(
    en="x[[2, 0, 2]] with the upstream gradient [1, 5, 7]: the gradient of x, and what NumPy makes of it:",
    zh="x[[2, 0, 2]]，上游梯度 [1, 5, 7]：x 的梯度，以及 NumPy 得到的：",
), {
    ((5, 0, 8), (5, 0, 7)): Text(en="[5, 0, 8], NumPy [5, 0, 7]", zh="[5, 0, 8]，NumPy [5, 0, 7]"),
    ((5, 0, 8), (5, 0, 8)): Text(en="[5, 0, 8], NumPy [5, 0, 8]", zh="[5, 0, 8]，NumPy [5, 0, 8]"),
    ((5, 0, 7), (5, 0, 7)): Text(en="[5, 0, 7], NumPy [5, 0, 7]", zh="[5, 0, 7]，NumPy [5, 0, 7]"),
    ((1, 5, 7), (1, 5, 7)): Text(en="[1, 5, 7], NumPy [1, 5, 7]", zh="[1, 5, 7]，NumPy [1, 5, 7]"),
})

# %% id="arrays-run"
index, upstream = np.array([2, 0, 2]), np.array([1.0, 5.0, 7.0])
tempting, right = np.zeros(3), np.zeros(3)
tempting[index] += upstream                          # the tempting line | 诱人的写法
np.add.at(right, index, upstream)                    # adds for every occurrence | 每出现一次加一次

picked = torch.tensor([10.0, 20.0, 30.0], requires_grad=True)
picked[torch.from_numpy(index)].backward(torch.from_numpy(upstream).float())
print("grad[index] += upstream ", tempting)
print("np.add.at               ", right)
print("torch                   ", picked.grad.numpy())
reveal("engine.pick", (tuple(picked.grad.tolist()), tuple(tempting.tolist())))

# %% [markdown] id="arrays-explain" lang="en"
# **Explain.** Entry 2 was picked twice, so it deserves $1 + 7 = 8$. `grad[index] += upstream` reads all three old values, adds, and writes them back one after the other; the first write to entry 2 is lost. It is the trap of `=` in place of `+=` again, well disguised.

# %% [markdown] id="arrays-explain" lang="zh" reviewed="797c0b6e44c2"
# **解释**：第 2 个元素被选了两次，应得 $1 + 7 = 8$。`grad[index] += upstream` 先把三个旧值都读出来，加好，再逐个写回去；写给第 2 个元素的第一次就丢了。这又是把 `+=` 写成 `=` 的陷阱，只是伪装得很好。

# %% [markdown] id="back-card" lang="en"
# ### Exercise 5.3: six backward rules
#
# **Difficulty:** 4 of 5. **Time:** 25 minutes.
#
# Complete the class `Back`, six static methods in NumPy. Each gets the upstream gradient first and returns the gradient of the input, in the shape of the input; none changes what it is given.
#
# | method | forward | remarks |
# |---|---|---|
# | `exp(grad, x, out)` | `out = np.exp(x)` | |
# | `total(grad, x, axis)` | `x.sum(axis)` | `axis` is a number (negative ones, too) or `None` for all |
# | `reshape(grad, x)` | `x.reshape(...)` | |
# | `pick(grad, x, index)` | `x[index]` | `index`: whole numbers along the first axis, repeated ones possible |
# | `matmul(grad, a, b)` | `a @ b` | two matrices; returns both gradients |
# | `largest(grad, x, axis)` | `x.max(axis)` | ties share equally |

# %% [markdown] id="back-card" lang="zh" reviewed="575987caf693"
# ### 练习 5.3：六条反向规则
#
# **难度**：4（共 5 级）。**时间**：25 分钟。
#
# 补全类 `Back` 的六个静态方法，用 NumPy。每个方法的第一个参数是上游梯度，返回输入的梯度，与输入同形；传进来的东西一概不改。
#
# | 方法 | 前向 | 说明 |
# |---|---|---|
# | `exp(grad, x, out)` | `out = np.exp(x)` | |
# | `total(grad, x, axis)` | `x.sum(axis)` | `axis` 是一个数（也可以是负的），或者 `None`，表示全部 |
# | `reshape(grad, x)` | `x.reshape(...)` | |
# | `pick(grad, x, index)` | `x[index]` | `index`：沿第一个轴的整数，可以重复 |
# | `matmul(grad, a, b)` | `a @ b` | 两个矩阵；返回两个梯度 |
# | `largest(grad, x, axis)` | `x.max(axis)` | 并列的平分 |

# %% id="Back" tags=["solution"]
class Back:
    """Backward rules: each takes the upstream gradient and returns the gradient of its input, in the input's shape."""

    ### BEGIN SOLUTION
    @staticmethod
    def exp(grad, x, out):
        return grad * out

    @staticmethod
    def total(grad, x, axis):
        if axis is not None:
            grad = np.expand_dims(grad, axis)
        return np.broadcast_to(grad, x.shape).copy()

    @staticmethod
    def reshape(grad, x):
        return grad.reshape(x.shape)

    @staticmethod
    def pick(grad, x, index):
        result = np.zeros_like(x)
        np.add.at(result, index, grad)
        return result

    @staticmethod
    def matmul(grad, a, b):
        return grad @ b.T, a.T @ grad

    @staticmethod
    def largest(grad, x, axis):
        winners = x == x.max(axis, keepdims=True)
        share = winners / winners.sum(axis, keepdims=True)
        return np.expand_dims(grad, axis) * share
    ### END SOLUTION

# %% id="Back-check" tags=["check"]
check("engine.Back")

# %% [markdown] id="function" lang="en"
# ## 4. Teaching PyTorch something new
#
# PyTorch has backward rules for thousands of operations, and whatever you build from them is differentiated for you. Why write your own? There are three good reasons: the forward pass calls code that autograd cannot see into (NumPy, a C library, a simulator); the automatic way back is numerically poor or needs too much memory; or you *want* another gradient than the true one (section 6).
#
# An operation of your own is a subclass of `torch.autograd.Function` with three static methods:
#
# ```python
# class Cube(torch.autograd.Function):
#     @staticmethod
#     def forward(x):                          # the plain computation
#         return x**3
#
#     @staticmethod
#     def setup_context(ctx, inputs, output):  # what the way back will need
#         (x,) = inputs
#         ctx.save_for_backward(x)
#
#     @staticmethod
#     def backward(ctx, grad_output):          # one gradient for each input of forward
#         (x,) = ctx.saved_tensors
#         return grad_output * 3 * x**2
# ```
#
# It is called as `Cube.apply(x)`. Older texts show another form, `forward(ctx, x)`, without `setup_context`. That still works in ordinary training, but not with `torch.func` (gradients of whole functions, `vmap`), so write the new one.

# %% [markdown] id="function" lang="zh" reviewed="3ba7f46b5e69"
# ## 4. 教 PyTorch 一种新运算
#
# PyTorch 有几千种运算的反向规则，用它们拼出来的东西，都会替你求导。为什么还要自己写？正当的理由有三个：前向传播调用了自动求导看不进去的代码（NumPy、C 库、模拟器）；自动得到的反向数值上不好，或者太费内存；或者，你*想要*的就是另一个梯度，不是真的那个（第 6 节）。
#
# 自己的运算，是 `torch.autograd.Function` 的一个子类，有三个静态方法：
#
# ```python
# class Cube(torch.autograd.Function):
#     @staticmethod
#     def forward(x):                          # the plain computation
#         return x**3
#
#     @staticmethod
#     def setup_context(ctx, inputs, output):  # what the way back will need
#         (x,) = inputs
#         ctx.save_for_backward(x)
#
#     @staticmethod
#     def backward(ctx, grad_output):          # one gradient for each input of forward
#         (x,) = ctx.saved_tensors
#         return grad_output * 3 * x**2
# ```
#
# 用 `Cube.apply(x)` 来调用。旧文章里是另一种写法：`forward(ctx, x)`，没有 `setup_context`。它在普通训练里仍然能用，但不能与 `torch.func`（对整个函数求梯度、`vmap`）配合，所以请写新的这种。

# %% id="cube"
class Cube(torch.autograd.Function):
    """x**3, with a backward rule of its own."""

    @staticmethod
    def forward(x):
        return x**3

    @staticmethod
    def setup_context(ctx, inputs, output):
        (x,) = inputs
        ctx.save_for_backward(x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * 3 * x**2

# %% [markdown] id="rules" lang="en"
# Four rules, and what happens to those who break them:
#
# 1. **Tensors** that are inputs or outputs go through `ctx.save_for_backward`. Then PyTorch notices in-place changes and frees them at the right time. A tensor kept as `ctx.x` escapes both.
# 2. **Everything else** (numbers, shapes, flags) becomes an attribute: `ctx.power = 3`. `save_for_backward` refuses it.
# 3. `backward` returns **one value for each input** of `forward`, in their order; `None` where there is nothing to differentiate. `ctx.needs_input_grad` tells you which ones are wanted, so that you can save the work for the others.
# 4. `backward` **multiplies by the upstream gradient**, and changes nothing that it was given.
#
# How would you know that your rule is right? As in lesson 01: central differences. `torch.autograd.gradcheck` does it for any function: in **float64** (float32 is too coarse for the small steps), at random places **away from kinks**. `gradgradcheck` does the same for the gradient of the gradient. **Predict** which of the three functions pass which of the two.

# %% [markdown] id="rules" lang="zh" reviewed="4bc89b77b652"
# 四条规则，以及违反它们的后果：
#
# 1. 属于输入或输出的**张量**，交给 `ctx.save_for_backward`。这样 PyTorch 能发现原地修改，也会适时释放。存成 `ctx.x` 的张量，两样都管不到。
# 2. **其他一切**（数、形状、标志）存成属性：`ctx.power = 3`。`save_for_backward` 不收它们。
# 3. `backward` 要为 `forward` 的**每个输入返回一个值**，次序相同；没有什么可求导的，就返回 `None`。`ctx.needs_input_grad` 会告诉你哪些是要的，其余的就可以省去计算。
# 4. `backward` 要**乘以上游梯度**，并且不改动传给它的任何东西。
#
# 怎样才知道规则是对的？和第 01 课一样：中心差分。`torch.autograd.gradcheck` 对任何函数都能做：用 **float64**（步长很小，float32 太粗），取随机的、**远离折点**的位置。`gradgradcheck` 对梯度的梯度做同样的事。**预测**下面三个函数各能通过哪一个。

# %% id="rules-predict" tags=["hide-input"]
prediction("engine.rules", Text(en="gradcheck and gradgradcheck, on NoUpstream and Detached:", zh="用 gradcheck 和 gradgradcheck 检验 NoUpstream 和 Detached："), {
    ((False, False), (True, True)): Text(
        en="NoUpstream fails both tests, Detached none",
        zh="NoUpstream 两个检验都不通过，Detached 都通过"),
    ((False, False), (True, False)): Text(
        en="NoUpstream fails both tests, Detached only gradgradcheck",
        zh="NoUpstream 两个检验都不通过，Detached 只是 gradgradcheck 不通过"),
    ((False, True), (True, False)): Text(
        en="NoUpstream fails only gradcheck, Detached only gradgradcheck",
        zh="NoUpstream 只是 gradcheck 不通过，Detached 只是 gradgradcheck 不通过"),
    ((False, True), (False, False)): Text(
        en="NoUpstream fails only gradcheck, Detached both tests",
        zh="NoUpstream 只是 gradcheck 不通过，Detached 两个检验都不通过"),
})

# %% id="rules-run"
class NoUpstream(Cube):
    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return 3 * x**2                              # where is grad_output? | grad_output 到哪里去了？


class Detached(Cube):
    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * 3 * x.detach() ** 2     # the right number, without a history | 数是对的，但没有历史


def verdict(test, function, x):
    try:
        return "passes" if test(function.apply, (x,)) else "fails"
    except GradcheckError as error:
        return f"fails: {str(error).strip().splitlines()[0][:60]}"


place = torch.from_numpy(np.random.default_rng(0).standard_normal((2, 3))).requires_grad_()
passes = {}
for function in (Cube, NoUpstream, Detached):
    once, twice = (verdict(test, function, place) for test in (torch.autograd.gradcheck, torch.autograd.gradgradcheck))
    print(f"{function.__name__:10}  gradcheck {once}")
    print(f"{'':10}  gradgradcheck {twice}")
    passes[function] = (once == "passes", twice == "passes")
reveal("engine.rules", (passes[NoUpstream], passes[Detached]))

# %% [markdown] id="rules-explain" lang="en"
# **Explain.** `NoUpstream` is caught at once: wherever the upstream gradient is not 1, its answer is wrong. (With `.sum().backward()` as the only test, where it *is* 1, it would have passed. So test with random upstream gradients.) `gradgradcheck` has nothing against it: it takes the word of `backward` for the gradient and only asks whether *that* is differentiated rightly. One needs both tests.
#
# `Detached` gives right gradients, and passes `gradcheck`. But its `backward` cannot be differentiated, because the history of $3x^2$ was cut; `gradgradcheck` notices. The rule: `backward` is itself built from recorded operations on **saved inputs and outputs**. Saving some intermediate value that was computed inside `forward` has the same effect as the `detach` here: nothing inside `forward` is recorded.

# %% [markdown] id="rules-explain" lang="zh" reviewed="8285dc3d8de5"
# **解释**：`NoUpstream` 立刻被抓住：只要上游梯度不是 1，它的答案就是错的。（若唯一的检验是 `.sum().backward()`，那里上游梯度恰好*是* 1，它就蒙混过关了。所以要用随机的上游梯度来检验。）`gradgradcheck` 却挑不出毛病：梯度是什么，它全听 `backward` 的，只问对*这个梯度*求导求得对不对。所以两个检验都需要。
#
# `Detached` 给出的梯度是对的，通过了 `gradcheck`。但它的 `backward` 不能再求导，因为 $3x^2$ 的历史被切断了；`gradgradcheck` 发现了这一点。规则是：`backward` 本身，要由对**保存的输入和输出**所做的、会被记录的运算组成。把 `forward` 里面算出的某个中间值保存下来，效果与这里的 `detach` 一样：`forward` 里面什么也不记录。

# %% [markdown] id="swish-card" lang="en"
# ### Exercise 5.4: a Function of your own
#
# **Difficulty:** 4 of 5. **Time:** 20 minutes.
#
# Write `Swish`, a `torch.autograd.Function` for $f(x) = x \cdot \sigma(\beta x)$, where $\sigma(t) = 1 / (1 + e^{-t})$ and $\beta$ is a plain number. It is a smooth relative of ReLU. With $s = \sigma(\beta x)$ its slope is
#
# $$f'(x) = s + \beta x\, s\,(1 - s)$$
#
# - `Swish.apply(x, beta)` works; `forward(x, beta)`, `setup_context(ctx, inputs, output)` and `backward(ctx, grad_output)` in the new form, so that `torch.func` can use it.
# - Both the gradient and the gradient of the gradient are right. Several calls before one `backward` do not disturb each other.
# - `x` and the upstream gradient are not changed.

# %% [markdown] id="swish-card" lang="zh" reviewed="2217d07c72df"
# ### 练习 5.4：自己的 Function
#
# **难度**：4（共 5 级）。**时间**：20 分钟。
#
# 为 $f(x) = x \cdot \sigma(\beta x)$ 编写 `torch.autograd.Function` 的子类 `Swish`，其中 $\sigma(t) = 1 / (1 + e^{-t})$，$\beta$ 是普通的数。它是 ReLU 的光滑亲戚。记 $s = \sigma(\beta x)$，它的斜率是
#
# $$f'(x) = s + \beta x\, s\,(1 - s)$$
#
# - `Swish.apply(x, beta)` 能用；按新的形式写 `forward(x, beta)`、`setup_context(ctx, inputs, output)` 和 `backward(ctx, grad_output)`，好让 `torch.func` 也能用它。
# - 梯度和梯度的梯度都要正确。在一次 `backward` 之前调用几次，互不干扰。
# - `x` 和上游梯度都不改动。

# %% id="Swish" tags=["solution"]
class Swish(torch.autograd.Function):
    """x * sigmoid(beta * x) for a tensor x and a plain number beta."""

    ### BEGIN SOLUTION
    @staticmethod
    def forward(x, beta):
        return x * torch.sigmoid(beta * x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, ctx.beta = inputs                         # a number is kept as an attribute | 数存成属性
        ctx.save_for_backward(x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(ctx.beta * x)              # computed anew, so that it is recorded | 重新计算，才会被记录
        return grad_output * (s + ctx.beta * x * s * (1 - s)), None
    ### END SOLUTION

# %% id="Swish-check" tags=["check"]
check("engine.Swish")

# %% [markdown] id="swish-plot" lang="en"
# ## 5. Look at it
#
# Your function, its gradient and the gradient's gradient, the last two computed by PyTorch through *your* rule. The slider moves $\beta$. **Predict** what becomes of the three curves for a large $\beta$.

# %% [markdown] id="swish-plot" lang="zh" reviewed="be17c34c8604"
# ## 5. 画出来看看
#
# 你的函数、它的梯度、梯度的梯度，后两者由 PyTorch 通过*你的*规则算出。滑块改变 $\beta$。**预测**：$\beta$ 很大时，三条曲线会变成什么样？

# %% id="swish-plot-predict" tags=["hide-input"]
prediction("engine.swish", Text(en="Swish with a large beta: the gradient of the gradient", zh="beta 很大时，Swish 的梯度的梯度"), {
    (False, True): Text(en="goes to 0 everywhere", zh="处处趋于 0"),
    (True, True): Text(en="is a peak at 0, higher and narrower", zh="在 0 处形成尖峰，更高，也更窄"),
    (True, False): Text(en="becomes larger everywhere", zh="处处变大"),
})

# %% id="swish-plot-run"
def swish_curves(beta):
    """161 places from -4 to 4; there the function, its gradient and the gradient's gradient."""
    xs = torch.linspace(-4, 4, 161, dtype=torch.float64, requires_grad=True)
    values = Swish.apply(xs, beta)
    (slopes,) = torch.autograd.grad(values.sum(), xs, create_graph=True)
    (bends,) = torch.autograd.grad(slopes.sum(), xs)
    return xs.detach(), values.detach(), slopes.detach(), bends


def draw_swish(beta):
    xs, values, slopes, bends = swish_curves(beta)
    fig, ax = new_figure(height=3.0)
    for curve, series in zip((values, slopes, bends), SERIES, strict=False):
        ax.plot(xs, curve, **series)
    legend(ax, "f", Text(en="gradient", zh="梯度"), Text(en="gradient of the gradient", zh="梯度的梯度"))
    label(ax, title=f"x · σ({beta:g} x)", x="x")
    return fig, Text(
        en="Three curves for beta = {b}. The function goes from {l} at -4 to {r} at 4; its gradient is {g} at 0; the gradient's gradient is {h} at 0.",
        zh="beta = {b} 时的三条曲线。函数在 -4 处为 {l}，在 4 处为 {r}；梯度在 0 处为 {g}；梯度的梯度在 0 处为 {h}。",
    ).format(b=digits(beta), l=digits(values[0].item(), 3), r=digits(values[-1].item(), 3), g=digits(slopes[80].item(), 3), h=digits(bends[80].item(), 3))


if solved("engine.Swish"):
    explore(draw_swish, labels={"beta": Text(en="beta", zh="beta")}, beta=[1.0, 0.0, 0.5, 2.0, 5.0, 20.0])
    mild, steep = swish_curves(1.0)[3].abs(), swish_curves(20.0)[3].abs()
    reveal("engine.swish", (bool(steep[80] > mild[80]), bool(steep[100] < mild[100])))     # at 0, and at 1 | 在 0 处，在 1 处

# %% [markdown] id="straight" lang="en"
# ## 6. A better gradient than the true one
#
# Some networks use weights that are only $+1$ or $-1$: they need a thirtieth of the memory. The function that makes them is a step, `sign`, and its true gradient is zero wherever it exists. Nothing can be learned through it.
#
# The **straight-through** trick cheats, and says so: forward it uses the step; backward it *pretends* that the step was the identity, at least near zero:
#
# $$\text{forward: } \operatorname{sign}(x) \qquad\qquad \text{backward: } G \text{ where } |x| \le 1, \text{ else } 0$$
#
# Clipping at 1 keeps weights that are far from the step from drifting away for ever. No `gradcheck` can pass here: the gradient is deliberately not the true one. **Predict** what becomes of the loss when eight hidden signs are learned, with the true gradient and with the straight-through one. You see it after you have written yours.

# %% [markdown] id="straight" lang="zh" reviewed="ee046ae7b53d"
# ## 6. 比真梯度更好的梯度
#
# 有些网络的权重只取 $+1$ 或 $-1$：内存只要三十分之一左右。产生它们的函数是一个台阶 `sign`，它的真梯度凡是存在的地方都是零。隔着它，什么也学不到。
#
# **直通**技巧是作弊，而且明说：前向用台阶；反向则*假装*台阶是恒等函数，至少在零附近如此：
#
# $$\text{forward: } \operatorname{sign}(x) \qquad\qquad \text{backward: } G \text{ where } |x| \le 1, \text{ else } 0$$
#
# 在 1 处截断，可以免得离台阶很远的权重一直漂走。这里不可能通过 `gradcheck`：梯度是有意不取真值的。**预测**：分别用真梯度和直通的梯度去学八个藏起来的正负号，损失会怎样？写好你的那一个之后就能看到。

# %% id="straight-predict" tags=["hide-input"]
prediction("engine.straight", Text(en="While eight hidden signs are learned, the loss", zh="学习八个藏起来的正负号时，损失"), {
    (True, True): Text(en="falls with both gradients, faster straight-through", zh="用两种梯度都下降，直通更快"),
    (False, True): Text(en="stays with the true gradient, falls straight-through", zh="用真梯度不变，用直通下降"),
    (False, False): Text(en="falls with neither: a false gradient cannot help", zh="用哪种都不降：假的梯度帮不上忙"),
})

# %% [markdown] id="sign-card" lang="en"
# ### Exercise 5.5: straight-through sign
#
# **Difficulty:** 2 of 5. **Time:** 10 minutes.
#
# Write `Sign`, a `torch.autograd.Function` in the new form. Forward: $+1$ where $x \ge 0$ (at 0, too), else $-1$, in the dtype of `x`. Backward: the upstream gradient where $|x| \le 1$, and 0 elsewhere, in the same dtype.

# %% [markdown] id="sign-card" lang="zh" reviewed="98abfbed2082"
# ### 练习 5.5：直通的 sign
#
# **难度**：2（共 5 级）。**时间**：10 分钟。
#
# 按新的形式编写 `torch.autograd.Function` 的子类 `Sign`。前向：$x \ge 0$ 处（包括 0）为 $+1$，其余为 $-1$，dtype 与 `x` 相同。反向：$|x| \le 1$ 处为上游梯度，其余为 0，dtype 也相同。

# %% id="Sign" tags=["solution"]
class Sign(torch.autograd.Function):
    """+1 where x >= 0, else -1; backward the upstream gradient where |x| <= 1, else 0."""

    ### BEGIN SOLUTION
    @staticmethod
    def forward(x):
        return torch.where(x >= 0, torch.ones_like(x), -torch.ones_like(x))

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0])

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * (x.abs() <= 1)
    ### END SOLUTION

# %% id="Sign-check" tags=["check"]
check("engine.Sign")

# %% id="straight-run"
def learn_signs(make_sign, steps=60):
    """Find eight hidden signs from products with random inputs; the losses, and how many signs are right."""
    rng = np.random.default_rng(7)
    hidden_signs = torch.from_numpy(rng.choice([-1.0, 1.0], 8))
    inputs = torch.from_numpy(rng.standard_normal((64, 8)))
    wanted = inputs @ hidden_signs
    weights = torch.from_numpy(0.3 * rng.standard_normal(8)).requires_grad_()
    losses = []
    for _ in range(steps):
        loss = (inputs @ make_sign(weights) - wanted).pow(2).mean()
        (gradient,) = torch.autograd.grad(loss, weights)
        losses.append(loss.item())
        with torch.no_grad():
            weights -= 0.02 * gradient
    return losses, int((torch.where(weights >= 0, 1.0, -1.0) == hidden_signs).sum())


if solved("engine.Sign"):
    true_losses, true_right = learn_signs(torch.sign)
    ste_losses, ste_right = learn_signs(Sign.apply)
    fig, ax = new_figure(height=2.8)
    for losses, series in zip((true_losses, ste_losses), (SERIES[1], SERIES[0]), strict=True):
        ax.plot(losses, **series)
    legend(ax, Text(en="true gradient of sign", zh="sign 的真梯度"), Text(en="straight-through", zh="直通"))
    label(ax, title=Text(en="Learning eight signs", zh="学习八个正负号"), x=Text(en="step", zh="步数"), y=Text(en="loss", zh="损失"))
    show(fig, Text(
        en="Two loss curves over 60 steps. With the true gradient the loss stays at {a}, and {r} of 8 signs are right. Straight-through it falls from {b} to {c}, and {s} of 8 are right.",
        zh="60 步的两条损失曲线。用真梯度，损失停在 {a}，8 个正负号对了 {r} 个。用直通，损失从 {b} 降到 {c}，8 个对了 {s} 个。",
    ).format(a=digits(true_losses[-1], 3), b=digits(ste_losses[0], 3), c=digits(ste_losses[-1], 3), r=true_right, s=ste_right))
    reveal("engine.straight", (true_losses[-1] < true_losses[0], ste_losses[-1] < ste_losses[0] / 2))

# %% [markdown] id="straight-explain" lang="en"
# **Explain.** The true gradient is zero, so not a single weight moves. The false one points, on the whole, the right way, and the signs flip one after the other. It is a method without a guarantee, and in wide use. The honest thing is to know that one is doing it.

# %% [markdown] id="straight-explain" lang="zh" reviewed="3ad1a6d76be0"
# **解释**：真梯度为零，一个权重也不动。假的那个大体上指对了方向，正负号便一个接一个地翻过来。这是一种没有保证、却用得很广的方法。诚实的做法是：知道自己在做什么。

# %% id="my-predictions" tags=["hide-input"]
predictions("engine")

# %% [markdown] id="summary" lang="en"
# ## Summary
#
# - An engine is records (value, parents, local slopes) and one loop: in topological order, multiply along the path and add where paths meet.
# - A backward rule for arrays asks where each input entry appears in the result. Repeated picks add; a sum spreads; a maximum goes to its winners.
# - `torch.autograd.Function`: `forward` computes, `setup_context` saves, `backward` multiplies by the upstream gradient and returns one value for each input.
# - Tensors go through `save_for_backward`, everything else becomes an attribute of `ctx`. Save inputs and outputs, no intermediate values, if second derivatives matter.
# - `gradcheck` tests the gradient and `gradgradcheck` the gradient's gradient: float64, random places, away from kinks.
#
# ### Can you answer these without looking?
#
# 1. Why is `parent.grad = slope * node.grad` right for a chain and wrong for a diamond?
# 2. Does every operation in PyTorch create a function object for the way back?
# 3. Your Function passes `gradcheck`, but the second derivative is zero. Where do you look?
#
# <details><summary>Answers</summary>
#
# 1. In a chain each number has one use. In a diamond two shares arrive, and the second would overwrite the first.
# 2. No: only in grad mode, and if an input requires a gradient.
# 3. At what `backward` uses: something that went through `detach`, or a value that was computed inside `forward`.
#
# </details>

# %% [markdown] id="summary" lang="zh" reviewed="fa1435f84d9c"
# ## 小结
#
# - 引擎就是一堆记录（值、双亲、局部斜率）加一个循环：按拓扑次序，沿路相乘，汇合处相加。
# - 数组的反向规则，要问输入的每个元素出现在结果的哪些地方。重复选取要相加，求和要铺开，最大值归胜者。
# - `torch.autograd.Function`：`forward` 负责计算，`setup_context` 负责保存，`backward` 乘以上游梯度，并为每个输入返回一个值。
# - 张量交给 `save_for_backward`，其他一切存成 `ctx` 的属性。若要用到二阶导数，就保存输入和输出，不要保存中间值。
# - `gradcheck` 检验梯度，`gradgradcheck` 检验梯度的梯度：float64，随机的位置，远离折点。
#
# ### 不看上文，你能答出来吗？
#
# 1. 为什么 `parent.grad = slope * node.grad` 对一条链是对的，对菱形就错了？
# 2. PyTorch 的每一步运算，都会为往回走生成一个函数对象吗？
# 3. 你的 Function 通过了 `gradcheck`，二阶导数却是零。该查哪里？
#
# <details><summary> 答案 </summary>
#
# 1. 链上每个数只用了一次。菱形里会到达两份，第二份会覆盖第一份。
# 2. 不会：只有在记录开着、并且有输入需要梯度时才会。
# 3. 查 `backward` 用到的东西：是否有 `detach` 过的，或是 `forward` 里面算出的值。
#
# </details>

# %% [markdown] id="next" lang="en"
# ## What is next
#
# In **lesson 06** the gradients are put to work: optimisers, from scratch.
#
# ### Further reading
#
# - PyTorch documentation, *Extending PyTorch*: the full contract of `torch.autograd.Function`.
# - A. Karpathy, *micrograd*: a scalar engine of a hundred lines, with a video.
# - Y. Bengio, N. Léonard and A. Courville, *Estimating or Propagating Gradients Through Stochastic Neurons for Conditional Computation*, 2013: where straight-through comes from.

# %% [markdown] id="next" lang="zh" reviewed="459cf04c39b1"
# ## 接下来
#
# 到了**第 06 课**，梯度就要派上用场了：从零实现优化器。
#
# ### 延伸阅读
#
# - PyTorch 文档，*Extending PyTorch*：`torch.autograd.Function` 的完整约定。
# - A. Karpathy，*micrograd*：一百行的标量引擎，配有视频。
# - Y. Bengio、N. Léonard、A. Courville，*Estimating or Propagating Gradients Through Stochastic Neurons for Conditional Computation*，2013：直通技巧的出处。
