# %% [markdown] id="title" lang="en"
# # Lesson 02. Tensors: make, index, convert
#
# A tensor is an array of numbers, much like NumPy's, with two additions: it can live on a graphics card, and it can remember how it was computed. Both come later. In this lesson you learn to handle the array itself, and above all to answer one question without hesitation: *does this line make new memory, or a second name for the old?* Half of the mysterious bugs in PyTorch programs are a wrong answer to it.
#
# **After this lesson you can**
#
# - make tensors from data, from shapes and from other tensors, and say their dtype without looking;
# - move between NumPy and PyTorch, with shared memory or without, on purpose;
# - cut out rows, columns and blocks, and know which cuts are views;
# - tell matrix products from elementwise ones, and translate the network of lesson 01 line by line.
#
# **Time:** about 100 minutes, 50 of them for the four exercises.
#
# **You need:** NumPy arrays; lesson 01 for the last section.
#
# **Created** 2026-11, last updated 2026-11, last verified 2026-11 with torch 2.13; all cells together run in about 5 seconds on two CPU cores.
#
# **Licence:** the text is CC BY 4.0, the code is MIT.

# %% [markdown] id="title" lang="zh" reviewed="0e3370efc6b6"
# # 第 02 课：张量的创建、索引与转换
#
# 张量就是一个装数的数组，很像 NumPy 的数组，只多了两样：它可以住在显卡上，也可以记住自己是怎么算出来的。这两样都留到后面。这一课学的是怎样摆弄数组本身，而最要紧的，是能毫不犹豫地回答一个问题：*这一行是开辟了新内存，还是给旧内存又起了个名字？* PyTorch 程序里那些莫名其妙的错误，有一半是因为这个问题答错了。
#
# **学完本课，你能够**
#
# - 由数据、由形状、由别的张量来创建张量，并且不用看就说得出它的 dtype；
# - 在 NumPy 与 PyTorch 之间来回转换，共用内存或者不共用，都心里有数；
# - 切出行、列和块，并知道哪些切法得到的是视图；
# - 分清矩阵乘法与逐元素乘法，并把第 01 课的网络逐行翻译过来。
#
# **时间**：约 100 分钟，其中四道练习占 50 分钟。
#
# **需要的基础**：NumPy 数组；最后一节要用到第 01 课。
#
# **编写**于 2026-11，最近更新于 2026-11，最近一次用 torch 2.13 验证于 2026-11；所有单元格加起来，在两个 CPU 核上约需运行 5 秒。
#
# **许可**：文字采用 CC BY 4.0，代码采用 MIT。

# %% id="imports" tags=["setup"]
import numpy as np
import torch

from course_lib import (
    COLOURS, Edge, Node, Text, check, computation_graph, digits, explore, label, new_figure, prediction, predictions, reveal, say, show,
)

# %% [markdown] id="make" lang="en"
# ## 1. Making tensors
#
# There are three sources. **From data:** `torch.tensor` copies numbers from lists. **From a shape:** `torch.zeros`, `torch.ones`, `torch.rand` and their like. **From another tensor:** `ones_like`, `rand_like` take over shape, dtype and device, unless you say otherwise.
#
# Every tensor has three properties that you should always be able to name: its **shape**, its **dtype** (what kind of number) and its **device** (where it lives). **Predict** the dtype of each tensor in the next cell.

# %% [markdown] id="make" lang="zh" reviewed="74da92233b64"
# ## 1. 创建张量
#
# 来源有三种。**由数据**：`torch.tensor` 把列表里的数复制进来。**由形状**：`torch.zeros`、`torch.ones`、`torch.rand` 等等。**由另一个张量**：`ones_like`、`rand_like` 会沿用它的形状、dtype 和设备，除非你另外指定。
#
# 每个张量有三项属性，你应当随时说得出来：**形状**、**dtype**（是哪一种数）、**设备**（住在哪里）。**预测**下一个单元格里每个张量的 dtype。

# %% id="make-predict" tags=["hide-input"]
prediction("tensors.dtypes", Text(en="The dtypes of whole, real and ones_like(whole):", zh="whole、real 和 ones_like(whole) 的 dtype："), [
    "int32, float32, int32", "int64, float64, int64", "int64, float32, int64", "int64, float32, float32",
])

# %% id="make-run"
whole = torch.tensor([[1, 2, 3], [4, 5, 6]])
real = torch.tensor([[1.0, 2, 3], [4, 5, 6]])
truth = whole > 2
for name, tensor in (("whole", whole), ("real", real), ("truth", truth), ("zeros", torch.zeros(2, 3)),
                     ("ones_like(whole)", torch.ones_like(whole)), ("rand_like(whole, dtype=…)", torch.rand_like(whole, dtype=torch.float32))):
    print(f"{name:26} shape {tuple(tensor.shape)}  {str(tensor.dtype):14} {tensor.device}")
reveal("tensors.dtypes", ", ".join(str(tensor.dtype).removeprefix("torch.") for tensor in (whole, real, torch.ones_like(whole))))

# %% [markdown] id="make-explain" lang="en"
# **Explain.** Whole numbers become `int64`, and a single decimal point makes the entire tensor `float32`, which is also what `zeros` and `rand` give. Comparisons give `bool`. `ones_like(whole)` is made of integers, like its model; for `rand_like` that would be impossible, so one has to ask for a floating-point dtype.

# %% [markdown] id="make-explain" lang="zh" reviewed="6f1bbf4b9124"
# **解释**：整数成为 `int64`；只要有一个小数点，整个张量就成了 `float32`，`zeros` 和 `rand` 给的也是它。比较的结果是 `bool`。`ones_like(whole)` 和它的样板一样，由整数组成；对 `rand_like` 来说这不可能，所以得指定一种浮点 dtype。

