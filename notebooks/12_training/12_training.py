# %% [markdown] id="title" lang="en"
# # Lesson 12. The training loop
#
# Everything is ready: data in batches, a model, a loss, an optimiser. What is left is the loop around them, some twenty lines that you will write again and again. They look harmless. But nearly every line of them can be wrong in a way that raises no error: the loss goes down, the report says 94 %, and the number means something else than you think. In this lesson you write the loop, measure honestly, and learn to read in the curves what went wrong.
#
# **After this lesson you can**
#
# - write one epoch of training and one of evaluation, right for every batch size;
# - test a training set-up before you train: the loss at the start, and learning a handful of samples by heart;
# - log against examples seen, read loss curves, and name six classic bugs by their symptoms;
# - look at the errors of a classifier, in a confusion matrix and one by one.
#
# **Time:** about 120 minutes, 60 of them for the four exercises.
#
# **You need:** lesson 06 (optimisers), lesson 08 (losses), lesson 09 (data) and lesson 11 (train and eval).
#
# **Created** 2026-11, last updated 2026-11, last verified 2026-11 with torch 2.13; all cells together run in about 10 seconds on two CPU cores.
#
# **Licence:** the text is CC BY 4.0, the code is MIT.

# %% [markdown] id="title" lang="zh" reviewed="90943b7750a0"
# # 第 12 课：训练循环
#
# 万事俱备：分批的数据、模型、损失、优化器。剩下的是把它们串起来的循环，二十来行，今后你会一写再写。它看上去人畜无害，可是几乎每一行都可能错得不声不响：损失在下降，报告写着 94 %，而这个数的意思和你以为的并不一样。这一课写出这个循环，老老实实地测量，并学会从曲线上看出哪里出了问题。
#
# **学完本课，你能够**
#
# - 写出一轮训练和一次评估，对任何批量大小都正确；
# - 在训练之前检验整套设置：起点的损失，以及把几个样本死记硬背下来；
# - 以“见过的样本数”为横轴记录，读懂损失曲线，并根据症状认出六种典型错误；
# - 用混淆矩阵和逐个查看的办法，了解分类器错在哪里。
#
# **时间**：约 120 分钟，其中四道练习占 60 分钟。
#
# **需要的基础**：第 06 课（优化器）、第 08 课（损失）、第 09 课（数据）和第 11 课（训练与评估模式）。
#
# **编写**于 2026-11，最近更新于 2026-11，最近一次用 torch 2.13 验证于 2026-11；所有单元格加起来，在两个 CPU 核上约需运行 10 秒。
#
# **许可**：文字采用 CC BY 4.0，代码采用 MIT。

# %% id="imports" tags=["setup"]
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from course_lib import COLOURS, SERIES, Text, check, describe_device, digits, explore, label, legend, load_images, new_figure, pick_device, prediction, predictions, reveal, say, show, solved
from course_lib.precision import keep_kernels_exact

# %% [markdown] id="data" lang="en"
# ## 1. Data and a first look at the task
#
# The embedded digits: 1442 to train, 355 to test, 28 by 28 dots. Mean and standard deviation are measured on the **training** part only and used for both. (With MNIST on your disk, `load_images("mnist")` gives 60000 and 10000 of the same shape, and every cell below works for them, too. The environment variable `COURSE_IMAGES=mnist` says it once for all lessons.)
#
# The runs use the accelerator where there is one, and the next cell says where they will be. The images stay on the CPU; `small_network` returns a network that has been moved already, and `batches` moves each batch. The weights are drawn on the CPU *before* they are moved, so that every machine starts from the same ones. Do not expect to be faster for it: merely to start an operation on a GPU takes some microseconds, and a network this small has hardly more than that to compute.

# %% [markdown] id="data" lang="zh" reviewed="969a755b45ed"
# ## 1. 数据，以及对任务的初步了解
#
# 用自带的手写数字：1442 个用于训练，355 个用于测试，每个 28 乘 28 个点。均值和标准差只在**训练**集上测，两边都用它。（如果硬盘上有 MNIST，`load_images("mnist")` 会给出同样形状的 60000 个和 10000 个，下面每个单元格对它们同样适用。环境变量 `COURSE_IMAGES=mnist` 可以让所有课一次换成它。）
#
# 有加速器时，训练就在加速器上进行，下一个单元格会说明究竟在哪里。图像留在 CPU 上；`small_network` 返回的网络已经搬好，`batches` 则逐批搬数据。权重是*先*在 CPU 上抽好再搬的，所以每台机器的起点都相同。别指望这样会更快：在 GPU 上，光是启动一次运算就要几微秒，而这么小的网络，计算本身也花不了多久。

# %% id="device" tags=["nbval-ignore-output"]
device = pick_device()
keep_kernels_exact()                               # on a GPU: full float32, sums in a fixed order (lesson 00) | 在 GPU 上：完整的 float32，相加次序固定（第 00 课）
say(describe_device(device))

# %% id="load"
train_x, train_y = load_images()
test_x, test_y = load_images(train=False)
mean, std = train_x.mean(), train_x.std()
train_x, test_x = (train_x - mean) / std, (test_x - mean) / std
say(Text(en="train {a}, test {b}; mean {m}, standard deviation {s}", zh="训练 {a}，测试 {b}；均值 {m}，标准差 {s}"),
    a=tuple(train_x.shape), b=tuple(test_x.shape), m=digits(mean, 3), s=digits(std, 3))


