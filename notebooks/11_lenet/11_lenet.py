# %% [markdown] id="title" lang="en"
# # Lesson 11. LeNet, and the two modes of a network
#
# In 1998 a network called LeNet-5 read the digits on bank cheques. A descendant of it is the first convolutional network that almost every tutorial shows: two convolutions, three linear layers, ten numbers at the end. In this lesson you build it, follow the shapes through it dot by dot, and walk through the graph that it leaves behind.
#
# Then come the two layers that behave in one way while a network learns and in another while it works: dropout and batch normalisation. They are why `train()` and `eval()` exist, and the cause of some of the best hidden bugs in deep learning.
#
# **After this lesson you can**
#
# - say the shape after each layer of LeNet and how many parameters it has, for 28 and for 32 pixels;
# - flatten so that a wrong number of features raises an error instead of mixing up the samples;
# - write dropout (of elements and of channels) and batch normalisation by hand;
# - say what `train()`, `eval()` and `no_grad()` change and what they leave alone, and find the mistake in somebody else's test function.
#
# **Time:** about 120 minutes, 65 of them for the four exercises.
#
# **You need:** lesson 04 (the graph), lesson 07 (modules, buffers, hooks) and lesson 10 (convolution).
#
# **Created** 2026-11, last updated 2026-11, last verified 2026-11 with torch 2.13; all cells together run in about 10 seconds on two CPU cores.
#
# **Licence:** the text is CC BY 4.0, the code is MIT.

# %% [markdown] id="title" lang="zh" reviewed="0b56491fd402"
# # 第 11 课：LeNet，以及网络的两种模式
#
# 1998 年，一个叫 LeNet-5 的网络在银行支票上认数字。几乎每份教程展示的第一个卷积网络，都是它的后代：两个卷积，三个线性层，最后是十个数。这一课就来搭建它，一步一步跟着形状走完全程，再走一遍它留下的计算图。
#
# 接着来看两种层，它们都有两副面孔：dropout 和批量归一化，在网络学习时一个样，工作时另一个样。`train()` 和 `eval()` 正是为它们准备的，深度学习里藏得最深的一些错误也由它们而来。
#
# **学完本课，你能够**
#
# - 说出 LeNet 每一层之后的形状和它的参数个数，28 像素和 32 像素都行；
# - 正确地展平，使特征个数不对时报错，而不是把样本搅在一起；
# - 手写 dropout（按元素和按通道）与批量归一化；
# - 说清 `train()`、`eval()` 和 `no_grad()` 各改变什么、不改变什么，并找出别人的测试函数错在哪里。
#
# **时间**：约 120 分钟，其中四道练习占 65 分钟。
#
# **需要的基础**：第 04 课（计算图）、第 07 课（模块、缓冲区、钩子）和第 10 课（卷积）。
#
# **编写**于 2026-11，最近更新于 2026-11，最近一次用 torch 2.13 验证于 2026-11；所有单元格加起来，在两个 CPU 核上约需运行 10 秒。
#
# **许可**：文字采用 CC BY 4.0，代码采用 MIT。

# %% id="imports" tags=["setup"]
import torch
import torch.nn.functional as F
from torch import nn

from course_lib import COLOURS, SERIES, Text, autograd_graph, check, describe_device, digits, explore, label, legend, load_images, new_figure, pick_device, prediction, predictions, reveal, say, show, solved
from course_lib.precision import keep_kernels_exact
from course_lib.recorded_graph import in_words

# %% [markdown] id="trace" lang="en"
# ## 1. From 32 by 32 dots to ten numbers
#
# Yann LeCun and his colleagues numbered the stages of their network: C for convolution, S for subsampling, F for fully connected. The names have stuck: **C1, S2, C3, S4, F5, F6, OUTPUT** (F5 was called C5 then; more of this below). C1 has 6 kernels of 5 by 5, C3 has 16 that look at all 6 maps; after each of them comes ReLU, and pooling halves the sides. Such a network is called **feed-forward**: the input passes through the layers one after another, from the image to the scores, and in the forward pass nothing flows back into an earlier layer.
#
# Lesson 10 gave the rule: a kernel of 5 without padding takes 4 dots off each side. **Predict** the shapes, starting with one grey image `[1, 1, 32, 32]`. Which number of features reaches F5? And where do most of the parameters sit?

# %% [markdown] id="trace" lang="zh" reviewed="03203e0b0b7a"
# ## 1. 从 32 乘 32 个点到十个数
#
# Yann LeCun 和同事们给网络的各级编了号：C 是卷积，S 是下采样，F 是全连接。这些名字一直沿用下来：**C1、S2、C3、S4、F5、F6、OUTPUT**（F5 当年叫 C5，下文再说）。C1 有 6 个 5 乘 5 的卷积核，C3 有 16 个，每个都看全部 6 张特征图；它们之后都是 ReLU，再由池化把边长减半。这样的网络叫**前馈**网络：输入依次穿过各层，从图像一路走到得分；前向传播中，没有任何东西流回前面的层。
#
# 第 10 课讲过规则：大小为 5 的核，不填充，边长减 4。**预测**各级的形状，从一张灰度图 `[1, 1, 32, 32]` 开始。到达 F5 的特征有多少个？参数大多在哪里？

# %% id="trace-predict" tags=["hide-input"]
prediction("lenet.most", Text(en="The stage that holds most of the parameters:", zh="参数大多在哪一级："), ["C1", "C3", "F5", "F6"])

# %% id="trace-run"
torch.manual_seed(0)
STAGES = {
    "C1": nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU()), "S2": nn.MaxPool2d(2),
    "C3": nn.Sequential(nn.Conv2d(6, 16, 5), nn.ReLU()), "S4": nn.MaxPool2d(2), "flatten": nn.Flatten(),
    "F5": nn.Sequential(nn.Linear(16 * 5 * 5, 120), nn.ReLU()), "F6": nn.Sequential(nn.Linear(120, 84), nn.ReLU()),
    "OUTPUT": nn.Linear(84, 10),
}
x = torch.rand(1, 1, 32, 32)                     # a random image | 一张随机图像
print(f"{'input':8} {tuple(x.shape)!s:>16}")
for name, stage in STAGES.items():
    x = stage(x)
    count = sum(p.numel() for p in stage.parameters())
    print(f"{name:8} {tuple(x.shape)!s:>16} {count or '':>8}")
tensors = [p for stage in STAGES.values() for p in stage.parameters()]
total = sum(p.numel() for p in tensors)
say(Text(en="{n} parameters, {s} of them in F5; the output was made by {f}", zh="参数共 {n} 个，其中 F5 占 {s}；输出由 {f} 产生"),
    n=total, s=f"{48120 / total:.0%}", f=type(x.grad_fn).__name__)
say(Text(en="they stand in {t} tensors, the first of shape {first}", zh="它们放在 {t} 个张量里，第一个的形状是 {first}"), t=len(tensors), first=list(tensors[0].shape))
reveal("lenet.most", max(STAGES, key=lambda stage: sum(p.numel() for p in STAGES[stage].parameters())))

# %% [markdown] id="trace-explain" lang="en"
# **Explain.** 32 → 28 → 14 → 10 → 5 dots, while the maps become more: 1 → 6 → 16. The picture loses its *where* and gains *what*. At the end of the convolutional part stand 16 maps of 5 by 5, and that is the only reason for the 400 of `nn.Linear(16 * 5 * 5, 120)`: it is no choice but a consequence of the image's size.
#
# The convolutions need 156 and 2416 parameters, since a kernel is used at every place. F5 has a weight of its own for each pair of feature and unit, and holds more than three quarters of everything. The ten tensors are a weight and a bias for each of the five layers that have weights; the first, `[6, 1, 5, 5]`, holds the six filters of C1 for one input channel.
#
# The random image tells whether the plumbing is tight, and nothing else. The line with the total names the node that `backward` will start from: `AddmmBackward0`, a matrix product with something added, which is what `nn.Linear` is.

# %% [markdown] id="trace-explain" lang="zh" reviewed="4a7ec5c25b81"
# **解释**：边长 32 → 28 → 14 → 10 → 5，特征图却越来越多：1 → 6 → 16。图像失去的是“在哪里”，得到的是“是什么”。卷积部分的末尾是 16 张 5 乘 5 的图，`nn.Linear(16 * 5 * 5, 120)` 里的 400 就由此而来：它不是选出来的，而是图像尺寸决定的。
#
# 两个卷积只要 156 和 2416 个参数，因为同一个核用在每个位置上。F5 则给每一对特征和单元都配了一个权重，占了全部参数的四分之三以上。那十个张量，是五个有权重的层各出一个权重、一个偏置；第一个的形状 `[6, 1, 5, 5]`，就是 C1 的六个滤波器，输入通道一个。
#
# 随机图像只能说明各处接得上，别的什么也说明不了。写着总数的那一行还给出了 `backward` 出发的节点：`AddmmBackward0`，即矩阵乘积再加上一项，`nn.Linear` 做的正是这个。

# %% id="data"
train_x, train_y = load_images()
test_x, test_y = load_images(train=False)
mean, std = train_x.mean(), train_x.std()
train_x, test_x = (train_x - mean) / std, (test_x - mean) / std
PAPER = train_x.min().item()                     # what white paper has become | 白纸变成了这个值
framed = F.pad(train_x[:1], (2, 2, 2, 2), value=PAPER)
resized = F.interpolate(train_x[:1], size=(32, 32), mode="bilinear", align_corners=False)
say(Text(en="framed {a}, resized {b}; are the 28 by 28 dots still the same? framed: {c}", zh="加边 {a}，缩放 {b}；28 乘 28 个点还是原来的吗？加边：{c}"),
    a=tuple(framed.shape), b=tuple(resized.shape), c=torch.equal(framed[:, :, 2:-2, 2:-2], train_x[:1]))

# %% [markdown] id="sizes" lang="en"
# ### 28 or 32?
#
# MNIST, FashionMNIST and our embedded digits have 28 by 28 dots, LeNet wants 32. "Resize the images to 32 by 32", some tutorials say. One can (`F.interpolate`), but then every dot is a mixture of its neighbours. The authors of 1998 *framed* them: two dots of background on each side. This is the same as `padding=2` in C1, up to the value of the frame: padding puts zeros there, and after normalising, zero is not the colour of paper but the mean of all dots.
#
# The next picture shows what a framed digit becomes in the network, stage by stage. The weights are random still; even so each kernel of C1 answers to something else. (Each map is drawn with a scale of its own.)

