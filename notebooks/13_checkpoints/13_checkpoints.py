# %% [markdown] id="title" lang="en"
# # Lesson 13. Checkpoints, resuming, and a capstone
#
# A training run that takes a night will be interrupted in some night. A model that took a month will be used for years, on machines that its makers never saw. Saving sounds like the dullest topic of the course, and yet it is where careful work gets lost most often: a file that loads without complaint and gives other answers, a run that continues almost as before. "Almost" is the enemy. In this lesson you make runs that cannot be told from uninterrupted ones, and at the end you put your own parts of the whole course together.
#
# **After this lesson you can**
#
# - say what belongs in a checkpoint, and why a model's `state_dict` alone is not enough;
# - save and load safely, across devices, without executing strangers' code;
# - continue a run, bit for bit, as if nothing had happened, and prove it;
# - use a trained model on a single picture, with the same preparation as in training.
#
# **Time:** about 140 minutes, 100 of them for the four exercises and the report.
#
# **You need:** lessons 05, 06, 11 and 12.
#
# **Created** 2026-11, last updated 2026-11, last verified 2026-11 with torch 2.13; all cells together run in about 10 seconds on two CPU cores.
#
# **Licence:** the text is CC BY 4.0, the code is MIT.

# %% [markdown] id="title" lang="zh" reviewed="5b18fe0c2807"
# # 第 13 课：检查点、续训与综合项目
#
# 要跑一整夜的训练，总有一夜会中断。花一个月练成的模型，会在作者从没见过的机器上用好多年。保存，听起来是整门课里最乏味的话题，可精心做出的成果最常丢在这里：文件加载时毫无怨言，给出的答案却不一样；训练接着跑，和原来几乎一样。“几乎”就是敌人。这一课要让续上的训练与没中断的分毫不差，最后再把整门课里你自己写的部件组装起来。
#
# **学完本课，你能够**
#
# - 说出检查点里该有什么，以及为什么只有模型的 `state_dict` 还不够；
# - 安全地保存和加载，跨设备也行，并且不执行陌生人的代码；
# - 让续上的训练逐位相同，就像什么都没发生过，并且证明这一点；
# - 用训练好的模型处理单张图片，预处理与训练时相同。
#
# **时间**：约 140 分钟，其中四道练习和报告占 100 分钟。
#
# **需要的基础**：第 05、06、11、12 课。
#
# **编写**于 2026-11，最近更新于 2026-11，最近一次用 torch 2.13 验证于 2026-11；所有单元格加起来，在两个 CPU 核上约需运行 10 秒。
#
# **许可**：文字采用 CC BY 4.0，代码采用 MIT。

# %% id="imports" tags=["setup"]
import copy
import io
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from course_lib import SERIES, Text, check, describe_device, explore, label, legend, load_images, new_figure, pick_device, prediction, predictions, reveal, say, show, solved
from course_lib.precision import keep_kernels_exact

# %% [markdown] id="state-dict" lang="en"
# ## 1. What a model is made of
#
# `model.state_dict()` is a dictionary of names and tensors: the parameters, and the **buffers**, numbers that belong to the model but are not trained, such as the running statistics of batch-norm. The code of the model is *not* in it. To load it one builds the same model anew and fills it with `load_state_dict`. **Predict** which entries the model of the next cell has, and what happens to `saved` when the model is trained one step further.

# %% [markdown] id="state-dict" lang="zh" reviewed="60e836a7ed64"
# ## 1. 模型由什么组成
#
# `model.state_dict()` 是一个由名字和张量组成的字典：里面有参数，还有**缓冲区**（buffer），即属于模型但不参与训练的数，比如批量归一化的滑动统计量。模型的代码*不*在里面。要加载，就得重新搭建同样的模型，再用 `load_state_dict` 填进去。**预测**下一个单元格里的模型有哪些条目，以及模型再训练一步之后，`saved` 会怎样。

# %% id="state-dict-predict" tags=["hide-input"]
prediction("checkpoints.state_dict", Text(en="When the model is trained one step further, saved", zh="模型再训练一步，saved"), {
    (True, True): Text(en="stays as it was", zh="保持原样"),
    (True, False): Text(en="changes in its buffers only", zh="只有其中的缓冲区变"),
    (False, False): Text(en="changes with the model", zh="跟着模型变"),
})