def batches(x, y, size, generator=None):
    """Pairs of x and y on the device, the last one smaller where it does not fit; shuffled where there is a generator."""
    order = torch.randperm(len(x), generator=generator) if generator is not None else torch.arange(len(x))
    return [(x[part].to(device), y[part].to(device)) for part in order.split(size)]


def small_network(seed=0):
    """784 inputs, 64 hidden units, 10 classes, on the device; the same weights for the same seed, wherever that is."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10)).to(device)

# %% [markdown] id="before" lang="en"
# ## 2. Two tests before any training
#
# **The loss at the start.** A network that knows nothing should give each of $C$ classes about the same probability, so its cross-entropy is near $\ln C$. For 10 classes: $\ln 10 \approx 2.303$. Much more means that the initial weights or the data are badly scaled; much less means that something has leaked.
#
# **A handful by heart.** A network that is wired up rightly can learn 32 samples perfectly. If it cannot, the bug is in the code and not in the amount of data. **Predict** the loss after 60 steps on the same 32 samples, once with their labels and once with **shuffled** labels.

# %% [markdown] id="before" lang="zh" reviewed="03f03aae89eb"
# ## 2. 训练之前的两个检验
#
# **起点的损失**：什么都不懂的网络，给 $C$ 个类别的概率应当差不多，所以交叉熵接近 $\ln C$。10 个类别时 $\ln 10 \approx 2.303$。大得多，说明初始权重或数据的尺度不对；小得多，说明有什么泄漏了。
#
# **背下几个样本**：接线正确的网络，能把 32 个样本学得分毫不差。学不会，错误就在代码里，而不是数据太少。**预测**：在同样的 32 个样本上走 60 步之后的损失，一次用真标签，一次用**打乱的**标签。

# %% id="before-predict" tags=["hide-input"]
prediction("training.by_heart", Text(en="The loss after 60 steps on 32 samples, with their labels and with shuffled ones:", zh="在 32 个样本上走 60 步之后的损失，先是用真标签，再是用打乱的标签："), {
    (False, False): Text(en="both well above 0", zh="两个都明显大于 0"),
    (True, False): Text(en="near 0; near ln 10", zh="接近 0；接近 ln 10"),
    (True, True): Text(en="both near 0", zh="两个都接近 0"),
})

# %% id="before-run"
def memorise(labels, steps=60):
    network = small_network()
    x, y = train_x[:32].to(device), labels.to(device)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    for _ in range(steps):
        optimiser.zero_grad()
        loss = F.cross_entropy(network(x), y)
        loss.backward()
        optimiser.step()
    return loss.item()


with torch.no_grad():
    start = F.cross_entropy(small_network()(train_x.to(device)), train_y.to(device)).item()
mixed = train_y[:32][torch.randperm(32, generator=torch.Generator().manual_seed(0))]
say(Text(en="loss at the start {a}, ln 10 = {b}", zh="起点的损失 {a}，ln 10 = {b}"), a=digits(start, 2), b=digits(math.log(10)))
by_heart = (memorise(train_y[:32]) < 0.01, memorise(mixed) < 0.01)
say(Text(en="32 samples by heart: below 0.01: {a}; with shuffled labels: {b}", zh="背下 32 个样本，损失低于 0.01：{a}；标签打乱：{b}"), a=by_heart[0], b=by_heart[1])
reveal("training.by_heart", by_heart)

# %% [markdown] id="before-explain" lang="en"
# **Explain.** Both are learnt by heart, the shuffled ones as well! A network of this size does not need any pattern to remember 32 samples. That is what the test is for: it shows that gradients flow and the update works, nothing more. Whether the network has learnt anything **general** can only be seen on samples that it was not trained on.

# %% [markdown] id="before-explain" lang="zh" reviewed="a744fb03a550"
# **解释**：两种都背下来了，打乱标签的也不例外！这么大的网络要记住 32 个样本，不需要任何规律。这正是这个检验的用处：它说明梯度是通的，更新是有效的，仅此而已。网络有没有学到**普遍**的东西，只能在没有训练过的样本上看。

# %% [markdown] id="epoch" lang="en"
# ## 3. One epoch
#
# One pass over all batches is an **epoch**; each batch makes one **step** (or iteration). The five lines of a step you know: clear, forward, loss, backward, update. On an accelerator (lesson 00) one more stands before them, `x, y = x.to(device), y.to(device)`; here `batches` does that, and your functions take the batches as they come. The model is moved only once, and before the optimiser is made, because the optimiser holds on to the parameters that it is given. Around the step stand three things that are easily forgotten:
#
# 1. `model.train()` at the beginning: somebody may have left the model in eval mode.
# 2. The **number** that is logged: `loss.item()`, not `loss`. A sum of loss tensors keeps the graphs of the whole epoch in memory.
# 3. The **mean over samples**. `cross_entropy` gives the mean over the batch, and the last batch is smaller. The mean of the batch means is another number. **Predict** it for batches of 4 and 1 with the mean losses 1 and 6.

# %% [markdown] id="epoch" lang="zh" reviewed="f62639c39ca7"
# ## 3. 一轮
#
# 把所有批过一遍叫一**轮**（epoch）；每一批走一**步**（或一次迭代）。一步里的五行你都认识：清零、前向、损失、反向、更新。用加速器时（第 00 课），前面还要多一行 `x, y = x.to(device), y.to(device)`；在这一课，这件事由 `batches` 来做，你的函数拿到批就直接用。模型则只搬一次，而且要在创建优化器之前，因为优化器拿到哪些参数，就一直拿着它们。这一步的前后还有三件容易忘的事：
#
# 1. 开头要 `model.train()`：说不定有人把模型留在了评估模式。
# 2. 记录的是**数**：`loss.item()`，不是 `loss`。把损失张量加起来，整轮的图都会留在内存里。
# 3. **按样本取平均**。`cross_entropy` 给出的是这一批的平均，而最后一批较小。各批平均值的平均，是另一个数。**预测**：两批分别有 4 个和 1 个样本，平均损失是 1 和 6。

# %% id="epoch-predict" tags=["hide-input"]
prediction("training.means", Text(en="Batches of 4 and 1 with mean losses 1 and 6. The mean over samples, and the mean of the batch means:", zh="两批有 4 个和 1 个样本，平均损失是 1 和 6。按样本平均，以及各批平均值的平均："), {
    (2.0, 2.0): Text(en="2 and 2", zh="2 和 2"),
    (2.0, 3.5): Text(en="2 and 3.5", zh="2 和 3.5"),
    (3.5, 2.0): Text(en="3.5 and 2", zh="3.5 和 2"),
})

# %% id="epoch-run"
over_samples, over_batches = (4 * 1 + 1 * 6) / 5, (1 + 6) / 2
say(Text(en="mean over samples {a}, mean of batch means {b}", zh="按样本平均 {a}，各批平均值的平均 {b}"), a=over_samples, b=over_batches)
reveal("training.means", (over_samples, over_batches))

# %% [markdown] id="train-card" lang="en"
# ### Exercise 12.1: one epoch of training
#
# **Difficulty:** 3 of 5. **Time:** 15 minutes.
#
# Write `train_epoch(model, batches, optimiser)`. `batches` is a list of pairs `(x, y)`, samples and labels, in which the last pair may be smaller. For each pair, in order: one step with the mean cross-entropy of the batch.
#
# - It returns the mean loss over **all samples** of the epoch, a number; each batch's loss is the one before its own step.
# - While it trains, the model is in train mode, whatever it was before. Leave it so.
# - Gradients that somebody left behind must not matter.

# %% [markdown] id="train-card" lang="zh" reviewed="10cfb9c201c9"
# ### 练习 12.1：训练一轮
#
# **难度**：3（共 5 级）。**时间**：15 分钟。
#
# 编写 `train_epoch(model, batches, optimiser)`。`batches` 是二元组 `(x, y)`（样本和标签）的列表，最后一对可能较小。按次序对每一对，用该批的平均交叉熵走一步。
#
# - 返回整轮**所有样本**的平均损失，一个数；每一批的损失，取它自己那一步之前的。
# - 训练期间模型处于训练模式，不管之前是什么。结束后也保持这样。
# - 别人留下的梯度，不能有影响。

# %% id="train_epoch" tags=["solution"]
def train_epoch(model, batches, optimiser):
    """One step for each batch (x [n, ...], y [n]) -> the mean loss over all samples, a number."""
    ### BEGIN SOLUTION
    model.train()
    total, seen = 0.0, 0
    for x, y in batches:
        optimiser.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimiser.step()
        total += loss.item() * len(y)               # back from the mean to the sum | 由平均还原成总和
        seen += len(y)
    return total / seen
    ### END SOLUTION

# %% id="train_epoch-check" tags=["check"]
check("training.train_epoch")

# %% [markdown] id="evaluate" lang="en"
# ## 4. Measuring honestly
#
# Evaluation has the same trap with the last batch, and two of its own: the model must be in **eval** mode (dropout and batch-norm behave differently), and nothing should be recorded (**no_grad** saves memory and time). The two are independent: `eval()` does not switch the recording off, and `no_grad` does not silence dropout.
#
# The **accuracy** is the share of samples whose largest logit belongs to the right class. The largest one is found along dimension 1, the classes; no softmax is needed, since it does not change the order.
#
# How much does the mean of means matter? **Predict:** 10000 samples in batches of 64 leave 16 for the last batch. All are right, except that the 16 last ones are all wrong.

# %% [markdown] id="evaluate" lang="zh" reviewed="070ccfd121fe"
# ## 4. 老老实实地测量
#
# 评估时，最后一批是同样的陷阱，另外还有两个自己的：模型要处于**评估**模式（dropout 和批量归一化的行为不同），而且不该记录任何东西（**no_grad** 省内存、省时间）。两者互不相干：`eval()` 不会关掉记录，`no_grad` 也不会让 dropout 停下。
#
# **准确率**是最大的 logit 落在正确类别上的样本所占的比例。最大值沿第 1 维（类别）来找；不需要 softmax，因为它不改变次序。
#
# 平均值的平均，影响有多大？**预测**：10000 个样本，每批 64 个，最后一批剩 16 个。全部都对，只有最后 16 个全错。

# %% id="evaluate-predict" tags=["hide-input"]
prediction("training.accuracy", Text(en="Only the last 16 of 10000 are wrong, in batches of 64. The mean of the batch means:", zh="10000 个样本，每批 64 个，只有最后 16 个错了。各批平均值的平均："), {
    0.9936: Text(en="0.9936, lower than the accuracy", zh="0.9936，低于准确率"),
    0.9984: Text(en="0.9984, the accuracy", zh="0.9984，就是准确率"),
    0.9996: Text(en="0.9996, higher than the accuracy", zh="0.9996，高于准确率"),
})

# %% id="evaluate-run"
right = torch.ones(10000)
right[-16:] = 0
mean_of_means = torch.stack([part.mean() for part in right.split(64)]).mean().item()
say(Text(en="true accuracy {a}, mean of batch means {b}", zh="真正的准确率 {a}，各批平均值的平均 {b}"), a=digits(right.mean(), 4), b=digits(mean_of_means, 4))
reveal("training.accuracy", round(mean_of_means, 4))

# %% [markdown] id="evaluate-card" lang="en"
# ### Exercise 12.2: evaluation
#
# **Difficulty:** 3 of 5. **Time:** 15 minutes.
#
# Write `evaluate_model(model, batches)`, which returns two numbers: the mean cross-entropy and the accuracy (from 0 to 1), both over all samples.
#
# - The answer does not depend on how the samples are cut into batches, or on their order.
# - The model runs in eval mode and without recording. Afterwards it is in the mode in which it was before.

# %% [markdown] id="evaluate-card" lang="zh" reviewed="e192f2c206b3"
# ### 练习 12.2：评估
#
# **难度**：3（共 5 级）。**时间**：15 分钟。
#
# 编写 `evaluate_model(model, batches)`，返回两个数：平均交叉熵和准确率（0 到 1），都对所有样本计算。
#
# - 答案与样本怎样分批、按什么次序都无关。
# - 模型在评估模式下运行，不做记录。结束后，模型恢复到原来的模式。

# %% id="evaluate_model" tags=["solution"]
def evaluate_model(model, batches):
    """The mean cross-entropy and the accuracy over all samples of the batches -> two numbers."""
    ### BEGIN SOLUTION
    before = model.training
    model.eval()
    loss, right, seen = 0.0, 0, 0
    with torch.no_grad():
        for x, y in batches:
            logits = model(x)
            loss += F.cross_entropy(logits, y, reduction="sum").item()
            right += (logits.argmax(dim=1) == y).sum().item()
            seen += len(y)
    model.train(before)
    return loss / seen, right / seen
    ### END SOLUTION

# %% id="evaluate_model-check" tags=["check"]
check("training.evaluate_model")

# %% [markdown] id="log" lang="en"
# ## 5. What stands on the horizontal axis
#
# Curves of different runs can be compared only if their horizontal axes mean the same. "Step" does not: with twice the batch size a run makes half as many. The number of **examples seen** is fair.
#
# Old code computes it as `batch_idx * 64 + (epoch - 1) * len(dataset)`. **Predict** what is wrong with it: for the very first batch, for the last batch of an epoch, and for somebody who changes the batch size.

# %% [markdown] id="log" lang="zh" reviewed="05b37467a3a8"
# ## 5. 横轴上放什么
#
# 几次运行的曲线，只有横轴的意义相同才能比较。“步数”不行：批量大一倍，步数就只有一半。**见过的样本数**才公平。
#
# 旧代码这样算：`batch_idx * 64 + (epoch - 1) * len(dataset)`。**预测**它错在哪里：对最开头的一批，对每轮的最后一批，对改了批量大小的人。

# %% id="log-predict" tags=["hide-input"]
prediction("training.log", Text(en="60000 images, batches of 64, batch_idx from 0. What the old code logs after the first and the last batch of epoch 1:", zh="60000 张图像，每批 64 张，batch_idx 从 0 数起。第 1 轮的第一批和最后一批之后，旧代码记录的是："), {
    (64, 60000): Text(en="64 and 60000", zh="64 和 60000"),
    (0, 59968): Text(en="0 and 59968", zh="0 和 59968"),
    (0, 60000): Text(en="0 and 60000", zh="0 和 60000"),
    (64, 60032): Text(en="64 and 60032", zh="64 和 60032"),
})

# %% id="log-run"
dataset, epoch = range(60000), 1                    # as many as MNIST has images | 与 MNIST 的图像一样多
parts = [dataset[start : start + 64] for start in range(0, len(dataset), 64)]
for batch_idx in (0, len(parts) - 1):
    say(Text(en="after batch {n}: seen {seen}; batch_idx * 64: {old}; batch_idx * len(x): {repair}", zh="第 {n} 批之后：见过 {seen}；batch_idx * 64：{old}；batch_idx * len(x)：{repair}"), n=batch_idx + 1,
        seen=sum(len(part) for part in parts[: batch_idx + 1]), old=batch_idx * 64 + (epoch - 1) * len(dataset), repair=batch_idx * len(parts[batch_idx]))
reveal("training.log", tuple(batch_idx * 64 + (epoch - 1) * len(dataset) for batch_idx in (0, len(parts) - 1)))

# %% [markdown] id="log-card" lang="en"
# ### Exercise 12.3: examples seen
#
# **Difficulty:** 2 of 5. **Time:** 10 minutes.
#
# Write `examples_seen(sizes, epochs, every)`. `sizes` is the list of the batch sizes of one epoch; each epoch has the same. A log entry is made after every `every`-th batch of an epoch, and after its last batch in any case (but only once). Return the list of the numbers of examples seen so far at these moments, over all epochs.
#
# For `sizes = [4, 4, 4, 2]`, `epochs = 2` and `every = 2`: after batch 2 and 4 of each epoch, `[8, 14, 22, 28]`.

# %% [markdown] id="log-card" lang="zh" reviewed="62f25ac0f777"
# ### 练习 12.3：见过的样本数
#
# **难度**：2（共 5 级）。**时间**：10 分钟。
#
# 编写 `examples_seen(sizes, epochs, every)`。`sizes` 是一轮中各批大小的列表，每轮都一样。在每轮中每隔 `every` 批之后记录一次，每轮的最后一批之后也一定记录（但只记一次）。返回这些时刻到目前为止见过的样本数的列表，所有轮都算上。
#
# 例如 `sizes = [4, 4, 4, 2]`、`epochs = 2`、`every = 2`：在每轮的第 2 批和第 4 批之后，即 `[8, 14, 22, 28]`。

# %% id="examples_seen" tags=["solution"]
def examples_seen(sizes, epochs, every):
    """The numbers of examples seen at each log entry: after every `every`-th batch and at each epoch's end."""
    ### BEGIN SOLUTION
    entries, seen = [], 0
    for _ in range(epochs):
        for number, size in enumerate(sizes, start=1):
            seen += size
            if number % every == 0 or number == len(sizes):
                entries.append(seen)
    return entries
    ### END SOLUTION