# %% [markdown] id="sizes" lang="zh" reviewed="96d87f5d2aa1"
# ### 28 还是 32？
#
# MNIST、FashionMNIST 和我们自带的数字都是 28 乘 28 个点，LeNet 要的是 32。有的教程说“把图像缩放到 32 乘 32”。这样做（`F.interpolate`）可以，但每个点就成了邻近几点的混合。1998 年的作者们用的是*加边*：每一侧加两个点的背景。这相当于 C1 里的 `padding=2`，只差边框的取值：填充放的是零，而归一化之后，零不是纸的颜色，而是所有点的平均值。
#
# 下一幅图展示一个加了边的数字在网络里逐级变成什么样。权重还是随机的；尽管如此，C1 的每个核响应的东西已各不相同。（每张图用各自的灰度范围来画。）

# %% id="draw-flow" tags=["hide-input"]
def tiles(maps, columns):
    """Maps [C, H, W] as one picture, `columns` of them in a row, with a grey line around each."""
    scale = max(1, 84 // maps.shape[-1])
    maps = maps.repeat_interleave(scale, dim=1).repeat_interleave(scale, dim=2)
    maps = F.pad(maps, (2, 2, 2, 2), value=0.4)
    return torch.cat([torch.cat(list(maps[start : start + columns]), dim=1) for start in range(0, len(maps), columns)], dim=0)


def stretched(maps):
    """Each map for itself brought to values from 0 to 1, so that a faint one can be seen, too."""
    low, high = maps.amin(dim=(-2, -1), keepdim=True), maps.amax(dim=(-2, -1), keepdim=True)
    return (maps - low) / (high - low).clamp(min=1e-6)


flow, at = {"input": framed}, framed
with torch.no_grad():
    for name, stage in STAGES.items():
        at = stage(at)
        flow[name] = at
fig, axes = new_figure(2, 4, height=4.2)
for ax, name, columns in zip(axes.flat, ("input", "C1", "S2", "C3", "S4", "F5", "F6", "OUTPUT"), (1, 3, 3, 4, 4, 0, 0, 0), strict=True):
    maps = flow[name][0]
    if columns:
        ax.imshow(tiles(stretched(maps), columns), cmap="Greys", vmin=0, vmax=1)
        ax.set_axis_off()
    else:
        ax.bar(range(len(maps)), maps, width=1.0, color=COLOURS["blue"])
        ax.set_yticks([])
    label(ax, title=f"{name}\n{' × '.join(map(str, maps.shape))}")
show(fig, Text(
    en="One digit on its way through LeNet: {s}. The first five panels are pictures, the last three bars.",
    zh="一个数字走过 LeNet：{s}。前五幅是图像，后三幅是柱形。",
).format(s=", ".join(f"{name} {list(value.shape[1:])}" for name, value in flow.items() if name != "flatten")))

# %% [markdown] id="history" lang="en"
# ### What the original had, and this one has not
#
# Tutorials call it LeNet, and their figure shows the words "Gaussian connections" at its output. It is a descendant, several steps away. In the LeNet-5 of 1998
#
# - the activation was a scaled tanh, $1.7159 \tanh(\frac{2}{3} a)$, not ReLU;
# - subsampling was **learned**: each map had one factor for the sum of the four dots and one bias. Max pooling has no parameters;
# - C3 was **partial**: 6 of its maps saw 3 maps of S2, 9 saw 4, and only one saw all 6;
# - the stage after S4 was a convolution, C5, whose 5 by 5 kernels just covered the maps. On 32 by 32 dots that is a linear layer, which is why it is called F5 now;
# - the output units measured the distance to a fixed pattern of 84 dots for each digit (the "Gaussian" ones). Ours is a plain `nn.Linear`.
#
# **Predict:** does all this make the original larger or smaller than 61706 parameters?

# %% [markdown] id="history" lang="zh" reviewed="70de4619c9d2"
# ### 原作有而它没有的
#
# 教程里管它叫 LeNet，插图的输出端还写着“Gaussian connections”。其实它已经隔了几代。在 1998 年的 LeNet-5 里：
#
# - 激活函数是经过缩放的 tanh，即 $1.7159 \tanh(\frac{2}{3} a)$，而不是 ReLU；
# - 下采样是**学出来的**：每张图有一个系数，乘在四个点之和上，还有一个偏置。最大池化则没有参数；
# - C3 是**部分连接**的：6 张图各看 S2 的 3 张，9 张各看 4 张，只有一张看全部 6 张；
# - S4 之后的一级是卷积 C5，它的 5 乘 5 的核正好盖住整张图。对 32 乘 32 个点来说，这就是一个线性层，所以现在叫 F5；
# - 输出单元测的是与每个数字一个 84 点的固定图案之间的距离（即所谓“高斯”）。我们的只是普通的 `nn.Linear`。
#
# **预测**：这样一来，原作的参数比 61706 个多还是少？

# %% id="history-predict" tags=["hide-input"]
prediction("lenet.original", Text(en="Compared with our 61706 parameters, the original had", zh="与我们的 61706 个参数相比，原作的参数"), {
    "more": Text(en="more", zh="更多"),
    "fewer": Text(en="a little fewer", zh="略少一些"),
    "half": Text(en="less than half as many", zh="不到一半"),
})

# %% id="history-run"
original = {
    "C1": 6 * (25 + 1), "S2": 6 * 2, "C3": 6 * (3 * 25 + 1) + 9 * (4 * 25 + 1) + 1 * (6 * 25 + 1), "S4": 16 * 2,
    "C5": 120 * (16 * 25 + 1), "F6": 84 * (120 + 1),
}
print(original, sum(original.values()))
reveal("lenet.original", "more" if sum(original.values()) > total else "half" if sum(original.values()) < total / 2 else "fewer")

# %% [markdown] id="history-explain" lang="en"
# **Explain.** 60000, a little smaller. The partial C3 saves 900, learned subsampling costs 44, and the ten output patterns were fixed by hand, while our last layer learns 850 numbers. $61706 - 900 + 44 - 850 = 60000$.

# %% [markdown] id="history-explain" lang="zh" reviewed="ad91ba80b3c2"
# **解释**：60000 个，略少一些。部分连接的 C3 省了 900 个，学出来的下采样多用 44 个，而十个输出图案是人定好的，我们的最后一层则要学 850 个数。$61706 - 900 + 44 - 850 = 60000$。

# %% [markdown] id="lenet-card" lang="en"
# ### Exercise 11.1: LeNet for two sizes
#
# **Difficulty:** 2 of 5. **Time:** 15 minutes.
#
# Write the class `LeNet(nn.Module)` with `__init__(self, side=32)`, where `side` is 32 or 28, and `forward(self, x)`: `[N, 1, side, side]` to logits `[N, 10]`.
#
# - Layers: `conv1` (1 to 6 maps) and `conv2` (6 to 16), kernels of 5; `fc1` (120), `fc2` (84), `fc3` (10). ReLU after each but the last; max pooling of 2 after each convolution.
# - With `side=28`, `conv1` sees the image framed by 2 dots of zeros; from then on all shapes are those of 32. So both networks have 61706 parameters with the same names and can exchange their weights.
# - Images of the other size (28 for `LeNet(32)`, 32 for `LeNet(28)`) must raise an error, whatever their number. (Section 2 says why this is not a matter of course.)

# %% [markdown] id="lenet-card" lang="zh" reviewed="9b6ac41173bd"
# ### 练习 11.1：两种尺寸的 LeNet
#
# **难度**：2（共 5 级）。**时间**：15 分钟。
#
# 编写类 `LeNet(nn.Module)`，含 `__init__(self, side=32)`（`side` 为 32 或 28）和 `forward(self, x)`：由 `[N, 1, side, side]` 到 logits `[N, 10]`。
#
# - 各层：`conv1`（1 到 6 张图）和 `conv2`（6 到 16 张），核的大小为 5；`fc1`（120）、`fc2`（84）、`fc3`（10）。除最后一层外，每层之后是 ReLU；每个卷积之后是大小为 2 的最大池化。
# - `side=28` 时，`conv1` 看到的是四周加了 2 个点的零的图像；此后所有形状都与 32 时相同。于是两个网络都有 61706 个参数，名字一样，权重可以互换。
# - 另一种尺寸的图像（`LeNet(32)` 收到 28 的，`LeNet(28)` 收到 32 的）必须报错，不管有几张。（第 2 节会说明，这并不是理所当然的。）

# %% id="LeNet" tags=["solution"]
class LeNet(nn.Module):
    """Logits [N, 10] of images [N, 1, side, side]; side is 32 or 28."""

    ### BEGIN SOLUTION
    def __init__(self, side=32):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=(32 - side) // 2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.flatten(1)                             # from dimension 1 on: the samples stay apart | 从第 1 维起展平：样本各归各
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)
    ### END SOLUTION

# %% id="LeNet-check" tags=["check"]
check("lenet.LeNet")

# %% [markdown] id="exchange" lang="en"
# The same weights serve both. **Predict:** does `LeNet(28)` on an image give the same logits as `LeNet(32)` on the image with a frame of zeros?

# %% [markdown] id="exchange" lang="zh" reviewed="999366619e17"
# 同一组权重两边都能用。**预测**：`LeNet(28)` 对一张图像给出的 logits，与 `LeNet(32)` 对加了一圈零的同一张图像给出的，一样吗？

# %% id="exchange-predict" tags=["hide-input"]
prediction("lenet.exchange", Text(en="LeNet(28) on an image and LeNet(32) on the image with a frame of zeros give", zh="LeNet(28) 对一张图像，LeNet(32) 对加了一圈零的同一张图像，给出的 logits"), {
    False: Text(en="other logits, since zero is not the colour of paper", zh="不同，因为零不是纸的颜色"),
    True: Text(en="the same logits, up to rounding", zh="除舍入误差外相同"),
})

# %% id="exchange-run"
if solved("lenet.LeNet"):
    small, large = LeNet(28), LeNet(32)
    large.load_state_dict(small.state_dict())
    with torch.no_grad():
        agree = torch.allclose(small(test_x[:5]), large(F.pad(test_x[:5], (2, 2, 2, 2))), atol=1e-5)
    say(Text(en="same logits: {a}", zh="logits 相同：{a}"), a=agree)
    reveal("lenet.exchange", agree)

# %% [markdown] id="flatten" lang="en"
# ## 2. The seam: flattening
#
# Between the convolutions and the linear layers the maps become rows. A second network that is often copied has 20 maps of 4 by 4 there, 320 features, and writes `x.view(-1, 320)`. The comment beside it tends to say "now one-dimensional". It is not: it gives `[N, 320]`.
#
# `-1` means: "as many as it takes". **Predict** what happens when 64 images of **32** by 32 dots come along, whose last maps are 5 by 5.

# %% [markdown] id="flatten" lang="zh" reviewed="b9285da47cf1"
# ## 2. 接缝：展平
#
# 在卷积和线性层之间，特征图要变成行。另一个常被抄来抄去的网络，在这里有 20 张 4 乘 4 的图，共 320 个特征，写的是 `x.view(-1, 320)`。旁边的注释往往说“现在是一维的了”。不对：得到的是 `[N, 320]`。
#
# `-1` 的意思是“需要几个就几个”。**预测**：如果来了 64 张 **32** 乘 32 的图像，最后的特征图是 5 乘 5，会怎样？

