# %% [markdown] id="title" lang="en"
# # Lesson 00. Start here: devices, seeds, and how grading works
#
# Most hours lost with PyTorch are not lost to mathematics. They are lost to a tensor on the wrong device, a result that nobody can repeat, and an error message of forty lines that one did not dare to read. This lesson takes these three out of your way, and shows how the course tells you what is right and what is not.
#
# **After this lesson you can**
#
# - say what a check looks at, what a hint costs (nothing), and how your notebook is graded;
# - name the parts of PyTorch, and the four stages of nearly every machine learning program;
# - write code that uses an accelerator where there is one and runs everywhere;
# - make a computation with random numbers repeatable, without disturbing anybody else's, and say what a seed does *not* promise;
# - say why a GPU gives other last digits than a CPU, and what TF32 is;
# - read a traceback from its last line upwards, and repair the five most frequent kinds of error at their cause.
#
# **Time:** about 85 minutes, 45 of them for the four exercises.
#
# **You need:** Python functions, lists and dicts. No machine learning, no GPU.
#
# **Created** 2026-11, last updated 2026-11, last verified 2026-11 with torch 2.13; all cells together run in about 10 seconds on two CPU cores. The cell `versions` prints what you have. The notebook is the download: everything in it runs on your own machine, without a network.
#
# **Licence:** the text is CC BY 4.0, the code is MIT.

# %% [markdown] id="title" lang="zh" reviewed="86fbeb9f2470"
# # 第 00 课：从这里开始：设备、随机种子与评分
#
# 用 PyTorch 时浪费掉的时间，大多不怪数学，要怪这三样：放错设备的张量、谁也重现不了的结果、长达四十行而不敢读的报错。这一课帮你扫清这三个障碍，并说明本课程怎样告诉你对在哪里、错在哪里。
#
# **学完本课，你能够**
#
# - 说出检查看的是什么、看提示要付出什么代价（没有代价），以及你的笔记本怎样评分；
# - 说出 PyTorch 由哪些部分组成，以及几乎所有机器学习程序都要经过的四个阶段；
# - 写出有加速器就用、没有也照样能跑的代码；
# - 让用到随机数的计算可以重现，又不打扰别人的随机数，并说清随机种子*不*保证什么；
# - 说出为什么 GPU 算出来的末几位与 CPU 不同，以及 TF32 是什么；
# - 从最后一行往上读报错信息，并从根源上修好最常见的五类错误。
#
# **时间**：约 85 分钟，其中四道练习占 45 分钟。
#
# **需要的基础**：Python 的函数、列表和字典。不需要机器学习知识，也不需要 GPU。
#
# **编写**于 2026-11，最近更新于 2026-11，最近一次用 torch 2.13 验证于 2026-11；所有单元格加起来，在两个 CPU 核上约需运行 10 秒。单元格 `versions` 会打印你的版本。要下载的就是这份笔记本：其中的一切都可以在你自己的机器上运行，不需要网络。
#
# **许可**：文字采用 CC BY 4.0，代码采用 MIT。

# %% [markdown] id="how-to-work" lang="en"
# ## 1. How a lesson works
#
# 1. **Predict.** Under a question in bold stands a folded cell. Run it, and choose what you expect before you run the next one. A wrong prediction teaches you more than a right one, but only if you made it; at the end of the lesson you see all of yours beside what came out.
# 2. **Run** the cell with Shift+Enter.
# 3. **Explain** the difference between what you saw and what you expected. Then read on.
#
# An **exercise** consists of three cells: a card that says what is wanted, a cell for your answer, and a check. Write your code where the stub says so and keep the name and the arguments of the function: the check calls it by that name. You may add cells of your own anywhere.
#
# A **check** tries your function on a few public cases and looks at several properties separately. So a half-finished answer is worth running: it shows which part is right already. Run it as often as you like; nobody counts.
#
# | you write | you get |
# |---|---|
# | `check("start_here.seeded")` | the verdict for each property, the smallest case that fails, and a question for *your* mistake where it is a known one |
# | `check("start_here.seeded", hint=2)` | the counterexample in full |
# | `check("start_here.seeded", hint=3)` | a similar, smaller problem, solved |
#
# Some cells of the story build on your answers. They begin with `if solved("start_here.seeded"):`, and until that check passes they only say what they wait for. That is why **Run All** goes through from top to bottom at any time, even in a notebook where nothing is solved yet.
#
# Messages come in both languages. If you prefer one: `from course_lib import set_language`, then `set_language("en")` or `set_language("zh")`.

# %% [markdown] id="how-to-work" lang="zh" reviewed="546adac9171a"
# ## 1. 怎样学一课
#
# 1. **预测**：粗体问题的下面有一个折叠的单元格。先运行它，选好你预计的结果，再运行下一个。预测错了比预测对了更有收获，前提是你真的预测过；到了课末，你的每个预测会与实际结果并排列出。
# 2. **运行**单元格：Shift+Enter。
# 3. **解释**看到的与预想的有何不同，然后再往下读。
#
# 一道**练习**由三个单元格组成：说明要求的卡片、写解答的单元格、检查。请在占位代码标明的地方作答，函数名和参数不要改：检查就是按这个名字调用它的。你可以在任何地方添加自己的单元格。
#
# **检查**会用几个公开用例来试你的函数，并对多个项目分别判断。所以只写了一半也值得运行：它会告诉你哪一部分已经对了。想运行多少次都行，没有人计数。
#
# | 你写 | 你得到 |
# |---|---|
# | `check("start_here.seeded")` | 每一项的结论、出错的最小例子；如果是已知的错误，还有一个针对*你的*错误的问题 |
# | `check("start_here.seeded", hint=2)` | 完整的反例 |
# | `check("start_here.seeded", hint=3)` | 一道相近而更小的题，附解答 |
#
# 有些单元格要用到你的解答。它们以 `if solved("start_here.seeded"):` 开头，在对应的检查通过之前，只会说明自己在等什么。因此，不管什么时候，**全部运行**（Run All）都能从头走到尾，哪怕一道题也没有做。
#
# 各种信息都用两种语言显示。如果只想看一种：先写 `from course_lib import set_language`，再写 `set_language("en")` 或 `set_language("zh")`。

# %% id="imports" tags=["setup"]
import io
import math
import random
import traceback

import numpy as np
import torch
from torch import nn

from course_lib import (
    SERIES, Edge, Node, Text, check, computation_graph, describe_device, digits, explore, label, legend, new_figure, pick_device, prediction, predictions, reveal, say, show, solved,
)
from course_lib.precision import exact_kernels

# %% [markdown] id="grading" lang="en"
# ### How your notebook is graded
#
# When you hand the notebook in, it is run again on the instructor's machine, in a **sandbox**: without a network, with limited time and memory. Then your functions are called with the public cases and with **hidden cases**, which are drawn afresh and which no student has seen. What comes back is compared with the expected values *outside* the sandbox.
#
# **Predict:** somebody notices that the public cases expect 3, 7 and 12, and writes a function that returns just these. Which of the two kinds of cases catches them?

# %% [markdown] id="grading" lang="zh" reviewed="791d3a225d5b"
# ### 你的笔记本怎样评分
#
# 交上来的笔记本会在教师的机器上重新运行一遍，而且是在**沙箱**里：没有网络，时间和内存都有限制。随后，你的函数会用公开用例和**隐藏用例**来调用，后者是临时抽取的，没有学生见过。返回的结果在沙箱*之外*与应有的值比较。
#
# **预测**：有人发现公开用例应得 3、7、12，于是写了一个只会返回这三个数的函数。这两类用例中，哪一类能识破他？

# %% id="grading-predict" tags=["hide-input"]
prediction("start_here.grading", Text(en="Which cases catch a function that returns just the three public answers?", zh="一个函数只会返回三个公开用例的答案，哪类用例能识破它？"), {
    (True, False): Text(en="only the public cases", zh="只有公开用例"),
    (True, True): Text(en="both kinds", zh="两类都能"),
    (False, True): Text(en="only the hidden cases", zh="只有隐藏用例"),
    (False, False): Text(en="neither kind", zh="两类都不能"),
})

# %% id="draw-grading" tags=["hide-input"]
GRADING = {
    "notebook": Node(Text(en="your notebook", zh="你的笔记本"), at=(0, 0)),
    "sandbox": Node(Text(en="sandbox:\nyour cells run", zh="沙箱：\n运行你的单元格"), at=(1.2, 0)),
    "hidden": Node(Text(en="hidden cases:\ninputs only", zh="隐藏用例：\n只有输入"), at=(1.2, -1.5)),
    "compare": Node(Text(en="comparison,\noutside", zh="比较，\n在沙箱之外"), at=(2.5, 0)),
    "expected": Node(Text(en="expected\noutputs", zh="应有的输出"), at=(2.5, -1.5)),
    "points": Node(Text(en="points and\nfeedback", zh="得分与反馈"), at=(3.7, 0)),
}
STEPS = [("notebook", "sandbox"), ("hidden", "sandbox"), ("sandbox", "compare"), ("expected", "compare"), ("compare", "points")]

fig, ax = computation_graph(GRADING, [Edge(start, end) for start, end in STEPS])
label(ax, title=Text(en="What happens after you hand in", zh="交上去之后发生的事"))


def one_line(text):
    """The same words without line breaks."""
    return Text(en=text.en.replace("\n", " "), zh=text.zh.replace("\n", ""))


steps = [Text(en="{a} → {b}", zh="{a} → {b}").format(a=one_line(GRADING[a].label), b=one_line(GRADING[b].label)) for a, b in STEPS]
show(fig, Text(en="A graph with {n} arrows. " + "; ".join(s.en for s in steps) + ".", zh="有 {n} 个箭头的图。" + "；".join(s.zh for s in steps) + "。").format(n=len(STEPS)))

# A function that knows three answers by heart meets both kinds of cases | 一个背下了三个答案的函数，遇上两类用例
PUBLIC, HIDDEN = {(1, 2): 3, (3, 4): 7, (5, 7): 12}, {(2, 9): 11, (6, 4): 10}
reveal("start_here.grading", tuple(any(PUBLIC.get(inputs) != expected for inputs, expected in cases.items()) for cases in (PUBLIC, HIDDEN)))

# %% [markdown] id="grading-explain" lang="en"
# **Explain.** The hidden cases catch them: a function that knows three answers by heart knows nothing about a fourth. Only the inputs of hidden cases enter the sandbox, and only after your cells have run; their expected outputs and the reference solution stay outside, so there is nothing to be found in there. What follows for you:
#
# - **Your functions are graded, not your outputs.** Whether a figure is still shown in your file does not matter. Whether your function works for *other* inputs than the ones you see does: one sample, odd shapes, other dtypes.
# - **Points are given per property.** A part that is right earns its points though another one is wrong.
# - **One accident costs one exercise.** If an answer never comes to an end, or crashes, the other exercises are graded all the same.
# - **There are four verdicts:** passed, failed, not run (there was no answer), and grader error. The last one is the course's fault and never costs you a point.
#
# Before you hand in: *Restart Kernel and Run All*. It finds the mistake that is hardest to see, a cell that works only because of a name which you defined an hour ago and have deleted since.

