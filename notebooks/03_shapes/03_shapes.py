# %% [markdown] id="title" lang="en"
# # Lesson 03. Shapes, views and broadcasting
#
# Many bugs of a first year with PyTorch are shape bugs, and the worst of them raise no error: the code runs, the loss falls a little, and the network learns nonsense. The cure is not to try transposes until the error goes away. The cure is to know what a tensor is in memory, and to know the three rules of broadcasting. That takes an afternoon and serves you for good.
#
# **After this lesson you can**
#
# - say what `view`, `reshape`, `transpose` and slicing do to the memory, and when data is copied;
# - flatten a batch without ever mixing up its samples, and explain why `-1` can hide a bug;
# - add and remove axes on purpose, and choose between `cat` and `stack`;
# - predict the shape of any broadcast, and spot the one that silently ruins a loss;
# - write batched matrix products with `@`, `einsum` and `bmm`, and sum a gradient back to the shape it was broadcast from.
#
# **Time:** about 90 minutes, 50 of them for the four exercises.
#
# **You need:** lesson 02 (creating, indexing and multiplying tensors). For the last section also the rule of lesson 01 that gradients add up where a value is used several times.
#
# **Created** 2026-11, last updated 2026-11, last verified 2026-11 with torch 2.13; all cells together run in about 10 seconds on two CPU cores.
#
# **Licence:** the text is CC BY 4.0, the code is MIT.

# %% [markdown] id="title" lang="zh" reviewed="e1f5c9c9b1dd"
# # 第 03 课：形状、视图与广播
#
# 用 PyTorch 的头一年，许多错误都出在形状上，而最糟的那些并不报错：代码照跑，损失也降一点，网络学到的却是一团糟。对策不是把转置挨个试一遍，试到不报错为止，而是弄清张量在内存里是什么样子，再记住广播的三条规则。花一个下午学会，以后一直受用。
#
# **学完本课，你能够**
#
# - 说出 `view`、`reshape`、`transpose` 和切片各对内存做了什么，什么时候会复制数据；
# - 展平一批数据而绝不弄混样本，并解释为什么 `-1` 会掩盖错误；
# - 有意识地增减维度，在 `cat` 和 `stack` 之间做出选择；
# - 预测任何一次广播的形状，认出那个悄悄毁掉损失的广播；
# - 用 `@`、`einsum` 和 `bmm` 写批量矩阵乘法，并把梯度加回到它被广播之前的形状。
#
# **时间**：约 90 分钟，其中四道练习占 50 分钟。
#
# **需要的基础**：第 02 课（创建张量、索引、相乘）。最后一节还要用到第 01 课的规则：一个值被多次使用，梯度就相加。
#
# **编写**于 2026-11，最近更新于 2026-11，最近一次用 torch 2.13 验证于 2026-11；所有单元格加起来，在两个 CPU 核上约需运行 10 秒。
#
# **许可**：文字采用 CC BY 4.0，代码采用 MIT。

# %% id="imports" tags=["setup"]
import numpy as np
import torch

from course_lib import COLOURS, SERIES, Text, check, digits, explore, label, new_figure, prediction, predictions, reveal, say, show, solved, words
from course_lib.plotting import PALE

# %% [markdown] id="strip" lang="en"
# ## 1. One strip of numbers, and a label on it
#
# Memory has no rows and no columns. It is one long strip of cells. So a tensor is two things: the strip, called its **storage**, and a small label that says how to read it:
#
# - the **shape**: how many entries along each axis;
# - the **stride**: how many cells to walk on the strip for one step along each axis;
# - the **offset**: in which cell to start.
#
# The entry `a[i, j]` stands in the cell `offset + i * stride[0] + j * stride[1]`. That is all there is.

# %% [markdown] id="strip" lang="zh" reviewed="74e6398a8526"
# ## 1. 一条数字，外加一张标签
#
# 内存里没有行，也没有列，只有长长一条格子。所以一个张量由两部分组成：这条格子，叫作它的**存储**；还有一张小标签，说明怎么读它：
#
# - **形状**（shape）：每一维上有多少个元素；
# - **步幅**（stride）：沿某一维走一步，要在这条格子上走过几格；
# - **偏移**（offset）：从哪一格开始。
#
# 元素 `a[i, j]` 就在第 `offset + i * stride[0] + j * stride[1]` 格。全部的秘密就是这些。

# %% id="strip-run"
a = torch.arange(12).reshape(3, 4)
i, j = 2, 1

say(Text(en="shape {shape}, stride {stride}, offset {offset}", zh="形状 {shape}，步幅 {stride}，偏移 {offset}"),
    shape=tuple(a.shape), stride=a.stride(), offset=a.storage_offset())
say(Text(en="a[2, 1] is {value}, and it stands in cell {cell}", zh="a[2, 1] 是 {value}，它在第 {cell} 格"),
    value=int(a[i, j]), cell=a.storage_offset() + i * a.stride(0) + j * a.stride(1))
print(a)

# %% [markdown] id="views" lang="en"
# The numbers 0 to 11 were chosen so that every number is also the number of its cell. One step down in `a` is 4 cells further, one step to the right is 1 cell.
#
# Now the trick that makes PyTorch fast. To transpose a matrix nobody has to move numbers: a new label on the old strip will do. **Predict** the stride of `a.T`. Then shape, stride and offset of `a[1]`, of `a[:, 2]` and of `a[1:, ::2]`.

# %% [markdown] id="views" lang="zh" reviewed="a68c86a60e67"
# 之所以用 0 到 11，是为了让每个数恰好等于自己所在的格号。在 `a` 中往下走一步是 4 格，往右走一步是 1 格。
#
# 接下来是让 PyTorch 快起来的窍门：转置一个矩阵，谁也不必搬动数字，在旧的那条格子上贴张新标签就行。**预测** `a.T` 的步幅，再预测 `a[1]`、`a[:, 2]` 和 `a[1:, ::2]` 的形状、步幅和偏移。

# %% id="views-predict" tags=["hide-input"]
prediction("shapes.transpose", Text(en="The stride of a.T:", zh="a.T 的步幅："), [(4, 1), (3, 1), (1, 4)])
prediction("shapes.slice", Text(en="Stride and offset of a[1:, ::2]:", zh="a[1:, ::2] 的步幅和偏移："), {
    ((2, 1), 0): Text(en="(2, 1), offset 0", zh="(2, 1)，偏移 0"),
    ((4, 2), 4): Text(en="(4, 2), offset 4", zh="(4, 2)，偏移 4"),
    ((4, 2), 0): Text(en="(4, 2), offset 0", zh="(4, 2)，偏移 0"),
    ((4, 1), 4): Text(en="(4, 1), offset 4", zh="(4, 1)，偏移 4"),
})

# %% id="views-run"
def same_memory(first, second):
    """Whether two tensors are labels on the same strip."""
    return first.untyped_storage().data_ptr() == second.untyped_storage().data_ptr()


VIEWS = {"a": a, "a.T": a.T, "a[1]": a[1], "a[:, 2]": a[:, 2], "a[1:, ::2]": a[1:, ::2], "a.T.contiguous()": a.T.contiguous()}

say(Text(en="tensor, shape, stride, offset, on the strip of a?", zh="张量，形状，步幅，偏移，是否在 a 的那条格子上？"))
for name, tensor in VIEWS.items():
    print(f"{name:18}{tuple(tensor.shape)!s:8}{tensor.stride()!s:8}{tensor.storage_offset():<4}{same_memory(a, tensor)}")
reveal("shapes.transpose", VIEWS["a.T"].stride())
reveal("shapes.slice", (VIEWS["a[1:, ::2]"].stride(), VIEWS["a[1:, ::2]"].storage_offset()))

# %% id="draw-strides" tags=["hide-input"]
def draw_cells(ax, values, left, top, fill, edge="#5A5A5A"):
    """Rows of numbered boxes with their upper left corner at (left, top)."""
    from matplotlib.patches import Rectangle

    for row, line in enumerate(values):
        for column, value in enumerate(line):
            x, y = left + column, top - row
            colour = fill(row, column) if callable(fill) else fill
            # The frame says the same as the colour, for print in grey. | 边框与颜色说的是同一件事，灰度打印时也能看清。
            wide, dashes = {"white": (1, "--"), PALE["orange"]: (2.2, "-"), PALE["grey"]: (1, ":")}.get(colour, (1, "-"))
            ax.add_patch(Rectangle((x, y - 1), 1, 1, facecolor=colour, edgecolor=edge, linewidth=wide, linestyle=dashes))
            ax.text(x + 0.5, y - 0.5, str(value), ha="center", va="center", color=COLOURS["black"])


def hop(ax, cells, below, colour, note):
    """An arc from the middle of cell 0 to that of a later cell, above the strip or below it."""
    y, side = (-1, 1) if below else (0, -1)
    ax.annotate("", xy=(cells + 0.5, y), xytext=(0.5, y), arrowprops={"arrowstyle": "->", "color": colour, "linewidth": 1.6, "connectionstyle": f"arc3,rad={side * 0.45}"})
    ax.text(cells + 1, y - side * 0.3, note, ha="left", va="top" if below else "bottom", color=colour)


fig, axes = new_figure(1, 2, height=3.7)
for ax, name in zip(axes, ("a", "a.T"), strict=True):
    tensor = VIEWS[name]
    down, right = tensor.stride()
    draw_cells(ax, [range(12)], 0, 0, PALE["grey"])
    draw_cells(ax, tensor.tolist(), 6 - tensor.shape[1] / 2, 7.4, PALE["blue"])
    hop(ax, down, False, COLOURS["red"], words(Text(en=f"down: {down}", zh=f"往下：{down}")))
    hop(ax, right, True, COLOURS["blue"], words(Text(en=f"right: {right}", zh=f"往右：{right}")))
    ax.set(xlim=(-0.2, 12.2), ylim=(-3, 7.8), aspect="equal")
    ax.axis("off")
    label(ax, title=f"{name}.stride() = ({down}, {right})")
show(fig, Text(
    en="Two panels with the same strip of cells 0 to 11. Left: a, 3 rows of 4; one step down is a hop of {a0} cells on the strip, one step right a hop of {a1}. Right: a.T, 4 rows of 3; down {t0}, right {t1}.",
    zh="两幅图，下面是同一条 0 到 11 的格子。左：a，3 行 4 列；往下一步，在格子上跳 {a0} 格，往右一步跳 {a1} 格。右：a.T，4 行 3 列；往下跳 {t0} 格，往右跳 {t1} 格。",
).format(a0=a.stride(0), a1=a.stride(1), t0=a.T.stride(0), t1=a.T.stride(1)))