# %% id="examples_seen-check" tags=["check"]
check("training.examples_seen")

# %% [markdown] id="log-explain" lang="en"
# **Explain.** `batch_idx * 64` leaves out the batch that has just been used. With the 60000 images of MNIST it says 0 after the first batch, when 64 examples have been seen, and 59968 after the last one, when all have. Whoever changes the batch size and overlooks the 64 gets wrong numbers everywhere. The usual repair, `batch_idx * len(x)`, fails at the end of the epoch, and worse: the last batch has only 32 images, and the log jumps back to 29984. Adding up the sizes of the batches, as `examples_seen` does, is right in all three cases.

# %% [markdown] id="log-explain" lang="zh" reviewed="e9f5a698d7a0"
# **解释**：`batch_idx * 64` 漏掉了刚刚用过的这一批。以 MNIST 的 60000 张图像为例，第一批之后它是 0，其实已经见过 64 个样本；最后一批之后它是 59968，其实全都见过了。改了批量大小而忘了改这个 64，每个数就都错。常见的补救是写 `batch_idx * len(x)`，可是到了一轮的末尾错得更厉害：最后一批只有 32 张，记录会一下子退回 29984。像 `examples_seen` 那样把各批的大小累加起来，三种情形都对。

# %% [markdown] id="run" lang="en"
# ## 6. The run
#
# Everything together: 8 epochs with *your* functions. **Predict:** which of the two curves will be lower at the end, the training loss or the test loss, and what will the accuracy be? (Guessing would give 10 %.)