# %% [markdown] id="grading-explain" lang="zh" reviewed="e6eeb7943209"
# **解释**：隐藏用例能识破他：函数若只是背下了三个答案，碰到第四个就一无所知。隐藏用例只有输入会进入沙箱，而且要等你的单元格运行完；它们应有的输出和参考解答都留在外面，所以在里面什么也找不到。这对你意味着：
#
# - **评的是你的函数，不是你的输出**。文件里的图还在不在，没有关系。有关系的是，换成你没见过的输入，函数还对不对：只有一个样本、各维大小不一的形状、别的 dtype。
# - **按项给分**。一部分对了，就得这部分的分，哪怕另一部分错了。
# - **一处事故只影响一道题**。某个解答永远不结束，或者崩溃了，其余的题照常评分。
# - **结论有四种**：通过、未通过、未运行（没有作答）、评分器出错。最后一种是课程的责任，绝不会扣你的分。
#
# 交之前请执行“重启内核并全部运行”（*Restart Kernel and Run All*）。它能找出最难发现的那种错误：某个单元格之所以能跑，只是因为一小时前定义过一个名字，而那段代码早已被你删掉了。

# %% [markdown] id="pytorch" lang="en"
# ## 2. PyTorch in one page
#
# PyTorch is a library for **tensors**: arrays of numbers, like NumPy's, that can also live on a GPU and that can record what was computed with them, so that derivatives come by themselves. Everything else is built on these two abilities.
#
# | import | what it gives | lesson |
# |---|---|---|
# | `import torch` | tensors and functions on them, random numbers, `torch.save` | 02, 03 |
# | `torch.autograd` (comes with torch) | derivatives of what you computed | 04, 05 |
# | `from torch import nn` | layers, models, losses | 07, 08 |
# | `import torch.nn.functional as F` | the same operations as plain functions, without parameters of their own | 08 |
# | `from torch.utils.data import Dataset, DataLoader` | samples, one by one and in batches | 09 |
# | `import torchvision` | image data sets, transforms, known models; a package of its own | 09 |
#
# Import what you use, at the top, under these names: every PyTorch program is written so, and yours will be easier to read. `import torch` alone already makes `torch.nn` and `torch.optim` reachable; the second import only makes the name shorter.
#
# One warning about older texts: they often mention **TorchText**. Its development has ended: version 0.18 of 2024 was the last one, and the repository is archived. For text, use the tokenisers and data sets of other libraries with plain PyTorch tensors. TorchVision is alive.

# %% [markdown] id="pytorch" lang="zh" reviewed="28b917b8a954"
# ## 2. 一页纸认识 PyTorch
#
# PyTorch 是一个处理**张量**的库。张量和 NumPy 的数组一样，是成批的数；不同的是，它可以放在 GPU 上，还能记下自己参与过哪些计算，从而自动得到导数。其余的一切，都建立在这两种能力之上。
#
# | 导入 | 得到什么 | 课次 |
# |---|---|---|
# | `import torch` | 张量和对张量的运算、随机数、`torch.save` | 02、03 |
# | `torch.autograd`（随 torch 而来） | 对你算过的东西求导 | 04、05 |
# | `from torch import nn` | 层、模型、损失 | 07、08 |
# | `import torch.nn.functional as F` | 同样的运算，写成普通函数，自己不带参数 | 08 |
# | `from torch.utils.data import Dataset, DataLoader` | 逐个取样本，或成批地取 | 09 |
# | `import torchvision` | 图像数据集、变换、常见模型；是单独的软件包 | 09 |
#
# 用到什么就导入什么，写在最前面，就用上面这些名字：大家的 PyTorch 程序都这么写，你的代码也会更好读。其实只写 `import torch`，就已经能用 `torch.nn` 和 `torch.optim`；后一种导入只是让名字短一些。
#
# 读旧资料时要注意：里面常提到 **TorchText**。它已停止开发：2024 年的 0.18 版是最后一版，代码仓库也已归档。处理文本时，请用其他库的分词器和数据集，再配合普通的 PyTorch 张量。TorchVision 仍在维护。

# %% id="versions" tags=["nbval-ignore-output"]
say(describe_device("cpu"))
say(describe_device())                             # what pick_device() chooses on your machine | 在你的机器上 pick_device() 选中的设备
say(Text(en="NumPy {version}", zh="NumPy {version}"), version=np.__version__)

# %% [markdown] id="workflow" lang="en"
# ### Four stages
#
# Nearly every program of this course goes through the same four stages: **data → model → optimise → save**. Here they are in miniature. Ten points lie near the line $y = 3x - 1$, a model with one weight and one bias is to find it. Do not try to understand every line yet; look for the four stages, and **predict** what the model's weight will be after the training.

# %% [markdown] id="workflow" lang="zh" reviewed="697cb1fa3fa3"
# ### 四个阶段
#
# 本课程的程序几乎都要经过同样的四个阶段：**数据 → 模型 → 优化 → 保存**。下面是它们的缩影。十个点分布在直线 $y = 3x - 1$ 附近，由一个只有一个权重、一个偏置的模型去找出这条线。不必急着弄懂每一行；先找出这四个阶段，再**预测**训练之后模型的权重是多少。

# %% id="workflow-predict" tags=["hide-input"]
prediction("start_here.weight", Text(en="The model's weight after the training:", zh="训练之后模型的权重："), {
    (3, True): Text(en="exactly 3", zh="恰好是 3"),
    (0, False): Text(en="hardly away from 0, where it starts", zh="几乎没有离开起点 0"),
    (-1, False): Text(en="close to -1", zh="接近 -1"),
    (3, False): Text(en="close to 3, but not 3", zh="接近 3，但不是 3"),
})

# %% id="workflow-run"
generator = torch.Generator().manual_seed(0)

# 1. data | 数据
line_x = torch.linspace(-1, 1, 10).reshape(10, 1)
line_y = 3 * line_x - 1 + 0.1 * torch.randn(10, 1, generator=generator)

# 2. model | 模型
line = nn.Linear(1, 1)
nn.init.zeros_(line.weight)                        # from zero, so that everybody sees the same | 从零开始，这样大家看到的都一样
nn.init.zeros_(line.bias)

# 3. optimise | 优化
optimizer = torch.optim.SGD(line.parameters(), lr=0.1)
for _ in range(200):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(line(line_x), line_y)
    loss.backward()
    optimizer.step()

# 4. save, and load again into a new model | 保存，再装进一个新的模型
storage = io.BytesIO()                             # a file name in real life | 实际使用时是文件名
torch.save(line.state_dict(), storage)
storage.seek(0)
copy_of_line = nn.Linear(1, 1)
copy_of_line.load_state_dict(torch.load(storage))

say(Text(en="weight {weight}, bias {bias}, loss {loss}", zh="权重 {weight}，偏置 {bias}，损失 {loss}"),
    weight=digits(line.weight.item(), 3), bias=digits(line.bias.item(), 3), loss=digits(loss.item(), 2))
say(Text(en="the loaded model predicts the same: {same}", zh="装回来的模型预测相同：{same}"),
    same=torch.equal(copy_of_line(line_x), line(line_x)))
reveal("start_here.weight", (round(line.weight.item()), abs(line.weight.item() - 3) < 1e-3))

# %% [markdown] id="workflow-explain" lang="en"
# **Explain.** The weight is close to 3 and the bias close to $-1$. They are not exactly 3 and $-1$, because the points have noise and the model fits the points. What is saved is the model's numbers (its `state_dict`), not its code: to load them, you need the code that builds the same model. Lesson 01 does stage 3 by hand, lessons 04 to 06 explain its five lines one by one.

# %% [markdown] id="workflow-explain" lang="zh" reviewed="6411bd39b89b"
# **解释**：权重接近 3，偏置接近 $-1$，却不恰好是 3 和 $-1$，因为数据点带有噪声，而模型拟合的是这些点。保存下来的是模型里的数（它的 `state_dict`），不是它的代码：要装回来，就得有搭建同样模型的代码。第 01 课会手工完成第 3 个阶段，第 04 课到第 06 课则逐行解释其中的五行代码。

# %% [markdown] id="devices" lang="en"
# ## 3. Devices: where a tensor lives
#
# Every tensor lives on one **device**, and says so: `x.device`. Without a word from you it is the CPU. An **accelerator** is any other device that computes faster: an NVIDIA or AMD card (both are called `cuda` in PyTorch), an Apple GPU (`mps`), an Intel GPU (`xpu`) and others. One rule governs them all:
#
# > **The operands of an operation must be on the same device.** PyTorch moves nothing on its own. (One exception: a single number without axes on the CPU, such as `torch.tensor(2.0)`, may join in anywhere.)
#
# A device is written as a string, `"cuda"`, or as an object, `torch.device("cuda")`. Functions accept both, but they are not the same thing. **Predict** what the four comparisons give. (You may *name* a device that your machine does not have.)

# %% [markdown] id="devices" lang="zh" reviewed="9d473d6191b3"
# ## 3. 设备：张量放在哪里
#
# 每个张量都放在一个**设备**上，用 `x.device` 可以看到。不特别说明，就是 CPU。**加速器**是指除此之外算得更快的设备：NVIDIA 或 AMD 的显卡（在 PyTorch 里都叫 `cuda`）、Apple 的 GPU（`mps`）、Intel 的 GPU（`xpu`）等等。它们都遵守同一条规则：
#
# > **参与同一次运算的张量必须在同一个设备上**。PyTorch 不会自作主张去搬动任何张量。（有一个例外：CPU 上没有维度的单个数，例如 `torch.tensor(2.0)`，在哪里都可以参加运算。）
#
# 设备可以写成字符串 `"cuda"`，也可以写成对象 `torch.device("cuda")`。函数两种都接受，但它们不是一回事。**预测**下面四个比较的结果。（你的机器上没有的设备，也可以写出它的*名字*。）

# %% id="devices-predict" tags=["hide-input"]
prediction(
    "start_here.devices",
    Text(
        en='Is device("cuda") equal to "cuda", device("cuda") to device("cuda:0"), device("cpu") to device("cpu"), and the device of torch.zeros(2) to device("cpu")?',
        zh='device("cuda") 与 "cuda"、device("cuda") 与 device("cuda:0")、device("cpu") 与 device("cpu")、torch.zeros(2) 的设备与 device("cpu")，各自相等吗？',
    ),
    [(True, True, True, True), (True, False, True, True), (False, True, True, True), (False, False, False, False), (False, False, True, True)],
)

# %% id="devices-run"
device = torch.device("cuda", 1)

print(device, "| type:", device.type, "| index:", device.index)
equal = (
    torch.device("cuda") == "cuda",
    torch.device("cuda") == torch.device("cuda:0"),
    torch.device("cpu") == torch.device("cpu"),
    torch.zeros(2).device == torch.device("cpu"),
)
print(*equal, sep="\n")
reveal("start_here.devices", equal)

# %% [markdown] id="devices-explain" lang="en"
# **Explain.** An object is never equal to a string; compare `device.type == "cuda"` when you mean the kind. And `cuda` is not equal to `cuda:0`: the first means "the current card", the second "card number 0". They are often the same card, but a test of equality does not know that.
#
# ### Which device?
#
# Old texts write `"cuda" if torch.cuda.is_available() else "cpu"`. That knows one brand only: on a laptop with an Apple or Intel GPU it chooses the CPU. `torch.accelerator` asks for whatever this machine has. It answers `None` where there is none, and `pick_device()` of this course makes the CPU of that:

# %% [markdown] id="devices-explain" lang="zh" reviewed="5dd4e594fbdb"
# **解释**：对象永远不等于字符串；想判断种类，请写 `device.type == "cuda"`。另外，`cuda` 不等于 `cuda:0`：前者是“当前的那块卡”，后者是“0 号卡”。它们往往是同一块卡，但相等比较并不知道这一点。
#
# ### 选哪个设备？
#
# 旧资料里写的是 `"cuda" if torch.cuda.is_available() else "cpu"`。它只认一个牌子：在带 Apple 或 Intel GPU 的笔记本电脑上，选中的会是 CPU。`torch.accelerator` 问的则是：这台机器上有哪种加速器？没有时它回答 `None`，本课程的 `pick_device()` 会把它换成 CPU：

