# %% [markdown] id="title" lang="en"
# # Lesson 07. nn.Module and parameters
#
# For six lessons you have carried the weights around by hand: into the forward pass, into the optimiser, into the update. With two of them that is instructive, with two hundred it is hopeless. `nn.Module` is PyTorch's way of keeping a model's things together: its parameters, its layers, its mode. It is not magic either. It is a class that looks at what you assign to `self`, and keeps a list.
#
# **After this lesson you can**
#
# - write a layer whose parameters are found, saved and trained like those of `nn.Linear`;
# - build models from layers, read their printed form and name every parameter in them;
# - count and freeze parameters, with shared ones and buffers treated rightly;
# - look into a running network with hooks, and take them out again.
#
# **Time:** about 110 minutes, 60 of them for the four exercises.
#
# **You need:** lessons 04 and 06.
#
# **Created** 2026-11, last updated 2026-11, last verified 2026-11 with torch 2.13; all cells together run in about 5 seconds on two CPU cores.
#
# **Licence:** the text is CC BY 4.0, the code is MIT.

# %% [markdown] id="title" lang="zh" reviewed="d1398c6376ad"
# # 第 07 课：nn.Module 与参数
#
# 整整六课，权重都是你亲手带着走的：带进前向传播，带进优化器，带进更新。两个权重，这样做有启发；两百个，就没法过日子了。`nn.Module` 是 PyTorch 把一个模型的家当收在一起的办法：参数、层、模式。它也不是魔法，只是一个类，会留意你给 `self` 赋了什么值，并记在名单上。
#
# **学完本课，你能够**
#
# - 写一个层，它的参数能像 `nn.Linear` 的那样被找到、保存和训练；
# - 用层搭建模型，读懂它打印出来的样子，说出其中每个参数的名字；
# - 统计和冻结参数，并正确对待共享的参数和缓冲区；
# - 用钩子观察运行中的网络，用完再取下来。
#
# **时间**：约 110 分钟，其中四道练习占 60 分钟。
#
# **需要的基础**：第 04 课和第 06 课。
#
# **编写**于 2026-11，最近更新于 2026-11，最近一次用 torch 2.13 验证于 2026-11；所有单元格加起来，在两个 CPU 核上约需运行 5 秒。
#
# **许可**：文字采用 CC BY 4.0，代码采用 MIT。

# %% id="imports" tags=["setup"]
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from course_lib import COLOURS, Edge, Node, Text, check, computation_graph, digits, explore, label, new_figure, pick_device, prediction, predictions, reveal, say, show, solved

# %% [markdown] id="register" lang="en"
# ## 1. What a module notices
#
# A model is a class that inherits from `nn.Module`: `__init__` makes its parts, `forward` says how they work together. Three things are noticed and registered: an `nn.Parameter`, another `nn.Module`, and what you hand to `register_buffer`. Everything else is an ordinary attribute. **Predict** which names the four lists of the next cell contain.

# %% [markdown] id="register" lang="zh" reviewed="7b66425a8e4c"
# ## 1. 模块会留意什么
#
# 模型是一个继承自 `nn.Module` 的类：`__init__` 创建各个部件，`forward` 说明它们怎样配合。有三种东西会被留意并登记：`nn.Parameter`、另一个 `nn.Module`，以及交给 `register_buffer` 的张量。其他的都只是普通属性。**预测**下一个单元格里的四个列表各有哪些名字。

# %% id="register-predict" tags=["hide-input"]
prediction("modules.registered", Text(en="Which does named_parameters() list: self.forgotten, a tensor that requires a gradient, or the layer in the list self.hidden?", zh="named_parameters() 会列出哪些：要求梯度的张量 self.forgotten？列表 self.hidden 里的层？"), {
    (True, True): Text(en="both", zh="两者都列"),
    (True, False): Text(en="only self.forgotten", zh="只列 self.forgotten"),
    (False, True): Text(en="only the layer in self.hidden", zh="只列 self.hidden 里的层"),
    (False, False): Text(en="neither", zh="两者都不列"),
})

# %% id="register-run"
class Example(nn.Module):
    def __init__(self):
        super().__init__()                                   # first of all, or nothing can be registered | 先做这个，否则没法登记
        self.scale = nn.Parameter(torch.ones(3))             # a parameter | 参数
        self.layer = nn.Linear(3, 2)                         # a module with parameters of its own | 自带参数的模块
        self.register_buffer("mean", torch.zeros(3))         # belongs to the model, is not trained | 属于模型，但不训练
        self.forgotten = torch.ones(3, requires_grad=True)   # just a tensor | 只是个张量
        self.hidden = [nn.Linear(2, 2)]                      # a list: nobody looks inside | 列表：没有人往里看

    def forward(self, x):
        return F.relu(self.layer((x - self.mean) * self.scale))


