# %% [markdown] id="title" lang="en"
# # Lesson 08. Losses and activations
#
# A model gives numbers, and a **loss** says in a single number how wrong they are. Training does nothing but make that number small, so you get what the loss asks for, not what you meant. The usual accidents here raise no error: a softmax too many, a shape that broadcasts, a logarithm of zero. In this lesson you write the losses yourself, in a form that survives extreme numbers, and look at what stands between the layers, too: the activations.
#
# **After this lesson you can**
#
# - say for each common loss what it expects: values, logits, probabilities or log-probabilities;
# - compute log-softmax, cross-entropy and binary cross-entropy without overflow;
# - explain why classification uses cross-entropy and not the squared error;
# - tell what ReLU, leaky ReLU and sigmoid do to the gradient, and what a dead unit is.
#
# **Time:** about 120 minutes, 70 of them for the five exercises.
#
# **You need:** lesson 04 (autograd) and lesson 07 (modules).
#
# **Created** 2026-11, last updated 2026-11, last verified 2026-11 with torch 2.13; all cells together run in about 5 seconds on two CPU cores.
#
# **Licence:** the text is CC BY 4.0, the code is MIT.

# %% [markdown] id="title" lang="zh" reviewed="144e7fe6f8c0"
# # 第 08 课：损失与激活函数
#
# 模型给出一堆数，**损失**用一个数说出它们错得有多厉害。训练所做的，只是把这个数变小；所以你得到的是损失所要求的，而不是你心里想要的。这里常见的事故都不会报错：多了一次 softmax，形状被悄悄广播，对零取了对数。这一课你亲手写出各种损失，写成碰到极端数值也不出错的样子；顺便看看层与层之间的东西：激活函数。
#
# **学完本课，你能够**
#
# - 说出每种常用损失要的是什么：数值、logits、概率，还是对数概率；
# - 计算 log-softmax、交叉熵和二元交叉熵，而不会溢出；
# - 解释分类为什么用交叉熵，而不用平方误差；
# - 说出 ReLU、leaky ReLU 和 sigmoid 对梯度做了什么，以及什么是“死掉的”单元。
#
# **时间**：约 120 分钟，其中五道练习占 70 分钟。
#
# **需要的基础**：第 04 课（自动求导）和第 07 课（模块）。
#
# **编写**于 2026-11，最近更新于 2026-11，最近一次用 torch 2.13 验证于 2026-11；所有单元格加起来，在两个 CPU 核上约需运行 5 秒。
#
# **许可**：文字采用 CC BY 4.0，代码采用 MIT。

# %% id="imports" tags=["setup"]
import math
import warnings

import torch
import torch.nn.functional as F
from torch import nn

from course_lib import COLOURS, SERIES, Text, check, digits, explore, label, legend, new_figure, prediction, predictions, reveal, say, show, solved

# %% [markdown] id="mse" lang="en"
# ## 1. What a loss is
#
# A loss takes predictions and targets and returns **one** number, smaller for better predictions, with a gradient that says which way is better. The simplest is the mean squared error, `nn.MSELoss()` or `F.mse_loss(pred, target)`: the mean of $(pred - target)^2$ over all entries. One number is needed because `backward()` starts from one; the loss carries a `grad_fn`, and the whole graph hangs on it.
#
# Models that predict one value per sample often return `[N, 1]`, while the targets come as `[N]`. **Predict** what `F.mse_loss` says about four predictions that are **exactly right**, but have the other shape.

# %% [markdown] id="mse" lang="zh" reviewed="fb65d99bdb08"
# ## 1. 什么是损失
#
# 损失接受预测和目标，返回**一个**数：预测越好，数越小；它还带着梯度，说明往哪边走会更好。最简单的是均方误差，`nn.MSELoss()` 或 `F.mse_loss(pred, target)`：对所有元素的 $(pred - target)^2$ 求平均。之所以要一个数，是因为 `backward()` 从一个数出发；损失带着 `grad_fn`，整张计算图都挂在它上面。
#
# 每个样本只预测一个值的模型，常常返回 `[N, 1]`，而目标是 `[N]`。**预测**：四个预测值**完全正确**，只是形状不同，`F.mse_loss` 会怎么说？

# %% id="mse-predict" tags=["hide-input"]
prediction("losses.shapes", Text(en="F.mse_loss of four exactly right predictions [4, 1] and targets [4]:", zh="四个完全正确的预测值 [4, 1] 与目标 [4] 的 F.mse_loss："), {
    "error": Text(en="an error: the shapes differ", zh="报错：形状不同"),
    (False, False): Text(en="0, without a word", zh="0，什么也不说"),
    (True, True): Text(en="more than 0, and a warning", zh="大于 0，并给出警告"),
    (True, False): Text(en="more than 0, without a word", zh="大于 0，什么也不说"),
})

# %% id="mse-run"
target = torch.tensor([1.0, 2.0, 3.0, 4.0])
pred = target[:, None].clone().requires_grad_()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    loss = F.mse_loss(pred, target)
say(Text(en="pred {p}, target {t}: loss {l}, grad_fn {g}, warnings: {w}", zh="pred {p}，target {t}：损失 {l}，grad_fn {g}，警告 {w} 个"),
    p=list(pred.shape), t=list(target.shape), l=loss.item(), g=type(loss.grad_fn).__name__, w=len(caught))
print((pred - target).detach())
print(F.mse_loss(pred.squeeze(1), target).item())
reveal("losses.shapes", (loss.item() > 0, len(caught) > 0))

# %% [markdown] id="mse-explain" lang="en"
# **Explain.** `[4, 1]` minus `[4]` broadcasts to `[4, 4]`: each prediction is compared with **every** target, and perfect answers get a loss of 2.5. PyTorch only warns. A model trained like this learns to predict the mean of all targets for every sample, and its loss falls all the same at first. The remedy is `squeeze(1)` on the prediction or `unsqueeze(1)` on the target. Not a bare `squeeze()`: it takes away the batch dimension, too, when the last batch has one sample.

# %% [markdown] id="mse-explain" lang="zh" reviewed="bb3345312b2f"
# **解释**：`[4, 1]` 减 `[4]` 广播成 `[4, 4]`：每个预测值都与**所有**目标比较，完美的答案竟得到 2.5 的损失。PyTorch 只给出警告。这样训练出来的模型，会对每个样本都预测所有目标的平均值，而损失一开始照样在下降。办法是对预测值用 `squeeze(1)`，或者对目标用 `unsqueeze(1)`。不要用光秃秃的 `squeeze()`：最后一批只剩一个样本时，它会把批量维也去掉。