# %% id="state-dict-run"
def fresh_model(seed=0):
    """A small network with batch-norm; the same for the same seed."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.ReLU(), nn.Linear(3, 2)).double()


def one_step(model, optimiser, x, y):
    optimiser.zero_grad()
    F.cross_entropy(model(x), y).backward()
    optimiser.step()


model = fresh_model()
optimiser = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
saved = model.state_dict()
before = saved["0.weight"].clone()
rng = np.random.default_rng(0)
one_step(model, optimiser, torch.from_numpy(rng.standard_normal((8, 4))), torch.from_numpy(rng.integers(0, 2, 8)))

for name, tensor in saved.items():
    print(f"{name:22} {tuple(tensor.shape)}")
say(Text(en="saved has stayed as it was: {v}", zh="saved 保持原样：{v}"), v=torch.equal(saved["0.weight"], before))
reveal("checkpoints.state_dict", (torch.equal(saved["0.weight"], before), not saved["1.running_mean"].any().item()))          # the buffer began with zeros | 缓冲区起初全为零

# %% [markdown] id="state-dict-explain" lang="en"
# **Explain.** Four parameters of the linear layers, two of the batch-norm, and three buffers: mean, variance, and a counter. And `saved` has changed! A `state_dict` holds the **same memory** as the model; it is a window, not a photograph. `torch.save` writes the numbers to a file at once, so nothing can happen to them; whoever wants to keep a state in memory must copy it: `copy.deepcopy(model.state_dict())`.

# %% [markdown] id="state-dict-explain" lang="zh" reviewed="af119218cfb0"
# **解释**：四个线性层的参数，两个批量归一化的参数，三个缓冲区：均值、方差和一个计数器。而且 `saved` 变了！`state_dict` 与模型用的是**同一块内存**；它是窗户，不是照片。`torch.save` 会立刻把数写进文件，所以不会出事；想把状态留在内存里，就得复制：`copy.deepcopy(model.state_dict())`。

# %% [markdown] id="safe" lang="en"
# ## 2. Saving and loading, safely
#
# `torch.save(thing, file)` can write nearly anything, and for that it uses pickle. Pickle can run code when it is **loaded**. Therefore `torch.load` has been strict since version 2.6: `weights_only=True` is the default and accepts tensors, numbers, strings, lists and dicts. Two habits follow:
#
# - Save **state dicts and plain data**, never the model object. A pickled model is tied to the names and places of your source files as well; rename a class, and the file is dead.
# - If somebody's file demands `weights_only=False`, do not "fix" the error that way. It means: run whatever this file contains.
#
# A third habit for the device: `torch.load(file, map_location="cpu")` brings the tensors to the CPU wherever they were saved; a file from a machine with a GPU could not be read on a laptop otherwise. **Predict** which of the two files can be read.

# %% [markdown] id="safe" lang="zh" reviewed="c00c3d1b3f27"
# ## 2. 安全地保存和加载
#
# `torch.save(thing, file)` 几乎什么都能写，靠的是 pickle。而 pickle 在**加载**时可以执行代码。所以从 2.6 版起，`torch.load` 变严格了：默认 `weights_only=True`，只接受张量、数、字符串、列表和字典。由此有两个习惯：
#
# - 保存 **state dict 和普通数据**，绝不保存模型对象。被 pickle 的模型还与你源文件的名字和位置绑在一起；类改个名，文件就废了。
# - 如果别人的文件要求 `weights_only=False`，不要这样去“修”那个报错。它的意思是：这个文件里有什么，就执行什么。
#
# 关于设备还有第三个习惯：`torch.load(file, map_location="cpu")` 不管张量是在哪里保存的，都带到 CPU 上；否则在有 GPU 的机器上存的文件，笔记本电脑上就读不了。**预测**下面两个文件哪个能读。

# %% id="safe-predict" tags=["hide-input"]
prediction("checkpoints.safe", Text(en="The files that can be read, with weights_only=True:", zh="用 weights_only=True 能读的文件："), {
    ("state_dict", "model object"): Text(en="both", zh="两个都能"),
    ("state_dict",): Text(en="only that of the state_dict", zh="只有 state_dict 的"),
    ("model object",): Text(en="only that of the model object", zh="只有模型对象的"),
})

# %% id="safe-run"
readable = []
for name, thing in (("state_dict", fresh_model().state_dict()), ("model object", fresh_model())):
    file = io.BytesIO()                                     # stands for a file on the disk | 代表硬盘上的文件
    torch.save(thing, file)
    file.seek(0)
    try:
        loaded = torch.load(file, map_location="cpu", weights_only=True)
        say(Text(en="{name}: read, {n} entries", zh="{name}：已读取，{n} 项"), name=name, n=len(loaded))
        readable.append(name)
    except Exception as error:
        say(Text(en="{name}: refused ({kind})", zh="{name}：被拒绝（{kind}）"), name=name, kind=type(error).__name__)
reveal("checkpoints.safe", tuple(readable))

# %% [markdown] id="what-else" lang="en"
# ## 3. What else belongs in a checkpoint
#
# A run is more than its model. To go on exactly as before, one needs:
#
# 1. the **model**: parameters and buffers;
# 2. the **optimiser**: momentum's velocities, Adam's means and step count (`optimiser.state_dict()`);
# 3. the **epoch** that has been finished, and the schedule's state if there is one;
# 4. the **random state**: of whatever shuffles the data and throws the dropout dice (`torch.get_rng_state()`). An accelerator throws its dice with a generator of its own, whose state then belongs in the checkpoint too (`torch.cuda.get_rng_state_all()`).
#
# The next cell stays on the CPU, where one generator throws all the dice. It trains 12 epochs in one go, and then three times with an interruption after epoch 6: once with everything restored, once without the optimiser, once without the random state. **Predict** which curves coincide with the uninterrupted one.

# %% [markdown] id="what-else" lang="zh" reviewed="d09e623ec4ac"
# ## 3. 检查点里还该有什么
#
# 一次训练不只是一个模型。要想完全照原样接着跑，需要：
#
# 1. **模型**：参数和缓冲区；
# 2. **优化器**：动量的速度，Adam 的两个平均和步数（`optimiser.state_dict()`）；
# 3. 已经完成的**轮次**；若有学习率调度，还有它的状态；
# 4. **随机状态**：打乱数据、为 dropout 掷骰子的那个（`torch.get_rng_state()`）。加速器用自己的生成器掷骰子，它的状态也得放进检查点（`torch.cuda.get_rng_state_all()`）。
#
# 下一个单元格留在 CPU 上，在那里所有骰子都由同一个生成器来掷。它先一口气训练 12 轮，再训练三次，都在第 6 轮之后中断：一次全部恢复，一次不恢复优化器，一次不恢复随机状态。**预测**哪些曲线与没有中断的重合。

# %% id="what-else-predict" tags=["hide-input"]
prediction("checkpoints.what_else", Text(en="The runs whose curves coincide with the uninterrupted one:", zh="曲线与没有中断的重合的是："), {
    (True, False, True): Text(en="everything restored, and without the random state", zh="全部恢复的和不恢复随机状态的"),
    (True, True, False): Text(en="everything restored, and without the optimiser", zh="全部恢复的和不恢复优化器的"),
    (True, False, False): Text(en="everything restored only", zh="只有全部恢复的"),
    (True, True, True): Text(en="all three", zh="三个都是"),
})

# %% id="what-else-run"
train_x, train_y = load_images()
train_x = F.avg_pool2d((train_x - train_x.mean()) / train_x.std(), 2)[:400]
train_y = train_y[:400]


def noisy_network():
    """14 by 14 dots, 32 hidden units with dropout, 10 classes."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return nn.Sequential(nn.Flatten(), nn.Linear(196, 32), nn.ReLU(), nn.Dropout(0.3), nn.Linear(32, 10))