example = Example()
print("parameters", [name for name, _ in example.named_parameters()])
print("modules   ", [name for name, _ in example.named_modules()])
print("buffers   ", [name for name, _ in example.named_buffers()])
print("state_dict", list(example.state_dict()))
listed = [name for name, _ in example.named_parameters()]
reveal("modules.registered", ("forgotten" in listed, any(name.startswith("hidden") for name in listed)))

# %% [markdown] id="register-explain" lang="en"
# **Explain.** `forgotten` and the layer in `hidden` are in none of the lists. The forward pass could use them, and would even give them gradients. But `model.parameters()` does not know them: no optimiser moves them, `state_dict` does not save them, `.to(device)` leaves them behind. Nothing raises an error; they simply never learn. For lists there are `nn.ModuleList` and `nn.ParameterList`, and `nn.Sequential`.
#
# The dot in `layer.weight` is the path: modules nest, as deep as you like, and each name says where a thing hangs.
#
# What the lists are good for: `model.to(device)` goes through them and moves what it finds. As a rule each parameter stays the same object and only gets other memory behind it, so the line needs no assignment; a tensor does need one (`x = x.to(device)`). And because the lists are complete, a whole model can be saved and loaded (lesson 13), or exported for other programs (`torch.export`, ONNX).
#
# In older programs you will meet `super(Net, self).__init__()`, for which `super().__init__()` is enough today. They also like to call a tensor `input`, which hides Python's own function of that name.

# %% [markdown] id="register-explain" lang="zh" reviewed="a7e77a9864b8"
# **解释**：`forgotten` 和 `hidden` 里的层不在任何一个列表中。前向传播可以用它们，它们甚至会得到梯度。但 `model.parameters()` 不认识它们：没有优化器会去更新，`state_dict` 不保存，`.to(device)` 也不带它们走。什么都不会报错，它们只是永远学不到东西。要放列表，请用 `nn.ModuleList`、`nn.ParameterList`，或者 `nn.Sequential`。
#
# `layer.weight` 里的点表示路径：模块可以层层嵌套，名字说明了东西挂在哪里。
#
# 这些名单有什么用？`model.to(device)` 就是照着它们逐个搬的。一般来说，每个参数仍是原来的对象，只是换了一块内存，所以这一行不用赋值；对张量则必须赋值（`x = x.to(device)`）。而且名单既然齐全，整个模型就可以保存和加载（第 13 课），也可以导出给别的程序用（`torch.export`、ONNX）。
#
# 旧程序里会遇到 `super(Net, self).__init__()`，现在写 `super().__init__()` 就够了。它们还常把张量取名 `input`，盖住了 Python 自带的同名函数。

# %% id="draw-tree" tags=["hide-input"]
def draw_tree(model, title):
    """The tree of a model: modules as grey boxes, parameters and buffers as blue ones."""
    nodes, edges = {"model": Node(type(model).__name__, "function")}, []
    for path, module in model.named_modules():
        if path:
            parent = path.rpartition(".")[0] or "model"
            nodes[path] = Node(f"{path.rpartition('.')[2]}\n{type(module).__name__}", "function")
            edges.append(Edge(parent, path))
        for name, tensor in [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]:
            full = f"{path}.{name}" if path else name
            nodes[full] = Node(f"{name}\n{list(tensor.shape)}")
            edges.append(Edge(path or "model", full))
    fig, ax = computation_graph(nodes, edges)
    label(ax, title=title)
    return fig, "; ".join(f"{edge.start} → {edge.end}" for edge in edges)


fig, words_of_tree = draw_tree(example, Text(en="What Example knows of itself", zh="Example 所知道的自己"))
show(fig, Text(
    en="A tree: below the model hang {n} boxes, of modules, parameters and buffers. Each arrow leads from owner to owned: {t}.",
    zh="一棵树：模型下面挂着 {n} 个方框，有模块、参数和缓冲区。每个箭头从拥有者指向被拥有者：{t}。",
).format(n=words_of_tree.count(";") + 1, t=words_of_tree))