# %% id="flatten-predict" tags=["hide-input"]
prediction("lenet.flatten", Text(en="64 images, each with 20 maps of 5 by 5, through view(-1, 320):", zh="64 张图像，每张 20 张 5 乘 5 的特征图，经过 view(-1, 320)："), {
    "error": Text(en="an error", zh="报错"),
    (64, 320): Text(en="64 rows of 320, the rest is cut off", zh="64 行，每行 320 个，多出的截掉"),
    (64, 500): Text(en="64 rows of 500", zh="64 行，每行 500 个"),
    (100, 320): Text(en="100 rows of 320", zh="100 行，每行 320 个"),
})

# %% id="flatten-run"
maps = torch.arange(64.0).reshape(64, 1, 1, 1).expand(64, 20, 5, 5)    # every value is the number of its image | 每个值都是所属图像的编号
rows = maps.reshape(-1, 320)
say(Text(en="64 images, {n} rows; row 1 is made of the images {who}", zh="64 张图像，{n} 行；第 1 行由这些图像拼成：{who}"), n=len(rows), who=rows[1].unique().tolist())
reveal("lenet.flatten", tuple(rows.shape))
try:
    nn.Linear(320, 50)(maps.flatten(1))
except RuntimeError as error:
    print("flatten(1):", error)

# %% [markdown] id="flatten-explain" lang="en"
# **Explain.** 64 images went in, 100 answers come out, and no error is raised. Row 1 consists of the end of image 0 and the beginning of image 1. When labels are there, the loss complains at last (64 labels for 100 rows); a program that only predicts goes on cheerfully. It works out so for every batch size that is a multiple of 16, and fails for others, which makes it look like chance.
#
# `x.flatten(1)` fixes what must stay, the samples, and leaves the rest to the layer behind it, which complains at once and with the numbers that one needs. It notices a wrong *number of features*, though, not every wrong size: in LeNet 33 to 35 dots end with 5 by 5 as well, since pooling rounds down. Whoever wants to be certain looks at `x.shape`.

# %% [markdown] id="flatten-explain" lang="zh" reviewed="faf5d67df432"
# **解释**：送进去 64 张图像，出来 100 个答案，没有报错。第 1 行由图像 0 的尾巴和图像 1 的开头拼成。有标签的时候，损失总算会抱怨（64 个标签对 100 行）；只做预测的程序则若无其事地跑下去。凡是批量大小为 16 的倍数，都能这样凑成；其他大小又会报错，于是看上去像是偶然。
#
# `x.flatten(1)` 固定的是必须保留的东西，即样本，其余交给后面的层去检查；数目不对，那一层会立刻报错，并给出你需要的数。不过它发现的是*特征个数*不对，而不是每一种尺寸不对：在 LeNet 里，33 到 35 个点最后也是 5 乘 5，因为池化是向下取整的。要万无一失，就查 `x.shape`。

# %% [markdown] id="unbatched" lang="en"
# ### One image without a batch
#
# "`torch.nn` supports mini-batches only", the same tutorials say. Lesson 07 has refuted it for single layers. **Predict** how far one image `[1, 32, 32]`, without a batch dimension, gets in LeNet, and what the error message will say.

# %% [markdown] id="unbatched" lang="zh" reviewed="e4216f61674c"
# ### 一张没有批量维的图像
#
# 这些教程还说“`torch.nn` 只支持小批量”。第 07 课已经就单个的层驳倒了它。**预测**：一张没有批量维的图像 `[1, 32, 32]`，在 LeNet 里能走到哪里？报错信息会说什么？

# %% id="unbatched-predict" tags=["hide-input"]
prediction("lenet.unbatched", Text(en="One image [1, 32, 32] without a batch: which stage raises an error first?", zh="一张没有批量维的图像 [1, 32, 32]：最先在哪一级报错？"), {
    "C1": Text(en="C1", zh="C1"),
    "flatten": Text(en="flatten", zh="flatten"),
    "F5": Text(en="F5", zh="F5"),
    "none": Text(en="none", zh="没有"),
})

# %% id="unbatched-run"
x = torch.rand(1, 32, 32)
for name, stage in STAGES.items():
    try:
        x = stage(x)
        print(f"{name:8} {tuple(x.shape)}")
    except RuntimeError as error:
        print(f"{name:8} {error}")
        break
else:
    name = "none"
reveal("lenet.unbatched", name)
layer = nn.BatchNorm2d(6)
try:
    layer(torch.rand(6, 28, 28))
except ValueError as error:
    print("BatchNorm2d:", error)

# %% [markdown] id="unbatched-explain" lang="en"
# **Explain.** Convolution and pooling take the image as it is. What breaks is the flattening from dimension 1 on: without a batch, dimension 0 is the 16 maps, and 16 rows of 25 are left. So it is *this network* that needs a batch (and `BatchNorm2d`, which has its own reason), not `torch.nn`. The safe way stays `image.unsqueeze(0)`.

# %% [markdown] id="unbatched-explain" lang="zh" reviewed="962a65496f1f"
# **解释**：卷积和池化照单全收。坏在从第 1 维起的展平：没有批量维，第 0 维就是 16 张特征图，剩下的成了 16 行、每行 25 个。所以是*这个网络*需要批量（还有 `BatchNorm2d`，它另有理由），而不是 `torch.nn`。稳妥的办法仍是 `image.unsqueeze(0)`。

# %% [markdown] id="walk" lang="en"
# ## 3. Walking through its graph
#
# Many texts print `loss.grad_fn.next_functions[0][0]`, then `[0][0]` of that, and comment the three lines as "the loss, the linear layer, ReLU". **Predict** from lesson 04 what really stands at index 0 behind a linear layer: its node has three inputs, the bias, the input and the transposed weight, in this order. At its end the cell really goes the way back: what is `.grad` of C1's bias before `backward`, and what afterwards?

# %% [markdown] id="walk" lang="zh" reviewed="f38d3bc07bf9"
# ## 3. 走一遍它的计算图
#
# 许多资料打印 `loss.grad_fn.next_functions[0][0]`，再取它的 `[0][0]`，并给这三行注释“损失、线性层、ReLU”。请用第 04 课的知识**预测**：线性层后面，下标 0 处到底是什么？它的节点有三个输入，依次是偏置、输入和转置后的权重。单元格的末尾真的反向走一遍：C1 的偏置，它的 `.grad` 在 `backward` 之前是什么，之后又是什么？

# %% id="walk-predict" tags=["hide-input"]
prediction("lenet.walk", Text(en="Behind a linear layer, at index 0 of next_functions:", zh="线性层后面，next_functions 下标 0 处是："), [
    "ReluBackward0", "AccumulateGrad", "AddmmBackward0", "TBackward0",
])

# %% id="walk-run"
x = torch.rand(1, 1, 32, 32)
for stage in STAGES.values():
    x = stage(x)
loss = F.mse_loss(x, torch.zeros(1, 10))
node = loss.grad_fn.next_functions[0][0]
print(type(node).__name__, "->", [type(child).__name__ for child, _ in node.next_functions])
reveal("lenet.walk", type(node.next_functions[0][0]).__name__)

chain = []
while node is not None:
    chain.append(type(node).__name__.removesuffix("Backward0"))
    onward = [child for child, _ in node.next_functions if child is not None and type(child).__name__ not in ("AccumulateGrad", "TBackward0")]
    node = onward[0] if onward else None
print(" → ".join(chain))

bias = STAGES["C1"][0].bias
say(Text(en="C1's bias.grad before backward: {v}", zh="backward 之前，C1 的 bias.grad：{v}"), v=bias.grad)
loss.backward()
say(Text(en="after backward: {v}", zh="backward 之后：{v}"), v=[digits(value, 2) for value in bias.grad])

# %% [markdown] id="walk-explain" lang="en"
# **Explain.** At index 0 stands `AccumulateGrad`: the end of the way, where the *bias* collects its gradient. ReLU is at index 1. Whoever follows the first entry only has left the network after two steps and labels the bias "ReLU".
#
# The way that really leads through the network takes, at each node, the child that is neither a leaf nor a transposed weight. It reads LeNet backwards: three linear layers, a `View` for flattening, and twice pooling, ReLU, convolution. The picture shows the last two layers with all their branches.
#
# At the end of that way lies C1. Before the first `backward` its `bias.grad` is `None`, which is not the same as zero; afterwards it is a vector of six numbers, one for each bias. A 0 among them means that on this image every way back to that filter was shut, by a ReLU or by the pooling.

# %% [markdown] id="walk-explain" lang="zh" reviewed="f5490732fd40"
# **解释**：下标 0 处是 `AccumulateGrad`：路到此为止，*偏置*在这里收集梯度。ReLU 在下标 1。只跟着第一项走的人，两步就走出了网络，还给偏置贴上了“ReLU”的标签。
#
# 真正穿过网络的路，是在每个节点选那个既不是叶子、也不是转置权重的孩子。这样读到的是倒过来的 LeNet：三个线性层，一个表示展平的 `View`，然后两次池化、ReLU、卷积。图中画的是最后两层，连同全部分支。
#
# 这条路的尽头是 C1。第一次 `backward` 之前，它的 `bias.grad` 是 `None`，这与零不是一回事；之后则是由六个数组成的向量，每个偏置对应一个。其中若有 0，是说就这张图像而言，反向通到那个滤波器的路条条都断了，断在 ReLU 或池化处。

# %% id="walk-draw"
def last_layers():
    """The output of F6 and OUTPUT for a given row of 120, and their leaves by name."""
    f6, output = STAGES["F6"][0], STAGES["OUTPUT"]
    leaves = {"F6_weight": f6.weight, "F6_bias": f6.bias, "OUT_weight": output.weight, "OUT_bias": output.bias}
    return output(F.relu(f6(torch.ones(1, 120)))), leaves


result, leaves = last_layers()
fig, ax = autograd_graph(result, "logits", **leaves)
label(ax, title=Text(en="The recorded graph of F6 and OUTPUT", zh="F6 和 OUTPUT 所记录的图"))
show(fig, Text(en="From left to right, as backward walks: {g}.", zh="从左到右，即 backward 行走的次序：{g}。").format(g=in_words(result, **leaves)))

# %% [markdown] id="dropout" lang="en"
# ## 4. Dropout: learning with gaps
#
# A network with many weights can learn its training samples by heart. One remedy: during training, let chance switch off a part of the units at each step, and draw anew every time. No unit can then rely on one particular neighbour; what is learnt must hold with gaps. When the network works, all units take part.
#
# So that the next layer gets signals of the same size both times, each survivor is multiplied by $\frac{1}{1-p}$, where $p$ is the probability to be **dropped**. The *expected value* of each element then stays what it was: $(1-p) \cdot \frac{x}{1-p} = x$. Many short descriptions leave this factor out.
#
# **Predict:** the different values of `F.dropout(torch.ones(10000), p=0.2)`, the share of zeros and the mean. And does it need a network in train mode to do something?