# %% [markdown] id="dtypes" lang="en"
# ## 2. What a dtype can hold
#
# A `float32` has 32 bits: one for the sign, 8 for the size and 23 for the digits. That is enough for about 7 decimal digits. `float64` has about 16, `float16` about 3. Integers are exact, but have an end. **Predict** the six results.

# %% [markdown] id="dtypes" lang="zh" reviewed="0fc73053761c"
# ## 2. 一种 dtype 能装下什么
#
# `float32` 有 32 位：1 位表示正负，8 位表示大小，23 位表示数字，大约够 7 位十进制数字。`float64` 约 16 位，`float16` 约 3 位。整数是精确的，但有尽头。**预测**下面六个结果。

# %% id="dtypes-predict" tags=["hide-input"]
prediction("tensors.limits", Text(en="16777216 + 1 in float32, and 200 + 100 in uint8:", zh="float32 的 16777216 + 1，以及 uint8 的 200 + 100："), [
    (16777217, 300), (16777216, 44), (16777217, 44), (16777216, 255),
])

# %% id="dtypes-run"
print("16777216 + 1 in float32     ", (torch.tensor(16777216.0) + 1).item())
print("60000 + 10000 in float16    ", (torch.tensor(60000.0, dtype=torch.float16) + 10000).item())
print("200 + 100 in uint8          ", (torch.tensor(200, dtype=torch.uint8) + torch.tensor(100, dtype=torch.uint8)).item())
print("7 / 2 with integers         ", torch.tensor(7) / 2, (torch.tensor(7) / 2).dtype)
print("-7 // 2 with integers       ", torch.tensor(-7) // 2)
print("int64 * 1.5                 ", (torch.tensor([1, 2]) * 1.5).dtype)
reveal("tensors.limits", ((torch.tensor(16777216.0) + 1).item(), (torch.tensor(200, dtype=torch.uint8) + torch.tensor(100, dtype=torch.uint8)).item()))

# %% [markdown] id="dtypes-explain" lang="en"
# **Explain.** $16777216 = 2^{24}$: beyond it, `float32` cannot tell neighbouring whole numbers apart, and adding 1 does nothing. `float16` ends at 65504 and then says `inf`. `uint8`, the dtype of pictures, starts again at 0 after 255: $300 - 256 = 44$. Division with `/` leaves the integers; `//` rounds **down**, also for negative numbers. And where kinds mix, the wider one wins: bool, then integer, then floating point.
#
# The figure shows how fine and how far each of them is. `bfloat16`, popular for large networks, has the size of `float16` and the reach of `float32`; it pays with digits.

# %% [markdown] id="dtypes-explain" lang="zh" reviewed="2079a93dae6f"
# **解释**：$16777216 = 2^{24}$：超过它，`float32` 就分不清相邻的整数了，加 1 等于没加。`float16` 到 65504 为止，再大就是 `inf`。图片用的 `uint8` 过了 255 又从 0 开始：$300 - 256 = 44$。用 `/` 做除法会离开整数；`//` **向下**取整，负数也一样。不同种类混在一起时，更宽的一方胜出：布尔、整数、浮点，依次变宽。
#
# 下图画出每一种能有多细、能有多大。大型网络爱用的 `bfloat16`，占的地方与 `float16` 一样大，范围却赶得上 `float32`，代价是有效位数。

# %% id="draw-ladder"
LADDER = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
fine = [-np.log10(torch.finfo(dtype).eps) for dtype in LADDER]
far = [float(np.log10(torch.finfo(dtype).max)) for dtype in LADDER]
names = [str(dtype).removeprefix("torch.") for dtype in LADDER]
fig, axes = new_figure(1, 2, height=2.6)
for ax, values, colour, title in (
    (axes[0], fine, COLOURS["blue"], Text(en="decimal digits", zh="十进制有效位数")),
    (axes[1], far, COLOURS["green"], Text(en="largest number, as a power of 10", zh="最大的数（10 的几次方）")),
):
    ax.barh(names, values, color=colour)
    ax.invert_yaxis()
    for row, value in enumerate(values):
        ax.text(value, row, f" {digits(value, 3)}", va="center")
    ax.set_xlim(0, max(values) * 1.2)
    label(ax, title=title)
show(fig, Text(
    en="Two bar charts. Decimal digits: " + ", ".join(f"{n} {digits(v, 3)}" for n, v in zip(names, fine, strict=True)) + ". Largest number as a power of 10: " + ", ".join(f"{n} {digits(v, 3)}" for n, v in zip(names, far, strict=True)) + ".",
    zh="两幅条形图。十进制有效位数：" + "、".join(f"{n} {digits(v, 3)}" for n, v in zip(names, fine, strict=True)) + "。最大的数是 10 的几次方：" + "、".join(f"{n} {digits(v, 3)}" for n, v in zip(names, far, strict=True)) + "。",
))

# %% [markdown] id="bridge" lang="en"
# ## 3. The bridge to NumPy
#
# On the CPU, a tensor and a NumPy array can be two views of **the same memory**. `torch.from_numpy(a)` and `t.numpy()` copy nothing. `torch.tensor(a)` always copies. **Predict** what `a`, `shared` and `copied` hold after the change.

# %% [markdown] id="bridge" lang="zh" reviewed="e64cae6dfb70"
# ## 3. 通往 NumPy 的桥
#
# 在 CPU 上，张量和 NumPy 数组可以是**同一块内存**的两个视图。`torch.from_numpy(a)` 和 `t.numpy()` 什么也不复制。`torch.tensor(a)` 总是复制。**预测**修改之后 `a`、`shared`、`copied` 里各是什么。

# %% id="bridge-predict" tags=["hide-input"]
prediction("tensors.bridge", Text(en="All three start as [1, 2, 3]. After a[0] = 100 and shared[2] = -1, what do a, shared and copied hold?", zh="三者起初都是 [1, 2, 3]。a[0] = 100 和 shared[2] = -1 之后，a、shared、copied 里各是什么？"), [
    ([100, 2, 3], [1, 2, -1], [1, 2, 3]), ([100, 2, 3], [100, 2, -1], [1, 2, 3]),
    ([100, 2, -1], [100, 2, -1], [100, 2, -1]), ([100, 2, -1], [100, 2, -1], [1, 2, 3]),
])

# %% id="bridge-run"
a = np.array([1.0, 2.0, 3.0])
shared, copied = torch.from_numpy(a), torch.tensor(a)
a[0] = 100
shared[2] = -1
print("a     ", a)
print("shared", shared.tolist(), shared.dtype)
print("copied", copied.tolist(), copied.dtype)
reveal("tensors.bridge", (a.tolist(), shared.tolist(), copied.tolist()))

# %% id="draw-bridge"
fig, ax = computation_graph(
    {
        "a": Node("a (NumPy)", "operation", at=(0, 0.7)),
        "shared": Node("shared", "operation", at=(0, -0.7)),
        "copied": Node("copied", "operation", at=(3, 0)),
        "one": Node("  ".join(digits(v) for v in a), at=(1, 0)),
        "two": Node("  ".join(digits(v) for v in copied), at=(2, 0)),
    },
    [Edge("a", "one"), Edge("shared", "one"), Edge("copied", "two")],
)
label(ax, title=Text(en="Three names, two pieces of memory", zh="三个名字，两块内存"))
show(fig, Text(
    en="The names a and shared point to one piece of memory with {one}; copied points to its own with {two}.",
    zh="名字 a 和 shared 指向同一块内存，里面是 {one}；copied 指向自己的一块，里面是 {two}。",
).format(one=[digits(v) for v in a], two=[digits(v) for v in copied]))

# %% [markdown] id="bridge-explain" lang="en"
# **Explain.** Two names, one memory: each sees what the other writes. And the dtype comes along: NumPy's standard is `float64`, so the tensor is `float64`, and will not mix with a network of `float32` weights without a word (`expected ... to have the same dtype`). Convert when you cross the bridge: `.float()`.
#
# `torch.as_tensor(a, dtype=...)` is the treacherous one: it copies only **if it must**. Whether you then hold a copy depends on what `a` happened to be. And one direction is closed: a tensor that requires a gradient gives no NumPy array until you `detach()` it, because changes made from NumPy could not be recorded.

# %% [markdown] id="bridge-explain" lang="zh" reviewed="cd2460bbd4d6"
# **解释**：两个名字，一块内存：一方写了什么，另一方都看得到。dtype 也跟着过来：NumPy 默认是 `float64`，张量就是 `float64`，而它与 `float32` 的网络权重放在一起时会报错（`expected ... to have the same dtype`）。所以过桥时要转换：`.float()`。
#
# `torch.as_tensor(a, dtype=...)` 最会骗人：它**不得已时**才复制。你手里的到底是不是副本，取决于 `a` 碰巧是什么。另外，有一个方向是不通的：需要梯度的张量，在 `detach()` 之前不给 NumPy 数组，因为从 NumPy 那边做的修改无法记录。

# %% [markdown] id="bridge-card" lang="en"
# ### Exercise 2.1: across the bridge
#
# **Difficulty:** 2 of 5. **Time:** 10 minutes.
#
# Write `to_tensor(array, share)`, which turns a NumPy array into a tensor of the same shape.
#
# - With `share=True`, tensor and array use the **same memory**: what one changes, the other sees. The dtype stays what it is.
# - With `share=False`, the tensor has memory **of its own** and the dtype `float32`, whatever the array's was, `float32` included. Arrays that are read backwards, such as `a[::-1]`, work as well.

# %% [markdown] id="bridge-card" lang="zh" reviewed="5c713cabd1a0"
# ### 练习 2.1：过桥
#
# **难度**：2（共 5 级）。**时间**：10 分钟。
#
# 编写 `to_tensor(array, share)`，把 NumPy 数组变成同样形状的张量。
#
# - `share=True` 时，张量与数组使用**同一块内存**：一方改了，另一方看得到。dtype 保持不变。
# - `share=False` 时，张量有**自己的**内存，dtype 是 `float32`，不管数组原来是什么，包括原来就是 `float32`。倒着读的数组，如 `a[::-1]`，也要能用。

# %% id="to_tensor" tags=["solution"]
def to_tensor(array, share):
    """A tensor with the array's numbers: on the same memory, or float32 with memory of its own."""
    ### BEGIN SOLUTION
    if share:
        return torch.from_numpy(array)
    return torch.tensor(array.copy(), dtype=torch.float32)      # a copy: torch wants no negative strides | 先复制：torch 不收负步幅
    ### END SOLUTION

# %% id="to_tensor-check" tags=["check"]
check("tensors.to_tensor")

# %% [markdown] id="index" lang="en"
# ## 4. Cutting out
#
# Indexing looks like NumPy's. A **number** picks one place and *drops* the dimension; a **slice** `from:to:step` keeps it; `...` stands for all dimensions that are not mentioned. Move through the list, and say before each picture which cells will be dark and what shape the result has.

# %% [markdown] id="index" lang="zh" reviewed="a6357fbde194"
# ## 4. 切取
#
# 索引看起来和 NumPy 一样。写一个**数**，取一个位置，并且*去掉*那一维；写**切片** `from:to:step`，那一维保留；`...` 代表没有提到的所有维。在列表里逐个看，每看一张图之前，先说出哪些格子会变深、结果是什么形状。

# %% id="explore-index"
GRID = torch.arange(24).reshape(4, 6)
CUTS = {
    "x[1]": lambda x: x[1], "x[:, 1]": lambda x: x[:, 1], "x[:, 1:2]": lambda x: x[:, 1:2], "x[..., -1]": lambda x: x[..., -1],
    "x[1:3, ::2]": lambda x: x[1:3, ::2], "x[:][1]": lambda x: x[:][1], "x[[0, 2]]": lambda x: x[[0, 2]], "x[x > 15]": lambda x: x[x > 15],
}


def draw_cut(cut):
    picked = CUTS[cut](GRID)
    chosen = set(picked.flatten().tolist())
    fig, ax = new_figure(height=2.6, width=5.4)
    for number in range(24):
        row, column = divmod(number, 6)
        dark = number in chosen
        ax.fill([column - 0.5, column + 0.5, column + 0.5, column - 0.5], [row - 0.5, row - 0.5, row + 0.5, row + 0.5],
                facecolor=COLOURS["blue"] if dark else "white", edgecolor="#888888")
        ax.text(column, row, number, ha="center", va="center", color="white" if dark else "black")
    ax.set(xlim=(-0.6, 5.6), ylim=(3.6, -0.6))
    ax.set_axis_off()
    shape = list(picked.shape)
    label(ax, title=Text(en="{cut}: shape {shape}", zh="{cut}：形状 {shape}").format(cut=cut, shape=shape))
    return fig, Text(en="From x [4, 6] with the numbers 0 to 23, {cut} takes {n} and has the shape {shape}.", zh="x [4, 6] 里是 0 到 23，{cut} 取出 {n}，形状是 {shape}。").format(cut=cut, n=sorted(chosen), shape=shape)


explore(draw_cut, labels={"cut": Text(en="cut", zh="切法")}, cut=list(CUTS))

# %% [markdown] id="index-explain" lang="en"
# Three things to take away. `x[:, 1]` has the shape `[4]` and `x[:, 1:2]` has `[4, 1]`: the same numbers, but only the second one still fits beside other columns. `x[:][1]` is a **row**: `x[:]` is all of `x`, and `[1]` then picks from its first dimension. And the last two cuts, with a list and with a mask, collect numbers from anywhere; that cannot be a view, so they **copy**. **Predict** which of the four assignments change `x`.

# %% [markdown] id="index-explain" lang="zh" reviewed="cf818ef41aea"
# 有三点要记住。`x[:, 1]` 的形状是 `[4]`，`x[:, 1:2]` 是 `[4, 1]`：数是一样的，但只有后者还能与别的列并排。`x[:][1]` 取的是**行**：`x[:]` 就是整个 `x`，`[1]` 再从它的第一维里取。最后两种切法用列表和掩码，从各处收集数；这不可能是视图，所以是**复制**。**预测**下面四次赋值中，哪些会改变 `x`。

# %% id="views-predict" tags=["hide-input"]
prediction("tensors.assignments", Text(en="row = x[0] and collected = x[[1, 2]]. Which of row += 1, collected += 5, x[:, 1] = 7, x[[1, 2], 3] += 2 change x?", zh="row = x[0]，collected = x[[1, 2]]。row += 1、collected += 5、x[:, 1] = 7、x[[1, 2], 3] += 2 中，哪些会改变 x？"), {
    (False, False, True, True): Text(en="the last two", zh="后两个"),
    (True, False, True, True): Text(en="all but collected += 5", zh="除 collected += 5 之外都会"),
    (True, False, True, False): Text(en="row += 1 and x[:, 1] = 7", zh="row += 1 和 x[:, 1] = 7"),
    (True, True, True, True): Text(en="all four", zh="四个都会"),
})

# %% id="views-run"
x = torch.zeros(3, 4, dtype=torch.int64)
row = x[0]
row += 1                                   # through a view | 通过视图
collected = x[[1, 2]]
collected += 5                             # a copy of rows 1 and 2 | 第 1、2 行的副本
x[:, 1] = 7                                # assignment into x itself | 直接给 x 赋值
x[[1, 2], 3] += 2                          # the same with a list on the left | 左边用列表，也是给 x 赋值
print(x)
reveal("tensors.assignments", (x[0, 0].item() == 1, x[1, 0].item() == 5, x[1, 1].item() == 7, x[1, 3].item() == 2))

# %% [markdown] id="views-explain" lang="en"
# **Explain.** Only `collected += 5` had no effect on `x`: the list made a copy, and the copy was changed. On the **left** of an assignment a list is fine, since `x[...] = ` asks `x` itself to store something.

# %% [markdown] id="views-explain" lang="zh" reviewed="8ed9b9911ff7"
# **解释**：只有 `collected += 5` 没有影响到 `x`：列表产生了副本，改的是副本。写在赋值的**左边**，用列表没有问题，因为 `x[...] = ` 是请 `x` 自己去存。

# %% [markdown] id="cut-card" lang="en"
# ### Exercise 2.2: six cuts
#
# **Difficulty:** 2 of 5. **Time:** 15 minutes.
#
# Write `cut(x, rows)` for a tensor `x` `[R, C]` with `R` and `C` at least 2, without loops. It returns a dict with these six entries:
#
# | key | shape | what it holds |
# |---|---|---|
# | `"column"` | `[R]` | the second column |
# | `"column_kept"` | `[R, 1]` | the same, still as a column |
# | `"ends"` | `[R]` | the last entry of each row |
# | `"odd"` | `[R, C // 2]` | the columns 1, 3, 5 and so on |
# | `"bottom"` | `[2, C]` | the last two rows |
# | `"chosen"` | `[len(rows), C]` | the rows whose numbers stand in the list `rows`, as memory **of its own** |
#
# The first five are **views**: whoever changes `x` later sees the change in them.

# %% [markdown] id="cut-card" lang="zh" reviewed="60c7e47c3d14"
# ### 练习 2.2：六种切法
#
# **难度**：2（共 5 级）。**时间**：15 分钟。
#
# 对张量 `x` `[R, C]`（`R` 和 `C` 都至少为 2）编写 `cut(x, rows)`，不用循环。返回一个字典，含以下六项：
#
# | 键 | 形状 | 内容 |
# |---|---|---|
# | `"column"` | `[R]` | 第二列 |
# | `"column_kept"` | `[R, 1]` | 同上，但仍然是一列 |
# | `"ends"` | `[R]` | 每一行的最后一个元素 |
# | `"odd"` | `[R, C // 2]` | 第 1、3、5……列 |
# | `"bottom"` | `[2, C]` | 最后两行 |
# | `"chosen"` | `[len(rows), C]` | 列表 `rows` 里那些号码的行，用**自己的**内存 |
#
# 前五项都是**视图**：之后谁改了 `x`，在它们里面也看得到。

# %% id="cut" tags=["solution"]
def cut(x, rows):
    """Six cuts of x [R, C] -> dict of tensors; the first five are views, "chosen" is a copy."""
    ### BEGIN SOLUTION
    return {
        "column": x[:, 1],
        "column_kept": x[:, 1:2],
        "ends": x[:, -1],
        "odd": x[:, 1::2],
        "bottom": x[-2:],
        "chosen": x[rows],
    }
    ### END SOLUTION

# %% id="cut-check" tags=["check"]
check("tensors.cut")

# %% [markdown] id="share" lang="en"
# ## 5. New memory or old?
#
# The question of this lesson, in its general form. **Predict** for each line whether the result uses the memory of `x`. Two of them have fooled nearly everybody once.

# %% [markdown] id="share" lang="zh" reviewed="8a395a8d4b8e"
# ## 5. 新内存还是旧内存？
#
# 这就是本课的那个问题，一般的形式。**预测**每一行的结果是否使用 `x` 的内存。其中有两行，几乎人人都上过一次当。

# %% id="share-predict" tags=["hide-input"]
prediction("tensors.old_memory", Text(en="x is float32 [2, 3]. Of view(3, 2), clone(), reshape(3, 2), T.reshape(6), float() and double(), which use its memory?", zh="x 是 float32 [2, 3]。view(3, 2)、clone()、reshape(3, 2)、T.reshape(6)、float()、double() 中，哪些使用它的内存？"), {
    "view reshape T.reshape": Text(en="view and both reshapes", zh="view 和两个 reshape"),
    "view reshape float": Text(en="view, reshape(3, 2) and float", zh="view、reshape(3, 2) 和 float"),
    "view": Text(en="only view", zh="只有 view"),
    "view reshape T.reshape float": Text(en="view, both reshapes and float", zh="view、两个 reshape 和 float"),
    "view reshape": Text(en="view and reshape(3, 2)", zh="view 和 reshape(3, 2)"),
})

# %% id="share-run"
def uses_memory_of(result, x):
    """Whether two tensors lie in the same piece of memory."""
    return result.untyped_storage().data_ptr() == x.untyped_storage().data_ptr()


x = torch.arange(6.0).reshape(2, 3)
on_old_memory = []
for name, result in (("x.view(3, 2)", x.view(3, 2)), ("x.clone()", x.clone()), ("x.reshape(3, 2)", x.reshape(3, 2)),
                     ("x.T.reshape(6)", x.T.reshape(6)), ("x.float()", x.float()), ("x.double()", x.double())):
    print(f"{name:16} {uses_memory_of(result, x)}")
    if uses_memory_of(result, x):
        on_old_memory.append(name.removeprefix("x.").partition("(")[0])
reveal("tensors.old_memory", " ".join(on_old_memory))

# %% [markdown] id="share-explain" lang="en"
# **Explain.** `reshape` gives a view if the numbers already lie in the right order, and a copy if not: `x.T` reads them column by column, so its `reshape(6)` must copy. (`view` would refuse instead. Lesson 03 shows the order in memory.) And `x.float()` converts only **if it must**: `x` is `float32` already, so you get `x` itself, not a copy.
#
# The same line that sets the two apart in the code sets them apart in their names: methods that end in an underscore, such as `add_`, change their tensor; the ones without make a new one. `x += 1` is `add_` in disguise, `x = x + 1` makes a new tensor and moves the name.

# %% [markdown] id="share-explain" lang="zh" reviewed="01fbaaef1fb4"
# **解释**：如果数在内存里的次序本来就合适，`reshape` 给出视图，否则给出副本：`x.T` 是按列读的，所以它的 `reshape(6)` 只能复制。（换成 `view` 则会拒绝。内存里的次序见第 03 课。）而 `x.float()` **不得已时**才转换：`x` 本来就是 `float32`，所以得到的就是 `x` 自己，不是副本。
#
# 改不改旧内存，从名字上也看得出来：以下划线结尾的方法，如 `add_`，修改张量本身；不带下划线的，生成新张量。`x += 1` 就是乔装的 `add_`，`x = x + 1` 则生成新张量，再把名字挪过去。

# %% id="in-place-run"
x = torch.ones(3)
y = x
x = x + 1
say(Text(en="x = x + 1:        x {x}, y {y}", zh="x = x + 1：x {x}，y {y}"), x=x.tolist(), y=y.tolist())
x = y
x += 1
say(Text(en="x += 1:           x {x}, y {y}", zh="x += 1：   x {x}，y {y}"), x=x.tolist(), y=y.tolist())
out = torch.empty(3)
torch.mul(x, 10, out=out)
say(Text(en="torch.mul(out=…): x {x}, out {out}", zh="torch.mul(out=…)：x {x}，out {out}"), x=x.tolist(), out=out.tolist())

# %% [markdown] id="shares-card" lang="en"
# ### Exercise 2.3: whose memory?
#
# **Difficulty:** 3 of 5. **Time:** 10 minutes.
#
# Let `x = torch.arange(6.0).reshape(2, 3)`. Write `shares()`, which returns a dict: for each expression below, `True` if its value uses the memory of `x`, else `False`. Decide first; then try it out in a cell of your own.
#
# | group | expressions |
# |---|---|
# | views | `"x[0]"`, `"x[[0]]"`, `"x.T"`, `"x.view(6)"`, `"x.T.reshape(6)"` |
# | arithmetic | `"x + 0"`, `"x.add_(0)"`, `"x * 1"` |
# | copies and conversions | `"x.clone()"`, `"x.detach()"`, `"x.float()"`, `"x.double()"`, `"torch.tensor(x.tolist())"`, `"torch.as_tensor(x)"`, `"torch.from_numpy(x.numpy())"` |

# %% [markdown] id="shares-card" lang="zh" reviewed="8d5754f151d9"
# ### 练习 2.3：谁的内存？
#
# **难度**：3（共 5 级）。**时间**：10 分钟。
#
# 设 `x = torch.arange(6.0).reshape(2, 3)`。编写 `shares()`，返回一个字典：对下面每个式子，如果它的值使用 `x` 的内存，就是 `True`，否则是 `False`。先判断，再在自己的单元格里试。
#
# | 组别 | 式子 |
# |---|---|
# | 视图 | `"x[0]"`、`"x[[0]]"`、`"x.T"`、`"x.view(6)"`、`"x.T.reshape(6)"` |
# | 算术 | `"x + 0"`、`"x.add_(0)"`、`"x * 1"` |
# | 复制与转换 | `"x.clone()"`、`"x.detach()"`、`"x.float()"`、`"x.double()"`、`"torch.tensor(x.tolist())"`、`"torch.as_tensor(x)"`、`"torch.from_numpy(x.numpy())"` |

# %% id="shares" tags=["solution"]
def shares():
    """{expression: whether its value uses the memory of x} for the fifteen expressions of the card."""
    ### BEGIN SOLUTION
    return {
        "x[0]": True,
        "x[[0]]": False,
        "x.T": True,
        "x.view(6)": True,
        "x.T.reshape(6)": False,
        "x + 0": False,
        "x.add_(0)": True,
        "x * 1": False,
        "x.clone()": False,
        "x.detach()": True,
        "x.float()": True,
        "x.double()": False,
        "torch.tensor(x.tolist())": False,
        "torch.as_tensor(x)": True,
        "torch.from_numpy(x.numpy())": True,
    }
    ### END SOLUTION

# %% id="shares-check" tags=["check"]
check("tensors.shares")

# %% [markdown] id="products" lang="en"
# ## 6. Two kinds of product, and putting together
#
# `*` multiplies entry by entry; `@` is the matrix product. Each can be written in three ways. `torch.dot` is **not** a third kind: it takes two vectors only (NumPy's `dot` does whatever fits). And `cat` joins tensors along a dimension that they have, `stack` along a new one. **Predict** the shapes.

# %% [markdown] id="products" lang="zh" reviewed="43be0df25142"
# ## 6. 两种乘法，以及拼接
#
# `*` 逐元素相乘；`@` 是矩阵乘法。两者各有三种写法。`torch.dot` **不是**第三种：它只收两个向量（NumPy 的 `dot` 则是能怎么算就怎么算）。拼接张量时，`cat` 沿着已有的一维接起来，`stack` 则沿着新的一维叠起来。**预测**各个形状。

# %% id="products-predict" tags=["hide-input"]
prediction("tensors.joined", Text(en="m is [2, 3]. The shapes of torch.cat([m, m], dim=1) and of torch.stack([m, m]):", zh="m 是 [2, 3]。torch.cat([m, m], dim=1) 和 torch.stack([m, m]) 的形状："), [
    ((2, 6), (4, 3)), ((4, 3), (2, 2, 3)), ((2, 6), (2, 2, 3)), ((2, 6), (2, 3, 2)),
])

# %% id="products-run"
m = torch.arange(6.0).reshape(2, 3)
into = torch.empty(2, 2)
torch.matmul(m, m.T, out=into)
say(Text(en="three ways, one matrix product: {v}", zh="三种写法，同一个矩阵乘法：{v}"), v=bool((m @ m.T == m.matmul(m.T)).all() and (into == m @ m.T).all()))
say(Text(en="three ways, one elementwise product: {v}", zh="三种写法，同一个逐元素乘法：{v}"), v=bool((m * m == m.mul(m)).all() and (torch.mul(m, m) == m * m).all()))
print("m @ m.T", tuple((m @ m.T).shape), "  m * m", tuple((m * m).shape))
print("cat dim=0", tuple(torch.cat([m, m]).shape), "  cat dim=1", tuple(torch.cat([m, m], dim=1).shape), "  stack", tuple(torch.stack([m, m]).shape))
try:
    torch.dot(m, m.T)
except RuntimeError as error:
    print("torch.dot:", error)
total = m.sum()
print("m.sum()", total, "  m.sum().item()", total.item())
reveal("tensors.joined", (tuple(torch.cat([m, m], dim=1).shape), tuple(torch.stack([m, m]).shape)))

# %% [markdown] id="products-explain" lang="en"
# **Explain.** `m.sum()` is still a tensor, with no dimension at all; `.item()` makes a Python number of it. It works for exactly one entry and raises an error for more. Use it for printing and for lists of losses: as long as a number is a tensor, it may drag a history behind it.

# %% [markdown] id="products-explain" lang="zh" reviewed="9be257119970"
# **解释**：`m.sum()` 仍是张量，只是一个维度也没有；`.item()` 把它变成 Python 的数。它只对恰好一个元素有效，多了就报错。打印和记录损失时就用它：只要一个数还是张量，它身后就可能拖着一段历史。

# %% [markdown] id="network" lang="en"
# ## 7. The network of lesson 01, in tensors
#
# Most of NumPy's vocabulary has a counterpart in PyTorch, often with the same name:
#
# | NumPy | PyTorch | remark |
# |---|---|---|
# | `x @ w`, `x.dot(w)` | `x @ w`, `x.mm(w)` | `mm` takes two matrices only |
# | `np.maximum(h, 0)` | `h.clamp(min=0)` | |
# | `x.T` | `x.T`, `x.t()` | for matrices |
# | `np.square(d).sum()` | `d.pow(2).sum()` | a tensor; `.item()` for the number |
# | `h.copy()` | `h.clone()` | keeps the history (lesson 04) |
# | `x.astype(np.float32)` | `x.float()`, `x.to(torch.float32)` | a copy only if needed |
# | `x.shape`, `x.size` | `x.shape`, `x.numel()` | `x.size()` is the shape |
# | `np.concatenate` | `torch.cat` | |
# | `axis=0` | `dim=0` | |
#
# What is new is the dtype: in `float32`, with its 7 digits, the same network gives slightly different numbers. **Predict** in which digit the loss differs.

# %% [markdown] id="network" lang="zh" reviewed="3b3c4cea9896"
# ## 7. 用张量写第 01 课的网络
#
# NumPy 的词汇，在 PyTorch 里大多有对应，往往连名字都一样：
#
# | NumPy | PyTorch | 说明 |
# |---|---|---|
# | `x @ w`、`x.dot(w)` | `x @ w`、`x.mm(w)` | `mm` 只收两个矩阵 |
# | `np.maximum(h, 0)` | `h.clamp(min=0)` | |
# | `x.T` | `x.T`、`x.t()` | 用于矩阵 |
# | `np.square(d).sum()` | `d.pow(2).sum()` | 得到张量；要数就用 `.item()` |
# | `h.copy()` | `h.clone()` | 保留历史（第 04 课） |
# | `x.astype(np.float32)` | `x.float()`、`x.to(torch.float32)` | 需要时才复制 |
# | `x.shape`、`x.size` | `x.shape`、`x.numel()` | `x.size()` 是形状 |
# | `np.concatenate` | `torch.cat` | |
# | `axis=0` | `dim=0` | |
#
# 新的东西是 dtype：用只有 7 位数字的 `float32`，同一个网络给出的数会略有不同。**预测**：损失从第几位开始不同？

# %% id="network-predict" tags=["hide-input"]
prediction("tensors.rounding", Text(en="Compared to 16 digits, the losses in float64 and in float32 differ:", zh="比较到第 16 位，float64 与 float32 的损失："), {
    0: Text(en="nowhere", zh="没有不同"),
    3: Text(en="from the first few digits on", zh="从最前面几位开始不同"),
    2: Text(en="from around the seventh digit on", zh="从第七位左右开始不同"),
    1: Text(en="only in the last few digits", zh="只有最后几位不同"),
})

# %% id="network-run" tags=["nbval-ignore-output"]
rng = np.random.default_rng(0)
arrays = [rng.standard_normal(size) for size in ((64, 1000), (64, 10), (1000, 100), (100, 10))]


def loss_in(dtype):
    x, y, w1, w2 = (torch.from_numpy(array).to(dtype) for array in arrays)
    return (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum().item()


exact, rough = loss_in(torch.float64), loss_in(torch.float32)
say(Text(en="float64: {v}", zh="float64：{v}"), v=digits(exact, 10))
say(Text(en="float32: {v}", zh="float32：{v}"), v=rough)
say(Text(en="float32 differs by less than one part in 10000: {v}", zh="float32 与它相差不到万分之一：{v}"), v=abs(rough - exact) / exact < 1e-4)
say(Text(en="float32 gives exactly the same: {v}", zh="float32 给出完全相同的数：{v}"), v=rough == exact)
reveal("tensors.rounding", sum(abs(rough - exact) / exact > limit for limit in (0, 1e-12, 1e-4)))

# %% [markdown] id="network-explain" lang="en"
# **Explain.** In the seventh or eighth digit. A `float32` has 24 binary digits, about 7 decimal ones, and in the neighbourhood of $3 \cdot 10^7$ the numbers that it can hold lie 2 apart: the exact result is not among them. Which one comes out depends on the order in which the machine adds up, so your last digits may differ from somebody else's. That is why floats are compared with a tolerance, `torch.allclose(a, b)`, and not with `==`.

# %% [markdown] id="network-explain" lang="zh" reviewed="03b3676eb642"
# **解释**：从第七位或第八位开始。`float32` 有 24 位二进制数字，约合 7 位十进制数字；在 $3 \cdot 10^7$ 附近，它能表示的数彼此相差 2，准确的结果根本不在其中。最后得到哪一个，要看你的机器按什么次序相加，所以末尾几位可能与别人的不同。正因如此，比较浮点数要留出容差，写 `torch.allclose(a, b)`，而不写 `==`。

# %% [markdown] id="network-card" lang="en"
# ### Exercise 2.4: loss and gradients in tensors
#
# **Difficulty:** 3 of 5. **Time:** 15 minutes.
#
# Translate lesson 01. Write `loss_and_grads(x, y, w1, w2)` with tensors and **without** autograd (that is lesson 04). It returns three things:
#
# - the sum of the squared errors, as a Python number;
# - the gradient of `w1`, in the shape and dtype of `w1`;
# - the gradient of `w2`, in the shape and dtype of `w2`.
#
# The inputs stay as they are. In `float64` the numbers agree with NumPy's to ten digits, so nothing may be squeezed through `float32` on the way.

# %% [markdown] id="network-card" lang="zh" reviewed="498b41441cd5"
# ### 练习 2.4：用张量写损失和梯度
#
# **难度**：3（共 5 级）。**时间**：15 分钟。
#
# 把第 01 课翻译过来。用张量编写 `loss_and_grads(x, y, w1, w2)`，**不用**自动求导（那是第 04 课的事）。返回三样东西：
#
# - 误差的平方和，一个 Python 的数；
# - `w1` 的梯度，形状和 dtype 与 `w1` 相同；
# - `w2` 的梯度，形状和 dtype 与 `w2` 相同。
#
# 输入保持原样。用 `float64` 时，结果要与 NumPy 的前十位一致，所以中途不能经过 `float32`。

# %% id="loss_and_grads" tags=["solution"]
def loss_and_grads(x, y, w1, w2):
    """x [N, D_in], y [N, D_out], w1 [D_in, H], w2 [H, D_out] -> the loss (a number) and the gradients of w1 and w2."""
    ### BEGIN SOLUTION
    h = x.mm(w1)
    h_relu = h.clamp(min=0)
    error = h_relu.mm(w2) - y
    grad_y_pred = 2 * error
    grad_h = grad_y_pred.mm(w2.t()) * (h > 0)
    return error.pow(2).sum().item(), x.t().mm(grad_h), h_relu.t().mm(grad_y_pred)
    ### END SOLUTION

# %% id="loss_and_grads-check" tags=["check"]
check("tensors.loss_and_grads")

# %% id="my-predictions" tags=["hide-input"]
predictions("tensors")

# %% [markdown] id="summary" lang="en"
# ## Summary
#
# - Shape, dtype, device: name them before you compute with a tensor. Whole numbers make `int64`, one decimal point makes `float32`; NumPy brings `float64`.
# - `from_numpy`, `numpy`, slices, `view`, `detach` use the old memory; `torch.tensor`, `clone`, lists and masks as an index, and arithmetic make new memory. `reshape`, `float`, `to` and `as_tensor` do one or the other.
# - A number in an index drops the dimension, a slice keeps it.
# - A name with an underscore at its end changes the tensor.
# - `*` is elementwise, `@` and `mm` are matrix products, `dot` is for two vectors.
#
# ### Can you answer these without looking?
#
# 1. `t = torch.from_numpy(a)`, then `a = a * 2`. What is in `t`?
# 2. Why does `x[[0]] += 1` change `x`, and `y = x[[0]]; y += 1` does not?
# 3. When is `x.float()` not a copy?
#
# <details><summary>Answers</summary>
#
# 1. The old numbers: `a * 2` is a new array, and only the name `a` moved.
# 2. On the left, Python calls `x.__setitem__`, which writes into `x`. In the second case a copy is changed.
# 3. When `x` is `float32` already.
#
# </details>

# %% [markdown] id="summary" lang="zh" reviewed="7ddb7577a815"
# ## 小结
#
# - 形状、dtype、设备：拿一个张量来计算之前，先说出这三样。整数成为 `int64`，有一个小数点就成为 `float32`；从 NumPy 来的是 `float64`。
# - `from_numpy`、`numpy`、切片、`view`、`detach` 用的是旧内存；`torch.tensor`、`clone`、用列表和掩码做索引、算术运算，得到新内存。`reshape`、`float`、`to` 和 `as_tensor` 则两者都有可能。
# - 索引里写一个数会去掉那一维，写切片则保留。
# - 名字以下划线结尾的，会修改张量本身。
# - `*` 逐元素，`@` 和 `mm` 是矩阵乘法，`dot` 用于两个向量。
#
# ### 不看上文，你能答出来吗？
#
# 1. `t = torch.from_numpy(a)`，接着 `a = a * 2`。`t` 里是什么？
# 2. 为什么 `x[[0]] += 1` 会改变 `x`，而 `y = x[[0]]; y += 1` 不会？
# 3. 什么时候 `x.float()` 不是副本？
#
# <details><summary> 答案 </summary>
#
# 1. 原来的数：`a * 2` 是新数组，只是 `a` 这个名字挪走了。
# 2. 写在左边时，Python 调用 `x.__setitem__`，直接写进 `x`。第二种情形改的是副本。
# 3. `x` 本来就是 `float32` 的时候。
#
# </details>

# %% [markdown] id="next" lang="en"
# ## What is next
#
# **Lesson 03** looks at shapes more closely: what lies where in memory, and how arrays of different shapes get along. In **lesson 04** tensors begin to remember.
#
# ### Further reading
#
# - PyTorch documentation, *Tensor Views*: the list of all operations that return views.
# - D. Goldberg, *What Every Computer Scientist Should Know About Floating-Point Arithmetic*, 1991.

# %% [markdown] id="next" lang="zh" reviewed="f73216a81b78"
# ## 接下来
#
# **第 03 课**更仔细地看形状：什么东西在内存的什么地方，形状不同的数组怎样相处。到了**第 04 课**，张量就开始记事了。
#
# ### 延伸阅读
#
# - PyTorch 文档，*Tensor Views*：返回视图的所有运算的清单。
# - D. Goldberg，*What Every Computer Scientist Should Know About Floating-Point Arithmetic*，1991。