# %% [markdown] id="mse-card" lang="en"
# ### Exercise 8.1: an MSE that refuses
#
# **Difficulty:** 1 of 5. **Time:** 10 minutes.
#
# Write `strict_mse(pred, target)`.
#
# - It raises a `ValueError` unless `pred` and `target` have **equal shapes** (of any number of dimensions).
# - Otherwise it returns the mean of the squared errors as a tensor without dimensions, through which gradients flow into `pred`.
# - No gradient flows into `target`, even if it requires one (as with a target that another network made).

# %% [markdown] id="mse-card" lang="zh" reviewed="1adeccb64383"
# ### 练习 8.1：会拒绝的 MSE
#
# **难度**：1（共 5 级）。**时间**：10 分钟。
#
# 编写 `strict_mse(pred, target)`。
#
# - `pred` 与 `target` **形状不同**时（维数不限），引发 `ValueError`。
# - 否则返回平方误差的平均值，是一个零维张量，梯度由它流向 `pred`。
# - 梯度不流向 `target`，即使它要求梯度（比如目标是另一个网络算出来的）。

# %% id="strict_mse" tags=["solution"]
def strict_mse(pred, target):
    """Mean of (pred - target)² over all entries; pred and target of one shape, or a ValueError."""
    ### BEGIN SOLUTION
    if pred.shape != target.shape:
        raise ValueError(f"pred has shape {tuple(pred.shape)}, target {tuple(target.shape)}")
    return ((pred - target.detach()) ** 2).mean()
    ### END SOLUTION

# %% id="strict_mse-check" tags=["check"]
check("losses.strict_mse")

# %% [markdown] id="softmax" lang="en"
# ## 2. From scores to probabilities
#
# A classifier's last layer gives one score per class, any real numbers: the **logits**. Softmax turns them into probabilities:
#
# $$p_j = \frac{e^{z_j}}{\sum_k e^{z_k}}$$
#
# All are positive and their sum is 1 — but over **which** dimension? For logits `[N, C]` it is dimension 1: each sample has its own distribution. `nn.Softmax(dim=1)` and `torch.softmax(z, dim=1)` name it. **Predict** which of the sums below are ones.

# %% [markdown] id="softmax" lang="zh" reviewed="8e35c3b7d925"
# ## 2. 从得分到概率
#
# 分类器的最后一层给每个类别一个得分，可以是任意实数：这就是 **logits**。softmax 把它们变成概率：
#
# $$p_j = \frac{e^{z_j}}{\sum_k e^{z_k}}$$
#
# 它们全是正数，总和为 1。可是沿着**哪一维**求和？对 `[N, C]` 的 logits 是第 1 维：每个样本有自己的分布。`nn.Softmax(dim=1)` 和 `torch.softmax(z, dim=1)` 都要指明它。**预测**下面哪些和等于 1。

# %% id="softmax-predict" tags=["hide-input"]
prediction("losses.dim", Text(en="nn.Softmax(dim=0) of logits [2, 3], two samples and three classes: which sums are 1?", zh="对 logits [2, 3]（两个样本、三个类别）用 nn.Softmax(dim=0)，哪些和等于 1？"), {
    (1,): Text(en="sum(dim=1), one for each sample", zh="sum(dim=1)，每个样本一个"),
    (0, 1): Text(en="both, sum(dim=0) and sum(dim=1)", zh="sum(dim=0) 和 sum(dim=1) 都是"),
    (0,): Text(en="sum(dim=0), one for each class", zh="sum(dim=0)，每个类别一个"),
    (): Text(en="neither, only the sum of all six numbers", zh="都不是，只有全部六个数的和才是"),
})

# %% id="softmax-run"
z = torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 0.0]])
ones = []                               # for each softmax the dims whose sums are 1 | 每个 softmax 各有哪些维的和为 1
for dim in (0, 1):
    p = nn.Softmax(dim=dim)(z)
    ones.append(tuple(d for d in (0, 1) if bool((p.sum(dim=d) - 1).abs().max() < 1e-4)))
    print(f"dim={dim}  sum(dim=0) {[digits(v, 3) for v in p.sum(dim=0)]}  sum(dim=1) {[digits(v, 3) for v in p.sum(dim=1)]}")
print("argmax", z.argmax(dim=1).tolist(), torch.softmax(z, dim=1).argmax(dim=1).tolist())
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    nn.Softmax()(z)
print([str(w.message).split(".")[0] for w in caught])
reveal("losses.dim", ones[0])

# %% [markdown] id="softmax-explain" lang="en"
# **Explain.** `dim` is the dimension that is summed over, and that vanishes in the sum. `dim=0` makes the two *samples* compete with each other, which nobody wants. Without `dim` PyTorch guesses and warns; always name it. The largest logit is the largest probability, so for the predicted class no softmax is needed.
#
# Softmax of $z + c$ is that of $z$: only **differences** of logits count. And a scale does count: $z / T$ with a small **temperature** $T$ makes the distribution sharp, with a large one flat. Move it below.

# %% [markdown] id="softmax-explain" lang="zh" reviewed="f84f3ee81118"
# **解释**：`dim` 就是被求和、求和之后消失的那一维。`dim=0` 让两个*样本*互相竞争，没有人想要这个。不写 `dim`，PyTorch 就猜，并给出警告；请总是写明。最大的 logit 就是最大的概率，所以只要预测类别的话，用不着 softmax。
#
# $z + c$ 的 softmax 与 $z$ 的相同：只有 logits 的**差**起作用。而尺度是起作用的：$z / T$，**温度** $T$ 小，分布就尖；$T$ 大，分布就平。在下面动手调一调。

# %% id="temperature" tags=["hide-input"]
def draw_temperature(temperature):
    scores = torch.tensor([2.0, 1.0, 0.5, -1.0])
    p = torch.softmax(scores / temperature, dim=0)
    fig, ax = new_figure(height=2.8)
    bars = ax.bar([f"z = {v:g}" for v in scores.tolist()], p.numpy(), color=COLOURS["blue"])
    ax.bar_label(bars, [digits(v, 2) for v in p])
    ax.set_ylim(0, 1.12)
    label(ax, title=Text(en="Softmax of z / T, T = {t}", zh="z / T 的 softmax，T = {t}").format(t=f"{temperature:g}"), y=Text(en="probability", zh="概率"))
    return fig, Text(en="Four bars for the logits 2, 1, 0.5 and -1 at temperature {t}: the probabilities are {p}.", zh="温度 {t} 时，logits 2、1、0.5、-1 的四根柱子：概率为 {p}。").format(t=f"{temperature:g}", p=", ".join(digits(v, 2) for v in p))


explore(draw_temperature, labels={"temperature": Text(en="temperature T", zh="温度 T")}, temperature=[1.0, 0.1, 0.5, 2.0, 10.0])