# %% [markdown] id="linear" lang="en"
# ## 2. A layer from scratch
#
# `nn.Linear(in_features, out_features)` computes $y = x W^T + b$. It keeps its weight as `[out, in]`, one row for each output, which is the transpose of what lesson 01 did. (Each row is then one unit with its incoming weights.) `bias=False` leaves out the second term; `device` and `dtype` say where and in what precision the parameters are made.
#
# It works along the **last** dimension, whatever stands before it: a batch `[N, in]`, one sample `[in]`, or `[N, T, in]`. Many texts claim that `torch.nn` supports mini-batches only. **Predict** which of the layers below accept a sample without a batch.

# %% [markdown] id="linear" lang="zh" reviewed="fe77b32e6a34"
# ## 2. 从零写一个层
#
# `nn.Linear(in_features, out_features)` 计算 $y = x W^T + b$。它的权重形状是 `[out, in]`，每个输出一行，是第 01 课写法的转置。（这样每一行就是一个单元和它的输入权重。）`bias=False` 去掉第二项；`device` 和 `dtype` 说明参数建在哪里、用什么精度。
#
# 它沿着**最后**一维计算，前面是什么都行：一批 `[N, in]`、一个样本 `[in]`，或者 `[N, T, in]`。许多资料说 `torch.nn` 只支持小批量。**预测**下面哪些层接受没有批量维的样本。

# %% id="linear-predict" tags=["hide-input"]
prediction("modules.unbatched", Text(en="Which of Linear, Conv2d, MaxPool2d and BatchNorm2d accept a sample without a batch?", zh="Linear、Conv2d、MaxPool2d、BatchNorm2d 中，哪些接受没有批量维的样本？"), {
    ("Linear",): Text(en="only Linear", zh="只有 Linear"),
    ("Linear", "MaxPool2d"): Text(en="Linear and MaxPool2d", zh="Linear 和 MaxPool2d"),
    ("Linear", "Conv2d", "MaxPool2d"): Text(en="all but BatchNorm2d", zh="除 BatchNorm2d 以外都接受"),
    ("Linear", "Conv2d", "MaxPool2d", "BatchNorm2d"): Text(en="all four", zh="四个都接受"),
})

# %% id="unbatched-run"
accepted = []
for name, layer, sample in (
    ("Linear(3, 2)", nn.Linear(3, 2), torch.ones(3)), ("Conv2d(1, 6, 5)", nn.Conv2d(1, 6, 5), torch.ones(1, 32, 32)),
    ("MaxPool2d(2)", nn.MaxPool2d(2), torch.ones(1, 32, 32)), ("BatchNorm2d(1)", nn.BatchNorm2d(1), torch.ones(1, 32, 32)),
):
    try:
        print(f"{name:16}{tuple(sample.shape)!s:14}-> {tuple(layer(sample).shape)}")
        accepted.append(type(layer).__name__)
    except ValueError as error:
        print(f"{name:16}{tuple(sample.shape)!s:14}-> ValueError: {error}")
reveal("modules.unbatched", tuple(accepted))

# %% [markdown] id="unbatched-explain" lang="en"
# **Explain.** Most layers accept both. `BatchNorm2d` does not: a statistic over the batch needs one. And a model may refuse for reasons of its own, when its `forward` flattens from dimension 1 on. `unsqueeze(0)` makes a batch of one of any sample, and is always safe.

# %% [markdown] id="unbatched-explain" lang="zh" reviewed="6d59c0bdbcc0"
# **解释**：大多数层两种都收。`BatchNorm2d` 不收：对批量做统计，得有批量才行。模型也可能出于自己的原因拒绝，比如它的 `forward` 从第 1 维起展平。`unsqueeze(0)` 能把任何样本变成只有一个样本的批量，总是稳妥的。

# %% [markdown] id="linear-card" lang="en"
# ### Exercise 7.1: your own Linear
#
# **Difficulty:** 2 of 5. **Time:** 15 minutes.
#
# Write the class `MyLinear(nn.Module)` so that it can stand wherever an `nn.Linear` stands.
#
# - `__init__(self, d_in, d_out, bias=True, dtype=None)`: parameters `weight` `[d_out, d_in]` and `bias` `[d_out]` in that dtype. With `bias=False`, `self.bias` is `None`. Initial values: uniform between $-1/\sqrt{d_{in}}$ and $+1/\sqrt{d_{in}}$.
# - `forward(self, x)`: `[..., d_in]` to `[..., d_out]`.
# - Each can load the other's `state_dict`.