# %% [markdown] id="run" lang="zh" reviewed="3944f1de4efd"
# ## 6. 正式训练
#
# 把一切合在一起：用*你的*函数训练 8 轮。**预测**：最后哪条曲线更低，训练损失还是测试损失？准确率会是多少？（瞎猜是 10 %。）

# %% id="run-predict" tags=["hide-input"]
prediction("training.run", Text(en="After 8 epochs: which loss is lower, and how high is the test accuracy?", zh="8 轮之后：哪个损失更低？测试准确率是多少？"), {
    ("training", False): Text(en="training loss; 60 to 90 %", zh="训练损失；60 % 到 90 %"),
    ("test", False): Text(en="test loss; 60 to 90 %", zh="测试损失；60 % 到 90 %"),
    ("training", True): Text(en="training loss; above 90 %", zh="训练损失；90 % 以上"),
    ("test", True): Text(en="test loss; above 90 %", zh="测试损失；90 % 以上"),
})

# %% id="run-run"
def fit(network, epochs=8, size=32, lr=0.01):
    """The history of a run: examples seen, training loss, test loss, test accuracy, one entry for each epoch."""
    optimiser = torch.optim.SGD(network.parameters(), lr=lr, momentum=0.9)
    generator = torch.Generator().manual_seed(0)
    history = {"examples": [], "train": [], "test": [], "accuracy": []}
    for epoch in range(1, epochs + 1):
        train_epoch(network, batches(train_x, train_y, size, generator), optimiser)
        history["examples"].append(epoch * len(train_x))
        history["train"].append(evaluate_model(network, batches(train_x, train_y, 256))[0])
        loss, accuracy = evaluate_model(network, batches(test_x, test_y, 256))
        history["test"].append(loss)
        history["accuracy"].append(accuracy)
    return history


