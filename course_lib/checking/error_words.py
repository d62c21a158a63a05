"""What an exception means, in a beginner's words: a table of patterns, tried from the top.

A pattern is pinned to the message of the installed Python, NumPy or torch by a test that provokes the real exception,
so that a release that changes its wording is noticed there and not by a student.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from course_lib.checking.results import RaisedError
from course_lib.text import Text


@dataclass(frozen=True)
class Meaning:
    """One kind of mistake. types: names of exception types; pattern: searched for in the message, its named groups
    fill the fields of the sentence. returned: the sentence where no line of the student's own raised it, but the check
    did when it took apart what the student's function returned."""

    code: str
    types: tuple[str, ...]
    pattern: str
    text: Text
    returned: Text | None = None


# The usual names of the course's modules, and the line that brings each back.
IMPORTS = {
    "np": "import numpy as np",
    "numpy": "import numpy",
    "torch": "import torch",
    "nn": "from torch import nn",
    "F": "import torch.nn.functional as F",
    "plt": "import matplotlib.pyplot as plt",
    "math": "import math",
    "random": "import random",
    "time": "import time",
    "Path": "from pathlib import Path",
    "Dataset": "from torch.utils.data import Dataset",
    "DataLoader": "from torch.utils.data import DataLoader",
}

NOT_IMPORTED = Text(
    en="`{name}` is not imported in this notebook any more: run the cell with `{line}` again, or add that line.",
    zh="笔记本里现在没有导入 `{name}`：请重新运行含有 `{line}` 的单元格，或者补上这一行。",
)
MISSPELT = Text(
    en="There is no name `{name}`. Did you mean `{suspect}`?", zh="没有叫 `{name}` 的名称。你想写的是不是 `{suspect}`？"
)
EARLIER_ANSWER = Text(
    en="`{name}` is your answer to another exercise, {suspect}: run its cell first. After a kernel restart, run all "
    "cells above.",
    zh="`{name}` 是你在另一道练习“{suspect}”里的解答：请先运行那个单元格。重启内核之后，上面的单元格都要重新运行。",
)
SHADOWED = Text(
    en="A variable of yours has the name `{suspect}` and hides Python's own function. Give the variable another name, "
    "run `del {suspect}`, then run this cell again.",
    zh="你有一个变量也叫 `{suspect}`，把 Python 自带的同名函数遮住了。给变量换个名字，运行 `del {suspect}`，再重新运行这个单元格。",
)

_RUNTIME = ("RuntimeError",)
_SYNTAX = ("SyntaxError", "IndentationError", "TabError")