def epochs(network, optimiser, number):
    """The losses of some epochs; shuffling and dropout draw from torch's global generator."""
    losses = []
    for _ in range(number):
        total = 0.0
        for part in torch.randperm(len(train_x)).split(50):
            optimiser.zero_grad()
            loss = F.cross_entropy(network(train_x[part]), train_y[part])
            loss.backward()
            optimiser.step()
            total += loss.item() * len(part)
        losses.append(total / len(train_x))
    return losses


def interrupted(restore):
    """Six epochs, a checkpoint, new objects, six epochs more; restore names what is taken from the checkpoint."""
    torch.manual_seed(0)
    network = noisy_network()
    optimiser = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9)
    losses = epochs(network, optimiser, 6)
    file = io.BytesIO()
    torch.save({"model": network.state_dict(), "optimiser": optimiser.state_dict(), "rng": torch.get_rng_state()}, file)

    torch.manual_seed(99)                                   # another process would be anywhere | 换一个进程，状态不知在哪里
    file.seek(0)
    checkpoint = torch.load(file, weights_only=True)
    network = noisy_network()
    optimiser = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9)
    network.load_state_dict(checkpoint["model"])
    if "optimiser" in restore:
        optimiser.load_state_dict(checkpoint["optimiser"])
    if "rng" in restore:
        torch.set_rng_state(checkpoint["rng"])
    return losses + epochs(network, optimiser, 6)


with torch.random.fork_rng():
    torch.manual_seed(0)
    network = noisy_network()
    whole = epochs(network, torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9), 12)
    runs = {
        Text(en="everything restored", zh="全部恢复"): interrupted(("optimiser", "rng")),
        Text(en="without the optimiser", zh="不恢复优化器"): interrupted(("rng",)),
        Text(en="without the random state", zh="不恢复随机状态"): interrupted(("optimiser",)),
    }