# %% [markdown] id="linear-card" lang="zh" reviewed="99caf706ac52"
# ### 练习 7.1：自己的 Linear
#
# **难度**：2（共 5 级）。**时间**：15 分钟。
#
# 编写类 `MyLinear(nn.Module)`，凡是能放 `nn.Linear` 的地方都能放它。
#
# - `__init__(self, d_in, d_out, bias=True, dtype=None)`：参数 `weight` `[d_out, d_in]` 和 `bias` `[d_out]`，用指定的 dtype。`bias=False` 时，`self.bias` 为 `None`。初始值：在 $-1/\sqrt{d_{in}}$ 与 $+1/\sqrt{d_{in}}$ 之间均匀分布。
# - `forward(self, x)`：由 `[..., d_in]` 到 `[..., d_out]`。
# - 两者能互相加载对方的 `state_dict`。

# %% id="MyLinear" tags=["solution"]
class MyLinear(nn.Module):
    """y = x @ weight.T + bias, interchangeable with nn.Linear."""

    ### BEGIN SOLUTION
    def __init__(self, d_in, d_out, bias=True, dtype=None):
        super().__init__()
        bound = 1 / math.sqrt(d_in)
        self.weight = nn.Parameter(torch.empty(d_out, d_in, dtype=dtype).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(d_out, dtype=dtype).uniform_(-bound, bound)) if bias else None

    def forward(self, x):
        out = x @ self.weight.T
        return out if self.bias is None else out + self.bias
    ### END SOLUTION

# %% id="MyLinear-check" tags=["check"]
check("modules.MyLinear")

# %% [markdown] id="compose" lang="en"
# ## 3. Models from layers
#
# `nn.Sequential` calls its layers one after the other. **Predict** what `print(model)` shows of the one below, and how many parameters (single numbers) it has.

# %% [markdown] id="compose" lang="zh" reviewed="efc67a218239"
# ## 3. 用层搭建模型
#
# `nn.Sequential` 把各层依次调用一遍。**预测** `print(model)` 会显示什么，以及这个模型有多少个参数（一个个的数）。

# %% id="compose-predict" tags=["hide-input"]
prediction("modules.numbers", Text(en="How many single numbers does Sequential(Flatten(), Linear(784, 20), ReLU(), Linear(20, 10)) have as parameters?", zh="Sequential(Flatten(), Linear(784, 20), ReLU(), Linear(20, 10)) 的参数一共有多少个数？"), [15880, 15910, 15930])

# %% id="compose-run"
model = nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, 20), nn.ReLU(), nn.Linear(20, 10))
print(model)
for name, p in model.named_parameters():
    print(f"{name:10} {list(p.shape)}")
say(Text(en="single numbers: {n}", zh="一个个的数：{n}"), n=sum(p.numel() for p in model.parameters()))
reveal("modules.numbers", sum(p.numel() for p in model.parameters()))

# %% [markdown] id="compose-explain" lang="en"
# **Explain.** `Flatten` and `ReLU` have no parameters; the others hold $784 \cdot 20 + 20$ and $20 \cdot 10 + 10$. The printed form lists the modules in the order in which they were *assigned*. In a class of your own that need not be the order in which `forward` uses them.
#
# Two rules when you write `forward`. **Call the module, not its `forward`:** `self.layer(x)`, never `self.layer.forward(x)`; only the call runs hooks. And you may use any Python and any tensor operation in it; the way back comes by itself, because autograd records what really ran. A module keeps no graph; it is only a place for things.

# %% [markdown] id="compose-explain" lang="zh" reviewed="1b4a5300ae36"
# **解释**：`Flatten` 和 `ReLU` 没有参数；另外两个有 $784 \cdot 20 + 20$ 和 $20 \cdot 10 + 10$ 个。打印出来的样子按*赋值*的次序列出各个模块。在你自己写的类里，这不一定是 `forward` 使用它们的次序。
#
# 写 `forward` 时有两条规矩。**调用模块，而不是它的 `forward`**：写 `self.layer(x)`，绝不写 `self.layer.forward(x)`；只有调用才会运行钩子。另外，里面可以用任何 Python 代码和任何张量运算；反向自己就有了，因为自动求导记录的是实际运行过的东西。模块不保存图，它只是放东西的地方。