MEANINGS: tuple[Meaning, ...] = (
    # ── names ──────────────────────────────────────────────────────────────────────────────────────────────────────
    Meaning(
        "unbound-local",
        ("UnboundLocalError",),
        r"local variable '(?P<name>\w+)'",
        Text(
            en="Your function reads its variable `{name}` before it has a value. A name that is assigned anywhere in a "
            "function belongs to the function: set it first, or take it as an argument.",
            zh="函数在变量 `{name}` 还没有值时就读取了它。只要函数里某处给一个名称赋了值，它就是函数自己的变量：请先赋值，或把它作为参数传入。",
        ),
    ),
    Meaning(
        "name",
        ("NameError",),
        r"name '(?P<name>\w+)' is not defined",
        Text(
            en="Nothing is called `{name}` here: check the spelling, and run the cell that defines it.",
            zh="这里没有叫 `{name}` 的东西：请检查拼写，并运行定义它的单元格。",
        ),
    ),
    Meaning(
        "module-missing",
        ("ModuleNotFoundError",),
        r"No module named '(?P<name>[\w.]+)'",
        Text(
            en="Python finds no module `{name}`: check the spelling. The course needs no packages but those it came with.",
            zh="Python 找不到模块 `{name}`：请检查拼写。除了随课程安装的包，这里不需要别的包。",
        ),
    ),
    Meaning(
        "import-name",
        ("ImportError",),
        r"cannot import name '(?P<name>\w+)' from '(?P<module>[\w.]+)'",
        Text(
            en="The module `{module}` holds no `{name}`: check the spelling and the capitals.",
            zh="模块 `{module}` 里没有 `{name}`：请检查拼写和大小写。",
        ),
    ),
    # ── calls ──────────────────────────────────────────────────────────────────────────────────────────────────────
    Meaning(
        "argument-missing",
        ("TypeError",),
        r"(?P<function>\w+)\(\) missing \d+ required (positional|keyword-only) arguments?: (?P<names>.+)",
        Text(
            en="`{function}` was called without {names}: this call passes too few values.",
            zh="调用 `{function}` 时没有给出 {names}：这次调用传的值太少。",
        ),
        Text(
            en="Your `{function}` asks for {names}, which the exercise does not pass: its arguments must be those on the "
            "card.",
            zh="你的 `{function}` 要求 {names}，而题目并不会传入它：参数必须与题目卡片上的一致。",
        ),
    ),
    Meaning(
        "arguments-too-many",
        ("TypeError",),
        r"(?P<function>\w+)\(\) takes (from \d+ to )?(?P<most>\d+) positional arguments? but (?P<given>\d+) (was|were) given",
        Text(
            en="`{function}` takes {most} arguments, and this call passes {given}. In a method, `self` counts as one.",
            zh="`{function}` 只接收 {most} 个参数，这次调用却传了 {given} 个。在方法里，`self` 也算一个。",
        ),
        Text(
            en="Your `{function}` takes {most} arguments, and the exercise passes {given}: its arguments must be those on "
            "the card. In a method, `self` counts as one.",
            zh="你的 `{function}` 只接收 {most} 个参数，题目会传入 {given} 个：参数必须与题目卡片上的一致。在方法里，`self` 也算一个。",
        ),
    ),
    Meaning(
        "argument-unknown",
        ("TypeError",),
        r"(?P<function>\w+)\(\) got an unexpected keyword argument '(?P<name>\w+)'",
        Text(
            en="`{function}` has no argument called `{name}`: check the spelling.",
            zh="`{function}` 没有名为 `{name}` 的参数：请检查拼写。",
        ),
        Text(
            en="The exercise passes an argument called `{name}`, and your `{function}` has none of that name: was it "
            "renamed? Its arguments must be those on the card.",
            zh="题目会传入名为 `{name}` 的参数，而你的 `{function}` 没有这个参数：是不是改了名？参数必须与题目卡片上的一致。",
        ),
    ),
    Meaning(
        "not-callable",
        ("TypeError",),
        r"'(?P<kind>[\w.]+)' object is not callable",
        Text(
            en="Something in front of parentheses `(…)` is no function but holds a value of type {kind}: is an operator "
            "such as `*` missing, should it be `[…]`, or does a variable have a function's name?",
            zh="圆括号 `(…)` 前面的东西不是函数，而是一个 {kind} 类型的值：是漏了 `*` 之类的运算符，该用 `[…]`，还是有变量与函数重名？",
        ),
    ),
    Meaning(
        "function-not-called",
        ("TypeError", "AttributeError"),
        r"'(function|method|builtin_function_or_method)' object|: '(function|method|builtin_function_or_method)'|"
        r"non-iterable (function|method|builtin_function_or_method) object",
        Text(
            en="This uses a function itself, not its result: are the parentheses `()` of the call missing?",
            zh="这里用到的是函数本身，而不是它的结果：调用时是不是漏了圆括号 `()`？",
        ),
        Text(
            en="You return a function itself, not its result: are the parentheses `()` of the call missing?",
            zh="你返回的是函数本身，而不是它的结果：调用时是不是漏了圆括号 `()`？",
        ),
    ),
    # ── None, and taking a result apart ────────────────────────────────────────────────────────────────────────────
    Meaning(
        "none",
        ("TypeError", "AttributeError"),
        r"'NoneType' object|NoneType object|'NoneType' and|and 'NoneType'|not NoneType",
        Text(
            en="A value here is None, which is “nothing”. Often a function without `return` gave it, or a method that "
            "changes its object in place (`list.sort`, `list.append`), or a `.grad` before `backward()`.",
            zh="这里有个值是 None，也就是“什么都没有”。它常常来自没有 `return` 的函数、就地修改对象的方法（如 `list.sort`、`list.append`），"
            "或调用 `backward()` 之前的 `.grad`。",
        ),
        Text(
            en="Your function returns None, which is “nothing”: is the `return` missing? `print` only shows a value; "
            "`return` hands it back.",
            zh="你的函数返回了 None，也就是“什么都没有”：是不是漏了 `return`？`print` 只是把值显示出来，`return` 才会把值交回去。",
        ),
    ),
    Meaning(
        "unpack-few",
        ("ValueError",),
        r"not enough values to unpack \(expected (at least )?(?P<wanted>\d+), got (?P<given>\d+)\)",
        Text(
            en="There are {wanted} names on the left of `=` and only {given} values on the right.",
            zh="`=` 左边有 {wanted} 个名称，右边只有 {given} 个值。",
        ),
        Text(
            en="Your function returns {given} values; {wanted} are expected: `return a, b, …` in the order on the card.",
            zh="你的函数返回了 {given} 个值，应当返回 {wanted} 个：按题目卡片上的顺序写 `return a, b, …`。",
        ),
    ),
    Meaning(
        "unpack-many",
        ("ValueError",),
        r"too many values to unpack \(expected (?P<wanted>\d+)",
        Text(
            en="There are {wanted} names on the left of `=` and more values on the right.",
            zh="`=` 左边有 {wanted} 个名称，右边的值却更多。",
        ),
        Text(
            en="Your function returns more than the {wanted} values that are expected: return only those on the card. (A "
            "single tensor or array is taken apart along its first axis.)",
            zh="应当返回 {wanted} 个值，你的函数返回的更多：只返回题目卡片上的那些。（如果只返回一个张量或数组，它会沿第一个轴被拆开。）",
        ),
    ),
    Meaning(
        "not-iterable",
        ("TypeError",),
        r"'(?P<kind>[\w.]+)' object is not iterable|cannot unpack non-iterable (?P<other>[\w.]+) object|"
        r"iteration over a 0-d",
        Text(
            en="A single value stands where several are needed, one after the other: `for i in range(n)` counts up to a "
            "number.",
            zh="这里需要能逐个取出的一组值，得到的却是单个值：想数到某个数，要写 `for i in range(n)`。",
        ),
        Text(
            en="Your function returns a single value; several are expected: `return a, b, …` in the order on the card.",
            zh="你的函数只返回了单个值，应当返回好几个：按题目卡片上的顺序写 `return a, b, …`。",
        ),
    ),
    # ── devices ────────────────────────────────────────────────────────────────────────────────────────────────────
    Meaning(
        "devices",
        _RUNTIME,
        r"[Ee]xpected all tensors to be on the same device|is not on the expected device|should be the same|"
        r"expected device .* but got",
        Text(
            en="Two tensors live on different devices. Move one to where the other is: `a = a.to(b.device)`, and make new "
            "tensors with `device=x.device`.",
            zh="两个张量在不同的设备上。把一个移到另一个所在的设备：`a = a.to(b.device)`；新建张量时写 `device=x.device`。",
        ),
    ),
    Meaning(
        "no-cuda",
        ("AssertionError", "RuntimeError"),
        r"Torch not compiled with CUDA enabled|Found no NVIDIA driver",
        Text(
            en='This machine has no GPU that torch can use. Do not write "cuda" down: take the device from the data, '
            "`x.device`, or from `pick_device()`.",
            zh='这台机器没有 torch 能用的 GPU。不要把 "cuda" 写死：设备从数据取得（`x.device`），或用 `pick_device()`。',
        ),
    ),
    Meaning(
        "numpy-of-device",
        ("TypeError",),
        r"can't convert .* device type tensor to numpy",
        Text(
            en="A tensor on another device cannot become a NumPy array at once: write `.cpu().numpy()`.",
            zh="其他设备上的张量不能直接变成 NumPy 数组：请写 `.cpu().numpy()`。",
        ),
    ),
    Meaning(
        "meta-no-data",
        _RUNTIME,
        r"cannot be called on meta tensors|Cannot copy out of meta tensor",
        Text(
            en='A tensor on the device "meta" has a shape and no numbers; it stands for “any other device”. Do not ask '
            "for its elements.",
            zh='设备 "meta" 上的张量只有形状，没有数值；它在这里代表“任何其他设备”。不要去取它的元素。',
        ),
    ),
    # ── autograd ───────────────────────────────────────────────────────────────────────────────────────────────────
    Meaning(
        "leaf-in-place",
        _RUNTIME,
        r"leaf Variable that requires grad is being used in an in-place operation",
        Text(
            en="You change a parameter in place (`w -= …`, `w[i] = …`) while autograd records. Put the update into "
            "`with torch.no_grad():`.",
            zh="你在 autograd 记录运算时就地修改了参数（`w -= …`、`w[i] = …`）。请把更新写进 `with torch.no_grad():`。",
        ),
    ),
    Meaning(
        "backward-twice",
        _RUNTIME,
        r"backward through the graph a second time",
        Text(
            en="`backward()` ran twice through the same graph, which is freed after the first time. Compute the loss anew "
            "before each `backward()`.",
            zh="对同一张计算图调用了两次 `backward()`，而它在第一次之后就被释放了。每次 `backward()` 之前都要重新计算损失。",
        ),
    ),
    Meaning(
        "saved-modified",
        _RUNTIME,
        r"needed for gradient computation has been modified by an inplace operation",
        Text(
            en="A tensor that `backward()` still needs was changed in place (`+=`, `x[i] = …`, a function ending in `_`). "
            "Make a new one: `x = x + …`.",
            zh="`backward()` 还要用到的张量被就地修改了（`+=`、`x[i] = …`，或名称以 `_` 结尾的函数）。请改为生成新张量：`x = x + …`。",
        ),
    ),
    Meaning(
        "no-graph",
        _RUNTIME,
        r"does not require grad and does not have a grad_fn",
        Text(
            en="Nothing was recorded that leads from this value to a parameter: does a parameter have "
            "`requires_grad=True`? Did `.item()`, `.detach()`, `.numpy()` or `no_grad` cut the way?",
            zh="从这个值到参数之间没有记录下任何运算：参数设了 `requires_grad=True` 吗？是不是被 `.item()`、`.detach()`、`.numpy()` "
            "或 `no_grad` 切断了？",
        ),
    ),
    Meaning(
        "grad-unused",
        _RUNTIME,
        r"appears to not have been used in the graph",
        Text(
            en="The result does not depend on the tensor whose gradient you ask for: was a copy used in its place?",
            zh="结果并不依赖于你要求梯度的那个张量：计算时是不是用了它的副本？",
        ),
    ),
    Meaning(
        "backward-not-scalar",
        _RUNTIME,
        r"grad can be implicitly created only for scalar outputs",
        Text(
            en="`backward()` starts from one number. Reduce first (`.sum()` or `.mean()`), or pass the gradient that "
            "arrives from above: `y.backward(g)`.",
            zh="`backward()` 要从一个数出发。请先归约（`.sum()` 或 `.mean()`），或传入上游梯度：`y.backward(g)`。",
        ),
    ),
    Meaning(
        "numpy-of-grad",
        _RUNTIME,
        r"Can't call numpy\(\) on Tensor that requires grad",
        Text(
            en="This tensor is part of a graph, and NumPy cannot follow it: write `.detach().numpy()` for a picture or a "
            "printout, and stay in torch where gradients are needed.",
            zh="这个张量在计算图中，NumPy 无法跟踪它：只为画图或打印时写 `.detach().numpy()`；需要梯度时就不要离开 torch。",
        ),
    ),
    Meaning(
        "grad-of-integers",
        _RUNTIME,
        r"only Tensors of floating point dtype can require gradients",
        Text(
            en="Integers have no gradient: make the tensor with a decimal point (`torch.tensor([1., 2.])`) or `.float()`.",
            zh="整数没有梯度：创建张量时写小数点（`torch.tensor([1., 2.])`），或用 `.float()`。",
        ),
    ),
    # ── dtypes ─────────────────────────────────────────────────────────────────────────────────────────────────────
    Meaning(
        "dtypes-differ",
        _RUNTIME,
        r"the same dtype, but got: [\w ]+ != [\w ]+|"
        r"must have the same dtype, but got \w+ and \w+|expected scalar type \w+ but found \w+|"
        r"[Ee]xpected (object of scalar type )?Float but got (scalar type )?Long",
        Text(
            en="The two tensors have different dtypes, and a product does not convert by itself. Print both `.dtype` and "
            "convert one: `a.to(b.dtype)`. NumPy's default is float64, torch's float32.",
            zh="两个张量的 dtype 不同，而乘法不会自动转换。打印双方的 `.dtype`，再转换其中一个：`a.to(b.dtype)`。NumPy 默认 float64，torch 默认 float32。",
        ),
    ),
    Meaning(
        "target-dtype",
        _RUNTIME,
        r"expected target dtype to be Long|expected scalar type Long but found|scalar types: Long",
        Text(
            en="Class numbers and indices must be whole numbers of dtype int64: convert them with `.long()`.",
            zh="类别编号和下标必须是 int64 整数：请用 `.long()` 转换。",
        ),
    ),
    Meaning(
        "mean-of-integers",
        _RUNTIME,
        r"Input dtype must be either a floating point or complex dtype",
        Text(
            en="The mean of whole numbers need not be whole: convert first, `x.float().mean()`.",
            zh="整数的平均值不一定是整数：请先转换，`x.float().mean()`。",
        ),
    ),
    Meaning(
        "in-place-dtype",
        ("RuntimeError", "UFuncTypeError", "_UFuncOutputCastingError"),
        r"can't be cast to the desired output type|Cannot cast ufunc .* output",
        Text(
            en="`+=`, `*=` and the like write into the old array, which holds another dtype (often integers) and has no "
            "room for the result: write `x = x + …`, or make it float first.",
            zh="`+=`、`*=` 之类会写回原来的数组，而它的 dtype 不同（常常是整数），放不下结果：请写 `x = x + …`，或先转成浮点数。",
        ),
    ),
    # ── shapes ─────────────────────────────────────────────────────────────────────────────────────────────────────
    Meaning(
        "matmul-shapes",
        _RUNTIME,
        r"shapes cannot be multiplied \((?P<n>\d+)x(?P<k>\d+) and (?P<j>\d+)x(?P<m>\d+)\)",
        Text(
            en="A product [{n}, {k}] @ [{j}, {m}] needs its inner sizes to be equal, and {k} is not {j}: is a transpose "
            "`.T` missing, are the two in the wrong order, or is an axis left over?",
            zh="矩阵乘法 [{n}, {k}] @ [{j}, {m}] 要求中间两个大小相等，而 {k} 不等于 {j}：是不是漏了转置 `.T`、两者顺序反了，或某个轴没有处理？",
        ),
    ),
    Meaning(
        "product-shapes",
        ("RuntimeError", "ValueError"),
        r"mismatch in its core dimension|not aligned|size mismatch, got input|inconsistent tensor size|"
        r"Expected size for first two dimensions of batch2",
        Text(
            en="A product A @ B needs the last size of A to equal the size of B that it meets. Print both `.shape`: is a "
            "`.T` missing, or the order wrong?",
            zh="乘积 A @ B 要求 A 的最后一个大小等于 B 与它相接的那个大小。打印双方的 `.shape`：是不是漏了 `.T`，或顺序反了？",
        ),
    ),
    Meaning(
        "broadcast-torch",
        _RUNTIME,
        r"size of tensor a \((?P<a>\d+)\) must match the size of tensor b \((?P<b>\d+)\) at non-singleton dimension (?P<dim>\d+)",
        Text(
            en="On axis {dim} one tensor has size {a} and the other {b}. Sizes are compared from the right, and two fit "
            "only where they are equal or one of them is 1: is an `unsqueeze`, a `.T` or `keepdim=True` missing?",
            zh="在轴 {dim} 上，一个张量的大小是 {a}，另一个是 {b}。大小从右往左比较，相等或其中一个为 1 才能匹配：是不是漏了 `unsqueeze`、`.T` 或 "
            "`keepdim=True`？",
        ),
    ),
    Meaning(
        "broadcast-numpy",
        ("ValueError",),
        r"could not be broadcast together with shapes (?P<shapes>[\d, ()]+\))",
        Text(
            en="The shapes {shapes} do not fit. They are compared from the right, and two sizes fit only where they are "
            "equal or one of them is 1: is a `.T`, a `[:, None]` or `keepdims=True` missing?",
            zh="形状 {shapes} 对不上。大小从右往左比较，相等或其中一个为 1 才能匹配：是不是漏了 `.T`、`[:, None]` 或 `keepdims=True`？",
        ),
    ),
    Meaning(
        "assign-shape",
        ("ValueError", "RuntimeError"),
        r"could not broadcast input array from shape|expanded size of the tensor|shape mismatch: value tensor",
        Text(
            en="The value does not fit into the place that it is written or expanded to. Print the `.shape` of both sides.",
            zh="这个值放不进要写入（或扩展到）的位置。请打印两边的 `.shape`。",
        ),
    ),
    Meaning(
        "join-shapes",
        ("RuntimeError", "ValueError"),
        r"Sizes of tensors must match except in dimension|stack expects each tensor to be equal size|"
        r"Tensors must have same number of dimensions|except for the concatenation axis must match|"
        r"all input arrays must have the same shape",
        Text(
            en="What you join does not have the same sizes: `stack` needs equal shapes, `cat` and `concatenate` equal sizes "
            "on all axes but the one they join along.",
            zh="要拼接的几部分大小不一致：`stack` 要求形状全部相同；`cat` 和 `concatenate` 要求除拼接轴之外各轴大小都相同。",
        ),
    ),
    Meaning(
        "target-size",
        ("ValueError",),
        r"Target size \(.*\) must be the same as input size|input batch_size \(.*\) to match target batch_size",
        Text(
            en="Predictions and targets have different sizes: print both `.shape`. One may be [N, 1] and the other [N].",
            zh="预测值与目标值的大小不同：打印双方的 `.shape`。可能一个是 [N, 1]，另一个是 [N]。",
        ),
    ),
    Meaning(
        "view-layout",
        _RUNTIME,
        r"view size is not compatible with input tensor's size and stride",
        Text(
            en="After `.T`, `transpose` or `permute` the numbers do not lie in memory in the order that `view` needs: use "
            "`reshape`.",
            zh="经过 `.T`、`transpose` 或 `permute` 之后，数在内存中的次序不再符合 `view` 的要求：请用 `reshape`。",
        ),
    ),
    Meaning(
        "reshape",
        ("RuntimeError", "ValueError"),
        r"is invalid for input of size (?P<n>\d+)|cannot reshape array of size (?P<size>\d+)",
        Text(
            en="The new shape holds another number of elements than the old one: the product of all sizes must stay the "
            "same. One size may be -1, and is then worked out.",
            zh="新形状的元素个数与原来的不同：各维大小的乘积必须不变。其中一个可以写 -1，由程序推算。",
        ),
    ),
    Meaning(
        "conv-channels",
        _RUNTIME,
        r"to have (?P<wanted>\d+) channels, but got (?P<given>\d+) channels",
        Text(
            en="The layer expects {wanted} channels and the images have {given}. Images are [N, C, H, W], the channels "
            "second.",
            zh="这一层需要 {wanted} 个通道，图像却有 {given} 个。图像的形状是 [N, C, H, W]，通道在第二个位置。",
        ),
    ),
    Meaning(
        "conv-dims",
        _RUNTIME,
        r"Expected 3D \(unbatched\) or 4D \(batched\) input",
        Text(
            en="A convolution wants images as [N, C, H, W]: `unsqueeze` adds a missing axis of size 1.",
            zh="卷积要求图像的形状是 [N, C, H, W]：缺少的轴可以用 `unsqueeze` 补上，大小为 1。",
        ),
    ),
    Meaning(
        "conv-small",
        _RUNTIME,
        r"Kernel size can't be greater than actual input size",
        Text(
            en="The picture is smaller than the kernel that slides over it: print the shape before this layer.",
            zh="图像比在它上面滑动的卷积核还小：请打印进入这一层之前的形状。",
        ),
    ),
    Meaning(
        "batch-norm-one",
        ("ValueError",),
        r"Expected more than 1 value per channel when training",
        Text(
            en="Batch normalisation in training mode needs more than one value per channel: one value has no spread. "
            "`model.eval()` uses the running statistics.",
            zh="训练模式下，批量归一化的每个通道需要不止一个值：只有一个值，就谈不上方差。`model.eval()` 会改用滑动统计量。",
        ),
    ),
    # ── elements and indices ───────────────────────────────────────────────────────────────────────────────────────
    Meaning(
        "index-range",
        ("IndexError",),
        r"index (?P<index>-?\d+) is out of bounds for (dimension|axis) (?P<axis>\d+) with size (?P<size>\d+)",
        Text(
            en="Axis {axis} has {size} elements, numbered from 0, and you ask for number {index}.",
            zh="轴 {axis} 上有 {size} 个元素，编号从 0 开始，而你要取编号 {index} 的元素。",
        ),
    ),
    Meaning(
        "list-range",
        ("IndexError",),
        r"(list|tuple|string|pop) ?(assignment )?(index )?(out of range|from empty)|index out of range in self|"
        r"Target -?\d+ is out of bounds",
        Text(
            en="A number asks for an element that is not there. Counting starts at 0, so the last of n has the number n - 1.",
            zh="要取的元素不存在。编号从 0 开始，所以 n 个元素中最后一个的编号是 n - 1。",
        ),
    ),
    Meaning(
        "index-many",
        ("IndexError",),
        r"too many indices for (tensor|array)",
        Text(
            en="There are more indices between the brackets than the array has axes: print its `.shape`.",
            zh="方括号里的下标比数组的轴还多：请打印它的 `.shape`。",
        ),
    ),
    Meaning(
        "axis-range",
        ("IndexError", "AxisError"),
        r"Dimension out of range|axis -?\d+ is out of bounds for array of dimension",
        Text(
            en="There is no such axis. Axes are numbered from 0; -1 is the last. Print the `.shape`: an earlier step may "
            "have removed one.",
            zh="没有这个轴。轴从 0 开始编号，-1 是最后一个。打印 `.shape` 看看：前面某一步可能已经消去了一个轴。",
        ),
    ),
    Meaning(
        "index-kind",
        ("IndexError", "TypeError"),
        r"only integers, slices|indices must be integers|cannot be interpreted as an integer|"
        r"slice indices must be integers",
        Text(
            en="A whole number is needed here. `/` always gives a float, even 4 / 2: write `//` or `int(…)`.",
            zh="这里需要整数。`/` 得到的总是浮点数，4 / 2 也不例外：请写 `//` 或 `int(…)`。",
        ),
    ),
    Meaning(
        "mask-shape",
        ("IndexError",),
        r"shape of the mask|boolean index did not match",
        Text(
            en="The mask of True and False does not have the shape of what it selects from.",
            zh="由 True 和 False 组成的掩码，形状与被选取的对象不一致。",
        ),
    ),
    Meaning(
        "one-number",
        ("RuntimeError", "TypeError", "ValueError"),
        r"elements cannot be converted to Scalar|only 0-dimensional arrays can be converted|"
        r"can only convert an array of size 1",
        Text(
            en="One number is needed here, and there are several: reduce first (`.sum()`, `.mean()`) or pick one.",
            zh="这里需要一个数，得到的却有好几个：请先归约（`.sum()`、`.mean()`），或只取其中一个。",
        ),
    ),
    Meaning(
        "truth",
        ("RuntimeError", "ValueError"),
        r"Boolean value of Tensor with more than one value is ambiguous|truth value of an array with more than one",
        Text(
            en="`if`, `and`, `or`, `max` and `min` ask one question; an array gives many answers. Use `torch.where`, "
            "`np.maximum`, `&`, or `.any()` and `.all()`.",
            zh="`if`、`and`、`or`、`max`、`min` 只问一个“是或否”，数组却给出许多个回答。请用 `torch.where`、`np.maximum`、`&`，或 `.any()`、`.all()`。",
        ),
    ),
    Meaning(
        "ragged",
        ("ValueError",),
        r"inhomogeneous shape|expected sequence of length \d+ at dim",
        Text(
            en="The rows have different lengths, so they do not make an array.", zh="各行的长度不同，拼不成一个数组。"
        ),
    ),
    Meaning(
        "read-only",
        ("ValueError",),
        r"assignment destination is read-only",
        Text(
            en="This array may only be read: work on a copy, `x.copy()`.",
            zh="这个数组只能读：请在副本 `x.copy()` 上操作。",
        ),
    ),
    # ── kinds of values ────────────────────────────────────────────────────────────────────────────────────────────
    Meaning(
        "tensor-wanted",
        ("TypeError",),
        r"must be Tensor, not (?P<kind>[\w.]+)|expected Tensor as element",
        Text(
            en="A torch function was given a value that is no tensor: make it one first, `torch.as_tensor(x)`.",
            zh="传给 torch 函数的值不是张量：请先转换，`torch.as_tensor(x)`。",
        ),
    ),
    Meaning(
        "array-wanted",
        ("TypeError",),
        r"expected np\.ndarray \(got (?P<kind>\w+)\)",
        Text(
            en="`torch.from_numpy` takes a NumPy array, not a {kind}; `torch.tensor` takes lists and numbers.",
            zh="`torch.from_numpy` 只接收 NumPy 数组，不接收 {kind}；列表和数请用 `torch.tensor`。",
        ),
    ),
    Meaning(
        "parameter-wanted",
        ("TypeError",),
        r"as parameter '(?P<name>\w+)' \(torch\.nn\.Parameter or None expected\)",
        Text(
            en="`{name}` is a parameter and must stay one: wrap the tensor, `nn.Parameter(…)`, or change its values inside "
            "`torch.no_grad()`.",
            zh="`{name}` 是参数，必须一直是参数：请用 `nn.Parameter(…)` 包装张量，或在 `torch.no_grad()` 里修改它的值。",
        ),
    ),
    Meaning(
        "list-arithmetic",
        ("TypeError",),
        r"can only concatenate list|can't multiply sequence by non-int|unsupported operand type\(s\) for .*'(list|tuple)'",
        Text(
            en="A Python list does not calculate element by element: make it an array or a tensor first.",
            zh="Python 列表不会逐元素运算：请先把它变成数组或张量。",
        ),
    ),
    Meaning(
        "list-attribute",
        ("AttributeError",),
        r"'(?P<kind>list|tuple|int|float)' object has no attribute '(?P<name>\w+)'",
        Text(
            en="A {kind} of plain Python has no `.{name}`: only an array or a tensor has.",
            zh="普通 Python 的 {kind} 没有 `.{name}`：只有数组或张量才有。",
        ),
    ),
    Meaning(
        "module-init",
        ("AttributeError",),
        r"before Module\.__init__\(\) call",
        Text(
            en="The first line of your `__init__` must be `super().__init__()`.",
            zh="`__init__` 的第一行必须是 `super().__init__()`。",
        ),
    ),
    Meaning(
        "attribute",
        ("AttributeError",),
        r"'?(?P<kind>[\w.]+)'? (object )?has no attribute '(?P<name>\w+)'",
        Text(
            en="`{kind}` has no `.{name}`: check the spelling. NumPy and torch name some things differently.",
            zh="`{kind}` 没有 `.{name}`：请检查拼写。NumPy 和 torch 里有些名称并不相同。",
        ),
    ),
    Meaning(
        "state-dict",
        _RUNTIME,
        r"Error\(s\) in loading state_dict",
        Text(
            en="The saved parameters do not fit this model: their names or shapes differ, as the lines below say.",
            zh="保存的参数与这个模型对不上：名称或形状不同，见下面的说明。",
        ),
    ),
    # ── cells that Python cannot read ──────────────────────────────────────────────────────────────────────────────
    Meaning(
        "wide-character",
        _SYNTAX,
        r"invalid (non-printable )?character '?(?P<character>[^' ]+)",
        Text(
            en="Python does not know the character `{character}`, often a full-width one: type it again with the Chinese "
            "input method switched off.",
            zh="Python 不认识字符 `{character}`，它多半是全角符号：请切换到英文输入法重新输入。",
        ),
    ),
    Meaning(
        "assign-for-equal",
        _SYNTAX,
        r"Maybe you meant '=='",
        Text(
            en="`=` assigns a value; to ask whether two are equal, write `==`.",
            zh="`=` 是赋值；要问两者是否相等，请写 `==`。",
        ),
    ),
    Meaning(
        "colon",
        _SYNTAX,
        r"expected ':'",
        Text(
            en="A line that begins with `def`, `for`, `while`, `if`, `else`, `with` or `class` ends with a colon `:`.",
            zh="以 `def`、`for`、`while`、`if`、`else`、`with`、`class` 开头的行，末尾要有冒号 `:`。",
        ),
    ),
    Meaning(
        "bracket",
        _SYNTAX,
        r"was never closed|unmatched|does not match opening",
        Text(
            en="A bracket has no partner: count `(` and `)`, `[` and `]`.",
            zh="括号没有成对：数一数 `(` 和 `)`、`[` 和 `]`。",
        ),
    ),
    Meaning(
        "indentation",
        _SYNTAX,
        r"unexpected indent|unindent does not match|expected an indented block|inconsistent use of tabs",
        Text(
            en="The spaces at the beginning of the line are wrong: lines of one block begin in the same column, four "
            "spaces further right than the line with the colon.",
            zh="行首的空格不对：同一个代码块的各行要从同一列开始，比带冒号的那一行多缩进四个空格。",
        ),
    ),
    Meaning(
        "return-outside",
        _SYNTAX,
        r"'return' outside function",
        Text(
            en="This `return` stands outside the function: indent it as far as the lines of the function.",
            zh="这个 `return` 写到了函数外面：请把它缩进到与函数内其他行对齐。",
        ),
    ),
    Meaning(
        "string-open",
        _SYNTAX,
        r"unterminated",
        Text(en="A string is not closed: its second quotation mark is missing.", zh="字符串没有结束：少了后一个引号。"),
    ),
    Meaning(
        "syntax",
        _SYNTAX,
        r"",
        Text(
            en="Python cannot read this line: look at it and the line above for a missing bracket, comma, colon or operator.",
            zh="Python 读不懂这一行：看看它和上一行，是不是少了括号、逗号、冒号或运算符。",
        ),
    ),
    # ── the rest ───────────────────────────────────────────────────────────────────────────────────────────────────
    Meaning(
        "recursion",
        ("RecursionError",),
        r"",
        Text(
            en="Your function calls itself again and again and never stops: which case should return without another call?",
            zh="你的函数不断地调用自己，停不下来：哪种情况应当直接返回，不再调用自己？",
        ),
    ),
    Meaning(
        "division",
        ("ZeroDivisionError",),
        r"",
        Text(
            en="Something is divided by 0: what if the input is empty, or has one element?",
            zh="除数为 0：输入为空，或只有一个元素时会怎样？",
        ),
    ),
    Meaning(
        "key",
        ("KeyError",),
        r"(?P<key>.+)",
        Text(
            en="The dict has no key {key}: print `list(d)` to see those that it has.",
            zh="字典里没有键 {key}：用 `list(d)` 打印出现有的键看看。",
        ),
    ),
    Meaning(
        "memory",
        ("MemoryError", "OutOfMemoryError", "RuntimeError", "_ArrayMemoryError"),
        r"Unable to allocate|can't allocate memory|out of memory|^$",
        Text(
            en="Far more memory was asked for than there is: print the shapes; two axes may have been multiplied by mistake.",
            zh="申请的内存远远超出现有的：打印形状看看，也许误把两个轴乘在了一起。",
        ),
    ),
    Meaning(
        "exit",
        ("SystemExit",),
        r"",
        Text(
            en="`exit()` or `sys.exit()` ends a program; to leave a function, write `return`.",
            zh="`exit()` 或 `sys.exit()` 会结束整个程序；要离开函数，请写 `return`。",
        ),
    ),
    Meaning(
        "placeholder",
        ("NotImplementedError",),
        r"YOUR CODE|write your answer",
        Text(
            en="A placeholder is still in your answer: replace the line `raise NotImplementedError(…)`.",
            zh="答案里还留着占位代码：请替换 `raise NotImplementedError(…)` 这一行。",
        ),
    ),
    Meaning(
        "module-forward",
        ("NotImplementedError",),
        r'missing the required "forward" function',
        Text(
            en="Your module has no method `forward(self, x)`: is it misspelt, or indented so that it stands inside "
            "`__init__`?",
            zh="你的模块没有 `forward(self, x)` 方法：是拼错了，还是缩进过深，写到了 `__init__` 里面？",
        ),
    ),
)