fig, ax = new_figure(height=3.2)
ax.semilogy(range(1, 13), whole, color="#8C8C8C", linewidth=6)
for losses, series in zip(runs.values(), SERIES, strict=False):
    ax.plot(range(1, 13), losses, **series)
ax.axvline(6.5, color="#111111", linewidth=1)
legend(ax, Text(en="uninterrupted", zh="没有中断"), *runs, Text(en="interruption", zh="中断处"))
label(ax, title=Text(en="Interrupted after six epochs", zh="六轮之后中断"), x=Text(en="epoch", zh="轮次"), y=Text(en="loss", zh="损失"))
show(fig, Text(
    en="Four loss curves over 12 epochs. Up to epoch 6 all agree. With everything restored the run is equal to the uninterrupted one to the last bit: {a}; without the optimiser: {b}; without the random state: {c}.",
    zh="12 轮的四条损失曲线。到第 6 轮为止全都一致。全部恢复的与没有中断的逐位相等：{a}；不恢复优化器的：{b}；不恢复随机状态的：{c}。",
).format(**dict(zip("abc", (losses == whole for losses in runs.values()), strict=True))))
reveal("checkpoints.what_else", tuple(losses == whole for losses in runs.values()))

# %% [markdown] id="what-else-explain" lang="en"
# **Explain.** Only the complete checkpoint gives the same numbers, and it gives *the same*, not similar ones. Without the velocities the run has lost its momentum and takes another way; without the random state it is a different run of the same quality. The second fault is the more dangerous one for science: nothing looks wrong, and the result cannot be repeated.

# %% [markdown] id="what-else-explain" lang="zh" reviewed="d5baa3c43820"
# **解释**：只有完整的检查点给出同样的数，而且是*相等*，不是相近。没有速度，训练就失去了动量，走上了另一条路；没有随机状态，它就成了质量相当的另一次训练。对科学来说，后一种毛病更危险：看上去什么都没错，结果却无法重现。

# %% [markdown] id="snapshot-card" lang="en"
# ### Exercise 13.1: take a snapshot
#
# **Difficulty:** 3 of 5. **Time:** 15 minutes.
#
# Write `snapshot(model, optimiser, epoch)`. It returns a dict with exactly these keys:
#
# | key | value |
# |---|---|
# | `"model"` | parameters and buffers of the model |
# | `"optimiser"` | the optimiser's state |
# | `"epoch"` | the number of the epoch that has just been finished, as given |
# | `"rng"` | the state of torch's CPU generator at this moment |
#
# - It is a **photograph**: training on must not change it.
# - `torch.save` and `torch.load(..., weights_only=True)` can handle it.
# - Taking it disturbs nothing: no random number is drawn, the model stays as it is.

# %% [markdown] id="snapshot-card" lang="zh" reviewed="2092f3f47bfd"
# ### 练习 13.1：拍一张快照
#
# **难度**：3（共 5 级）。**时间**：15 分钟。
#
# 编写 `snapshot(model, optimiser, epoch)`，返回一个字典，恰好含以下几个键：
#
# | 键 | 值 |
# |---|---|
# | `"model"` | 模型的参数和缓冲区 |
# | `"optimiser"` | 优化器的状态 |
# | `"epoch"` | 刚完成的轮次的号码，照传入的写 |
# | `"rng"` | 此刻 torch 的 CPU 生成器的状态 |
#
# - 它是**照片**：接着训练不能改变它。
# - `torch.save` 和 `torch.load(..., weights_only=True)` 都能处理它。
# - 拍照不影响任何东西：不抽随机数，模型保持原样。

# %% id="snapshot" tags=["solution"]
def snapshot(model, optimiser, epoch):
    """All that is needed to go on: {"model", "optimiser", "epoch", "rng"}, as copies."""
    ### BEGIN SOLUTION
    return {
        "model": copy.deepcopy(model.state_dict()),
        "optimiser": copy.deepcopy(optimiser.state_dict()),
        "epoch": epoch,
        "rng": torch.get_rng_state(),
    }
    ### END SOLUTION

# %% id="snapshot-check" tags=["check"]
check("checkpoints.snapshot")