# %% [markdown] id="dropout" lang="zh" reviewed="c856e4ccf0b3"
# ## 4. Dropout：带着缺口学习
#
# 权重多的网络能把训练样本背下来。有一种对策：训练时的每一步，让随机数关掉一部分单元，每次重抽。这样，哪个单元都不能专靠某一个邻居；学到的东西，缺了几处也得成立。网络工作的时候，所有单元都参加。
#
# 为了让下一层在两种情形下收到同样大小的信号，每个幸存者要乘 $\frac{1}{1-p}$，其中 $p$ 是被**丢弃**的概率。于是每个元素的*期望值*不变：$(1-p) \cdot \frac{x}{1-p} = x$。许多简短的介绍漏掉了这个因子。
#
# **预测**：`F.dropout(torch.ones(10000), p=0.2)` 有哪些不同的值，零占多少，平均值是多少？它需要一个处于训练模式的网络才起作用吗？

# %% id="dropout-predict" tags=["hide-input"]
prediction("lenet.dropout", Text(en="The different values of F.dropout(torch.ones(10000), p=0.2):", zh="F.dropout(torch.ones(10000), p=0.2) 有哪些不同的值："), {
    (0.0, 1.0): Text(en="0 and 1", zh="0 和 1"),
    (1.0,): Text(en="1 only: no network is in train mode", zh="只有 1：没有网络处于训练模式"),
    (0.0, 1.25): Text(en="0 and 1.25", zh="0 和 1.25"),
    (0.0, 5.0): Text(en="0 and 5", zh="0 和 5"),
})

# %% id="dropout-run"
torch.manual_seed(0)
out = F.dropout(torch.ones(10000), p=0.2)
say(Text(en="values {v}; share of zeros near 0.2: {s}; mean near 1: {m}", zh="取值 {v}；零的份额接近 0.2：{s}；平均值接近 1：{m}"),
    v=out.unique().tolist(), s=abs((out == 0).double().mean().item() - 0.2) < 0.03, m=abs(out.mean().item() - 1) < 0.03)
say(Text(en="two calls drop the same: {a}; with training=False nothing changes: {b}", zh="两次调用丢弃的相同：{a}；training=False 时毫无变化：{b}"),
    a=torch.equal(out, F.dropout(torch.ones(10000), p=0.2)), b=torch.equal(F.dropout(out, p=0.2, training=False), out))
reveal("lenet.dropout", tuple(round(value, 4) for value in out.unique().tolist()))

# %% [markdown] id="dropout-explain" lang="en"
# **Explain.** 0 and $1/0.8 = 1.25$, and the mean stays 1. There was no network at all: the function `F.dropout` knows of no mode. Its parameter `training` is `True` unless somebody says otherwise. (A third parameter, `inplace=True`, writes into the input's own memory; it saves some and is a source of trouble where the input is still needed.)
#
# So inside a module one writes `F.dropout(x, training=self.training)`, or has an `nn.Dropout` in `__init__`, which goes by its own flag. **Predict** what happens to a model in eval mode whose author wrote `F.dropout(x)`.

# %% [markdown] id="dropout-explain" lang="zh" reviewed="9a95555ccbfe"
# **解释**：0 和 $1/0.8 = 1.25$，平均值仍是 1。这里根本没有网络：函数 `F.dropout` 不知道什么模式。它的参数 `training` 只要不另外说明，就是 `True`。（还有一个参数 `inplace=True`，会直接写进输入自己的内存；省一点内存，但输入若还有用，就会惹麻烦。）
#
# 所以在模块里要写 `F.dropout(x, training=self.training)`，或者在 `__init__` 里放一个 `nn.Dropout`，它看的是自己的标志。**预测**：如果作者写的是 `F.dropout(x)`，模型处于评估模式时会怎样？

# %% id="functional-predict" tags=["hide-input"]
prediction("lenet.functional", Text(en="F.dropout(x) in forward, the model in eval mode: two answers to one image", zh="forward 里写 F.dropout(x)，模型处于评估模式：对同一张图像的两次回答"), {
    True: Text(en="agree: eval() switches the dropout off", zh="相同：eval() 关掉了 dropout"),
    False: Text(en="differ: the dropout goes on", zh="不同：dropout 照样进行"),
})

# %% id="functional-run"
class DigitNet(nn.Module):
    """The other much-copied network, for 28 dots: 20 maps of 4 by 4, dropout of channels and of units."""

    def __init__(self, careful):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 10, 5), nn.Conv2d(10, 20, 5)
        self.channels = nn.Dropout2d()                        # whole maps; p is 0.5 | 整张特征图；p 为 0.5
        self.fc1, self.fc2 = nn.Linear(320, 50), nn.Linear(50, 10)
        self.careful = careful

    def forward(self, x):
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        x = F.relu(F.max_pool2d(self.channels(self.conv2(x)), 2))
        x = F.relu(self.fc1(x.flatten(1)))
        x = F.dropout(x, training=self.training) if self.careful else F.dropout(x)
        return self.fc2(x)


for careful in (True, False):
    net = DigitNet(careful).eval()
    agree = torch.equal(net(test_x[:1]), net(test_x[:1]))
    say(Text(en="training=self.training: {c}; parameters {n}; in eval mode two answers to one image agree: {a}", zh="写了 training=self.training：{c}；参数 {n} 个；评估模式下对同一张图像的两次回答相同：{a}"),
        c=careful, n=sum(p.numel() for p in net.parameters()), a=agree)
reveal("lenet.functional", agree)

# %% [markdown] id="functional-explain" lang="en"
# **Explain.** `eval()` reaches modules only. The `nn.Dropout2d` has obeyed in both networks; the bare `F.dropout(x)` goes on drawing for ever, and each answer of the network is a small lottery. Nothing complains; the answers are merely worse than they could be.
#
# This network has 21840 parameters, a third of LeNet's, because 320 features meet only 50 units.

# %% [markdown] id="functional-explain" lang="zh" reviewed="1ae6f22687fc"
# **解释**：`eval()` 只管得到模块。`nn.Dropout2d` 在两个网络里都听话；光秃秃的 `F.dropout(x)` 却永远抽下去，网络的每次回答都像一次小小的抽签。没有什么会抱怨，只是回答比本来能做到的要差。
#
# 这个网络有 21840 个参数，是 LeNet 的三分之一，因为 320 个特征只对着 50 个单元。

# %% [markdown] id="channels" lang="en"
# ### Elements or channels
#
# In a feature map neighbours say nearly the same. If single dots are dropped, the next layer guesses them from those beside them, and little has been gained. `nn.Dropout2d` therefore drops **whole channels**: for each sample and each channel one decision, all of the map or nothing of it; survivors are multiplied by $\frac{1}{1-p}$ as before. (The "2d" says what a channel looks like, not that single dots of a plane are dropped, as is often written.)
#
# **Predict** how the six maps of C1 look after each of the two, with $p = 0.5$.

# %% [markdown] id="channels" lang="zh" reviewed="bc9c4ec25d83"
# ### 元素还是通道
#
# 特征图上相邻的点，说的几乎是同一件事。如果丢掉的是零星的点，下一层从旁边就能猜出来，收效甚微。所以 `nn.Dropout2d` 丢弃的是**整个通道**：每个样本的每个通道做一次决定，整张图要么全留，要么全不留；幸存的照样乘 $\frac{1}{1-p}$。（“2d”说的是一个通道长什么样，而不是像常写的那样，丢弃平面上一个个的点。）
#
# **预测**：取 $p = 0.5$，C1 的六张图经过这两种 dropout，各会变成什么样？

# %% id="channels-predict" tags=["hide-input"]
prediction("lenet.channels", Text(en="F.dropout2d with p = 0.5 makes of the six maps", zh="F.dropout2d 取 p = 0.5，六张图会变成："), {
    (True, 2.0): Text(en="maps with holes, their other dots doubled", zh="每张图都有空洞，其余的点乘 2"),
    (False, 2.0): Text(en="some maps gone, the others doubled", zh="有的图整张没了，其余的图乘 2"),
    (False, 1.0): Text(en="some maps gone, the others as before", zh="有的图整张没了，其余的图不变"),
})

# %% id="channels-run"
torch.manual_seed(3)
with torch.no_grad():
    maps = stretched(STAGES["C1"](framed)) + 0.05            # no dot is exactly 0 | 没有一个点恰好为 0
    versions = {"": maps, "F.dropout": F.dropout(maps), "F.dropout2d": F.dropout2d(maps)}
fig, axes = new_figure(1, 3, height=2.4)
for ax, (name, version) in zip(axes, versions.items(), strict=True):
    ax.imshow(tiles(version[0], 3), cmap="Greys", vmin=0, vmax=2.1)
    ax.set_axis_off()
    label(ax, title=name or Text(en="six maps of C1", zh="C1 的六张特征图"))
partly = {n: sum(0 < (channel == 0).sum() < channel.numel() for channel in v[0]) for n, v in versions.items() if n}
show(fig, Text(
    en="Six feature maps, and the same after dropout of elements ({a} of 6 maps are dropped in part) and of channels ({b} of 6 in part: each is white altogether, or twice as dark).",
    zh="六张特征图，以及按元素 dropout 之后（6 张中有 {a} 张缺了一部分）和按通道 dropout 之后（6 张中有 {b} 张缺了一部分：每张要么全白，要么颜色加深一倍）。",
).format(a=int(partly["F.dropout"]), b=int(partly["F.dropout2d"])))
factors = F.dropout2d(torch.ones(50, 6, 2, 2)).unique().tolist()
say(Text(en="F.dropout2d multiplies by one of {v}", zh="F.dropout2d 所乘的是这些因子之一：{v}"), v=factors)
reveal("lenet.channels", (bool(partly["F.dropout2d"] > 0), max(factors)))

# %% [markdown] id="channels-explain" lang="en"
# **Explain.** Speckled on the one hand: the stroke can still be made out through the holes. On the other hand each map is either gone or twice as strong, and what was on a lost one must be known from another.
#
# `Dropout2d` has to know which dimension counts the channels: give it `[N, C, H, W]`. It takes a single image `[C, H, W]` for `[N, C, L]` and drops rows of the picture, with a warning that is easily overlooked.

# %% [markdown] id="channels-explain" lang="zh" reviewed="59bbd69127f2"
# **解释**：一边是斑斑点点，透过空洞仍看得出笔画。另一边，每张图要么没了，要么加强一倍；丢了的那张上的东西，只能从别的图上得知。
#
# `Dropout2d` 得知道哪一维是通道：请给它 `[N, C, H, W]`。单张图像 `[C, H, W]` 会被它当成 `[N, C, L]`，丢掉的是图上的一行行，而那条警告很容易被忽略。

