# %% [markdown] id="title" lang="en"
# # Lesson 10. Convolution and pooling from scratch
#
# A picture of 28 by 28 dots is 784 numbers, and a linear layer can take them. But it does not know that dot 29 lies right below dot 1, and what it has learned about a stroke at the top left it does not know at the bottom right. A convolution is the layer that knows both: it looks through a small window, and it uses the same weights wherever the window goes. You build it here, forward and backward, together with its companion, pooling, and find out what all the numbers in `nn.Conv2d(...)` do.
#
# **After this lesson you can**
#
# - slide a kernel by hand, say why it is not flipped, and compute how many places it has;
# - write a convolution layer with channels, filters, bias, padding, stride and dilation, and its three gradients;
# - work out how much of the picture an output sees (its receptive field), and let autograd confirm it;
# - write max-pooling with its gradient, and pool a picture of any size to the size that you want.
#
# **Time:** about 140 minutes, 80 of them for the five exercises.
#
# **You need:** lesson 03 (shapes and axes), lesson 04 (autograd) and lesson 07 (modules).
#
# **Created** 2026-11, last updated 2026-11, last verified 2026-11 with torch 2.13; all cells together run in about 10 seconds on two CPU cores.
#
# **Licence:** the text is CC BY 4.0, the code is MIT.

# %% [markdown] id="title" lang="zh" reviewed="8c161e5784be"
# # 第 10 课：从零实现卷积与池化
#
# 一幅 28 乘 28 的图像就是 784 个数，线性层当然吃得下。可是它不知道第 29 个点就在第 1 个点的正下方；在左上角学会认的一笔，换到右下角它又不认识了。卷积层两样都知道：它透过一个小窗口来看，窗口移到哪里，用的都是同一组权重。这一课你来实现它的前向和反向，再加上它的搭档——池化，并弄明白 `nn.Conv2d(...)` 里的那些数各管什么。
#
# **学完本课，你能够**
#
# - 手工滑动一个核，说明它为什么不翻转，并算出它有多少个位置；
# - 写出带通道、滤波器、偏置、填充、步幅和膨胀的卷积层，以及它的三个梯度；
# - 算出一个输出能看到图像的多大范围（它的感受野），并用自动求导来验证；
# - 写出最大池化及其梯度，并把任意大小的图像池化到想要的大小。
#
# **时间**：约 140 分钟，其中五道练习占 80 分钟。
#
# **需要的基础**：第 03 课（形状与维度）、第 04 课（自动求导）和第 07 课（模块）。
#
# **编写**于 2026-11，最近更新于 2026-11，最近一次用 torch 2.13 验证于 2026-11；所有单元格加起来，在两个 CPU 核上约需运行 10 秒。
#
# **许可**：文字采用 CC BY 4.0，代码采用 MIT。

# %% id="imports" tags=["setup"]
import math
import warnings

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from course_lib import COLOURS, SERIES, Text, check, digits, explore, label, load_images, new_figure, prediction, predictions, reveal, say, show, solved

# %% [markdown] id="slide" lang="en"
# ## 1. Slide, multiply, add up
#
# Take a small array of weights, the **kernel**. Lay it on the upper left corner of the picture, multiply each weight by the dot below it, and add the products up: that is one number of the output. Move the window one dot to the **right** and do it again; at the end of the row, go one dot down and start from the left.
#
# It is not a matrix product: rows do not meet columns. Each weight meets exactly the one dot it lies on.
#
# **Predict** the four numbers of the output by hand, for the picture $X$ and the kernel $K$:
#
# $$X = \begin{bmatrix} 1 & 2 & 0 \\ 0 & 3 & 1 \\ 2 & 1 & 0 \end{bmatrix} \qquad K = \begin{bmatrix} 1 & 10 \\ 100 & 1000 \end{bmatrix}$$

# %% [markdown] id="slide" lang="zh" reviewed="5f244b870f7e"
# ## 1. 滑动、相乘、求和
#
# 取一小块权重，叫作**核**。把它放在图像的左上角，每个权重与它下面的点相乘，再把乘积加起来，就得到输出的一个数。窗口向**右**移一个点，再做一次；到了一行的末尾，就下移一个点，从左边重新开始。
#
# 这不是矩阵乘法：没有行与列相遇，每个权重只与它压着的那一个点相乘。
#
# 图像是 $X$，核是 $K$，动手算一算，**预测**输出的四个数：
#
# $$X = \begin{bmatrix} 1 & 2 & 0 \\ 0 & 3 & 1 \\ 2 & 1 & 0 \end{bmatrix} \qquad K = \begin{bmatrix} 1 & 10 \\ 100 & 1000 \end{bmatrix}$$

# %% id="slide-predict" tags=["hide-input"]
prediction("convolution.slide", Text(en="The output, row by row:", zh="输出，逐行写："), [
    "[[201, 2010], [300, 3000]]", "[[3021, 1302], [1230, 113]]", "[[1203, 2031], [321, 3110]]", "[[3021, 1230], [1302, 113]]",
])

# %% id="slide-run"
def slide(image, kernel):
    """Every place of a kernel on an image [H, W]: the sum of products there."""
    high, wide = kernel.shape
    out = torch.zeros(image.shape[0] - high + 1, image.shape[1] - wide + 1, dtype=image.dtype)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (image[i : i + high, j : j + wide] * kernel).sum()
    return out


tiny = torch.tensor([[1.0, 2.0, 0.0], [0.0, 3.0, 1.0], [2.0, 1.0, 0.0]])
places = torch.tensor([[1.0, 10.0], [100.0, 1000.0]])
print(slide(tiny, places).int().tolist())
print(F.conv2d(tiny[None, None], places[None, None])[0, 0].int().tolist())
reveal("convolution.slide", str(slide(tiny, places).int().tolist()))

# %% [markdown] id="slide-explain" lang="en"
# **Explain.** At the upper left: $1 \cdot 1 + 2 \cdot 10 + 0 \cdot 100 + 3 \cdot 1000 = 3021$. With these weights you can read the window off the digits of the result, from the last to the first. PyTorch's `conv2d` agrees. It wants a batch and channels around the picture, `[N, C, H, W]`; section 5 is about those.
#
# Now with a real picture: a handwritten digit of 8 by 8 dots, and a kernel that subtracts what is on the left from what is on the right. **Predict** where the output is large, where it is very negative, and where it is zero. Then move the window.

# %% [markdown] id="slide-explain" lang="zh" reviewed="4c86456cb578"
# **解释**：左上角是 $1 \cdot 1 + 2 \cdot 10 + 0 \cdot 100 + 3 \cdot 1000 = 3021$。用这几个权重，从结果的末位往前读，就能读出窗口里的数。PyTorch 的 `conv2d` 结果一致。它要求图像外面还有批量维和通道维，即 `[N, C, H, W]`，第 5 节再讲。
#
# 现在换真的图像：一个 8 乘 8 的手写数字，再配一个“右边减左边”的核。**预测**：输出在哪里很大，在哪里负得厉害，在哪里是零？然后移动窗口看看。

# %% id="edges-predict" tags=["hide-input"]
prediction("convolution.edges", Text(en="Right minus left: where is the output most negative?", zh="右减左：输出在哪里负得最厉害？"), {
    (False, True): Text(en="at the left edge of a stroke", zh="在笔画的左缘"),
    (True, True): Text(en="in the middle of a stroke", zh="在笔画中间"),
    (True, False): Text(en="at the right edge of a stroke", zh="在笔画的右缘"),
    (False, False): Text(en="on white paper", zh="在空白的纸上"),
})

# %% id="picture"
images, labels = load_images()
images = images.double()
picture = images[15, 0]                              # 28 by 28 dots | 28 乘 28 个点
small = (picture[3:27:3, 3:27:3] * 16).round()       # the 8 by 8 dots it was made from | 它原来的 8 乘 8 个点

RIGHT_MINUS_LEFT = torch.tensor([[-1.0, 0.0, 1.0]] * 3, dtype=torch.float64)
KERNELS = {
    Text(en="right minus left", zh="右减左"): RIGHT_MINUS_LEFT,
    Text(en="below minus above", zh="下减上"): RIGHT_MINUS_LEFT.T,
    Text(en="all ones", zh="全是 1"): torch.ones(3, 3, dtype=torch.float64),
    Text(en="the middle only", zh="只有中间"): torch.tensor([[0.0, 0, 0], [0, 1, 0], [0, 0, 0]], dtype=torch.float64),
}
print(tuple(images.shape), tuple(small.shape))


# %% id="explore-slide" tags=["hide-input"]
def bare(ax):
    """No ticks, no grid, no frame."""
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
    ax.spines[:].set_visible(False)


def numbers(ax, values, title, colours="RdBu_r", reach=None, written=True):
    """A small table of numbers as coloured cells; cells that are nan stay empty."""
    reach = reach or max(values[~values.isnan()].abs().max().item(), 1e-9)
    shades = ax.imshow(values, cmap=colours, vmin=-reach, vmax=reach).to_rgba(values)
    dark = shades[..., :3] ** 2.2 @ [0.2126, 0.7152, 0.0722] < 0.18  # luminance: white is read better than black there | 亮度：在这里白字比黑字清楚
    if written:
        for (i, j), value in np.ndenumerate(values.numpy()):
            if not np.isnan(value):
                ax.text(j, i, f"{value:.0f}", ha="center", va="center", fontsize=8, color="white" if dark[i, j] else "black")
    bare(ax)
    label(ax, title=title)


def frame(ax, top, left, high, wide):
    """The window's outline."""
    rows, cols = [top - 0.5, top + high - 0.5], [left - 0.5, left + wide - 0.5]
    ax.plot([cols[0], cols[1], cols[1], cols[0], cols[0]], [rows[0], rows[0], rows[1], rows[1], rows[0]], color=COLOURS["orange"], linestyle="-", linewidth=3)


def draw_slide(kernel, place):
    weights = KERNELS[kernel]
    out = slide(small, weights)
    i, j = divmod(place - 1, out.shape[1])
    seen = torch.where(torch.arange(out.numel()).reshape(out.shape) < place, out, torch.nan)
    fig, axes = new_figure(1, 3, height=3.1)
    numbers(axes[0], small, Text(en="picture and window", zh="图像与窗口"), reach=24)
    frame(axes[0], i, j, 3, 3)
    numbers(axes[1], weights, Text(en="kernel", zh="核"), reach=1.6)
    numbers(axes[2], seen, Text(en="output so far", zh="目前的输出"), reach=out.abs().max().item())
    frame(axes[2], i, j, 1, 1)
    window = small[i : i + 3, j : j + 3]
    return fig, Text(
        en="Window {p} of {n}, at row {i}, column {j}. It sees {w}; multiplied by the kernel \"{k}\" and added up that is {v}.",
        zh="第 {p} 个窗口，共 {n} 个，位于第 {i} 行第 {j} 列。它看到的是 {w}；与核“{k}”相乘再求和，得 {v}。",
    ).format(p=place, n=out.numel(), i=i, j=j, w=window.int().tolist(), k=kernel, v=int(out[i, j]))


explore(draw_slide, labels={"kernel": Text(en="kernel", zh="核"), "place": Text(en="window number", zh="第几个窗口")},
        kernel=list(KERNELS), place=(1, 36, 1, 16))

differences = slide(small, RIGHT_MINUS_LEFT)
i, j = divmod(differences.argmin().item(), differences.shape[1])
reveal("convolution.edges", tuple((small[i : i + 3, [j, j + 2]].mean(0) > 8).tolist()))          # more ink than paper: on the left, on the right | 墨比纸多：左边，右边

# %% [markdown] id="shift" lang="en"
# The output is a map: it says *where* the picture looks like the kernel. Red marks places with more ink on the right than on the left, the left edge of a stroke; blue marks its right edge; zero means that both sides are equal. With "the middle only", the picture itself comes out, less its border.
#
# Why is this better than a linear layer? Two reasons. The first is thrift: **predict** how many parameters `nn.Linear(784, 100)` has, and how many `nn.Conv2d(1, 6, 5)`, which has six kernels of 5 by 5.
#
# The second one is more important. Move the digit by a few dots. What becomes of the answer of a linear neuron that has learned this digit by heart? What becomes of the map of a kernel?

# %% [markdown] id="shift" lang="zh" reviewed="d68176b319d1"
# 输出是一张地图：它说明图像在*哪里*与核相像。红色标出右边的墨比左边多的地方，也就是笔画的左缘；蓝色标出右缘；零表示两边相等。换成“只有中间”，出来的就是图像本身，只少了一圈边。
#
# 这比线性层好在哪里？有两个理由。第一是节省：**预测** `nn.Linear(784, 100)` 有多少参数，有六个 5 乘 5 核的 `nn.Conv2d(1, 6, 5)` 又有多少？
#
# 第二个更重要。把数字移几个点：一个把这个数字背下来的线性神经元，它的回答会怎样？核的地图又会怎样？

# %% id="shift-count-predict" tags=["hide-input"]
prediction("convolution.thrift", Text(en="The number of parameters of nn.Conv2d(1, 6, 5):", zh="nn.Conv2d(1, 6, 5) 的参数个数："), [26, 150, 156, 86406])