# %% [markdown] id="resume-card" lang="en"
# ### Exercise 13.2: go on as if nothing had happened
#
# **Difficulty:** 3 of 5. **Time:** 15 minutes.
#
# Write `resume(saved, model, optimiser)`. `saved` is a dict as from `snapshot`; `model` and `optimiser` are freshly made.
#
# - Afterwards both are in the saved state, and so is torch's CPU generator. The next random number is the one that would have come.
# - It returns the number of the epoch that is to be run **next**.
# - A checkpoint that does not fit the model (an entry is missing, or there is one too many) is **refused** with an exception. To load what happens to fit would hide what is missing.
# - `saved` is not changed by training on: the same file may be used again.

# %% [markdown] id="resume-card" lang="zh" reviewed="a787698e463a"
# ### 练习 13.2：就当什么都没发生过
#
# **难度**：3（共 5 级）。**时间**：15 分钟。
#
# 编写 `resume(saved, model, optimiser)`。`saved` 是 `snapshot` 给出的那种字典；`model` 和 `optimiser` 是刚创建的。
#
# - 结束之后，两者都处于保存时的状态，torch 的 CPU 生成器也是。下一个随机数，就是当初本该出现的那个。
# - 返回**接下来**要跑的轮次号码。
# - 与模型不符的检查点（缺一项，或多一项），要用异常**拒绝**。碰巧合适的就加载，会掩盖缺了什么。
# - 接着训练不会改变 `saved`：同一个文件还可以再用。

# %% id="resume" tags=["solution"]
def resume(saved, model, optimiser):
    """Puts model, optimiser and torch's generator into the saved state -> the number of the next epoch."""
    ### BEGIN SOLUTION
    model.load_state_dict(saved["model"])
    optimiser.load_state_dict(copy.deepcopy(saved["optimiser"]))     # its tensors would be shared otherwise | 否则会共用张量
    torch.set_rng_state(saved["rng"])
    return saved["epoch"] + 1
    ### END SOLUTION

# %% id="resume-check" tags=["check"]
check("checkpoints.resume")

# %% [markdown] id="explore-interruption" lang="en"
# With your two functions: choose when the run is interrupted. The curve should not care.

# %% [markdown] id="explore-interruption" lang="zh" reviewed="ef4a6c9bbf9a"
# 用你的两个函数：选择训练在什么时候中断。曲线应当毫不在乎。

# %% id="explore-interruption-run"
def draw_interruption(after):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = noisy_network()
        optimiser = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9)
        losses = epochs(network, optimiser, after)
        saved = snapshot(network, optimiser, after)
        torch.manual_seed(12345)
        network = noisy_network()
        optimiser = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9)
        start = resume(saved, network, optimiser)
        losses += epochs(network, optimiser, 12 - start + 1)
    fig, ax = new_figure(height=2.6)
    ax.plot(range(1, 13), whole, color="#8C8C8C", linewidth=6)
    ax.plot(range(1, 13), losses, **SERIES[0])
    ax.axvline(after + 0.5, color="#111111", linewidth=1)
    label(ax, title=Text(en="Interrupted after epoch {n}", zh="第 {n} 轮之后中断").format(n=after), x=Text(en="epoch", zh="轮次"), y=Text(en="loss", zh="损失"))
    return fig, Text(
        en="Two loss curves over 12 epochs, one of them interrupted after epoch {n} and resumed from its checkpoint. The resumed curve lies on the uninterrupted one, all 12 losses equal: {v}.",
        zh="12 轮的两条损失曲线，其中一条在第 {n} 轮之后中断，再从检查点恢复。恢复后的曲线与没有中断的曲线重合，12 个损失全部相等：{v}。",
    ).format(n=after, v=losses == whole)


if solved("checkpoints.snapshot", "checkpoints.resume"):
    explore(draw_interruption, labels={"after": Text(en="interrupted after epoch", zh="在第几轮之后中断")}, after=(1, 11, 1, 4))

# %% [markdown] id="use" lang="en"
# ## 4. Putting the model to use
#
# A trained model is asked about **one** picture, as it comes from a camera or a file: whole numbers from 0 to 255, without batch and channel. Four things must be as they were in training, and each is forgotten daily: the scale (divide by 255), the normalisation (with the numbers of the *training* data), the shape (`[1, 1, 28, 28]`), and the mode (`eval`). Nothing complains if one is missing; the answers are merely worse.

# %% [markdown] id="use" lang="zh" reviewed="724be7abc637"
# ## 4. 让模型派上用场
#
# 训练好的模型要回答的是**一张**图片，来自相机或文件：0 到 255 的整数，没有批量维，也没有通道维。有四样东西必须与训练时一样，而每一样天天都有人忘：尺度（除以 255）、归一化（用*训练*数据的数）、形状（`[1, 1, 28, 28]`）、模式（`eval`）。少了哪样都不会报错，只是答案变差。