if solved("training.train_epoch", "training.evaluate_model"):
    network = small_network()
    history = fit(network)
    fig, ax = new_figure(height=3.0)
    ax.semilogy(history["examples"], history["train"], **SERIES[0])
    ax.semilogy(history["examples"], history["test"], **SERIES[1])
    legend(ax, Text(en="training part", zh="训练集"), Text(en="test part", zh="测试集"))
    label(ax, title=Text(en="Eight epochs", zh="八轮"), x=Text(en="examples seen", zh="见过的样本数"), y=Text(en="loss", zh="损失"))
    show(fig, Text(
        en="Two curves over {n} examples. The loss on the training part falls below 0.1: {a}. The loss on the test part ends higher than that: {b}.",
        zh="横轴到 {n} 个样本的两条曲线。训练集上的损失降到 0.1 以下：{a}。测试集上的损失最后比它高：{b}。",
    ).format(n=history["examples"][-1], a=history["train"][-1] < 0.1, b=history["test"][-1] > history["train"][-1]))
    say(Text(en="test accuracy above 94 %: {v}", zh="测试准确率高于 94 %：{v}"), v=history["accuracy"][-1] > 0.94)
    reveal("training.run", ("training" if history["train"][-1] < history["test"][-1] else "test", history["accuracy"][-1] > 0.9))