# %% [markdown] id="overflow" lang="en"
# ## 3. Logarithms, and numbers that are too large
#
# For losses one needs $\ln p_j$. **Predict** what the obvious way, `torch.log(torch.softmax(z, dim=1))`, gives for the logits `[0, 200]`, and what the formula written by hand gives for `[0, 1000]`.

# %% [markdown] id="overflow" lang="zh" reviewed="a748ab4a914a"
# ## 3. 对数，以及太大的数
#
# 损失里要用的是 $\ln p_j$。**预测**：最直接的写法 `torch.log(torch.softmax(z, dim=1))` 对 logits `[0, 200]` 得到什么？照公式手写出来的，对 `[0, 1000]` 又得到什么？

# %% id="overflow-predict" tags=["hide-input"]
prediction("losses.overflow", Text(en="The logarithm of the softmax of [0, 200], and the softmax of [0, 1000] by the formula:", zh="[0, 200] 的 softmax 的对数，以及照公式算的 [0, 1000] 的 softmax："), {
    (False, False): Text(en="[-200, 0] and [0, 1]", zh="[-200, 0] 和 [0, 1]"),
    (True, False): Text(en="[-inf, 0] and [0, 1]", zh="[-inf, 0] 和 [0, 1]"),
    (False, True): Text(en="[-200, 0] and [0, nan]", zh="[-200, 0] 和 [0, nan]"),
    (True, True): Text(en="[-inf, 0] and [0, nan]", zh="[-inf, 0] 和 [0, nan]"),
})

# %% id="overflow-run"
z = torch.tensor([[0.0, 200.0]])
obvious = torch.log(torch.softmax(z, dim=1))
print("log of softmax  ", obvious.tolist())
print("log_softmax     ", torch.log_softmax(z, dim=1).tolist())
z = torch.tensor([[0.0, 1000.0]])
by_hand = z.exp() / z.exp().sum(dim=1, keepdim=True)
print("formula by hand ", by_hand.tolist())
print("log_softmax     ", torch.log_softmax(z, dim=1).tolist(), " sum of exp:", torch.log_softmax(z, dim=1).exp().sum().item())
reveal("losses.overflow", (bool(obvious.isinf().any()), bool(by_hand.isnan().any())))

# %% [markdown] id="overflow-explain" lang="en"
# **Explain.** $e^{-200}$ is too small for float32 and becomes 0, whose logarithm is $-\infty$; $e^{1000}$ is too large and becomes infinite, and $\infty / \infty$ is nan. The true values, $-200$ and $-1000$, are harmless numbers. They are only lost on the way.
#
# Two steps save them. First, take the logarithm on paper: $\ln p_j = z_j - \ln \sum_k e^{z_k}$. Second, since only differences count, subtract the largest logit $m$ of each distribution before: $\ln \sum_k e^{z_k} = m + \ln \sum_k e^{z_k - m}$. Now every exponent is at most 0 and one of them is exactly 0: the sum lies between 1 and $C$, and nothing overflows.
#
# What comes out are **log-probabilities**: at most 0, and it is their exponentials that sum to 1. They are not a probability distribution themselves.

# %% [markdown] id="overflow-explain" lang="zh" reviewed="5f9b6e8fb1f1"
# **解释**：$e^{-200}$ 太小，float32 装不下，成了 0，它的对数是 $-\infty$；$e^{1000}$ 太大，成了无穷，$\infty / \infty$ 就是 nan。而真正的值 $-200$ 和 $-1000$ 都是再普通不过的数，只是在半路上丢了。
#
# 两步就能保住它们。第一步，先在纸上取对数：$\ln p_j = z_j - \ln \sum_k e^{z_k}$。第二步，既然只有差起作用，就先减去每个分布里最大的 logit，记作 $m$：$\ln \sum_k e^{z_k} = m + \ln \sum_k e^{z_k - m}$。这样每个指数最大为 0，而且其中有一个正好是 0：和在 1 与 $C$ 之间，什么都不会溢出。
#
# 得到的是**对数概率**：不超过 0，取指数之后总和才是 1。它们本身并不是概率分布。

# %% [markdown] id="log_softmax-card" lang="en"
# ### Exercise 8.2: log-softmax that survives
#
# **Difficulty:** 2 of 5. **Time:** 15 minutes.
#
# Write `log_softmax(z, dim)` with `exp`, `log`, `sum` and `max` (or `amax`), for a `z` of any number of dimensions. The result has the shape and the dtype of `z`.
#
# - It must be right for logits of $\pm 10^4$, in float32, too.
# - The gradient must be right as well; autograd takes care of it, if you use tensor operations.

# %% [markdown] id="log_softmax-card" lang="zh" reviewed="738345410229"
# ### 练习 8.2：经得起考验的 log-softmax
#
# **难度**：2（共 5 级）。**时间**：15 分钟。
#
# 用 `exp`、`log`、`sum` 和 `max`（或 `amax`）编写 `log_softmax(z, dim)`，`z` 可以有任意多维。结果的形状和 dtype 与 `z` 相同。
#
# - logits 为 $\pm 10^4$ 时也必须正确，float32 也不例外。
# - 梯度也必须正确；只要用的是张量运算，自动求导会管好它。

# %% id="log_softmax" tags=["solution"]
def log_softmax(z, dim):
    """Logarithms of the softmax of z along dim, without overflow: same shape and dtype as z."""
    ### BEGIN SOLUTION
    shifted = z - z.amax(dim=dim, keepdim=True)          # at most 0, and one of them is 0 | 不超过 0，其中必有一个是 0
    return shifted - shifted.exp().sum(dim=dim, keepdim=True).log()
    ### END SOLUTION

# %% id="log_softmax-check" tags=["check"]
check("losses.log_softmax")

# %% [markdown] id="nll" lang="en"
# ## 4. Cross-entropy, and what it wants to be given
#
# A sample of class $y$ should get a high $p_y$, so its loss is $-\ln p_y$: 0 for certainty, about 0.69 for a half, without bound for something that was called impossible. That is the **cross-entropy**.
#
# PyTorch has it in two pieces. `F.nll_loss` takes **log-probabilities**, picks the entry of the right class and changes its sign; it computes no logarithm, whatever its name ("negative log-likelihood") suggests. `F.cross_entropy` takes **logits** and does both. **Predict** which of the six lines below give the same number, and which is below 0.

# %% [markdown] id="nll" lang="zh" reviewed="490677261a86"
# ## 4. 交叉熵，以及它要的输入
#
# 类别为 $y$ 的样本应当得到大的 $p_y$，所以它的损失是 $-\ln p_y$：完全确信时为 0，一半时约 0.69，被说成不可能的事发生了，就没有上限。这就是**交叉熵**。
#
# PyTorch 把它分成两块。`F.nll_loss` 接受**对数概率**，挑出正确类别的那一项，改变符号；不管它的名字（“负对数似然”）让人想到什么，它并不计算对数。`F.cross_entropy` 接受 **logits**，两件事都做。**预测**下面六行哪些数相同？哪一个小于 0？