# %% [markdown] id="predict-card" lang="en"
# ### Exercise 13.3: one picture
#
# **Difficulty:** 2 of 5. **Time:** 15 minutes.
#
# Write `predict_image(model, image, mean, std)`.
#
# - `image` is a `uint8` tensor `[H, W]` with values from 0 to 255. The model was trained on batches `[N, 1, H, W]` of values from 0 to 1, from which `mean` was subtracted and which were divided by `std`. It returns logits `[N, C]`.
# - Return two Python numbers: the class, and its probability.
# - The model runs in eval mode, nothing is recorded, and it is afterwards in the mode in which it was before.

# %% [markdown] id="predict-card" lang="zh" reviewed="99ba7fa80bbb"
# ### 练习 13.3：一张图片
#
# **难度**：2（共 5 级）。**时间**：15 分钟。
#
# 编写 `predict_image(model, image, mean, std)`。
#
# - `image` 是 `uint8` 张量 `[H, W]`，值从 0 到 255。模型训练时用的是批量 `[N, 1, H, W]`，值从 0 到 1，减去 `mean`，再除以 `std`。模型返回 logits `[N, C]`。
# - 返回两个 Python 的数：类别，和它的概率。
# - 模型在评估模式下运行，不做记录，结束之后恢复原来的模式。

# %% id="predict_image" tags=["solution"]
def predict_image(model, image, mean, std):
    """The class of one picture [H, W] (uint8) and its probability -> two numbers."""
    ### BEGIN SOLUTION
    batch = ((image / 255 - mean) / std)[None, None]                # [1, 1, H, W] | [1, 1, H, W]
    before = model.training
    model.eval()
    with torch.no_grad():
        probabilities = model(batch)[0].softmax(dim=0)
    model.train(before)
    best = probabilities.argmax().item()
    return best, probabilities[best].item()
    ### END SOLUTION

# %% id="predict_image-check" tags=["check"]
check("checkpoints.predict_image")

# %% [markdown] id="capstone" lang="en"
# ## 5. Capstone: all of it yours
#
# Once more, everything together, and this time everything is yours, apart from tensors, autograd, the loss and the frame of `nn.Module`: an activation with **your** backward rule (lesson 05), a **module** with **your** layers (lesson 07), and **your** optimiser (lesson 06), which can also be saved and continued (this lesson).
#
# ### Exercise 13.4: the capstone
#
# **Difficulty:** 5 of 5. **Time:** 45 minutes.
#
# Write `capstone_model(width, lr, momentum)`, which returns a model and an optimiser. Define the classes inside the function, or beside it in the same cell.
#
# - The **model** is an `nn.Module` that maps `[N, 1, 14, 14]` or `[N, 196]` to logits `[N, 10]`: a linear layer to `width` units, the activation $x \cdot \sigma(x)$ through a `torch.autograd.Function` of your own, and a linear layer to 10. Its parameters are called `w1` `[196, width]`, `b1` `[width]`, `w2` `[width, 10]` and `b2` `[10]`; the forward pass is `x @ w1 + b1` and so on. Initial weights: normal with the standard deviation $\sqrt{2 / \text{inputs}}$ for `w1`, and $0.01$ for `w2`; biases are 0.
# - The **optimiser** has `step()`, `zero_grad()`, `state_dict()` and `load_state_dict(state)`. A step is momentum as in lesson 06: $v \leftarrow \mu v + g$, $p \leftarrow p - lr \cdot v$; parameters whose `.grad` is `None` are left out. The state can be saved with `torch.save`.
#
# What is looked at: names and shapes of the parameters; logits, gradients and second derivatives for given weights; two steps; a run that is interrupted and continued; the loss at the start, near $\ln 10$; and whether 16 samples are learnt by heart.