# %% [markdown] id="run-explain" lang="en"
# **Explain.** The gap between the curves is what the network knows by heart. As long as the test loss still falls, more training helps; when it turns and rises, the network has begun to **overfit**.
#
# One rule, however tempting the contrary: choose the number of epochs, the learning rate or the best of several runs by a part of the **training** data that you set aside (a validation set), never by the test part. Whoever picks the epoch with the best test accuracy reports a number that was chosen because it is high.

# %% [markdown] id="run-explain" lang="zh" reviewed="b866ce0a77ca"
# **解释**：两条曲线之间的差距，就是网络死记硬背的部分。只要测试损失还在降，多训练就有好处；它掉头往上时，网络就开始**过拟合**了。
#
# 有一条规矩，不管多么想破例：训练几轮、学习率取多少、几次运行中挑哪一次，都要用从**训练**数据中留出的一部分（验证集）来选，绝不能用测试集。挑测试准确率最高的那一轮来报告，报告的就是因为高才被选中的数。

# %% [markdown] id="errors" lang="en"
# ### Where does it go wrong?
#
# An accuracy is one number for a thousand decisions. The **confusion matrix** shows them all: row, the true class; column, the answer. Beside it stand the worst errors, those where the network was surest of a wrong answer.

# %% [markdown] id="errors" lang="zh" reviewed="21290e5279e4"
# ### 错在哪里？
#
# 准确率是用一个数概括上千个判断。**混淆矩阵**把它们全摆出来：行是真正的类别，列是给出的答案。旁边是错得最离谱的几个，即网络最有把握却答错了的。

# %% id="errors-run"
if solved("training.train_epoch", "training.evaluate_model"):
    network.eval()
    with torch.no_grad():
        logits = network(test_x.to(device)).cpu()         # back, for NumPy and the figure | 搬回来，给 NumPy 和画图用
    answers = logits.argmax(dim=1)
    confusion = torch.zeros(10, 10, dtype=torch.int64)
    confusion.index_put_((test_y, answers), torch.tensor(1), accumulate=True)
    surprise = F.cross_entropy(logits, test_y, reduction="none")
    worst = surprise.argsort(descending=True)[:6]

    fig, axes = new_figure(1, 2, height=3.6)
    axes[0].imshow(confusion.sqrt(), cmap="Blues")
    axes[0].grid(False)
    for row in range(10):
        for column in range(10):
            if confusion[row, column]:
                axes[0].text(column, row, confusion[row, column].item(), ha="center", va="center", fontsize=8, color="white" if row == column else "black")
    axes[0].set_xticks(range(10))
    axes[0].set_yticks(range(10))
    label(axes[0], title=Text(en="Confusion matrix", zh="混淆矩阵"), x=Text(en="answer", zh="给出的答案"), y=Text(en="true class", zh="真正的类别"))
    axes[1].imshow(torch.cat([torch.cat(list(test_x[worst[3 * r : 3 * r + 3], 0]), dim=1) for r in range(2)]), cmap="Greys")
    axes[1].set_axis_off()
    label(axes[1], title=Text(en="The six worst errors", zh="错得最离谱的六个"))
    diagonal = confusion.diagonal().sum().item()
    show(fig, Text(
        en="A 10 by 10 confusion matrix of {n} test images; more than 93 % of them lie on the diagonal: {d}. Beside it six that the network got wrong with the greatest confidence.",
        zh="{n} 张测试图像的 10 乘 10 混淆矩阵；其中 93 % 以上在对角线上：{d}。旁边是网络最有把握却答错的六张。",
    ).format(n=len(test_y), d=diagonal > 0.93 * len(test_y)))

# %% [markdown] id="explore-lr" lang="en"
# ### The same run with other settings
#
# Change the learning rate and the batch size. The horizontal axis counts examples, so the runs can be compared. Say first what you expect for `lr` 1 and for `lr` 0.0001.

# %% [markdown] id="explore-lr" lang="zh" reviewed="d4640aa84193"
# ### 换一种设置再跑
#
# 改变学习率和批量大小。横轴数的是样本，所以各次运行可以比较。先说说你预计 `lr` 取 1 和取 0.0001 时各会怎样。

# %% id="explore-lr-run"
def draw_fit(lr, size):
    history = fit(small_network(), epochs=4, size=size, lr=lr)
    fig, ax = new_figure(height=2.8)
    ax.plot(history["examples"], history["train"], **SERIES[0])
    ax.plot(history["examples"], history["test"], **SERIES[1])
    ax.axhline(math.log(10), color=COLOURS["black"], linewidth=1)
    ax.set_ylim(0, 4)
    ax.legend(ax.get_lines()[:2], [Text(en="training part", zh="训练集").inline, Text(en="test part", zh="测试集").inline])
    label(ax, title=Text(en="lr {lr}, batches of {size}; the line is ln 10", zh="lr {lr}，每批 {size} 个；横线是 ln 10").format(lr=lr, size=size), x=Text(en="examples seen", zh="见过的样本数"), y=Text(en="loss", zh="损失"))
    return fig, Text(
        en="Four epochs with lr {lr} and batches of {size}: is the test loss below ln 10 at the end? {v}",
        zh="lr {lr}、每批 {size} 个，训练四轮：测试损失最后低于 ln 10 吗？{v}",
    ).format(lr=lr, size=size, v=history["test"][-1] < math.log(10))


if solved("training.train_epoch", "training.evaluate_model"):
    explore(draw_fit, labels={"lr": Text(en="learning rate", zh="学习率"), "size": Text(en="batch size", zh="批量大小")}, lr=[0.01, 0.0001, 0.001, 0.1, 1.0], size=[32, 8, 128, 512])