# %% [markdown] id="drop-card" lang="en"
# ### Exercise 11.2: dropout by hand
#
# **Difficulty:** 3 of 5. **Time:** 15 minutes.
#
# Write `drop(x, p=0.5, training=True, channels=False)` without PyTorch's own dropout. It returns a tensor of the shape and dtype of `x`; `x` itself is left alone, and gradients flow through the survivors.
#
# - Not in training: the values of `x`.
# - In training each element is dropped with probability `p`, from 0 to 1, independently of the others; the rest is scaled so that the expected value stays. With `p=1` everything is 0, not `nan`.
# - `channels=True`, for `x` of shape `[N, C, H, W]`: one decision for each sample and channel.
# - Draw from PyTorch's generator and never seed it: each call draws anew, and `torch.manual_seed` before a call determines it.

# %% [markdown] id="drop-card" lang="zh" reviewed="b7e124d2c6be"
# ### 练习 11.2：手写 dropout
#
# **难度**：3（共 5 级）。**时间**：15 分钟。
#
# 编写 `drop(x, p=0.5, training=True, channels=False)`，不用 PyTorch 自带的 dropout。返回与 `x` 同形状、同 dtype 的张量；`x` 本身不动，梯度要能从幸存的元素流过。
#
# - 不在训练时：返回 `x` 的值。
# - 训练时，每个元素以概率 `p`（0 到 1）被丢弃，彼此独立；其余的要缩放，使期望值不变。`p=1` 时全部为 0，而不是 `nan`。
# - `channels=True` 时，`x` 的形状是 `[N, C, H, W]`：每个样本的每个通道做一次决定。
# - 从 PyTorch 的生成器里抽随机数，自己绝不设种子：每次调用都重抽，而调用之前的 `torch.manual_seed` 决定结果。

# %% id="drop" tags=["solution"]
def drop(x, p=0.5, training=True, channels=False):
    """x with a random part of its elements (or of its channels) set to 0 and the rest scaled; same shape and dtype."""
    ### BEGIN SOLUTION
    if not training:
        return x.clone()
    if p == 1:
        return x * 0
    shape = x.shape[:2] + (1,) * (x.ndim - 2) if channels else x.shape
    keep = torch.rand(shape, device=x.device) >= p
    return x * keep / (1 - p)
    ### END SOLUTION

# %% id="drop-check" tags=["check"]
check("lenet.drop")

# %% [markdown] id="explore-drop" lang="en"
# ### What gets through
#
# The same six maps under both kinds, for other probabilities and other draws. The number above is the mean of all dots, divided by the mean before. For which of the two does it scatter more from draw to draw, and why? (Count the decisions.)

# %% [markdown] id="explore-drop" lang="zh" reviewed="30c8286cbd1a"
# ### 什么通得过
#
# 还是那六张图，两种 dropout，概率和抽签都可以换。图上方的数，是所有点的平均值除以原来的平均值。换一次抽签，哪一种的这个数变动更大？为什么？（数一数各做了多少次决定。）

# %% id="explore-drop-run"
ELEMENTS, CHANNELS = Text(en="elements", zh="元素"), Text(en="channels", zh="通道")


def draw_drop(kind, p, turn):
    generator = torch.Generator().manual_seed(turn)
    shape = maps.shape if kind is ELEMENTS else (1, 6, 1, 1)
    keep = torch.rand(shape, generator=generator) >= p
    out = maps * keep / (1 - p)
    ratio = digits(out.mean() / maps.mean(), 2)
    fig, ax = new_figure(height=1.9)
    ax.imshow(tiles(out[0], 6), cmap="Greys", vmin=0, vmax=2.1)
    ax.set_axis_off()
    label(ax, title=Text(en="{kind}, p = {p}: mean × {r}", zh="{kind}，p = {p}：平均值 × {r}").format(kind=kind, p=p, r=ratio))
    return fig, Text(
        en="Six maps after dropout of {kind} with p = {p}: {k} of {n} decisions were to keep; the mean of all dots is {r} times the one before.",
        zh="六张特征图，按{kind}做 dropout，p = {p}：{n} 次决定里有 {k} 次是保留；所有点的平均值是原来的 {r} 倍。",
    ).format(kind=kind, p=p, k=int(keep.sum()), n=keep.numel(), r=ratio)


explore(draw_drop, labels={"kind": Text(en="dropped", zh="丢弃"), "p": Text(en="probability p", zh="概率 p"), "turn": Text(en="draw", zh="抽签")}, kind=[CHANNELS, ELEMENTS], p=[0.5, 0.0, 0.1, 0.2, 0.3, 0.8], turn=(1, 12, 1, 1))

# %% [markdown] id="explore-drop-explain" lang="en"
# **Explain.** For channels. With $p = 0.5$ each decision makes a 0 or a 2. The mean of 4704 such draws hardly moves, about $1/\sqrt{4704} \approx 0.015$ to either side; the mean of 6 moves by some 0.4. The expected value is the same for both, and it is all that the factor $\frac{1}{1-p}$ promises: single draws go up and down.

# %% [markdown] id="explore-drop-explain" lang="zh" reviewed="3cf672c9a8c9"
# **解释**：按通道的那一种。$p = 0.5$ 时，每次决定得到的是 0 或 2。4704 次的平均几乎不动，上下约 $1/\sqrt{4704} \approx 0.015$；6 次的平均则有 0.4 左右的起伏。两者的期望值一样，因子 $\frac{1}{1-p}$ 保证的也只有期望值：单独一次，总是忽高忽低。

# %% [markdown] id="bn" lang="en"
# ## 5. Batch normalisation
#
# While a network learns, each layer's inputs change their scale, because the layers before it change. Batch normalisation puts every channel back to mean 0 and variance 1, and then lets two learnt numbers, `weight` $\gamma$ and `bias` $\beta$, choose the scale that suits:
#
# $$y = \gamma\,\frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta$$
#
# `BatchNorm2d` takes $\mu$ and $\sigma^2$ for each channel over **all samples and all positions** of the batch, dimensions 0, 2 and 3. $\varepsilon$ (`eps`, $10^{-5}$) keeps the root away from 0. **Predict:** in train mode, does the answer to one image depend on which other images are in the batch? And in eval mode?

# %% [markdown] id="bn" lang="zh" reviewed="81a68f6afbeb"
# ## 5. 批量归一化
#
# 网络学习的时候，每一层输入的尺度都在变，因为前面的层在变。批量归一化把每个通道拉回到均值 0、方差 1，再由两个学出来的数，`weight`（$\gamma$）和 `bias`（$\beta$），选定合适的尺度：
#
# $$y = \gamma\,\frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta$$
#
# `BatchNorm2d` 对每个通道求 $\mu$ 和 $\sigma^2$，范围是这一批的**所有样本和所有位置**，即第 0、2、3 维。$\varepsilon$（`eps`，$10^{-5}$）使根号里不至于为 0。**预测**：训练模式下，对一张图像的回答，会不会随同批的其他图像而变？评估模式下呢？

# %% id="bn-predict" tags=["hide-input"]
prediction("lenet.neighbours", Text(en="Does the answer to one image depend on the others in its batch?", zh="对一张图像的回答，会随同批的其他图像而变吗？"), {
    (False, False): Text(en="in neither mode", zh="两种模式都不会"),
    (True, True): Text(en="in both modes", zh="两种模式都会"),
    (True, False): Text(en="in train mode only", zh="只有训练模式会"),
})

# %% id="bn-run"
norm = nn.BatchNorm2d(3)
batch = torch.randn(8, 3, 5, 5, generator=torch.Generator().manual_seed(1)) * 4 + 10
other = batch.clone()
other[1:] += 100                                              # seven other neighbours | 另外七个邻居
y = norm(batch).detach()
say(Text(en="in training: mean of each channel {m}, mean square {v}", zh="训练时：各通道的均值 {m}，均方 {v}"),
    m=[f"{abs(v):.3f}" for v in y.mean(dim=(0, 2, 3)).tolist()], v=[f"{v:.3f}" for v in y.pow(2).mean(dim=(0, 2, 3)).tolist()])
depends = []
for mode in (True, False):
    norm.train(mode)
    depends.append(not torch.equal(norm(batch)[0], norm(other)[0]))
    say(Text(en="train mode {t}: same answer for sample 0 among other neighbours: {a}", zh="训练模式 {t}：换了邻居，样本 0 的结果不变：{a}"),
        t=mode, a=not depends[-1])
reveal("lenet.neighbours", tuple(depends))
norm.train()
for shape in ((1, 3, 1, 1), (1, 3, 1, 2)):
    try:
        norm(torch.zeros(shape))
        print(shape, "ok")
    except ValueError as error:
        print(shape, "ValueError:", error)

# %% [markdown] id="bn-explain" lang="en"
# **Explain.** In train mode the samples of a batch are coupled: change the neighbours, and the answer to sample 0 changes. So a batch-norm in train mode is no function of one sample, and with a single value per channel it refuses to work, since a lone value has no spread. One image will do where it has several positions: "batch size 1 is forbidden" is not quite true.
#
# In eval mode one image must be enough. Where do $\mu$ and $\sigma^2$ come from then? From **running statistics**, which were collected during training:
#
# $$\text{running} \leftarrow (1 - m)\,\text{running} + m\,\text{new}$$
#
# with $m$ = `momentum` = 0.1. Two conventions are worth a second look. A *small* momentum means slow, contrary to the momentum of an optimiser. And two variances are in use: divided by $n$ for normalising, divided by $n - 1$ for the running one, which is to estimate the variance of all images and not of this batch. $n$ counts all values of a channel in the batch.

# %% [markdown] id="bn-explain" lang="zh" reviewed="950fff0e1afd"
# **解释**：训练模式下，同一批的样本是连在一起的：换了邻居，对样本 0 的回答也变了。所以训练模式的批量归一化不是单个样本的函数；每个通道若只有一个值，它就拒绝工作，因为孤零零一个值谈不上方差。一张图像只要有好几个位置，还是可以的：“批量大小不能为 1”这句话不完全对。
#
# 评估模式下，一张图像就得够用。那么 $\mu$ 和 $\sigma^2$ 从哪里来？来自训练期间积累的**滑动统计量**：
#
# $$\text{running} \leftarrow (1 - m)\,\text{running} + m\,\text{new}$$
#
# 其中 $m$ 就是 `momentum`，取 0.1。有两条约定值得多看一眼。momentum *小*表示慢，与优化器的动量正相反。另外，方差有两种：归一化用的除以 $n$，滑动的那个除以 $n - 1$，因为它要估计的是全部图像的方差，而不是这一批的。$n$ 是一个通道在这一批里所有值的个数。