# %% [markdown] id="mlp-card" lang="en"
# ### Exercise 7.2: a network of any depth
#
# **Difficulty:** 3 of 5. **Time:** 15 minutes.
#
# Write the class `MLP(nn.Module)` with `__init__(self, sizes)` and `forward(self, x)`. `sizes` lists the widths, input first: `[4, 8, 8, 3]` means three `nn.Linear` layers.
#
# - The layers stand in `self.layers`, so that their parameters are called `layers.0.weight`, `layers.0.bias`, `layers.1.weight` and so on.
# - ReLU after every layer **except the last**: the outputs are logits and may be negative.
# - Layers of equal widths are nevertheless different layers. Each one is *called* once in a forward pass.

# %% [markdown] id="mlp-card" lang="zh" reviewed="18b088316652"
# ### 练习 7.2：任意深度的网络
#
# **难度**：3（共 5 级）。**时间**：15 分钟。
#
# 编写类 `MLP(nn.Module)`，含 `__init__(self, sizes)` 和 `forward(self, x)`。`sizes` 依次列出各层的宽度，输入在前：`[4, 8, 8, 3]` 表示三个 `nn.Linear` 层。
#
# - 各层放在 `self.layers` 里，参数名就是 `layers.0.weight`、`layers.0.bias`、`layers.1.weight`，依此类推。
# - 每层之后是 ReLU，**最后一层除外**：输出是 logits，可以为负。
# - 宽度相同的层也是不同的层。一次前向中，每层都*调用*一次。

# %% id="MLP" tags=["solution"]
class MLP(nn.Module):
    """Linear layers of the given sizes with ReLU between them: [N, sizes[0]] -> [N, sizes[-1]]."""

    ### BEGIN SOLUTION
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:]))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)
    ### END SOLUTION

# %% id="MLP-check" tags=["check"]
check("modules.MLP")

# %% [markdown] id="mlp-after" lang="en"
# The network of many introductions is `nn.Flatten()` followed by your `MLP([784, 512, 512, 10])`. One `.to(device)` moves all of it at once, and `print` shows its layers. **Predict** how many numbers it holds, and which of its layers holds most of them.

# %% [markdown] id="mlp-after" lang="zh" reviewed="2e3d46b407ed"
# 许多入门教程里的那个网络，就是 `nn.Flatten()` 后面接上你的 `MLP([784, 512, 512, 10])`。一次 `.to(device)` 就把它整个搬过去，`print` 会列出它的各层。**预测**它一共有多少个数，哪一层占得最多。

# %% id="mlp-after-predict" tags=["hide-input"]
prediction("modules.mlp", Text(en="How many numbers does the network 784, 512, 512, 10 hold, and which layer holds most of them?", zh="784、512、512、10 的网络一共有多少个数？哪一层占得最多？"), {
    (0, 2): Text(en="about 2 thousand, most in the first layer", zh="约 2 千，第一层最多"),
    (1, 670): Text(en="about 670 thousand, most in the second layer", zh="约 67 万，第二层最多"),
    (0, 670): Text(en="about 670 thousand, most in the first layer", zh="约 67 万，第一层最多"),
})

# %% id="mlp-story"
if solved("modules.MLP"):
    device = pick_device()
    with torch.random.fork_rng():
        network = nn.Sequential(nn.Flatten(), MLP([784, 512, 512, 10])).to(device)
    print(network)
    say(Text(en="tensors on {device}: {moved} of {n}", zh="在 {device} 上的张量：{n} 个里的 {moved} 个"),
        device=device.type, moved=sum(p.device.type == device.type for p in network.parameters()), n=len(list(network.parameters())))
    counts = [sum(p.numel() for p in layer.parameters()) for layer in network[1].layers]
    say(Text(en="single numbers: {parts} = {n}", zh="一个个的数：{parts} = {n}"), parts=" + ".join(map(str, counts)), n=sum(counts))
    reveal("modules.mlp", (counts.index(max(counts)), round(sum(counts) / 1000)))

# %% [markdown] id="freeze" lang="en"
# ## 4. Counting, freezing, sharing
#
# `p.requires_grad_(False)` **freezes** a parameter: no gradient is computed for it, and the optimiser leaves it out. One does so to keep a trained part as it is while another one learns.
#
# A parameter may also be **shared**: `decoder.weight = encoder.weight` puts one and the same tensor in two places. **Predict** how many parameters `parameters()` lists for two layers `Linear(5, 5, bias=False)` that share their weight, and how many entries the `state_dict` has.