# %% id="nll-predict" tags=["hide-input"]
prediction("losses.same", Text(en="Which of the five other lines give the same number as cross_entropy(logits)?", zh="另外五行中，哪些与 cross_entropy(logits) 的数相同？"), {
    ("nll_loss(logits)",): "nll_loss(logits)",
    ("nll_loss(softmax)",): "nll_loss(softmax)",
    ("nll_loss(log_softmax)", "cross_entropy(log_softmax)"): Text(en="nll_loss(log_softmax) and cross_entropy(log_softmax)", zh="nll_loss(log_softmax) 和 cross_entropy(log_softmax)"),
    ("nll_loss(log_softmax)",): "nll_loss(log_softmax)",
    ("nll_loss(log_softmax)", "cross_entropy(softmax)"): Text(en="nll_loss(log_softmax) and cross_entropy(softmax)", zh="nll_loss(log_softmax) 和 cross_entropy(softmax)"),
})

# %% id="nll-run"
generator = torch.Generator().manual_seed(4)
logits, labels = 2 * torch.randn(64, 10, generator=generator), torch.randint(0, 10, (64,), generator=generator)
found = {}
for name, value in (
    ("cross_entropy(logits)       ", F.cross_entropy(logits, labels)),
    ("nll_loss(log_softmax)       ", F.nll_loss(torch.log_softmax(logits, dim=1), labels)),
    ("nll_loss(logits)            ", F.nll_loss(logits, labels)),
    ("nll_loss(softmax)           ", F.nll_loss(torch.softmax(logits, dim=1), labels)),
    ("cross_entropy(softmax)      ", F.cross_entropy(torch.softmax(logits, dim=1), labels)),
    ("cross_entropy(log_softmax)  ", F.cross_entropy(torch.log_softmax(logits, dim=1), labels)),
):
    print(name, digits(value, 4))
    found[name.strip()] = value.item()
first, *others = found
reveal("losses.same", tuple(name for name in others if abs(found[name] - found[first]) < 1e-4))

# %% [markdown] id="nll-explain" lang="en"
# **Explain.** The first two are the same by definition. `nll_loss(logits)` is the mean of some negated logits: it has no lower bound, and "training" drives the logits to infinity. `nll_loss(softmax)` is minus the mean probability of the right class: never below $-1$. Neither is a cross-entropy, and neither raises an error.
#
# `cross_entropy(softmax)` is the commonest accident: softmax twice. The numbers that go in lie between 0 and 1, so they differ by at most 1, and with ten classes the loss cannot fall below $\ln(e + 9) - 1 \approx 1.46$ even for perfect answers. The network learns, slowly, and nothing warns. The last line is right by luck: a second log-softmax changes nothing, since the exponentials already sum to 1.
#
# Remember it so: **the model ends with its logits; the loss does the rest.**

# %% [markdown] id="nll-explain" lang="zh" reviewed="7411e993436d"
# **解释**：前两行按定义就是相等的。`nll_loss(logits)` 是一些 logits 取负之后的平均：它没有下界，“训练”会把 logits 推向无穷。`nll_loss(softmax)` 是正确类别概率平均值的相反数，不会低于 $-1$。两者都不是交叉熵，也都不报错。
#
# `cross_entropy(softmax)` 是最常见的事故：做了两次 softmax。送进去的数都在 0 和 1 之间，最多相差 1；十个类别时，哪怕答案完美，损失也降不到 $\ln(e + 9) - 1 \approx 1.46$ 以下。网络还是会学，只是慢，也没有任何警告。最后一行是侥幸对的：再做一次 log-softmax 什么也不改变，因为取指数之后的和本来就是 1。
#
# 这样记就好：**模型到 logits 为止，剩下的由损失来做。**

# %% [markdown] id="twice" lang="en"
# **Predict** how two models that differ only in a softmax at their end do after the same training: three classes of points in the plane, 60 steps.

# %% [markdown] id="twice" lang="zh" reviewed="84a8210dacde"
# **预测**：两个模型只差末尾的一个 softmax，训练完全相同（平面上三类点，60 步），结果会怎样？

# %% id="twice-predict" tags=["hide-input"]
prediction("losses.twice", Text(en="The model on logits comes from 1.1 down to a loss of about 0.1. Where does the one with the softmax end?", zh="用 logits 的模型，损失从 1.1 降到约 0.1。多一个 softmax 的那个最后到多少？"), {
    0.1: Text(en="also at about 0.1", zh="也是约 0.1"),
    0.6: Text(en="at about 0.6", zh="约 0.6"),
    1.1: Text(en="still at about 1.1", zh="仍是约 1.1"),
    1.5: Text(en="at about 1.5", zh="约 1.5"),
})

# %% id="twice-run"
generator = torch.Generator().manual_seed(0)
centres = torch.tensor([[0.0, 2.0], [-1.7, -1.0], [1.7, -1.0]])
point_labels = torch.arange(300) % 3
points = centres[point_labels] + 0.8 * torch.randn(300, 2, generator=generator)
curves = {}
for name in ("logits", "softmax"):
    w = torch.zeros(2, 3, requires_grad=True)
    curves[name] = []
    for _ in range(60):
        out = points @ w
        loss = F.cross_entropy(out if name == "logits" else torch.softmax(out, dim=1), point_labels)
        curves[name].append(loss.item())
        (grad,) = torch.autograd.grad(loss, w)
        w = (w - 0.3 * grad).detach().requires_grad_()
fig, ax = new_figure(height=2.8)
ax.plot(curves["logits"], color=COLOURS["blue"])
ax.plot(curves["softmax"], color=COLOURS["orange"], linestyle="--")
ax.axhline(math.log(math.e + 2) - 1, color=COLOURS["black"], linewidth=1)
label(ax, title=Text(en="The same training with and without a softmax too many", zh="同样的训练，末尾有没有多余的 softmax"), x=Text(en="step", zh="步"), y=Text(en="loss", zh="损失"))
legend(ax, Text(en="cross_entropy(logits)", zh="cross_entropy(logits)"), Text(en="cross_entropy(softmax)", zh="cross_entropy(softmax)"), Text(en="ln(e + 2) - 1, the floor", zh="ln(e + 2) - 1，下限"), loc="right")
show(fig, Text(en="Two falling curves from {start}. After 60 steps the one on logits is at {a}; the one with a second softmax is at {b} and cannot go below {floor}.", zh="两条从 {start} 下降的曲线。60 步之后，用 logits 的到了 {a}；多一个 softmax 的到了 {b}，而且不可能低于 {floor}。").format(
    start=digits(curves["logits"][0], 2), a=digits(curves["logits"][-1], 2), b=digits(curves["softmax"][-1], 2), floor=digits(math.log(math.e + 2) - 1, 2)))