# %% [markdown] id="capstone" lang="zh" reviewed="2100eaab28db"
# ## 5. 综合项目：全都出自你手
#
# 最后把一切合在一起，而且这一次，除了张量、自动求导、损失和 `nn.Module` 这个框架，什么都不用 PyTorch 的：用**你的**反向规则写的激活函数（第 05 课），含有**你的**层的**模块**（第 07 课），还有**你的**优化器（第 06 课），它也能保存和续训（本课）。
#
# ### 练习 13.4：综合项目
#
# **难度**：5（共 5 级）。**时间**：45 分钟。
#
# 编写 `capstone_model(width, lr, momentum)`，返回一个模型和一个优化器。类可以定义在函数里面，也可以在同一个单元格里另外定义。
#
# - **模型**是 `nn.Module`，把 `[N, 1, 14, 14]` 或 `[N, 196]` 变成 logits `[N, 10]`：先是到 `width` 个单元的线性层，再是通过你自己的 `torch.autograd.Function` 实现的激活函数 $x \cdot \sigma(x)$，最后是到 10 的线性层。参数名为 `w1` `[196, width]`、`b1` `[width]`、`w2` `[width, 10]`、`b2` `[10]`；前向是 `x @ w1 + b1`，依此类推。初始权重：正态分布，`w1` 的标准差为 $\sqrt{2 / \text{inputs}}$（inputs 即输入数），`w2` 的为 $0.01$；偏置为 0。
# - **优化器**有 `step()`、`zero_grad()`、`state_dict()` 和 `load_state_dict(state)`。一步就是第 06 课的动量：$v \leftarrow \mu v + g$，$p \leftarrow p - lr \cdot v$；`.grad` 为 `None` 的参数跳过。状态可以用 `torch.save` 保存。
#
# 要看的是：参数的名字和形状；给定权重时的 logits、梯度和二阶导数；走两步的结果；一次中断再续的训练；起点的损失是否接近 $\ln 10$；以及能否背下 16 个样本。

# %% id="capstone_model" tags=["solution"]
def capstone_model(width, lr, momentum):
    """A model of one's own parts and an optimiser for it -> (model, optimiser)."""
    ### BEGIN SOLUTION
    class Swish(torch.autograd.Function):
        @staticmethod
        def forward(x):
            return x * torch.sigmoid(x)

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(inputs[0])

        @staticmethod
        def backward(ctx, grad_output):
            (x,) = ctx.saved_tensors
            s = torch.sigmoid(x)
            return grad_output * (s + x * s * (1 - s))

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.w1 = nn.Parameter(torch.randn(196, width) * math.sqrt(2 / 196))
            self.b1 = nn.Parameter(torch.zeros(width))
            self.w2 = nn.Parameter(torch.randn(width, 10) * 0.01)
            self.b2 = nn.Parameter(torch.zeros(10))

        def forward(self, x):
            return Swish.apply(x.flatten(1) @ self.w1 + self.b1) @ self.w2 + self.b2

    class Momentum:
        def __init__(self, params):
            self.params = list(params)
            self.velocities = [torch.zeros_like(p) for p in self.params]

        def step(self):
            with torch.no_grad():
                for p, v in zip(self.params, self.velocities):
                    if p.grad is not None:
                        v.mul_(momentum).add_(p.grad)
                        p -= lr * v

        def zero_grad(self):
            for p in self.params:
                p.grad = None

        def state_dict(self):
            return {"velocities": [v.clone() for v in self.velocities]}

        def load_state_dict(self, state):
            for v, saved in zip(self.velocities, state["velocities"]):
                v.copy_(saved)

    model = Network()
    return model, Momentum(model.parameters())
    ### END SOLUTION

# %% id="capstone_model-check" tags=["check"]
check("checkpoints.capstone_model")

# %% [markdown] id="report-intro" lang="en"
# ### The report
#
# The next cell is not run but read, by your instructor. Train your capstone on the digits and write half a page about it, in the language you like: what you tried, what the curves looked like, what went wrong and how you found out, and how sure you are of the number that you report, and why.
#
# After it stands a run of ours, on the accelerator where there is one. Your function has no argument for the device, and moving the model afterwards would come too late: an optimiser that has made its velocities on the CPU keeps them there. Hence the line `with torch.device(device):`. Whatever is made inside without a `device=` is made on that device, model and velocities alike.

# %% [markdown] id="report-intro" lang="zh" reviewed="994702177a7d"
# ### 报告
#
# 下一个单元格不是拿来运行的，而是给老师读的。在手写数字上训练你的综合项目，写半页纸，用哪种语言都行：你试了什么，曲线是什么样子，哪里出了问题、怎么发现的，你对自己报告的那个数有多大把握，为什么。
#
# 它后面是我们替你跑的一次训练，有加速器就在加速器上。你的函数没有表示设备的参数，事后再搬模型又太迟：优化器如果已经在 CPU 上创建了速度，速度就留在那里了。所以有 `with torch.device(device):` 这一行：在它里面，凡是没写 `device=` 的，都直接在那个设备上创建，模型和速度都一样。

# %% [markdown] id="report" tags=["written"] points=5
# YOUR ANSWER HERE | 在这里作答

# %% id="device" tags=["nbval-ignore-output"]
device = pick_device()
keep_kernels_exact()                               # on a GPU: full float32, sums in a fixed order (lesson 00) | 在 GPU 上：完整的 float32，相加次序固定（第 00 课）
say(describe_device(device))