# %% [markdown] id="views-explain" lang="en"
# **Explain.** `a.T` has the strides of `a` in the other order, `(1, 4)`: one step down is one cell, one step right is four. `a[1]` starts in cell 4 and keeps only the last stride. `a[1:, ::2]` skips every second column, so one step right is 2 cells. None of them holds a number of its own: they are **views**, and making one costs the same for 12 numbers as for 12 million.
#
# Only `contiguous()` laid out a new strip. A tensor is **contiguous** if reading it row by row means reading the strip cell by cell. `a.T` is not, so `contiguous()` copies it into order. (For a tensor that is in order already, it copies nothing and returns the tensor itself.)
#
# The price of sharing: whoever writes through one view writes for all of them. **Predict** what the next cell prints.

# %% [markdown] id="views-explain" lang="zh" reviewed="4171015ca224"
# **解释**：`a.T` 的步幅就是把 `a` 的步幅倒过来，`(1, 4)`：往下一步是一格，往右一步是四格。`a[1]` 从第 4 格开始，只留下最后一个步幅。`a[1:, ::2]` 隔一列取一列，所以往右一步是 2 格。它们自己一个数也不存：都是**视图**（view）；做一个视图，12 个数和 1200 万个数花的时间一样。
#
# 只有 `contiguous()` 新铺了一条格子。如果逐行读一个张量，正好就是把格子一格一格往下读，这个张量就是**连续**的（contiguous）。`a.T` 不连续，所以 `contiguous()` 按次序复制了一份。（对本来就有序的张量，它什么也不复制，直接返回原张量。）
#
# 共享也有代价：通过一个视图写入，所有视图都会跟着变。**预测**下一个单元格会打印什么。

# %% id="views-explain-predict" tags=["hide-input"]
prediction("shapes.aliasing", Text(
    en="The numbers in the middle column of original, after column += 5 and picked += 9:",
    zh="执行 column += 5 和 picked += 9 之后，original 中间一列的数是：",
), [0, 5, 9, 14])

# %% id="aliasing-run"
original = torch.zeros(2, 3)
column = original[:, 1]                # a slice | 切片
picked = original[:, [1]]              # a list of indices | 一串下标
column += 5
picked += 9
print(original)
reveal("shapes.aliasing", int(original[0, 1]))

# %% [markdown] id="aliasing-explain" lang="en"
# **Explain.** `column += 5` reached `original`, `picked += 9` did not. Cells that an arithmetic rule can reach (a slice, a transpose) make a view. A list of indices or a mask follows no such rule, so PyTorch has to copy.
#
# Try more views in the figure below. The upper part shows the view and, coloured, the cells of the strip that it uses. The lower part reads the view row by row and draws the cell at every step. **Before** you choose an entry, say what the curve will look like. For which of them is it a straight line that climbs by 1?

# %% [markdown] id="aliasing-explain" lang="zh" reviewed="d648dd387370"
# **解释**：`column += 5` 改到了 `original`，`picked += 9` 没有。能用一条算术规则走到的格子（切片、转置），可以做成视图。一串下标或一个掩码没有这样的规则可循，PyTorch 只好复制。
#
# 在下图里再试几个视图。上半部分是视图本身，以及它用到的格子（涂了颜色）。下半部分逐行读这个视图，画出每一步读的是哪一格。选择**之前**，先说说曲线会是什么样子。哪几个视图的曲线是一条每步上升 1 的直线？

# %% id="explore-views" tags=["hide-input"]
CHOICES = {
    "a": a,
    "a.T": a.T,
    "a[1:]": a[1:],
    "a[:, 2]": a[:, 2],
    "a[:, ::2]": a[:, ::2],
    "a.reshape(2, 6)": a.reshape(2, 6),
    "a.T.reshape(2, 6)": a.T.reshape(2, 6),
    "a[1].expand(3, 4)": a[1].expand(3, 4),
    "a.diagonal()": a.diagonal(),
}