# %% id="bn-options"
for name, options in (("default", {}), ("affine=False", {"affine": False}), ("track_running_stats=False", {"track_running_stats": False})):
    layer = nn.BatchNorm2d(6, **options)
    print(f"{name:27} parameters {[n for n, _ in layer.named_parameters()]}  buffers {[n for n, _ in layer.named_buffers()]}")

# %% [markdown] id="bn-options-explain" lang="en"
# **The options.** `affine=False` leaves $\gamma$ and $\beta$ out. `track_running_stats=False` collects nothing, and then even eval mode uses the batch. The running statistics are **buffers** (lesson 07): saved and moved with the model, trained by nobody. `num_batches_tracked` counts the batches; it is needed for `momentum=None` only, which takes the plain mean of all batches so far.
#
# How fast do running statistics arrive? In the next figure a channel has mean 3 and standard deviation 2, that is variance 4. They start from 0 and 1. Choose momentum and batch size; **predict** first what a momentum of 0.01 will look like after 60 batches, and one of 1.

# %% [markdown] id="bn-options-explain" lang="zh" reviewed="8fe27cd19be7"
# **选项**：`affine=False` 去掉 $\gamma$ 和 $\beta$。`track_running_stats=False` 什么也不积累，这样连评估模式用的也是这一批。滑动统计量是**缓冲区**（第 07 课）：随模型保存和搬动，但没有人训练它。`num_batches_tracked` 数的是批数，只有 `momentum=None` 才用得着，那时取的是到目前为止所有批的普通平均。
#
# 滑动统计量多久才能到位？下一幅图里，一个通道的均值是 3，标准差是 2，即方差为 4。它们从 0 和 1 出发。请选择动量（momentum）和批量大小；先**预测**：动量为 0.01 时，60 批之后会是什么样？为 1 时呢？

# %% id="running-predict" tags=["hide-input"]
prediction("lenet.running", Text(en="The true mean is 3. With momentum 0.01 the running mean after 60 batches is", zh="真正的均值是 3。动量（momentum）为 0.01 时，60 批之后的滑动均值"), {
    "trembling": Text(en="near 3, trembling with each batch", zh="在 3 附近，每批都在抖"),
    "calm": Text(en="near 3, and calm", zh="在 3 附近，而且平稳"),
    "slow": Text(en="less than half of the way there", zh="还没走到一半"),
})

# %% id="explore-running"
def run_along(momentum, size):
    """The running mean and variance at the start and after each of 60 batches."""
    generator = torch.Generator().manual_seed(7)
    norm = nn.BatchNorm2d(1, momentum=momentum)
    history = [(0.0, 1.0)]
    with torch.no_grad():
        for _ in range(60):
            norm(3 + 2 * torch.randn(size, 1, 1, 1, generator=generator))
            history.append((norm.running_mean.item(), norm.running_var.item()))
    return history


def draw_running(momentum, size):
    history = run_along(momentum, size)
    fig, ax = new_figure(height=3.0)
    for place, style in enumerate(SERIES[:2]):
        ax.plot([pair[place] for pair in history], **style)
    legend(ax, "running_mean", "running_var", loc="upper right")
    for true_value in (3, 4):
        ax.axhline(true_value, color=COLOURS["black"], linewidth=0.8)
    ax.set_ylim(-0.5, 9)
    label(ax, title=Text(en="momentum {m}, batches of {n}; the lines are 3 and 4", zh="momentum {m}，每批 {n} 个；横线是 3 和 4").format(m=momentum, n=size), x=Text(en="batches", zh="批数"))
    return fig, Text(
        en="Running mean and variance over 60 batches of {n} with momentum {m}: the start has a weight of {w} left at the end. Running mean at the end {a}, running variance {b}; the true ones are 3 and 4.",
        zh="60 批、每批 {n} 个、momentum 为 {m} 时的滑动均值和滑动方差：最后初值还占 {w} 的权重。滑动均值最后是 {a}，滑动方差是 {b}；真正的值是 3 和 4。",
    ).format(n=size, m=momentum, w=digits((1 - momentum) ** 60, 2), a=digits(history[-1][0], 2), b=digits(history[-1][1], 2))


explore(draw_running, labels={"momentum": Text(en="momentum", zh="动量 momentum"), "size": Text(en="batch size", zh="批量大小")}, momentum=[0.1, 0.01, 0.3, 1.0], size=[16, 4, 64, 256])

means = torch.tensor(run_along(0.01, 16))[:, 0]
reveal("lenet.running", "slow" if means[-1] < 1.5 else "calm" if means[-20:].std() < 0.2 else "trembling")

# %% [markdown] id="running-explain" lang="en"
# **Explain.** After $k$ batches the start still weighs $(1 - m)^k$. With 0.1 it is forgotten after some 40 batches; with 0.01 more than half of it is left after 60, and eval mode works with wrong numbers. With 1 only the last batch counts, and the line trembles as single batches do. That is the usual bargain of a moving average: slow and calm, or quick and nervous.

# %% [markdown] id="running-explain" lang="zh" reviewed="ac79ae89ce0b"
# **解释**：$k$ 批之后，初值的权重还有 $(1 - m)^k$。取 0.1，大约 40 批就忘了；取 0.01，60 批之后还剩一半以上，评估模式用的就是错的数。取 1，就只有最后一批算数，曲线像单独一批那样抖个不停。滑动平均从来如此取舍：要么慢而稳，要么快而躁。

# %% [markdown] id="bn-card" lang="en"
# ### Exercise 11.3: batch normalisation by hand
#
# **Difficulty:** 4 of 5. **Time:** 20 minutes.
#
# Write the class `MyBatchNorm(nn.Module)` with `__init__(self, channels, momentum=0.1, eps=1e-5)` and `forward(self, x)` for `x` of shape `[N, C, H, W]`. Its parameters are `weight` (ones) and `bias` (zeros), its buffers `running_mean` (zeros) and `running_var` (ones), all of shape `[C]`, and nothing more.
#
# - In training: normalise with mean and variance of the batch, the variance divided by $n = N \cdot H \cdot W$; gradients flow through both. Then move the running statistics as in the formula above, the variance divided by $n - 1$ this time.
# - In evaluation: normalise with the running statistics and leave them alone.
# - The running statistics must not keep a graph. $n$ is at least 2.

# %% [markdown] id="bn-card" lang="zh" reviewed="939b96660e5c"
# ### 练习 11.3：手写批量归一化
#
# **难度**：4（共 5 级）。**时间**：20 分钟。
#
# 编写类 `MyBatchNorm(nn.Module)`，含 `__init__(self, channels, momentum=0.1, eps=1e-5)` 和 `forward(self, x)`，`x` 的形状是 `[N, C, H, W]`。参数是 `weight`（初值全为一）和 `bias`（初值全为零），缓冲区是 `running_mean`（零）和 `running_var`（一），形状都是 `[C]`，此外什么也没有。
#
# - 训练时：用这一批的均值和方差归一化，方差除以 $n = N \cdot H \cdot W$；梯度要流过两者。然后按上面的公式更新滑动统计量，这一次方差除以 $n - 1$。
# - 评估时：用滑动统计量归一化，并且不改动它们。
# - 滑动统计量不得留住计算图。$n$ 至少为 2。