# %% [markdown] id="freeze" lang="zh" reviewed="ba91cd6c0178"
# ## 4. 统计、冻结、共享
#
# `p.requires_grad_(False)` 会**冻结**一个参数：不再为它计算梯度，优化器也跳过它。想让一部分保持训练好的样子、让另一部分学习时，就这样做。
#
# 参数也可以**共享**：`decoder.weight = encoder.weight` 把同一个张量放在两处。**预测**：两个 `Linear(5, 5, bias=False)` 共享权重时，`parameters()` 列出几个参数？`state_dict` 有几项？

# %% id="freeze-predict" tags=["hide-input"]
prediction("modules.tied", Text(en="Two layers share their weight. How many parameters does parameters() list, and how many entries has the state_dict?", zh="两个层共享权重时，parameters() 列出几个参数？state_dict 有几项？"), {
    (1, 1): Text(en="1 and 1", zh="1 和 1"),
    (1, 2): Text(en="1 and 2", zh="1 和 2"),
    (2, 1): Text(en="2 and 1", zh="2 和 1"),
    (2, 2): Text(en="2 and 2", zh="2 和 2"),
})

# %% id="freeze-run"
tied = nn.Sequential(nn.Linear(5, 5, bias=False), nn.Linear(5, 5, bias=False))
tied[1].weight = tied[0].weight
tied[0].weight.requires_grad_(False)
print("parameters()", len(list(tied.parameters())), "  state_dict()", len(tied.state_dict()), "  tied[1] requires grad:", tied[1].weight.requires_grad)
reveal("modules.tied", (len(list(tied.parameters())), len(tied.state_dict())))

# %% [markdown] id="freeze-explain" lang="en"
# **Explain.** `parameters()` goes by the objects and lists the shared one once; `state_dict()` goes by the names and lists it twice. Since there is only one object, freezing it in one place freezes it in both.

# %% [markdown] id="freeze-explain" lang="zh" reviewed="5ed59f80a8df"
# **解释**：`parameters()` 认对象，共享的只列一次；`state_dict()` 认名字，列了两次。因为对象只有一个，在一处冻结，两处就都冻结了。

# %% [markdown] id="freeze-card" lang="en"
# ### Exercise 7.3: count and freeze
#
# **Difficulty:** 2 of 5. **Time:** 15 minutes.
#
# Write `freeze_parameters(model, prefix)`. It freezes every parameter whose name begins with `prefix` (as in `named_parameters()`), makes all the **others** trainable, and returns two numbers: how many single numbers of the model are trainable now, and how many are frozen.
#
# - Shared parameters count once. Buffers do not count.
# - The flags are set on the parameters of the model itself.

# %% [markdown] id="freeze-card" lang="zh" reviewed="09868fd8a33a"
# ### 练习 7.3：统计与冻结
#
# **难度**：2（共 5 级）。**时间**：15 分钟。
#
# 编写 `freeze_parameters(model, prefix)`：冻结名字以 `prefix` 开头的所有参数（名字按 `named_parameters()`），让**其余的**都可训练，并返回两个数：模型里现在有多少个数可训练，多少个被冻结。
#
# - 共享的参数只算一次，缓冲区不算。
# - 标志要设在模型自己的参数上。

# %% id="freeze_parameters" tags=["solution"]
def freeze_parameters(model, prefix):
    """Freezes the parameters whose names begin with prefix, and no others -> (trainable, frozen) single numbers."""
    ### BEGIN SOLUTION
    counts = {True: 0, False: 0}
    for name, p in model.named_parameters():          # each object once, shared or not | 每个对象只出现一次，不管是否共享
        p.requires_grad_(not name.startswith(prefix))
        counts[p.requires_grad] += p.numel()
    return counts[True], counts[False]
    ### END SOLUTION

# %% id="freeze_parameters-check" tags=["check"]
check("modules.freeze_parameters")

# %% [markdown] id="hooks" lang="en"
# ## 5. Looking inside: hooks
#
# What do the values *between* the layers look like? One need not rewrite the model to see them. A **forward hook** is a function that a module calls after each forward pass, with itself, its inputs and its output. `handle = module.register_forward_hook(hook)` puts it in, `handle.remove()` takes it out.
#
# Two things to be careful about. What a hook **returns** (other than `None`) replaces the output: a hook that should only look must return nothing. And an output that is kept keeps its graph: `detach()` it.
#
# **Predict** how the spread of the activations changes from layer to layer in a deep network with PyTorch's own initial weights.

