# %% [markdown] id="title" lang="en"
# # Lesson 04. Autograd: the graph that records itself
#
# In lesson 01 you walked back through the network by hand, five lines for two layers. Nobody does that for a hundred layers. PyTorch watches your forward pass, writes down every operation, and walks back for you. It is a wonderful servant, and a strict one: most of the puzzling errors of a first month with PyTorch come from not knowing what it writes down, and when. In this lesson you look at its notebook.
#
# **After this lesson you can**
#
# - replace a hand-written backward pass by `loss.backward()` and say what it does and does not do;
# - draw the recorded graph of a computation, and find its leaves and the values it keeps;
# - predict which tensors get a `.grad`, and why the others do not;
# - write a training loop without the four classic bugs: no zeroing, no `no_grad`, a rebound weight, a gradient of the wrong thing;
# - compute a vector-Jacobian product, and a large batch's gradient in small pieces.
#
# **Time:** about 120 minutes, 70 of them for the five exercises.
#
# **You need:** lesson 01 (backprop by hand) and lesson 02 (tensors).
#
# **Created** 2026-11, last updated 2026-11, last verified 2026-11 with torch 2.13; all cells together run in about 5 seconds on two CPU cores.
#
# **Licence:** the text is CC BY 4.0, the code is MIT.

# %% [markdown] id="title" lang="zh" reviewed="d66a64132a55"
# # 第 04 课：自动求导，会自己记录的计算图
#
# 第 01 课里，你亲手沿着网络往回走了一遍，两层用了五行。一百层的网络，没有人会这么做。PyTorch 会看着你的前向传播，把每一步运算记下来，再替你走回去。它是个出色的助手，也是个严格的助手：初学 PyTorch 第一个月里那些莫名其妙的报错，大多是因为不清楚它记了什么、什么时候记。这一课就来翻翻它的记录本。
#
# **学完本课，你能够**
#
# - 用 `loss.backward()` 取代手写的反向传播，并说清它做什么、不做什么；
# - 画出一次计算所记录的图，找到其中的叶子，以及它保存的值；
# - 预测哪些张量会得到 `.grad`，其余的为什么没有；
# - 写出没有四个经典错误的训练循环：忘了清零、忘了 `no_grad`、权重被重新绑定、求错了梯度；
# - 计算向量与雅可比矩阵的乘积，并把一个大批量的梯度拆成小份来算。
#
# **时间**：约 120 分钟，其中五道练习占 70 分钟。
#
# **需要的基础**：第 01 课（手写反向传播）和第 02 课（张量）。
#
# **编写**于 2026-11，最近更新于 2026-11，最近一次用 torch 2.13 验证于 2026-11；所有单元格加起来，在两个 CPU 核上约需运行 5 秒。
#
# **许可**：文字采用 CC BY 4.0，代码采用 MIT。

# %% id="imports" tags=["setup"]
import warnings

import numpy as np
import torch
import torch.nn.functional as F

from course_lib import SERIES, Text, autograd_graph, check, digits, explore, label, legend, new_figure, prediction, predictions, reveal, say, show, solved
from course_lib.recorded_graph import in_words

# %% [markdown] id="one-line" lang="en"
# ## 1. Five lines become one
#
# Here is the network of lesson 01 again, with the same numbers, now as tensors. The five lines of its backward pass are written out. Below them, the same gradients once more: two flags are set, the forward pass fits on one line because nobody has to keep `h` and `h_relu`, and the whole way back is a single call.

# %% [markdown] id="one-line" lang="zh" reviewed="48b82dbaf959"
# ## 1. 五行变一行
#
# 还是第 01 课的网络，连数都一样，只是换成了张量。先把反向传播的五行写全。下面再求一遍同样的梯度：设好两个标志；前向传播一行就够，因为不必再有人留着 `h` 和 `h_relu`；往回走则只是一次调用。

# %% id="one-line-run"
N, D_in, H, D_out = 64, 1000, 100, 10
rng = np.random.default_rng(0)
x, y, w1, w2 = (torch.from_numpy(rng.standard_normal(size)) for size in ((N, D_in), (N, D_out), (D_in, H), (H, D_out)))

h = x.mm(w1)                                   # by hand | 手写
h_relu = h.clamp(min=0)
y_pred = h_relu.mm(w2)
grad_y_pred = 2 * (y_pred - y)
grad_w2 = h_relu.t().mm(grad_y_pred)
grad_w1 = x.t().mm(grad_y_pred.mm(w2.t()) * (h > 0))