# %% id="shift-predict" tags=["hide-input"]
prediction("convolution.shift", Text(en="The digit moves 6 dots to the right. The largest answer of a kernel is then", zh="数字向右移 6 个点之后，核的最大回答"), {
    (True, False): Text(en="as large as before, at the same place", zh="大小不变，位置也不变"),
    (True, True): Text(en="as large as before, 6 dots further right", zh="大小不变，位置右移 6 个点"),
    (False, False): Text(en="smaller, at the same place", zh="变小，位置不变"),
    (False, True): Text(en="smaller, 6 dots further right", zh="变小，位置右移 6 个点"),
})

# %% id="shift-run"
for name, layer in (("nn.Linear(784, 100)", nn.Linear(784, 100)), ("nn.Conv2d(1, 6, 5)", nn.Conv2d(1, 6, 5))):
    say(Text(en="{name:<20} {n:>6} parameters", zh="{name:<20} {n:>6} 个参数"), name=name, n=sum(p.numel() for p in layer.parameters()))
reveal("convolution.thrift", sum(p.numel() for p in layer.parameters()))

learned = picture / picture.norm()                    # a neuron that knows this digit by heart | 一个背下了这个数字的神经元
piece = picture[10:18, 12:20] - picture[10:18, 12:20].mean()
stroke = piece / piece.norm()                         # a kernel that knows a piece of it | 一个记住了其中一块的核
largest = []
for way in (0, 2, 4, 6):
    moved = torch.zeros_like(picture)
    moved[:, way:] = picture[:, : 28 - way]           # to the right | 向右
    answers = slide(moved, stroke)
    i, j = divmod(answers.argmax().item(), answers.shape[1])
    say(Text(en="moved by {n}:  neuron {a:<5}  kernel: largest answer {b} at row {i}, column {j}", zh="移动 {n}：神经元 {a:<5}  核：最大的回答 {b}，在第 {i} 行第 {j} 列"),
        n=way, a=digits((moved * learned).sum(), 3), b=digits(answers.max(), 3), i=i, j=j)
    largest.append((answers.max().item(), i, j))
reveal("convolution.shift", (math.isclose(largest[0][0], largest[-1][0]), largest[-1][1:] == (largest[0][1], largest[0][2] + way)))

# %% [markdown] id="shift-explain" lang="en"
# **Explain.** $784 \cdot 100 + 100 = 78500$ against $6 \cdot 25 + 6 = 156$. And the neuron knows its digit less and less: after 6 dots, less than half of its answer is left. The largest answer of the kernel, in contrast, stays the same; only its place moves along with the picture. Shift first and slide then, or slide first and shift then: the same map (up to the border). The word for it is **translation equivariance**, and it is what makes the convolution the layer for pictures: what was learned at one place holds at all places.

# %% [markdown] id="shift-explain" lang="zh" reviewed="68b83c5081d5"
# **解释**：$784 \cdot 100 + 100 = 78500$ 对 $6 \cdot 25 + 6 = 156$。而且神经元越来越不认得自己的数字：移动 6 个点之后，回答剩下不到一半。核的最大回答却不变，只是位置跟着图像移动。先平移再滑动，与先滑动再平移，得到同一张地图（边界除外）。这叫**平移等变性**，正是它使卷积成为处理图像的层：在一处学到的东西，处处有效。

# %% [markdown] id="impulse" lang="en"
# ## 2. It is not the mathematicians' convolution
#
# Feed a layer with a single 1 among zeros (an *impulse*), and it shows you what it does. **Predict** the output of the kernel 1, 2, …, 9 for such a picture. Does the kernel come out?

# %% [markdown] id="impulse" lang="zh" reviewed="0216860595dc"
# ## 2. 它不是数学家说的卷积
#
# 给一个层输入一片零当中的一个 1（*脉冲*），它就会露出本来面目。对这样一幅图像，**预测**核 1、2、……、9 的输出：出来的是这个核吗？

# %% id="impulse-predict" tags=["hide-input"]
prediction("convolution.impulse", Text(en="The output for a single 1, with the kernel [[1, 2, 3], [4, 5, 6], [7, 8, 9]]:", zh="核为 [[1, 2, 3], [4, 5, 6], [7, 8, 9]]，图像里只有一个 1，输出是："), [
    "[[1, 2, 3], [4, 5, 6], [7, 8, 9]]", "[[1, 4, 7], [2, 5, 8], [3, 6, 9]]", "[[3, 2, 1], [6, 5, 4], [9, 8, 7]]", "[[9, 8, 7], [6, 5, 4], [3, 2, 1]]",
])

# %% id="impulse-run"
impulse = torch.zeros(5, 5)
impulse[2, 2] = 1
nine = torch.arange(1.0, 10.0).reshape(3, 3)
response = F.conv2d(impulse[None, None], nine[None, None])[0, 0]
turned = F.conv2d(impulse[None, None], nine.flip(0, 1)[None, None])[0, 0]
print(response.int().tolist())
print(turned.int().tolist())
reveal("convolution.impulse", str(response.int().tolist()))
print("conv1d     ", F.conv1d(torch.tensor([[[0.0, 0, 1, 0, 0]]]), torch.tensor([[[1.0, 2, 3]]])).int().tolist()[0][0])
print("np.convolve", np.convolve([0, 0, 1, 0, 0], [1, 2, 3], "valid").tolist(), " np.correlate", np.correlate([0, 0, 1, 0, 0], [1, 2, 3], "valid").tolist())

# %% [markdown] id="impulse-explain" lang="en"
# **Explain.** It comes out upside down and back to front. The window reaches the impulse with its *last* weight first: at the upper left place, the 1 lies below the 9. What mathematicians, signal engineers and `np.convolve` call a convolution turns the kernel by 180° before sliding, so that the impulse returns the kernel itself. Without the turn the operation is called **cross-correlation**, and that is what every deep learning library means by "convolution".
#
# For learning it makes no difference: the weights start at random and are trained, so the network would simply learn the kernel turned round. It matters when you bring a kernel with you, from a book or from `scipy.signal.convolve2d`: then flip it, `kernel.flip(-2, -1)`.

# %% [markdown] id="impulse-explain" lang="zh" reviewed="6f7497123b71"
# **解释**：出来的核上下颠倒、左右相反。窗口最先用*最后一个*权重碰到脉冲：在左上角的位置，1 正好压在 9 下面。数学家、信号处理工程师以及 `np.convolve` 所说的卷积，会先把核旋转 180° 再滑动，这样脉冲还给你的就是核本身。不旋转的这种运算叫**互相关**，深度学习库里的“卷积”说的都是它。
#
# 对学习来说没有区别：权重从随机数开始训练，网络学到的不过是转过来的核。只有当你自带一个核时才要当心，比如取自书本或 `scipy.signal.convolve2d`：这时要翻转它，`kernel.flip(-2, -1)`。

# %% [markdown] id="padding" lang="en"
# ## 3. How many places? Padding, stride and dilation
#
# On a row of $n$ dots, a window of $f$ dots has $n - f + 1$ places. So each layer makes the picture smaller, and there is a second, less visible loss. **Predict:** in how many windows of 3 by 3 is the corner dot of a 5 by 5 picture, and in how many is the middle?

# %% [markdown] id="padding" lang="zh" reviewed="20bf74ee4255"
# ## 3. 有多少个位置？填充、步幅与膨胀
#
# 在 $n$ 个点的一行上，$f$ 个点的窗口有 $n - f + 1$ 个位置。所以每过一层图像就变小一点，另外还有一种不太显眼的损失。**预测**：5 乘 5 的图像，角上的点在几个 3 乘 3 的窗口里？正中间的点呢？

# %% id="padding-predict" tags=["hide-input"]
prediction("convolution.padding", Text(en="A picture of 5 by 5: in how many windows of 3 by 3 is a dot?", zh="5 乘 5 的图像：一个点在几个 3 乘 3 的窗口里？"), {
    (1, 1): Text(en="corner 1, middle 1", zh="角上 1 个，正中间 1 个"),
    (1, 9): Text(en="corner 1, middle 9", zh="角上 1 个，正中间 9 个"),
    (4, 9): Text(en="corner 4, middle 9", zh="角上 4 个，正中间 9 个"),
    (9, 9): Text(en="corner 9, middle 9", zh="角上 9 个，正中间 9 个"),
})

# %% id="padding-run"
def times_seen(size, kernel, padding):
    """In how many windows each dot of a picture [size, size] is: the gradient of the sum of all windows."""
    dots = torch.ones(1, 1, size, size, requires_grad=True)
    F.conv2d(dots, torch.ones(1, 1, kernel, kernel), padding=padding).sum().backward()
    return dots.grad[0, 0]


counts = [times_seen(5, 3, padding) for padding in (0, 1, 2)]
fig, axes = new_figure(1, 3, height=3.0)
for ax, seen, name in zip(axes, counts, (Text(en="padding 0", zh="填充 0"), Text(en="padding 1", zh="填充 1"), Text(en="padding 2", zh="填充 2")), strict=True):
    numbers(ax, seen, name, reach=12)
show(fig, alt=Text(
    en="In how many windows of 3 by 3 each dot of a 5 by 5 picture is. Corner and middle: padding 0: {a} and {b}; padding 1: {c} and {d}; padding 2: {e} and {f}.",
    zh="5 乘 5 的图像中，每个点在几个 3 乘 3 的窗口里。角上与中间：填充 0 时为 {a} 和 {b}；填充 1 时为 {c} 和 {d}；填充 2 时为 {e} 和 {f}。",
).format(**{name: int(value) for name, value in zip("abcdef", (v for seen in counts for v in (seen[0, 0], seen[2, 2])), strict=True)}))
reveal("convolution.padding", (int(counts[0][0, 0]), int(counts[0][2, 2])))

# %% [markdown] id="padding-explain" lang="en"
# **Explain.** Once against nine times: what stands in the corner hardly counts. The cure for both losses is **padding**, a frame of zeros around the picture. It has three names that you will meet:
#
# - *valid*: no padding; only windows that lie wholly inside count;
# - *same*: as much as keeps the size, $p = 1$ for a kernel of 3;
# - *full*: $p = f - 1$, so that each dot meets every weight. (You will need it for the gradient in section 7.)
#
# The zeros are made up, of course: near the border the layer sees something that is not in the picture.
#
# **Stride** is the step of the window. With stride 2 it leaves out every other place; the map becomes smaller and the work about four times less in two dimensions. It is often said that stride $s$ makes the picture exactly $s$ times smaller. **Predict** the sizes for $n = 5, 6, 7, 8, 9$ with a window of 3 and stride 2.

# %% [markdown] id="padding-explain" lang="zh" reviewed="24ae060d45da"
# **解释**：一次对九次，站在角上的几乎说不上话。两种损失的解药都是**填充**，也就是在图像四周加一圈零。你会遇到它的三个名称：
#
# - *valid*：不填充，只算完全在里面的窗口；
# - *same*：填到大小不变，核为 3 时 $p = 1$；
# - *full*：$p = f - 1$，于是每个点都会碰到每一个权重。（第 7 节求梯度时用得着。）
#
# 零当然是编出来的：在边界附近，层会看到图像里并不存在的东西。
#
# **步幅**是窗口每次移动的距离。步幅为 2 时隔一个位置跳过一个；地图变小了，在二维情形下，工作量大约只剩四分之一。人们常说步幅 $s$ 会使图像恰好缩小为原来的 $s$ 分之一。窗口为 3、步幅为 2，**预测** $n = 5, 6, 7, 8, 9$ 时的大小。

# %% id="stride-predict" tags=["hide-input"]
prediction("convolution.stride", Text(en="Window 3, stride 2: the sizes for n = 5, 6, 7, 8, 9:", zh="窗口为 3、步幅为 2，n = 5、6、7、8、9 时的大小："), [
    (2, 2, 3, 3, 4), (2, 3, 3, 4, 4), (3, 3, 4, 4, 5), (1, 1, 2, 2, 3),
])

# %% id="stride-run"
found = []
for n in (5, 6, 7, 8, 9):
    size = F.conv1d(torch.zeros(1, 1, n), torch.zeros(1, 1, 3), stride=2).shape[-1]
    say(Text(en="n = {n}: {size} places, n / 2 = {half}, starts {starts}, dots never seen: {left}", zh="n = {n}：{size} 个位置，n / 2 = {half}，起点 {starts}，从未看到的点：{left}"),
        n=n, size=size, half=n / 2, starts=[2 * i for i in range(size)], left=n - (2 * (size - 1) + 3))
    found.append(size)
reveal("convolution.stride", tuple(found))

# %% [markdown] id="stride-explain" lang="en"
# **Explain.** For $n = 5$ there are 2 places, and not 2.5. A window that would stick out is left out, and so 5 and 6 give the same size; with 6 the last dot is in no window at all. Rounding down, then: that is the $\lfloor\;\rfloor$ in the formula that you will write.
#
# **Dilation** stretches the window (such a convolution is also called *atrous*): with dilation $d$, neighbouring weights lie on dots that are $d$ apart, so a kernel of $f$ covers $d\,(f - 1) + 1$ dots with no more weights than before. Play with all these numbers on a row of dots, until you can predict the number of places.