# %% id="capstone-run"
def train_capstone():
    """Eight epochs on the digits at half size; accuracies before and after."""
    x, y = load_images()
    test_x, test_y = load_images(train=False)
    mean, std = x.mean(), x.std()
    x, test_x = (F.avg_pool2d((images - mean) / std, 2).to(device) for images in (x, test_x))
    y, test_y = y.to(device), test_y.to(device)
    torch.manual_seed(0)
    with torch.device(device):                              # what is made in here is made on the device | 在这里面创建的，都直接在该设备上
        model, optimiser = capstone_model(48, 0.05, 0.9)

    def accuracy():
        with torch.no_grad():
            return (model(test_x).argmax(dim=1) == test_y).float().mean().item()

    found = [accuracy()]
    for _ in range(8):
        for part in torch.randperm(len(x)).split(32):
            optimiser.zero_grad()
            F.cross_entropy(model(x[part]), y[part]).backward()
            optimiser.step()
        found.append(accuracy())
    return found


if solved("checkpoints.capstone_model"):
    with torch.random.fork_rng():
        accuracies = train_capstone()
    say(Text(en="test accuracy of your own network: at first below 30 %: {a}, after 8 epochs above 94 %: {b}", zh="你自己的网络的测试准确率：起初低于 30 %：{a}，8 轮之后高于 94 %：{b}"), a=accuracies[0] < 0.3, b=accuracies[-1] > 0.94)

# %% id="my-predictions" tags=["hide-input"]
predictions("checkpoints")

# %% [markdown] id="summary" lang="en"
# ## Summary
#
# - A checkpoint holds model (parameters **and** buffers), optimiser, epoch and random state. Leave out one, and the run is another run.
# - A `state_dict` is a window on live memory: copy it, or write it to a file.
# - Save plain data and load with `weights_only=True` and `map_location`. A file that wants more wants to run code.
# - Load strictly: a missing entry is an error, not a detail.
# - A model in use needs the scale, the normalisation, the shape and the mode of its training.
#
# ### Can you answer these without looking?
#
# 1. A run is resumed and its loss jumps up for one epoch. What was not restored?
# 2. Why is `best = model.state_dict()`, taken at the best epoch, the state of the *last* epoch in the end?
# 3. A downloaded model loads only with `weights_only=False`. What do you do?
#
# <details><summary>Answers</summary>
#
# 1. Probably the optimiser's velocities or means.
# 2. It shares the model's memory, and training went on. Copy it.
# 3. Ask for a state dict, or do not load it.
#
# </details>

# %% [markdown] id="summary" lang="zh" reviewed="2067f1315dd6"
# ## 小结
#
# - 检查点里有模型（参数**和**缓冲区）、优化器、轮次和随机状态。少了一样，就是另一次训练。
# - `state_dict` 是通向活内存的窗户：要么复制，要么写进文件。
# - 保存普通数据，加载时用 `weights_only=True` 和 `map_location`。还想要更多的文件，想要的是执行代码。
# - 严格地加载：缺一项是错误，不是小事。
# - 投入使用的模型，尺度、归一化、形状和模式都要与训练时一样。
#
# ### 不看上文，你能答出来吗？
#
# 1. 训练续上之后，损失有一轮突然升高。什么没有恢复？
# 2. 在最好的那一轮写下 `best = model.state_dict()`，为什么最后得到的是*最后*一轮的状态？
# 3. 下载的模型只有用 `weights_only=False` 才能加载。你怎么办？
#
# <details><summary> 答案 </summary>
#
# 1. 多半是优化器的速度或平均。
# 2. 它与模型共用内存，而训练还在继续。要复制。
# 3. 向对方要 state dict，否则就不加载。
#
# </details>

# %% [markdown] id="next" lang="en"
# ## What is next
#
# You have built backprop, an engine, optimisers, a network and the loop around it, and you can tell whether it works. That was the course. Take a problem of your own now.
#
# ### Further reading
#
# - PyTorch documentation, *Saving and Loading Models* and *Serialization semantics*.
# - A. Zhang, Z. Lipton, M. Li and A. Smola, *Dive into Deep Learning*: everything that comes after.

# %% [markdown] id="next" lang="zh" reviewed="5068332a90ef"
# ## 接下来
#
# 反向传播、引擎、优化器、网络，以及围绕它们的循环，你都亲手造过了，而且说得出它们到底对不对。课程到此为止。现在，去找一个你自己的问题吧。
#
# ### 延伸阅读
#
# - PyTorch 文档，*Saving and Loading Models* 和 *Serialization semantics*。
# - A. Zhang、Z. Lipton、M. Li、A. Smola，《动手学深度学习》（*Dive into Deep Learning*）：此后的一切。