w1.requires_grad_()                            # please record what happens to these two | 请记录这两个张量的经历
w2.requires_grad_()
loss = (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum()
loss.backward()

say(Text(en="loss: {v}", zh="损失：{v}"), v=digits(loss.item(), 3))
say(Text(en="w1.grad is the gradient by hand: {a};  w2.grad: {b}", zh="w1.grad 与手写的梯度一致：{a}；w2.grad：{b}"),
    a=torch.allclose(w1.grad, grad_w1), b=torch.allclose(w2.grad, grad_w2))

# %% [markdown] id="one-line-explain" lang="en"
# **Explain.** The gradients are the same, all 101000 of them. A gradient is stored in the attribute `.grad` of the tensor it belongs to. It is a tensor itself, of the same shape and dtype.
#
# Be precise about the division of labour. `backward()` **only fills `.grad`**. It changes no weight: that is the update's job (later an optimiser's `step()`), and until somebody does it, calling `backward()` a thousand times teaches the network nothing.

# %% [markdown] id="one-line-explain" lang="zh" reviewed="517eb068cfca"
# **解释**：两种办法得到的梯度一样，101000 个全都一样。梯度存放在它所属张量的 `.grad` 属性里；它自己也是张量，形状和 dtype 都与之相同。
#
# 分工要说准确：`backward()` **只填写 `.grad`**，一个权重也不改。改权重是更新那一步的事（以后由优化器的 `step()` 来做）；没有人做这一步，`backward()` 调用一千遍，网络也什么都学不到。

# %% [markdown] id="grad-fn" lang="en"
# ## 2. What was recorded
#
# While you computed `loss`, each operation left a note: which function it was, what it needs for the way back, and where its inputs came from. The note that made a tensor hangs on it as `grad_fn`; its `next_functions` lead to the notes of its inputs.
#
# **Predict:** follow the first entry of `next_functions` from `loss` on. In which order do `mm`, `clamp`, `pow`, `sum` and the subtraction turn up?

# %% [markdown] id="grad-fn" lang="zh" reviewed="7f1e23d13e36"
# ## 2. 记下了什么
#
# 在你计算 `loss` 的时候，每一步运算都留下一张条子：它是什么函数，往回走时需要什么，输入从哪里来。产生一个张量的那张条子，就挂在它的 `grad_fn` 上；条子的 `next_functions` 通向它各个输入的条子。
#
# **预测**：从 `loss` 出发，一直沿着 `next_functions` 的第一项走，`mm`、`clamp`、`pow`、`sum` 和减法会以什么次序出现？

# %% id="grad-fn-predict" tags=["hide-input"]
prediction("autograd.order", Text(en="From loss on, always along the first entry:", zh="从 loss 出发，一直沿着第一项："), [
    "mm, clamp, mm, sub, pow, sum",
    "sum, pow, sub, mm, clamp, mm",
    "sum, pow, sub, mm",
])

# %% id="grad-fn-run"
node, visited = loss.grad_fn, []
while node is not None:
    print(type(node).__name__)
    visited.append(type(node).__name__.split("Backward")[0].lower())
    node = node.next_functions[0][0] if node.next_functions else None
reveal("autograd.order", ", ".join(visited))

# %% [markdown] id="grad-fn-explain" lang="en"
# **Explain.** Last in, first out: the order of the way back. Each `...Backward` knows the local slope of its operation. The chain ends in `None`, because the very first input, `x`, needs no gradient: nothing was asked about it.
#
# But where are `w1` and `w2`? They hang on the *second* entry of each `mm`. A product has two inputs, so the record is not a chain but a graph, and whoever follows only the first entry sees one path through it. The next figure draws all of it.

# %% [markdown] id="grad-fn-explain" lang="zh" reviewed="13473b6421dc"
# **解释**：后进先出，正是往回走的次序。每个 `...Backward` 都知道自己那步运算的局部斜率。这条链止于 `None`，因为最开头的输入 `x` 不需要梯度：没有人问起它。
#
# 可是 `w1` 和 `w2` 在哪里？它们挂在每个 `mm` 的*第二*项上。乘积有两个输入，所以记录不是一条链，而是一张图；只跟着第一项走，看到的不过是其中一条路。下一幅图把它整个画出来。

# %% id="draw-graph"
fig, ax = autograd_graph((x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum(), "loss", w1=w1, w2=w2)
label(ax, title=Text(en="The recorded graph of the two-layer network", zh="两层网络所记录的图"))
show(fig, Text(
    en="From left to right, as backward walks: {graph}. The blue boxes at the ends are the leaves w1 and w2.",
    zh="从左到右，即 backward 行走的次序：{graph}。末端的蓝色方框是叶子 w1 和 w2。",
).format(graph=in_words((x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum(), w1=w1, w2=w2)))

# %% [markdown] id="draw-graph-explain" lang="en"
# **Read it from left to right**, as `backward` walks. The grey boxes are recorded functions; under each name stands what it **saves** for the way back. `MmBackward0` near `w1` saves only one of its factors: the gradient of `w1` needs `x`, and since nobody wants the gradient of `x`, there was no reason to keep `w1`.
#
# The blue boxes are the ends of the walk. `AccumulateGrad` is the function that *adds* what arrives to a `.grad`. A graph without cycles like this is called a DAG; its root is the result, its leaves are the tensors you made yourself.
#
# So there are two jobs on the way forward: compute the value, and write the note. There are three on the way back: call each note's function, add up what arrives at the leaves in `.grad`, and hand the rest on by the chain rule.

# %% [markdown] id="draw-graph-explain" lang="zh" reviewed="1e8a3ec1f897"
# **请从左往右读**，这就是 `backward` 行走的方向。灰色方框是记录下来的函数，名字下面写着它为往回走**保存**了什么。靠近 `w1` 的 `MmBackward0` 只保存了一个因子：求 `w1` 的梯度要用 `x`，而没有人要 `x` 的梯度，也就没有必要留着 `w1`。
#
# 蓝色方框是路的尽头。`AccumulateGrad` 这个函数把传来的值*加*到 `.grad` 上。这样没有环的图叫作有向无环图（DAG）：根是计算的结果，叶子是你自己创建的张量。
#
# 所以，往前走时要做两件事：算出值，写下条子。往回走时要做三件事：调用每张条子的函数，把到达叶子的值累加到 `.grad`，再按链式法则把其余的往下传。

# %% [markdown] id="addmm" lang="en"
# A popular tutorial walks through such a graph by hand, always taking `next_functions[0]`, and labels the third step "ReLU". **Predict** what it really finds. The layer is written as PyTorch's linear layers compute it: bias, input and transposed weight go into one function called `addmm`.

# %% [markdown] id="addmm" lang="zh" reviewed="eda62a9de9a3"
# 有一篇流传很广的教程手动走过这样一张图，每次都取 `next_functions[0]`，并把第三步标成“ReLU”。**预测**它实际走到了什么。这里的层按 PyTorch 线性层的方式来计算：偏置、输入和转置后的权重一起进入名为 `addmm` 的函数。

# %% id="addmm-predict" tags=["hide-input"]
prediction("autograd.addmm", Text(
    en="The first entry of next_functions behind addmm(bias, hidden, weight.t()), where hidden comes out of a ReLU:",
    zh="addmm(bias, hidden, weight.t()) 的 next_functions 第一项，其中 hidden 是 ReLU 的输出：",
), {
    "ReluBackward0": "ReluBackward0",
    "TBackward0": "TBackward0",
    "AccumulateGrad": "AccumulateGrad",
    "NoneType": "None",
})

# %% id="addmm-run"
hidden = torch.relu(torch.ones(1, 4, dtype=torch.float64, requires_grad=True) * 2)
weight, bias = torch.ones(3, 4, dtype=torch.float64, requires_grad=True), torch.zeros(3, dtype=torch.float64, requires_grad=True)
out = torch.addmm(bias, hidden, weight.t())

print(type(out.grad_fn).__name__, "->", [type(node).__name__ for node, _ in out.grad_fn.next_functions])
reveal("autograd.addmm", type(out.grad_fn.next_functions[0][0]).__name__)

# %% [markdown] id="addmm-explain" lang="en"
# **Explain.** Entry 0 belongs to the first argument, the bias, and a bias is a leaf: the tutorial's comment says ReLU, the program prints `AccumulateGrad`. The ReLU is entry 1. Entry 2 is `TBackward0`, for transposing the weight was an operation too and left its own note.

# %% [markdown] id="addmm-explain" lang="zh" reviewed="e58f99e5c8a9"
# **解释**：第 0 项属于第一个参数，即偏置，而偏置是叶子：教程的注释写着 ReLU，程序打印的却是 `AccumulateGrad`。ReLU 是第 1 项。第 2 项是 `TBackward0`，因为给权重做转置也是一步运算，也留下了自己的条子。

# %% [markdown] id="explore-graphs" lang="en"
# Look at a few graphs yourself. Before each one, say how many boxes you expect. What does a sum save? A product? What happens where `w` is used twice?

# %% [markdown] id="explore-graphs" lang="zh" reviewed="d9200e86670e"
# 自己看几张图。每看一张之前，先说说你预计有几个方框。求和保存了什么？乘积呢？`w` 被用了两次时，图上是什么样？

# %% id="explore-graphs-run"
def recipe(name):
    """A result and its leaves."""
    w = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    b = torch.tensor(0.5, requires_grad=True)
    made = {
        "(w + b).sum()": lambda: (w + b).sum(),
        "(w * w).sum()": lambda: (w * w).sum(),
        "(w * b).sum()": lambda: (w * b).sum(),
        "(w.exp() + w).mean()": lambda: (w.exp() + w).mean(),
        "torch.relu(w - b).pow(2).sum()": lambda: torch.relu(w - b).pow(2).sum(),
        "(w.detach() * b).sum()": lambda: (w.detach() * b).sum(),
    }
    return made[name](), {"w": w, "b": b}


def draw_recipe(expression):
    result, leaves = recipe(expression)
    fig, ax = autograd_graph(result, **leaves)
    label(ax, title=expression)
    return fig, Text(en="The graph that was recorded for {e}, from the result to the leaves: {g}.", zh="为 {e} 记录下来的图，从结果到叶子：{g}。").format(e=expression, g=in_words(result, **leaves))


explore(draw_recipe, labels={"expression": Text(en="expression", zh="表达式")}, expression=[
    "(w + b).sum()", "(w * w).sum()", "(w * b).sum()", "(w.exp() + w).mean()", "torch.relu(w - b).pow(2).sum()", "(w.detach() * b).sum()",
])

# %% [markdown] id="one-layer" lang="en"
# ### The smallest classifier
#
# One layer, three outputs, and the loss for yes-or-no questions: **binary** cross-entropy *with logits* (it takes the raw sums, not probabilities; lesson 08 says why). The five inputs are all 1. **Predict** what its graph looks like: where does it start, where does it part, and where does it end? And `w.grad` has five rows: how do they differ?

# %% [markdown] id="one-layer" lang="zh" reviewed="b0705cc3ccda"
# ### 最小的分类器
#
# 一层，三个输出，损失用回答“是或否”的那一种：带 logits 的**二元**交叉熵（它要的是原始的加权和，不是概率；原因见第 08 课）。五个输入全是 1。**预测**它的图是什么样子：从哪里出发，在哪里分岔，到哪里为止？另外，`w.grad` 有五行，它们有什么不同？

# %% id="one-layer-predict" tags=["hide-input"]
prediction("autograd.rows", Text(en="All inputs are 1. The five rows of w.grad are", zh="输入全是 1。w.grad 的五行"), {
    "equal": Text(en="all equal, and not zero", zh="全都相等，不为零"),
    "different": Text(en="different, as the rows of w are", zh="各不相同，与 w 的各行一样"),
    "zero": Text(en="zero, as the targets are", zh="全为零，与目标一样"),
})

# %% id="one-layer-run"
five_ones, zeros = torch.ones(5, dtype=torch.float64), torch.zeros(3, dtype=torch.float64)
w = torch.linspace(-1, 1, 15, dtype=torch.float64).reshape(5, 3).requires_grad_()
b = torch.tensor([0.3, -0.2, 0.1], dtype=torch.float64, requires_grad=True)
logits = five_ones @ w + b
bce = F.binary_cross_entropy_with_logits(logits, zeros)
fig, ax = autograd_graph(bce, "bce", w=w, b=b)
label(ax, title=Text(en="The recorded graph of the smallest classifier", zh="最小的分类器所记录的图"))
show(fig, Text(en="From left to right, as backward walks: {g}.", zh="从左到右，即 backward 行走的次序：{g}。").format(g=in_words(bce, w=w, b=b)))

bce.backward()
for row in w.grad:
    print([digits(value, 3) for value in row])
say(Text(en="b.grad: {v}", zh="b.grad：{v}"), v=[digits(value, 3) for value in b.grad])
alike = torch.allclose(w.grad, w.grad[0].expand(5, 3))
reveal("autograd.rows", "zero" if not w.grad.any() else "equal" if alike else "different")

# %% [markdown] id="one-layer-explain" lang="en"
# **Explain.** The graph starts at the loss and parts at the addition: one branch leads straight to `b`, the other one through the product to `w`. (`five_ones` is a vector; PyTorch multiplies it as a matrix of one row and takes that dimension away again, hence the `Squeeze`.) The inputs and the targets need no gradient, so no branch ends at them.
#
# And the rows do not differ at all. By lesson 01 the gradient of `w` is $x^T G$: row $i$ is $x_i$ times the gradient of the logits. With $x_i = 1$ everywhere the rows are equal, and equal to `b.grad`. Inputs without differences teach the rows no differences.

# %% [markdown] id="one-layer-explain" lang="zh" reviewed="47f5086afbf8"
# **解释**：图从损失出发，在加法处分成两支：一支直接通到 `b`，另一支经过乘积通到 `w`。（`five_ones` 是向量；PyTorch 把它当作一行的矩阵来乘，再把这一维去掉，所以图上有个 `Squeeze`。）输入和目标不需要梯度，所以没有哪一支通到它们那里。
#
# 至于各行，毫无不同。由第 01 课，`w` 的梯度是 $x^T G$：第 $i$ 行等于 $x_i$ 乘以 logits 的梯度。处处 $x_i = 1$，各行就都相等，也都等于 `b.grad`。输入没有差别，各行也就学不到差别。

# %% [markdown] id="when" lang="en"
# ## 3. When is something recorded?
#
# "Every operation leaves a note" was too simple. A note is written only if **both** hold: recording is switched on, and at least one input needs a gradient. **Predict** for each line of the next cell whether the result has a `grad_fn`.

# %% [markdown] id="when" lang="zh" reviewed="71139afc5762"
# ## 3. 什么时候才会记录？
#
# “每一步运算都留下条子”说得太简单了。只有**同时**满足两条才会记：记录开着，并且至少有一个输入需要梯度。**预测**下一个单元格的每一行，结果有没有 `grad_fn`。

# %% id="when-predict" tags=["hide-input"]
prediction("autograd.when", Text(en="Which of the six results have a grad_fn?", zh="六个结果中，哪些有 grad_fn？"), [
    "tracked * 3",
    "tracked * 3, tracked * plain, tracked > 0",
    "tracked * 3, tracked * plain, no_grad: tracked * 3",
    "tracked * 3, tracked * plain",
])

# %% id="when-run"
plain, tracked = torch.ones(2), torch.ones(2, requires_grad=True)

with torch.no_grad():
    unrecorded = tracked * 3
have_one = []
for name, result in (("plain * 3", plain * 3), ("tracked * 3", tracked * 3), ("tracked * plain", tracked * plain),
                     ("tracked.detach() * 3", tracked.detach() * 3), ("no_grad: tracked * 3", unrecorded), ("tracked > 0", tracked > 0)):
    print(f"{name:22} grad_fn {type(result.grad_fn).__name__:14} requires_grad {result.requires_grad}")
    if result.grad_fn is not None:
        have_one.append(name)
reveal("autograd.when", ", ".join(have_one))

# %% [markdown] id="when-explain" lang="en"
# **Explain.** `requires_grad` is contagious: one input that needs a gradient is enough. It stops at three places: at `no_grad`, which switches the recording off for a while; at `detach()`, which gives the same numbers without their history; and at results that cannot have a slope, such as the booleans of `tracked > 0`.
#
# Note what `no_grad` does *not* do. It does not "compute the gradients and throw them away". Nothing is recorded in the first place, which is why it saves memory and time.

# %% [markdown] id="when-explain" lang="zh" reviewed="cfc41edd0347"
# **解释**：`requires_grad` 会传染：只要有一个输入需要梯度就够了。它在三个地方停下：`no_grad`，在一段时间里关掉记录；`detach()`，给出同样的数，但不带历史；还有不可能有斜率的结果，比如 `tracked > 0` 得到的布尔值。
#
# 注意 `no_grad` *不是*做什么的。它并不是“先算出梯度再扔掉”，而是从一开始就什么都不记，所以才省内存、省时间。

# %% [markdown] id="leaves" lang="en"
# ## 4. Leaves, and who gets a `.grad`
#
# A tensor is a **leaf** if no recorded operation made it: `grad_fn` is `None`. That is so for tensors you create, and also for everything that needs no gradient at all. `backward` fills `.grad` of the **leaves that require a gradient**, and of no others; the values in between are used and forgotten.
#
# If you do want the gradient of a value in between, ask for it *before* `backward` with `retain_grad()`. **Predict** the three lines.

# %% [markdown] id="leaves" lang="zh" reviewed="4bfac8911208"
# ## 4. 叶子，以及谁会得到 `.grad`
#
# 如果一个张量不是由被记录的运算产生的，即 `grad_fn` 是 `None`，它就是**叶子**。你自己创建的张量是叶子，一切不需要梯度的张量也是。`backward` 只填写**需要梯度的叶子**的 `.grad`，别的都不填；中间的值用完就忘。
#
# 如果确实想要某个中间值的梯度，就在 `backward` *之前*用 `retain_grad()` 提出来。**预测**下面三行。

# %% id="leaves-predict" tags=["hide-input"]
prediction("autograd.leaves", Text(en="After backward, .grad is a number for", zh="backward 之后，.grad 里有数的是"), [
    "w", "kept", "w, kept", "w, middle, kept",
])

# %% id="leaves-run"
w = torch.tensor(3.0, requires_grad=True)
middle = w * 2
kept = middle + 1
kept.retain_grad()
(kept * kept).backward()

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for name, tensor in (("w", w), ("middle", middle), ("kept", kept)):
        print(f"{name:7} is_leaf {tensor.is_leaf!s:6} requires_grad {tensor.requires_grad}  grad {tensor.grad}")
    filled = [name for name, tensor in (("w", w), ("middle", middle), ("kept", kept)) if tensor.grad is not None]
print(str(caught[0].message).split(" Its ")[0])
reveal("autograd.leaves", ", ".join(filled))

# %% [markdown] id="leaves-explain" lang="en"
# **Explain.** `kept` is $7$, so its gradient is $2 \cdot 7 = 14$, and `w` gets $14 \cdot 2 = 28$. `middle` took part like the others, but it is no leaf and nobody asked to keep its gradient; PyTorch even warns you when you look.
#
# A trap: **conversions are operations**. `w.double()`, `w.to("cuda")` and `w.reshape(...)` make a new tensor from `w`, which is therefore no leaf. Convert first, then call `requires_grad_()`. And only floating-point (and complex) tensors can require a gradient: an integer has no "a little to the side".

# %% [markdown] id="leaves-explain" lang="zh" reviewed="5ec6e21cc1d4"
# **解释**：`kept` 是 $7$，它的梯度就是 $2 \cdot 7 = 14$，`w` 得到 $14 \cdot 2 = 28$。`middle` 同样参与了计算，但它不是叶子，也没有人要求保留它的梯度；你去看它时，PyTorch 还会发出警告。
#
# 一个陷阱：**类型转换也是运算**。`w.double()`、`w.to("cuda")`、`w.reshape(...)` 都由 `w` 产生一个新张量，所以结果不是叶子。要先转换，再调用 `requires_grad_()`。另外，只有浮点（和复数）张量才能要求梯度：整数没有“往旁边挪一点点”可言。

# %% [markdown] id="predict-card" lang="en"
# ### Exercise 4.1: who is a leaf?
#
# **Difficulty:** 2 of 5. **Time:** 10 minutes.
#
# Read this program and decide, for each of the eight tensors, three things: is it a leaf, does it require a gradient, and is its `.grad` something other than `None` after the last line?
#
# ```python
# a = torch.ones(3)
# b = torch.ones(3, requires_grad=True)
# c = b * 2
# d = c.detach()
# e = b.double()
# f = torch.ones(3).double().requires_grad_()
# with torch.no_grad():
#     g = b * 3
# k = c + 1
# k.retain_grad()
# (k * f + e + d * a + g).sum().backward()
# ```
#
# `predict()` returns a dict: for each name, from `"a"` to `"g"` and `"k"`, a tuple of three booleans `(is_leaf, requires_grad, has_grad)`. Decide on paper first. Then you may run the program in a cell of your own and find out which of your predictions was wrong, and why.

# %% [markdown] id="predict-card" lang="zh" reviewed="a7686d4434ec"
# ### 练习 4.1：谁是叶子？
#
# **难度**：2（共 5 级）。**时间**：10 分钟。
#
# 读下面的程序，对八个张量逐一判断三件事：它是不是叶子？需不需要梯度？执行完最后一行，它的 `.grad` 是不是 `None` 以外的值？
#
# ```python
# a = torch.ones(3)
# b = torch.ones(3, requires_grad=True)
# c = b * 2
# d = c.detach()
# e = b.double()
# f = torch.ones(3).double().requires_grad_()
# with torch.no_grad():
#     g = b * 3
# k = c + 1
# k.retain_grad()
# (k * f + e + d * a + g).sum().backward()
# ```
#
# `predict()` 返回一个字典：从 `"a"` 到 `"g"` 再加上 `"k"`，每个名字对应三个布尔值组成的元组 `(is_leaf, requires_grad, has_grad)`。先在纸上判断，然后可以在自己的单元格里运行这段程序，看看哪个预测错了，为什么错。

# %% id="predict" tags=["solution"]
def predict():
    """{name: (is_leaf, requires_grad, has_grad)} for the tensors a, b, c, d, e, f, g and k of the card."""
    ### BEGIN SOLUTION
    return {
        "a": (True, False, False),
        "b": (True, True, True),
        "c": (False, True, False),
        "d": (True, False, False),
        "e": (False, True, False),
        "f": (True, True, True),
        "g": (True, False, False),
        "k": (False, True, True),
    }
    ### END SOLUTION

# %% id="predict-check" tags=["check"]
check("autograd.predict")

# %% [markdown] id="accumulate-intro" lang="en"
# ## 5. Who empties `.grad`?
#
# The blue boxes are called `AccumulateGrad`, and they mean it. Take $L = w^2$ at $w = 2$, whose gradient is $4$. **Predict** `.grad` after calling `backward` four times, on a fresh forward pass each time.

# %% [markdown] id="accumulate-intro" lang="zh" reviewed="5d0762f3b11c"
# ## 5. `.grad` 由谁清空？
#
# 蓝色方框叫作 `AccumulateGrad`，这名字不是白叫的。取 $L = w^2$，在 $w = 2$ 处梯度是 $4$。**预测**：做四遍前向传播，每遍之后各调用一次 `backward`，`.grad` 会是多少？

# %% id="accumulate-intro-predict" tags=["hide-input"]
prediction("autograd.accumulate", Text(en=".grad after the first, second, third and fourth backward:", zh="第一、二、三、四次 backward 之后的 .grad："), {
    (4, 4, 4, 4): "4, 4, 4, 4",
    (4,): Text(en="4, then an error", zh="4，然后报错"),
    (4, 8, 12, 16): "4, 8, 12, 16",
    (4, 8, 16, 32): "4, 8, 16, 32",
})

# %% id="accumulate-run"
def grads_of_four_calls(zeroing):
    w = torch.tensor(2.0, requires_grad=True)
    seen = []
    for _ in range(4):
        if zeroing:
            w.grad = None
        (w * w).backward()
        seen.append(w.grad.item())
    return seen


added, cleared = grads_of_four_calls(zeroing=False), grads_of_four_calls(zeroing=True)
fig, ax = new_figure(height=2.8)
places = np.arange(1, 5)
ax.bar(places - 0.2, added, width=0.38, color=SERIES[1]["color"], hatch="//", edgecolor="white")
ax.bar(places + 0.2, cleared, width=0.38, color=SERIES[0]["color"])
ax.set_xticks(places)
legend(ax, Text(en="left alone", zh="不清零"), Text(en="cleared before each backward", zh="每次 backward 之前清零"))
label(ax, title=Text(en="w.grad after each backward; the true gradient is 4", zh="每次 backward 之后的 w.grad；真正的梯度是 4"), x=Text(en="call of backward", zh="第几次 backward"), y="w.grad")
show(fig, Text(en="Bars of w.grad after 1, 2, 3 and 4 calls. Left alone: {a}. Cleared before each call: {b}.", zh="w.grad 在第 1、2、3、4 次调用之后的柱状图。不清零：{a}。每次调用之前清零：{b}。").format(a=added, b=cleared))
reveal("autograd.accumulate", tuple(added))

# %% [markdown] id="accumulate-explain" lang="en"
# **Explain.** Each call adds 4. Where a value is used twice in *one* graph, adding is the chain rule itself. Across *several* calls it is a decision of PyTorch, and a useful one: section 9 computes a large batch in pieces that way, and a loss made of several terms may be sent back term by term. The price is that **you** must say when a new sum begins: `w.grad = None` or `w.grad.zero_()`; an optimiser's `zero_grad()` does it for all its parameters.
#
# Before the first `backward` there is nothing to clear: `.grad` is `None`, not zero.

# %% [markdown] id="accumulate-explain" lang="zh" reviewed="cc46431325bf"
# **解释**：每调用一次就加 4。在*同一张*图里一个值被用了两次，相加正是链式法则。在*多次*调用之间也相加，则是 PyTorch 的一个决定，而且很有用：第 9 节就靠它把一个大批量分成小份来算；由几项组成的损失，也可以一项一项地传回去。代价是，新的求和从何时开始，要由**你**来说：`w.grad = None` 或 `w.grad.zero_()`；优化器的 `zero_grad()` 会对它的所有参数做这件事。
#
# 第一次 `backward` 之前没有什么可清的：`.grad` 是 `None`，不是零。

# %% [markdown] id="rebind" lang="en"
# ## 6. The update, and three ways to spoil it
#
# With the gradient in hand, the weight moves: `w -= lr * w.grad`. Try it just like that, and PyTorch refuses. Try to be clever and write `w = w - lr * w.grad`, and PyTorch says nothing, which is worse. **Predict** what `w` is after each of the four variants.

# %% [markdown] id="rebind" lang="zh" reviewed="396611eb91d3"
# ## 6. 更新，以及弄坏它的三种办法
#
# 有了梯度，就该移动权重：`w -= lr * w.grad`。照这样直接写，PyTorch 不答应。耍点小聪明，改写成 `w = w - lr * w.grad`，PyTorch 一声不吭，这反而更糟。**预测**四种写法之后，`w` 各是什么。

# %% id="rebind-predict" tags=["hide-input"]
prediction("autograd.rebind", Text(en="After w = w - ... under no_grad, w is", zh="在 no_grad 下执行 w = w - ... 之后，w 是"), {
    (True, True): Text(en="the same leaf, with new numbers", zh="原来的叶子，换了新的数"),
    (False, False): Text(en="a new tensor that requires no gradient", zh="新张量，不需要梯度"),
    (False, True): Text(en="a new tensor that requires a gradient", zh="新张量，需要梯度"),
})

# %% id="rebind-run"
def fresh():
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    (w * w).sum().backward()
    return w


def report(name, w, original):
    print(f"{name:26} same object {w is original!s:6} is_leaf {w.is_leaf!s:6} requires_grad {w.requires_grad!s:6} original {original.tolist()}")


w = original = fresh()
try:
    w -= 0.25 * w.grad
except RuntimeError as error:
    print("w -= ...                   RuntimeError:", error)

w = original = fresh()
w = w - 0.25 * w.grad
report("w = w - ...", w, original)

w = original = fresh()
with torch.no_grad():
    w = w - 0.25 * w.grad
report("no_grad: w = w - ...", w, original)
rebound = (w is original, w.requires_grad)

w = original = fresh()
with torch.no_grad():
    w -= 0.25 * w.grad
report("no_grad: w -= ...", w, original)
reveal("autograd.rebind", rebound)

# %% [markdown] id="rebind-explain" lang="en"
# **Explain.** The key is a rule of Python, not of PyTorch. `w = ...` takes the *name* `w` away from one object and gives it to another; no class can change what `=` does. `w -= ...` asks the object itself to change (it calls a method of the tensor), and the name stays where it was.
#
# 1. `w -= ...` in the open: an in-place change of a leaf, while the recorder runs. If that were allowed, the leaf would be its own result. Refused.
# 2. `w = w - ...` in the open: a *new* tensor, recorded as the result of an operation. It is no leaf, so the next `backward` leaves its `.grad` empty; and its history grows by one step with each update.
# 3. The same under `no_grad`: a new tensor again, this time without history. It does not require a gradient any more, and its `.grad` is `None`: the next `w.grad.zero_()` fails with "'NoneType' object has no attribute 'zero_'", a line or two away from the culprit.
# 4. `no_grad` and `-=`: the same leaf, with new numbers. This one is right.
#
# Why `no_grad` at all? Because the update is not part of the function that you want to differentiate. It is something you do *to* the weights between two questions.

# %% [markdown] id="rebind-explain" lang="zh" reviewed="10c5d8475272"
# **解释**：关键是 Python 的一条规则，与 PyTorch 无关。`w = ...` 是把 `w` 这个*名字*从一个对象上摘下来，挂到另一个对象上；任何类都改变不了 `=` 的行为。`w -= ...` 则是请对象自己改变（调用的是张量的一个方法），名字还挂在原处。
#
# 1. 直接写 `w -= ...`：记录正开着，却要原地修改叶子。若是允许，叶子就成了它自己的运算结果。PyTorch 拒绝。
# 2. 直接写 `w = w - ...`：得到一个*新*张量，被记成运算的结果。它不是叶子，下一次 `backward` 不会填它的 `.grad`；而且每更新一次，它的历史就多一步。
# 3. 在 `no_grad` 下这样写：还是新张量，只是没有历史。它不再需要梯度，`.grad` 是 `None`：接下来的 `w.grad.zero_()` 会报 "'NoneType' object has no attribute 'zero_'"，报错处离真凶还有一两行。
# 4. `no_grad` 加 `-=`：还是那个叶子，换了新的数。这样才对。
#
# 为什么非要 `no_grad`？因为更新不是你要求导的那个函数的一部分。它是在两次提问之间，你对权重*做*的一件事。

# %% [markdown] id="same-object" lang="en"
# The rule has nothing to do with tensors. **Predict** for the first three lines whether both names still hang on one object: once for a whole number, which can never change, and twice for a tensor.

# %% [markdown] id="same-object" lang="zh" reviewed="8be79d4b70f1"
# 这条规则与张量无关。**预测**前三行里，两个名字是不是还挂在同一个对象上：一行关于整数（整数永远不会变），两行关于张量。

# %% id="same-object-predict" tags=["hide-input"]
prediction("autograd.same_object", Text(
    en="Still one object, after n -= 1, after t = t - 1, after t -= 1?",
    zh="执行 n -= 1、t = t - 1、t -= 1 之后，两个名字还在同一个对象上吗？",
), {
    (True, False, True): Text(en="yes, no, yes", zh="是，否，是"),
    (False, False, False): Text(en="no, no, no", zh="否，否，否"),
    (False, False, True): Text(en="no, no, yes", zh="否，否，是"),
})

# %% id="same-object-run"
n = kept_n = 1000
n -= 1
print("n -= 1          ", "same object:", n is kept_n, " kept_n:", kept_n)
t = kept_t = torch.tensor([1000.0])
t = t - 1
one_object = (n is kept_n, t is kept_t)
print("t = t - 1       ", "same object:", t is kept_t, " kept_t:", kept_t.item())
t = kept_t
t -= 1
print("t -= 1          ", "same object:", t is kept_t, " kept_t:", kept_t.item())
print("t.detach()      ", "same memory:", t.detach().data_ptr() == t.data_ptr(), " t.clone():", t.clone().data_ptr() == t.data_ptr())
reveal("autograd.same_object", (*one_object, t is kept_t))

# %% [markdown] id="same-object-explain" lang="en"
# **Explain.** A whole number has no in-place `-=`, so Python falls back on `n = n - 1` and the name moves. A tensor has one, and both names see the change. (`a is b` asks whether `id(a) == id(b)`, that is, whether both names hang on one object.) The last line is a relative of the same story: `detach()` shares the memory of its tensor and cuts the history; `clone()` copies the memory and *keeps* the history. If you want a snapshot without history, you need both: `w.detach().clone()`.
#
# In old programs you will meet `w.data -= ...`. It does the update as well, but goes behind the recorder's back: if the old value of `w` is still needed by some graph, `backward` then computes with the wrong number and says nothing. With `no_grad` PyTorch notices.

# %% [markdown] id="same-object-explain" lang="zh" reviewed="cb0fe0b98e01"
# **解释**：整数没有原地的 `-=`，Python 就退而执行 `n = n - 1`，名字于是挪走了。张量有，所以两个名字都看到了变化。（`a is b` 问的是 `id(a) == id(b)` 是否成立，即两个名字是不是挂在同一个对象上。）最后一行是同一个故事的亲戚：`detach()` 与原张量共用内存，但切断历史；`clone()` 复制内存，但*保留*历史。想要一份不带历史的快照，两个都得用：`w.detach().clone()`。
#
# 在旧程序里你会遇到 `w.data -= ...`。它也能更新，却是绕过记录员做的：若还有某张图需要 `w` 的旧值，之后的 `backward` 就会拿错误的数去算，而且一声不吭。用 `no_grad`，PyTorch 会发现。

# %% [markdown] id="train-card" lang="en"
# ### Exercise 4.2: train with autograd
#
# **Difficulty:** 3 of 5. **Time:** 15 minutes.
#
# Write `train(w1, w2, x, y, lr, steps)`. It trains the two-layer network (`mm`, `clamp(min=0)`, `mm`; the loss is the **sum** of the squared errors) by gradient descent and returns a list of the losses, one number for each step, measured before that step's update.
#
# | argument | shape | meaning |
# |---|---|---|
# | `x`, `y` | `[N, D_in]`, `[N, D_out]` | samples and targets |
# | `w1`, `w2` | `[D_in, H]`, `[H, D_out]` | leaves that require gradients |
# | `lr`, `steps` | numbers | learning rate, number of steps |
#
# - `w1` and `w2` are changed **in place**: afterwards the same two leaves hold the trained weights and still require gradients.
# - Whoever calls you may have left something in `w1.grad` and `w2.grad`. It must not matter.
# - In the list are plain numbers. A tensor would keep its whole graph alive.

# %% [markdown] id="train-card" lang="zh" reviewed="0630659132e3"
# ### 练习 4.2：用自动求导来训练
#
# **难度**：3（共 5 级）。**时间**：15 分钟。
#
# 编写 `train(w1, w2, x, y, lr, steps)`：用梯度下降训练两层网络（`mm`、`clamp(min=0)`、`mm`；损失是误差平方的**和**），返回损失的列表，每步一个数，在该步更新之前测得。
#
# | 参数 | 形状 | 含义 |
# |---|---|---|
# | `x`、`y` | `[N, D_in]`、`[N, D_out]` | 样本与目标 |
# | `w1`、`w2` | `[D_in, H]`、`[H, D_out]` | 需要梯度的叶子 |
# | `lr`、`steps` | 数 | 学习率、步数 |
#
# - `w1` 和 `w2` 要**原地**修改：结束之后，仍是这两个叶子装着训练好的权重，并且仍然需要梯度。
# - 调用者可能在 `w1.grad` 和 `w2.grad` 里留下了东西，不能因此受影响。
# - 列表里放普通的数。放张量，就会让它的整张图一直留在内存里。

# %% id="train" tags=["solution"]
def train(w1, w2, x, y, lr, steps):
    """Gradient descent on the sum of squared errors; changes w1 and w2 in place -> list of [steps] losses."""
    ### BEGIN SOLUTION
    losses = []
    for _ in range(steps):
        loss = (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum()
        w1.grad = None                       # a new sum begins | 新的求和从这里开始
        w2.grad = None
        loss.backward()
        losses.append(loss.item())
        with torch.no_grad():                # the update is not part of the function | 更新不属于要求导的函数
            w1 -= lr * w1.grad
            w2 -= lr * w2.grad
    return losses
    ### END SOLUTION

# %% id="train-check" tags=["check"]
check("autograd.train")

# %% [markdown] id="zeroing" lang="en"
# What does it cost to forget the zeroing? Not an error message. The next cell runs 60 steps on a small network, once with your `train` and once with a copy that never clears `.grad`. **Predict** the shape of the second curve: each step uses the sum of *all* gradients so far.

# %% [markdown] id="zeroing" lang="zh" reviewed="758fb5d99937"
# 忘了清零，代价是什么？不是报错。下一个单元格在一个小网络上跑 60 步，一次用你的 `train`，一次用从不清零 `.grad` 的版本。**预测**第二条曲线的形状：它的每一步，用的是到目前为止*所有*梯度的和。

# %% id="zeroing-predict" tags=["hide-input"]
prediction("autograd.zeroing", Text(en="Without zeroing, the loss", zh="不清零时，损失"), {
    "falls": Text(en="falls all the way, only faster", zh="一路下降，只是更快"),
    "grows": Text(en="grows from the beginning", zh="一开始就增大"),
    "swings": Text(en="falls at first, then swings up again", zh="先下降，然后又摆回去"),
})

# %% id="zeroing-run"
def train_without_zeroing(w1, w2, x, y, lr, steps):
    losses = []
    for _ in range(steps):
        loss = (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum()
        loss.backward()
        losses.append(loss.item())
        with torch.no_grad():
            w1 -= lr * w1.grad
            w2 -= lr * w2.grad
    return losses


def small_network():
    rng = np.random.default_rng(3)
    draw = [torch.from_numpy(rng.standard_normal(size)) for size in ((16, 8), (16, 2), (8, 32), (32, 2))]
    return draw[0], draw[1], (draw[2] / 2).requires_grad_(), (draw[3] / 4).requires_grad_()


if solved("autograd.train"):
    curves = []
    for method in (train, train_without_zeroing):
        sx, sy, sw1, sw2 = small_network()
        curves.append(method(sw1, sw2, sx, sy, 0.0005, 60))
    for name, losses in ((Text(en="cleared:      ", zh="清零：    "), curves[0]), (Text(en="never cleared:", zh="从不清零："), curves[1])):
        say(Text(en="{name} first losses {v}", zh="{name}开头几步的损失 {v}"), name=name, v=[digits(loss, 3) for loss in losses[:6]])
    fig, ax = new_figure(height=3.0)
    for losses, series in zip(curves, SERIES, strict=False):
        ax.semilogy(losses, **series)
    legend(ax, Text(en="cleared before each backward", zh="每次 backward 之前清零"), Text(en="never cleared", zh="从不清零"))
    label(ax, title=Text(en="The same network, with and without zeroing", zh="同一个网络，清零与不清零"), x=Text(en="step", zh="步数"), y=Text(en="loss", zh="损失"))
    show(fig, Text(
        en="Two loss curves over 60 steps on a logarithmic axis, both from {a}. With clearing the loss ends at {b}. Without, it is {d} at its lowest and swings up to {c} after that.",
        zh="60 步的两条损失曲线，纵轴为对数刻度，都从 {a} 开始。清零时，损失最后是 {b}；不清零时，最低到过 {d}，此后又摆回到 {c}。",
    ).format(a=digits(curves[0][0], 3), b=digits(curves[0][-1], 2), c=digits(max(curves[1][int(np.argmin(curves[1])):]), 2), d=digits(min(curves[1]), 2)))
    lowest = int(np.argmin(curves[1]))
    afterwards = max(curves[1][lowest:])
    reveal("autograd.zeroing", "grows" if lowest == 0 else "swings" if afterwards > 1.5 * curves[1][lowest] else "falls")

# %% [markdown] id="zeroing-explain" lang="en"
# **Explain.** A ball in a bowl. The sum of all gradients so far acts like a speed: it goes on pushing long after the bottom has been passed, and only many steps uphill can use it up. So the loss swings instead of settling. (Lesson 06 does this on purpose, with a brake: it is called momentum.) The treacherous part is the beginning: look at the third and the fourth loss. There the forgetful version is even *ahead*.

# %% [markdown] id="zeroing-explain" lang="zh" reviewed="c5007bbafc6c"
# **解释**：像碗里的一个球。到目前为止所有梯度之和，作用就像速度：过了碗底很久，它还在往前推，要上坡走许多步才能耗尽。所以损失来回摆动，安定不下来。（第 06 课会有意这样做，不过加了刹车，那叫动量。）最会骗人的是开头：看第三个和第四个损失，忘了清零的版本甚至*领先*。

# %% [markdown] id="vjp-intro" lang="en"
# ## 7. When the result is not one number
#
# `backward()` starts from a single number. From a vector it refuses to start, and rightly: "the gradient" of several numbers does not exist. What exists is the **Jacobian** $J$, one row for each output and one column for each input. **Predict** which of the two calls works, and what `p.grad` is. The function is $f(p) = (p_0 p_1,\; p_0 + 3 p_1)$ at $p = (2, 5)$.

# %% [markdown] id="vjp-intro" lang="zh" reviewed="78fee604a5f5"
# ## 7. 结果不止一个数的时候
#
# `backward()` 从一个数出发。从一个向量出发，它会拒绝，而且拒绝得对：几个数的“梯度”并不存在。存在的是**雅可比矩阵** $J$：每个输出占一行，每个输入占一列。**预测**下面两次调用哪一次行得通，`p.grad` 又是什么。函数是 $f(p) = (p_0 p_1,\; p_0 + 3 p_1)$，取 $p = (2, 5)$。

# %% id="vjp-intro-predict" tags=["hide-input"]
prediction("autograd.vjp", Text(
    en="p.grad after f(p).backward(torch.tensor([10.0, 1.0])):",
    zh="执行 f(p).backward(torch.tensor([10.0, 1.0])) 之后，p.grad 是：",
), {
    (6, 5): "[6, 5]",
    (51, 23): "[51, 23]",
    (52, 13): "[52, 13]",
})

# %% id="vjp-run"
def f_of(p):
    return torch.stack([p[0] * p[1], p[0] + 3 * p[1]])


p = torch.tensor([2.0, 5.0], requires_grad=True)
try:
    f_of(p).backward()
except RuntimeError as error:
    print("RuntimeError:", error)

f_of(p).backward(torch.tensor([10.0, 1.0]))
print("p.grad", p.grad.tolist())
print("J     ", torch.autograd.functional.jacobian(f_of, p.detach()).tolist())
reveal("autograd.vjp", tuple(p.grad.tolist()))

# %% [markdown] id="vjp-explain" lang="en"
# **Explain.** The rows of $J$ are $(p_1, p_0) = (5, 2)$ and $(1, 3)$. The vector $v = (10, 1)$ says how much each output matters, and what arrives is the weighted sum of the rows:
#
# $$v^T J = 10 \cdot (5, 2) + 1 \cdot (1, 3) = (51, 23)$$
#
# This **vector-Jacobian product** is the only thing that autograd ever computes. The vector is the upstream gradient of lesson 01: what the rest of the graph says about this result. For a single number it is $1$, and PyTorch puts it in for you. $J$ itself is never built: for a layer with 1000 inputs and 1000 outputs it would hold a million numbers, and the product needs none of them written down.
#
# Once there are whole models (lesson 07), two lines try out in this way whether the way back is open to every parameter: `net.zero_grad()` clears the `.grad` of all its parameters, and `net(x).backward(torch.randn(1, 10))` gives each of ten outputs a random number that says how much it matters.
#
# Where you want gradients without touching any `.grad`, there is `torch.autograd.grad(result, inputs, v)`. It hands the products to you, as a tuple, and adds to nothing.

# %% [markdown] id="vjp-explain" lang="zh" reviewed="e01318520625"
# **解释**：$J$ 的两行是 $(p_1, p_0) = (5, 2)$ 和 $(1, 3)$。向量 $v = (10, 1)$ 说明每个输出有多重要，传到的就是各行的加权和：
#
# $$v^T J = 10 \cdot (5, 2) + 1 \cdot (1, 3) = (51, 23)$$
#
# 这个**向量与雅可比矩阵的乘积**，就是自动求导唯一计算的东西。其中的向量就是第 01 课的上游梯度：图的其余部分对这个结果的要求。结果只有一个数时，它是 $1$，PyTorch 替你填上了。$J$ 本身从不写出来：对一个 1000 个输入、1000 个输出的层，它有一百万个数，而求乘积时一个也不必写下。
#
# 等有了完整的模型（第 07 课），照这样只要两行，就能试出反向的路是不是通到每个参数：`net.zero_grad()` 清掉它所有参数的 `.grad`；`net(x).backward(torch.randn(1, 10))` 给十个输出各配一个随机数，表示它有多重要。
#
# 如果想要梯度，又不想动任何 `.grad`，可以用 `torch.autograd.grad(result, inputs, v)`。它把这些乘积装在元组里交给你，什么也不累加。

# %% [markdown] id="vjp-card" lang="en"
# ### Exercise 4.3: vector-Jacobian product
#
# **Difficulty:** 3 of 5. **Time:** 15 minutes.
#
# Write `vjp(f, x, v)`, which returns $v^T J$ for the function `f` at `x`.
#
# - `f` takes one tensor and returns one tensor, of any shape; `v` has the shape of `f(x)`, and the result has the shape of `x`.
# - It does not matter whether `x` requires a gradient, or what is in its `.grad`; both are afterwards as they were, and so are the numbers in `x`.
# - Calling it twice gives the same answer twice.

# %% [markdown] id="vjp-card" lang="zh" reviewed="e0433141615a"
# ### 练习 4.3：向量与雅可比矩阵的乘积
#
# **难度**：3（共 5 级）。**时间**：15 分钟。
#
# 编写 `vjp(f, x, v)`，对函数 `f` 在 `x` 处返回 $v^T J$。
#
# - `f` 接受一个张量，返回一个张量，形状不限；`v` 与 `f(x)` 同形，结果与 `x` 同形。
# - `x` 需不需要梯度、`.grad` 里有什么，都没有关系；结束之后两者保持原样，`x` 里的数也一样。
# - 调用两次，两次的答案相同。

# %% id="vjp" tags=["solution"]
def vjp(f, x, v):
    """v^T J of f at x: v has the shape of f(x); the result has the shape of x."""
    ### BEGIN SOLUTION
    start = x.detach().requires_grad_()             # a leaf of our own, with x's numbers | 自己的叶子，数与 x 相同
    (product,) = torch.autograd.grad(f(start), start, v)
    return product
    ### END SOLUTION

# %% id="vjp-check" tags=["check"]
check("autograd.vjp")

# %% [markdown] id="once" lang="en"
# ## 8. Once only, and what may not be touched
#
# After `backward` the saved values are released, to give their memory back. "So a graph can be walked only once", says nearly every text. **Predict** for the three graphs below whether a second `backward` works.

# %% [markdown] id="once" lang="zh" reviewed="431f86b5f521"
# ## 8. 只能走一次，以及什么不能碰
#
# `backward` 之后，保存的值就被释放，把内存还回去。“所以一张图只能走一次”，几乎每本书都这么说。**预测**：对下面三张图，第二次 `backward` 行不行？

# %% id="once-predict" tags=["hide-input"]
prediction("autograd.once", Text(en="A second backward works", zh="第二次 backward 行得通的是"), {
    (False, False, True): Text(en="only with retain_graph=True", zh="只有用了 retain_graph=True 的"),
    (False, True, True): Text(en="for (w + w).sum(), and with retain_graph=True", zh="(w + w).sum()，以及用了 retain_graph=True 的"),
    (True, True, True): Text(en="for (w * w).sum() and (w + w).sum(), with or without it", zh="(w * w).sum() 和 (w + w).sum()，用不用它都行"),
})

# %% id="once-run"
def second_backward(make, **options):
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    result = make(w)
    result.backward(**options)
    try:
        result.backward()
    except RuntimeError as error:
        return f"RuntimeError: {str(error).split('(')[0].strip()}"
    return f"w.grad {w.grad.tolist()}"


again = {
    "(w * w).sum()": second_backward(lambda w: (w * w).sum()),
    "(w + w).sum()": second_backward(lambda w: (w + w).sum()),
    "(w * w).sum(), retain_graph=True": second_backward(lambda w: (w * w).sum(), retain_graph=True),
}
for name, answer in again.items():
    print(f"{name:32}", answer)
reveal("autograd.once", tuple(not answer.startswith("RuntimeError") for answer in again.values()))

# %% [markdown] id="once-explain" lang="en"
# **Explain.** The rule is about saved values, not about graphs. A product has saved its factors, and they are gone. A sum saves nothing (its slope is 1 whatever the numbers), so there is nothing to miss; its gradients of 2 were simply added once more. `retain_graph=True` keeps what was saved, for the rare case that you really need two walks. If you reach for it to silence an error in a training loop, the bug is elsewhere: usually some part of the graph is reused from the step before.
#
# The saved values have a second enemy: you. **Predict** which of these two in-place changes will be noticed, and when.

# %% [markdown] id="once-explain" lang="zh" reviewed="1d13d2be9b99"
# **解释**：规则说的是保存的值，不是图。乘积保存了它的因子，现在没有了。求和什么也不保存（不管是什么数，斜率都是 1），也就不缺什么，不过是把梯度 2 又加了一遍。`retain_graph=True` 让保存的值留下来，用于确实要走两遍的少数情况。如果是为了在训练循环里消掉一个报错而用它，那么错误在别处：通常是图的某一部分沿用了上一步的。
#
# 保存的值还有第二个敌人：你自己。**预测**下面两处原地修改，哪一处会被发现，什么时候被发现。

# %% id="once-explain-predict" tags=["hide-input"]
prediction("autograd.in_place", Text(en="Which change of middle raises an error, and when?", zh="对 middle 的哪处修改会报错？什么时候报错？"), {
    (("exp", "change"),): Text(en="the one after exp, at once", zh="exp 之后的那处，当场报错"),
    (("exp", "change"), ("w * 3", "change")): Text(en="both, at once", zh="两处都报错，当场报错"),
    (("exp", "backward"), ("w * 3", "backward")): Text(en="both, at backward", zh="两处都报错，到 backward 时"),
    (("exp", "backward"),): Text(en="the one after exp, at backward", zh="exp 之后的那处，到 backward 时"),
})

# %% id="in-place-run"
noticed = []
for name, operation in (("exp, saves its result", torch.exp), ("w * 3, saves nothing of middle", lambda w: w * 3)):
    w = torch.tensor([0.0, 1.0], requires_grad=True)
    middle = operation(w)
    moment = "change"
    try:
        middle.add_(1)                          # changes middle where it lies | 就地修改 middle
        moment = "backward"
        middle.sum().backward()
        print(f"{name:32}", w.grad.tolist())
    except RuntimeError as error:
        noticed.append((name.split(",")[0], moment))
        print(f"{name:32}", "RuntimeError:", str(error).split(":")[0])
reveal("autograd.in_place", tuple(noticed))

# %% [markdown] id="in-place-explain" lang="en"
# **Explain.** `exp` is its own derivative, so it saves its result; adding 1 to that result destroys what `backward` needs. Every tensor counts its in-place changes, and the graph remembers the count at the time of saving, so the mismatch is found, but only at `backward`, lines away from the change. Multiplying by 3 saved nothing of `middle`, and the same line does no harm.

# %% [markdown] id="in-place-explain" lang="zh" reviewed="6a97654d5c28"
# **解释**：`exp` 的导数是它自己，所以它保存自己的结果；给这个结果加 1，就毁掉了 `backward` 要用的东西。每个张量都会数自己被原地修改了几次，图则记着保存时的次数，所以对不上时会被发现，不过要等到 `backward` 才发现，离修改的那一行已经很远。乘以 3 没有保存 `middle` 的任何东西，同样一行就没有害处。

# %% [markdown] id="walk-card" lang="en"
# ### Exercise 4.4: walk the graph
#
# **Difficulty:** 3 of 5. **Time:** 15 minutes.
#
# Now draw up the inventory of a graph yourself. Write `op_names(result)`: the **sorted** list of the type names (`type(node).__name__`) of all functions recorded behind `result`.
#
# - Every function counts **once**, however many ways lead to it; two different functions of the same type count twice.
# - The `AccumulateGrad` of each leaf belongs to the list.
# - `next_functions` holds pairs, and where an input needs no gradient the first of the pair is `None`.
# - If nothing was recorded, the list is empty.

# %% [markdown] id="walk-card" lang="zh" reviewed="3ecead8fbb56"
# ### 练习 4.4：把图走一遍
#
# **难度**：3（共 5 级）。**时间**：15 分钟。
#
# 现在由你来清点一张图。编写 `op_names(result)`：返回 `result` 背后所记录的全部函数的类型名（`type(node).__name__`），**排好序**的列表。
#
# - 每个函数只算**一次**，不管有几条路通向它；两个类型相同的不同函数算两个。
# - 每个叶子的 `AccumulateGrad` 也在列表里。
# - `next_functions` 里是一个个二元组；若某个输入不需要梯度，二元组的第一项就是 `None`。
# - 如果什么也没记录，列表为空。

# %% id="op_names" tags=["solution"]
def op_names(result):
    """The sorted type names of all functions recorded behind a tensor, each function once -> list of strings."""
    ### BEGIN SOLUTION
    seen, waiting = [], [result.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.append(node)
            waiting += [child for child, _ in node.next_functions]
    return sorted(type(node).__name__ for node in seen)
    ### END SOLUTION

# %% id="op_names-check" tags=["check"]
check("autograd.op_names")

# %% [markdown] id="dynamic" lang="en"
# The graph is made anew in every forward pass, by whatever Python code happens to run. So loops and `if` need no special treatment: only the branch that was taken is in the record. **Predict** how many `MulBackward0` each call leaves.

# %% [markdown] id="dynamic" lang="zh" reviewed="740ab6705a46"
# 每次前向传播都会重新生成图，Python 代码实际怎么跑，图就怎么记。所以循环和 `if` 不需要特别对待：记录里只有真正走过的那个分支。**预测**每次调用会留下几个 `MulBackward0`。

# %% id="dynamic-predict" tags=["hide-input"]
prediction("autograd.dynamic", Text(
    en="How many MulBackward0 for w = 3 and the limits 1, 10 and 1000?",
    zh="w = 3，上限为 1、10、1000 时，MulBackward0 各有几个？",
), {
    (1, 3, 10): "1, 3, 10",
    (2, 2, 2): "2, 2, 2",
    (0, 2, 9): "0, 2, 9",
})

# %% id="dynamic-run"
def doubled_until(w, limit):
    value = w * 1
    while value < limit:
        value = value * 2
    return value


if solved("autograd.op_names"):
    products = []
    for limit in (1.0, 10.0, 1000.0):
        w = torch.tensor(3.0, requires_grad=True)
        value = doubled_until(w, limit)
        value.backward()
        say(Text(en="limit {l:>6}: {n} x MulBackward0, gradient {g}", zh="上限 {l:>6}：MulBackward0 {n} 个，梯度 {g}"),
            l=limit, n=op_names(value).count("MulBackward0"), g=w.grad.item())
        products.append(op_names(value).count("MulBackward0"))
    reveal("autograd.dynamic", tuple(products))

# %% [markdown] id="dynamic-explain" lang="en"
# **Explain.** $3$, $6$, $12$ takes two doublings, and $3 \cdot 2^9 = 1536$ nine; with the `* 1` at the start that makes 1, 3 and 10 products. The gradient is the slope of the way that was taken. The condition `value < limit` itself has no slope and leaves no trace: autograd does not know that a slightly larger `w` might stop one doubling earlier.

# %% [markdown] id="dynamic-explain" lang="zh" reviewed="aefe785dfbe7"
# **解释**：$3$、$6$、$12$ 要翻倍两次，$3 \cdot 2^9 = 1536$ 要九次；加上开头的 `* 1`，乘积分别是 1、3、10 个。梯度是实际走过的那条路的斜率。条件 `value < limit` 本身没有斜率，也不留痕迹：自动求导并不知道，`w` 稍大一点，也许就会少翻倍一次。

# %% [markdown] id="pieces" lang="en"
# ## 9. A large batch in small pieces
#
# A batch of 512 does not fit into memory, but 8 times 64 does. Since `.grad` adds up, you can run the pieces one after the other, call `backward` on each, and update once at the end. Each piece's graph is released before the next one is made.
#
# The trap is in the weights. The loss of the whole batch is the mean over **all** its samples. **Predict:** cut 5 samples into pieces of 4 and 1, take the mean over each piece, and average the two gradients. Is the result the gradient of the whole batch?

# %% [markdown] id="pieces" lang="zh" reviewed="be6744074408"
# ## 9. 把大批量拆成小份
#
# 一批 512 个样本，内存放不下，但 8 份 64 个放得下。既然 `.grad` 会累加，就可以一份接一份地算，每份调用一次 `backward`，最后只更新一次。每一份的图，在生成下一份之前就释放了。
#
# 陷阱在权重上。整批的损失是对**全部**样本取平均。**预测**：把 5 个样本拆成 4 个和 1 个两份，每份各自取平均，再把两个梯度平均。这是整批的梯度吗？

# %% id="pieces-predict" tags=["hide-input"]
prediction("autograd.pieces", Text(
    en="Pieces of 4 and 1, the two gradients averaged: is it the gradient of the whole batch?",
    zh="4 个和 1 个两份，两个梯度取平均：这是整批的梯度吗？",
), {
    0: Text(en="yes", zh="是"),
    -1: Text(en="no: the single sample counts too little", zh="不是：单独的那个样本分量太轻"),
    1: Text(en="no: the single sample counts too much", zh="不是：单独的那个样本分量太重"),
})

# %% id="pieces-run"
errors = torch.tensor([1.0, 1.0, 1.0, 1.0, 11.0])
whole, averaged = errors.mean(), (errors[:4].mean() + errors[4:].mean()) / 2
say(Text(en="mean over all five:          {v}", zh="五个一起取平均：  {v}"), v=whole.item())
say(Text(en="mean of the pieces' means:   {v}", zh="两份平均值的平均：{v}"), v=averaged.item())
reveal("autograd.pieces", int(torch.sign(averaged - whole)))             # the large error is the single sample's | 大的误差是单独的那个样本的

# %% [markdown] id="pieces-explain" lang="en"
# **Explain.** No: the lonely sample in the second piece got as much say as four others together. Each piece has to count by its number of samples. The surest way is to sum within the piece and divide by the size of the **whole** batch.

# %% [markdown] id="pieces-explain" lang="zh" reviewed="5f6e69f9dcba"
# **解释**：不是。第二份里那个孤零零的样本，分量抵得上另外四个之和。每一份应当按样本数来算。最稳妥的办法，是在每份之内求和，再除以**整批**的大小。

# %% [markdown] id="accumulate-card" lang="en"
# ### Exercise 4.5: gradient accumulation
#
# **Difficulty:** 4 of 5. **Time:** 15 minutes.
#
# Write `accumulate(predict, w, x, y, sizes)`. The loss is the mean of the squared errors over all entries of `y`. Afterwards `w.grad` holds the gradient of this loss over the **whole** batch, and the loss is returned as a number.
#
# | argument | meaning |
# |---|---|
# | `predict` | a function: `predict(part)` gives the predictions `[n, K]` for a part of `x` `[n, D]`, using `w` |
# | `w` | the leaf whose gradient is wanted; something may be left in its `.grad`, and must not matter |
# | `x`, `y` | samples `[N, D]` and targets `[N, K]` |
# | `sizes` | the sizes of the pieces, in order; they add up to `N` and may differ |
#
# Go through the pieces in order. For each: predict once, then `backward` at once, before the next piece is predicted. `w` itself is not changed.

# %% [markdown] id="accumulate-card" lang="zh" reviewed="dfec1e295eca"
# ### 练习 4.5：梯度累积
#
# **难度**：4（共 5 级）。**时间**：15 分钟。
#
# 编写 `accumulate(predict, w, x, y, sizes)`。损失是误差的平方对 `y` 的所有元素取平均。结束之后，`w.grad` 里是这个损失在**整批**上的梯度，返回值是损失这个数。
#
# | 参数 | 含义 |
# |---|---|
# | `predict` | 一个函数：`predict(part)` 用 `w` 对 `x` 的一部分 `[n, D]` 给出预测 `[n, K]` |
# | `w` | 要求梯度的叶子；它的 `.grad` 里可能留有东西，不能因此受影响 |
# | `x`、`y` | 样本 `[N, D]` 与目标 `[N, K]` |
# | `sizes` | 各份的大小，按次序；加起来等于 `N`，可以各不相同 |
#
# 按次序处理每一份：预测一次，马上 `backward`，然后才预测下一份。`w` 本身不改。

# %% id="accumulate" tags=["solution"]
def accumulate(predict, w, x, y, sizes):
    """Fills w.grad with the gradient of the mean squared error over the whole batch, piece by piece -> the loss."""
    ### BEGIN SOLUTION
    w.grad = None
    total, start = 0.0, 0
    for size in sizes:
        piece = slice(start, start + size)
        loss = (predict(x[piece]) - y[piece]).pow(2).sum() / y.numel()   # the piece's share | 这一份所占的部分
        loss.backward()                                                  # its graph is released here | 图在这里释放
        total += loss.item()
        start += size
    return total
    ### END SOLUTION

# %% id="accumulate-check" tags=["check"]
check("autograd.accumulate")

# %% id="my-predictions" tags=["hide-input"]
predictions("autograd")

# %% [markdown] id="summary" lang="en"
# ## Summary
#
# - Autograd records each operation while recording is on and an input needs a gradient. `grad_fn` is the note that made a tensor; `next_functions` lead on.
# - `backward` computes vector-Jacobian products from the root to the leaves, and **adds** to `.grad` of the leaves that require a gradient. It changes no weight.
# - A leaf was made by no recorded operation. Conversions are operations. `retain_grad()` keeps the gradient of a value in between.
# - `no_grad` records nothing; `detach()` shares the numbers and cuts the history; `clone()` copies the numbers and keeps the history.
# - Update with `-=` under `no_grad`: the same leaf, new numbers. `=` moves a name.
# - Saved values are released by `backward` and must not be changed in place before it.
#
# ### Common confusions
#
# | you see | look for |
# |---|---|
# | `'NoneType' object has no attribute 'zero_'` | `w = w - ...` instead of `w -= ...`; or no `backward` yet |
# | "a leaf Variable that requires grad is being used in an in-place operation" | the update stands outside `no_grad` |
# | "Trying to backward through the graph a second time" | something made before the loop is used inside it |
# | "modified by an inplace operation" | an in-place change between forward and backward |
# | the loss swings or grows, no error | gradients that were never cleared |
#
# ### Can you answer these without looking?
#
# 1. You call `loss.backward()` and the loss of the next step is exactly the same. What did you forget?
# 2. Why is `torch.ones(3, requires_grad=True).double()` a bad way to make a weight?
# 3. What is the upstream gradient that `backward()` starts with?
#
# <details><summary>Answers</summary>
#
# 1. The update: `backward` only fills `.grad`.
# 2. The result is no leaf, so its `.grad` stays `None`; the float32 leaf behind it has no name any more.
# 3. The number 1, which is the slope of the loss in itself.
#
# </details>

# %% [markdown] id="summary" lang="zh" reviewed="95ad9db721c3"
# ## 小结
#
# - 只要记录开着、且有输入需要梯度，自动求导就会记下每一步运算。`grad_fn` 是产生一个张量的条子，`next_functions` 由此通往下一张。
# - `backward` 从根到叶子计算向量与雅可比矩阵的乘积，并**加**到需要梯度的叶子的 `.grad` 上。它一个权重也不改。
# - 叶子不是由被记录的运算产生的。类型转换是运算。`retain_grad()` 会留下中间值的梯度。
# - `no_grad` 什么也不记；`detach()` 共用数、切断历史；`clone()` 复制数、保留历史。
# - 在 `no_grad` 下用 `-=` 更新：还是那个叶子，换了新的数。`=` 挪动的是名字。
# - 保存的值由 `backward` 释放，在此之前不能原地修改。
#
# ### 容易混淆之处
#
# | 你看到 | 该查什么 |
# |---|---|
# | `'NoneType' object has no attribute 'zero_'` | 是否把 `w -= ...` 写成了 `w = w - ...`；或者还没有 `backward` |
# | "a leaf Variable that requires grad is being used in an in-place operation" | 更新写在了 `no_grad` 之外 |
# | "Trying to backward through the graph a second time" | 循环里用到了循环之前生成的东西 |
# | "modified by an inplace operation" | 前向与反向之间有原地修改 |
# | 损失摆动或增大，但不报错 | 梯度从没清零 |
#
# ### 不看上文，你能答出来吗？
#
# 1. 你调用了 `loss.backward()`，下一步的损失却分毫不差。忘了什么？
# 2. 为什么用 `torch.ones(3, requires_grad=True).double()` 来创建权重不好？
# 3. `backward()` 一开始的上游梯度是什么？
#
# <details><summary> 答案 </summary>
#
# 1. 忘了更新：`backward` 只填写 `.grad`。
# 2. 结果不是叶子，它的 `.grad` 一直是 `None`；它背后那个 float32 的叶子，已经没有名字了。
# 3. 是数 1，即损失对自己的斜率。
#
# </details>

# %% [markdown] id="next" lang="en"
# ## What is next
#
# In **lesson 05** you build such a recorder yourself, and teach PyTorch an operation that it does not know. In **lesson 06** the update becomes an optimiser.
#
# ### Further reading
#
# - PyTorch documentation, *Autograd mechanics*: the rules of this lesson, from those who made them.
# - A. Baydin, B. Pearlmutter, A. Radul and J. Siskind, *Automatic Differentiation in Machine Learning: a Survey*, 2018: the wider family.

# %% [markdown] id="next" lang="zh" reviewed="4bec7d5eb80d"
# ## 接下来
#
# 到了**第 05 课**，你会自己造一个这样的记录员，并教 PyTorch 一种它不会的运算。到了**第 06 课**，更新这一步就成了优化器。
#
# ### 延伸阅读
#
# - PyTorch 文档，*Autograd mechanics*：本课的规则，出自制定者之手。
# - A. Baydin、B. Pearlmutter、A. Radul、J. Siskind，*Automatic Differentiation in Machine Learning: a Survey*，2018：更大的一家子。