reveal("losses.twice", round(curves["softmax"][-1], 1))

# %% [markdown] id="why-ce" lang="en"
# ## 5. Why not the squared error?
#
# One could also compare $p$ with the one-hot target by squares. Look at the **slopes**. For one sample, two classes and the logit difference $z$, $p = 1 / (1 + e^{-z})$ is the probability of the right class. **Predict** where the slope of each loss is large: for a network that is confidently **wrong** ($z = -6$), or one that is already right?

# %% [markdown] id="why-ce" lang="zh" reviewed="88164549ff43"
# ## 5. 为什么不用平方误差？
#
# 也可以用平方来比较 $p$ 和 one-hot 的目标。看看**斜率**。一个样本、两个类别，logits 之差为 $z$，$p = 1 / (1 + e^{-z})$ 是正确类别的概率。**预测**每种损失在哪里斜率大：网络自信地**错了**（$z = -6$）的地方，还是已经对了的地方？

# %% id="why-ce-predict" tags=["hide-input"]
prediction("losses.slopes", Text(en="How large are the slopes of the two losses at z = -6, confidently wrong?", zh="在 z = -6，也就是自信地错了的地方，两种损失的斜率有多大？"), {
    (False, True): Text(en="cross-entropy nearly 0, squared error large", zh="交叉熵几乎为 0，平方误差大"),
    (True, True): Text(en="both large", zh="两者都大"),
    (True, False): Text(en="cross-entropy large, squared error nearly 0", zh="交叉熵大，平方误差几乎为 0"),
    (False, False): Text(en="both nearly 0", zh="两者都几乎为 0"),
})

# %% id="why-ce-run"
z = torch.linspace(-8, 8, 161, dtype=torch.float64, requires_grad=True)
(slope_ce,) = torch.autograd.grad((-torch.log(torch.sigmoid(z))).sum(), z)
(slope_mse,) = torch.autograd.grad(((1 - torch.sigmoid(z)) ** 2).sum(), z)
fig, ax = new_figure(height=2.8)
ax.plot(z.detach(), slope_ce, color=COLOURS["blue"])
ax.plot(z.detach(), slope_mse, color=COLOURS["orange"], linestyle="--")
label(ax, title=Text(en="Slopes of the two losses", zh="两种损失的斜率"), x=Text(en="logit of the right class, z", zh="正确类别的 logit，z"), y=Text(en="slope", zh="斜率"))
legend(ax, Text(en="cross-entropy: p - 1", zh="交叉熵：p - 1"), Text(en="squared error: -2 p (1 - p)²", zh="平方误差：-2 p (1 - p)²"))
at = int((z.detach() + 6).abs().argmin())
show(fig, Text(en="At z = -6, confidently wrong, the slope of the cross-entropy is {a} and that of the squared error {b}. Both go to 0 on the right.", zh="在 z = -6，也就是自信地错了的地方，交叉熵的斜率是 {a}，平方误差的是 {b}。往右两者都趋于 0。").format(a=digits(slope_ce[at], 3), b=digits(slope_mse[at], 2)))
reveal("losses.slopes", (abs(slope_ce[at].item()) > 0.5, abs(slope_mse[at].item()) > 0.5))

# %% [markdown] id="why-ce-explain" lang="en"
# **Explain.** With cross-entropy the logarithm and the exponential cancel: the gradient with respect to the logits is simply $p - \text{onehot}(y)$, each entry at most 1 in size, and largest where the answer is most wrong. The squared error has the factor $p (1 - p)$ left, which vanishes at **both** ends: whoever is confidently wrong gets hardly any push. For classes: cross-entropy. For quantities: the squared error.

# %% [markdown] id="why-ce-explain" lang="zh" reviewed="046bde660208"
# **解释**：在交叉熵里，对数和指数正好抵消：对 logits 的梯度就是 $p - \text{onehot}(y)$，每一项的大小不超过 1，错得最厉害的地方最大。平方误差则多出一个因子 $p (1 - p)$，它在**两头**都趋于零：自信地错了的，反而几乎推不动。分类用交叉熵，数量用平方误差。

# %% [markdown] id="cross_entropy-card" lang="en"
# ### Exercise 8.3: cross-entropy with class weights
#
# **Difficulty:** 3 of 5. **Time:** 15 minutes.
#
# Write `cross_entropy(logits, labels, weight=None)` for `logits` `[N, C]` and int64 `labels` `[N]`; the result is a tensor without dimensions.
#
# - Without `weight`: the mean of $-\ln p_y$ over the samples.
# - With `weight` `[C]`, one weight per class (rare classes get more): the **weighted mean**, $\sum_i w_{y_i} \ell_i \,/\, \sum_i w_{y_i}$.
# - It survives logits of $\pm 10^4$.
#
# You may use `torch.log_softmax`, so that a mistake in the exercise before costs nothing here.

# %% [markdown] id="cross_entropy-card" lang="zh" reviewed="b3e7656a52a7"
# ### 练习 8.3：带类别权重的交叉熵
#
# **难度**：3（共 5 级）。**时间**：15 分钟。
#
# 编写 `cross_entropy(logits, labels, weight=None)`，`logits` 形状为 `[N, C]`，`labels` 为 int64，形状 `[N]`；结果是零维张量。
#
# - 没有 `weight`：$-\ln p_y$ 对样本求平均。
# - 有 `weight`，形状 `[C]`，每个类别一个权重（少见的类别给大些）：**加权平均**，$\sum_i w_{y_i} \ell_i \,/\, \sum_i w_{y_i}$。
# - logits 为 $\pm 10^4$ 时也不出错。
#
# 可以使用 `torch.log_softmax`，这样上一题的错误不会连累这一题。

# %% id="cross_entropy" tags=["solution"]
def cross_entropy(logits, labels, weight=None):
    """Mean cross-entropy of logits [N, C] and labels [N]; with weight [C] the weighted mean."""
    ### BEGIN SOLUTION
    each = -torch.log_softmax(logits, dim=1)[torch.arange(len(labels)), labels]     # [N]
    if weight is None:
        return each.mean()
    w = weight[labels]
    return (w * each).sum() / w.sum()
    ### END SOLUTION

# %% id="cross_entropy-check" tags=["check"]
check("losses.cross_entropy")

# %% [markdown] id="story-ce" lang="en"
# A test of your own function: ten classes, logits that are all equal, any labels. What must the loss be?

# %% [markdown] id="story-ce" lang="zh" reviewed="70eeb3356b07"
# 检验一下你自己的函数：十个类别，logits 全部相等，标签任意。损失应该是多少？