# %% [markdown] id="curves" lang="en"
# ## 7. Six patients
#
# The next cell shows six runs of the same small network, recorded for 12 epochs. Each has one thing wrong with it. The loss curves are all that you get: solid for the training part, dashed for the test part, and the thin line is $\ln 10$.

# %% [markdown] id="curves" lang="zh" reviewed="7a6061c1de26"
# ## 7. 六位病人
#
# 下一个单元格是同一个小网络的六次运行，记录了 12 轮。每一次都有一处毛病。你能看到的只有损失曲线：实线是训练集，虚线是测试集，细横线是 $\ln 10$。

# %% id="curves-run"
RUNS = {
    "A": ([1.23, 3.12, 2.36, 3.31, 2.85, 2.8, 2.8, 3.12, 3.28, 3.39, 2.79, 3.36], [1.15, 2.99, 4.25, 4.94, 2.85, 2.78, 2.76, 3.12, 3.27, 3.4, 2.79, 3.39]),
    "B": ([2.26, 2.14, 1.89, 1.75, 1.71, 1.64, 1.69, 1.66, 1.68, 1.55, 1.55, 1.56], [2.26, 2.14, 1.89, 1.75, 1.7, 1.64, 1.7, 1.66, 1.68, 1.56, 1.56, 1.56]),
    "C": ([2.3, 2.29, 2.27, 2.26, 2.24, 2.23, 2.21, 2.19, 2.18, 2.16, 2.15, 2.13], [2.3, 2.29, 2.27, 2.26, 2.24, 2.22, 2.21, 2.19, 2.18, 2.16, 2.15, 2.13]),
    "D": ([2.19, 1.66, 1.37, 1.6, 0.64, 2.05, 1.21, 0.29, 0.18, 0.12, 0.07, 0.06], [2.38, 1.97, 1.69, 1.99, 1.09, 2.64, 2.45, 1.0, 0.82, 0.78, 0.91, 0.76]),
    "E": ([13.88, 16.1, 14.7, 16.3, 14.48, 11.96, 17.77, 18.7, 11.78, 16.99, 10.9, 17.51], [13.85, 16.12, 14.69, 16.27, 14.49, 11.98, 17.77, 18.74, 11.78, 17.02, 10.92, 17.49]),
    "F": ([2.3, 2.29, 2.28, 2.28, 2.35, 2.29, 2.29, 2.27, 2.27, 2.25, 2.25, 2.24], [2.31, 2.36, 2.32, 2.31, 2.41, 2.34, 2.39, 2.35, 2.28, 2.41, 2.3, 2.29]),
}
fig, axes = new_figure(2, 3, height=4.4)
for ax, (name, (train_curve, test_curve)) in zip(axes.flat, RUNS.items(), strict=True):
    ax.plot(np.arange(1, 13), train_curve, color=COLOURS["blue"])
    ax.plot(np.arange(1, 13), test_curve, color=COLOURS["orange"], linestyle="--")
    ax.axhline(math.log(10), color=COLOURS["black"], linewidth=0.8)
    ax.set_ylim(0, 1.1 * max(3.0, *train_curve, *test_curve))
    label(ax, title=name)
show(fig, Text(
    en="Six panels of training and test loss over 12 epochs. " + " ".join(f"{n}: training from {a[0]} to {a[-1]}, test from {b[0]} to {b[-1]}." for n, (a, b) in RUNS.items()),
    zh="六幅图，12 轮的训练损失和测试损失。" + "".join(f"{n}：训练从 {a[0]} 到 {a[-1]}，测试从 {b[0]} 到 {b[-1]}。" for n, (a, b) in RUNS.items()),
))

# %% [markdown] id="diagnose-card" lang="en"
# ### Exercise 12.4: name the disease
#
# **Difficulty:** 3 of 5. **Time:** 20 minutes.
#
# Write `diagnose()`, which returns a dict with a diagnosis for each of the runs `"A"` to `"F"`. Each of these occurs once:
#
# | diagnosis | what was wrong |
# |---|---|
# | `"lr_too_large"` | the learning rate is far too large |
# | `"lr_too_small"` | the learning rate is far too small |
# | `"no_zero_grad"` | the gradients are never cleared |
# | `"softmax_twice"` | the model ends in a softmax, and `cross_entropy` adds another |
# | `"too_few_samples"` | training on 60 samples only |
# | `"shuffled_labels"` | the training labels were mixed up |
#
# Think about the *floor* of each loss. If a softmax has been applied already, the best that the second one can see is 1 for the right class and 0 for the nine others: $-\ln\frac{e}{e + 9} \approx 1.46$. If labels carry no information, the best on new data is $\ln 10$.

# %% [markdown] id="diagnose-card" lang="zh" reviewed="f0a62b18f9a3"
# ### 练习 12.4：说出病名
#
# **难度**：3（共 5 级）。**时间**：20 分钟。
#
# 编写 `diagnose()`，返回一个字典，给 `"A"` 到 `"F"` 每一次运行一个诊断。下面每种恰好出现一次：
#
# | 诊断 | 毛病 |
# |---|---|
# | `"lr_too_large"` | 学习率大得离谱 |
# | `"lr_too_small"` | 学习率小得离谱 |
# | `"no_zero_grad"` | 从不清零梯度 |
# | `"softmax_twice"` | 模型末尾有 softmax，`cross_entropy` 又做了一次 |
# | `"too_few_samples"` | 只用了 60 个样本训练 |
# | `"shuffled_labels"` | 训练标签被打乱了 |
#
# 想一想每种损失的*下限*。若已经做过一次 softmax，第二次所能看到的最好情形，是正确类别为 1、其余九个为 0：$-\ln\frac{e}{e + 9} \approx 1.46$。若标签不含任何信息，在新数据上最好也只有 $\ln 10$。