# %% [markdown] id="stride-explain" lang="zh" reviewed="168efaac5956"
# **解释**：$n = 5$ 时有 2 个位置，不是 2.5 个。会伸出去的窗口不算，所以 5 和 6 的大小相同；6 的最后一个点根本不在任何窗口里。也就是说要向下取整：这就是你将要写的公式里的 $\lfloor\;\rfloor$。
#
# **膨胀**把窗口拉开（这样的卷积也叫*空洞卷积*）：膨胀为 $d$ 时，相邻的权重压在相距 $d$ 的点上，于是大小为 $f$ 的核能跨 $d\,(f - 1) + 1$ 个点，权重却一个不多。在一行点上把这几个数都调一调，直到你能预测出有多少个位置。

# %% id="explore-places" tags=["hide-input"]
def draw_places(n, kernel, padding, stride, dilation):
    reach = dilation * (kernel - 1) + 1
    starts = list(range(-padding, n + padding - reach + 1, stride))
    fig, ax = new_figure(height=3.4)
    for cell in range(-padding, n + padding):
        inside = 0 <= cell < n
        ax.text(cell, 0, str(cell) if inside else "0", ha="center", va="center", fontsize=9, color=COLOURS["black"] if inside else "dimgrey",
                bbox={"boxstyle": "square,pad=0.35", "facecolor": COLOURS["blue"] if inside else "white", "edgecolor": "grey", "alpha": 0.25})
    for row, start in enumerate(starts, 1):
        touched = [start + dilation * k for k in range(kernel)]
        style = SERIES[(row - 1) % len(SERIES)]
        ax.plot(touched, [-row] * kernel, color=style["color"], linestyle="-", marker="o", markersize=7, linewidth=1.5)
    unseen = [cell for cell in range(n) if not any((cell - start) % dilation == 0 and 0 <= cell - start < reach for start in starts)]
    ax.set(xlim=(-padding - 1, n + padding), ylim=(-max(len(starts), 5) - 0.7, 0.8))
    bare(ax)
    label(ax, title=Text(en="n = {n}, kernel {f}, padding {p}, stride {s}, dilation {d}: {k} places", zh="n = {n}，核 {f}，填充 {p}，步幅 {s}，膨胀 {d}：{k} 个位置").format(
        n=n, f=kernel, p=padding, s=stride, d=dilation, k=len(starts)))
    return fig, Text(
        en="A row of {n} dots, padding {p}. A window of {f} dots (dilation {d}, so it covers {r}) with stride {s} has {k} places, beginning at {starts}. Dots in no window: {unseen}.",
        zh="{n} 个点的一行，填充 {p}。{f} 个点的窗口（膨胀 {d}，因此跨 {r} 个点），步幅 {s}，有 {k} 个位置，起点为 {starts}。不在任何窗口里的点：{unseen}。",
    ).format(n=n, p=padding, f=kernel, d=dilation, r=reach, s=stride, k=len(starts), starts=starts, unseen=unseen)


explore(draw_places, labels={"n": Text(en="dots", zh="点数"), "kernel": Text(en="kernel", zh="核"), "padding": Text(en="padding", zh="填充"),
                             "stride": Text(en="stride", zh="步幅"), "dilation": Text(en="dilation", zh="膨胀")},
        n=(5, 14, 1, 8), kernel=(1, 4, 1, 3), padding=(0, 3, 1, 1), stride=(1, 4, 1, 2), dilation=(1, 3, 1, 1))

# %% [markdown] id="out_size-card" lang="en"
# ### Exercise 10.1: how many places?
#
# **Difficulty:** 2 of 5. **Time:** 10 minutes.
#
# Write `out_size(n, kernel, padding=0, stride=1, dilation=1)`: the number of places that a window has on a row of `n` dots.
#
# - `padding` is the number of zeros on **each** side; a window may lie on them, but must not stick out.
# - All five are whole numbers, and the window fits at least once. Return an `int`: others will use it as a size.
# - Do it by drawing: how many dots are free after the first window, and how many steps fit into them?

# %% [markdown] id="out_size-card" lang="zh" reviewed="dd51844ecf6e"
# ### 练习 10.1：有多少个位置？
#
# **难度**：2（共 5 级）。**时间**：10 分钟。
#
# 编写 `out_size(n, kernel, padding=0, stride=1, dilation=1)`：窗口在 `n` 个点的一行上有多少个位置。
#
# - `padding` 是**每**一侧的零的个数；窗口可以压在零上，但不能伸出去。
# - 五个都是整数，窗口至少放得下一次。返回 `int`：别人要拿它当大小用。
# - 画着图来推：放下第一个窗口之后，还空着几个点？这些点里容得下几步？

# %% id="out_size" tags=["solution"]
def out_size(n, kernel, padding=0, stride=1, dilation=1):
    """The number of places of a window on a row of n dots."""
    ### BEGIN SOLUTION
    free = n + 2 * padding - (dilation * (kernel - 1) + 1)    # dots beside the first window | 放下第一个窗口后剩余的点
    return free // stride + 1                                 # whole steps, and the first place | 整步数，再加上第一个位置
    ### END SOLUTION

# %% id="out_size-check" tags=["check"]
check("convolution.out_size")

# %% [markdown] id="law" lang="en"
# You have written the shape law of the `nn.Conv2d` documentation:
#
# $$\left\lfloor \frac{n + 2p - d\,(f - 1) - 1}{s} \right\rfloor + 1$$
#
# It holds for height and width separately. Ask the layer itself, for every combination of some sizes.

# %% [markdown] id="law" lang="zh" reviewed="2b58e2e01d4d"
# 你写出的正是 `nn.Conv2d` 文档里的形状公式：
#
# $$\left\lfloor \frac{n + 2p - d\,(f - 1) - 1}{s} \right\rfloor + 1$$
#
# 高和宽各自适用。拿几种大小的所有组合去问问层本身。

# %% id="law-run"
if solved("convolution.out_size"):
    agree = total = 0
    for n in (5, 6, 9, 28):
        for f in (1, 2, 3, 5):
            for p in (0, 1, 2):
                for s in (1, 2, 3):
                    for d in (1, 2):
                        if n + 2 * p >= d * (f - 1) + 1:
                            real = F.conv1d(torch.zeros(1, 1, n), torch.zeros(1, 1, f), padding=p, stride=s, dilation=d).shape[-1]
                            agree, total = agree + (real == out_size(n, f, p, s, d)), total + 1
    say(Text(en="{a} of {b} combinations agree with PyTorch", zh="{b} 种组合中有 {a} 种与 PyTorch 一致"), a=agree, b=total)

# %% [markdown] id="odd" lang="en"
# ## 4. Why kernels are mostly odd
#
# 3, 5, 7: hardly ever 4. The formula says why. With stride 1 and dilation 1 the size stays the same if $2p = f - 1$, so $p = (f - 1)/2$, and that is a whole number for odd $f$ only. An odd window also has a dot in its middle, an *anchor*, so that each number of the map belongs to a dot of the picture; the map of an even window lies half a dot beside it.
#
# Convenient, then. But is an even kernel forbidden? **Predict** what happens with a kernel of 4 and $p = 1$ or $2$, with `padding="same"`, and with `padding="same"` and stride 2.

# %% [markdown] id="odd" lang="zh" reviewed="d0aca0bb2b2a"
# ## 4. 核的大小为什么多是奇数
#
# 3、5、7，几乎见不到 4。公式说明了原因。步幅为 1、膨胀为 1 时，要保持大小不变，就得 $2p = f - 1$，即 $p = (f - 1)/2$，只有 $f$ 为奇数时它才是整数。奇数的窗口还有一个正中间的点（*锚点*），所以地图上的每个数都对应图像的一个点；偶数窗口的地图则要偏开半个点。
#
# 所以奇数方便。那么偶数的核就不许用吗？**预测**：核为 4，$p = 1$ 或 $2$，会怎样？用 `padding="same"` 呢？`padding="same"` 再加步幅 2 呢？

# %% id="odd-predict" tags=["hide-input"]
prediction("convolution.even", Text(en='With padding="same", which raises an error: a kernel of 4, or a stride of 2?', zh='在 padding="same" 时，哪个会报错：核为 4，还是步幅为 2？'), {
    (False, True): Text(en="the stride of 2", zh="步幅为 2"),
    (True, False): Text(en="the kernel of 4", zh="核为 4"),
    (True, True): Text(en="both", zh="两个都会"),
    (False, False): Text(en="neither", zh="两个都不会"),
})