# %% id="accelerator-run" tags=["nbval-ignore-output"]
found = torch.accelerator.current_accelerator(check_available=True)
print(found, torch.accelerator.device_count())
print(found if found is not None else torch.device("cpu"), pick_device())

# %% [markdown] id="on-device" lang="en"
# Once you have a device, there are two ways to use it. **Move** what exists with `.to(device)`, or **create** it there in the first place: nearly every function and layer that makes tensors takes the keywords `device` and `dtype`. The second way saves a copy.
#
# So that the next cell shows something on every machine, it uses the device `meta`. Tensors there have a shape and a dtype but no memory: they cost nothing, even at 40 GB. **Predict:** a tensor that is `.to(...)` the device where it already is, is it a copy?

# %% [markdown] id="on-device" lang="zh" reviewed="d864aa2f1a04"
# 有了设备，用法有两种：用 `.to(device)` 把已有的**搬过去**，或者一开始就在那里**创建**：凡是会产生张量的函数和层，几乎都接受关键字 `device` 和 `dtype`。后一种办法省去一次复制。
#
# 为了在每台机器上都能看到效果，下一个单元格用的是 `meta` 设备。那里的张量有形状、有 dtype，却没有内存：哪怕有 40 GB，也不花任何代价。**预测**：对一个张量调用 `.to(...)`，而它本来就在那个设备上，得到的是副本吗？

# %% id="on-device-predict" tags=["hide-input"]
prediction("start_here.to", Text(en="x.to(...) for the device where x already is gives:", zh="x 本来就在那个设备上，x.to(...) 得到的是："), {
    (False, False): Text(en="a copy with memory of its own", zh="有自己内存的副本"),
    (True, True): Text(en="x itself", zh="x 自己"),
    (False, True): Text(en="a new tensor on the memory of x", zh="使用 x 的内存的新张量"),
})

# %% id="on-device-run"
layer = nn.Linear(1000, 500, device="meta", dtype=torch.float64)      # created there, in float64 | 直接在那里创建，float64
huge = torch.empty(100_000, 100_000, device="meta")                   # 40 GB, were it real | 如果是真的，要占 40 GB
here = torch.ones(3)

say(Text(en="layer.weight: shape {shape}, {dtype}, on {device}", zh="layer.weight：形状 {shape}，{dtype}，在 {device} 上"),
    shape=tuple(layer.weight.shape), dtype=layer.weight.dtype, device=layer.weight.device)