# %% id="MyBatchNorm" tags=["solution"]
class MyBatchNorm(nn.Module):
    """Batch normalisation of [N, C, H, W], channel by channel, with running statistics for evaluation."""

    ### BEGIN SOLUTION
    def __init__(self, channels, momentum=0.1, eps=1e-5):
        super().__init__()
        self.momentum, self.eps = momentum, eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x):
        if self.training:
            mean = x.mean(dim=(0, 2, 3))
            var = x.var(dim=(0, 2, 3), unbiased=False)
            n = x.numel() // x.shape[1]
            with torch.no_grad():
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * (var * n / (n - 1) - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
        shape = (1, -1, 1, 1)
        return (x - mean.view(shape)) / torch.sqrt(var.view(shape) + self.eps) * self.weight.view(shape) + self.bias.view(shape)
    ### END SOLUTION

# %% id="MyBatchNorm-check" tags=["check"]
check("lenet.MyBatchNorm")

# %% [markdown] id="modes" lang="en"
# ## 6. Two switches, not one
#
# Around every measurement stand two commands that are easily taken for one: `model.eval()` and `torch.no_grad()`. The next cell tries all four combinations on a small network with batch-norm and dropout, and asks three questions. **Predict** the twelve answers. In particular: does `eval()` switch the gradients off? Can the model change while nothing is recorded?

# %% [markdown] id="modes" lang="zh" reviewed="2738ad2c7c98"
# ## 6. 开关有两个，不是一个
#
# 每次测量前后都有两条命令，容易被当成一条：`model.eval()` 和 `torch.no_grad()`。下一个单元格在一个带批量归一化和 dropout 的小网络上，把四种组合都试一遍，各问三个问题。**预测**这十二个答案。尤其是：`eval()` 会关掉梯度吗？什么也不记录的时候，模型会变吗？

# %% id="modes-predict" tags=["hide-input"]
prediction("lenet.modes", Text(en="Does eval() switch the gradients off? Can the model change under no_grad()?", zh="eval() 会关掉梯度吗？在 no_grad() 之下模型会变吗？"), {
    (True, False): Text(en="yes; no", zh="会；不会"),
    (False, True): Text(en="no; yes", zh="不会；会"),
    (True, True): Text(en="yes; yes", zh="会；会"),
    (False, False): Text(en="no; no", zh="不会；不会"),
})

# %% id="modes-run"
print(f"{'':24}{'recorded':>10}{'repeatable':>12}{'statistics moved':>18}")
found = {}
for training in (True, False):
    for grad in (True, False):
        net = nn.Sequential(nn.BatchNorm2d(1), nn.Dropout(0.5), nn.Flatten(), nn.Linear(784, 10)).train(training)
        before = net[0].running_mean.clone()
        with torch.set_grad_enabled(grad):
            first, second = net(test_x[:8]), net(test_x[:8])
        name = f"{'train()' if training else 'eval()'}{'' if grad else ' + no_grad()'}"
        print(f"{name:24}{first.requires_grad!s:>10}{torch.equal(first, second)!s:>12}{not torch.equal(before, net[0].running_mean)!s:>18}")
        found[name] = (first.requires_grad, not torch.equal(before, net[0].running_mean))
reveal("lenet.modes", (not found["eval()"][0], found["train() + no_grad()"][1]))

# %% [markdown] id="modes-explain" lang="en"
# **Explain.** The first column goes by `no_grad` alone, the other two by the mode alone. `eval()` sets a flag in every module, nothing else: the graph is still recorded, gradients would flow (one wants that, for instance, when asking which dots of an image matter). And under `no_grad` in train mode the test images **change the model**: their mean goes into the running statistics, although not one gradient was computed. That is information from the test set in your model, and no curve shows it.
#
# "`eval()` makes the measurement more accurate" is wrong, too. It is another function that is measured: a repeatable one, that needs no neighbours. Whether it is a better one depends on the running statistics. **Predict** what a fresh batch-norm makes in eval mode, after a single batch, of the channel from section 5 with mean 10 and variance 16: which mean has the output?

# %% [markdown] id="modes-explain" lang="zh" reviewed="f32714b2124e"
# **解释**：第一列只看 `no_grad`，另外两列只看模式。`eval()` 只是给每个模块设一个标志：图照样记录，梯度照样能流（有时正需要这样，例如想知道图像的哪些点重要）。而在训练模式下，即使有 `no_grad`，测试图像也会**改变模型**：它们的均值进了滑动统计量，尽管一个梯度也没有算。这就是测试集的信息进了你的模型，而任何曲线上都看不出来。
#
# “`eval()` 使测量更准确”也不对。被测的是另一个函数：结果可重现，也不需要邻居。它是不是更好，要看滑动统计量。**预测**：一个新的批量归一化层，只见过一批，就在评估模式下处理第 5 节里那个均值为 10、方差为 16 的通道，输出的均值是多少？

# %% id="young-predict" tags=["hide-input"]
prediction("lenet.young", Text(en="Eval mode after a single batch, a channel with mean 10 and variance 16: the output's mean is", zh="只见过一批就用评估模式，通道的均值为 10、方差为 16：输出的均值"), {
    0: Text(en="about 0", zh="约为 0"),
    2: Text(en="about 2", zh="约为 2"),
    6: Text(en="about 6", zh="约为 6"),
    10: Text(en="about 10", zh="约为 10"),
})

# %% id="young-run"
norm = nn.BatchNorm2d(3)
norm(batch)
norm.eval()
young = norm(batch).mean().item()
say(Text(en="running mean {m}, running variance {v}", zh="滑动均值 {m}，滑动方差 {v}"), m=[digits(v, 2) for v in norm.running_mean.tolist()], v=[digits(v, 2) for v in norm.running_var.tolist()])
say(Text(en="mean of the output in eval mode {e}, in train mode {t}", zh="输出的均值：评估模式 {e}，训练模式 {t}"),
    e=digits(young, 2), t=f"{abs(norm.train()(batch).mean().item()):.2f}")
reveal("lenet.young", round(young))

# %% [markdown] id="young-explain" lang="en"
# **Explain.** After one batch the running mean is a tenth of the way up, about 1 instead of 10, and the running variance about 2.5 instead of 16. The layer takes away too little and divides by too little. A network with batch-norm that looks well in training and dreadful in evaluation has often had too few batches, or too small a momentum, to collect its statistics.

# %% [markdown] id="young-explain" lang="zh" reviewed="427125f52991"
# **解释**：一批之后，滑动均值只走了十分之一的路，是 1 左右而不是 10；滑动方差是 2.5 左右而不是 16。这一层减得太少，除得也太少。带批量归一化的网络，如果训练时看着不错，评估时却一塌糊涂，往往就是批数太少，或者动量（momentum）太小，统计量还没有攒够。

# %% [markdown] id="audit-card" lang="en"
# ### Exercise 11.4: audit a test function
#
# **Difficulty:** 4 of 5. **Time:** 15 minutes.
#
# Somebody hands you a function `test(model, batches)` that calls `model(x)` for the pairs `(x, y)` in `batches`. You are not to read its source but to watch it. Write `audit(test, model, batches)`: it calls `test(model, batches)` exactly once and returns a dict of four `bool`:
#
# | key | `True` if |
# |---|---|
# | `"train_mode"` | during at least one call of the model, at least one of its modules was in train mode |
# | `"recorded"` | during at least one call, autograd recorded a graph |
# | `"mode_changed"` | afterwards at least one module is in another mode than before |
# | `"state_changed"` | afterwards at least one entry of the `state_dict` has another value |
#
# Nothing that you put into the model may remain there. All parameters of the model are trainable. (The tool for watching: hooks, lesson 07. A forward hook receives the module, its inputs and its output.)

# %% [markdown] id="audit-card" lang="zh" reviewed="71dcd67cb0a4"
# ### 练习 11.4：审查一个测试函数
#
# **难度**：4（共 5 级）。**时间**：15 分钟。
#
# 有人交给你一个函数 `test(model, batches)`，它对 `batches` 中的每一对 `(x, y)` 调用 `model(x)`。不要读它的源代码，而要看它怎样运行。编写 `audit(test, model, batches)`：恰好调用一次 `test(model, batches)`，返回一个含四个 `bool` 的字典：
#
# | 键 | 何时为 `True` |
# |---|---|
# | `"train_mode"` | 至少有一次调用模型时，至少有一个模块处于训练模式 |
# | `"recorded"` | 至少有一次调用时，自动求导记录了计算图 |
# | `"mode_changed"` | 结束后至少有一个模块的模式与之前不同 |
# | `"state_changed"` | 结束后 `state_dict` 中至少有一项的值变了 |
#
# 你装进模型的东西，一样也不许留下。模型的所有参数都可训练。（观察的工具是第 07 课的钩子：前向钩子会收到模块、输入和输出。）

# %% id="audit" tags=["solution"]
def audit(test, model, batches):
    """Runs test(model, batches) once and says what it did: train_mode, recorded, mode_changed, state_changed."""
    ### BEGIN SOLUTION
    modes = [m.training for m in model.modules()]
    state = {name: t.clone() for name, t in model.state_dict().items()}
    seen = {"train_mode": False, "recorded": False}

    def look(module, inputs, output):
        seen["train_mode"] |= any(m.training for m in module.modules())
        seen["recorded"] |= output.requires_grad

    handle = model.register_forward_hook(look)
    test(model, batches)
    handle.remove()
    return seen | {
        "mode_changed": modes != [m.training for m in model.modules()],
        "state_changed": any(not torch.equal(t, state[name]) for name, t in model.state_dict().items()),
    }
    ### END SOLUTION

# %% id="audit-check" tags=["check"]
check("lenet.audit")

# %% [markdown] id="train" lang="en"
# ## 7. What it is good for
#
# Three LeNets for 28 dots learn from only 200 digits, with the same settings: one plain, one with dropout ($p = 0.5$) between the linear layers, one with batch-norm after each convolution. (The loop is lesson 12's subject; read it as the six steps of lesson 01.) They learn on the accelerator where there is one, and the cell before the run says where. For the training samples two losses are logged after each epoch: the mean of those that came up *while learning*, and the loss on the same samples in eval mode.
#
# **Predict:** which of the two is higher for the network with dropout? And which of the three networks learns fastest at first?

# %% [markdown] id="train" lang="zh" reviewed="b7694664504f"
# ## 7. 它们有什么用
#
# 三个处理 28 个点的 LeNet，只用 200 个数字学习，设置相同：一个原样，一个在线性层之间加了 dropout（$p = 0.5$），一个在每个卷积之后加了批量归一化。（循环是第 12 课的主题；这里就当第 01 课的六个步骤来读。）有加速器时，它们就在加速器上学习，训练之前的那个单元格会说明在哪里。每轮之后，对训练样本记录两个损失：*学习当中*出现的那些损失的平均，以及同样的样本在评估模式下的损失。
#
# **预测**：对带 dropout 的网络，两个损失哪个更高？三个网络中，开头学得最快的是哪个？

# %% id="train-predict" tags=["hide-input"]
prediction("lenet.train", Text(en="With dropout, which loss is higher? And which network learns fastest at first?", zh="带 dropout 的网络，哪个损失更高？开头学得最快的是哪个网络？"), {
    ("learning", "plain"): Text(en="while learning; the plain one", zh="学习当中；原样的"),
    ("learning", "batch-norm"): Text(en="while learning; batch-norm", zh="学习当中；批量归一化"),
    ("eval", "batch-norm"): Text(en="in eval mode; batch-norm", zh="评估模式下；批量归一化"),
    ("eval", "dropout"): Text(en="in eval mode; dropout", zh="评估模式下；dropout"),
})

# %% id="device" tags=["nbval-ignore-output"]
device = pick_device()
keep_kernels_exact()                               # on a GPU: full float32, sums in a fixed order (lesson 00) | 在 GPU 上：完整的 float32，相加次序固定（第 00 课）
say(describe_device(device))

# %% id="train-run"
def build(kind):
    """LeNet for 28 dots: "plain", with "dropout" or with "batch-norm"; the same seed for each. On the device."""
    torch.manual_seed(0)
    norms = [nn.BatchNorm2d(6), nn.BatchNorm2d(16)] if kind == "batch-norm" else [nn.Identity(), nn.Identity()]
    p = 0.5 if kind == "dropout" else 0.0
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), norms[0], nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), norms[1], nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Dropout(p), nn.Linear(120, 84), nn.ReLU(), nn.Dropout(p), nn.Linear(84, 10),
    ).to(device)


def learn(net, epochs=10):
    """Losses on 200 digits, one of each kind for each epoch: while learning, and in eval mode."""
    optimiser = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
    generator = torch.Generator().manual_seed(0)
    x, y = train_x[:200].to(device), train_y[:200].to(device)
    learning, afterwards = [], []
    for _ in range(epochs):
        net.train()
        total = 0.0
        for part in torch.randperm(200, generator=generator).split(32):
            loss = F.cross_entropy(net(x[part]), y[part])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += loss.item() * len(part)
        learning.append(total / 200)
        net.eval()
        with torch.no_grad():
            afterwards.append(F.cross_entropy(net(x), y).item())
    return learning, afterwards


nets = {kind: build(kind) for kind in ("plain", "dropout", "batch-norm")}
logs = {kind: learn(net) for kind, net in nets.items()}
fig, axes = new_figure(1, 2, height=3.0)
for style, (learning, _) in zip(SERIES, logs.values(), strict=False):
    axes[0].plot(learning, **style)
axes[0].set_ylim(0, 4)
legend(axes[0], Text(en="plain", zh="原样"), "dropout", Text(en="batch-norm", zh="批量归一化"), loc="upper right")
label(axes[0], title=Text(en="Loss while learning", zh="学习当中的损失"), x=Text(en="epoch", zh="轮"))
for style, losses in zip(SERIES, logs["dropout"], strict=False):
    axes[1].plot(losses, **style)
legend(axes[1], Text(en="while learning", zh="学习当中"), Text(en="in eval mode", zh="评估模式"))
label(axes[1], title=Text(en="Dropout: the same 200 digits", zh="Dropout：同样的 200 个数字"), x=Text(en="epoch", zh="轮"))
ahead = logs["batch-norm"][0][2] < logs["plain"][0][2]
gap = logs["dropout"][0][-1] > 1.3 * logs["dropout"][1][-1]
show(fig, Text(
    en="Left, the loss of three networks over 10 epochs; batch-norm is lower than plain in the third epoch: {a}. Right, two losses of the network with dropout on the same digits; at the end the one while learning is higher by far: {g}.",
    zh="左：三个网络 10 轮的损失；第三轮时批量归一化低于原样：{a}。右：带 dropout 的网络在同样的数字上的两种损失；最后学习当中的那一种高得多：{g}。",
).format(a=ahead, g=gap))
higher = "learning" if logs["dropout"][0][-1] > logs["dropout"][1][-1] else "eval"
reveal("lenet.train", (higher, min(logs, key=lambda kind: logs[kind][0][2])))