# %% id="odd-run"
def try_layer(**settings):
    """A layer's output size for a 7 by 7 picture, or what it says instead."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")              # a hint about a copy that even kernels cost | 偶数核要多做一次复制的提示
        try:
            return list(nn.Conv2d(1, 1, **settings)(torch.zeros(1, 1, 7, 7)).shape[2:])
        except (ValueError, RuntimeError) as error:
            return f"{type(error).__name__}: {error}"


for settings in (
    {"kernel_size": 3, "padding": 1}, {"kernel_size": 4, "padding": 1}, {"kernel_size": 4, "padding": 2}, {"kernel_size": 4, "padding": "same"},
    {"kernel_size": 3, "padding": 1, "dilation": 2}, {"kernel_size": 3, "padding": 2, "dilation": 2}, {"kernel_size": 3, "padding": "same", "stride": 2},
):
    print(settings, "->", try_layer(**settings))

ones = F.conv1d(F.pad(torch.ones(1, 1, 6), (1, 2)), torch.ones(1, 1, 4))
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    same = F.conv1d(torch.ones(1, 1, 6), torch.ones(1, 1, 4), padding="same")
print(same[0, 0].int().tolist(), ones[0, 0].int().tolist())
reveal("convolution.even", tuple(isinstance(try_layer(padding="same", **choice), str) for choice in ({"kernel_size": 4}, {"kernel_size": 3, "stride": 2})))

# %% [markdown] id="odd-explain" lang="en"
# **Explain.** Even kernels are perfectly legal. With equal padding on both sides the size changes by one, 6 or 8 instead of 7; `padding="same"` keeps it by padding one dot more on the right (and at the bottom) than on the left: 1 and 2 for a kernel of 4, as the last line shows. What `"same"` refuses is a stride, for odd kernels as for even ones: to get 7 places on 7 dots with a kernel of 3 and a step of 2, a frame of 4 zeros on each side would be needed.
#
# And $(f - 1)/2$ holds for dilation 1. With dilation 2, a kernel of 3 covers 5 dots and needs $p = 2$: in general $d\,(f - 1)/2$.

# %% [markdown] id="odd-explain" lang="zh" reviewed="97261c07eaa5"
# **解释**：偶数的核完全合法。两侧填充相等时，大小会差 1，是 6 或 8 而不是 7；`padding="same"` 能保持大小，办法是右边（和下边）比左边多填一个点：核为 4 时填 1 和 2，最后一行就是证明。`"same"` 拒绝的是步幅，奇数核和偶数核都一样：7 个点、核为 3、每步移 2，要得到 7 个位置，两侧就得各填 4 个零。
#
# 另外，$(f - 1)/2$ 说的是膨胀为 1 的情形。膨胀为 2 时，大小为 3 的核跨 5 个点，要 $p = 2$：一般是 $d\,(f - 1)/2$。

# %% [markdown] id="channels" lang="en"
# ## 5. Channels and filters
#
# A colour picture has three numbers for each dot; inside a network there are dozens. These are the **channels**. Two words now have to be kept apart:
#
# - a **kernel** is one array `[KH, KW]`, laid on *one* channel;
# - a **filter** is a stack of kernels, one for each input channel, `[C, KH, KW]`, together with one number, the **bias**. What its kernels find is **added up over the channels**, the bias is added once, and *one* output channel results.
#
# A layer has $F$ filters, so its weight is `[F, C, KH, KW]` and its bias `[F]`. With stride $s$, dilation $d$ and $x$ already padded:
#
# $$y[n, f, i, j] = b[f] + \sum_{c}\sum_{u}\sum_{v} x[n, c, i s + u d, j s + v d] \cdot w[f, c, u, v]$$
#
# **Predict** the shapes of weight and bias, and the number of parameters, of the two layers of a classic network: `Conv2d(1, 6, 5)` and `Conv2d(6, 16, 5)`. How many kernels does the second one hold?

# %% [markdown] id="channels" lang="zh" reviewed="919661e3c684"
# ## 5. 通道与滤波器
#
# 彩色图像的每个点有三个数，网络内部则有几十个，这就是**通道**。现在有两个词要分清：
#
# - **核**是一个 `[KH, KW]` 的数组，压在*一个*通道上；
# - **滤波器**是一叠核，每个输入通道一个，即 `[C, KH, KW]`，外加一个数，叫作**偏置**。各个核的结果**对通道求和**，再加一次偏置，得到*一个*输出通道。
#
# 一层有 $F$ 个滤波器，所以权重是 `[F, C, KH, KW]`，偏置是 `[F]`。步幅为 $s$、膨胀为 $d$、$x$ 已填充好时：
#
# $$y[n, f, i, j] = b[f] + \sum_{c}\sum_{u}\sum_{v} x[n, c, i s + u d, j s + v d] \cdot w[f, c, u, v]$$
#
# 一个经典网络有这样两层：`Conv2d(1, 6, 5)` 和 `Conv2d(6, 16, 5)`。**预测**它们的权重和偏置的形状，以及参数的个数。第二层里有多少个核？

# %% id="channels-predict" tags=["hide-input"]
prediction("convolution.kernels", Text(en="The number of kernels in Conv2d(6, 16, 5):", zh="Conv2d(6, 16, 5) 里有多少个核："), [6, 16, 96, 2400])

# %% id="channels-run"
for inputs, outputs in ((1, 6), (6, 16)):
    layer = nn.Conv2d(inputs, outputs, 5)
    say(Text(en="Conv2d({i}, {o}, 5): weight {w}, bias {b}, {k} kernels in {o} filters, {n} parameters", zh="Conv2d({i}, {o}, 5)：权重 {w}，偏置 {b}，{o} 个滤波器共 {k} 个核，{n} 个参数"),
        i=inputs, o=outputs, w=list(layer.weight.shape), b=list(layer.bias.shape), k=inputs * outputs, n=sum(p.numel() for p in layer.parameters()))
reveal("convolution.kernels", layer.weight[..., 0, 0].numel())

# %% [markdown] id="channels-explain" lang="en"
# **Explain.** $6 \cdot 1 \cdot 25 + 6 = 156$ and $16 \cdot 6 \cdot 25 + 16 = 2416$. The second layer holds $6 \cdot 16 = 96$ kernels, but each filter still gives only one map.
#
# What is the sum over the channels good for? It puts findings together. The first layer below has two filters: "ink below paper" (the upper edge of a stroke) and "ink right of paper" (its left edge). A single filter of the second layer adds up both maps, with a negative bias, so that only places answer where the two meet. **Predict** where that is on a handwritten zero.

# %% [markdown] id="channels-explain" lang="zh" reviewed="bd3359ea1ed8"
# **解释**：$6 \cdot 1 \cdot 25 + 6 = 156$，$16 \cdot 6 \cdot 25 + 16 = 2416$。第二层有 $6 \cdot 16 = 96$ 个核，但每个滤波器仍然只给出一张地图。
#
# 对通道求和有什么用？它把各处的发现合在一起。下面的第一层有两个滤波器：“墨在纸的下方”（笔画的上缘）和“墨在纸的右边”（笔画的左缘）。第二层只有一个滤波器，它把两张地图加起来，再加一个负的偏置，于是只有两者相会之处才有回应。**预测**：在一个手写的 0 上，那是什么地方？

# %% id="corners-predict" tags=["hide-input"]
prediction("convolution.corners", Text(en="A handwritten zero: where do upper and left edges meet most strongly?", zh="手写的 0：上缘和左缘在哪里相会得最明显？"), {
    (0, -1): Text(en="on the straight part at the left", zh="在左边笔直的部分"),
    (-1, 1): Text(en="on the curve at the upper right", zh="在右上方的弧线上"),
    (1, 1): Text(en="on the curve at the lower right", zh="在右下方的弧线上"),
    (-1, -1): Text(en="on the curve at the upper left", zh="在左上方的弧线上"),
})

# %% id="corners" tags=["hide-input"]
edges = torch.stack([RIGHT_MINUS_LEFT.T, RIGHT_MINUS_LEFT])[:, None] / 3          # [2, 1, 3, 3]: two filters, one kernel each | 两个滤波器，各一个核
ring = images[10, 0]
maps = F.conv2d(ring[None, None], edges).clamp(min=0)                              # [1, 2, 26, 26]
both = torch.ones(1, 2, 5, 5, dtype=torch.float64) / 25                            # [1, 2, 5, 5]: one filter with two kernels | 一个滤波器，两个核
corners = F.conv2d(maps, both, torch.tensor([-0.35], dtype=torch.float64)).clamp(min=0)

fig, axes = new_figure(1, 4, height=2.6)
for ax, values, name in zip(axes, (ring, maps[0, 0], maps[0, 1], corners[0, 0]),
                            (Text(en="picture", zh="图像"), Text(en="upper edges", zh="上缘"), Text(en="left edges", zh="左缘"), Text(en="both meet", zh="两者相会")), strict=True):
    numbers(ax, values, name, colours="Greys", reach=values.abs().max().item(), written=False)
    ax.images[0].set_clim(0, values.max().item())
alone = F.avg_pool2d(maps, 5, 1).amax((0, 2, 3))      # what each kernel finds by itself, at most | 每个核单独的结果，至多是多少
say(Text(en="each map alone gives at most {a} and {b}, both together {c}", zh="两张地图单独至多给出 {a} 和 {b}，合起来 {c}"),
    a=digits(alone[0], 2), b=digits(alone[1], 2), c=digits(F.conv2d(maps, both).max(), 2))
i, j = divmod(corners.argmax().item(), corners.shape[3])
show(fig, alt=Text(
    en="A zero of 28 by 28 dots, two maps of 26 by 26 with its upper and left edges, and the map of 22 by 22 of the second layer: {n} of its {t} places are not 0, the strongest one is at row {i}, column {j}.",
    zh="一个 28 乘 28 的数字 0，两张 26 乘 26 的地图标出上缘和左缘，第二层的地图是 22 乘 22：{t} 个位置中有 {n} 个不为 0，最强的在第 {i} 行第 {j} 列。",
).format(n=int((corners > 0).sum()), t=corners.numel(), i=i, j=j))
aside = torch.tensor([i + 3.0, j + 3.0]) - ring.nonzero().double().mean(0)          # from the digit's middle, in dots | 离数字中心几个点
reveal("convolution.corners", tuple(aside.trunc().clamp(-1, 1).int().tolist()))

# %% [markdown] id="signature" lang="en"
# **Explain.** Only along the curve at the upper left, where the stroke has paper above it *and* to its left. On the straight parts one of the two maps is silent, and the other one alone never reaches the $0.35$ that the bias takes off. Neither of the two maps shows that curve by itself: it takes the sum over the channels.
#
# ### The whole signature
#
# `nn.Conv2d(in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, padding_mode='zeros', device=None, dtype=None)`. Sizes may be pairs, height first. Two of the names are new.
#
# - `groups` cuts the channels into groups that do not see each other: a filter then has only `in_channels / groups` kernels. With as many groups as channels, each channel has its own filter (a *depthwise* convolution), and nothing is added up over channels.
# - `padding_mode` says what the frame is made of: zeros, the picture mirrored at its border, its outermost dots repeated, or its opposite side.
#
# **Predict** the weight's shape in each line before you run the cell.

# %% [markdown] id="signature" lang="zh" reviewed="f9110b848f60"
# **解释**：只在左上方的弧线上，那里笔画的上边*和*左边都是纸。笔直的部分，两张地图中有一张没有动静，而另一张单独到不了偏置减去的 $0.35$。两张地图单独哪一张都显不出这段弧线：靠的是对通道求和。
#
# ### 完整的签名
#
# `nn.Conv2d(in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, padding_mode='zeros', device=None, dtype=None)`。大小可以是一对数，高在前。其中有两个名字是新的。
#
# - `groups` 把通道分成互不相见的组：这样一个滤波器只有 `in_channels / groups` 个核。组数与通道数相同时，每个通道有自己的滤波器（*逐通道*卷积，depthwise），也就没有对通道的求和了。
# - `padding_mode` 决定那圈框用什么填：零、以边界为镜的图像、重复最外面的点，或者对面的那一侧。
#
# 运行之前，先**预测**每一行的权重形状。

# %% id="signature-predict" tags=["hide-input"]
prediction("convolution.groups", Text(en="The weight's shape in nn.Conv2d(6, 12, kernel_size=3, groups=6):", zh="nn.Conv2d(6, 12, kernel_size=3, groups=6) 的权重形状："), [
    "[12, 1, 3, 3]", "[12, 6, 3, 3]", "[2, 6, 3, 3]", "[6, 1, 3, 3]",
])

# %% id="signature-run"
batch = torch.zeros(2, 6, 20, 30)
shapes = {}
for settings in (
    {"kernel_size": 3}, {"kernel_size": (3, 5)}, {"kernel_size": 3, "stride": (1, 2), "padding": (0, 1)}, {"kernel_size": 3, "dilation": 2},
    {"kernel_size": 3, "groups": 2}, {"kernel_size": 3, "groups": 6}, {"kernel_size": 1, "bias": False},
):
    layer = nn.Conv2d(6, 12, **settings)
    print(f"{settings!s:<58} weight {list(layer.weight.shape)!s:<15} out {list(layer(batch).shape)!s:<17} {sum(p.numel() for p in layer.parameters()):>4}")
    shapes[layer.groups] = str(list(layer.weight.shape))
reveal("convolution.groups", shapes[6])

row = torch.tensor([[[1.0, 2, 3, 4]]])
for mode in ("constant", "reflect", "replicate", "circular"):
    print(f"{mode:<10}", F.pad(row, (2, 2), mode=mode).int().tolist()[0][0])

# %% [markdown] id="signature-explain" lang="en"
# **Explain.** Six groups need a sixth of the weights. The kernel of 1 by 1 looks odd, but makes sense: it does not look around at all and mixes the channels of each dot, like a linear layer that is used at every dot. (`F.pad` calls the zeros `constant`; `padding_mode` calls them `zeros`.)

# %% [markdown] id="signature-explain" lang="zh" reviewed="6487996ec81a"
# **解释**：分成六组，权重只需六分之一。1 乘 1 的核看似古怪，却有道理：它完全不看周围，只把每个点的各个通道混合起来，好比在每个点上都用一次同一个线性层。（`F.pad` 把填零叫作 `constant`，`padding_mode` 则叫作 `zeros`。）

# %% [markdown] id="conv2d-card" lang="en"
# ### Exercise 10.2: the convolution layer
#
# **Difficulty:** 3 of 5. **Time:** 20 minutes.
#
# Write `conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1)` by the formula above, with your own loops and sums instead of a ready-made convolution.
#
# - `x` is `[N, C, H, W]`, `weight` is `[F, C, KH, KW]`, `bias` is `[F]` or `None`; the other three are whole numbers for both directions.
# - Return a new tensor `[N, F, OH, OW]` of the same dtype as `x`. Height and width may differ, for the picture and for the kernel.
# - A way that is short and clear: pad (`F.pad(x, (left, right, top, bottom))`), loop over the places, cut out the window of *all* samples and channels with a slice `start : stop : dilation`, and let `torch.einsum` do the sum.

# %% [markdown] id="conv2d-card" lang="zh" reviewed="3977523065b6"
# ### 练习 10.2：卷积层
#
# **难度**：3（共 5 级）。**时间**：20 分钟。
#
# 按上面的公式编写 `conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1)`，循环和求和都自己写，不用现成的卷积。
#
# - `x` 是 `[N, C, H, W]`，`weight` 是 `[F, C, KH, KW]`，`bias` 是 `[F]` 或 `None`；其余三个是整数，两个方向通用。
# - 返回新的张量 `[N, F, OH, OW]`，dtype 与 `x` 相同。图像和核的高与宽都可以不等。
# - 一种简短清楚的做法：先填充（`F.pad(x, (left, right, top, bottom))`），再遍历各个位置，用切片 `start : stop : dilation` 一次切出*所有*样本和通道的窗口，求和交给 `torch.einsum`。

# %% id="conv2d" tags=["solution"]
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1):
    """Cross-correlation of x [N, C, H, W] with the filters weight [F, C, KH, KW] -> [N, F, OH, OW]."""
    ### BEGIN SOLUTION
    filters, _, kh, kw = weight.shape
    high, wide = dilation * (kh - 1) + 1, dilation * (kw - 1) + 1        # what a window covers | 一个窗口跨多少点
    x = F.pad(x, (padding, padding, padding, padding))
    rows, cols = (x.shape[2] - high) // stride + 1, (x.shape[3] - wide) // stride + 1
    out = x.new_zeros(len(x), filters, rows, cols)
    for i in range(rows):
        for j in range(cols):
            top, left = i * stride, j * stride
            window = x[:, :, top : top + high : dilation, left : left + wide : dilation]
            out[:, :, i, j] = torch.einsum("nchw,fchw->nf", window, weight)
    if bias is not None:
        out = out + bias[:, None, None]
    return out
    ### END SOLUTION

# %% id="conv2d-check" tags=["check"]
check("convolution.conv2d")

# %% [markdown] id="same-as-torch" lang="en"
# Put your function in the place of PyTorch's, for the two layers of section 5 and two real digits, and compare. **Predict** the shapes on the way: 28 dots, then a window of 5, then another one.

# %% [markdown] id="same-as-torch" lang="zh" reviewed="2451d14b575f"
# 用你的函数代替 PyTorch 的，处理第 5 节那两层和两个真实的数字，再比较结果。**预测**途中的形状：28 个点，先过一个大小为 5 的窗口，再过一个。

# %% id="same-as-torch-predict" tags=["hide-input"]
prediction("convolution.shapes", Text(en="Two digits [2, 1, 28, 28] through Conv2d(1, 6, 5), then Conv2d(6, 16, 5):", zh="两个数字 [2, 1, 28, 28]，先过 Conv2d(1, 6, 5)，再过 Conv2d(6, 16, 5)："), [
    "[2, 6, 23, 23] -> [2, 16, 18, 18]", "[2, 6, 24, 24] -> [2, 96, 20, 20]", "[2, 6, 28, 28] -> [2, 16, 28, 28]", "[2, 6, 24, 24] -> [2, 16, 20, 20]",
])

# %% id="same-as-torch-run"
if solved("convolution.conv2d"):
    torch.manual_seed(0)
    first, second = nn.Conv2d(1, 6, 5).double(), nn.Conv2d(6, 16, 5).double()
    with torch.no_grad():
        ours = conv2d(images[:2], first.weight, first.bias)
        print(list(images[:2].shape), "->", list(ours.shape), end=" -> ")
        halfway = list(ours.shape)
        ours = conv2d(ours.relu(), second.weight, second.bias)
        print(list(ours.shape))
        theirs = second(first(images[:2]).relu())
    say(Text(en="largest difference below 1e-12: {v}", zh="最大差异小于 1e-12：{v}"), v=(ours - theirs).abs().max().item() < 1e-12)
    reveal("convolution.shapes", f"{halfway} -> {list(ours.shape)}")

# %% [markdown] id="receptive" lang="en"
# ## 6. How far does an output see?
#
# One layer with a 3 by 3 kernel sees 3 by 3 dots. What stands behind a number of the third such layer? The part of the picture that can change it is called its **receptive field**. Work it out layer by layer with two numbers: $r$, the width that is seen, and the **jump** $g$, the distance in the picture between two neighbouring numbers of the current map. Start with $r = 1$, $g = 1$; each layer makes
#
# $$r \leftarrow r + (f - 1)\, d\, g \qquad\qquad g \leftarrow g \cdot s$$
#
# **Predict** $r$ for three layers of 3 by 3. Then for the classic network: a convolution of 5, pooling of 2 with stride 2, a convolution of 5, and the same pooling again.

# %% [markdown] id="receptive" lang="zh" reviewed="e521d2c46cdd"
# ## 6. 一个输出能看多远？
#
# 一层 3 乘 3 的核看到 3 乘 3 个点。那么第三个这样的层里，一个数的背后是什么？图像中能影响它的那一部分，叫作它的**感受野**。用两个数逐层推算：$r$ 是看到的宽度，**间距** $g$ 是当前地图上相邻两个数在图像中的距离。从 $r = 1$、$g = 1$ 开始，每一层做一次
#
# $$r \leftarrow r + (f - 1)\, d\, g \qquad\qquad g \leftarrow g \cdot s$$
#
# 三层 3 乘 3 的卷积，**预测** $r$ 是多少。再看那个经典网络：大小为 5 的卷积，大小为 2、步幅为 2 的池化，大小为 5 的卷积，然后同样的池化再来一次。

# %% id="receptive-predict" tags=["hide-input"]
prediction("convolution.receptive", Text(en="The receptive fields of three 3×3 layers and of the classic network:", zh="三层 3×3 和经典网络的感受野："), {
    (3, 5): Text(en="3 and 5", zh="3 和 5"),
    (7, 16): Text(en="7 and 16", zh="7 和 16"),
    (7, 11): Text(en="7 and 11", zh="7 和 11"),
    (9, 14): Text(en="9 and 14", zh="9 和 14"),
})

# %% id="receptive-run"
STACKS = {                                           # each layer: kernel, stride, dilation | 每一层：核、步幅、膨胀
    Text(en="one 3×3", zh="一层 3×3"): [(3, 1, 1)],
    Text(en="two 3×3", zh="两层 3×3"): [(3, 1, 1)] * 2,
    Text(en="three 3×3", zh="三层 3×3"): [(3, 1, 1)] * 3,
    Text(en="3×3, pool 2, 3×3", zh="3×3、池化 2、3×3"): [(3, 1, 1), (2, 2, 1), (3, 1, 1)],
    Text(en="3×3 with dilation 1, 2, 4", zh="3×3，膨胀 1、2、4"): [(3, 1, 1), (3, 1, 2), (3, 1, 4)],
    Text(en="3×3 with dilation 3, twice", zh="3×3，膨胀 3，两次"): [(3, 1, 3)] * 2,
    Text(en="classic: 5, pool 2, 5, pool 2", zh="经典：5、池化 2、5、池化 2"): [(5, 1, 1), (2, 2, 1), (5, 1, 1), (2, 2, 1)],
}


def receptive_field(stack):
    """(r, g) by the formula."""
    r = g = 1
    for kernel, stride, dilation in stack:
        r, g = r + (kernel - 1) * dilation * g, g * stride
    return r, g


def paths(stack, size=28):
    """In how many ways each dot of the picture reaches the middle output: its gradient, with weights of 1 everywhere."""
    dots = torch.zeros(1, 1, size, size, dtype=torch.float64, requires_grad=True)
    out = dots
    for kernel, stride, dilation in stack:
        out = F.conv2d(out, torch.ones(1, 1, kernel, kernel, dtype=torch.float64), stride=stride, dilation=dilation)
    out[0, 0, out.shape[2] // 2, out.shape[3] // 2].backward()
    return dots.grad[0, 0]


widths = []
for name, stack in STACKS.items():
    seen = paths(stack)
    rows = seen.sum(1).nonzero()
    widths.append(int(rows.max() - rows.min()) + 1)
    say(Text(en="{name}: formula {r}, by autograd {a}, jump {g}", zh="{name}：公式 {r}，自动求导 {a}，间距 {g}"),
        name=name, r=receptive_field(stack)[0], a=widths[-1], g=receptive_field(stack)[1])
reveal("convolution.receptive", (widths[2], widths[-1]))

# %% [markdown] id="receptive-explain" lang="en"
# **Explain.** Three layers of 3 by 3 see 7 by 7, with $3 \cdot 9 = 27$ weights per pair of channels instead of 49, and with three nonlinearities on the way: that is why modern networks stack small kernels. The classic network sees 16 by 16 of 28 by 28 dots. Strides and pooling make everything *after* them see further, for they raise the jump; dilation widens the view without making the map coarser.
#
# Autograd found the same, by a useful trick: an output depends on exactly those dots whose gradient is not zero. And it tells more than the formula does. Look at *how much* each dot counts.

# %% [markdown] id="receptive-explain" lang="zh" reviewed="c53c955a9f96"
# **解释**：三层 3 乘 3 能看到 7 乘 7，每对通道只用 $3 \cdot 9 = 27$ 个权重，而不是 49 个，途中还多了三次非线性：现代网络爱把小核叠起来，原因就在这里。经典网络能看到 28 乘 28 中的 16 乘 16。步幅和池化加大了间距，所以能让*后面*的所有层看得更远；膨胀则能让看到的范围更宽，又不会让地图变粗。
#
# 自动求导给出同样的结果，用的是一个很实用的窍门：一个输出只依赖于梯度不为零的那些点。它说的还比公式多：来看看每个点的*分量*有多大。

# %% id="explore-receptive" tags=["hide-input"]
def draw_field(stack):
    seen = paths(STACKS[stack])
    r, g = receptive_field(STACKS[stack])
    fig, ax = new_figure(height=3.9)
    ax.imshow(picture, cmap="Greys", alpha=0.35)
    ax.imshow(torch.where(seen > 0, seen / seen.max(), torch.nan), cmap="plasma", vmin=0, vmax=1, alpha=0.8)
    rows, cols = seen.sum(1).nonzero(), seen.sum(0).nonzero()
    frame(ax, rows.min().item(), cols.min().item(), r, r)
    bare(ax)
    label(ax, title=Text(en="{s}: receptive field {r} by {r}", zh="{s}：感受野 {r} 乘 {r}").format(s=stack, r=r))
    return fig, Text(
        en="The receptive field of one output over a digit, with the layers \"{s}\": {r} by {r} dots, of which {n} count. The most important dot is reached in {m} ways, a corner dot in {c}. Jump: {g}.",
        zh="各层为“{s}”时，一个输出在数字上的感受野：{r} 乘 {r} 个点，其中 {n} 个起作用。最重要的点有 {m} 条路可达，角上的点有 {c} 条。间距：{g}。",
    ).format(s=stack, r=r, n=int((seen > 0).sum()), m=int(seen.max()), c=int(seen[rows.min(), cols.min()]), g=g)


explore(draw_field, labels={"stack": Text(en="layers", zh="各层")}, stack=[list(STACKS)[2], *(name for name in STACKS if name != list(STACKS)[2])])

# %% [markdown] id="explore-receptive-explain" lang="en"
# With all weights equal, as here, a dot in the middle has much more say than one in the corner: it reaches the output in many ways, the corner in only one. So the field that really counts is smaller than the square and fades towards its border. Two layers with dilation 3 leave holes: some dots in the square are never looked at. With 1, 2, 4 there are none.

# %% [markdown] id="explore-receptive-explain" lang="zh" reviewed="c3cf730be4b6"
# 像这里这样权重全都相等时，中间的点比角上的分量重得多：它有许多条路通往输出，角上只有一条。所以真正起作用的范围比那个方框小，越靠边越淡。两层膨胀 3 的卷积会留下空洞：方框里有些点从来没人看。用 1、2、4 就没有空洞。

# %% [markdown] id="backward" lang="en"
# ## 7. The way back
#
# A row $x$ of four dots, a kernel of two: $y_0 = w_0 x_0 + w_1 x_1$, $y_1 = w_0 x_1 + w_1 x_2$, $y_2 = w_0 x_2 + w_1 x_3$. From above comes one gradient for each output: $g_0, g_1, g_2$. Everything that you need stands in these three lines; read them column by column.
#
# - $w_0$ was used three times, on $x_0$, $x_1$ and $x_2$; what is used several times collects the **sum**: $g_0 x_0 + g_1 x_1 + g_2 x_2$.
# - $x_1$ was used twice: with $w_1$ in $y_0$ and with $w_0$ in $y_1$. So its gradient is $g_0 w_1 + g_1 w_0$.
# - A bias is added to every output: $g_0 + g_1 + g_2$.
#
# **Predict** the gradients of $x$ and $w$ for $x = (1, 2, 3, 4)$, $w = (5, 7)$ and $g = (1, 10, 100)$. Do you recognise two convolutions in them?

# %% [markdown] id="backward" lang="zh" reviewed="a5c8f3989436"
# ## 7. 反向
#
# 一行四个点 $x$，核长为 2：$y_0 = w_0 x_0 + w_1 x_1$，$y_1 = w_0 x_1 + w_1 x_2$，$y_2 = w_0 x_2 + w_1 x_3$。上游为每个输出传来一个梯度：$g_0, g_1, g_2$。需要的一切都在这三行里，竖着读就行。
#
# - $w_0$ 用了三次，分别乘 $x_0$、$x_1$ 和 $x_2$；多处使用的，梯度就**相加**：$g_0 x_0 + g_1 x_1 + g_2 x_2$。
# - $x_1$ 用了两次：在 $y_0$ 里乘 $w_1$，在 $y_1$ 里乘 $w_0$。所以它的梯度是 $g_0 w_1 + g_1 w_0$。
# - 偏置加到了每个输出上：$g_0 + g_1 + g_2$。
#
# 取 $x = (1, 2, 3, 4)$、$w = (5, 7)$、$g = (1, 10, 100)$，**预测** $x$ 和 $w$ 的梯度。你能从中认出两个卷积吗？

# %% id="backward-predict" tags=["hide-input"]
prediction("convolution.backward", Text(en="The gradient of x for x = (1, 2, 3, 4), w = (5, 7) and g = (1, 10, 100):", zh="x = (1, 2, 3, 4)、w = (5, 7)、g = (1, 10, 100)，x 的梯度："), [
    "[5, 57, 570, 700]", "[5, 50, 500, 700]", "[7, 75, 750, 500]", "[5, 12, 12, 7]",
])

# %% id="backward-run"
x, w, g = (torch.tensor([[values]]) for values in ([1.0, 2, 3, 4], [5.0, 7], [1.0, 10, 100]))
x.requires_grad_()
w.requires_grad_()
for_x, for_w = torch.autograd.grad(F.conv1d(x, w), (x, w), g)
print("grad_x", for_x.int().tolist()[0][0], F.conv1d(g, w.detach().flip(2), padding=1).int().tolist()[0][0])
print("grad_w", for_w.int().tolist()[0][0], F.conv1d(x.detach(), g).int().tolist()[0][0])
reveal("convolution.backward", str(for_x.int().tolist()[0][0]))

# %% [markdown] id="backward-explain" lang="en"
# **Explain.** The weights' gradient is the input, slid over with $g$ as the kernel. The input's gradient is $g$ with *full* padding, slid over with the **flipped** kernel: $w_1$ comes before $w_0$ in $g_0 w_1 + g_1 w_0$. Here the mathematicians' convolution turns up after all.
#
# Thinking of flips is not necessary, though. There is a simpler picture, which also works with a stride: **each output lays its gradient times the kernel back onto the window that it came from, and overlapping windows add up.** Draw it for the $g$ above: 5 and 7 on the first two dots, 50 and 70 one dot further, 500 and 700 another dot further; together 5, 57, 570, 700.

# %% [markdown] id="backward-explain" lang="zh" reviewed="507dd08974bb"
# **解释**：权重的梯度，就是以 $g$ 为核在输入上滑动的结果。输入的梯度，则是 $g$ 做 *full* 填充之后，用**翻转**的核滑动的结果：在 $g_0 w_1 + g_1 w_0$ 里，$w_1$ 排在 $w_0$ 前面。数学家的卷积终究还是在这里露面了。
#
# 不过也不必去想翻转。有一幅更简单的图，带步幅时同样管用：**每个输出把自己的梯度乘以核，放回它所来自的窗口；窗口重叠之处相加**。拿上面的 $g$ 画一画：前两个点上是 5 和 7，往后移一个点是 50 和 70，再移一个点是 500 和 700，合起来是 5、57、570、700。

# %% [markdown] id="conv_backward-card" lang="en"
# ### Exercise 10.3: the way back through a convolution
#
# **Difficulty:** 4 of 5. **Time:** 20 minutes.
#
# Write `conv_backward(grad_out, x, weight, stride=1, padding=0)`: the three gradients of a convolution layer with dilation 1, `(grad_x, grad_weight, grad_bias)`, in this order.
#
# - `grad_out` `[N, F, OH, OW]` is the gradient that arrives from above; `x` and `weight` are as in exercise 10.2.
# - Each gradient has the shape of its variable: `[N, C, H, W]`, `[F, C, KH, KW]`, `[F]`. The frame of zeros belongs to the padded picture and not to `x`.
# - Write the loops yourself: the same places and windows as on the way forward.

# %% [markdown] id="conv_backward-card" lang="zh" reviewed="96114650215e"
# ### 练习 10.3：卷积的反向
#
# **难度**：4（共 5 级）。**时间**：20 分钟。
#
# 编写 `conv_backward(grad_out, x, weight, stride=1, padding=0)`：膨胀为 1 的卷积层的三个梯度，按 `(grad_x, grad_weight, grad_bias)` 的顺序返回。
#
# - `grad_out` `[N, F, OH, OW]` 是上游传来的梯度；`x` 和 `weight` 与练习 10.2 相同。
# - 每个梯度都与自己的变量同形：`[N, C, H, W]`、`[F, C, KH, KW]`、`[F]`。那一圈零属于填充后的图像，不属于 `x`。
# - 循环自己写：位置和窗口与前向时相同。

# %% id="conv_backward" tags=["solution"]
def conv_backward(grad_out, x, weight, stride=1, padding=0):
    """The gradients of x, weight and bias, given that of the output."""
    ### BEGIN SOLUTION
    kh, kw = weight.shape[2:]
    padded = F.pad(x, (padding, padding, padding, padding))
    grad_padded, grad_weight = torch.zeros_like(padded), torch.zeros_like(weight)
    for i in range(grad_out.shape[2]):
        for j in range(grad_out.shape[3]):
            top, left = i * stride, j * stride
            rows, cols = slice(top, top + kh), slice(left, left + kw)
            g = grad_out[:, :, i, j]                                          # [N, F]
            grad_padded[:, :, rows, cols] += torch.einsum("nf,fchw->nchw", g, weight)
            grad_weight += torch.einsum("nf,nchw->fchw", g, padded[:, :, rows, cols])
    grad_x = grad_padded[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]
    return grad_x, grad_weight, grad_out.sum(dim=(0, 2, 3))
    ### END SOLUTION

# %% id="conv_backward-check" tags=["check"]
check("convolution.conv_backward")

# %% [markdown] id="learn" lang="en"
# Forward and backward: that is all a layer needs in order to learn. Let it find a kernel that it has never seen. Somebody has treated sixteen digits of 8 by 8 dots with a secret kernel of 3 by 3; you have the digits and the results. **Predict:** when your two functions learn the kernel by gradient descent from zero, does it come out as it is, or flipped?

# %% [markdown] id="learn" lang="zh" reviewed="4bbe1292358d"
# 有了前向和反向，一个层就能学习了。让它去找一个从没见过的核。有人用一个秘密的 3 乘 3 核处理了十六个 8 乘 8 的数字，原图和结果你都有。**预测**：用你的两个函数从零开始做梯度下降，学出来的核是原样，还是翻转的？

# %% id="learn-predict" tags=["hide-input"]
prediction("convolution.learn", Text(en="The kernel that is learnt comes out", zh="学出来的核"), {
    "flipped": Text(en="flipped", zh="是翻转的"),
    "as it is": Text(en="as it is", zh="是原样"),
    "another": Text(en="as another one that gives the same results", zh="是另一个结果相同的核"),
})

# %% id="learn-run"
if solved("convolution.conv2d", "convolution.conv_backward"):
    pieces = images[:16, :, 3:27:3, 3:27:3] - images.mean()
    secret = torch.tensor([[[[2.0, 0.0, 1.0], [0.0, -3.0, 0.0], [0.0, 1.0, 0.0]]]], dtype=torch.float64)
    results = F.conv2d(pieces, secret)
    kernel = torch.zeros_like(secret)
    for step in range(201):
        error = conv2d(pieces, kernel) - results
        if step in (0, 20, 200):
            say(Text(en="step {n:>3}: loss {v}", zh="第 {n:>3} 步：损失 {v}"), n=step, v=digits(error.pow(2).mean(), 2))
        _, gradient, _ = conv_backward(2 * error / error.numel(), pieces, kernel)
        kernel -= gradient                                # learning rate 1 | 学习率为 1
    print([[digits(round(v, 1) + 0.0, 2) for v in row] for row in kernel[0, 0].tolist()])
    near = [name for name, other in (("as it is", secret), ("flipped", secret.flip(2, 3))) if torch.allclose(kernel, other, atol=0.05)]
    reveal("convolution.learn", near[0] if near else "another")

# %% [markdown] id="learn-explain" lang="en"
# **Explain.** As it is: the same operation that made the results also learns, so nothing is ever flipped. That is section 2 from the other side. And it is how every kernel in every network came about: nobody writes "right minus left" into it; gradient descent finds what is useful.

# %% [markdown] id="learn-explain" lang="zh" reviewed="91e0a8f42b7e"
# **解释**：是原样。生成结果的和学习的是同一种运算，自始至终没有翻转。这就是第 2 节的另一面。所有网络里的所有核也都是这样来的：没有人把“右减左”写进去，有用的东西由梯度下降自己找到。

# %% [markdown] id="pooling" lang="en"
# ## 8. Max-pooling
#
# After a convolution it is often enough to know *that* something was found near a place, not at which dot exactly. **Pooling** slides a window as well, but takes its largest number (or the mean) instead of a weighted sum, each channel by itself. `F.max_pool2d(x, 2)` has windows of 2 by 2, and unless you say otherwise **the stride is the size of the window**, so that the windows lie side by side.
#
# **Predict** for the maps `[1, 6, 24, 24]` of a first layer: how many percent of the numbers are left? How many parameters does the pooling layer have? Is there a difference between `(2, 2)` and `2`? And between `relu(max_pool2d(x, 2))` and `max_pool2d(relu(x), 2)`?

# %% [markdown] id="pooling" lang="zh" reviewed="794b9c53ee65"
# ## 8. 最大池化
#
# 卷积之后，往往只要知道在某处附近*找到了*什么，不必知道究竟在哪个点。**池化**也滑动一个窗口，但不求加权和，而是取窗口中最大的数（或平均），各个通道分开进行。`F.max_pool2d(x, 2)` 的窗口是 2 乘 2；若不另外说明，**步幅就等于窗口的大小**，所以窗口一个挨一个。
#
# 第一层的地图是 `[1, 6, 24, 24]`。**预测**：还剩下百分之几的数？池化层有多少个参数？`(2, 2)` 和 `2` 有区别吗？`relu(max_pool2d(x, 2))` 和 `max_pool2d(relu(x), 2)` 呢？

# %% id="pooling-predict" tags=["hide-input"]
prediction("convolution.pooling", Text(en="How much is left after max_pool2d(x, 2)? And is relu before it the same as after it?", zh="max_pool2d(x, 2) 之后还剩多少？relu 放在它之前和之后，结果一样吗？"), {
    (25, False): Text(en="25 %; not the same", zh="25 %；不一样"),
    (25, True): Text(en="25 %; the same", zh="25 %；一样"),
    (50, False): Text(en="50 %; not the same", zh="50 %；不一样"),
    (50, True): Text(en="50 %; the same", zh="50 %；一样"),
})

# %% id="pooling-run"
maps = F.conv2d(images[:1], torch.from_numpy(np.random.default_rng(0).standard_normal((6, 1, 5, 5))))
pooled = F.max_pool2d(maps, 2)
say(Text(en="{a} -> {b}: {p} % left", zh="{a} -> {b}：还剩 {p} %"), a=list(maps.shape), b=list(pooled.shape), p=100 * pooled.numel() // maps.numel())
say(Text(en="parameters: {n}", zh="参数个数：{n}"), n=sum(p.numel() for p in nn.MaxPool2d(2).parameters()))
say(Text(en="(2, 2) the same as 2: {v}", zh="(2, 2) 与 2 相同：{v}"), v=torch.equal(F.max_pool2d(maps, (2, 2)), pooled))
say(Text(en="max first or relu first: the same {v}", zh="先取最大还是先 relu：相同 {v}"), v=torch.equal(pooled.relu(), F.max_pool2d(maps.relu(), 2)))
say(Text(en="mean first or relu first: the same {v}", zh="先取平均还是先 relu：相同 {v}"), v=torch.equal(F.avg_pool2d(maps, 2).relu(), F.avg_pool2d(maps.relu(), 2)))
print(list(F.max_pool2d(maps, (2, 3)).shape), list(F.max_pool2d(maps, 3, 1).shape), list(F.max_pool2d(maps[..., :23, :23], 2).shape), list(F.max_pool2d(maps[..., :23, :23], 2, ceil_mode=True).shape))
reveal("convolution.pooling", (100 * pooled.numel() // maps.numel(), torch.equal(pooled.relu(), F.max_pool2d(maps.relu(), 2))))

# %% [markdown] id="pooling-explain" lang="en"
# **Explain.** A quarter is left, 75 % of the numbers are gone, and with them three quarters of the work of the next layer. There is nothing to train. One number for both directions is only a shorter way to write a square window; `(2, 3)` is 2 high and 3 wide. The shape law is the one of section 3, and what does not fill a window is dropped: 23 becomes 11 (with `ceil_mode=True`, 12).
#
# ReLU and max may change places, for ReLU never reverses an order: whoever is largest stays largest. So `relu(max_pool2d(conv(x), 2))`, a line that you will find in many programs, gives the same as the more usual order, with a quarter of the ReLUs. For the mean it does not hold.
#
# Is the answer now independent of small shifts? That is often claimed. **Predict**, then measure: move a digit by one dot and see how much its map changes, without and with pooling.

# %% [markdown] id="pooling-explain" lang="zh" reviewed="569403efb672"
# **解释**：剩下四分之一，75 % 的数没有了，下一层的工作量也随之省掉四分之三。没有任何东西要训练。两个方向只写一个数，不过是方形窗口的简写；`(2, 3)` 则是高 2 宽 3。形状公式就是第 3 节的那个，凑不满一个窗口的部分丢掉：23 变成 11（用 `ceil_mode=True` 则是 12）。
#
# ReLU 和取最大可以交换，因为 ReLU 从不颠倒次序：谁最大，过后还是谁最大。所以许多程序里的那行 `relu(max_pool2d(conv(x), 2))`，与更常见的次序结果相同，而 ReLU 只需算四分之一。换成平均就不成立了。
#
# 那么，回答是不是就不受小幅平移的影响了？常有人这么说。先**预测**，再测量：把数字移一个点，看看地图变化多少，不池化和池化各是多少。

# %% id="robust-predict" tags=["hide-input"]
prediction("convolution.robust", Text(en="A shift of one dot: compared with no pooling, the map after 2 by 2 max-pooling changes", zh="移动一个点：与不池化相比，2 乘 2 最大池化之后的地图"), {
    0.0: Text(en="not at all", zh="毫无变化"),
    0.1: Text(en="about a tenth as much", zh="变化约为十分之一"),
    0.8: Text(en="about four fifths as much", zh="变化约为五分之四"),
    1.0: Text(en="just as much", zh="变化一样大"),
})

# %% id="robust-run"
many = images[:200]
moved = torch.zeros_like(many)
moved[..., 1:] = many[..., :-1]


def change(treat):
    """By how much a shift of one dot changes the maps: the norm of the difference over the norm."""
    return ((treat(moved) - treat(many)).norm() / treat(many).norm()).item()


def edge_maps(x):
    return F.conv2d(x, edges, padding=1).relu()


for name, treat in (
    (Text(en="no pooling", zh="不池化"), edge_maps),
    (Text(en="max 2 by 2", zh="最大 2 乘 2"), lambda x: F.max_pool2d(edge_maps(x), 2)),
    (Text(en="max 4 by 4", zh="最大 4 乘 4"), lambda x: F.max_pool2d(edge_maps(x), 4)),
    (Text(en="max 7 by 7", zh="最大 7 乘 7"), lambda x: F.max_pool2d(edge_maps(x), 7)),
    (Text(en="one maximum for each map", zh="每张地图一个最大值"), lambda x: edge_maps(x).amax((2, 3))),
):
    say(Text(en="{name}: changed by {v} %", zh="{name}：变化 {v} %"), name=name, v=digits(round(100 * change(treat), 4), 2))
share = change(lambda x: F.max_pool2d(edge_maps(x), 2)) / change(edge_maps)
reveal("convolution.robust", min((0.0, 0.1, 0.8, 1.0), key=lambda guess: abs(guess - share)))

# %% [markdown] id="ties" lang="en"
# **Explain.** Less than without, but far from nothing: pooling makes a network more tolerant of small shifts, not independent of them. Only one maximum for the whole map is, and then all knowledge of *where* is gone.
#
# ### The way back through a maximum
#
# The largest number of a window gets the whole gradient, the others get nothing: had they been a little larger, nothing would have changed. If a dot wins in several overlapping windows, its gradients add up. And if two dots are equally large? That is a kink, and every distribution among them could be defended; PyTorch gives all of it to the **first** in reading order. **Predict:** are such ties rare in practice?

# %% [markdown] id="ties" lang="zh" reviewed="18a801fec584"
# **解释**：比不池化少，但远不是零：池化让网络对小幅平移更宽容，并没有让它不受影响。整张地图只取一个最大值，才真正不受影响，可那样一来，*在哪里*的信息也就全丢了。
#
# ### 穿过最大值的反向
#
# 窗口中最大的数得到整份梯度，其余的什么也没有：它们就算大那么一点点，结果也不会变。一个点若在好几个重叠的窗口里胜出，梯度就相加。要是两个点一样大呢？那是个折点，怎么分都说得过去；PyTorch 把整份给按阅读顺序排在**第一个**的点。**预测**：这种并列在实际中少见吗？

# %% id="ties-predict" tags=["hide-input"]
prediction("convolution.ties", Text(en="The share of 2 by 2 windows with a tie, in maps after ReLU:", zh="ReLU 之后的地图上，有并列的 2 乘 2 窗口占多少："), {
    1: Text(en="about 1 %", zh="约 1 %"),
    10: Text(en="about 10 %", zh="约 10 %"),
    60: Text(en="about 60 %", zh="约 60 %"),
})

# %% id="ties-run"
after_relu = edge_maps(many)
windows = after_relu.unfold(2, 2, 2).unfold(3, 2, 2).flatten(4)
tied = (windows == windows.amax(-1, keepdim=True)).sum(-1) > 1
say(Text(en="windows with a tie: {a} %, of these with nothing but zeros: {b} %", zh="有并列的窗口：{a} %，其中全是零的占 {b} %"),
    a=digits(100 * tied.double().mean(), 2), b=digits(100 * (windows.amax(-1)[tied] == 0).double().mean(), 3))
reveal("convolution.ties", min((1, 10, 60), key=lambda guess: abs(guess - 100 * tied.double().mean().item())))

level = torch.tensor([[[[1.0, 3.0, 3.0, 2.0], [0.0, 3.0, 0.0, 3.0]]]], requires_grad=True)
F.max_pool2d(level, 2).sum().backward()
print(level.grad.int().tolist()[0][0])
frost = torch.full((1, 1, 2, 2), -10000.0)
print(F.max_pool2d(frost, 2, stride=1, padding=1).int().tolist()[0][0])

# %% [markdown] id="max_pool-card" lang="en"
# **Explain.** Not rare at all: where ReLU has made everything zero, all four are equal. (There it does no harm, as ReLU stops the gradient anyway.) The last line shows a second subtlety: with padding, max-pooling of a picture of $-10000$ still gives $-10000$. The frame consists of $-\infty$ and not of 0, so that it can never win.
#
# ### Exercise 10.4: max-pooling, there and back
#
# **Difficulty:** 4 of 5. **Time:** 20 minutes.
#
# Write `max_pool(x, size, stride, padding=0)`. It returns two things, `out` and `backward`.
#
# - `x` is `[N, C, H, W]`; the windows have `size` by `size` dots, `stride` apart; `padding` is at most half the size. `out` is `[N, C, OH, OW]`.
# - `backward` is a function: `backward(grad_out)` returns the gradient of `x`, `[N, C, H, W]`. It remembers what it needs from the way forward (a function inside a function can).
# - Among equal maxima, the first in reading order gets the gradient: from left to right, then from top to bottom.
# - `t.max(dim=…)` gives the values and the places of the first maxima; `scatter_` puts numbers at places.

# %% [markdown] id="max_pool-card" lang="zh" reviewed="304f6c0743ee"
# **解释**：一点也不少见：凡是 ReLU 把一切都变成零的地方，四个点全都相等。（在那里倒无妨，因为 ReLU 反正会挡住梯度。）最后一行显出第二处细节：带填充时，对全是 $-10000$ 的图像做最大池化，得到的仍是 $-10000$。那圈框填的是 $-\infty$ 而不是 0，所以它永远赢不了。
#
# ### 练习 10.4：最大池化的前向与反向
#
# **难度**：4（共 5 级）。**时间**：20 分钟。
#
# 编写 `max_pool(x, size, stride, padding=0)`，返回两样东西：`out` 和 `backward`。
#
# - `x` 是 `[N, C, H, W]`；窗口是 `size` 乘 `size` 个点，相邻窗口相距 `stride`；`padding` 至多是 size 的一半。`out` 是 `[N, C, OH, OW]`。
# - `backward` 是一个函数：`backward(grad_out)` 返回 `x` 的梯度，`[N, C, H, W]`。它记住前向时要用的东西（函数里面的函数可以做到）。
# - 最大值有并列时，按阅读顺序，梯度给第一个：从左到右，再从上到下。
# - `t.max(dim=…)` 给出最大值以及第一个最大值的位置；`scatter_` 把数放到指定的位置。

# %% id="max_pool" tags=["solution"]
def max_pool(x, size, stride, padding=0):
    """The maximum of each window, and a function that takes grad_out to the gradient of x."""
    ### BEGIN SOLUTION
    padded = F.pad(x, (padding, padding, padding, padding), value=-math.inf)
    rows, cols = (padded.shape[2] - size) // stride + 1, (padded.shape[3] - size) // stride + 1
    out, winner = x.new_zeros(*x.shape[:2], rows, cols), {}
    for i in range(rows):
        for j in range(cols):
            top, left = i * stride, j * stride
            windows = padded[:, :, top : top + size, left : left + size].flatten(2)
            best, winner[i, j] = windows.max(dim=2)           # the winner's place in the window | 胜者在窗口中的位置
            out[:, :, i, j] = best

    def backward(grad_out):
        grad = torch.zeros_like(padded)
        for i, j in winner:
            top, left = i * stride, j * stride
            patch = x.new_zeros(*x.shape[:2], size * size)
            patch.scatter_(2, winner[i, j][..., None], grad_out[:, :, i, j, None])
            grad[:, :, top : top + size, left : left + size] += patch.unflatten(2, (size, size))
        return grad[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]

    return out, backward
    ### END SOLUTION

# %% id="max_pool-check" tags=["check"]
check("convolution.max_pool")

# %% [markdown] id="adaptive" lang="en"
# ## 9. Average pooling, and a size that you choose
#
# `F.avg_pool2d` takes the mean of each window. It is a convolution with fixed weights $1/f^2$ for each channel, so there is nothing new in it, its gradient included. (With padding, the zeros of the frame count in the mean, unless you say `count_include_pad=False`.)
#
# More interesting is the reverse question: not "how large are the windows?" but "**how many numbers do I want?**" Linear layers behind the convolutions need a fixed number, whatever the size of the picture. `nn.AdaptiveAvgPool1d(3)` makes 3 numbers of every row, `nn.AdaptiveAvgPool2d((2, 3))` a map of 2 by 3 of every picture, `nn.AdaptiveAvgPool2d(1)` one number for each channel.
#
# **Predict:** 6 dots to 3 numbers is easy. But 7 dots to 3? And even 3 dots to 5?

# %% [markdown] id="adaptive" lang="zh" reviewed="0dd7739b83c3"
# ## 9. 平均池化，以及由你指定的大小
#
# `F.avg_pool2d` 取每个窗口的平均。它就是每个通道上权重固定为 $1/f^2$ 的卷积，没有什么新东西，梯度也一样。（带填充时，框里的零也算进平均，除非指定 `count_include_pad=False`。）
#
# 更有意思的是反过来问：不是“窗口多大”，而是“**我想要几个数**”。卷积后面的线性层要求个数固定，不管图像多大。`nn.AdaptiveAvgPool1d(3)` 把任何一行变成 3 个数，`nn.AdaptiveAvgPool2d((2, 3))` 把任何图像变成 2 乘 3 的地图，`nn.AdaptiveAvgPool2d(1)` 则让每个通道只剩一个数。
#
# **预测**：6 个点变成 3 个数，容易。7 个点变成 3 个呢？甚至 3 个点变成 5 个呢？

# %% id="adaptive-predict" tags=["hide-input"]
prediction("convolution.adaptive", Text(en="The windows that make 3 numbers of 7 dots:", zh="7 个点变成 3 个数，窗口是："), {
    "[[0, 1], [2, 3], [4, 5, 6]]": "[[0, 1], [2, 3], [4, 5, 6]]",
    "[[0, 1], [2, 3], [4, 5]]": "[[0, 1], [2, 3], [4, 5]]",
    "[[0, 1, 2], [2, 3, 4], [4, 5, 6]]": "[[0, 1, 2], [2, 3, 4], [4, 5, 6]]",
    "error": Text(en="none: an error, as 3 does not divide 7", zh="没有：3 不能整除 7，所以报错"),
})

# %% id="adaptive-run"
def windows_of(have, want):
    """Which dots each number of AdaptiveAvgPool1d(want) is the mean of: the gradients say so."""
    dots = torch.zeros(1, 1, have, requires_grad=True)
    out = nn.AdaptiveAvgPool1d(want)(dots)[0, 0]
    return [torch.autograd.grad(number, dots, retain_graph=True)[0][0, 0].nonzero().flatten().tolist() for number in out]


for have, want in ((6, 3), (7, 3), (5, 3), (3, 5), (7, 1)):
    print(f"{have} -> {want}:", windows_of(have, want))
reveal("convolution.adaptive", str(windows_of(7, 3)))

# %% [markdown] id="adaptive-explain" lang="en"
# **Explain.** Cut the row into equal shares and give each number all dots that its share touches. 7 dots in 3 shares: the borders are at $7/3 = 2.33$ and $14/3 = 4.67$, so dot 2 is touched by the first and the second share, dot 4 by the second and the third. In a formula, with $n$ dots and $m$ numbers, window $i$ goes from
#
# $$\left\lfloor \frac{i\, n}{m} \right\rfloor \quad\ldots\quad \left\lceil \frac{(i + 1)\, n}{m} \right\rceil - 1$$
#
# Windows may overlap and even differ in length, so no fixed size and stride can do the same in general. Move the sliders until you see it.

# %% [markdown] id="adaptive-explain" lang="zh" reviewed="635e48857544"
# **解释**：把这一行切成相等的份，每个数取自己那一份碰到的所有点。7 个点切成 3 份：分界在 $7/3 = 2.33$ 和 $14/3 = 4.67$，所以第一份和第二份都碰到点 2，第二份和第三份都碰到点 4。写成公式，$n$ 个点、$m$ 个数，第 $i$ 个窗口的范围是
#
# $$\left\lfloor \frac{i\, n}{m} \right\rfloor \quad\ldots\quad \left\lceil \frac{(i + 1)\, n}{m} \right\rceil - 1$$
#
# 窗口可以重叠，长度甚至可以不同，所以一般来说，固定的大小和步幅是做不到的。移动滑块，直到看明白为止。

# %% id="explore-adaptive" tags=["hide-input"]
def draw_shares(have, want):
    parts = windows_of(have, want)
    fig, ax = new_figure(height=3.2)
    for cell in range(have):
        ax.text(cell + 0.5, 0, str(cell), ha="center", va="center", fontsize=9)
    for border in range(have + 1):
        ax.plot([border, border], [-0.4, 0.4], color="grey", linestyle="-", linewidth=1)
    for i, dots in enumerate(parts):
        style = SERIES[i % len(SERIES)]
        ax.barh(-1 - i, len(dots), left=dots[0], height=0.5, color=(style["color"], 0.35), edgecolor=style["color"])
        ax.plot([i * have / want, (i + 1) * have / want], [-1 - i, -1 - i], color=style["color"], linestyle="-", linewidth=4, solid_capstyle="butt")
    ax.set(xlim=(-0.3, have + 0.3), ylim=(-want - 0.6, 0.7))
    bare(ax)
    label(ax, title=Text(en="{n} dots to {m} numbers: shares (lines) and windows (pale bars)", zh="{n} 个点变成 {m} 个数：份额（线）与窗口（浅色条）").format(n=have, m=want))
    return fig, Text(
        en="{n} dots are pooled to {m} numbers. The windows are {w}; each holds all dots that its equal share of the row touches.",
        zh="{n} 个点池化成 {m} 个数。窗口是 {w}；每个窗口包含这一行的相应等份碰到的所有点。",
    ).format(n=have, m=want, w=parts)


explore(draw_shares, labels={"have": Text(en="dots", zh="点数"), "want": Text(en="numbers wanted", zh="想要几个数")}, have=(2, 12, 1, 7), want=(1, 12, 1, 3))

# %% [markdown] id="adaptive-card" lang="en"
# ### Exercise 10.5: pooling to a given size
#
# **Difficulty:** 2 of 5. **Time:** 10 minutes.
#
# Write `adaptive_avg_pool(x, size)`: average pooling of `x` `[N, C, H, W]` to `[N, C, rows, cols]`, where `size` is the pair `(rows, cols)`.
#
# - Each number is the plain mean of its window; the formula above holds for rows and for columns.
# - It must work for sizes that do not divide those of the picture, and for larger ones.

# %% [markdown] id="adaptive-card" lang="zh" reviewed="4fb4d24111be"
# ### 练习 10.5：池化到指定的大小
#
# **难度**：2（共 5 级）。**时间**：10 分钟。
#
# 编写 `adaptive_avg_pool(x, size)`：把 `x` `[N, C, H, W]` 平均池化成 `[N, C, rows, cols]`，其中 `size` 是一对数 `(rows, cols)`。
#
# - 每个数就是它的窗口的平均；上面的公式对行和列都适用。
# - 指定的大小不能整除图像的大小，或者比图像还大，也都要能用。

# %% id="adaptive_avg_pool" tags=["solution"]
def adaptive_avg_pool(x, size):
    """Average pooling of x [N, C, H, W] to size = (rows, cols), in windows that cover equal shares."""
    ### BEGIN SOLUTION
    rows, cols = size
    height, width = x.shape[2:]
    out = x.new_zeros(*x.shape[:2], rows, cols)
    for i in range(rows):
        top = i * height // rows                             # down: the first dot that is touched | 向下取整：碰到的第一个点
        bottom = math.ceil((i + 1) * height / rows)          # up: one past the last | 向上取整：最后一个点的下一个
        for j in range(cols):
            left = j * width // cols
            right = math.ceil((j + 1) * width / cols)
            out[:, :, i, j] = x[:, :, top:bottom, left:right].mean(dim=(2, 3))
    return out
    ### END SOLUTION

# %% id="adaptive_avg_pool-check" tags=["check"]
check("convolution.adaptive_avg_pool")

# %% [markdown] id="any-size" lang="en"
# Now everything is there for a network that takes pictures of any size: convolutions do not care how large the picture is, and your pooling hands the linear layer the same number of features every time. **Predict** the output's shape for the three sizes below, and what happens without the adaptive pooling, with `flatten` alone.

# %% [markdown] id="any-size" lang="zh" reviewed="1f9c62ebcef5"
# 这样，能接受任意大小图像的网络就凑齐了：卷积不在乎图像多大，而你的池化每次都把同样多的特征交给线性层。**预测**：对下面三种大小，输出各是什么形状？如果没有自适应池化，只用 `flatten`，会怎样？

# %% id="any-size-predict" tags=["hide-input"]
prediction("convolution.any_size", Text(en="Pictures of three sizes: the outputs with adaptive pooling, and the features with flatten alone:", zh="三种大小的图像：用自适应池化时的输出，以及只用 flatten 时的特征："), {
    (True, True): Text(en="outputs of one shape; as many features each time", zh="输出形状相同；特征每次一样多"),
    (True, False): Text(en="outputs of one shape; another number of features each time", zh="输出形状相同；特征个数每次不同"),
    (False, False): Text(en="outputs of three shapes; another number of features each time", zh="输出有三种形状；特征个数每次不同"),
})

# %% id="any-size-run"
if solved("convolution.adaptive_avg_pool"):
    torch.manual_seed(1)
    body = nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU())
    head = nn.Linear(16 * 2 * 2, 10)
    outputs, flattened = set(), set()
    for size in ((28, 28), (32, 32), (20, 61)):
        with torch.no_grad():
            features = body(torch.zeros(3, 1, *size))
            out = head(adaptive_avg_pool(features, (2, 2)).flatten(1))
        say(Text(en="{s}: features {f}, output {o}; flattened without pooling {n} per picture", zh="{s}：特征 {f}，输出 {o}；不池化直接展平则每幅 {n} 个"),
            s=size, f=list(features.shape), o=list(out.shape), n=features[0].numel())
        outputs.add(out.shape)
        flattened.add(features[0].numel())
    reveal("convolution.any_size", (len(outputs) == 1, len(flattened) == 1))

# %% [markdown] id="any-size-explain" lang="en"
# **Explain.** Always `[3, 10]`. With `flatten` alone the number of features depends on the size, and a linear layer fits only one of them. In **lesson 11** you will meet exactly this: the same classic network for 28 and for 32 dots needs two different linear layers.

# %% [markdown] id="any-size-explain" lang="zh" reviewed="90fd19f07e17"
# **解释**：始终是 `[3, 10]`。只用 `flatten` 的话，特征的个数随图像大小而变，一个线性层只能适合其中一种。到**第 11 课**你会碰上的正是这件事：同一个经典网络，28 个点和 32 个点需要两个不同的线性层。

# %% id="my-predictions" tags=["hide-input"]
predictions("convolution")

# %% [markdown] id="summary" lang="en"
# ## Summary
#
# - A convolution layer slides, multiplies and adds up, with the same weights at every place. It is a cross-correlation: the kernel is not flipped.
# - A window has $\lfloor (n + 2p - d\,(f - 1) - 1)/s \rfloor + 1$ places. Padding is counted twice, and the rest is dropped.
# - A filter holds one kernel for each input channel and one bias; its results are added up over the channels. The weight is `[F, C, KH, KW]`.
# - The receptive field grows by $(f - 1)\,d\,g$ with each layer; strides make the jump $g$ larger for all that come after.
# - Way back: each output lays its gradient times the kernel onto its window, and the parts add up. The weights collect over all samples and places.
# - Max-pooling hands the gradient to the winner, pads with $-\infty$ and has no parameters. Adaptive pooling asks how many numbers you want.
#
# ### Common confusions
#
# | you might think | in fact |
# |---|---|
# | `conv2d` flips the kernel | it does not; `np.convolve` does |
# | stride $s$ divides the size by $s$ | only nearly: 5 dots, window 3, stride 2 give 2 places |
# | even kernels are forbidden | they are legal; only the anchor and $(f - 1)/2$ are lost |
# | `padding="same"` goes with every stride | with stride 1 only |
# | $p = (f - 1)/2$ always keeps the size | with stride 1 and dilation 1 |
# | 16 filters are 16 kernels | with 6 input channels they are 96 |
# | pooling makes a network independent of shifts | more tolerant, no more |
# | adaptive pooling is pooling with a computed stride | its windows may overlap and differ in length |
#
# ### Can you answer these without looking?
#
# 1. `nn.Conv2d(3, 8, 3, padding=1)`: how many parameters, and what becomes of `[5, 3, 20, 30]`?
# 2. A layer of 3 by 3 with dilation 4: how large is its window, and which padding keeps the size?
# 3. Why must `max_pool2d` not pad with 0?
# 4. The gradient of a kernel comes out twice as large for twice as many equal samples. Is that right?
#
# <details><summary>Answers</summary>
#
# 1. $8 \cdot 3 \cdot 9 + 8 = 224$; `[5, 8, 20, 30]`.
# 2. $4 \cdot 2 + 1 = 9$ dots; $p = 4$.
# 3. Because 0 would win against negative numbers at the border.
# 4. Yes, if the loss sums over the samples: the weights are used twice as often. If the loss is a mean, `grad_out` is already half as large.
#
# </details>

# %% [markdown] id="summary" lang="zh" reviewed="f91ed88ee552"
# ## 小结
#
# - 卷积层做的是滑动、相乘、求和，每个位置用同一组权重。它是互相关：核不翻转。
# - 窗口有 $\lfloor (n + 2p - d\,(f - 1) - 1)/s \rfloor + 1$ 个位置。填充算两侧，凑不满的部分丢掉。
# - 一个滤波器里，每个输入通道有一个核，外加一个偏置；各核的结果对通道求和。权重是 `[F, C, KH, KW]`。
# - 每过一层，感受野增大 $(f - 1)\,d\,g$；步幅让后面所有层的间距 $g$ 变大。
# - 反向：每个输出把自己的梯度乘以核，放到它的窗口上，各份相加。权重的梯度则汇总所有样本和位置。
# - 最大池化把梯度交给胜者，用 $-\infty$ 填充，没有参数。自适应池化问的是你想要几个数。
#
# ### 容易混淆之处
#
# | 你也许以为 | 实际上 |
# |---|---|
# | `conv2d` 会翻转核 | 不翻转；翻转的是 `np.convolve` |
# | 步幅 $s$ 就是把大小除以 $s$ | 只是接近：5 个点、窗口 3、步幅 2，有 2 个位置 |
# | 核的大小不许是偶数 | 合法；只是没有了锚点，也用不上 $(f - 1)/2$ |
# | `padding="same"` 配什么步幅都行 | 只能配步幅 1 |
# | $p = (f - 1)/2$ 总能保持大小 | 那是步幅为 1、膨胀为 1 的时候 |
# | 16 个滤波器就是 16 个核 | 输入有 6 个通道时是 96 个 |
# | 池化让网络不受平移影响 | 只是更宽容 |
# | 自适应池化就是算好步幅的池化 | 它的窗口可以重叠，长度也可以不同 |
#
# ### 不看上文，你能答出来吗？
#
# 1. `nn.Conv2d(3, 8, 3, padding=1)`：有多少参数？`[5, 3, 20, 30]` 会变成什么？
# 2. 一层 3 乘 3、膨胀为 4：窗口有多大？填充多少能保持大小？
# 3. `max_pool2d` 为什么不能用 0 填充？
# 4. 相同的样本多了一倍，核的梯度也大了一倍。这对吗？
#
# <details><summary> 答案 </summary>
#
# 1. $8 \cdot 3 \cdot 9 + 8 = 224$；`[5, 8, 20, 30]`。
# 2. $4 \cdot 2 + 1 = 9$ 个点；$p = 4$。
# 3. 因为在边界上，0 会胜过负数。
# 4. 对，如果损失对样本求和：权重用的次数多了一倍。如果损失是平均，`grad_out` 本身就已经减半了。
#
# </details>

# %% [markdown] id="next" lang="en"
# ## What is next
#
# Convolution, ReLU, pooling, again, and then linear layers: that is LeNet, the classic network whose numbers you have met here. In **lesson 11** you put it together, and add two layers that behave differently in training and in use: dropout and batch normalisation.
#
# ### Further reading
#
# - V. Dumoulin and F. Visin, *A guide to convolution arithmetic for deep learning*, 2016: all cases of padding and stride, drawn.
# - Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, *Gradient-Based Learning Applied to Document Recognition*, 1998: where LeNet comes from.
# - A. Araujo, W. Norris and J. Sim, *Computing Receptive Fields of Convolutional Neural Networks*, Distill, 2019.
# - PyTorch documentation, *Conv2d*, *MaxPool2d* and *AdaptiveAvgPool2d*.

# %% [markdown] id="next" lang="zh" reviewed="0567f62e0416"
# ## 接下来
#
# 卷积、ReLU、池化，再来一遍，然后接上线性层：这就是 LeNet，你在这里遇到的那些数正出自这个经典网络。**第 11 课**把它搭起来，并加上两种在训练和使用时表现不同的层：dropout 和批量归一化。
#
# ### 延伸阅读
#
# - V. Dumoulin、F. Visin，*A guide to convolution arithmetic for deep learning*，2016：填充与步幅的各种情形，都画了图。
# - Y. LeCun、L. Bottou、Y. Bengio、P. Haffner，*Gradient-Based Learning Applied to Document Recognition*，1998：LeNet 的出处。
# - A. Araujo、W. Norris、J. Sim，*Computing Receptive Fields of Convolutional Neural Networks*，Distill，2019。
# - PyTorch 文档，*Conv2d*、*MaxPool2d* 和 *AdaptiveAvgPool2d*。