def meaning_of(error: RaisedError) -> Meaning | None:
    """The first row of the table that fits; None where none does."""
    for meaning in MEANINGS:
        if error.type in meaning.types and re.search(meaning.pattern, error.message):
            return meaning
    return None


def explain(error: RaisedError) -> Text | None:
    """What an exception means, in one or two sentences for a beginner; None for one that the table does not know."""
    if error.type == "NameError" and (found := re.search(r"name '(\w+)' is not defined", error.message)):
        name = found[1]
        if error.other_exercise is not None:
            return EARLIER_ANSWER.format(name=name, suspect=error.other_exercise)
        if name in IMPORTS:
            return NOT_IMPORTED.format(name=name, line=IMPORTS[name])
        if error.suspect:
            return MISSPELT.format(name=name, suspect=error.suspect)
    if error.type == "TypeError" and error.suspect and "is not callable" in error.message:
        return SHADOWED.format(suspect=error.suspect)
    meaning = meaning_of(error)
    if meaning is None:
        return None
    fields = {k: v or "" for k, v in re.search(meaning.pattern, error.message).groupdict().items()}  # type: ignore[union-attr]
    at_the_border = error.line is None and meaning.returned is not None
    return (meaning.returned if at_the_border and meaning.returned else meaning.text).format(**fields)