# %% id="story-ce-run"
if solved("losses.cross_entropy"):
    print(digits(cross_entropy(torch.zeros(5, 10), torch.tensor([0, 3, 9, 1, 1])), 5), " ln 10 =", digits(math.log(10), 5))

# %% [markdown] id="bce" lang="en"
# ## 6. Yes or no: binary cross-entropy
#
# With questions that are answered by yes or no — is there a cat in the picture? and a dog? — each output stands for itself: no softmax, one **sigmoid** $\sigma(z) = 1 / (1 + e^{-z})$ per question. The loss is $-[\,y \ln \sigma(z) + (1 - y) \ln(1 - \sigma(z))\,]$ with $y$ of 0 or 1. `F.binary_cross_entropy` wants probabilities, `F.binary_cross_entropy_with_logits` wants logits. **Predict** which of them is right for the logit 200 and the answer no.

# %% [markdown] id="bce" lang="zh" reviewed="1249b589f35f"
# ## 6. 是或否：二元交叉熵
#
# 如果问题的回答是“是”或“否”（图里有没有猫？有没有狗？），每个输出就各管各的：不用 softmax，每个问题一个 **sigmoid** $\sigma(z) = 1 / (1 + e^{-z})$。损失是 $-[\,y \ln \sigma(z) + (1 - y) \ln(1 - \sigma(z))\,]$，$y$ 为 0 或 1。`F.binary_cross_entropy` 要的是概率，`F.binary_cross_entropy_with_logits` 要的是 logits。**预测**：logit 为 200 而答案是“否”时，哪个是对的？

# %% id="bce-predict" tags=["hide-input"]
prediction("losses.binary", Text(en="The loss for the logit 200 and the answer no, from the probability and from the logit:", zh="logit 为 200、答案是“否”时的损失，分别从概率和从 logit 计算："), {
    ("right", "right"): Text(en="200 and 200", zh="200 和 200"),
    ("infinite", "right"): Text(en="infinite and 200", zh="无穷和 200"),
    ("right", "infinite"): Text(en="200 and infinite", zh="200 和无穷"),
    ("small", "right"): Text(en="too small a number and 200", zh="一个偏小的数和 200"),
})

# %% id="bce-run"
for value in (2.0, 20.0, 200.0):
    z, no = torch.tensor([value], requires_grad=True), torch.tensor([0.0])
    from_p, from_z = F.binary_cross_entropy(torch.sigmoid(z), no), F.binary_cross_entropy_with_logits(z, no)
    slopes = [digits(torch.autograd.grad(loss, z)[0], 3) for loss in (from_p, from_z)]
    print(f"z = {value:5g}   from the probability: {digits(from_p.item(), 5):>7}, slope {slopes[0]}   from the logit: {digits(from_z.item(), 5):>7}, slope {slopes[1]}")
reveal("losses.binary", tuple("infinite" if loss.isinf() else "right" if abs(loss.item() - 200) < 1 else "small" for loss in (from_p, from_z)))

# %% [markdown] id="bce-explain" lang="en"
# **Explain.** At 20 the sigmoid rounds to exactly 1 in float32. $\ln(1 - 1)$ is $-\infty$; PyTorch clips it at $-100$, so that there is at least a number, but it is the wrong one, and its slope is 0: the worst mistakes are never corrected. From the logit, the loss is 20 or 200, as it should be, with slope 1.
#
# On paper: $-\ln \sigma(z) = \ln(1 + e^{-z})$ and $-\ln(1 - \sigma(z)) = \ln(1 + e^{z})$. So with $\text{softplus}(z) = \ln(1 + e^z)$ the loss is $\text{softplus}(z) - y z$, and $\ln(e^0 + e^z)$ is a log-sum-exp of two numbers, which you know how to save.

# %% [markdown] id="bce-explain" lang="zh" reviewed="1bb7deb81d5d"
# **解释**：到了 20，float32 的 sigmoid 就舍入成正好 1。$\ln(1 - 1)$ 是 $-\infty$；PyTorch 把它截在 $-100$，好歹是个数，却是错的，而且斜率为 0：最严重的错误永远得不到纠正。从 logit 算，损失是 20 或 200，正该如此，斜率为 1。
#
# 在纸上：$-\ln \sigma(z) = \ln(1 + e^{-z})$，$-\ln(1 - \sigma(z)) = \ln(1 + e^{z})$。记 $\text{softplus}(z) = \ln(1 + e^z)$，损失就是 $\text{softplus}(z) - y z$，而 $\ln(e^0 + e^z)$ 是两个数的 log-sum-exp，怎样保住它，你已经会了。

# %% [markdown] id="bce-card" lang="en"
# ### Exercise 8.4: binary cross-entropy from logits
#
# **Difficulty:** 3 of 5. **Time:** 15 minutes.
#
# Write `bce_with_logits(z, y)` for `z` of any shape and `y` of the same shape with values 0 and 1, as floats, integers **or** booleans. It returns the mean over **all** entries, a tensor without dimensions, of the dtype of `z`, and survives $\pm 10^4$, gradients included.
#
# `torch.logaddexp(a, b)` is $\ln(e^a + e^b)$ without overflow. (`F.binary_cross_entropy_with_logits` itself is what you are to write.)

# %% [markdown] id="bce-card" lang="zh" reviewed="20e54ff149ee"
# ### 练习 8.4：从 logits 计算二元交叉熵
#
# **难度**：3（共 5 级）。**时间**：15 分钟。
#
# 编写 `bce_with_logits(z, y)`：`z` 形状任意，`y` 形状相同，取值 0 和 1，可以是浮点数、整数**或**布尔值。返回对**所有**元素的平均值，零维张量，dtype 与 `z` 相同；$\pm 10^4$ 时也不出错，梯度也一样。
#
# `torch.logaddexp(a, b)` 就是不会溢出的 $\ln(e^a + e^b)$。（`F.binary_cross_entropy_with_logits` 本身就是要你来写的。）

# %% id="bce_with_logits" tags=["solution"]
def bce_with_logits(z, y):
    """Mean binary cross-entropy of logits z and answers y (0 or 1), of one shape."""
    ### BEGIN SOLUTION
    return (torch.logaddexp(z, torch.zeros_like(z)) - y.to(z.dtype) * z).mean()
    ### END SOLUTION

# %% id="bce_with_logits-check" tags=["check"]
check("losses.bce_with_logits")

# %% [markdown] id="activations" lang="en"
# ## 7. Activations
#
# Without something curved between them, two linear layers are one. What is curved there decides how the gradient comes back. Three common choices are the sigmoid from above, ReLU, and leaky ReLU, which leaves a positive $x$ as it is and here turns a negative $x$ into $0.1\,x$. **Predict** which of the three lets a gradient through at $x = -4$, and how much.