# %% [markdown] id="hooks" lang="zh" reviewed="58d40daedb6d"
# ## 5. 往里看：钩子
#
# 层与层*之间*的值是什么样子？不必改写模型就能看到。**前向钩子**是一个函数，模块每次前向之后都会调用它，传入模块自己、输入和输出。`handle = module.register_forward_hook(hook)` 装上钩子，`handle.remove()` 取下来。
#
# 有两点要小心。钩子的**返回值**（只要不是 `None`）会替换输出：只想看看的钩子，什么也不要返回。另外，留着一个输出，就留着它的图：要 `detach()`。
#
# **预测**：在用 PyTorch 自己的初始权重的深层网络里，激活值的分散程度从一层到一层会怎样变化？

# %% id="hooks-predict" tags=["hide-input"]
prediction("modules.spread", Text(en="How does the standard deviation change over eight layers with PyTorch's own initial weights?", zh="用 PyTorch 自己的初始权重，标准差在八层之间怎样变化？"), {
    "stays": Text(en="it stays about the same: that is what they are made for", zh="基本不变：初始权重就是为此设计的"),
    "grows": Text(en="it grows from layer to layer", zh="一层比一层大"),
    "vanishes": Text(en="it shrinks in every layer, on towards 0", zh="每层都缩小，一直趋于 0"),
    "settles": Text(en="it shrinks at first, then stays at a small value", zh="先缩小，然后停在一个小的值上"),
})