# %% id="diagnose" tags=["solution"]
def diagnose():
    """{run: diagnosis} for the six recorded runs."""
    ### BEGIN SOLUTION
    return {
        "A": "no_zero_grad",
        "B": "softmax_twice",
        "C": "lr_too_small",
        "D": "too_few_samples",
        "E": "lr_too_large",
        "F": "shuffled_labels",
    }
    ### END SOLUTION

# %% id="diagnose-check" tags=["check"]
check("training.diagnose")

# %% id="my-predictions" tags=["hide-input"]
predictions("training")

# %% [markdown] id="summary" lang="en"
# ## Summary
#
# - Before training: the loss should start near $\ln C$, and a handful of samples should be learnt by heart.
# - A step: clear, forward, loss, backward, update. `train()` before, `loss.item()` for the log, means over **samples**.
# - Evaluation: `eval()` and `no_grad()`, both; `argmax(dim=1)`; sums divided once at the end; the old mode restored.
# - Log against examples seen. Choose by a validation set; the test part is for the last line of the report.
# - Curves have symptoms. Think of floors: $\ln C$, $1.46$, 0.
#
# ### Common confusions
#
# | you might think | in fact |
# |---|---|
# | an epoch is an iteration | an epoch is one pass over all data, many iterations |
# | the accuracy should go down | the loss should; the accuracy goes **up** |
# | `eval()` switches gradients off | it changes dropout and batch-norm only |
# | `output.data.max(1)[1]` | old; `output.argmax(dim=1)` |
# | a sum of `loss` is a number | it is a tensor with every graph behind it |
# | `pred.eq(target.view_as(pred)).sum()` is a number | it is a tensor until `.item()`; and `view_as` is there because the old `max(1, keepdim=True)[1]` gives `[N, 1]`, which `==` would broadcast against `[N]`, all with all |
#
# ### Can you answer these without looking?
#
# 1. Your loss starts at 23 instead of 2.3. Where do you look?
# 2. The training loss is stuck at 1.47. What did you put at the end of the model?
# 3. You double the batch size and compare the curves by steps. Who seems to win, and why is that unfair?
#
# <details><summary>Answers</summary>
#
# 1. At the scale of the inputs (not normalised?) and of the last layer's weights.
# 2. A softmax: `cross_entropy` contains one already.
# 3. The larger batch: at the same step it has seen twice as many examples.
#
# </details>

# %% [markdown] id="summary" lang="zh" reviewed="e4bf1e6d941b"
# ## 小结
#
# - 训练之前：损失应当从 $\ln C$ 附近开始，几个样本应当能背下来。
# - 一步：清零、前向、损失、反向、更新。之前要 `train()`，记录用 `loss.item()`，平均要按**样本**算。
# - 评估：`eval()` 和 `no_grad()` 都要；`argmax(dim=1)`；先求和，最后除一次；恢复原来的模式。
# - 以见过的样本数为横轴。用验证集来做选择；测试集留给报告的最后一行。
# - 曲线有症状。想想下限：$\ln C$、$1.46$、0。
#
# ### 容易混淆之处
#
# | 你也许以为 | 实际上 |
# |---|---|
# | 一轮就是一次迭代 | 一轮是把全部数据过一遍，有很多次迭代 |
# | 准确率应当下降 | 应当下降的是损失；准确率是**上升** |
# | `eval()` 会关掉梯度 | 它只改变 dropout 和批量归一化 |
# | `output.data.max(1)[1]` | 旧写法；现在写 `output.argmax(dim=1)` |
# | 把 `loss` 加起来就是一个数 | 那是张量，身后拖着每一张图 |
# | `pred.eq(target.view_as(pred)).sum()` 是一个数 | 不加 `.item()` 就还是张量；用 `view_as`，是因为旧写法 `max(1, keepdim=True)[1]` 得到 `[N, 1]`，直接用 `==` 会与 `[N]` 广播，所有的与所有的相比 |
#
# ### 不看上文，你能答出来吗？
#
# 1. 你的损失从 23 而不是 2.3 开始。该查哪里？
# 2. 训练损失卡在 1.47。你在模型末尾放了什么？
# 3. 你把批量加大一倍，按步数比较曲线。谁看上去赢了？为什么不公平？
#
# <details><summary> 答案 </summary>
#
# 1. 查输入的尺度（没有归一化？）和最后一层权重的尺度。
# 2. 放了 softmax：`cross_entropy` 里已经有一个了。
# 3. 大批量看上去赢了：同样的步数，它见过的样本多一倍。
#
# </details>

# %% [markdown] id="next" lang="en"
# ## What is next
#
# In **lesson 13** the trained model is saved, continued and put to use.
#
# ### Further reading
#
# - A. Karpathy, *A Recipe for Training Neural Networks*, 2019: the same spirit, at greater length.
# - PyTorch documentation, *Reproducibility*.

# %% [markdown] id="next" lang="zh" reviewed="af490868b461"
# ## 接下来
#
# 到了**第 13 课**，训练好的模型要保存、续训，并派上用场。
#
# ### 延伸阅读
#
# - A. Karpathy，*A Recipe for Training Neural Networks*，2019：同样的精神，讲得更详细。
# - PyTorch 文档，*Reproducibility*。