# %% [markdown] id="activations" lang="zh" reviewed="2a324f45781c"
# ## 7. 激活函数
#
# 如果中间没有弯曲的东西，两个线性层就等于一个。而用什么来弯曲，决定了梯度怎样传回来。常用的有三种：上面的 sigmoid、ReLU，以及 leaky ReLU，它让正的 $x$ 保持不变，在这里把负的 $x$ 变成 $0.1\,x$。**预测**：三者之中，哪个在 $x = -4$ 处放行梯度？放行多少？

# %% id="activations-predict" tags=["hide-input"]
prediction("losses.activations", Text(en="The slopes at x = -4 of sigmoid, ReLU and leaky ReLU:", zh="sigmoid、ReLU 和 leaky ReLU 在 x = -4 处的斜率："), {
    (0.25, 0.0, 0.1): Text(en="0.25, 0 and 0.1", zh="0.25、0 和 0.1"),
    (0.02, 0.0, 0.1): Text(en="about 0.02, 0 and 0.1", zh="约 0.02、0 和 0.1"),
    (0.02, 0.0, -0.4): Text(en="about 0.02, 0 and -0.4", zh="约 0.02、0 和 -0.4"),
    (0.0, 0.0, 0.1): Text(en="0, 0 and 0.1", zh="0、0 和 0.1"),
})

# %% id="activations-run"
x = torch.linspace(-6, 6, 241, dtype=torch.float64, requires_grad=True)
fig, (left, right) = new_figure(1, 2, height=2.8)
slopes = {}
for (name, function), style in zip((("sigmoid", torch.sigmoid), ("ReLU", torch.relu), ("leaky ReLU 0.1", lambda v: F.leaky_relu(v, 0.1))), SERIES):
    y = function(x)
    (slopes[name],) = torch.autograd.grad(y.sum(), x)
    left.plot(x.detach(), y.detach(), **style, label=name)
    right.plot(x.detach(), slopes[name], **style)
left.set_ylim(-1, 3)
label(left, title=Text(en="values", zh="函数值"))
label(right, title=Text(en="slopes", zh="斜率"))
left.legend()
at = int((x.detach() + 4).abs().argmin())
show(fig, Text(en="Left the three functions, right their slopes. At x = -4 the slopes are {s}.", zh="左边是三个函数，右边是它们的斜率。在 x = -4 处，斜率为 {s}。").format(s="; ".join(f"{name} {digits(s[at], 2)}" for name, s in slopes.items())))
reveal("losses.activations", tuple(round(s[at].item(), 2) for s in slopes.values()))

# %% [markdown] id="activations-explain" lang="en"
# **Explain.** The slope of the sigmoid is at most 0.25 and nearly 0 far out; many of them in a row multiply to almost nothing (the **vanishing gradient**). ReLU has slope 1 wherever it is on, so nothing shrinks there, and slope 0 wherever it is off. A unit that is off for **every** sample gets no gradient at all, its weights no longer move, and it stays off: a **dead** unit. **Leaky ReLU**, $x$ for positive and $a x$ for negative $x$, leaves it a small slope $a$ to come back by. That is what it mends: dead units, not vanishing gradients in general.
#
# **Predict** how many of 100 ReLU units are dead when a training step that was too large has pushed their biases down by $b$.

# %% [markdown] id="activations-explain" lang="zh" reviewed="20bc30f4e715"
# **解释**：sigmoid 的斜率最大只有 0.25，离得远就几乎为 0；许多个连在一起，乘起来就所剩无几（**梯度消失**）。ReLU 开着的地方斜率为 1，所以不会缩小；关着的地方斜率为 0。对**所有**样本都关着的单元，得不到任何梯度，权重不再变化，也就一直关着：这是**死掉的**单元。**leaky ReLU** 对正的 $x$ 是 $x$，对负的 $x$ 是 $a x$，给它留了一个小斜率 $a$，可以慢慢回来。它治的是死掉的单元，而不是一般意义上的梯度消失。
#
# **预测**：一步走得太大，把 100 个 ReLU 单元的偏置都往下推了 $b$，会有多少个单元死掉？

# %% id="activations-explain-predict" tags=["hide-input"]
prediction("losses.dead", Text(en="The values before ReLU have mean 0 and standard deviation 1. Biases pushed down by b = 2, 200 samples: how many of 100 units are dead?", zh="ReLU 之前的值，均值为 0，标准差为 1。偏置下推 b = 2，共 200 个样本：100 个单元中死了几个？"), {
    "none": Text(en="none", zh="一个也没有"),
    "few": Text(en="a few, fewer than 10", zh="少数几个，不到 10 个"),
    "half": Text(en="about half", zh="约一半"),
    "most": Text(en="nearly all, more than 90", zh="几乎全部，90 个以上"),
})

# %% id="dead" tags=["hide-input"]
def share_on(shift):
    """The share of the samples for which a unit is on, for each of 100 units [10, 10]."""
    generator = torch.Generator().manual_seed(1)
    w, inputs = torch.randn(20, 100, generator=generator) / math.sqrt(20), torch.randn(200, 20, generator=generator)
    return (inputs @ w - shift > 0).double().mean(dim=0).reshape(10, 10)


def draw_dead(shift):
    on = share_on(shift)
    fig, ax = new_figure(height=3.2, width=4.4)
    image = ax.imshow(on, vmin=0, vmax=0.6, cmap="viridis")
    for row, column in (on == 0).nonzero().tolist():
        ax.text(column, row, "×", ha="center", va="center", color="white")
    fig.colorbar(image, ax=ax)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.grid(False)
    dead = int((on == 0).sum())
    label(ax, title=Text(en="b = {b}: {d} of 100 units are dead (×)", zh="b = {b}：100 个单元死了 {d} 个（×）").format(b=f"{shift:g}", d=dead))
    return fig, Text(en="A grid of 100 units, coloured by the share of 200 samples for which each is on; mean {m}. {d} are on for none and marked with a cross.", zh="100 个单元排成方格，颜色表示 200 个样本中有多大比例使它开着；平均 {m}。有 {d} 个对任何样本都不开，打了叉。").format(m=digits(on.mean(), 2), d=dead)


explore(draw_dead, labels={"shift": Text(en="bias pushed down by b", zh="偏置下推 b")}, shift=[2.0, 0.0, 1.0, 2.5, 3.0, 4.0])
dead_at_2 = int((share_on(2.0) == 0).sum())
reveal("losses.dead", "none" if dead_at_2 == 0 else "few" if dead_at_2 < 10 else "half" if dead_at_2 <= 90 else "most")