say(Text(en="huge: {size} GB on {device}", zh="huge：{size} GB，在 {device} 上"), size=huge.numel() * huge.element_size() // 10**9, device=huge.device)
say(Text(en="here.to('cpu') is here: {same}", zh="here.to('cpu') is here：{same}"), same=here.to("cpu") is here)
say(Text(en="here.to('meta') is on {there}, here itself is still on {still}", zh="here.to('meta') 在 {there} 上，here 自己仍在 {still} 上"),
    there=here.to("meta").device, still=here.device)
reveal("start_here.to", (here.to("cpu") is here, here.to("cpu").data_ptr() == here.data_ptr()))

# %% [markdown] id="on-device-explain" lang="en"
# **Explain.** `.to` gives back the very same tensor where nothing is to be done, else a new one. It never moves a tensor itself, so a line that only says `x.to(device)` has no effect: write `x = x.to(device)`. (Models differ: `model.to(device)` moves the model's own parameters. Lesson 07 shows why.)
#
# Not every device can do everything. The one you are most likely to meet: an **MPS device has no float64**. Gradient checks, which need float64, are done on the CPU there.

# %% [markdown] id="on-device-explain" lang="zh" reviewed="b3e63876814c"
# **解释**：如果没有事情要做，`.to` 返回的就是原来那个张量，否则返回一个新的。它从不搬动张量本身，所以单独一行 `x.to(device)` 什么效果也没有，要写 `x = x.to(device)`。（模型不一样：`model.to(device)` 会搬动模型自己的参数，原因见第 07 课。）
#
# 不是每种设备什么都能做。你最可能碰到的是：**MPS 设备没有 float64**。梯度检查需要 float64，在那里就得放到 CPU 上做。

# %% [markdown] id="choose_device-card" lang="en"
# ### Exercise 0.1: choose a device
#
# **Difficulty:** 1 of 5. **Time:** 10 minutes.
#
# Write `choose_device(found, dtype)`. So that the rule can be checked on any machine, it does not ask the machine but a list.
#
# | argument | what it is |
# |---|---|
# | `found` | a list of pairs (type, how many there are), the best type first, such as `[("cuda", 0), ("mps", 1)]`; it may be empty |
# | `dtype` | the dtype that is to be computed with, such as `torch.float32` |
#
# - Return the first type of which there is at least one device and which can hold `dtype`: `mps` has no `torch.float64`; take it that the others have every dtype.
# - Where nothing fits, return the CPU. The function never raises.
# - What you return is a `torch.device`, without an index.
#
# **Try the check first.** Before you solve it, answer with the single line `return torch.device("cuda")`, run the check, and then run it with `hint=2` and `hint=3`. It costs nothing, and you will have seen once what a check looks like that finds something.

# %% [markdown] id="choose_device-card" lang="zh" reviewed="403f34243468"
# ### 练习 0.1：选择设备
#
# **难度**：1（共 5 级）。**时间**：10 分钟。
#
# 编写 `choose_device(found, dtype)`。为了让规则在任何机器上都能检查，它不去问机器，而是看一个列表。
#
# | 参数 | 含义 |
# |---|---|
# | `found` | 由（类型，数量）组成的列表，最好的类型排在最前，例如 `[("cuda", 0), ("mps", 1)]`；可能为空 |
# | `dtype` | 计算要用的 dtype，例如 `torch.float32` |
#
# - 返回第一个满足条件的类型：至少有一个这种设备，并且能存放 `dtype`。`mps` 没有 `torch.float64`；其余的，就当它们什么 dtype 都有。
# - 都不合适时，返回 CPU。这个函数从不报错。
# - 返回的是 `torch.device`，不带编号。
#
# **先试一试检查**：动手解题之前，先只用一行 `return torch.device("cuda")` 作答，运行检查，再用 `hint=2` 和 `hint=3` 各运行一次。这没有任何代价，而你会看到，检查发现问题时是什么样子。

# %% id="choose_device" tags=["solution"]
def choose_device(found, dtype):
    """The first type in found that has a device and can hold dtype, else the CPU.

    found: list of (type, count), best first -> torch.device without an index
    """
    ### BEGIN SOLUTION
    for kind, count in found:
        if count > 0 and not (kind == "mps" and dtype == torch.float64):
            return torch.device(kind)
    return torch.device("cpu")                     # reached where nothing fits | 都不合适时才走到这里
    ### END SOLUTION

# %% id="choose_device-check" tags=["check"]
check("start_here.choose_device")

# %% [markdown] id="choose_device-after" lang="en"
# In your own programs you write `device = pick_device()` once, near the top, and `device=device` or `.to(device)` wherever something is made. Inside a function it is better still not to know the name at all: **take the device from the data**. `torch.zeros(3, device=x.device)` is right wherever `x` happens to live.
#
# This course does not use an accelerator wherever it could. To start an operation on a GPU takes some microseconds, more than a CPU needs to add a few hundred numbers, and gradient checks need float64. So the small exact numbers of lessons 01 to 10 stay on the CPU; the networks that lessons 11 to 13 train go to the accelerator, and the cells say so.

# %% [markdown] id="choose_device-after" lang="zh" reviewed="73536a56aa8c"
# 在你自己的程序里，开头写一次 `device = pick_device()`，之后凡是创建东西的地方，就写 `device=device` 或 `.to(device)`。在函数内部，最好连这个名字也不必知道：**从数据得知设备**。`torch.zeros(3, device=x.device)` 总是对的，不管 `x` 放在哪里。
#
# 本课程并不是处处都用加速器。在 GPU 上启动一次运算就要几微秒，比 CPU 加几百个数的时间还长；梯度检查又需要 float64。所以第 01 课到第 10 课里那些小而精确的数，都留在 CPU 上；第 11 课到第 13 课训练的网络会放到加速器上，单元格会说明这一点。

# %% [markdown] id="seeds" lang="en"
# ## 4. Chance that can be repeated
#
# Weights start at random, samples are shuffled, dropout throws dice. Yet a result that comes out differently at every run can neither be tested nor compared. The way out is that a computer's random numbers are not random: a **generator** holds a *state*, and each draw computes a number and the next state from it. A **seed** sets the state to a known start.
#
# **Predict:** three numbers are drawn for `a`, three for `b`. Then the same seed is set again and three are drawn for `c`. Which of the three rows agree?

# %% [markdown] id="seeds" lang="zh" reviewed="46b7f6b0f016"
# ## 4. 可以重现的偶然
#
# 权重从随机数开始，样本要打乱，dropout 要掷骰子。可是每次运行都不一样的结果，既无法测试，也无法比较。出路在于，计算机的随机数其实并不随机：**生成器**保存着一个*状态*，每抽一次，就由状态算出一个数和下一个状态。**随机种子**把状态设到一个已知的起点。
#
# **预测**：先为 `a` 抽三个数，再为 `b` 抽三个数。然后再设一次同样的种子，为 `c` 抽三个数。三行中哪两行相同？

# %% id="seeds-predict" tags=["hide-input"]
prediction("start_here.seeds", Text(en="Three numbers each for a and for b, then the same seed again, then three for c. Which rows agree?", zh="a、b 各抽三个数，再设同样的种子，c 抽三个数。哪几行相同？"), {
    (True, True, True): Text(en="all three", zh="三行都相同"),
    (False, True, False): Text(en="a and c", zh="a 与 c"),
    (True, False, False): Text(en="a and b", zh="a 与 b"),
    (False, False, False): Text(en="none", zh="没有相同的"),
})

# %% id="seeds-run"
torch.manual_seed(0)
a = torch.rand(3)
b = torch.rand(3)

torch.manual_seed(0)
c = torch.rand(3)
print(a, b, c, sep="\n")
reveal("start_here.seeds", (torch.equal(a, b), torch.equal(a, c), torch.equal(b, c)))

# %% [markdown] id="seeds-explain" lang="en"
# **Explain.** `a` and `c`. A seed does not give a number, it gives a **sequence**, and each draw moves on in it. So `b` differs from `a`, although the same seed stands above both.
#
# This has a consequence that costs people days. Picture a program in which all parts draw from one generator, and somebody adds a part that draws *one* number. Everything after it receives the number that was meant for its neighbour. In the figure, a point takes random steps: one number decides how far, the next one whether up or down. All the lines have the same seed, but in one of them somebody else draws a number once on the way. **Predict** what happens to it from there on. Then move the controls.

# %% [markdown] id="seeds-explain" lang="zh" reviewed="855ed16d0f39"
# **解释**：`a` 与 `c` 相同。种子给出的不是一个数，而是一个**序列**，每抽一次就往前走一格。所以 `b` 与 `a` 不同，尽管它们前面是同一个种子。
#
# 由此带来的后果，会让人白费好几天。设想一个程序，各部分都从同一个生成器抽数，有人加了一段代码，只多抽了*一个*数。从此以后，各处拿到的，都是本该给邻居的那个数。在下图中，一个点随机地移动：一个数决定走多远，下一个数决定向上还是向下。所有的线都用同一个种子，只是其中一条，中途被别人抽走了一个数。**预测**从那里往后会怎样，然后移动控件试试。

# %% id="walk-predict" tags=["hide-input"]
prediction("start_here.extra_draw", Text(en="After somebody else has drawn a number, the line with the same seed:", zh="被别人抽走一个数之后，种子相同的那条线会："), {
    (True, True): Text(en="is soon back on the others", zh="很快回到另外两条上"),
    (False, True): Text(en="runs beside the others at a constant distance", zh="与另外两条保持固定的距离"),
    (False, False): Text(en="takes other steps from there on", zh="从此走出不同的步子"),
})

# %% id="trajectories" tags=["hide-input"]
def walk(seed, length=60, extra_draw=None):
    """Places of a point: each step draws its length, then whether it goes up; at extra_draw somebody else draws one number."""
    source = torch.Generator().manual_seed(seed)
    places = [0.0]
    for step in range(length):
        if step == extra_draw:
            torch.rand(1, generator=source)
        size = torch.rand(1, generator=source).item()
        up = torch.rand(1, generator=source).item() < 0.5
        places.append(places[-1] + (size if up else -size))
    return np.array(places)


def draw_walks(seed, extra):
    """The same seed twice, once undisturbed and once with an extra draw."""
    first, again, disturbed = walk(seed), walk(seed), walk(seed, extra_draw=extra)
    fig, ax = new_figure(height=3.4)
    ax.plot(first, **{**SERIES[0], "linewidth": 5, "alpha": 0.5})
    ax.plot(again, **SERIES[0])
    ax.plot(disturbed, **SERIES[1])
    legend(ax, Text(en="first run", zh="第一次"), Text(en="second run", zh="第二次"), Text(en="one number drawn by somebody else", zh="被别人抽走一个数"))
    label(ax, title=Text(en="Three walks with the same seed", zh="种子相同的三次随机游走"), x=Text(en="step", zh="步数"), y=Text(en="place", zh="位置"))
    alt = Text(
        en="Three lines over 60 steps, all with the seed {seed}. The first and the second run differ by at most {same}. The third agrees with them up to step {extra}, where one number is drawn by somebody else; from there on it goes its own way, at most {away} apart from the others.",
        zh="60 步的三条线，种子都是 {seed}。第一次与第二次最多相差 {same}。第三次到第 {extra} 步为止与它们一致，在那里被别人抽走了一个数；此后它走自己的路，与另外两条最多相差 {away}。",
    ).format(seed=seed, same=digits(np.abs(first - again).max(), 2), extra=extra, away=digits(np.abs(first - disturbed).max(), 2))
    return fig, alt


explore(draw_walks, labels={"seed": Text(en="seed", zh="随机种子"), "extra": Text(en="step of the extra draw", zh="多抽一次发生在第几步")},
        seed=(0, 20, 1, 0), extra=(0, 55, 5, 20))
gap = (walk(0, extra_draw=20) - walk(0))[25:]
reveal("start_here.extra_draw", (np.allclose(gap, 0), np.allclose(gap, gap[0])))

# %% [markdown] id="limits" lang="en"
# **Explain.** The two undisturbed runs lie exactly on each other. The third leaves them at the extra draw: the generator goes on giving the same sequence, but what was meant to say "up or down" now says how far, and the other way round.
#
# ### What a seed does not promise
#
# "Same seed, same numbers" is a half-truth. **Predict** how many of the following seven first numbers agree. All of them are drawn right after seeding with 0.

# %% [markdown] id="limits" lang="zh" reviewed="4a073628bab6"
# **解释**：没受打扰的两次完全重合。第三次从多抽的那个数开始，就与它们分道扬镳：生成器给出的仍是同一个序列，但本该表示“上还是下”的数，现在用来表示走多远了，反过来也一样。
#
# ### 种子不保证什么
#
# “种子相同，随机数就相同”，这话只对了一半。下面七个“第一个数”，都是用 0 设完种子之后立刻抽的。**预测**其中有几个相同。

# %% id="limits-predict" tags=["hide-input"]
prediction(
    "start_here.same_seed",
    Text(
        en="The first numbers from random.random, np.random.rand, torch.rand in float32 and in float64, torch.randn(15), torch.randn(16), and torch.rand after an nn.Linear, each seeded with 0: which agree?",
        zh="都用 0 设种子，random.random、np.random.rand、float32 和 float64 的 torch.rand、torch.randn(15)、torch.randn(16)、先创建 nn.Linear 再用 torch.rand，各自的第一个数中，哪些相同？",
    ),
    {
        7: Text(en="all seven", zh="七个全都相同"),
        4: Text(en="the two dtypes, and randn(15) with randn(16)", zh="两种 dtype 的相同，randn(15) 与 randn(16) 的相同"),
        0: Text(en="none", zh="没有相同的"),
        2: Text(en="only randn(15) and randn(16)", zh="只有 randn(15) 与 randn(16) 的相同"),
    },
)

# %% id="limits-run"
def seed_all_with_zero():
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


def first_number(draw):
    """What draw gives right after everything has been seeded with 0."""
    seed_all_with_zero()
    return digits(draw(), 4)


firsts = {
    "random.random()": first_number(random.random),
    "np.random.rand()": first_number(np.random.rand),
    "torch.rand(1)": first_number(lambda: torch.rand(1)),
    "torch.rand(1), float64": first_number(lambda: torch.rand(1, dtype=torch.float64)),
    "torch.randn(15)[0]": first_number(lambda: torch.randn(15)[0]),
    "torch.randn(16)[0]": first_number(lambda: torch.randn(16)[0]),
    "nn.Linear(1, 1), torch.rand": first_number(lambda: (nn.Linear(1, 1), torch.rand(1))[1]),
}
for name, number in firsts.items():
    print(f"{name:29}", number)
reveal("start_here.same_seed", sum(list(firsts.values()).count(number) > 1 for number in firsts.values()))

# %% [markdown] id="limits-explain" lang="en"
# **Explain.** None of them. Python, NumPy and torch have three generators of their own that know nothing of each other. A float64 uses up more random bits than a float32. `randn` makes its numbers in another way from 16 on (nobody promises that, and nobody promises that it stays so). And making a layer draws its initial weights, so that whatever comes after it moves on.
#
# A seed gives the same result only with the **same** versions, device, dtypes and shapes, the same operations in the same order, and the same number of worker processes. In particular:
#
# - **CPU and GPU differ.** `torch.manual_seed` seeds the generators of all devices, but they use different methods: the same seed gives other numbers on a GPU.
# - **Versions differ.** PyTorch does not promise the same numbers from one release to the next.
# - **Sums differ.** A GPU gives other last digits even where no random number is involved, some of them others at each run. The next cells show why.
#
# So quote a result with its versions and its device, and compare numbers with a tolerance.

# %% [markdown] id="limits-explain" lang="zh" reviewed="235973dc6640"
# **解释**：一个也不相同。Python、NumPy 和 torch 各有自己的生成器，互不相知。float64 比 float32 要消耗更多随机位。`randn` 从 16 个数起换了一种生成办法（没有谁保证过这一点，也没有谁保证它不变）。而创建一个层就要抽取它的初始权重，于是此后抽到的，都成了序列里更靠后的数。
#
# 要想由种子得到相同的结果，必须版本、设备、dtype 和形状**都相同**，运算及其次序相同，工作进程数也相同。特别是：
#
# - **CPU 与 GPU 不同**。`torch.manual_seed` 会给所有设备的生成器设种子，但它们的算法不同：同一个种子，在 GPU 上得到的是另一些数。
# - **版本之间不同**。PyTorch 不保证从一个版本到下一个版本数都一样。
# - **求和不同**。哪怕根本没有用到随机数，GPU 算出来的末几位也不一样，有的运算甚至每次都不一样。接下来的几个单元格说明原因。
#
# 所以，报告结果时要写明版本和设备，比较数值时要留出容差。

# %% [markdown] id="orders" lang="en"
# ### Why a GPU gives other last digits
#
# A float32 holds about seven significant digits, and every addition rounds its result to them. Therefore $(a + b) + c$ and $a + (b + c)$ need not be equal: the addition of floats is not associative, and **the order of a sum belongs to its result**. A GPU adds in another order than a CPU: it lets thousands of threads add up a piece each and then adds the pieces.
#
# Some operations of a GPU do not even fix an order. Where many threads add to the same place, as in `index_add_`, each of them adds when it happens to arrive (`atomicAdd`), and the next run has another order. Such a piece of GPU code is called a **nondeterministic kernel**.
#
# The next cell adds the same 100000 float32 numbers in five orders, on the CPU, one after the other. **Predict** how many of the leading digits the five sums have in common.

# %% [markdown] id="orders" lang="zh" reviewed="97d4f25efabb"
# ### 为什么 GPU 算出来的末几位不一样
#
# 一个 float32 大约有七位有效数字，每加一次，结果就要舍入到这么多位。所以 $(a + b) + c$ 与 $a + (b + c)$ 不一定相等：浮点数的加法不满足结合律，**求和的次序也是结果的一部分**。GPU 相加的次序与 CPU 不同：它让成千上万个线程各加一小段，再把各段加起来。
#
# GPU 上有些运算，连次序都不固定。许多线程要往同一个位置上加的时候（例如 `index_add_`），谁先到谁先加（`atomicAdd`），下次运行又是另一种次序。这样的一段 GPU 代码，叫作**非确定性核函数**（nondeterministic kernel）。
#
# 下一个单元格在 CPU 上，用五种次序，把同样的 100000 个 float32 逐个加起来。**预测**五个和的开头有几位数字相同。

# %% id="orders-predict" tags=["hide-input"]
prediction("start_here.orders", Text(en="The same 100000 float32 numbers, added in five orders. Leading digits in common:", zh="同样的 100000 个 float32，用五种次序相加。开头相同的位数："), {
    7: Text(en="7, as many as a float32 holds", zh="7 位，float32 能存多少就是多少"),
    5: Text(en="5", zh="5 位"),
    2: Text(en="2", zh="2 位"),
})

# %% id="orders-run"
def add_up(values):
    """The float32 numbers one after the other; after each addition the sum is rounded."""
    return np.add.accumulate(values)[-1]


rng = np.random.default_rng(10)
numbers = rng.random(100_000, dtype=np.float32)
pieces = np.add.accumulate(numbers.reshape(1000, 100), axis=1)[:, -1]      # a thousand threads with a hundred numbers each | 一千个线程，每个一百个数
sums = {
    Text(en="from the first to the last", zh="从头加到尾"): add_up(numbers),
    Text(en="from the last to the first", zh="从尾加到头"): add_up(numbers[::-1]),
    Text(en="in 1000 pieces, then the pieces", zh="分成 1000 段，再把各段相加"): add_up(pieces),
    Text(en="as they happen to arrive", zh="谁先到谁先加"): add_up(rng.permutation(numbers)),
    Text(en="the same, run once more", zh="同上，再运行一次"): add_up(rng.permutation(numbers)),
}
for order, total in sums.items():
    say(Text(en="{order}: {total:.2f}", zh="{order}：{total:.2f}"), order=order, total=total)
say(Text(en="without any rounding on the way: {total:.2f}", zh="中途完全不舍入：{total:.2f}"), total=math.fsum(numbers.tolist()))
reveal("start_here.orders", max(n for n in range(1, 8) if len({digits(total, n) for total in sums.values()}) == 1))

# %% [markdown] id="tf32" lang="en"
# **Explain.** Five orders, five sums, and none of them is a mistake: they differ from the sixth digit on. The last two orders are what a nondeterministic kernel does. The same program, run twice, gives two results.
#
# ### TF32: fewer digits, more speed
#
# The second habit of a GPU is a bargain. A float32 has 1 bit for the sign, 8 for the exponent and 23 for the digits after the point. Many of NVIDIA's GPUs since 2020 multiply matrices several times faster if they may first round the factors to **TF32**, which keeps 10 of the 23 bits: 19 bits in all. The products are still added up in float32.
#
# The next cell does this rounding on the CPU, multiplies two random matrices of 256 by 256, and takes float64 for the truth. With plain float32 the error is below a millionth of the result. **Predict** what it is with TF32.

# %% [markdown] id="tf32" lang="zh" reviewed="8cc30d9de36b"
# **解释**：五种次序，五个和，哪个都不算错：从第六位数字起，它们就各不相同。最后两种次序，就是非确定性核函数干的事：同一个程序运行两次，得到两个结果。
#
# ### TF32：位数少一些，速度快一些
#
# GPU 的第二个习惯是一笔交易。一个 float32 有 1 位符号、8 位指数，小数点后还有 23 位。NVIDIA 2020 年以来的许多 GPU，如果允许先把乘数舍入成 **TF32**，做矩阵乘法就能快上好几倍。TF32 只保留那 23 位中的 10 位，总共 19 位。乘积相加时，用的仍是 float32。
#
# 下一个单元格在 CPU 上做这种舍入，把两个 256 乘 256 的随机矩阵相乘，并把 float64 的结果当作真值。用普通的 float32，误差不到结果的百万分之一。**预测**用 TF32 时误差是多少。

# %% id="tf32-predict" tags=["hide-input"]
prediction("start_here.tf32", Text(en="A matrix product with factors in TF32, added up in float32. The error, as a share of the result:", zh="矩阵乘积，乘数用 TF32，相加用 float32。误差占结果的："), {
    -7: Text(en="below a millionth, since the sums are float32", zh="不到百万分之一，因为相加用的是 float32"),
    -4: Text(en="about 3 in 10000", zh="大约万分之三"),
    -2: Text(en="about 3 in 100", zh="大约百分之三"),
})

# %% id="tf32-run"
def as_tf32(x):
    """x (float32) rounded to TF32: the last 13 of its 32 bits become zero."""
    return ((x.view(torch.int32) + 0x1000) & ~0x1FFF).view(torch.float32)


generator = torch.Generator().manual_seed(0)
left, right = (torch.randn(256, 256, generator=generator) for _ in range(2))
truth = left.double() @ right.double()
errors = {"float32": left @ right - truth, "TF32": as_tf32(left) @ as_tf32(right) - truth}
share = {name: (error.norm() / truth.norm()).item() for name, error in errors.items()}

third = torch.tensor(1 / 3)
say(Text(en="one third: {a:.7f} in float32, {b:.7f} in TF32", zh="三分之一：float32 是 {a:.7f}，TF32 是 {b:.7f}"), a=third.item(), b=as_tf32(third).item())
say(Text(en="error of the product: float32 below 0.000001: {a}; TF32 {b}", zh="乘积的误差：float32 小于 0.000001：{a}；TF32 为 {b}"), a=share["float32"] < 1e-6, b=digits(share["TF32"], 1))


def precision():
    return torch.backends.cuda.matmul.fp32_precision, torch.backends.cudnn.conv.fp32_precision


say(Text(en="torch's choice for matrix products and convolutions on a GPU: {v}", zh="torch 对 GPU 上的矩阵乘积和卷积的选择：{v}"), v=precision())
with exact_kernels():
    say(Text(en="within exact_kernels(): {v}", zh="在 exact_kernels() 之内：{v}"), v=precision())

fig, ax = new_figure(height=2.8)
bins = np.linspace(-9, 0, 37)
for error, style in zip(errors.values(), SERIES):
    ax.plot((bins[1:] + bins[:-1]) / 2, np.histogram(error.abs().clamp(min=1e-9).log10(), bins)[0], **style)
legend(ax, *errors)
label(ax, title=Text(en="65536 errors of one matrix product", zh="一次矩阵乘积的 65536 个误差"), x=Text(en="size of the error, as a power of ten", zh="误差的大小（10 的几次方）"), y=Text(en="how many", zh="个数"))
show(fig, Text(
    en="Two humps over the powers of ten from -9 to 0. That of TF32 lies to the right of that of float32; on the whole its errors are more than 500 times as large: {v}.",
    zh="横轴从 10 的 -9 次方到 0 次方，上面有两座山峰。TF32 的在 float32 的右边；总的说来，它的误差是 float32 的 500 倍以上：{v}。",
).format(v=share["TF32"] > 500 * share["float32"]))
reveal("start_here.tf32", math.floor(math.log10(share["TF32"])))

# %% [markdown] id="tf32-explain" lang="en"
# **Explain.** Three decimal digits are left of seven. A network that trains with noisy batches hardly feels that; a comparison with expected numbers does. The last printed lines say what torch does unless you object: `none` means full float32 for matrix products, and `tf32` that convolutions use TF32 on a GPU that has it. `ieee` is full float32.
#
# What this course does about it:
#
# - **Lessons that train** call `keep_kernels_exact()`: full float32, and kernels with a fixed order wherever torch has one. In a program of your own write `with exact_kernels():` around what has to be repeatable. Both come from `course_lib.precision` and do what `torch.use_deterministic_algorithms(True)` and the settings printed above do one by one. It costs speed. For an operation that has no kernel with a fixed order, you get a warning.
# - **Checks compare with a tolerance**, for even then the last digits differ between CPU and GPU.
# - **Your score is that of the CPU,** and so the same on every machine. Where the grading machine has an accelerator, each right answer is also run there, and what is found is advice, never points.

# %% [markdown] id="tf32-explain" lang="zh" reviewed="2a5bf80e2bf5"
# **解释**：七位数字只剩下三位。用带噪声的小批量训练网络，几乎感觉不到；拿结果与应有的数值比较，就感觉得到了。打印出来的最后几行是 torch 的选择，除非你另有主张：`none` 表示矩阵乘积用完整的 float32，`tf32` 表示卷积在支持 TF32 的 GPU 上就用 TF32。`ieee` 就是完整的 float32。
#
# 本课程的对策是：
#
# - **要训练的课**会调用 `keep_kernels_exact()`：用完整的 float32，并且只要 torch 有次序固定的核函数，就用它。在自己的程序里，把必须可以重现的部分放进 `with exact_kernels():`。两者都来自 `course_lib.precision`，做的就是 `torch.use_deterministic_algorithms(True)` 和上面打印的那些设置分别做的事。代价是速度。某个运算如果没有次序固定的核函数，会给出警告。
# - **检查比较时留有容差**，因为即便如此，CPU 与 GPU 的末几位仍然不同。
# - **你的得分以 CPU 上的结果为准**，所以在每台机器上都一样。评分的机器如果有加速器，正确的答案还会在那里再运行一遍，发现的问题只作为建议，不影响得分。

# %% [markdown] id="lottery" lang="en"
# ### The seed lottery
#
# A seed makes one throw of the dice repeatable. It does not make it typical. Here 200 "models" guess 100 yes-or-no questions by tossing a coin; only their seeds differ. **Predict** the score of the best one, and the average.

# %% [markdown] id="lottery" lang="zh" reviewed="a15c1c56b2c8"
# ### 种子彩票
#
# 种子能让一次掷骰子的结果可以重现，却不能让它具有代表性。下面有 200 个“模型”，靠抛硬币来猜 100 道是非题，彼此只有种子不同。**预测**最好的一个得多少分，平均又是多少。

# %% id="lottery-predict" tags=["hide-input"]
prediction("start_here.lottery", Text(en="200 “models” guess 100 questions by tossing a coin. How many does the best one get right?", zh="200 个“模型”抛硬币猜 100 道题，最好的一个猜对多少题？"), {
    5: Text(en="50 to 59", zh="50 到 59"),
    6: Text(en="60 to 69", zh="60 到 69"),
    7: Text(en="70 to 79", zh="70 到 79"),
    9: Text(en="90 or more", zh="90 以上"),
})

# %% id="lottery-run"
truth = torch.arange(100) % 2                      # the right answers: no, yes, no, yes … | 正确答案：否、是、否、是……
scores = [int((torch.randint(0, 2, (100,), generator=torch.Generator().manual_seed(seed)) == truth).sum()) for seed in range(200)]
best = int(np.argmax(scores))

say(Text(en="best: {best} of 100, with seed {seed}; average: {mean}; worst: {worst}", zh="最好：100 题对 {best} 题，种子 {seed}；平均：{mean}；最差：{worst}"),
    best=scores[best], seed=best, mean=digits(np.mean(scores), 3), worst=min(scores))
reveal("start_here.lottery", scores[best] // 10)

# %% [markdown] id="lottery-explain" lang="en"
# **Explain.** The average is near 50, as it is for coins. The best of the 200 looks clever, and is only the luckiest: its score of 64 lies almost 3 standard deviations (of 5 each) above the average, which is what the luckiest of 200 coin tossers usually reaches. Whoever tries many seeds and reports the best one has measured their patience, not their model. A seed is not a hyper-parameter. Fix it before you look at results, and where a comparison matters, run several seeds and report all of them: mean and spread.
#
# ### Good manners with generators
#
# Seeding is an act at a distance: `torch.manual_seed(0)` inside a function changes what *everybody else* draws from then on. There are two polite ways.
#
# 1. **A generator of your own:** `g = torch.Generator().manual_seed(0)`, then `torch.rand(3, generator=g)`. NumPy has `np.random.default_rng(0)`, Python `random.Random(0)`. Nobody else draws from it. This is the best way wherever the functions you call accept a generator.
# 2. **Borrow and give back:** remember the state of the global generators, seed them, work, restore the state. You need this for code that draws from the global ones, as `nn.Linear` and `F.dropout` do.
#
# | source | seed | read the state | restore it |
# |---|---|---|---|
# | Python | `random.seed(s)` | `random.getstate()` | `random.setstate(state)` |
# | NumPy | `np.random.seed(s)` | `np.random.get_state()` | `np.random.set_state(state)` |
# | torch, CPU | `torch.manual_seed(s)` | `torch.get_rng_state()` | `torch.set_rng_state(state)` |
#
# What must happen in any case, even after an error, belongs in a `finally` block. **Predict** in which order the three messages come.

# %% [markdown] id="lottery-explain" lang="zh" reviewed="511b924cb116"
# **解释**：平均在 50 附近，抛硬币就该如此。200 个里最好的那个看似聪明，其实只是最走运：它的 64 分比平均高出将近 3 个标准差（一个标准差是 5），而 200 个抛硬币的人当中最走运的那个，通常就能到这里。试很多种子、只报告最好的那个，这样量出来的是你的耐心，不是你的模型。种子不是超参数。应当在看结果之前就定下来；如果比较的结果要紧，就多跑几个种子，并且全部报告：均值和波动。
#
# ### 使用生成器的礼貌
#
# 设种子会影响到远处：在函数里写 `torch.manual_seed(0)`，*所有别人*此后抽到的数都变了。有礼貌的做法有两种。
#
# 1. **用自己的生成器**：`g = torch.Generator().manual_seed(0)`，再写 `torch.rand(3, generator=g)`。NumPy 有 `np.random.default_rng(0)`，Python 有 `random.Random(0)`。没有别人会从中抽数。只要你调用的函数接受生成器，这就是最好的办法。
# 2. **有借有还**：记住全局生成器的状态，设种子，干活，再恢复状态。有些代码会从全局生成器抽数，例如 `nn.Linear` 和 `F.dropout`，这时就需要这种办法。
#
# | 来源 | 设种子 | 读取状态 | 恢复状态 |
# |---|---|---|---|
# | Python | `random.seed(s)` | `random.getstate()` | `random.setstate(state)` |
# | NumPy | `np.random.seed(s)` | `np.random.get_state()` | `np.random.set_state(state)` |
# | torch，CPU | `torch.manual_seed(s)` | `torch.get_rng_state()` | `torch.set_rng_state(state)` |
#
# 无论如何都必须做的事，哪怕出了错也要做的事，应当放进 `finally` 块。**预测**下面三条信息出现的次序。

# %% id="finally-predict" tags=["hide-input"]
prediction("start_here.finally", Text(en="The try block divides by 0 and finally tidies up. Which messages come, in which order?", zh="try 块里除以 0，finally 负责收拾。会出现哪些信息，次序如何？"), {
    ("work", "the error arrives"): Text(en="work, the error arrives", zh="干活、异常传到"),
    ("work", "the error arrives", "tidy up"): Text(en="work, the error arrives, tidy up", zh="干活、异常传到、收拾"),
    ("work", "tidy up"): Text(en="work, tidy up", zh="干活、收拾"),
    ("work", "tidy up", "the error arrives"): Text(en="work, tidy up, the error arrives", zh="干活、收拾、异常传到"),
})

# %% id="finally-run"
order = []


def announce(message):
    order.append(message.en)
    say(message)


def careful():
    try:
        announce(Text(en="work", zh="干活"))
        return 1 / 0
    finally:
        announce(Text(en="tidy up", zh="收拾"))


try:
    careful()
except ZeroDivisionError:
    announce(Text(en="the error arrives", zh="异常传到"))
reveal("start_here.finally", tuple(order))

# %% [markdown] id="seeded-card" lang="en"
# ### Exercise 0.2: repeatable, and no trace
#
# **Difficulty:** 2 of 5. **Time:** 12 minutes.
#
# Write `seeded(fn, seed, times)`. `fn` is a function without arguments that draws from Python's `random`, from `np.random` and from torch, on the CPU.
#
# - Seed the three sources with `seed`, once, and then call `fn()` `times` times. Return the list of its results; for `times = 0` it is empty.
# - Two calls of `seeded` with the same arguments give the same results.
# - Afterwards all three sources go on as if `seeded` had never been called. This holds when `fn` raises an exception, too, and the exception reaches the caller.

# %% [markdown] id="seeded-card" lang="zh" reviewed="1834be97706b"
# ### 练习 0.2：可重现，不留痕迹
#
# **难度**：2（共 5 级）。**时间**：12 分钟。
#
# 编写 `seeded(fn, seed, times)`。`fn` 是一个没有参数的函数，会从 Python 的 `random`、`np.random` 和 torch（在 CPU 上）抽取随机数。
#
# - 用 `seed` 给三个来源各设一次种子，然后调用 `fn()` 共 `times` 次。返回各次结果组成的列表；`times = 0` 时列表为空。
# - 用相同的参数调用两次 `seeded`，结果相同。
# - 之后，三个来源都照常继续，就像从未调用过 `seeded` 一样。`fn` 抛出异常时也是如此，而且异常要传到调用者那里。

# %% id="seeded" tags=["solution"]
def seeded(fn, seed, times):
    """The results of calling fn() times times after seeding Python, NumPy and torch; the caller's draws go on undisturbed.

    -> list with times entries
    """
    ### BEGIN SOLUTION
    before = random.getstate()
    before_numpy = np.random.get_state()
    before_torch = torch.get_rng_state()
    try:
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        return [fn() for _ in range(times)]
    finally:                                       # after a return and after an error alike | 无论正常返回还是出错都会执行
        random.setstate(before)
        np.random.set_state(before_numpy)
        torch.set_rng_state(before_torch)
    ### END SOLUTION

# %% id="seeded-check" tags=["check"]
check("start_here.seeded")

# %% [markdown] id="seeded-after" lang="en"
# Here is your function at work. `nn.Linear` draws its initial weights from torch's global generator and accepts no generator of its own, so this is a job for borrowing. **Predict:** are the two layers equal? Are the two numbers drawn around them those that follow each other undisturbed?

# %% [markdown] id="seeded-after" lang="zh" reviewed="6cee7ee623d2"
# 现在让你的函数派上用场。`nn.Linear` 的初始权重是从 torch 的全局生成器抽取的，而且不接受别的生成器，所以这正是“有借有还”的用武之地。**预测**：这两个层相等吗？在它们前后抽的两个数，是不是没受打扰时前后相邻的那两个？

# %% id="seeded-predict" tags=["hide-input"]
prediction("start_here.layers", Text(en="Two layers made by seeded with the seed 7, and the two numbers drawn around them:", zh="由 seeded 用种子 7 创建的两个层，以及在它们前后抽的两个数："), {
    (True, False): Text(en="the layers are equal, the numbers are disturbed", zh="两层相等，前后的数受了打扰"),
    (True, True): Text(en="the layers are equal, the numbers are undisturbed", zh="两层相等，前后的数没受打扰"),
    (False, True): Text(en="the layers differ, the numbers are undisturbed", zh="两层不同，前后的数没受打扰"),
    (False, False): Text(en="the layers differ, the numbers are disturbed", zh="两层不同，前后的数受了打扰"),
})

# %% id="seeded-story"
if solved("start_here.seeded"):
    torch.manual_seed(0)
    undisturbed = torch.rand(2)

    torch.manual_seed(0)
    before_layers = torch.rand(1)
    one, two = (seeded(lambda: nn.Linear(4, 3), 7, 1)[0] for _ in range(2))
    after_layers = torch.rand(1)

    say(Text(en="equal weights: {same}", zh="权重相等：{same}"), same=torch.equal(one.weight, two.weight))
    say(Text(en="the numbers around them are undisturbed: {same}", zh="前后的数没受打扰：{same}"),
        same=torch.equal(torch.cat([before_layers, after_layers]), undisturbed))
    reveal("start_here.layers", (torch.equal(one.weight, two.weight), torch.equal(torch.cat([before_layers, after_layers]), undisturbed)))

# %% [markdown] id="seeded-note" lang="en"
# **Explain.** Both. For torch alone there is a ready-made version: `with torch.random.fork_rng():` restores torch's state at the end of the block, on the accelerators too, which your function leaves aside.

# %% [markdown] id="seeded-note" lang="zh" reviewed="56247a88e5c8"
# **解释**：都是。如果只涉及 torch，有现成的写法：`with torch.random.fork_rng():` 会在代码块结束时恢复 torch 的状态，连加速器上的也一并恢复，而你的函数没有管加速器。

# %% [markdown] id="traceback" lang="en"
# ## 5. Reading an error
#
# When Python meets an error, it prints a **traceback**: the chain of calls that led there. It often has thirty lines, most of them from inside PyTorch, and many people scroll up to its beginning or close their eyes. Both waste the best information you can get. Here is a program of 13 lines with a mistake in it, and what comes out when it runs. **Predict** from the program alone: which line does the error happen in?

# %% [markdown] id="traceback" lang="zh" reviewed="e1e954c56b37"
# ## 5. 读报错
#
# Python 遇到错误时，会打印一段**报错信息**（traceback）：一层层调用是怎样走到那里的。它常有三十来行，大多来自 PyTorch 内部。很多人会往上翻到开头，或者干脆闭上眼睛。这两种做法，都浪费了你能得到的最好的线索。下面是一个 13 行的程序，里面有一处错误，后面是它运行时的输出。先只看程序来**预测**：错误发生在哪一行？

# %% id="traceback-predict" tags=["hide-input"]
prediction("start_here.traceback", Text(en="In which line of the program does the error happen?", zh="错误发生在程序的哪一行？"), {
    4: Text(en="line 4: model = nn.Sequential(…)", zh="第 4 行：model = nn.Sequential(…)"),
    7: Text(en="line 7: return model(batch)", zh="第 7 行：return model(batch)"),
    11: Text(en="line 11: print(predict(batch).mean())", zh="第 11 行：print(predict(batch).mean())"),
    13: Text(en="line 13: evaluate([torch.ones(5, 4)])", zh="第 13 行：evaluate([torch.ones(5, 4)])"),
})

# %% id="traceback-tools" tags=["hide-input"]
import linecache


def run_program(source, name="train.py"):
    """Runs a program given as text; returns the traceback of the error it ends with, library paths shortened."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    try:
        exec(compile(source, name, "exec"), {"__name__": "__main__"})  # noqa: S102
    except Exception as error:
        shown = ["Traceback (most recent call last):"]
        for frame in traceback.extract_tb(error.__traceback__)[1:]:
            file = frame.filename if frame.filename == name else "…/torch/" + frame.filename.replace("\\", "/").rpartition("/torch/")[2]
            shown += [f'  File "{file}", line {frame.lineno}, in {frame.name}', f"    {frame.line}"]
        return "\n".join([*shown, f"{type(error).__name__}: {error}"]) + "\n"


def failing_line(source, name="train.py"):
    """The number of the line that a program given as text was in when an error ended it."""
    try:
        exec(compile(source, name, "exec"), {"__name__": "__main__"})  # noqa: S102
    except Exception as error:
        return [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == name][-1]


def print_program(source):
    """A program with its lines numbered."""
    print("\n".join(f"{number:3}  {line}" for number, line in enumerate(source.splitlines(), 1)))

# %% id="traceback-run"
PROGRAM = """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(2, 1))

def predict(batch):
    return model(batch)

def evaluate(batches):
    for batch in batches:
        print(predict(batch).mean())

evaluate([torch.ones(5, 4)])
"""

print_program(PROGRAM)
report = run_program(PROGRAM)
print()
print(report)
reveal("start_here.traceback", failing_line(PROGRAM))

# %% [markdown] id="traceback-explain" lang="en"
# **Explain.** Read it in this order:
#
# 1. **The last line** says what happened: the type of the error, a colon, the message. Here two matrices of the shapes 5x3 and 2x1 could not be multiplied. That is often enough.
# 2. **Go upwards to the first line that is yours.** Everything below it is PyTorch at work, with numbers that you handed over. Yours is line 7, `return model(batch)`: a call of the model.
# 3. **Only then think.** Who made a tensor with 3 columns, who expected 2 rows? The first layer gives 3 numbers per sample, the last one wants 2. The error *happened* in line 7, the mistake was *made* in line 4. A traceback shows where a mistake was noticed; the way from there to its cause is yours.
#
# In Jupyter the text is coloured and an arrow `---->` points at the line, but the order is the same: the end first. Two variations: a message may be several lines long (then its first line has the type), and `During handling of the above exception, another exception occurred` joins two tracebacks: the last line belongs to the second error, while the first one is often the cause.
#
# To search the web, use the last line, without your own shapes and paths. To ask a person, add the program that shows it, as short as you can make it: half of the questions answer themselves on the way.

# %% [markdown] id="traceback-explain" lang="zh" reviewed="328368aacd68"
# **解释**：请按这样的次序读：
#
# 1. **最后一行**说出了什么事：错误的类型，冒号，说明文字。这里是形状为 5x3 和 2x1 的两个矩阵无法相乘。往往看到这里就够了。
# 2. **往上找到第一个属于你的行**。它下面的都是 PyTorch 在干活，用的是你交给它的数据。你的那行是第 7 行 `return model(batch)`，即调用模型。
# 3. **然后才思考**。是谁造出了 3 列的张量，又是谁要 2 行？第一层对每个样本给出 3 个数，最后一层却要 2 个。错误*发生*在第 7 行，却是在第 4 行*犯下*的。报错信息告诉你错误在哪里被发现；从那里到根源的路，要你自己走。
#
# 在 Jupyter 里，文字带颜色，还有箭头 `---->` 指着那一行，但次序是一样的：先看末尾。有两种变化：说明文字可能有好几行（这时类型写在它的第一行）；`During handling of the above exception, another exception occurred` 则把两段报错连在一起：最后一行属于第二个错误，而第一个往往才是根源。
#
# 上网搜索时，用最后一行，去掉你自己的形状和路径。向人请教时，再附上能重现它的程序，越短越好：在缩短的过程中，一半的问题会自己解开。

# %% [markdown] id="read_traceback-card" lang="en"
# ### Exercise 0.3: read a traceback
#
# **Difficulty:** 3 of 5. **Time:** 15 minutes.
#
# To do it by hand, you need an eye for the structure. Teach it to a function: `read_traceback(text, mine)` gets the text of a traceback and the name of your file, such as `"train.py"`, and returns a dict:
#
# | key | value |
# |---|---|
# | `"error"` | the type of the error, from the last line: what stands before the first `": "` |
# | `"message"` | the rest of the last line; `""` where there is no message |
# | `"line"` | the number, an `int`, of the last line of **your** file in the traceback |
# | `"code"` | what is written in that line, without the blanks around it |
#
# - Each call is two lines: one such as `  File "train.py", line 7, in predict`, then the code. Newer versions of Python may put a line of marks like `^^^^` below it.
# - A file is yours if its name between the quotes is exactly `mine`. At least one is.
# - The text may end with a line break. All messages here are one line long.
#
# You can try it with `report`, the traceback from above.

# %% [markdown] id="read_traceback-card" lang="zh" reviewed="cf650ec5dbea"
# ### 练习 0.3：读懂报错信息
#
# **难度**：3（共 5 级）。**时间**：15 分钟。
#
# 要想用眼睛读，就得看得出它的结构。把这个本领教给一个函数：`read_traceback(text, mine)` 得到报错信息的文字和你的文件名（例如 `"train.py"`），返回一个字典：
#
# | 键 | 值 |
# |---|---|
# | `"error"` | 错误的类型，取自最后一行：第一个 `": "` 之前的部分 |
# | `"message"` | 最后一行余下的部分；没有说明文字时为 `""` |
# | `"line"` | 报错信息中**你的**文件的最后一处行号，是 `int` |
# | `"code"` | 那一行写的代码，去掉首尾空格 |
#
# - 每层调用占两行：先是形如 `  File "train.py", line 7, in predict` 的一行，再是代码。较新的 Python 可能会在下面再加一行 `^^^^` 这样的记号。
# - 引号之间的文件名恰好等于 `mine`，才是你的文件。至少有一处是。
# - 文字可能以换行结尾。这里的说明文字都只有一行。
#
# 可以用上面的报错信息 `report` 来试。

# %% id="read_traceback" tags=["solution"]
def read_traceback(text, mine):
    """What a traceback says: text of a traceback, mine the name of your own file.

    -> {"error": str, "message": str, "line": int, "code": str}
    """
    ### BEGIN SOLUTION
    lines = text.strip().splitlines()
    error, _, message = lines[-1].partition(": ")
    opening = f'  File "{mine}", line '
    place = max(i for i, line in enumerate(lines) if line.startswith(opening))       # the last of mine | 我的最后一处
    number = lines[place].removeprefix(opening).partition(",")[0]
    return {"error": error, "message": message, "line": int(number), "code": lines[place + 1].strip()}
    ### END SOLUTION

# %% id="read_traceback-check" tags=["check"]
check("start_here.read_traceback")

# %% [markdown] id="clinic" lang="en"
# ## 6. The clinic: five errors, five causes
#
# Nearly all errors that PyTorch raises in this course belong to one of five kinds:
#
# | kind | the question behind it |
# |---|---|
# | **shape** | which axis is the batch, and do the inner sizes agree? |
# | **dtype** | which dtype has each tensor, and where did the odd one come in? |
# | **device** | where does each tensor live? |
# | **mode** | is the model in training or in evaluation mode? |
# | **gradient** | is this computation being recorded, and should it be? |
#
# The next cell runs five programs of three lines and lets your `read_traceback` report. **Predict** the kind of each from its last line alone. Then say where in the program you would change something, and what.

# %% [markdown] id="clinic" lang="zh" reviewed="dd524582d6ad"
# ## 6. 门诊：五个错误，五种病因
#
# 在本课程里，PyTorch 抛出的错误几乎都属于以下五类之一：
#
# | 类别 | 背后的问题 |
# |---|---|
# | **形状** | 哪一维是批量？里面相邻的两个大小一致吗？ |
# | **dtype** | 每个张量是什么 dtype？与众不同的那个是从哪里来的？ |
# | **设备** | 每个张量放在哪里？ |
# | **模式** | 模型处于训练模式还是评估模式？ |
# | **梯度** | 这次计算正在被记录吗？应该被记录吗？ |
#
# 下一个单元格运行五个三行的小程序，由你的 `read_traceback` 来报告。请只凭最后一行，**预测**每个错误属于哪一类。然后说说，你会改程序的哪个地方，怎么改。

# %% id="clinic-predict" tags=["hide-input"]
prediction(
    "start_here.clinic",
    Text(
        en="The traceback of program E ends with “ValueError: Expected more than 1 value per channel when training, got input size torch.Size([1, 3])”. Which kind is it?",
        zh="程序 E 的报错信息以“ValueError: Expected more than 1 value per channel when training, got input size torch.Size([1, 3])”结尾。它属于哪一类？",
    ),
    {
        "shape": Text(en="shape", zh="形状"),
        "dtype": Text(en="dtype", zh="dtype"),
        "device": Text(en="device", zh="设备"),
        "mode": Text(en="mode", zh="模式"),
        "gradient": Text(en="gradient", zh="梯度"),
    },
)

# %% id="clinic-run"
PATIENTS = {
    "A": "import torch\nlayer = torch.nn.Linear(3, 2)\ny = layer(torch.ones(4, 3, dtype=torch.float64))\n",
    "B": "import torch\nx, w = torch.ones(5, 4), torch.ones(3, 4)\ny = x @ w\n",
    "C": "import torch\nw = torch.ones(3, requires_grad=True)\nfor_the_plot = (2 * w).numpy()\n",
    "D": "import torch\nlayer = torch.nn.Linear(3, 2, device='meta')\ny = layer(torch.ones(4, 3))\n",
    "E": "import torch\nnorm = torch.nn.BatchNorm1d(3)\ny = norm(torch.ones(1, 3))\n",
}

if solved("start_here.read_traceback"):
    for name, program in PATIENTS.items():
        found = read_traceback(run_program(program), "train.py")
        say(Text(en="{name}  line {line}:  {code}", zh="{name}  第 {line} 行：{code}"), name=name, **found)
        print(f"   {found['error']}: {found['message']}\n")

    # Program E once more, with one change of each kind; which of them lets it run? | 再运行程序 E，五类各改一处，哪一种能让它运行？
    changes = {
        "shape": "norm(torch.ones(1, 3).T)",
        "dtype": "norm(torch.ones(1, 3, dtype=torch.float64))",
        "device": "norm.to('meta')(torch.ones(1, 3, device='meta'))",
        "mode": "norm.eval()(torch.ones(1, 3))",
        "gradient": "norm(torch.ones(1, 3, requires_grad=True))",
    }
    reveal("start_here.clinic", " ".join(kind for kind, call in changes.items() if run_program(PATIENTS["E"].replace("norm(torch.ones(1, 3))", call)) is None))

# %% [markdown] id="clinic-explain" lang="en"
# **Explain.** Each message names its kind, once you know the words. More important are the last two columns: one change heals the cause, another only silences the message.
#
# | | kind | how to tell | heals the cause | silences the symptom |
# |---|---|---|---|---|
# | A | dtype | "same dtype": the layer has float32, the input came in with float64, as numbers from NumPy do by default | `x.to(torch.float32)` where the data come in | `layer.double()`: from now on everything takes twice the memory |
# | B | shape | "cannot be multiplied (5x4 and 3x4)": the inner sizes 4 and 3 differ | `x @ w.T` | `w.reshape(4, 3)`: it runs, and each number stands in the wrong place |
# | C | gradient | "requires grad": the tensor is part of a recorded computation, NumPy cannot record | `.detach().numpy()` | `w` without `requires_grad`: then nothing learns |
# | D | device | "not on the expected device": the layer is on `meta`, the input on the CPU (with a real GPU the message speaks of "all tensors to be on the same device") | `x.to(layer.weight.device)` | moving the layer to the data: it has to come back for the next batch |
# | E | mode | "when training": batch normalisation needs several values per channel, since a single one has no spread | `norm.eval()` before predicting | sending the sample twice |
#
# And one that silences everything: `try: … except Exception: pass`. The program goes on with a value that does not exist, and the next error is three files away.

# %% [markdown] id="clinic-explain" lang="zh" reviewed="9c65b3457ff2"
# **解释**：只要认得那些词，每条说明都说出了自己的类别。更重要的是最后两列：一种改法治的是病根，另一种只是让它不再出声。
#
# | | 类别 | 怎样看出 | 治病根 | 只治症状 |
# |---|---|---|---|---|
# | A | dtype | “same dtype”：层是 float32，输入却是 float64，从 NumPy 来的数默认就是这样 | 在数据进来的地方写 `x.to(torch.float32)` | `layer.double()`：从此一切都要占两倍内存 |
# | B | 形状 | “cannot be multiplied (5x4 and 3x4)”：里面的 4 和 3 不一致 | `x @ w.T` | `w.reshape(4, 3)`：能运行了，可是每个数都站错了位置 |
# | C | 梯度 | “requires grad”：这个张量属于一次被记录的计算，而 NumPy 不会记录 | `.detach().numpy()` | 让 `w` 不带 `requires_grad`：这样就什么也学不到 |
# | D | 设备 | “not on the expected device”：层在 `meta` 上，输入在 CPU 上（真正的 GPU 上，说明里会出现“all tensors to be on the same device”） | `x.to(layer.weight.device)` | 把层搬到数据那里：下一批数据来时又得搬回去 |
# | E | 模式 | “when training”：批量归一化的每个通道要有多个值，孤零零一个值谈不上方差 | 预测之前写 `norm.eval()` | 把同一个样本送进去两次 |
#
# 还有一种办法能让一切都不出声：`try: … except Exception: pass`。程序会带着一个并不存在的值继续走，而下一个错误会出现在三个文件之外。

# %% [markdown] id="affine-card" lang="en"
# ### Exercise 0.4: three repairs
#
# **Difficulty:** 2 of 5. **Time:** 8 minutes.
#
# This function is meant to do what `nn.Linear` does. It is broken in three places:
#
# ```python
# def affine(x, w, b):
#     return x @ w + b
# ```
#
# | argument | shape | what it is |
# |---|---|---|
# | `x` | `[N, D_in]` | the data, of any dtype (whole numbers and truth values, too), on any device |
# | `w` | `[D_out, D_in]` | the weights, one row per output, as PyTorch keeps them |
# | `b` | `[D_out]` | the bias; it has the dtype and the device of `w` |
#
# - Return `[N, D_out]`: each sample times each row of weights, plus the bias.
# - Compute in the dtype and on the device **of the weights**: they stay, the data are passing through.
# - Gradients reach `w` and `b`, and all three arguments are left as they were.
#
# The check uses the device `meta` as "another device", since it is there on every machine.

# %% [markdown] id="affine-card" lang="zh" reviewed="5f6879a5d92a"
# ### 练习 0.4：三处修理
#
# **难度**：2（共 5 级）。**时间**：8 分钟。
#
# 下面的函数本想做与 `nn.Linear` 一样的事，却有三处毛病：
#
# ```python
# def affine(x, w, b):
#     return x @ w + b
# ```
#
# | 参数 | 形状 | 含义 |
# |---|---|---|
# | `x` | `[N, D_in]` | 数据，任意 dtype（整数和布尔值也可以），在任意设备上 |
# | `w` | `[D_out, D_in]` | 权重，每个输出一行，与 PyTorch 的存放方式相同 |
# | `b` | `[D_out]` | 偏置，dtype 和设备与 `w` 相同 |
#
# - 返回 `[N, D_out]`：每个样本乘以每一行权重，再加上偏置。
# - 按**权重的** dtype、在权重的设备上计算：权重一直在那里，数据只是路过。
# - 梯度能传到 `w` 和 `b`，三个参数都保持原样。
#
# 检查用 `meta` 充当“另一个设备”，因为每台机器上都有它。

# %% id="affine" tags=["solution"]
def affine(x, w, b):
    """A linear layer that takes data of any dtype from any device.

    x [N, D_in], w [D_out, D_in], b [D_out] -> [N, D_out], in the dtype and on the device of w
    """
    ### BEGIN SOLUTION
    x = x.to(device=w.device, dtype=w.dtype)       # the guest adapts to the house | 客随主便
    return x @ w.T + b
    ### END SOLUTION

# %% id="affine-check" tags=["check"]
check("start_here.affine")

# %% [markdown] id="affine-after" lang="en"
# The cure stands in one line, where the data come in. That is the place for it in larger programs, too: at the beginning of the training loop, `x, y = x.to(device), y.to(device)`, and nowhere else. **Predict:** your function and `nn.Linear` get the same weights and the same float64 data. Which of the two runs?

# %% [markdown] id="affine-after" lang="zh" reviewed="57a887055c36"
# 治病的是一行代码，就写在数据进来的地方。在更大的程序里，也应当写在这里：训练循环的开头写 `x, y = x.to(device), y.to(device)`，别处都不写。**预测**：你的函数和 `nn.Linear` 用同样的权重、同样的 float64 数据，哪一个能运行？

# %% id="affine-predict" tags=["hide-input"]
prediction("start_here.strict", Text(en="The same float32 weights, the same float64 data: which runs?", zh="同样的 float32 权重，同样的 float64 数据，哪一个能运行？"), {
    (True, True): Text(en="both", zh="两个都能"),
    (True, False): Text(en="only your affine", zh="只有你的 affine"),
    (False, True): Text(en="only nn.Linear", zh="只有 nn.Linear"),
    (False, False): Text(en="neither", zh="两个都不能"),
})

# %% id="affine-story"
if solved("start_here.affine"):
    torch.manual_seed(0)
    strict = nn.Linear(3, 2)
    data = torch.from_numpy(np.array([[1.0, 2.0, 3.0]]))                # float64, as NumPy makes it | NumPy 默认给出 float64

    y = affine(data, strict.weight, strict.bias)
    say(Text(en="affine: {shape}, {dtype}", zh="affine：{shape}，{dtype}"), shape=tuple(y.shape), dtype=y.dtype)
    linear_runs = True
    try:
        strict(data)
    except RuntimeError as error:
        linear_runs = False
        print("nn.Linear:", error)
    say(Text(en="equal on float32 data: {same}", zh="float32 数据上结果相等：{same}"),
        same=torch.allclose(strict(data.float()), affine(data.float(), strict.weight, strict.bias)))
    reveal("start_here.strict", (tuple(y.shape) == (1, 2), linear_runs))

# %% [markdown] id="affine-note" lang="en"
# **Explain.** `nn.Linear` is strict on purpose: a silent cast in every layer would hide where the dtype went astray, and cost a copy each time. Be generous at the door and strict inside.

# %% [markdown] id="affine-note" lang="zh" reviewed="3b13628f48aa"
# **解释**：`nn.Linear` 是有意这么严格的：如果每一层都悄悄转换，就看不出 dtype 是从哪里开始不对的，而且每次都要多一次复制。在门口宽容，在屋里严格。

# %% id="my-predictions" tags=["hide-input"]
predictions("start_here")

# %% [markdown] id="summary" lang="en"
# ## Summary
#
# - A check looks at several properties and knows many mistakes by name; hints cost nothing. Grading runs your functions on cases that you have not seen.
# - PyTorch is tensors that can live on an accelerator and can be differentiated; the rest is built on top. Programs go data → model → optimise → save.
# - A tensor has one device; operands must share it. Ask `torch.accelerator` (or `pick_device()`), not for a brand; inside functions take the device from the data.
# - A seed fixes a sequence, for the same versions, device, dtypes, shapes and order of draws. Prefer a generator of your own; else borrow the state and give it back in a `finally`.
# - Float addition is not associative: another order, other last digits. TF32 keeps three decimal digits of a factor. `exact_kernels()` takes full float32 and fixed orders; what is left is a matter of tolerance.
# - Read a traceback from its last line upwards to the first line that is yours, and heal the cause where it was made.
#
# ### Common confusions
#
# | you may think | but |
# |---|---|
# | `x.to(device)` moves `x` | it returns the moved tensor; write `x = x.to(device)` |
# | `device == "cuda"` tests for a GPU | an object never equals a string; `device.type == "cuda"` does |
# | the same seed gives the same numbers everywhere | only with the same versions, device, dtypes, shapes and order |
# | seeding before each draw makes it more repeatable | it makes all draws equal |
# | the longest part of a traceback is the most important | it is the least: the end counts, and your own last line |
# | it runs, so it is right | `reshape` where `.T` belongs runs, too |
#
# ### Can you answer these without looking?
#
# 1. All public cases of your answer pass. Name two kinds of input with which it could still fail at grading.
# 2. You add a layer at the *end* of a model and the initial weights of the layers before it stay the same. You add it at the *beginning* and all change. Why?
# 3. A colleague's function starts with `torch.manual_seed(42)`. What do you tell them?
# 4. The last line says `expected ... same dtype`. Why is `.double()` on the model the wrong cure?
#
# <details><summary>Answers</summary>
#
# 1. For example a batch of one sample, sizes that are all different, another dtype, a tensor that is not contiguous.
# 2. The weights are drawn from one sequence, in the order in which the layers are made. A layer at the beginning moves all later ones on in it.
# 3. That every random number which anybody draws afterwards is now determined by their function: shuffles, dropout, other people's weights. Take a generator as an argument, or give the state back.
# 4. The odd one out is the data, which came from NumPy as float64. Casting the model doubles its memory and makes all that it returns float64, so the next part complains instead.
#
# </details>

# %% [markdown] id="summary" lang="zh" reviewed="2262c2e85fab"
# ## 小结
#
# - 检查会分项判断，并且认得许多常见错误；看提示不要任何代价。评分时，你的函数会用你没见过的例子来运行。
# - PyTorch 就是可以放在加速器上、可以求导的张量，其余都建立在它之上。程序的流程是：数据 → 模型 → 优化 → 保存。
# - 每个张量都在一个设备上，参与同一次运算的张量必须在同一个设备上。要问 `torch.accelerator`（或用 `pick_device()`），不要认牌子；在函数内部，从数据得知设备。
# - 种子确定的是一个序列，前提是版本、设备、dtype、形状和抽取的次序都相同。最好用自己的生成器；否则就借用状态，并在 `finally` 里归还。
# - 浮点数的加法不满足结合律：次序变了，末几位就变。TF32 让乘数只剩三位十进制数字。`exact_kernels()` 用完整的 float32 和固定的次序；剩下的差别，交给容差。
# - 读报错要从最后一行往上，读到第一个属于你的行；治病根，要治在犯错的地方。
#
# ### 常见的误解
#
# | 你可能以为 | 其实 |
# |---|---|
# | `x.to(device)` 会搬动 `x` | 它返回搬好的张量，要写 `x = x.to(device)` |
# | `device == "cuda"` 能判断是不是 GPU | 对象永远不等于字符串，要写 `device.type == "cuda"` |
# | 种子相同，到哪里随机数都相同 | 还要版本、设备、dtype、形状和次序都相同 |
# | 每次抽取之前都设种子，更能保证结果可重现 | 这会让每次抽到的都一样 |
# | 报错信息里最长的部分最重要 | 恰恰最不重要：要看末尾，以及你自己的最后一行 |
# | 能运行，所以是对的 | 该用 `.T` 的地方写了 `reshape`，也能运行 |
#
# ### 不看上文，你能答出来吗？
#
# 1. 你的解答通过了所有公开用例。说出两种输入，评分时仍可能让它出错。
# 2. 在模型*末尾*加一层，前面各层的初始权重不变；加在*开头*，全都变了。为什么？
# 3. 同事的函数以 `torch.manual_seed(42)` 开头。你会对他说什么？
# 4. 最后一行是 `expected ... same dtype`。为什么对模型调用 `.double()` 不是正确的治法？
#
# <details><summary> 答案 </summary>
#
# 1. 例如：只有一个样本的批量、各维大小互不相同、别的 dtype、不连续的张量。
# 2. 权重是按创建各层的次序，从同一个序列中抽取的。开头多一层，后面所有层就都在序列中往后挪了。
# 3. 从此以后，任何人抽到的随机数都由他的函数决定了：打乱的次序、dropout、别人的权重。应当把生成器作为参数传入，或者把状态还回去。
# 4. 与众不同的是数据，它从 NumPy 来，是 float64。转换模型会让它占用两倍内存，返回的也都成了 float64，于是轮到下一个部分报错。
#
# </details>

# %% [markdown] id="next" lang="en"
# ## What is next
#
# **Lesson 01** builds a network and its gradients with NumPy alone; **lesson 02** moves it to tensors. From here on every lesson looks like this one: predict, run, explain, and an exercise where it matters.
#
# ### Further reading
#
# - *PyTorch documentation*, [docs.pytorch.org](https://docs.pytorch.org): the reference; its note on reproducibility says exactly what is promised. The official tutorials are next door.
# - J. Johnson, *Learning PyTorch with Examples*: the same small network at every level of abstraction; lessons 01 to 08 take that road.
# - M. Nielsen, *Neural Networks and Deep Learning*: an online book, the gentlest way to the mathematics.
# - 3Blue1Brown, *Neural Networks*: a series of videos that shows gradients as pictures.
# - S. Boyd and L. Vandenberghe, *Introduction to Applied Linear Algebra*: vectors and matrices for people who want to use them.
# - fast.ai, *Practical Deep Learning for Coders*: the opposite direction, from applications down to the details.
# - A. Zhang, Z. Lipton, M. Li and A. Smola, *Dive into Deep Learning*: a textbook with code, in English and in Chinese.

# %% [markdown] id="next" lang="zh" reviewed="cb19117c9757"
# ## 接下来
#
# **第 01 课**只用 NumPy 搭建一个网络和它的梯度；**第 02 课**把它搬到张量上。从现在起，每一课都是这个样子：预测、运行、解释，在要紧的地方有练习。
#
# ### 延伸阅读
#
# - *PyTorch 文档*，[docs.pytorch.org](https://docs.pytorch.org)：参考手册；其中关于可重现性的说明，准确写明了它保证什么。官方教程也在旁边。
# - J. Johnson，*Learning PyTorch with Examples*：同一个小网络，在每个抽象层次上各写一遍；第 01 课到第 08 课走的就是这条路。
# - M. Nielsen，《神经网络与深度学习》（*Neural Networks and Deep Learning*）：在线书，进入其中数学的最平缓的路。
# - 3Blue1Brown，*Neural Networks*：一组视频，用图像讲梯度。
# - S. Boyd、L. Vandenberghe，*Introduction to Applied Linear Algebra*：写给想用向量和矩阵的人。
# - fast.ai，*Practical Deep Learning for Coders*：反方向的路，从应用往下走到细节。
# - A. Zhang、Z. Lipton、M. Li、A. Smola，《动手学深度学习》（*Dive into Deep Learning*）：带代码的教科书，有英文版和中文版。