def draw_view(view):
    """A view of a as a grid, its cells on the strip, and the order in which they are read."""
    tensor = CHOICES[view]
    shares = same_memory(a, tensor)
    rows = torch.atleast_2d(tensor)
    cells = torch.arange(tensor.untyped_storage().nbytes() // tensor.element_size()).as_strided(tensor.shape, tensor.stride(), tensor.storage_offset())
    used = set(cells.flatten().tolist())
    strip = a.flatten().tolist() if shares else tensor.flatten().tolist()
    fig, (upper, lower) = new_figure(2, 1, height=5.2)
    draw_cells(upper, rows.tolist(), 0, 2 + len(rows), PALE["blue"])
    draw_cells(upper, [strip], 0, 1, lambda _, cell: PALE["orange"] if cell in used else "white")
    upper.set(xlim=(-0.2, 15), ylim=(-0.2, 6.2), aspect="equal")
    upper.axis("off")
    title = Text(en="{view}: stride {stride}, offset {offset}, {kind}", zh="{view}：步幅 {stride}，偏移 {offset}，{kind}")
    kind = Text(en="a view", zh="视图") if shares else Text(en="a copy", zh="复制")
    label(upper, title=title.format(view=view, stride=tensor.stride(), offset=tensor.storage_offset(), kind=kind))
    order = cells.flatten().tolist()
    lower.plot(order, markevery=1, **SERIES[0])
    lower.set(xlim=(-0.5, 11.5), ylim=(-0.7, 11.7), xticks=range(0, 12, 2), yticks=range(0, 12, 2))
    label(lower, x=Text(en="step, reading row by row", zh="逐行读取的步数"), y=Text(en="cell of the strip", zh="格号"))
    return fig, Text(
        en="{view}: shape {shape}, stride {stride}, offset {offset}, {kind}. Read row by row, it visits the cells {order}. Contiguous: {contiguous}.",
        zh="{view}：形状 {shape}，步幅 {stride}，偏移 {offset}，{kind}。逐行读取时依次经过第 {order} 格。是否连续：{contiguous}。",
    ).format(view=view, shape=tuple(tensor.shape), stride=tensor.stride(), offset=tensor.storage_offset(), kind=kind, order=order, contiguous=tensor.is_contiguous())


explore(draw_view, labels={"view": Text(en="tensor", zh="张量")}, view=["a.T", *(name for name in CHOICES if name != "a.T")])

# %% [markdown] id="explore-views-explain" lang="en"
# **Explain.** The line is straight and climbs by 1 exactly for the contiguous ones: `a`, `a[1:]`, `a.reshape(2, 6)`, and the copy `a.T.reshape(2, 6)`, which has a strip of its own. The offset does not matter. `a[1].expand(3, 4)` is the oddest: its stride is 0 along the first axis, so one row is read three times. Nothing was copied, and twelve entries live in four cells. Section 4 is built on this trick.

# %% [markdown] id="explore-views-explain" lang="zh" reviewed="af22e3845ede"
# **解释**：曲线是每步上升 1 的直线，恰好就是那些连续的张量：`a`、`a[1:]`、`a.reshape(2, 6)`，还有 `a.T.reshape(2, 6)`，它是复制出来的，有自己的一条格子。偏移是多少没有关系。最奇特的是 `a[1].expand(3, 4)`：它沿第一维的步幅是 0，同一行被读了三遍。什么也没复制，十二个元素就住在四个格子里。第 4 节就建立在这个窍门上。

# %% [markdown] id="view" lang="en"
# ## 2. Another shape for the same numbers
#
# `x.view(2, 6)` asks for a new label with another shape on the **same** strip, read in the same order. One size may be `-1`, which means "work it out": 12 numbers with `view(-1, 3)` have the shape `[4, 3]`.
#
# **Predict** for each line of the next cell: which shape, or an error?

# %% [markdown] id="view" lang="zh" reviewed="908c8f0c33f3"
# ## 2. 同样的数，换个形状
#
# `x.view(2, 6)` 要的是在**同一条**格子上换一张标签：形状变了，读的次序不变。其中一个大小可以写成 `-1`，意思是“你来算”：12 个数用 `view(-1, 3)`，形状就是 `[4, 3]`。
#
# **预测**下一个单元格的每一行：得到什么形状，还是会报错？

# %% id="view-predict" tags=["hide-input"]
prediction("shapes.view", Text(en="What does a.T.view(2, 6) give?", zh="a.T.view(2, 6) 得到什么？"), {
    (0, 1, 2, 3, 4, 5): Text(en="a view with the first row 0, 1, 2, 3, 4, 5", zh="一个视图，第一行是 0、1、2、3、4、5"),
    "error": Text(en="an error", zh="报错"),
    (0, 4, 8, 1, 5, 9): Text(en="a view with the first row 0, 4, 8, 1, 5, 9", zh="一个视图，第一行是 0、4、8、1、5、9"),
})

# %% id="view-run"
ATTEMPTS = {
    "a.view(2, 6)": lambda: a.view(2, 6),
    "a.view(-1, 3)": lambda: a.view(-1, 3),
    "a.view(5, -1)": lambda: a.view(5, -1),
    "a.view(-1, -1)": lambda: a.view(-1, -1),
    "a.T.view(2, 6)": lambda: a.T.view(2, 6),
    "a.T.reshape(2, 6)": lambda: a.T.reshape(2, 6),
}


def outcomes(attempts):
    """Print the shape that each attempt gives, or its error -> dict of the shapes, None for an error."""
    shapes = dict.fromkeys(attempts)
    for name, attempt in attempts.items():
        try:
            shapes[name] = tuple(attempt().shape)
            print(f"{name:26} {list(shapes[name])}")
        except (RuntimeError, IndexError, ValueError) as error:
            print(f"{name:26} {type(error).__name__}: {str(error).split('.')[0].split('(at')[0]}")
    return shapes


got = outcomes(ATTEMPTS)
reveal("shapes.view", "error" if got["a.T.view(2, 6)"] is None else tuple(a.T.view(2, 6)[0].tolist()))

# %% [markdown] id="view-explain" lang="en"
# **Explain.** 12 is not a multiple of 5, and two unknowns cannot be worked out from one count. `a.T.view(2, 6)` fails for another reason: read row by row, `a.T` jumps about on the strip, 0, 4, 8, 1, ..., and no pair of strides describes six of those jumps as one row.
#
# `reshape` is the obliging sister. Where a view will do, it makes a view; where not, it copies. So take `reshape` if you do not care, and `view` if you want to hear about it when a copy would be needed. In either case **the order of the numbers when read row by row stays the same**. That is the one thing to remember, and it means that `reshape` never transposes.

# %% [markdown] id="view-explain" lang="zh" reviewed="e8bc184ded84"
# **解释**：12 不是 5 的倍数；两个未知数也没法由一个总数算出来。`a.T.view(2, 6)` 失败则另有原因：逐行读 `a.T`，会在格子上跳来跳去：0、4、8、1……没有哪两个步幅能把其中六步说成一行。
#
# `reshape` 就随和多了：能做成视图就做视图，做不成就复制。所以，无所谓的时候用 `reshape`；想在需要复制时得到提醒，就用 `view`。无论哪一种，**逐行读出来的次序都不变**。要记的就是这一点；它也意味着，`reshape` 绝不会做转置。

# %% [markdown] id="minus-one" lang="en"
# ### The trap in `-1`
#
# Between the convolutions of a network and its linear layers, each sample's features have to be laid out in one row. Countless programs for handwritten digits do it with `x.view(-1, 320)`, because 20 channels of 4 by 4 make 320. Then someone feeds larger images, and the last feature maps are 5 by 5 instead.
#
# **Predict** the shape of `x.view(-1, 320)` for `x` of shape `[64, 20, 4, 4]`, and for `[64, 20, 5, 5]`. Does the second one raise an error?

# %% [markdown] id="minus-one" lang="zh" reviewed="bbccf3b4be5b"
# ### `-1` 里的陷阱
#
# 在网络的卷积部分和线性层之间，要把每个样本的特征排成一行。无数识别手写数字的程序都写成 `x.view(-1, 320)`，因为 20 个 4 乘 4 的通道正好是 320 个数。后来有人换了大一点的图片，最后的特征图成了 5 乘 5。
#
# **预测**：`x` 的形状是 `[64, 20, 4, 4]` 时，`x.view(-1, 320)` 是什么形状？是 `[64, 20, 5, 5]` 时呢？后一种会报错吗？

# %% id="minus-one-predict" tags=["hide-input"]
prediction("shapes.minus_one", Text(en="x.view(-1, 320) for x of shape [64, 20, 5, 5]:", zh="x 的形状是 [64, 20, 5, 5]，x.view(-1, 320) 得到："), {
    None: Text(en="an error", zh="报错"),
    (32000,): "[32000]",
    (64, 320): "[64, 320]",
    (100, 320): "[100, 320]",
    (64, 500): "[64, 500]",
})

# %% id="minus-one-run"
small, large = torch.zeros(64, 20, 4, 4), torch.zeros(64, 20, 5, 5)
got = outcomes({
    "small.view(-1, 320)": lambda: small.view(-1, 320),
    "large.view(-1, 320)": lambda: large.view(-1, 320),
    "large[:63].view(-1, 320)": lambda: large[:63].view(-1, 320),
    "large.flatten(1)": lambda: large.flatten(1),
    "nn.Flatten, [3, 28, 28]": lambda: torch.nn.Flatten()(torch.zeros(3, 28, 28)),
})

owner = torch.arange(64).reshape(64, 1, 1, 1).expand(64, 20, 5, 5)      # every number says whose it is | 每个数都写着自己属于哪个样本
rows = owner.reshape(-1, 320)
mixed = int((rows.amin(1) != rows.amax(1)).sum())
say(Text(en="{mixed} of {count} rows hold numbers of two different samples", zh="{count} 行里有 {mixed} 行混着两个不同样本的数"), mixed=mixed, count=len(rows))
reveal("shapes.minus_one", got["large.view(-1, 320)"])

# %% [markdown] id="minus-one-explain" lang="en"
# **Explain.** The result is a matrix `[N, 320]` in the first case (two axes, not one long vector), and everything is fine. In the second case there is no error: $64 \cdot 500 = 32000 = 100 \cdot 320$, so `-1` becomes 100, and we have 100 "samples" of which most are glued together from two. Only a batch of another size, the ragged last one of 63, would have given the bug away: $63 \cdot 500$ is not a multiple of 320.
#
# `-1` checks nothing except that the division comes out even. So put it where a mistake cannot hide: pin down the axis that must not change, the batch. These three say "keep axis 0, flatten the rest", and the sample count can never change:
#
# - `x.flatten(1)`, or `torch.flatten(x, 1)`: flatten from axis 1 on;
# - `x.reshape(x.shape[0], -1)`: the batch is given, the rest is worked out;
# - `nn.Flatten()`, the same as a layer: it turns `[3, 28, 28]` into `[3, 784]`.
#
# If the linear layer behind them expects 320 features and gets 500, it says so at once.

# %% [markdown] id="minus-one-explain" lang="zh" reviewed="4c1ee44af8d2"
# **解释**：第一种情况得到矩阵 `[N, 320]`（两维，不是一个长向量），一切正常。第二种情况并不报错：$64 \cdot 500 = 32000 = 100 \cdot 320$，于是 `-1` 成了 100，我们有了 100 个“样本”，大多数是由两个样本拼接起来的。只有换一个批量大小，比如最后不足一批的 63 个，错误才会露馅：$63 \cdot 500$ 不是 320 的倍数。
#
# 除了能否整除，`-1` 什么也不检查。所以要把它放在藏不住错误的地方：把不该变的那一维，也就是批量，固定下来。下面三种写法都表示“保留第 0 维，其余展平”，样本数绝不会变：
#
# - `x.flatten(1)`，或 `torch.flatten(x, 1)`：从第 1 维起展平；
# - `x.reshape(x.shape[0], -1)`：批量写明，其余的算出来；
# - `nn.Flatten()`，同样的事，做成了一层：它把 `[3, 28, 28]` 变成 `[3, 784]`。
#
# 如果后面的线性层要 320 个特征，却收到 500 个，它立刻就会报错。

# %% [markdown] id="scramble" lang="en"
# ### `reshape` does not transpose
#
# Most libraries that read image files hand you a picture as `[H, W, C]`: for each pixel its red, green and blue. PyTorch's layers want `[C, H, W]`, one plane per channel. Both `picture.permute(2, 0, 1)` and `picture.reshape(3, H, W)` have the shape that is wanted. **Predict** what their first planes look like.

# %% [markdown] id="scramble" lang="zh" reviewed="a20b348a5ec1"
# ### `reshape` 不做转置
#
# 读取图片文件的库，给出的图片大多是 `[H, W, C]`：每个像素依次是红、绿、蓝。PyTorch 的层要的是 `[C, H, W]`，每个通道一个平面。`picture.permute(2, 0, 1)` 和 `picture.reshape(3, H, W)` 都能得到想要的形状。**预测**它们各自的第一个平面会是什么样子。

# %% id="scramble-predict" tags=["hide-input"]
prediction("shapes.scramble", Text(en="The first plane of picture.reshape(3, H, W) is", zh="picture.reshape(3, H, W) 的第一个平面是"), {
    "red": Text(en="the red channel as it is", zh="红色通道，原样不变"),
    "stretched": Text(en="the upper third of the red channel, stretched", zh="红色通道上面的三分之一，拉长了"),
    "third": Text(en="the upper third of the picture, its colours by turns", zh="图片上面的三分之一，几种颜色交替"),
})

# %% id="scramble-run"
height, width = 24, 36
down, right = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
disc = ((down - 12) ** 2 + (right - 18) ** 2 < 81).float()
picture = torch.stack([disc, right / width, down / height], dim=2)           # red: a disc; green and blue: ramps | 红：圆盘；绿和蓝：渐变

planes = {"picture[:, :, 0]": picture[:, :, 0], "picture.permute(2, 0, 1)[0]": picture.permute(2, 0, 1)[0], "picture.reshape(3, H, W)[0]": picture.reshape(3, height, width)[0]}
fig, axes = new_figure(1, 3, height=2.4)
for ax, (name, plane) in zip(axes, planes.items(), strict=True):
    ax.imshow(plane, vmin=0, vmax=1)
    ax.axis("off")
    label(ax, title=name.replace("(", "\n(", 1) if "(" in name else name)

want = planes["picture[:, :, 0]"]
shares = {name: digits((plane == want).float().mean(), 2) for name, plane in planes.items()}
show(fig, Text(
    en="Three planes of 24 by 36. The red channel of the picture: a bright disc. permute shows the same disc (share of entries that agree: {p}). reshape shows a jumble of dots and stripes (share: {r}).",
    zh="三个 24 乘 36 的平面。图片的红色通道：一个亮圆盘。permute 得到同样的圆盘（一致的元素所占比例：{p}）。reshape 得到杂乱的斑点和条纹（比例：{r}）。",
).format(p=shares["picture.permute(2, 0, 1)[0]"], r=shares["picture.reshape(3, H, W)[0]"]))
possible = {"red": want, "stretched": want[:height // 3].repeat_interleave(3, dim=0), "third": picture[:height // 3]}
plane = planes["picture.reshape(3, H, W)[0]"].flatten()
reveal("shapes.scramble", next((name for name, numbers in possible.items() if torch.equal(numbers.flatten(), plane)), None))

# %% [markdown] id="scramble-explain" lang="en"
# **Explain.** `permute` reorders the strides, so each number keeps its meaning: `[H, W, C]` becomes `[C, H, W]`. `reshape` keeps the order of reading: the first plane is filled with the first third of the strip, in which red, green and blue of the upper rows alternate. The shapes are equal, the contents are not, and no error is raised. Ask for the **order of axes** with `permute` (or `transpose`, `movedim`), and for a **grouping of axes** with `reshape`, in this order.

# %% [markdown] id="scramble-explain" lang="zh" reviewed="7777588b9d87"
# **解释**：`permute` 重排的是步幅，每个数的含义不变：`[H, W, C]` 变成 `[C, H, W]`。`reshape` 不改变读的次序：第一个平面装的是格子的前三分之一，里面是上面几行的红、绿、蓝交替出现。形状相同，内容不同，而且不报错。要改**维的次序**，用 `permute`（或 `transpose`、`movedim`）；要把**几维合并或拆开**，用 `reshape`。先后就按这个次序。

# %% [markdown] id="flatten_batch-card" lang="en"
# ### Exercise 3.1: a row for every sample
#
# **Difficulty:** 2 of 5. **Time:** 10 minutes.
#
# Write `flatten_batch(x, channels_last=False)`. It returns one row per sample.
#
# | `channels_last` | `x` | result |
# |---|---|---|
# | `False` | `[N, ...]`, at least two axes | `[N, K]`: each sample's numbers in the order in which they are read |
# | `True` | `[N, H, W, C]`, or more generally `[N, ..., C]` | `[N, K]`: first all of channel 0, then all of channel 1, and so on |
#
# - It works for every N, one sample included, whatever the other sizes are.
# - It works for inputs that are not contiguous.
# - With `channels_last=False` it copies nothing where `x` is contiguous.

# %% [markdown] id="flatten_batch-card" lang="zh" reviewed="f5291c1aa4fb"
# ### 练习 3.1：每个样本一行
#
# **难度**：2（共 5 级）。**时间**：10 分钟。
#
# 编写 `flatten_batch(x, channels_last=False)`，每个样本返回一行。
#
# | `channels_last` | `x` | 结果 |
# |---|---|---|
# | `False` | `[N, ...]`，至少两维 | `[N, K]`：每个样本的数按读取的次序排列 |
# | `True` | `[N, H, W, C]`，更一般地 `[N, ..., C]` | `[N, K]`：先是通道 0 的全部，再是通道 1 的全部，依此类推 |
#
# - N 为任意大小时都能用，包括只有一个样本；其他各维大小任意。
# - 输入不连续时也能用。
# - `channels_last=False` 时，只要 `x` 连续，就什么也不复制。

# %% id="flatten_batch" tags=["solution"]
def flatten_batch(x, channels_last=False):
    """x [N, ...], or [N, ..., C] with channels_last -> [N, K], one row per sample."""
    ### BEGIN SOLUTION
    if channels_last:
        x = x.movedim(-1, 1)                                  # first the order of axes ... | 先排好维的次序……
    return x.flatten(1)                                       # ... then the grouping; axis 0 stays | ……再合并；第 0 维不动
    ### END SOLUTION

# %% id="flatten_batch-check" tags=["check"]
check("shapes.flatten_batch")

# %% [markdown] id="axes" lang="en"
# ## 3. Axes of size 1
#
# An axis of size 1 holds no extra numbers, yet layers ask for it and broadcasting runs on it. `unsqueeze(d)` inserts one at place `d`, `squeeze(d)` removes it. `x[None]` and `x[:, None]` are the short forms of `unsqueeze(0)` and `unsqueeze(1)`. All of these are views.
#
# By convention a batch of pictures is `[N, C, H, W]`: samples, channels, height, width, or **NCHW** for short. A single picture `[C, H, W]` becomes a batch of one with `unsqueeze(0)`.
#
# **Predict** the shapes. Two lines are traps: one for the case that a batch happens to hold a single sample, and one for an axis that is not of size 1.

# %% [markdown] id="axes" lang="zh" reviewed="ec1b0245afcb"
# ## 3. 大小为 1 的维
#
# 大小为 1 的维不增加任何数，可是层要用到它，广播也靠它。`unsqueeze(d)` 在位置 `d` 插入这样一维，`squeeze(d)` 把它去掉。`x[None]` 和 `x[:, None]` 是 `unsqueeze(0)` 和 `unsqueeze(1)` 的简写。这些得到的都是视图。
#
# 按照惯例，一批图片是 `[N, C, H, W]`：样本、通道、高、宽，简称 **NCHW**。单张图片 `[C, H, W]` 用 `unsqueeze(0)` 就变成只有一个样本的一批。
#
# **预测**各行的形状。其中两行有陷阱：一处是一批里碰巧只有一个样本，另一处是那一维的大小并不是 1。

# %% id="axes-predict" tags=["hide-input"]
prediction("shapes.squeeze", Text(
    en="scores has the shape [64, 1]. The shapes of scores[:1].squeeze() and of scores.squeeze(0):",
    zh="scores 的形状是 [64, 1]。scores[:1].squeeze() 和 scores.squeeze(0) 的形状：",
), {
    ((1,), (64, 1)): Text(en="[1] and [64, 1]", zh="[1] 和 [64, 1]"),
    ((1,), None): Text(en="[1] and an error", zh="[1] 和报错"),
    ((), (64, 1)): Text(en="[] and [64, 1]", zh="[] 和 [64, 1]"),
    ((), None): Text(en="[] and an error", zh="[] 和报错"),
})

# %% id="axes-run"
image = torch.zeros(1, 28, 28)                  # [C, H, W], grey | 灰度图
scores = torch.zeros(64, 1)                     # one score per sample | 每个样本一个得分
got = outcomes({
    "image.unsqueeze(0)": lambda: image.unsqueeze(0),
    "image[None]": lambda: image[None],
    "image.unsqueeze(-1)": lambda: image.unsqueeze(-1),
    "scores.squeeze()": lambda: scores.squeeze(),
    "scores[:1].squeeze()": lambda: scores[:1].squeeze(),
    "scores[:1].squeeze(1)": lambda: scores[:1].squeeze(1),
    "scores.squeeze(0)": lambda: scores.squeeze(0),
})
reveal("shapes.squeeze", (got["scores[:1].squeeze()"], got["scores.squeeze(0)"]))

# %% [markdown] id="axes-explain" lang="en"
# **Explain.** `squeeze()` without an argument removes **every** axis of size 1. On 64 samples it does what was meant; on the last batch of an epoch, which may hold one sample, it takes the batch axis too and leaves a scalar. Such a program may crash after hours, and for certain sizes of the data set only. So always name the axis: `squeeze(1)`. And `squeeze(0)` on an axis of size 64 does nothing and says nothing.
#
# ### Does a layer need the batch axis?
#
# You can read that "`torch.nn` supports only mini-batches". That was true once. **Predict** which of these accept a single sample without batch axis today.

# %% [markdown] id="axes-explain" lang="zh" reviewed="c50ac8c82501"
# **解释**：不带参数的 `squeeze()` 会去掉**每一个**大小为 1 的维。有 64 个样本时，它做的正是你想要的；到了一轮的最后一批，可能只剩一个样本，它就连批量那一维也拿掉，只留下一个标量。这样的程序可能跑了几个小时才崩溃，而且只在数据集恰好是某些大小时才崩溃。所以，总要写明是哪一维：`squeeze(1)`。而对大小为 64 的维用 `squeeze(0)`，什么也不做，也什么都不说。
#
# ### 层一定要批量那一维吗？
#
# 你会读到“`torch.nn` 只支持小批量”这样的话。从前确实如此。**预测**：如今下面哪些接受没有批量维的单个样本？

# %% id="axes-explain-predict" tags=["hide-input"]
prediction("shapes.unbatched", Text(
    en="Which of Conv2d, MaxPool2d, Linear and BatchNorm2d take a sample without batch axis?",
    zh="Conv2d、MaxPool2d、Linear、BatchNorm2d 中，哪些接受没有批量维的样本？",
), {
    ("Linear",): Text(en="only Linear", zh="只有 Linear"),
    ("Conv2d", "MaxPool2d", "Linear"): Text(en="all but BatchNorm2d", zh="除 BatchNorm2d 外都接受"),
    ("MaxPool2d", "Linear", "BatchNorm2d"): Text(en="all but Conv2d", zh="除 Conv2d 外都接受"),
    ("Conv2d", "MaxPool2d", "Linear", "BatchNorm2d"): Text(en="all four", zh="四个都接受"),
})

# %% id="unbatched-run"
features = torch.zeros(6, 14, 14)               # [C, H, W]
got = outcomes({
    "Conv2d, [6, 14, 14]": lambda: torch.nn.Conv2d(6, 16, 5)(features),
    "MaxPool2d, [6, 14, 14]": lambda: torch.nn.MaxPool2d(2)(features),
    "Linear, [84]": lambda: torch.nn.Linear(84, 10)(torch.zeros(84)),
    "BatchNorm2d, [6, 14, 14]": lambda: torch.nn.BatchNorm2d(6)(features),
    "flatten(1), [6, 14, 14]": lambda: features.flatten(1),
})
reveal("shapes.unbatched", tuple(name.split(",")[0] for name in list(got)[:4] if got[name] is not None))

# %% [markdown] id="unbatched-explain" lang="en"
# **Explain.** Convolution, pooling and linear layers take a sample with or without a batch axis. `BatchNorm2d` needs it, for it averages over the batch. The last line is the one that bites: `flatten(1)` cannot know that the batch axis is missing. It takes the channels for samples, and a network that flattens like this fails one layer later, with an error about 196 features. So `unsqueeze(0)` stays the safe habit; only the reason usually given for it is wrong.
#
# ### `cat` or `stack`?
#
# `torch.cat` joins tensors along an axis that **exists**, `torch.stack` along a **new** one. **Predict** the five shapes, or the error.

# %% [markdown] id="unbatched-explain" lang="zh" reviewed="bd750c8bd03f"
# **解释**：卷积、池化和线性层，样本有没有批量那一维都接受。`BatchNorm2d` 则需要，因为它要对一批求平均。真正伤人的是最后一行：`flatten(1)` 无从知道批量那一维缺了。它把通道当成样本，这样写的网络要到下一层才失败，报错里说的是 196 个特征。所以 `unsqueeze(0)` 仍是稳妥的习惯；错的只是人们通常给出的那个理由。
#
# ### `cat` 还是 `stack`？
#
# `torch.cat` 沿一个**已有的**维拼接张量，`torch.stack` 沿一个**新的**维拼接。**预测**五个形状，或者报错。

# %% id="unbatched-explain-predict" tags=["hide-input"]
prediction("shapes.cat", Text(
    en="For p and q of shape [2, 3]: cat([p, q], dim=0), and stack([p, q], dim=0):",
    zh="p 和 q 的形状都是 [2, 3]：cat([p, q], dim=0)，以及 stack([p, q], dim=0)：",
), {
    ((4, 3), (2, 2, 3)): Text(en="[4, 3], and [2, 2, 3]", zh="[4, 3]，以及 [2, 2, 3]"),
    ((2, 2, 3), (4, 3)): Text(en="[2, 2, 3], and [4, 3]", zh="[2, 2, 3]，以及 [4, 3]"),
    ((2, 6), (4, 3)): Text(en="[2, 6], and [4, 3]", zh="[2, 6]，以及 [4, 3]"),
    ((4, 3), (2, 3, 2)): Text(en="[4, 3], and [2, 3, 2]", zh="[4, 3]，以及 [2, 3, 2]"),
})

# %% id="cat-run"
p, q = torch.zeros(2, 3), torch.ones(2, 3)
got = outcomes({
    "cat([p, q], dim=0)": lambda: torch.cat([p, q], dim=0),
    "cat([p, q], dim=1)": lambda: torch.cat([p, q], dim=1),
    "stack([p, q], dim=0)": lambda: torch.stack([p, q], dim=0),
    "cat([p, q[:, :1]], dim=1)": lambda: torch.cat([p, q[:, :1]], dim=1),
    "cat([p, q[:, :1]], dim=0)": lambda: torch.cat([p, q[:, :1]], dim=0),
})
reveal("shapes.cat", (got["cat([p, q], dim=0)"], got["stack([p, q], dim=0)"]))

# %% [markdown] id="cat-explain" lang="en"
# **Explain.** `cat` adds up the sizes along `dim`; the other sizes must agree. `stack` first gives each tensor a new axis of size 1 and then joins along it, so all sizes must agree. Rule of thumb: to collect samples into a batch, `stack` them; to put batches or features side by side, `cat` them.

# %% [markdown] id="cat-explain" lang="zh" reviewed="8aeb7945e090"
# **解释**：`cat` 把 `dim` 那一维的大小加起来，其余各维必须一致。`stack` 先给每个张量加上一个大小为 1 的新维，再沿它拼接，所以各维都必须一致。经验之谈：把样本收集成一批，用 `stack`；把几批或几组特征接在一起，用 `cat`。

# %% [markdown] id="broadcast" lang="en"
# ## 4. Broadcasting: small tensors act large
#
# `x + b` with `x` of shape `[64, 10]` and `b` of shape `[10]` adds `b` to each of the 64 rows, and no copy of `b` is made. The rules fit in three lines. Write the two shapes one below the other, **aligned on the right**:
#
# 1. where one shape is shorter, fill it up with 1 on the left;
# 2. on each axis, the sizes must be equal, or one of them must be 1;
# 3. an axis of size 1 acts as if its entries were repeated: its stride becomes 0.
#
# **Predict** the shape of each sum, or the error.

# %% [markdown] id="broadcast" lang="zh" reviewed="9768a5df7743"
# ## 4. 广播：小张量当大张量用
#
# `x` 的形状是 `[64, 10]`，`b` 的形状是 `[10]`，`x + b` 就把 `b` 加到 64 行中的每一行上，而且 `b` 并没有被复制。规则只有三行。把两个形状上下写在一起，**靠右对齐**：
#
# 1. 哪个形状短，就在左边补 1；
# 2. 每一维上，两个大小必须相等，或者其中一个是 1；
# 3. 大小为 1 的维，就当它的元素重复了若干次：它的步幅变成 0。
#
# **预测**每个和的形状，或者报错。

# %% id="broadcast-predict" tags=["hide-input"]
prediction("shapes.broadcast", Text(en="[64, 10] + [64], and [64, 1] - [64]:", zh="[64, 10] + [64]，以及 [64, 1] - [64]："), {
    ((64, 10), (64, 1)): Text(en="[64, 10], and [64, 1]", zh="[64, 10]，以及 [64, 1]"),
    ((64, 10), (64, 64)): Text(en="[64, 10], and [64, 64]", zh="[64, 10]，以及 [64, 64]"),
    (None, (64, 1)): Text(en="an error, and [64, 1]", zh="报错，以及 [64, 1]"),
    (None, (64, 64)): Text(en="an error, and [64, 64]", zh="报错，以及 [64, 64]"),
    (None, None): Text(en="an error, and an error", zh="报错，以及报错"),
})

# %% id="broadcast-run"
def ones(*shape):
    """A tensor of ones: only its shape matters here."""
    return torch.ones(shape)


got = outcomes({
    "[64, 10] + [10]": lambda: ones(64, 10) + ones(10),
    "[64, 10] + [64]": lambda: ones(64, 10) + ones(64),
    "[64, 10] + [64, 1]": lambda: ones(64, 10) + ones(64, 1),
    "[3, 1] + [4]": lambda: ones(3, 1) + ones(4),
    "[2, 1, 5] + [3, 1]": lambda: ones(2, 1, 5) + ones(3, 1),
    "[8, 3, 28, 28] + [3, 1, 1]": lambda: ones(8, 3, 28, 28) + ones(3, 1, 1),
    "[64, 1] - [64]": lambda: ones(64, 1) - ones(64),
})
say(Text(en="stride of a row that acts as three: {stride}", zh="一行当三行用时的步幅：{stride}"), stride=torch.arange(4).expand(3, 4).stride())
reveal("shapes.broadcast", (got["[64, 10] + [64]"], got["[64, 1] - [64]"]))

# %% [markdown] id="broadcast-explain" lang="en"
# **Explain.** `[64, 10] + [64]` fails, because shapes are aligned on the right and 10 meets 64. To add one number per row, say so: `[64, 1]`. The line with `[3, 1, 1]` is how one number per channel meets a batch of pictures.
#
# The last line is the dangerous one. It raises no error: `[64]` becomes `[1, 64]`, then both are stretched, and the "difference" has $64 \cdot 64$ entries. The figure shows what happens.

# %% [markdown] id="broadcast-explain" lang="zh" reviewed="014f5c686039"
# **解释**：`[64, 10] + [64]` 报错，因为形状靠右对齐，10 碰上了 64。想给每一行加一个数，就要写明：`[64, 1]`。带 `[3, 1, 1]` 的那一行，就是每个通道一个数与一批图片相遇的写法。
#
# 最后一行很危险。它不报错：`[64]` 变成 `[1, 64]`，然后两边都被拉伸，“差”就有了 $64 \cdot 64$ 个元素。看下图就知道发生了什么。

# %% id="explore-broadcast" tags=["hide-input"]
OPERANDS = {
    "[3, 1]": torch.tensor([[10], [20], [30]]),
    "[3]": torch.tensor([1, 2, 3]),
    "[4]": torch.tensor([1, 2, 3, 4]),
    "[1, 4]": torch.tensor([[5, 6, 7, 8]]),
    "[3, 4]": torch.arange(12).reshape(3, 4),
    "[]": torch.tensor(100),
}


def draw_broadcast(first, second):
    """The sum of two small tensors, with the entries that are only repeated in white boxes."""
    left, right = OPERANDS[first], OPERANDS[second]
    fig, ax = new_figure(height=2.3)
    ax.axis("off")
    try:
        shape = torch.broadcast_shapes(left.shape, right.shape)
    except RuntimeError:
        draw_cells(ax, torch.atleast_2d(left).tolist(), 0, 4, PALE["blue"])
        draw_cells(ax, torch.atleast_2d(right).tolist(), 6, 4, PALE["blue"])
        ax.set(xlim=(-0.2, 16.2), ylim=(-0.2, 4.4), aspect="equal")
        label(ax, title=Text(en=f"{first} + {second}: an error", zh=f"{first} + {second}：报错"))
        return fig, Text(en=f"{first} + {second} is an error: aligned on the right, two sizes differ and neither is 1.", zh=f"{first} + {second} 报错：靠右对齐后，有一维的两个大小不同，又都不是 1。")
    total = left + right
    sources = []
    for tensor in (left, right):
        wide = torch.atleast_2d(tensor.expand(shape))
        step = wide.stride()
        sources.append((wide.tolist(), lambda row, column, step=step, wide=wide: "white" if (row and not step[0]) or (column and not step[1]) else PALE["blue"]))
    sources.append((torch.atleast_2d(total).tolist(), PALE["orange"]))
    for place, (values, fill) in enumerate(sources):
        draw_cells(ax, values, 6 * place, 4, fill, edge="#757575")
        if place:
            ax.text(6 * place - 1, 2.5, "+" if place == 1 else "=", ha="center", va="center", size=16)
    ax.set(xlim=(-0.2, 16.2), ylim=(0.8, 4.2), aspect="equal")
    label(ax, title=Text(en=f"{first} + {second} gives {list(shape)}", zh=f"{first} + {second} 得到 {list(shape)}"))
    return fig, Text(
        en="{first} + {second}: the first operand {left} and the second {right} are stretched to {shape}; the sum is {total}. White boxes with dashed frames are entries that are only read again.",
        zh="{first} + {second}：第一个 {left} 和第二个 {right} 都被拉伸到 {shape}，和是 {total}。白色虚线框里的元素只是被重复读取。",
    ).format(first=first, second=second, left=left.tolist(), right=right.tolist(), shape=list(shape), total=total.tolist())


explore(draw_broadcast, labels={"first": Text(en="first", zh="第一个"), "second": Text(en="second", zh="第二个")}, first=list(OPERANDS), second=["[3]", *(name for name in OPERANDS if name != "[3]")])

# %% [markdown] id="silent" lang="en"
# The blue boxes are the numbers that exist; the white ones with dashed frames are the same cells, read again. A column that meets a flat vector becomes a whole table: every entry of one against every entry of the other. Try `[3, 4]` with `[3]`, and then with `[3, 1]`.
#
# Now the damage. A network returns scores `[N, 1]`, the data set has targets `[N]`. To make the case clear, let the predictions be **perfect**. **Predict** the mean squared error that the first line prints.

# %% [markdown] id="silent" lang="zh" reviewed="26a19ba28a5d"
# 蓝色方框是真正存在的数，白色虚线框是同样的格子又读了一次。一列碰上一个扁平的向量，就成了一整张表：一边的每个元素对另一边的每个元素。试试 `[3, 4]` 配 `[3]`，再试试配 `[3, 1]`。
#
# 再来看危害。网络返回的得分是 `[N, 1]`，数据集里的目标是 `[N]`。为了看得清楚，假设预测**完全正确**。**预测**第一行会打印出多大的均方误差。

# %% id="silent-predict" tags=["hide-input"]
prediction("shapes.silent", Text(
    en="The targets are 0, 1, ..., 7, the predictions are the same numbers. [N, 1] against [N] gives the mean squared error",
    zh="目标是 0、1、……、7，预测是同样的数。[N, 1] 对 [N]，均方误差是",
), [0, 5.25, 10.5, 84])

# %% id="silent-run"
target = torch.arange(8, dtype=torch.float64)          # [N]: 0, 1, ..., 7
predicted = target.reshape(-1, 1)                      # [N, 1]: the same numbers | 同样的数

say(Text(en="[N, 1] against [N]: {v}", zh="[N, 1] 对 [N]：{v}"), v=digits(((predicted - target) ** 2).mean(), 4))
say(Text(en="[N] against [N]: {v}", zh="[N] 对 [N]：{v}"), v=digits(((predicted.squeeze(1) - target) ** 2).mean(), 4))

guesses = np.linspace(0, 7, 15)
best = min(guesses, key=lambda guess: float(((torch.full((8, 1), guess) - target) ** 2).mean()))
say(Text(en="if all predictions are one number, the best one is {best}, with the error {v}", zh="如果所有预测都取同一个数，最好的是 {best}，误差为 {v}"),
    best=digits(best, 3), v=digits(((torch.full((8, 1), best) - target) ** 2).mean(), 4))
reveal("shapes.silent", round(((predicted - target) ** 2).mean().item(), 6))

# %% [markdown] id="silent-explain" lang="en"
# **Explain.** Perfect predictions get the error 10.5, because each is compared with **all** targets, not only with its own. Predicting the mean 3.5 everywhere gets 5.25, half of it. As every prediction faces the same 8 targets, the best answer is the same for all of them. So training on this loss drives the network to answer the mean of the targets for every input: the loss falls, no error appears, and nothing is learned. (`nn.MSELoss` warns about such sizes; a difference that you write yourself does not.)
#
# The habit that protects you: before you subtract, both shapes must be **equal**, and an assertion says so: `assert predicted.shape == target.shape`.
#
# Used on purpose, the same stretch is a fine tool: it compares everything with everything, without a loop. That is the next exercise.

# %% [markdown] id="silent-explain" lang="zh" reviewed="fd25881d138a"
# **解释**：完全正确的预测，误差却是 10.5，因为每个预测都与**所有**目标相比，而不只是与自己的那个相比。处处预测平均值 3.5，误差是 5.25，只有一半。每个预测面对的都是同样的 8 个目标，最好的回答也就都一样。所以，用这个损失训练，网络会被逼着对任何输入都回答目标的平均值：损失在降，也不报错，却什么也没学到。（`nn.MSELoss` 遇到这样的形状会警告；你自己写的减法不会。）
#
# 能保护你的习惯是：相减之前，两个形状必须**相等**，并且用断言写出来：`assert predicted.shape == target.shape`。
#
# 有意去用，这种拉伸却是件好工具：不写循环，就能让每个元素与每个元素相比。下一道练习就是它。

# %% [markdown] id="pairwise-card" lang="en"
# ### Exercise 3.2: everything against everything
#
# **Difficulty:** 2 of 5. **Time:** 10 minutes.
#
# Write `pairwise(a, b)`. It returns the squared distances between all points of `a` and all points of `b`:
#
# $$\text{result}[n, m] = \sum_d (a[n, d] - b[m, d])^2$$
#
# | value | shape |
# |---|---|
# | `a` | `[N, D]` |
# | `b` | `[M, D]` |
# | result | `[N, M]` |
#
# - No Python loop over points, and none over the `D` coordinates: the number of tensor operations does not depend on the sizes.
# - No square root at the end.
# - The dtype of the result is that of the inputs.
# - It stays exact far from the origin: the points 10000 and 10001 have the squared distance 1, in `float32` too.

# %% [markdown] id="pairwise-card" lang="zh" reviewed="11fdb6cd4634"
# ### 练习 3.2：每一个对每一个
#
# **难度**：2（共 5 级）。**时间**：10 分钟。
#
# 编写 `pairwise(a, b)`，返回 `a` 的每个点与 `b` 的每个点之间距离的平方：
#
# $$\text{result}[n, m] = \sum_d (a[n, d] - b[m, d])^2$$
#
# | 值 | 形状 |
# |---|---|
# | `a` | `[N, D]` |
# | `b` | `[M, D]` |
# | 结果 | `[N, M]` |
#
# - 不用 Python 循环遍历各点，也不遍历 `D` 个坐标：张量运算的次数与各维大小无关。
# - 最后不开平方。
# - 结果的 dtype 与输入相同。
# - 离原点很远时也保持精确：点 10000 与点 10001 之间距离的平方是 1，用 `float32` 也一样。

# %% id="pairwise" tags=["solution"]
def pairwise(a, b):
    """a [N, D], b [M, D] -> squared distances [N, M]."""
    ### BEGIN SOLUTION
    difference = a.unsqueeze(1) - b                   # [N, 1, D] against [M, D] gives [N, M, D] | 得到 [N, M, D]
    return difference.square().sum(dim=2)             # the coordinates are summed up | 对坐标求和
    ### END SOLUTION

# %% id="pairwise-check" tags=["check"]
check("shapes.pairwise")

# %% [markdown] id="nearest" lang="en"
# With the table of all distances many tasks are one line. Here every point asks for its nearest centre: `pairwise(points, centres).argmin(dim=1)`. **Predict** the shape of that answer for 400 points and 4 centres. Then: how many bytes does the tensor of differences take for two sets of 10 000 points with 100 coordinates each, in `float32`?

# %% [markdown] id="nearest" lang="zh" reviewed="897b42889af4"
# 有了所有距离的表，许多任务只要一行。这里每个点都来问：哪个中心离我最近？`pairwise(points, centres).argmin(dim=1)`。**预测**：400 个点、4 个中心，答案是什么形状？再想想：两组各 10 000 个点、每个点 100 个坐标，用 `float32`，装所有差的那个张量要占多少字节？

# %% id="nearest-predict" tags=["hide-input"]
prediction("shapes.nearest", Text(
    en="10000 points against 10000 points, 100 coordinates each: the tensor of all differences takes",
    zh="10000 个点对 10000 个点，每个点 100 个坐标：装所有差的张量要占",
), {
    8: "8 MB",
    400: "400 MB",
    40_000: "40 GB",
})

# %% id="nearest-run"
if solved("shapes.pairwise"):
    generator = torch.Generator().manual_seed(3)
    points = torch.rand(400, 2, generator=generator, dtype=torch.float64)
    centres = torch.tensor([[0.2, 0.3], [0.75, 0.2], [0.35, 0.8], [0.8, 0.7]], dtype=torch.float64)
    nearest = pairwise(points, centres).argmin(dim=1)
    say(Text(en="nearest: {shape}; differences of 10000 against 10000 points: {size} GB; their table: {table} GB",
             zh="nearest：{shape}；10000 个点对 10000 个点的差：{size} GB；距离的表：{table} GB"),
        shape=list(nearest.shape), size=10_000 * 10_000 * 100 * 4 // 10**9, table=10_000 * 10_000 * 4 / 10**9)

    fig, ax = new_figure(height=3.4)
    for number, series in enumerate(SERIES[:4]):
        own = points[nearest == number]
        ax.plot(own[:, 0], own[:, 1], color=series["color"], marker=series["marker"], linestyle="none", markersize=4)
    ax.plot(centres[:, 0], centres[:, 1], "*", color=COLOURS["black"], markersize=15, markeredgecolor="white")
    ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    label(ax, title=Text(en="Every point takes the marker of its nearest centre", zh="每个点的标记由最近的中心决定"))
    show(fig, Text(
        en="400 points in a unit square with four centres (stars). Each point has the marker of its nearest centre; the four groups have {counts} points and straight borders between them.",
        zh="单位正方形里的 400 个点和四个中心（星号）。每个点的标记取自最近的中心；四组各有 {counts} 个点，组与组的边界是直线。",
    ).format(counts=torch.bincount(nearest).tolist()))
    without_numbers = torch.empty(10_000, 1, 100, device="meta") - torch.empty(10_000, 100, device="meta")   # shapes only | 只有形状
    reveal("shapes.nearest", without_numbers.nbytes // 10**6)

# %% [markdown] id="nearest-explain" lang="en"
# **Explain.** One answer per point: `[400]`. But the intermediate tensor `[N, M, D]` is real memory, for a difference has to be stored before it can be squared and summed: 40 GB here, for a table of 0.4 GB. A broadcast input costs nothing; a broadcast **result** costs its full size. For large sets one multiplies the square out, $|a|^2 + |b|^2 - 2\,a \cdot b$, which needs only a matrix product, and pays with digits where points lie far from the origin and close to each other. `torch.cdist` makes this very choice: by default it switches to the product above 25 points.

# %% [markdown] id="nearest-explain" lang="zh" reviewed="0e508e3df56c"
# **解释**：每个点一个答案：`[400]`。但中间的张量 `[N, M, D]` 是要实打实占内存的，因为差要先存下来，才能平方、求和：这里是 40 GB，而最后的表只有 0.4 GB。被广播的**输入**不花内存，广播得到的**结果**却要占足它的大小。点很多时，人们会把平方展开成 $|a|^2 + |b|^2 - 2\,a \cdot b$，只需一次矩阵乘法；代价是，当各点离原点很远而彼此很近时，会丢掉有效数字。`torch.cdist` 做的就是这种取舍：默认情况下，点数超过 25 就改用乘积。

# %% [markdown] id="bmm" lang="en"
# ## 5. Many matrix products at once
#
# A batch of 64 matrices times a batch of 64 matrices is 64 separate products. There are three ways to write them, and they differ in what they allow:
#
# - `torch.bmm(A, B)` is the strict one: exactly three axes, `[B, n, k]` and `[B, k, m]`;
# - `A @ B` (`torch.matmul`) multiplies the **last two** axes and treats all axes before them as batch, which it broadcasts;
# - `torch.einsum` lets you name every axis.
#
# **Predict** each line.

# %% [markdown] id="bmm" lang="zh" reviewed="6bae845062ae"
# ## 5. 一次做许多个矩阵乘法
#
# 一批 64 个矩阵乘以一批 64 个矩阵，是 64 个互不相干的乘积。写法有三种，允许的东西各不相同：
#
# - `torch.bmm(A, B)` 最严格：恰好三维，`[B, n, k]` 和 `[B, k, m]`；
# - `A @ B`（`torch.matmul`）对**最后两维**做乘法，前面的各维都看作批量，并且对它们做广播；
# - `torch.einsum` 让你给每一维起名字。
#
# **预测**每一行。

# %% id="bmm-predict" tags=["hide-input"]
prediction("shapes.bmm", Text(en="[4, 2, 3] times [1, 3, 5], by bmm and by @:", zh="[4, 2, 3] 乘以 [1, 3, 5]，用 bmm 和用 @："), {
    ((4, 2, 5), (4, 2, 5)): Text(en="both give [4, 2, 5]", zh="都得到 [4, 2, 5]"),
    (None, None): Text(en="both raise an error", zh="都报错"),
    (None, (4, 2, 5)): Text(en="bmm raises an error, @ gives [4, 2, 5]", zh="bmm 报错，@ 得到 [4, 2, 5]"),
    ((4, 2, 5), None): Text(en="bmm gives [4, 2, 5], @ raises an error", zh="bmm 得到 [4, 2, 5]，@ 报错"),
})

# %% id="bmm-run"
got = outcomes({
    "bmm [4,2,3] [4,3,5]": lambda: torch.bmm(ones(4, 2, 3), ones(4, 3, 5)),
    "bmm [4,2,3] [1,3,5]": lambda: torch.bmm(ones(4, 2, 3), ones(1, 3, 5)),
    "bmm [4,2,3] [3,5]": lambda: torch.bmm(ones(4, 2, 3), ones(3, 5)),
    "[4,2,3] @ [1,3,5]": lambda: ones(4, 2, 3) @ ones(1, 3, 5),
    "[4,2,3] @ [3,5]": lambda: ones(4, 2, 3) @ ones(3, 5),
    "[7,1,2,3] @ [4,3,5]": lambda: ones(7, 1, 2, 3) @ ones(4, 3, 5),
    "[4,2,3] @ [4,2,3]": lambda: ones(4, 2, 3) @ ones(4, 2, 3),
    "[4,2,3] @ [4,2,3].mT": lambda: ones(4, 2, 3) @ ones(4, 2, 3).mT,
})
reveal("shapes.bmm", (got["bmm [4,2,3] [1,3,5]"], got["[4,2,3] @ [1,3,5]"]))

# %% [markdown] id="bmm-explain" lang="en"
# **Explain.** `bmm` refuses to broadcast, even a batch axis of size 1. That can be a virtue: a batch that is missing by mistake is reported. `@` is generous: `[7, 1]` and `[4]` become the batch `[7, 4]`.
#
# To turn the matrices of a batch round, swap the **last two** axes: `x.mT`, or `x.transpose(-2, -1)`. The old `x.T` reverses all axes, the batch among them; for more than two axes PyTorch warns against it. And `x.reshape(4, 3, 2)` is no transpose at all, as section 2 showed.
#
# ### Name the axes: `einsum`
#
# `torch.einsum("bnk,bkm->bnm", A, B)` spells the product out. A letter that stands in several inputs is matched up there; a letter that is missing on the right is **summed over**. **Predict** the shape of each line, for `x` of shape `[4, 2, 3]` and `s` of shape `[3, 3]`, and say in words what it computes.

# %% [markdown] id="bmm-explain" lang="zh" reviewed="3667c3a6d3b7"
# **解释**：`bmm` 拒绝广播，连大小为 1 的批量维也不行。这有时是优点：不小心漏了批量，它会报出来。`@` 则很宽厚：`[7, 1]` 和 `[4]` 合成批量 `[7, 4]`。
#
# 要把一批矩阵各自转置，就对调**最后两维**：`x.mT`，或 `x.transpose(-2, -1)`。旧的 `x.T` 会把所有维都倒过来，连批量也在内；多于两维时，PyTorch 会警告。而 `x.reshape(4, 3, 2)` 根本不是转置，第 2 节已经看到了。
#
# ### 给维起名字：`einsum`
#
# `torch.einsum("bnk,bkm->bnm", A, B)` 把乘积写明了。同一个字母出现在几个输入里，那几维就对应起来；右边没有的字母，就**对它求和**。**预测**每一行的形状，其中 `x` 的形状是 `[4, 2, 3]`，`s` 的形状是 `[3, 3]`，再用话说说它算的是什么。

# %% id="bmm-explain-predict" tags=["hide-input"]
prediction("shapes.einsum", Text(
    en='The shape of torch.einsum("bnd,bmd->bnm", x, x) for x of shape [4, 2, 3]:',
    zh='x 的形状是 [4, 2, 3]，torch.einsum("bnd,bmd->bnm", x, x) 的形状是：',
), {
    (4, 2): "[4, 2]",
    (4, 2, 2): "[4, 2, 2]",
    (4, 3, 3): "[4, 3, 3]",
    None: Text(en="an error", zh="报错"),
})

# %% id="einsum-run"
x = torch.arange(24.0).reshape(4, 2, 3)
s = torch.arange(9.0).reshape(3, 3)
EQUATIONS = {
    "bnd->bdn": ((x,), x.mT),
    "bnd->nd": ((x,), x.sum(0)),
    "ii->": ((s,), s.trace()),
    "bnd,bnd->bn": ((x, x), (x * x).sum(2)),
    "bnd,bmd->bnm": ((x, x), x @ x.mT),
    "bni,ij->bnj": ((x, s), x @ s),
}
say(Text(en="equation, shape, equal to the usual way of writing it?", zh="式子，形状，与通常的写法相等吗？"))
for equation, (inputs, usual) in EQUATIONS.items():
    result = torch.einsum(equation, *inputs)
    print(f"{equation:14}{list(result.shape)!s:12}{torch.allclose(result, usual)}")
reveal("shapes.einsum", tuple(torch.einsum("bnd,bmd->bnm", x, x).shape))

# %% [markdown] id="einsum-explain" lang="en"
# **Explain.** In order: transposed matrices; the sum over the batch; the trace (one letter twice reads the diagonal); the dot product of each row with itself, where `n` is matched; the dot products of each row with **every** row, where `n` and `m` are free of each other; a linear layer without bias. Compare the fourth and the fifth: one letter decides between `[4, 2]` and `[4, 2, 2]`. That is the strength of `einsum`: what you mean is on the page.

# %% [markdown] id="einsum-explain" lang="zh" reviewed="dea304af1352"
# **解释**：依次是：各矩阵的转置；对批量求和；矩阵的迹（同一个字母写两次，读的是对角线）；每一行与它自己的点积，`n` 是对应的；每一行与**每一行**的点积，`n` 和 `m` 各走各的；不带偏置的线性层。比较第四个和第五个：一个字母之差，就是 `[4, 2]` 与 `[4, 2, 2]` 之别。这正是 `einsum` 的长处：想算什么，纸面上一清二楚。

# %% [markdown] id="match_scores-card" lang="en"
# ### Exercise 3.3: match scores
#
# **Difficulty:** 3 of 5. **Time:** 15 minutes.
#
# In every sample `b`, each query `n` is compared with each key `m`. The comparison is weighted by a matrix `w`:
#
# $$\text{result}[b, n, m] = \sum_{i, j} q[b, n, i] \; w[i, j] \; k[b, m, j]$$
#
# Write `match_scores(q, w, k)`. (This is the heart of *attention*, with which networks learned to translate.)
#
# | value | shape |
# |---|---|
# | `q` | `[B, N, I]` |
# | `w` | `[I, J]` |
# | `k` | `[B, M, J]`, or `[1, M, J]` or `[M, J]` where all samples share the same keys |
# | result | `[B, N, M]` |
#
# - No Python loop over the samples, and none over queries or keys.
# - It works for inputs that are not contiguous.

# %% [markdown] id="match_scores-card" lang="zh" reviewed="c8b4c44155ed"
# ### 练习 3.3：匹配得分
#
# **难度**：3（共 5 级）。**时间**：15 分钟。
#
# 在每个样本 `b` 里，每个查询 `n` 都要与每个键 `m` 比较，比较时用矩阵 `w` 加权：
#
# $$\text{result}[b, n, m] = \sum_{i, j} q[b, n, i] \; w[i, j] \; k[b, m, j]$$
#
# 编写 `match_scores(q, w, k)`。（这就是*注意力*的核心，网络靠它学会了翻译。）
#
# | 值 | 形状 |
# |---|---|
# | `q` | `[B, N, I]` |
# | `w` | `[I, J]` |
# | `k` | `[B, M, J]`；若所有样本共用同样的键，则是 `[1, M, J]` 或 `[M, J]` |
# | 结果 | `[B, N, M]` |
#
# - 不用 Python 循环遍历样本，也不遍历查询或键。
# - 输入不连续时也能用。

# %% id="match_scores" tags=["solution"]
def match_scores(q, w, k):
    """q [B, N, I], w [I, J], k [B, M, J] or [1, M, J] or [M, J] -> [B, N, M]."""
    ### BEGIN SOLUTION
    weighted = q @ w                                  # [B, N, J]: w has no batch axis, so it is broadcast | w 没有批量维，于是被广播
    return weighted @ k.mT                            # [B, N, J] @ [.., J, M]
    ### END SOLUTION

# %% id="match_scores-check" tags=["check"]
check("shapes.match_scores")

# %% [markdown] id="back" lang="en"
# ## 6. The way back through a broadcast
#
# Lesson 01 left its network without biases, and here is why they are interesting. In `x + b` with `x` of shape `[3, 2]` and `b` of shape `[2]`, each entry of `b` is read three times, once per row. When it moves, three entries of the result move with it. From lesson 01: **where a value is used several times, its gradients add up.**
#
# The next cell makes the result `y = x + b` count in a loss with the weights `g`, so that `g` is the upstream gradient of `y`. It raises one entry of `b` after the other by 1 and looks at what the loss does. (The loss is linear in `b`, so a step of 1 is as good as a tiny one.) **Predict** from `g` by how much it rises.

# %% [markdown] id="back" lang="zh" reviewed="e7f2b76b87e4"
# ## 6. 广播的反向
#
# 第 01 课的网络没有偏置，而偏置有趣就有趣在这里。在 `x + b` 中，`x` 的形状是 `[3, 2]`，`b` 的形状是 `[2]`，`b` 的每个元素都被读了三次，每行一次。它一动，结果里就有三个元素跟着动。第 01 课说过：**一个值被多次使用，它的各份梯度就要相加。**
#
# 下一个单元格让结果 `y = x + b` 按权重 `g` 计入损失，于是 `g` 就是 `y` 的上游梯度。它把 `b` 的元素依次加 1，看看损失怎么变。（损失对 `b` 是线性的，走 1 和走一小步一样准。）**预测**：根据 `g`，损失会增加多少？

# %% id="back-predict" tags=["hide-input"]
prediction("shapes.back", Text(
    en="g has the rows (0.5, -1), (2, 0.25) and (-3, 4). b[1] + 1 makes the loss rise by",
    zh="g 的三行是 (0.5, -1)、(2, 0.25) 和 (-3, 4)。b[1] 加 1，损失增加",
), [-1, 1.08, 2.25, 3.25])

# %% id="back-run"
g = torch.tensor([[0.5, -1.0], [2.0, 0.25], [-3.0, 4.0]])
y_before = (g * (torch.zeros(3, 2) + torch.zeros(2))).sum()
for place in range(2):
    nudge = torch.zeros(2)
    nudge[place] = 1.0
    rise = (g * (torch.zeros(3, 2) + nudge)).sum() - y_before
    say(Text(en="b[{place}] + 1: the loss rises by {rise}", zh="b[{place}] 加 1：损失增加 {rise}"), place=place, rise=digits(rise, 4))
say(Text(en="column sums of g: {sums}", zh="g 各列之和：{sums}"), sums=g.sum(dim=0).tolist())
reveal("shapes.back", round(rise.item(), 2))

# %% [markdown] id="back-explain" lang="en"
# **Explain.** The gradient of `b` is the sum of `g` over the rows. In general: **forward a broadcast repeats, backward it sums, over exactly the axes that were repeated.** There are two kinds of them:
#
# 1. axes that were **put in front** because the shape was shorter: sum over them and drop them;
# 2. axes that had **size 1** and were stretched: sum over them and keep the size 1.
#
# At the end the gradient has the shape of its variable again, as it always must. Three cases by hand. The gradient $g$ of shape `[2, 3]` has the rows $(1, 2, 3)$ and $(10, 20, 30)$. Back to `[3]` it is $(11, 22, 33)$; back to `[2, 1]` it is the column of $6$ and $60$; back to `[1, 1]` it is $66$.

# %% [markdown] id="back-explain" lang="zh" reviewed="61463c1b86fa"
# **解释**：`b` 的梯度就是 `g` 对各行求和。一般说来：**广播在前向时是重复，反向时就是求和，求和的恰好是被重复的那些维。** 这样的维有两种：
#
# 1. 因为形状较短而**补在前面**的维：对它们求和，并把它们去掉；
# 2. **大小为 1** 而被拉伸的维：对它们求和，并保留大小 1。
#
# 最后，梯度又与它的变量同形，本来就必须如此。手算三个例子。梯度 $g$ 的形状是 `[2, 3]`，两行是 $(1, 2, 3)$ 和 $(10, 20, 30)$。回到 `[3]`，是 $(11, 22, 33)$；回到 `[2, 1]`，是 $6$ 和 $60$ 组成的一列；回到 `[1, 1]`，是 $66$。

# %% [markdown] id="unbroadcast-card" lang="en"
# ### Exercise 3.4: back to the shape it came from
#
# **Difficulty:** 3 of 5. **Time:** 15 minutes.
#
# Write `unbroadcast(grad, shape)`. A tensor of the shape `shape` was broadcast to the shape of `grad`; `grad` is the gradient that arrives there. Return the gradient of the small tensor.
#
# | value | shape |
# |---|---|
# | `grad` | any that `shape` can be broadcast to |
# | `shape` | a tuple of sizes; `()` for a scalar |
# | result | `shape` |
#
# - Where nothing was broadcast, the gradient comes back with the same values.
# - `grad` itself is left as it was.
# - PyTorch has a method for this, `sum_to_size`. Here you write it yourself: one point is for that.

# %% [markdown] id="unbroadcast-card" lang="zh" reviewed="607e45d64084"
# ### 练习 3.4：回到原来的形状
#
# **难度**：3（共 5 级）。**时间**：15 分钟。
#
# 编写 `unbroadcast(grad, shape)`。一个形状为 `shape` 的张量被广播成了 `grad` 的形状；`grad` 是传到那里的梯度。返回那个小张量的梯度。
#
# | 值 | 形状 |
# |---|---|
# | `grad` | `shape` 能广播成的任何形状 |
# | `shape` | 由各维大小组成的元组；标量则是 `()` |
# | 结果 | `shape` |
#
# - 没有发生广播时，返回的梯度数值不变。
# - `grad` 本身保持原样。
# - PyTorch 里有现成的方法 `sum_to_size`。这里请自己写，这一项单独占一分。

# %% id="unbroadcast" tags=["solution"]
def unbroadcast(grad, shape):
    """grad, and the shape of the tensor that was broadcast to grad.shape -> the gradient of that tensor."""
    ### BEGIN SOLUTION
    for _ in range(grad.ndim - len(shape)):
        grad = grad.sum(dim=0)                            # an axis that was put in front | 补在前面的维
    for axis, size in enumerate(shape):
        if size == 1:
            grad = grad.sum(dim=axis, keepdim=True)       # an axis that was stretched | 被拉伸的维
    return grad
    ### END SOLUTION

# %% id="unbroadcast-check" tags=["check"]
check("shapes.unbroadcast")

# %% [markdown] id="autograd-agrees" lang="en"
# In lesson 05 you build your own gradient engine, and a function like this one is what lets it add a bias. How far does it carry already? Below, three formulas are broadcast in different ways. `torch.autograd.grad` asks PyTorch for the true gradient (lesson 04 explains how it gets it); yours needs the gradient that arrives at the large shape, and `unbroadcast`.

# %% [markdown] id="autograd-agrees" lang="zh" reviewed="b8d8f34a9449"
# 第 05 课里你要自己搭一个求梯度的引擎，正是有了这样一个函数，它才加得了偏置。它现在能用到什么程度？下面三个式子，广播的方式各不相同。`torch.autograd.grad` 向 PyTorch 要真正的梯度（它怎么得到的，第 04 课再讲）；你这边只需要传到大形状处的梯度，再加上 `unbroadcast`。

# %% id="autograd-agrees-run"
if solved("shapes.unbroadcast"):
    generator = torch.Generator().manual_seed(5)

    def draw(*shape):
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    say(Text(en="formula, shape of the gradient, largest gap to PyTorch's below 1e-12?", zh="式子，梯度的形状，与 PyTorch 的最大差距小于 1e-12 吗？"))
    for name, big, small in (("x + b", (64, 10), (10,)), ("x * scale", (8, 3, 5, 5), (3, 1, 1)), ("x * c", (4, 6), ())):
        x_values, upstream = draw(*big), draw(*big)
        variable = draw(*small).requires_grad_()
        result = x_values + variable if "+" in name else x_values * variable
        (true_gradient,) = torch.autograd.grad(result, variable, upstream)
        arriving = upstream if "+" in name else upstream * x_values       # the local slope of * is the other factor | 乘法的局部斜率是另一个因子
        own = unbroadcast(arriving, small)
        print(f"{name:12}{list(own.shape)!s:12}{bool((own - true_gradient).abs().max() < 1e-12)}")

# %% id="my-predictions" tags=["hide-input"]
predictions("shapes")

# %% [markdown] id="summary" lang="en"
# ## Summary
#
# - A tensor is a strip of numbers and a label: shape, stride, offset. Views are new labels on the old strip; what you write through one, all of them see.
# - `view` relabels or refuses; `reshape` relabels or copies. Neither changes the order of reading. To change the order of axes: `permute`, `transpose`, `movedim`, `mT`.
# - `-1` checks nothing but divisibility. Keep the batch with `flatten(1)`.
# - Name the axis in `squeeze(dim)`. `cat` joins along an old axis, `stack` along a new one.
# - Broadcasting: align on the right, fill up with 1, sizes equal or 1. A result as large as a table is a cost, and by mistake a silent bug: `[N, 1]` against `[N]`.
# - `bmm` is strict, `@` broadcasts the batch, `einsum` names the axes.
# - Forward repeats, backward sums.
#
# ### Common confusions
#
# | it looks like | but |
# |---|---|
# | `x.reshape(3, 4)` transposes a `[4, 3]` | it keeps the order of reading; only `x.T` transposes |
# | `view(-1, 320)` gives a flat vector | it gives a matrix `[?, 320]`, whose first size nobody has checked |
# | the loss falls, so the shapes are right | `[N, 1]` minus `[N]` trains as well, towards the mean |
# | `expand` and `repeat` do the same | `expand` makes a view with the stride 0, `repeat` copies |
# | layers of `torch.nn` always need a batch axis | many do not, but `flatten(1)` silently takes axis 0 for the batch |
#
# ### Can you answer these without looking?
#
# 1. `x` is contiguous, of shape `[6, 5, 4]`. What is its stride? And that of `x.transpose(0, 2)`?
# 2. Which shape has `[5, 1, 3] + [4, 1]`? To which shapes are the gradients summed back?
# 3. The training set has 60033 samples, the batch size is 64, and the program stops at the very end of the first epoch. What do you look for first?
#
# <details><summary>Answers</summary>
#
# 1. `(20, 4, 1)`, and `(1, 4, 20)`.
# 2. `[5, 4, 3]`; back to `[5, 1, 3]` by a sum over axis 1, and to `[4, 1]` by sums over axis 0 and axis 2.
# 3. $60033 = 938 \cdot 64 + 1$, so the last batch holds a single sample. The first suspect is a bare `squeeze()`, the second a size that is written into the code, as in `view(64, -1)`.
#
# </details>

# %% [markdown] id="summary" lang="zh" reviewed="04e7f9a7465f"
# ## 小结
#
# - 张量就是一条数字加一张标签：形状、步幅、偏移。视图是旧格子上的新标签；通过一个视图写入，所有视图都看得到。
# - `view` 要么换标签，要么拒绝；`reshape` 要么换标签，要么复制。两者都不改变读取的次序。要改变维的次序，用 `permute`、`transpose`、`movedim`、`mT`。
# - 除了能否整除，`-1` 什么也不检查。用 `flatten(1)` 保住批量。
# - `squeeze(dim)` 要写明是哪一维。`cat` 沿旧的维拼接，`stack` 沿新的维拼接。
# - 广播：靠右对齐，补 1，大小相等或为 1。结果大如一张表，要花内存；若是无意的，就是不声不响的错误：`[N, 1]` 对 `[N]`。
# - `bmm` 严格，`@` 会广播批量，`einsum` 给维起名字。
# - 前向重复，反向求和。
#
# ### 容易混淆之处
#
# | 看上去 | 其实 |
# |---|---|
# | `x.reshape(3, 4)` 把 `[4, 3]` 转置了 | 读取的次序没变；`x.T` 才是转置 |
# | `view(-1, 320)` 得到扁平的向量 | 得到的是矩阵 `[?, 320]`，第一个大小没有人检查过 |
# | 损失在降，所以形状没问题 | `[N, 1]` 减 `[N]` 也照样训练，只是朝着平均值去 |
# | `expand` 和 `repeat` 做的是同一件事 | `expand` 得到步幅为 0 的视图，`repeat` 会复制 |
# | `torch.nn` 的层一定要有批量维 | 许多层不需要，但 `flatten(1)` 会悄悄把第 0 维当作批量 |
#
# ### 不看上文，你能答出来吗？
#
# 1. `x` 连续，形状是 `[6, 5, 4]`。它的步幅是多少？`x.transpose(0, 2)` 的呢？
# 2. `[5, 1, 3] + [4, 1]` 是什么形状？梯度各要加回到什么形状？
# 3. 训练集有 60033 个样本，批量大小是 64，程序在第一轮快结束时停了下来。先查什么？
#
# <details><summary> 答案 </summary>
#
# 1. `(20, 4, 1)` 和 `(1, 4, 20)`。
# 2. `[5, 4, 3]`；对第 1 维求和，回到 `[5, 1, 3]`；对第 0 维和第 2 维求和，回到 `[4, 1]`。
# 3. $60033 = 938 \cdot 64 + 1$，最后一批只有一个样本。头号嫌疑是不带参数的 `squeeze()`，其次是写死在代码里的大小，比如 `view(64, -1)`。
#
# </details>

# %% [markdown] id="next" lang="en"
# ## What is next
#
# In **lesson 04** PyTorch records the computation graph by itself and does the summing for you. In **lesson 05** you write an engine of your own, and the sum over repeated axes goes into it. `flatten(1)` comes back between the convolutions and the linear layers of **lesson 11**.
#
# ### Further reading
#
# - The PyTorch documentation: the notes *Broadcasting semantics* and *Tensor Views*, and the page of `torch.einsum`.
# - E. Yang, *PyTorch internals*, 2019: strides and storage, drawn by one of PyTorch's authors.
# - C. Harris and others, *Array programming with NumPy*, Nature, 2020: where strides and broadcasting come from.
# - S. Rush, *Tensor Puzzles*: small riddles about broadcasting, for those who want more.

# %% [markdown] id="next" lang="zh" reviewed="945d40f98096"
# ## 接下来
#
# 到了**第 04 课**，PyTorch 会自己记录计算图，替你做这些求和。**第 05 课**里你要写一个自己的引擎，“对重复的维求和”就要写进去。`flatten(1)` 会在**第 11 课**的卷积部分与线性层之间再次出现。
#
# ### 延伸阅读
#
# - PyTorch 文档：*Broadcasting semantics* 和 *Tensor Views* 两篇说明，以及 `torch.einsum` 的页面。
# - E. Yang，*PyTorch internals*，2019：PyTorch 的作者之一画出来的步幅与存储。
# - C. Harris 等，*Array programming with NumPy*，Nature，2020：步幅与广播的由来。
# - S. Rush，*Tensor Puzzles*：关于广播的小谜题，给还想多练的人。