# %% [markdown] id="train-explain" lang="en"
# **Explain.** Batch-norm gets going at once: each layer receives inputs of a useful scale, whatever the scale of the initial weights. Dropout learns more slowly; it makes the task harder on purpose, and its reward, if any, shows on samples that the network has not seen. Its dice are thrown on the device, by the generator that is there: on a GPU you see another curve than on the CPU, and the same answer to both questions.
#
# The right panel settles a frequent worry, "my training loss is higher than my test loss, is that a bug?" With dropout the loss *while learning* is that of a network with gaps. Part of the distance is also that it was measured before the steps of the epoch were through. Compare losses in the same mode only.
#
# What dropout does to a single answer is shown by the last figure: one test digit, 200 answers in train mode, and the one of eval mode.

# %% [markdown] id="train-explain" lang="zh" reviewed="2625c58cdeda"
# **解释**：批量归一化一开始就学得动：不管初始权重的尺度怎样，每一层收到的输入，尺度都合适。Dropout 学得慢一些，它是故意把任务变难；如果有回报，也要在没见过的样本上才看得到。它的骰子是在设备上掷的，用的是那里的生成器：GPU 上的曲线与 CPU 上的不是同一条，两个问题的答案却一样。
#
# 右图解答了一个常见的疑虑：“我的训练损失比测试损失还高，是不是有错误？”有 dropout 时，*学习当中*的损失属于一个带着缺口的网络。另外，它是在这一轮的更新还没走完时测的，差距也有一部分由此而来。只有同一模式下的损失才能相比。
#
# Dropout 对单个回答有什么影响，看最后一幅图：一个测试数字，训练模式下的 200 次回答，以及评估模式下的那一次。

# %% id="scatter-run"
net = nets["dropout"]
with torch.no_grad():
    sure = net.eval()(test_x.to(device)).softmax(dim=1).cpu()
    pick = (sure.amax(dim=1) - 0.6).abs().argmin().item()     # a digit that it is not quite sure of | 一个它不太有把握的数字
    answer = sure[pick].argmax().item()
    crowd = net.train()(test_x[pick].to(device).expand(200, 1, 28, 28)).softmax(dim=1)[:, answer].cpu()
net.eval()
fig, ax = new_figure(height=2.6)
ax.hist(crowd.numpy(), bins=20, range=(0, 1), color=COLOURS["blue"])
ax.axvline(sure[pick, answer].item(), color=COLOURS["orange"], linewidth=2)
label(ax, title=Text(en="200 answers in train mode; the line is eval mode", zh="训练模式下的 200 次回答；竖线是评估模式"), x=Text(en="probability of its answer", zh="所答类别的概率"))
show(fig, Text(
    en="Histogram of 200 probabilities for the same digit in train mode. They reach below 0.3: {a}, and above 0.8: {b}. In eval mode there is one number, between 0.4 and 0.8: {c}.",
    zh="同一个数字在训练模式下 200 个概率的直方图。有低于 0.3 的：{a}；有高于 0.8 的：{b}。评估模式下只有一个数，在 0.4 和 0.8 之间：{c}。",
).format(a=crowd.min().item() < 0.3, b=crowd.max().item() > 0.8, c=0.4 < sure[pick, answer].item() < 0.8))

# %% [markdown] id="scatter-explain" lang="en"
# **Explain.** In train mode the same picture gets nearly every answer between "certainly not" and "certainly". Eval mode takes all units together and always says the same. It is not exactly the mean of the 200 either, since ReLU and softmax stand behind the dropout, and the mean of a curved function is not the function of the mean. So dropout in training is a useful nuisance, and dropout in a measurement just a nuisance.

# %% [markdown] id="scatter-explain" lang="zh" reviewed="9f936a68f728"
# **解释**：训练模式下，同一张图得到的回答，从“肯定不是”到“肯定是”几乎都有。评估模式让所有单元一起上，回答总是同一个。它也不恰好是这 200 次的平均，因为 dropout 后面还有 ReLU 和 softmax，而弯曲的函数取平均，不等于平均值的函数。所以训练时的 dropout 是有用的捣乱，测量时的 dropout 就只是捣乱。

# %% id="my-predictions" tags=["hide-input"]
predictions("lenet")

# %% [markdown] id="summary" lang="en"
# ## Summary
#
# - LeNet: 32 → 28 → 14 → 10 → 5 dots, 1 → 6 → 16 maps, then 400 → 120 → 84 → 10; 61706 parameters, most of them in the first linear layer. A frame of 2 makes 28 into 32.
# - Flatten with `flatten(1)`: the samples stay apart, and a wrong number of features is noticed.
# - Behind a linear layer the graph branches: bias, input, transposed weight.
# - Dropout drops with probability $p$ and multiplies the rest by $\frac{1}{1-p}$; `Dropout2d` drops whole channels. `F.dropout` is switched on unless you say `training=self.training`.
# - Batch-norm: in training the statistics of the batch, in evaluation the running ones. `momentum` is the share of the new; the running variance is divided by $n - 1$.
# - `eval()` changes the behaviour of layers, `no_grad()` the recording. A test needs both, and leaves the modes as they were.
#
# ### Common confusions
#
# | you might think | in fact |
# |---|---|
# | `view(-1, 320)` makes it one-dimensional | it makes `[N, 320]`, with some `N` or other |
# | `p` is the share that is kept | it is the share that is dropped |
# | `Dropout2d` drops dots of a plane | it drops whole channels |
# | `eval()` switches gradients off | that is `no_grad()` |
# | under `no_grad()` the model cannot change | the running statistics do, in train mode |
# | `net.training = False` does the same as `net.eval()` | it reaches the top only, not the layers |
# | the running statistics are parameters | they are buffers |
#
# ### Can you answer these without looking?
#
# 1. A batch-norm network scores 97 % while training, and 40 % in eval mode on the very same images. What do you check first?
# 2. Why does `nn.Dropout2d` suit feature maps better than `nn.Dropout`?
# 3. Your test function calls `model.eval()` at its beginning and nothing at its end. What goes wrong, and when?
#
# <details><summary>Answers</summary>
#
# 1. The running statistics: were there enough batches, is `momentum` too small, were the buffers loaded?
# 2. Neighbouring dots say nearly the same; a hole of one dot can be guessed from beside it.
# 3. From the second epoch on the model learns in eval mode, unless the training function says `train()` itself: no dropout, and statistics that stand still.
#
# </details>

# %% [markdown] id="summary" lang="zh" reviewed="5a2b23ac4925"
# ## 小结
#
# - LeNet：边长 32 → 28 → 14 → 10 → 5，特征图 1 → 6 → 16，然后 400 → 120 → 84 → 10；参数 61706 个，大多在第一个线性层。加一圈宽 2 的边，28 就成了 32。
# - 展平用 `flatten(1)`：样本各归各，特征个数不对也能发现。
# - 线性层后面，图要分岔：偏置、输入、转置后的权重。
# - Dropout 以概率 $p$ 丢弃，其余乘 $\frac{1}{1-p}$；`Dropout2d` 丢弃整个通道。`F.dropout` 默认开着，除非写明 `training=self.training`。
# - 批量归一化：训练时用这一批的统计量，评估时用滑动统计量。`momentum` 是新值所占的份额；滑动方差除以 $n - 1$。
# - `eval()` 改变的是层的行为，`no_grad()` 改变的是记录。测试两样都要，并让各模式恢复原样。
#
# ### 容易混淆之处
#
# | 你也许以为 | 实际上 |
# |---|---|
# | `view(-1, 320)` 会变成一维 | 得到 `[N, 320]`，`N` 是凑出来的 |
# | `p` 是保留的份额 | 是丢弃的份额 |
# | `Dropout2d` 丢弃平面上的点 | 丢弃的是整个通道 |
# | `eval()` 会关掉梯度 | 那是 `no_grad()` 做的 |
# | 在 `no_grad()` 之下模型不会变 | 训练模式下，滑动统计量会变 |
# | `net.training = False` 与 `net.eval()` 一样 | 只改了最外层，没有改到各层 |
# | 滑动统计量是参数 | 是缓冲区 |
#
# ### 不看上文，你能答出来吗？
#
# 1. 一个带批量归一化的网络，训练时是 97 %，在评估模式下对同样的图像却只有 40 %。先查什么？
# 2. 对特征图，为什么 `nn.Dropout2d` 比 `nn.Dropout` 合适？
# 3. 你的测试函数开头调用 `model.eval()`，结尾什么也没做。会出什么错？什么时候？
#
# <details><summary> 答案 </summary>
#
# 1. 查滑动统计量：批数够吗？`momentum` 是不是太小？缓冲区加载了吗？
# 2. 相邻的点说的几乎是同一件事；缺一个点，从旁边就能猜出来。
# 3. 从第二轮起，模型就在评估模式下学习了，除非训练函数自己写了 `train()`：没有 dropout，统计量也停住不动。
#
# </details>

# %% [markdown] id="next" lang="en"
# ## What is next
#
# In **lesson 12** all parts meet in the training loop, and the two switches are in daily use.
#
# ### Further reading
#
# - Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, *Gradient-Based Learning Applied to Document Recognition*, 1998: the original, with the table of C3.
# - N. Srivastava and others, *Dropout: A Simple Way to Prevent Neural Networks from Overfitting*, 2014.
# - S. Ioffe, C. Szegedy, *Batch Normalization*, 2015. Its explanation of *why* it helps has been disputed since (S. Santurkar and others, *How Does Batch Normalization Help Optimization?*, 2018); that it helps has not.

# %% [markdown] id="next" lang="zh" reviewed="2be0ce573114"
# ## 接下来
#
# 到了**第 12 课**，所有部件在训练循环里会合，两个开关天天都要用。
#
# ### 延伸阅读
#
# - Y. LeCun、L. Bottou、Y. Bengio、P. Haffner，*Gradient-Based Learning Applied to Document Recognition*，1998：原文，含 C3 的连接表。
# - N. Srivastava 等，*Dropout: A Simple Way to Prevent Neural Networks from Overfitting*，2014。
# - S. Ioffe、C. Szegedy，*Batch Normalization*，2015。它为*什么*有用，文中的解释后来受到质疑（S. Santurkar 等，*How Does Batch Normalization Help Optimization?*，2018）；它有用这一点则没有争议。