# %% id="hooks-run"
def activations(depth, width=100):
    """The outputs of each Linear layer of a deep network for 256 random samples."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        deep = nn.Sequential(*(part for _ in range(depth) for part in (nn.Linear(width, width), nn.ReLU())))
        x = torch.randn(256, width)
    seen = []
    handles = [layer.register_forward_hook(lambda module, inputs, output: seen.append(output.detach())) for layer in deep if isinstance(layer, nn.Linear)]
    with torch.no_grad():
        deep(x)
    for handle in handles:
        handle.remove()
    return seen


def draw_activations(layer):
    outputs = activations(8)
    fig, ax = new_figure(height=2.8)
    ax.hist(outputs[layer - 1].flatten().numpy(), bins=np.linspace(-2, 2, 81), color=COLOURS["blue"])
    spread = [output.std().item() for output in outputs]
    label(ax, title=Text(en="Outputs of linear layer {n} of 8: standard deviation {s}", zh="8 个线性层中第 {n} 层的输出：标准差 {s}").format(n=layer, s=digits(spread[layer - 1], 2)), x=Text(en="value", zh="值"), y=Text(en="how many", zh="个数"))
    return fig, Text(en="A histogram of the outputs of layer {n}. The standard deviations of layers 1 to 8 are {s}.", zh="第 {n} 层输出的直方图。第 1 到第 8 层的标准差是 {s}。").format(n=layer, s=[digits(v, 2) for v in spread])


explore(draw_activations, labels={"layer": Text(en="layer", zh="层")}, layer=(1, 8, 1, 1))

spread = [output.std().item() for output in activations(8)]
early, late = spread[3] / spread[0], spread[7] / spread[4]      # from layer 1 to 4, from layer 5 to 8 | 第 1 到第 4 层，第 5 到第 8 层
reveal("modules.spread", "settles" if early < 0.5 < late < 2 else "vanishes" if early < 0.5 else "grows" if early > 2 else "stays")

# %% [markdown] id="hooks-explain" lang="en"
# **Explain.** PyTorch's default is narrower than the He initialisation of lesson 01, so the signal shrinks from layer to layer, until little but the biases is left of it. The figure was made without changing a line of the network, and after it the hooks are gone again: the network does not know that it was watched.

# %% [markdown] id="hooks-explain" lang="zh" reviewed="d0bfce506922"
# **解释**：PyTorch 的默认初始化比第 01 课的 He 初始化窄，所以信号一层比一层小，直到几乎只剩下偏置。画这幅图时，网络的代码一行也没改，画完之后钩子也都取下来了：网络并不知道自己被观察过。

# %% [markdown] id="record-card" lang="en"
# ### Exercise 7.4: a recorder
#
# **Difficulty:** 3 of 5. **Time:** 15 minutes.
#
# Write `record(model, x)`. It runs `model(x)` once and returns a list of pairs `(name, output)`, one for each call of a submodule **that has no submodules of its own**, in the order in which they were called. `name` is as in `named_modules()`.
#
# - The outputs are detached copies: what happens to them later, or to the model, does not change them.
# - The model's answer is not changed, and afterwards no hook is left, even if the model raises an error.

# %% [markdown] id="record-card" lang="zh" reviewed="97df795384fc"
# ### 练习 7.4：记录器
#
# **难度**：3（共 5 级）。**时间**：15 分钟。
#
# 编写 `record(model, x)`：运行一次 `model(x)`，返回由二元组 `(name, output)` 组成的列表。每当一个**自己没有子模块**的子模块被调用，就记一项，按调用的次序。`name` 按 `named_modules()`。
#
# - 输出是 detach 过的副本：之后它们或者模型怎么变，都不影响记录。
# - 模型的回答不变；结束之后不留下任何钩子，哪怕模型报了错。

# %% id="record" tags=["solution"]
def record(model, x):
    """The outputs of all innermost modules, in the order of their calls -> list of (name, tensor)."""
    ### BEGIN SOLUTION
    calls, handles = [], []

    def watch(name):
        def hook(module, inputs, output):
            calls.append((name, output.detach().clone()))     # returns nothing: only looks | 不返回任何东西：只是看看

        return hook

    for name, module in model.named_modules():
        if not list(module.children()):
            handles.append(module.register_forward_hook(watch(name)))
    try:
        model(x)
    finally:
        for handle in handles:
            handle.remove()
    return calls
    ### END SOLUTION

# %% id="record-check" tags=["check"]
check("modules.record")

# %% id="my-predictions" tags=["hide-input"]
predictions("modules")

# %% [markdown] id="summary" lang="en"
# ## Summary
#
# - A module registers parameters and modules that are assigned to `self`, and buffers given to `register_buffer`. Lists and plain tensors escape it.
# - `parameters()` goes by objects, `state_dict()` by names.
# - `nn.Linear` keeps its weight as `[out, in]` and works along the last dimension.
# - Call modules, never their `forward`. The graph is autograd's business, not the module's.
# - Hooks look inside; they return nothing and are removed.
#
# ### Can you answer these without looking?
#
# 1. Your model trains, but one layer's weights never change. Name two possible reasons.
# 2. Why is a running mean a buffer and not a parameter?
# 3. What goes wrong with `nn.Sequential(*[nn.Linear(8, 8)] * 3)`?
#
# <details><summary>Answers</summary>
#
# 1. It is not registered (in a list, say), or frozen, or the optimiser was made before it was added.
# 2. It belongs to the state, but no gradient should move it.
# 3. It is one layer, used three times.
#
# </details>

# %% [markdown] id="summary" lang="zh" reviewed="88f627efc2fb"
# ## 小结
#
# - 模块会登记赋给 `self` 的参数和模块，以及交给 `register_buffer` 的缓冲区。列表和普通张量不在其列。
# - `parameters()` 认对象，`state_dict()` 认名字。
# - `nn.Linear` 的权重是 `[out, in]`，沿最后一维计算。
# - 调用模块，绝不调用它的 `forward`。图是自动求导的事，与模块无关。
# - 钩子用来往里看；它什么也不返回，用完要取下。
#
# ### 不看上文，你能答出来吗？
#
# 1. 模型在训练，可是有一层的权重从来不变。说出两个可能的原因。
# 2. 滑动均值为什么是缓冲区，而不是参数？
# 3. `nn.Sequential(*[nn.Linear(8, 8)] * 3)` 有什么问题？
#
# <details><summary> 答案 </summary>
#
# 1. 没有登记（比如放在列表里），或者被冻结了，或者优化器是在添加它之前创建的。
# 2. 它属于状态，但不该由梯度来改动。
# 3. 那是同一个层用了三次。
#
# </details>

# %% [markdown] id="next" lang="en"
# ## What is next
#
# The model gives numbers. **Lesson 08** asks how wrong they are.
#
# ### Further reading
#
# - PyTorch documentation, *Modules*.
# - PyTorch documentation, *torch.nn*: the list of all layers and losses, by kind. Look there before you write one of your own.

# %% [markdown] id="next" lang="zh" reviewed="aafda90093e7"
# ## 接下来
#
# 模型给出了数。**第 08 课**要问：它们错了多少？
#
# ### 延伸阅读
#
# - PyTorch 文档，*Modules*。
# - PyTorch 文档，*torch.nn*：全部的层和损失，按种类排列。自己动手写之前，先去那里看看。