# %% [markdown] id="leaky-card" lang="en"
# ### Exercise 8.5: leaky ReLU, there and back
#
# **Difficulty:** 2 of 5. **Time:** 15 minutes.
#
# Write `leaky_relu(x, slope, grad_out)`, without autograd. It returns two tensors of the shape of `x`: the value ($x$ where $x > 0$, `slope` times $x$ elsewhere) and the gradient of `x`, when `grad_out` is the gradient that arrives from above.
#
# - `slope` may be any number: learnt slopes (PReLU) can be above 1 or below 0, and 0 makes it a ReLU.
# - `x` and `grad_out` are left as they were.

# %% [markdown] id="leaky-card" lang="zh" reviewed="9e4aab132ff3"
# ### 练习 8.5：leaky ReLU 的去与回
#
# **难度**：2（共 5 级）。**时间**：15 分钟。
#
# 不用自动求导，编写 `leaky_relu(x, slope, grad_out)`。它返回两个与 `x` 同形的张量：函数值（$x > 0$ 处为 $x$，其余为 `slope` 乘 $x$），以及 `x` 的梯度，其中 `grad_out` 是从上游传来的梯度。
#
# - `slope` 可以是任意数：学出来的斜率（PReLU）可以大于 1，也可以小于 0；为 0 时就是 ReLU。
# - `x` 和 `grad_out` 保持原样。

# %% id="leaky_relu" tags=["solution"]
def leaky_relu(x, slope, grad_out):
    """Leaky ReLU of x and the gradient of x for the upstream gradient grad_out -> (value, grad_x)."""
    ### BEGIN SOLUTION
    factor = torch.where(x > 0, torch.ones_like(x), slope)     # a Python number takes the dtype of the tensor | Python 的数随张量的 dtype
    return x * factor, grad_out * factor
    ### END SOLUTION

# %% id="leaky_relu-check" tags=["check"]
check("losses.leaky_relu")

# %% [markdown] id="table" lang="en"
# ## 8. Which loss wants what
#
# | task | loss | prediction | target |
# |---|---|---|---|
# | a quantity | `nn.MSELoss` | values, any shape | values, **same shape** |
# | a quantity, with outliers | `nn.L1Loss`, `nn.HuberLoss` | values | values, same shape |
# | one of $C$ classes | `nn.CrossEntropyLoss` | **logits** `[N, C]` | int64 `[N]` |
# | the same, in two pieces | `nn.NLLLoss` | **log-probabilities** `[N, C]` | int64 `[N]` |
# | yes or no, many times | `nn.BCEWithLogitsLoss` | **logits**, any shape | floats 0 or 1, same shape |
#
# All of them take `reduction="mean"` (the default), `"sum"` or `"none"`. With `"sum"` the gradient grows with the batch, and the learning rate has to shrink with it.

# %% [markdown] id="table" lang="zh" reviewed="8eb10b0268d3"
# ## 8. 哪种损失要什么
#
# | 任务 | 损失 | 预测 | 目标 |
# |---|---|---|---|
# | 一个数量 | `nn.MSELoss` | 数值，形状任意 | 数值，**形状相同** |
# | 一个数量，有离群值 | `nn.L1Loss`、`nn.HuberLoss` | 数值 | 数值，形状相同 |
# | $C$ 个类别之一 | `nn.CrossEntropyLoss` | **logits** `[N, C]` | int64 `[N]` |
# | 同上，分成两块 | `nn.NLLLoss` | **对数概率** `[N, C]` | int64 `[N]` |
# | 多个“是或否” | `nn.BCEWithLogitsLoss` | **logits**，形状任意 | 浮点数 0 或 1，形状相同 |
#
# 它们都接受 `reduction="mean"`（默认）、`"sum"` 或 `"none"`。用 `"sum"` 时，梯度随批量变大，学习率就得相应变小。

# %% id="table-run"
for reduction in ("none", "sum", "mean"):
    loss = nn.CrossEntropyLoss(reduction=reduction)(logits[:4], labels[:4])
    print(f"{reduction:5} shape {list(loss.shape)}  {[digits(v, 3) for v in loss.flatten()]}")

# %% id="my-predictions" tags=["hide-input"]
predictions("losses")

# %% [markdown] id="summary" lang="en"
# ## Summary
#
# - A loss returns one number. Equal shapes for MSE, or broadcasting compares everything with everything.
# - Softmax needs a `dim`, the one that is summed over; only differences of logits count.
# - Take the logarithm on paper and subtract the maximum: nothing overflows.
# - `cross_entropy` takes logits, `nll_loss` log-probabilities; the model ends with logits.
# - ReLU can die, leaky ReLU leaves a slope.
#
# ### Can you answer these without looking?
#
# 1. A ten-class model trains, but its loss never goes below 1.47. What do you look for?
# 2. Why does log-softmax subtract the maximum, and why may it?
# 3. Your loss is negative. Which mistake from this lesson fits?
#
# <details><summary>Answers</summary>
#
# 1. A softmax at the end of the model.
# 2. So that no exponential overflows; only differences of logits count.
# 3. `nll_loss` of probabilities or of logits.
#
# </details>

# %% [markdown] id="summary" lang="zh" reviewed="bc3aab902394"
# ## 小结
#
# - 损失返回一个数。MSE 要求形状相同，否则广播会让所有的与所有的相比。
# - softmax 要写明 `dim`，也就是被求和的那一维；只有 logits 的差起作用。
# - 先在纸上取对数，再减去最大值：什么都不会溢出。
# - `cross_entropy` 要 logits，`nll_loss` 要对数概率；模型到 logits 为止。
# - ReLU 会死掉，leaky ReLU 留有斜率。
#
# ### 不看上文，你能答出来吗？
#
# 1. 一个十类的模型在训练，可损失从不低于 1.47。你会去找什么？
# 2. log-softmax 为什么要减去最大值？又为什么可以减？
# 3. 你的损失是负的。本课的哪个错误与此相符？
#
# <details><summary> 答案 </summary>
#
# 1. 模型末尾的 softmax。
# 2. 为了不让指数溢出；而起作用的只有 logits 的差。
# 3. 对概率或 logits 用了 `nll_loss`。
#
# </details>

# %% [markdown] id="next" lang="en"
# ## What is next
#
# A loss over a batch needs batches. **Lesson 09** makes them: datasets, loaders and transforms.
#
# ### Further reading
#
# - PyTorch documentation, *torch.nn.CrossEntropyLoss* and *torch.nn.BCEWithLogitsLoss*.
# - Goodfellow, Bengio and Courville, *Deep Learning*, chapter 6.2.

# %% [markdown] id="next" lang="zh" reviewed="1b1b5b830a9c"
# ## 接下来
#
# 对一批求损失，先得有批量。**第 09 课**来准备：数据集、加载器和变换。
#
# ### 延伸阅读
#
# - PyTorch 文档，*torch.nn.CrossEntropyLoss* 和 *torch.nn.BCEWithLogitsLoss*。
# - Goodfellow、Bengio、Courville，《深度学习》，第 6.2 节。
