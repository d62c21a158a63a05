# %% [markdown] id="title" lang="en"
# # Lesson 01. Backprop by hand in NumPy
#
# A neural network learns by asking one question over and over: *if I move this weight a little, how does the error move?* Backpropagation answers it for every weight at once. In this lesson you write it yourself, with nothing but NumPy and the chain rule from school. Afterwards you will know what `loss.backward()` does in every lesson to come.
#
# **After this lesson you can**
#
# - compute the forward pass of a two-layer network and name the shape of every array in it;
# - derive its gradients on a computation graph, and test them without trusting anybody;
# - train it by gradient descent and read its loss curve;
# - explain why one learning rate works while one 10 times as large explodes, and choose initial weights that make training easy.
#
# **Time:** about 120 minutes, 80 of them for the five exercises.
#
# **You need:** Python functions and loops; NumPy arrays (`shape`, `@`, `.T`); the derivative of $x^2$ and the chain rule.
#
# **Created** 2026-11, last updated 2026-11, last verified 2026-11 with torch 2.13; all cells together run in about 10 seconds on two CPU cores.
#
# **Licence:** the text is CC BY 4.0, the code is MIT.

# %% [markdown] id="title" lang="zh" reviewed="aca4c3f2af63"
# # 第 01 课：用 NumPy 手写反向传播
#
# 神经网络的学习，就是反复问同一个问题：*这个权重动一点点，误差会怎么变*？反向传播能一次回答所有权重的这个问题。这一课由你亲手把它写出来，只用 NumPy 和中学学过的链式法则。写完之后，后面每一课里的 `loss.backward()` 在做什么，你就都明白了。
#
# **学完本课，你能够**
#
# - 计算两层网络的前向传播，并说出其中每个数组的形状；
# - 在计算图上推导梯度，并且不靠任何人就能验证它；
# - 用梯度下降训练网络，并读懂损失曲线；
# - 解释为什么一个学习率可行、换成它的 10 倍就会爆炸，并选出让训练变得容易的初始权重。
#
# **时间**：约 120 分钟，其中五道练习占 80 分钟。
#
# **需要的基础**：Python 的函数与循环；NumPy 数组（`shape`、`@`、`.T`）；$x^2$ 的导数和链式法则。
#
# **编写**于 2026-11，最近更新于 2026-11，最近一次用 torch 2.13 验证于 2026-11；所有单元格加起来，在两个 CPU 核上约需运行 10 秒。
#
# **许可**：文字采用 CC BY 4.0，代码采用 MIT。

# %% [markdown] id="how-to-work" lang="en"
# ## How to work
#
# 1. **Predict.** Under a question in bold stands a folded cell. Run it, and choose what you expect before you run the next one. A wrong prediction teaches you more than a right one, but only if you made it; at the end of the lesson you see all of yours beside what came out.
# 2. **Run** the cell with Shift+Enter.
# 3. **Explain** the difference between what you saw and what you expected, aloud or in writing. Then read on.
#
# In an exercise you fill in one function and run the check below it. The check looks at several properties separately, so a half-finished answer is worth running. If you are stuck, `check("numpy_backprop.forward", hint=2)` draws the smallest counterexample and `hint=3` works through a neighbouring problem. Some cells build on your answers: they begin with `solved(...)` and wait until your answer is right.

# %% [markdown] id="how-to-work" lang="zh" reviewed="67317877b9a8"
# ## 怎样使用这份笔记本
#
# 1. **预测**：粗体问题的下面有一个折叠的单元格。先运行它，选好你预计的结果，再运行下一个。预测错了比预测对了更有收获，前提是你真的预测过；到了课末，你的每个预测会与实际结果并排列出。
# 2. **运行**单元格：Shift+Enter。
# 3. **解释**看到的与预想的有何不同，说出来或写下来，然后再往下读。
#
# 每道练习要你补全一个函数，再运行下面的检查。检查会分项进行，所以只写了一半也值得运行。卡住的时候，`check("numpy_backprop.forward", hint=2)` 会画出最小的反例，`hint=3` 会讲解一道相近的例题。有些单元格要用到你的解答：它们以 `solved(...)` 开头，等你的解答正确后才会运行。

# %% id="imports" tags=["setup"]
import warnings

import numpy as np

from course_lib import (
    SERIES, Edge, Node, Text, check, computation_graph, digits, explore, label, legend, new_figure, prediction, predictions, reveal, say, show, solved,
)

# %% [markdown] id="network" lang="en"
# ## 1. Two products and a kink
#
# Our network turns a sample, which is $D_{in}$ numbers, into a prediction, which is $D_{out}$ numbers. It takes three steps:
#
# $$h = x\,W_1 \qquad\quad h_{relu} = \max(h, 0) \qquad\quad \hat y = h_{relu}\,W_2$$
#
# | symbol | in code | shape | what it is |
# |---|---|---|---|
# | $x$ | `x` | `[N, D_in]` | a batch of samples, one per row |
# | $W_1$ | `w1` | `[D_in, H]` | the weights of the first layer |
# | $h$ | `h` | `[N, H]` | one weighted sum per sample and hidden unit |
# | $h_{relu}$ | `h_relu` | `[N, H]` | the same, with everything negative cut off |
# | $W_2$ | `w2` | `[H, D_out]` | the weights of the second layer |
# | $\hat y$ | `y_pred` | `[N, D_out]` | the predictions |
# | $y$ | `y` | `[N, D_out]` | the targets: what we would like to see |
#
# Get into the habit of saying the shapes as you read: "N by D_in times D_in by H is N by H". Many of the bugs that you are going to meet are shape bugs.
#
# The next cell draws the same thing as a **computation graph**: every value is a box, and every arrow says "is used for".

# %% [markdown] id="network" lang="zh" reviewed="626e9d9b99eb"
# ## 1. 两次乘法，一个折点
#
# 我们的网络把一个样本（$D_{in}$ 个数）变成一个预测（$D_{out}$ 个数），共三步：
#
# $$h = x\,W_1 \qquad\quad h_{relu} = \max(h, 0) \qquad\quad \hat y = h_{relu}\,W_2$$
#
# | 记号 | 代码 | 形状 | 含义 |
# |---|---|---|---|
# | $x$ | `x` | `[N, D_in]` | 一批样本，每行一个 |
# | $W_1$ | `w1` | `[D_in, H]` | 第一层的权重 |
# | $h$ | `h` | `[N, H]` | 每个样本、每个隐藏单元各有一个加权和 |
# | $h_{relu}$ | `h_relu` | `[N, H]` | 同上，但负的部分被截掉 |
# | $W_2$ | `w2` | `[H, D_out]` | 第二层的权重 |
# | $\hat y$ | `y_pred` | `[N, D_out]` | 预测值 |
# | $y$ | `y` | `[N, D_out]` | 目标：我们希望看到的值 |
#
# 请养成边读边念形状的习惯：“N 乘 D_in 的矩阵乘以 D_in 乘 H 的矩阵，得到 N 乘 H 的矩阵”。你今后会遇到的错误，有很多就出在形状上。
#
# 下一个单元格把同样的内容画成**计算图**：每个方框是一个值，每个箭头表示“被用来计算”。

# %% id="draw-network" tags=["hide-input"]
LOSS = Text(en="loss", zh="损失")
PLACES = {"x": (0, 0), "w1": (0, -1), "h": (1, 0), "h_relu": (2, 0), "w2": (2, -1), "y_pred": (3, 0), "y": (3, -1), "loss": (4, 0)}
ARROWS = [("x", "h"), ("w1", "h"), ("h", "h_relu"), ("h_relu", "y_pred"), ("w2", "y_pred"), ("y_pred", "loss"), ("y", "loss")]


def draw_network(boxes, gradients=None):
    """The network as a graph: boxes holds the words of every box, gradients those of the arrows back."""
    gradients = gradients or {}
    nodes = {name: Node(words, at=PLACES[name]) for name, words in boxes.items()}
    edges = [Edge(start, end, gradient=gradients.get(start)) for start, end in ARROWS]
    return computation_graph(nodes, edges)


fig, ax = draw_network({
    "x": "x\n[N, D_in]", "w1": "w1\n[D_in, H]", "h": "h = x @ w1\n[N, H]", "h_relu": "h_relu\n= max(h, 0)\n[N, H]",
    "w2": "w2\n[H, D_out]", "y_pred": "y_pred =\nh_relu @ w2\n[N, D_out]", "y": "y\n[N, D_out]", "loss": LOSS.inline,
})
label(ax, title=Text(en="The way forward: values and their shapes", zh="前向：各个值及其形状"))
show(fig, Text(
    en="A graph from left to right. x [N, D_in] and w1 [D_in, H] lead to h [N, H], which leads to h_relu [N, H]. h_relu and w2 [H, D_out] lead to y_pred [N, D_out]. y_pred and y [N, D_out] lead to the loss, one number.",
    zh="从左到右的图：x [N, D_in] 和 w1 [D_in, H] 指向 h [N, H]，h 指向 h_relu [N, H]；h_relu 和 w2 [H, D_out] 指向 y_pred [N, D_out]；y_pred 和 y [N, D_out] 指向损失，即一个数。",
))

# %% [markdown] id="data-intro" lang="en"
# Now the numbers. Samples, targets and weights are all drawn from the standard normal distribution $N(0, 1)$. Targets drawn at random have no pattern, so the network can only learn them by heart. That is poor machine learning and good for us: nothing distracts from the machinery.
#
# `np.random.default_rng(0)` is a generator of random numbers with the seed 0: everyone who runs this cell gets the same ones.

# %% [markdown] id="data-intro" lang="zh" reviewed="3ec9b97cd826"
# 现在放入数据。样本、目标和权重都从标准正态分布 $N(0, 1)$ 中抽取。随机的目标没有规律可循，网络只能死记硬背。作为机器学习，这没有意义；对我们却正好：没有别的东西分散注意力，可以专心看清机制。
#
# `np.random.default_rng(0)` 是种子为 0 的随机数生成器：谁运行这个单元格，得到的数都一样。

# %% id="data"
N, D_in, H, D_out = 64, 1000, 100, 10          # samples, inputs, hidden units, outputs | 样本数、输入数、隐藏单元数、输出数

rng = np.random.default_rng(0)
x = rng.standard_normal((N, D_in))
y = rng.standard_normal((N, D_out))
w1 = rng.standard_normal((D_in, H))
w2 = rng.standard_normal((H, D_out))

say(Text(en="x {x}, y {y}, w1 {w1}, w2 {w2}: {count} weights", zh="x {x}，y {y}，w1 {w1}，w2 {w2}：共 {count} 个权重"),
    x=x.shape, y=y.shape, w1=w1.shape, w2=w2.shape, count=w1.size + w2.size)

# %% [markdown] id="why-relu" lang="en"
# ### Why the kink?
#
# $\max(h, 0)$ is called **ReLU**, the rectified linear unit. It looks like a detail. **Predict:** if we left it out, so that $\hat y = (x W_1) W_2$, could the two layers compute anything that one layer cannot?

# %% [markdown] id="why-relu" lang="zh" reviewed="76a6df8fde62"
# ### 为什么要有这个折点？
#
# $\max(h, 0)$ 叫作 **ReLU**（修正线性单元）。它看上去只是个细节。**预测**：如果去掉它，即 $\hat y = (x W_1) W_2$，这两层能算出一层算不出的东西吗？

# %% id="why-relu-predict" tags=["hide-input"]
prediction("numpy_backprop.without_relu", Text(en="Without ReLU, can two layers compute anything that one layer cannot?", zh="没有 ReLU，两层能算出一层算不出的东西吗？"), {
    True: Text(en="yes: together they have more weights", zh="能：两层合起来权重更多"),
    False: Text(en="no: one layer can do the same", zh="不能：一层就能做到同样的事"),
})

# %% id="why-relu-run"
two_layers = (x @ w1) @ w2
one_layer = x @ (w1 @ w2)                      # w1 @ w2 is one matrix, [D_in, D_out] | w1 @ w2 就是一个矩阵，[D_in, D_out]

say(Text(en="equal up to rounding: {answer}", zh="除舍入误差外相等：{answer}"), answer=np.allclose(two_layers, one_layer))
reveal("numpy_backprop.without_relu", not np.allclose(two_layers, one_layer))

# %% [markdown] id="why-relu-explain" lang="en"
# **Explain.** Matrix products may be bracketed as you like, so two linear layers are one linear layer with the weights $W_1 W_2$. However many you stack, the result stays a flat map. The kink between them is what makes depth worth having.
#
# Three things about this network are unusual, on purpose. It has **no biases** (nothing is added to the products), to keep the formulas short. Its **output is linear** (there is no ReLU at the end), because targets may be negative. And its **initial weights** are plain $N(0, 1)$ numbers, which turns out to be a bad idea; section 6 repairs it.

# %% [markdown] id="why-relu-explain" lang="zh" reviewed="42d1d9d010d0"
# **解释**：矩阵乘法可以随意加括号，所以两个线性层就等于一个权重为 $W_1 W_2$ 的线性层。不管叠多少层，得到的仍是“平”的映射。正是层与层之间的折点，才让深度有了意义。
#
# 这个网络有三处不寻常，都是有意为之。它**没有偏置**（乘积之后什么也不加），好让公式短一些。它的**输出是线性的**（末尾没有 ReLU），因为目标可能是负数。它的**初始权重**直接取 $N(0, 1)$ 的随机数，后面会看到这是个坏主意；第 6 节再来纠正。

# %% [markdown] id="by-hand" lang="en"
# ### One sample by hand
#
# With $x = (2, -1)$, two hidden units and one output, the whole forward pass fits on a napkin:
#
# $$W_1 = \begin{pmatrix} 1 & 0.5 \\ 3 & -1 \end{pmatrix} \qquad W_2 = \begin{pmatrix} 4 \\ -3 \end{pmatrix}$$
#
# - The first unit gets $2 \cdot 1 + (-1) \cdot 3 = -1$ and the second $2 \cdot 0.5 + (-1) \cdot (-1) = 2$, so $h = (-1, 2)$.
# - ReLU cuts the negative one: $h_{relu} = (0, 2)$.
# - The output is $0 \cdot 4 + 2 \cdot (-3) = -6$.
#
# The first unit is off for this sample: its weight $4$ in $W_2$ played no part. Keep that in mind for the way back.

# %% [markdown] id="by-hand" lang="zh" reviewed="6ac52d0b9cc0"
# ### 手算一个样本
#
# 取 $x = (2, -1)$，两个隐藏单元，一个输出，整个前向传播在一张餐巾纸上就能写下：
#
# $$W_1 = \begin{pmatrix} 1 & 0.5 \\ 3 & -1 \end{pmatrix} \qquad W_2 = \begin{pmatrix} 4 \\ -3 \end{pmatrix}$$
#
# - 第一个单元得到 $2 \cdot 1 + (-1) \cdot 3 = -1$，第二个得到 $2 \cdot 0.5 + (-1) \cdot (-1) = 2$，所以 $h = (-1, 2)$。
# - ReLU 截掉负的那个：$h_{relu} = (0, 2)$。
# - 输出是 $0 \cdot 4 + 2 \cdot (-3) = -6$。
#
# 对这个样本来说，第一个单元是关着的：它在 $W_2$ 中的权重 $4$ 没起任何作用。记住这一点，往回走的时候要用到。

# %% [markdown] id="forward-card" lang="en"
# ### Exercise 1.1: forward pass
#
# **Difficulty:** 1 of 5. **Time:** 10 minutes.
#
# Write `forward(x, w1, w2)`. It returns three arrays, in this order:
#
# | value | shape | meaning |
# |---|---|---|
# | `h` | `[N, H]` | the first product, negative entries included |
# | `h_relu` | `[N, H]` | what ReLU lets through |
# | `y_pred` | `[N, D_out]` | the second product |
#
# - It works for a batch of any size, one sample included.
# - It leaves `x`, `w1` and `w2` as they were, and `h` keeps its negative entries: the way back will ask for their signs.
# - One line for each array is enough.

# %% [markdown] id="forward-card" lang="zh" reviewed="b4e049cce07c"
# ### 练习 1.1：前向传播
#
# **难度**：1（共 5 级）。**时间**：10 分钟。
#
# 编写 `forward(x, w1, w2)`。它按以下次序返回三个数组：
#
# | 值 | 形状 | 含义 |
# |---|---|---|
# | `h` | `[N, H]` | 第一次乘法的结果，包括负数 |
# | `h_relu` | `[N, H]` | ReLU 放行的部分 |
# | `y_pred` | `[N, D_out]` | 第二次乘法的结果 |
#
# - 批量为任意大小时都能用，包括只有一个样本。
# - `x`、`w1`、`w2` 保持原样，`h` 里的负数也要保留：往回走时要看它们的正负号。
# - 每个数组一行代码就够了。

# %% id="forward" tags=["solution"]
def forward(x, w1, w2):
    """The network's values for a batch.

    x [N, D_in], w1 [D_in, H], w2 [H, D_out] -> h [N, H], h_relu [N, H], y_pred [N, D_out]
    """
    ### BEGIN SOLUTION
    h = x @ w1                        # every sample meets every hidden unit | 每个样本与每个隐藏单元相遇
    h_relu = np.maximum(h, 0)         # a new array, so h keeps its signs | 生成新数组，h 的正负号得以保留
    y_pred = h_relu @ w2              # linear: may be negative | 线性：可以是负数
    return h, h_relu, y_pred
    ### END SOLUTION

# %% id="forward-check" tags=["check"]
check("numpy_backprop.forward")

# %% [markdown] id="loss" lang="en"
# ## 2. One number for "how wrong"
#
# To improve, the network needs to know how wrong it is, in a single number: the **loss**. We take the sum of the squared errors over all samples $n$ and outputs $k$:
#
# $$L = \sum_{n,k} (\hat y_{nk} - y_{nk})^2$$
#
# Why squares? Errors of either sign count, large errors count more, and the derivative is simple. Note that $L$ is a **sum**, not a mean. This harmless choice will matter in section 6.
#
# **Predict** the size of the loss before any training. You can: when independent numbers with mean 0 are added, their variances add up.
#
# - An entry of `h` is a sum of 1000 products, each of variance 1. So its variance is about ...
# - ReLU cuts half of the entries to 0. What is left of the mean of the squares is about ...
# - An entry of `y_pred` is a sum of 100 such numbers times a weight, so its variance is about ...
# - The loss adds up the squares of $64 \cdot 10 = 640$ entries, so it is about ...

# %% [markdown] id="loss" lang="zh" reviewed="bec4da377426"
# ## 2. 用一个数说明“错了多少”
#
# 要想改进，网络得先知道自己错了多少，而且要用一个数来表示：这就是**损失**。我们取所有样本 $n$、所有输出 $k$ 的误差平方和：
#
# $$L = \sum_{n,k} (\hat y_{nk} - y_{nk})^2$$
#
# 为什么用平方？正负误差都算数，大误差占的分量更重，导数也简单。注意 $L$ 是**求和**，不是求平均。这个看似无关紧要的选择，到第 6 节就要紧了。
#
# **预测**训练开始之前损失有多大。这是可以估计的：均值为 0 的独立随机数相加，方差也相加。
#
# - `h` 的一个元素是 1000 个乘积之和，每个乘积的方差是 1，所以它的方差约为……
# - ReLU 把一半的元素变成 0。平方的平均值还剩下约……
# - `y_pred` 的一个元素是 100 个这样的数乘以权重再求和，所以它的方差约为……
# - 损失把 $64 \cdot 10 = 640$ 个元素的平方加起来，所以它约为……

# %% id="loss-predict" tags=["hide-input"]
prediction("numpy_backprop.first_loss", Text(en="How large is the loss before any training?", zh="训练之前，损失大约有多大？"), {
    2: Text(en="some hundreds", zh="几百"),
    4: Text(en="tens of thousands", zh="几万"),
    7: Text(en="tens of millions", zh="几千万"),
})

# %% id="first-loss"
def sum_of_squares(y_pred, y):
    """The loss: y_pred and y [N, D_out] -> one number."""
    return np.square(y_pred - y).sum()


if solved("numpy_backprop.forward"):
    first_h, first_relu, first_pred = forward(x, w1, w2)
    say(Text(en="variance of h:            {v}", zh="h 的方差：{v}"), v=digits(first_h.var(), 3))
    say(Text(en="mean square of h_relu:    {v}", zh="h_relu 的均方值：{v}"), v=digits(np.square(first_relu).mean(), 3))
    say(Text(en="variance of y_pred:       {v}", zh="y_pred 的方差：{v}"), v=digits(first_pred.var(), 3))
    say(Text(en="loss before any training: {v}", zh="训练之前的损失：{v}"), v=digits(sum_of_squares(first_pred, y), 3))
    reveal("numpy_backprop.first_loss", int(np.log10(sum_of_squares(first_pred, y))))

# %% [markdown] id="first-loss-explain" lang="en"
# **Explain.** The estimate is $1000$, then $500$, then $100 \cdot 500 = 50\,000$, and for the loss $640 \cdot 50\,000 = 3.2 \cdot 10^7$. The targets have variance 1, so predictions of this size are absurd: the initial weights are far too large. A minute with pencil and paper has found the network's main trouble before any training.

# %% [markdown] id="first-loss-explain" lang="zh" reviewed="65530459997e"
# **解释**：估计值依次是 $1000$、$500$、$100 \cdot 500 = 50\,000$，损失则是 $640 \cdot 50\,000 = 3.2 \cdot 10^7$。目标的方差只有 1，这么大的预测值显然荒唐：初始权重实在太大了。用纸笔算上一分钟，还没开始训练，就已经找到了这个网络的主要毛病。

# %% [markdown] id="way-back" lang="en"
# ## 3. The way back
#
# We want to know, for each of the 101000 weights, how the loss moves when that weight moves. This slope is the **gradient** of the loss with respect to the weight.
#
# One could simply try: move one weight, run the forward pass again, look at the loss, put the weight back. That takes 101000 forward passes for a single step of learning. Backpropagation gets all the slopes from one walk back through the graph, at about the cost of two forward passes. Without it there would be no deep learning.
#
# ### The chain rule on five numbers
#
# Make everything as small as it can be: one sample, one input, one hidden unit, one output. All matrices become numbers: $x = 2$, $w_1 = 1.5$, $w_2 = 2$, $y = 1$. Forward:
#
# $$h = 3 \qquad h_{relu} = 3 \qquad \hat y = 6 \qquad L = (6 - 1)^2 = 25$$
#
# Now walk back from $L$, one step at a time. Each step multiplies two things: the **upstream gradient**, which has arrived from the loss, and the step's own **local slope**.
#
# 1. $\hat y \to L$ is $(\hat y - y)^2$. Its slope is $2(\hat y - y) = 10$.
# 2. $w_2 \to \hat y$ is $h_{relu} \cdot w_2$. Its slope in $w_2$ is $h_{relu} = 3$. So $\partial L / \partial w_2 = 10 \cdot 3 = 30$.
# 3. The same product has the slope $w_2 = 2$ in $h_{relu}$. So $\partial L / \partial h_{relu} = 10 \cdot 2 = 20$.
# 4. $h \to h_{relu}$ is ReLU. At $h = 3$ it is a straight line of slope 1. So $\partial L / \partial h = 20 \cdot 1 = 20$.
# 5. $w_1 \to h$ is $x \cdot w_1$. Its slope is $x = 2$. So $\partial L / \partial w_1 = 20 \cdot 2 = 40$.
#
# **Predict:** if $w_1$ grows from $1.5$ to $1.51$, by about how much does the loss grow?

# %% [markdown] id="way-back" lang="zh" reviewed="e1fa4aff71b1"
# ## 3. 往回走
#
# 我们想知道，对 101000 个权重中的每一个，它动一点点，损失会怎么变。这个斜率就是损失对该权重的**梯度**。
#
# 当然可以直接试：动一个权重，重做一遍前向传播，看看损失，再把权重放回去。但这样学习一步就要做 101000 遍前向传播。反向传播只需沿着图往回走一趟，就得到全部斜率，代价大约相当于两遍前向传播。没有它，就没有深度学习。
#
# ### 五个数上的链式法则
#
# 把一切缩到最小：一个样本、一个输入、一个隐藏单元、一个输出。矩阵全都变成了数：$x = 2$，$w_1 = 1.5$，$w_2 = 2$，$y = 1$。前向：
#
# $$h = 3 \qquad h_{relu} = 3 \qquad \hat y = 6 \qquad L = (6 - 1)^2 = 25$$
#
# 现在从 $L$ 出发，一步一步往回走。每一步都是两样东西相乘：从损失那边传来的**上游梯度**，和这一步自己的**局部斜率**。
#
# 1. $\hat y \to L$ 是 $(\hat y - y)^2$，斜率是 $2(\hat y - y) = 10$。
# 2. $w_2 \to \hat y$ 是 $h_{relu} \cdot w_2$，对 $w_2$ 的斜率是 $h_{relu} = 3$。所以 $\partial L / \partial w_2 = 10 \cdot 3 = 30$。
# 3. 同一个乘积对 $h_{relu}$ 的斜率是 $w_2 = 2$。所以 $\partial L / \partial h_{relu} = 10 \cdot 2 = 20$。
# 4. $h \to h_{relu}$ 是 ReLU，在 $h = 3$ 处它是斜率为 1 的直线。所以 $\partial L / \partial h = 20 \cdot 1 = 20$。
# 5. $w_1 \to h$ 是 $x \cdot w_1$，斜率是 $x = 2$。所以 $\partial L / \partial w_1 = 20 \cdot 2 = 40$。
#
# **预测**：如果 $w_1$ 从 $1.5$ 增大到 $1.51$，损失大约增加多少？

# %% id="five-numbers-predict" tags=["hide-input"]
prediction("numpy_backprop.rise", Text(en="w1 grows from 1.5 to 1.51. By about how much does the loss grow?", zh="w1 从 1.5 增大到 1.51，损失大约增加多少？"), [40, 0.2, 0.01, 0.4])

# %% id="five-numbers"
def tiny_loss(tiny_w1, tiny_w2=2.0, tiny_x=2.0, tiny_y=1.0):
    """The network of five numbers, all in one line."""
    return (max(tiny_x * tiny_w1, 0.0) * tiny_w2 - tiny_y) ** 2


say(Text(en="loss at w1 = 1.5:  {v}", zh="w1 = 1.5 时的损失：{v}"), v=digits(tiny_loss(1.5)))
say(Text(en="loss at w1 = 1.51: {v}", zh="w1 = 1.51 时的损失：{v}"), v=digits(tiny_loss(1.51), 6))
say(Text(en="rise for 0.01:     {v}", zh="增加 0.01 带来的增量：{v}"), v=digits(tiny_loss(1.51) - tiny_loss(1.5)))
reveal("numpy_backprop.rise", round(tiny_loss(1.51) - tiny_loss(1.5), 2))

# %% [markdown] id="five-numbers-explain" lang="en"
# **Explain.** The gradient $40$ promised $40 \cdot 0.01 = 0.4$. The loss rose by $0.4016$; the small rest is there because the loss is a curve and the gradient is its tangent.
#
# Here is the walk as a picture: solid arrows carry values forward, dashed arrows carry gradients back.

# %% [markdown] id="five-numbers-explain" lang="zh" reviewed="e7c2ed1035c3"
# **解释**：梯度 $40$ 预言的增量是 $40 \cdot 0.01 = 0.4$，实际增加了 $0.4016$；多出的一点点，是因为损失是一条曲线，而梯度是它的切线。
#
# 把这趟往返画成图：实线箭头把值往前送，虚线箭头把梯度往回送。

# %% id="draw-gradients"
tiny = {"x": 2.0, "w1": 1.5, "w2": 2.0, "y": 1.0}
tiny["h"] = tiny["x"] * tiny["w1"]
tiny["h_relu"] = max(tiny["h"], 0.0)
tiny["y_pred"] = tiny["h_relu"] * tiny["w2"]
tiny["loss"] = (tiny["y_pred"] - tiny["y"]) ** 2

tiny_grads = {"y_pred": 2 * (tiny["y_pred"] - tiny["y"])}                   # step 1 | 第 1 步
tiny_grads["w2"] = tiny_grads["y_pred"] * tiny["h_relu"]                    # step 2 | 第 2 步
tiny_grads["h_relu"] = tiny_grads["y_pred"] * tiny["w2"]                    # step 3 | 第 3 步
tiny_grads["h"] = tiny_grads["h_relu"] * (1.0 if tiny["h"] > 0 else 0.0)    # step 4 | 第 4 步
tiny_grads["w1"] = tiny_grads["h"] * tiny["x"]                              # step 5 | 第 5 步

fig, ax = draw_network(
    {name: f"{name}\n{digits(value)}" for name, value in tiny.items()} | {"loss": f"{LOSS.inline}\n{digits(tiny['loss'])}"},
    {name: digits(value) for name, value in tiny_grads.items()},
)
label(ax, title=Text(en="Values forward (solid), gradients back (dashed)", zh="值向前（实线），梯度向后（虚线）"))
numbers = {f"d_{name}": digits(value) for name, value in tiny_grads.items()} | {name: digits(value) for name, value in tiny.items()}
show(fig, Text(
    en="The same graph with numbers. Forward: x = {x}, w1 = {w1}, h = {h}, h_relu = {h_relu}, w2 = {w2}, y_pred = {y_pred}, y = {y}, loss = {loss}. Back, on dashed arrows: {d_y_pred} into y_pred, {d_w2} into w2, {d_h_relu} into h_relu, {d_h} into h, {d_w1} into w1.",
    zh="同一张图，填上了数。前向：x = {x}，w1 = {w1}，h = {h}，h_relu = {h_relu}，w2 = {w2}，y_pred = {y_pred}，y = {y}，损失 = {loss}。沿虚线箭头往回：传给 y_pred 的是 {d_y_pred}，传给 w2 的是 {d_w2}，传给 h_relu 的是 {d_h_relu}，传给 h 的是 {d_h}，传给 w1 的是 {d_w1}。",
).format(**numbers))

# %% [markdown] id="matrices" lang="en"
# ### From numbers to matrices
#
# Two rules are all there is:
#
# 1. **Along a path, multiply:** upstream gradient times local slope.
# 2. **Where a value is used more than once, add:** each use moves the loss, and the effects add up.
#
# With five numbers, nothing was used twice. In a real layer everything is: each weight in $W_2$ is used by every sample of the batch. Take a general product $C = A B$, and let $G$ be the upstream gradient, one number $G_{ij}$ for each entry $C_{ij}$. In full,
#
# $$C_{ij} = \sum_k A_{ik} B_{kj}$$
#
# Where does the single entry $B_{kj}$ appear? In $C_{1j}$, in $C_{2j}$, in $C_{3j}$ and so on, once for each row $i$, and its local slope there is the factor that stands beside it, $A_{ik}$. Multiply along each path, then add the paths:
#
# $$\frac{\partial L}{\partial B_{kj}} = \sum_i A_{ik}\, G_{ij}$$
#
# That is a matrix product again, for the sum runs over the rows of both: it is $A^T G$. In the same way, $A_{ik}$ appears once for each column $j$, beside $B_{kj}$, which gives $G B^T$.
#
# Nobody remembers which factor gets the transpose. You need not: **a gradient has the shape of its variable.**
#
# **Predict:** let `A` be `[4, 3]`, `B` be `[3, 2]` and `G` be `[4, 2]`. Which of the four products below has the shape of `B`?

# %% [markdown] id="matrices" lang="zh" reviewed="868ce59e093b"
# ### 从数到矩阵
#
# 规则只有两条：
#
# 1. **沿着一条路，相乘**：上游梯度乘以局部斜率。
# 2. **一个值被用了不止一次，就相加**：每一次使用都会影响损失，这些影响要加起来。
#
# 在五个数的例子里，没有哪个值被用过两次。真正的层里则处处如此：$W_2$ 中的每个权重都被一批里的所有样本用到。看一般的乘积 $C = A B$，设 $G$ 是上游梯度，每个元素 $C_{ij}$ 对应一个数 $G_{ij}$。写开来就是
#
# $$C_{ij} = \sum_k A_{ik} B_{kj}$$
#
# 单独一个元素 $B_{kj}$ 出现在哪里？在 $C_{1j}$、$C_{2j}$、$C_{3j}$ 等处，每一行 $i$ 出现一次，那里的局部斜率就是紧挨着它的因子 $A_{ik}$。沿每条路相乘，再把各条路加起来：
#
# $$\frac{\partial L}{\partial B_{kj}} = \sum_i A_{ik}\, G_{ij}$$
#
# 求和是沿着两者的行进行的，所以这又是一个矩阵乘积：$A^T G$。同理，$A_{ik}$ 对每一列 $j$ 出现一次，旁边是 $B_{kj}$，于是得到 $G B^T$。
#
# 到底该转置哪一个，谁也记不住，也不必记：**梯度与它的变量同形。**
#
# **预测**：设 `A` 是 `[4, 3]`，`B` 是 `[3, 2]`，`G` 是 `[4, 2]`。下面四个乘积中，哪一个的形状与 `B` 相同？

# %% id="which-product-predict" tags=["hide-input"]
prediction("numpy_backprop.product", Text(en="Which of A @ G, A.T @ G, G @ A, G.T @ A has the shape of B, and how many of the four exist?", zh="A @ G、A.T @ G、G @ A、G.T @ A 中哪一个与 B 同形？四个里有几个能算？"), {
    ("A.T @ G", 4): Text(en="A.T @ G; all four exist", zh="A.T @ G；四个都能算"),
    ("A.T @ G", 2): Text(en="A.T @ G; two exist", zh="A.T @ G；有两个能算"),
    ("A.T @ G", 1): Text(en="A.T @ G; it is the only one that exists", zh="A.T @ G；只有它能算"),
    ("G.T @ A", 2): Text(en="G.T @ A; two exist", zh="G.T @ A；有两个能算"),
})

# %% id="which-product"
A, B, G = np.ones((4, 3)), np.ones((3, 2)), np.ones((4, 2))

shapes_found = {}
for name, left, right in (("A @ G", A, G), ("A.T @ G", A.T, G), ("G @ A", G, A), ("G.T @ A", G.T, A)):
    fits = left.shape[1] == right.shape[0]
    outcome = Text(en=f"{list((left @ right).shape)}", zh=f"{list((left @ right).shape)}") if fits else Text(en="does not fit", zh="形状对不上")
    print(f"{name:8}", outcome.inline)
    if fits:
        shapes_found[name] = (left @ right).shape
reveal("numpy_backprop.product", (" ".join(name for name, shape in shapes_found.items() if shape == B.shape), len(shapes_found)))

# %% [markdown] id="which-product-explain" lang="en"
# **Explain.** Two products exist, and only `A.T @ G` has the shape of `B`. The other, `G.T @ A`, is its transpose. So the shapes pick the formula for you, as long as all sizes differ. If `A`, `B` and `G` were square, all four would run without a complaint and three would be wrong: test with odd sizes.

# %% [markdown] id="which-product-explain" lang="zh" reviewed="e07a95477d81"
# **解释**：只有两个乘积能算，其中只有 `A.T @ G` 与 `B` 同形；另一个 `G.T @ A` 是它的转置。可见，只要各维大小互不相同，形状就会替你选出公式。假如 `A`、`B`、`G` 都是方阵，四个都能顺利运行，其中三个却是错的：所以测试时各维大小要取得不一样。

# %% [markdown] id="kink" lang="en"
# ### The kink
#
# ReLU treats each entry by itself, so its gradient does too. Where $h > 0$ it is a line of slope 1, and the upstream gradient passes unchanged. Where $h < 0$ it is flat, and nothing passes. On the way back ReLU is a **mask**: it reads the signs of $h$ and lets gradients through or stops them. It does not look at the sign of the gradient itself.
#
# And at exactly $h = 0$? There the curve has a corner and no tangent, and any slope from 0 to 1 is defensible. Code has to choose, and it does not always choose alike. In NumPy, setting the gradient to 0 where `h < 0` lets it pass at 0, so the slope there is 1; multiplying by `h > 0` stops it, so the slope is 0.
#
# **Predict:** PyTorch has two ways to write ReLU, `clamp(min=0)` and `relu`. Which slope does each of them use at 0? And how often does an exact 0 turn up among our hidden values? (The next cell asks PyTorch for a slope; how it finds it is the subject of lesson 04.)

# %% [markdown] id="kink" lang="zh" reviewed="6a9e9d405448"
# ### 折点处
#
# ReLU 对每个元素单独处理，它的梯度也一样。在 $h > 0$ 处，它是斜率为 1 的直线，上游梯度原样通过；在 $h < 0$ 处，它是平的，什么也通不过。往回走的时候，ReLU 就是一张**掩码**：看 $h$ 的正负号，决定放行还是拦下梯度。它并不看梯度自己的正负号。
#
# 那么恰好 $h = 0$ 时呢？曲线在那里有个尖角，没有切线，取 0 到 1 之间的任何斜率都说得过去。代码必须选一个，而各家的选择并不总是一样。在 NumPy 里，把 `h < 0` 处的梯度设为 0，等于在 0 处放行，即那里的斜率是 1；乘以 `h > 0` 则是拦下，即斜率是 0。
#
# **预测**：在 PyTorch 里，ReLU 有两种写法：`clamp(min=0)` 和 `relu`。它们在 0 处各用哪个斜率？在我们的隐藏值里，恰好等于 0 的又有多少？（下一个单元格会向 PyTorch 要一个斜率；它是怎么求出来的，是第 04 课的内容。）

# %% id="kink-predict" tags=["hide-input"]
prediction("numpy_backprop.kink", Text(en="The slopes at 0 of clamp(min=0) and of relu:", zh="clamp(min=0) 和 relu 在 0 处的斜率："), {
    (0, 0): Text(en="both 0", zh="都是 0"),
    (1, 1): Text(en="both 1", zh="都是 1"),
    (0, 1): Text(en="0 for clamp, 1 for relu", zh="clamp 为 0，relu 为 1"),
    (1, 0): Text(en="1 for clamp, 0 for relu", zh="clamp 为 1，relu 为 0"),
})

# %% id="kink-run"
import torch

grid = np.linspace(-2, 2, 201)
slopes = np.where(grid > 0, 1.0, np.where(grid < 0, 0.0, np.nan))      # at 0 there is none | 在 0 处没有斜率
fig, (left, right) = new_figure(1, 2, height=2.6)
left.plot(grid, np.maximum(grid, 0), **SERIES[0] | {"marker": ""})
right.plot(grid, slopes, **SERIES[1] | {"linestyle": "-", "marker": ""})
label(left, title="max(h, 0)", x="h")
label(right, title=Text(en="its slope: the mask", zh="它的斜率：掩码"), x="h")
show(fig, Text(
    en="Two panels. Left: max(h, 0) is 0 up to h = 0 and then rises to {top} at h = {end}, with a corner at 0. Right: its slope is {low} left of 0 and {high} right of 0, and jumps in between.",
    zh="左右两图。左：max(h, 0) 在 h = 0 之前是 0，之后上升，在 h = {end} 处达到 {top}，在 0 处有一个尖角。右：它的斜率在 0 左边是 {low}，在 0 右边是 {high}，中间突然跳变。",
).format(top=digits(np.maximum(grid, 0)[-1]), end=digits(grid[-1]), low=digits(slopes[0]), high=digits(slopes[-1])))

at_the_kink = []
for name, function in (("clamp(min=0)", lambda t: t.clamp(min=0)), ("relu", torch.relu)):
    at_zero = torch.tensor(0.0, requires_grad=True)
    function(at_zero).backward()
    at_the_kink.append(int(at_zero.grad))
    say(Text(en="slope of {name} at 0: {slope}", zh="{name} 在 0 处的斜率：{slope}"), name=name, slope=digits(at_zero.grad.item()))

hidden_values = x @ w1
say(Text(en="exact zeros in h: {zeros} of {all}", zh="h 中恰好为零的元素：{all} 个里有 {zeros} 个"), zeros=int((hidden_values == 0).sum()), all=hidden_values.size)
reveal("numpy_backprop.kink", tuple(at_the_kink))

# %% [markdown] id="kink-explain" lang="en"
# **Explain.** Two functions with the same values have different slopes at one point, and both are right by their own convention. In our network it does not matter: a sum of 1000 random products practically never hits 0. It can matter where zeros are common, for example behind another ReLU. The checks of this lesson accept either convention.

# %% [markdown] id="kink-explain" lang="zh" reviewed="3aa75c67dcea"
# **解释**：两个函数的值处处相同，却在一个点上斜率不同；按各自的约定，两者都没错。在我们的网络里这无关紧要：1000 个随机乘积之和几乎不可能恰好是 0。而在零很常见的地方（比如前面还有一个 ReLU），它就可能有影响。本课的检查对两种约定都接受。

# %% [markdown] id="backward-card" lang="en"
# ### Exercise 1.2: backward pass
#
# **Difficulty:** 3 of 5. **Time:** 30 minutes.
#
# Write `backward(x, y, w1, w2, h, h_relu, y_pred)` for the loss $L = \sum (\hat y - y)^2$. It returns a dictionary with five gradients. Compute them in this order, from the loss back to the input:
#
# | key | shape | the step it walks back |
# |---|---|---|
# | `"y_pred"` | `[N, D_out]` | the square |
# | `"w2"` | `[H, D_out]` | the second product, towards the weights |
# | `"h_relu"` | `[N, H]` | the second product, towards the hidden layer |
# | `"h"` | `[N, H]` | ReLU |
# | `"w1"` | `[D_in, H]` | the first product |
#
# - Before you write a line, write its shape. Only then choose the product.
# - The loss is a sum: there is no $1/N$ anywhere.
# - All inputs stay as they were, and the gradient of `h_relu` must survive when you make the one of `h` out of it.
# - You may return a dictionary with fewer keys while you are still working: each gradient has its own verdict. A line that raises an error costs all five, so leave it out until it runs.

# %% [markdown] id="backward-card" lang="zh" reviewed="78e4ab388f66"
# ### 练习 1.2：反向传播
#
# **难度**：3（共 5 级）。**时间**：30 分钟。
#
# 针对损失 $L = \sum (\hat y - y)^2$，编写 `backward(x, y, w1, w2, h, h_relu, y_pred)`。它返回一个含五个梯度的字典。请按下面的次序计算，即从损失往回走到输入：
#
# | 键 | 形状 | 往回走的是哪一步 |
# |---|---|---|
# | `"y_pred"` | `[N, D_out]` | 平方 |
# | `"w2"` | `[H, D_out]` | 第二次乘法，走向权重 |
# | `"h_relu"` | `[N, H]` | 第二次乘法，走向隐藏层 |
# | `"h"` | `[N, H]` | ReLU |
# | `"w1"` | `[D_in, H]` | 第一次乘法 |
#
# - 写每一行之前，先写下结果的形状，再选乘法。
# - 损失是求和：任何地方都没有 $1/N$。
# - 所有输入保持原样；由 `h_relu` 的梯度得到 `h` 的梯度时，前者也要保留下来。
# - 还没写完时，可以先返回键较少的字典：每个梯度单独判定。但只要有一行报错，五个梯度就都得不到，所以还跑不通的那一行先不要写进去。

# %% id="backward" tags=["solution"]
def backward(x, y, w1, w2, h, h_relu, y_pred):
    """The gradients of the loss, the sum of the squared errors.

    x [N, D_in], y [N, D_out], w1 [D_in, H], w2 [H, D_out], and h, h_relu [N, H], y_pred [N, D_out] from forward
    -> {"y_pred": [N, D_out], "w2": [H, D_out], "h_relu": [N, H], "h": [N, H], "w1": [D_in, H]}
    """
    ### BEGIN SOLUTION
    grad_y_pred = 2.0 * (y_pred - y)            # the slope of the square | 平方的斜率
    grad_w2 = h_relu.T @ grad_y_pred            # [H, N] @ [N, D_out]: adds over the samples | 对样本求和
    grad_h_relu = grad_y_pred @ w2.T            # [N, D_out] @ [D_out, H]: adds over the outputs | 对输出求和
    grad_h = grad_h_relu.copy()                 # a copy, for grad_h_relu is an answer too | 复制一份，因为 grad_h_relu 也是要返回的
    grad_h[h < 0] = 0.0                         # ReLU was flat here | ReLU 在这里是平的
    grad_w1 = x.T @ grad_h                      # [D_in, N] @ [N, H]: adds over the samples | 同样对样本求和
    return {"y_pred": grad_y_pred, "w2": grad_w2, "h_relu": grad_h_relu, "h": grad_h, "w1": grad_w1}
    ### END SOLUTION

# %% id="backward-check" tags=["check"]
check("numpy_backprop.backward")

# %% [markdown] id="numeric" lang="en"
# ## 4. Trust nobody: numeric gradients
#
# Suppose there were no check. How could you know that your gradients are right? Go back to the slow way that we turned down: move one entry a little and see what the loss does. It is far too slow for training, and perfect for testing, because it knows nothing of the chain rule and so cannot make the same mistake.
#
# There are two ways to take the slope of $f$ at $t$ with a step $\epsilon$:
#
# $$\frac{f(t + \epsilon) - f(t)}{\epsilon} \qquad\qquad \frac{f(t + \epsilon) - f(t - \epsilon)}{2\,\epsilon}$$
#
# The first is one-sided. The second is the **central difference**. Try both on $f(t) = t^4$ at $t = 1.3$, where the true slope is $4 t^3 = 8.788$.
#
# **Predict:** which one is better, and by how much? Is the smallest step the best?

# %% [markdown] id="numeric" lang="zh" reviewed="b629e093f53d"
# ## 4. 谁也不信：数值梯度
#
# 假如没有检查，你怎么知道自己的梯度对不对？回到那个被我们放弃的慢办法：把一个元素动一点点，看损失怎么变。用它来训练太慢，用来检验却正合适：它对链式法则一无所知，也就不可能犯同样的错。
#
# 用步长 $\epsilon$ 求 $f$ 在 $t$ 处的斜率，有两种做法：
#
# $$\frac{f(t + \epsilon) - f(t)}{\epsilon} \qquad\qquad \frac{f(t + \epsilon) - f(t - \epsilon)}{2\,\epsilon}$$
#
# 前一种是单侧差分，后一种是**中心差分**。拿 $f(t) = t^4$ 在 $t = 1.3$ 处试一试，那里的真实斜率是 $4 t^3 = 8.788$。
#
# **预测**：哪一种更好？好多少？步长是不是越小越好？

# %% id="step-size-predict" tags=["hide-input"]
prediction("numpy_backprop.step", Text(en="At its best step, is the central difference clearly better? Is the smallest step the best?", zh="各取最好的步长，中心差分明显更好吗？步长是不是越小越好？"), {
    (True, True): Text(en="clearly better; the smaller the step, the better", zh="明显更好；步长越小越好"),
    (False, True): Text(en="about as good; the smaller the step, the better", zh="差不多；步长越小越好"),
    (True, False): Text(en="clearly better; the best step lies in between", zh="明显更好；最好的步长在中间"),
    (False, False): Text(en="about as good; the best step lies in between", zh="差不多；最好的步长在中间"),
})

# %% id="step-size"
def fourth_power(t):
    """t to the fourth power; its slope is 4 t**3."""
    return t * t * t * t


point, true_slope = 1.3, 4 * 1.3**3
step_sizes = [10.0 ** -(k / 2) for k in range(1, 27)]
one_sided = [abs((fourth_power(point + e) - fourth_power(point)) / e - true_slope) for e in step_sizes]
central = [abs((fourth_power(point + e) - fourth_power(point - e)) / (2 * e) - true_slope) for e in step_sizes]

fig, ax = new_figure()
ax.loglog(step_sizes, one_sided, **SERIES[1])
ax.loglog(step_sizes, central, **SERIES[0])
legend(ax, Text(en="one-sided", zh="单侧差分"), Text(en="central", zh="中心差分"))
label(ax, title=Text(en="Error of the slope: too large a step, too small a step", zh="斜率的误差：步长太大或太小都不好"),
      x=Text(en="step eps", zh="步长 eps"), y=Text(en="error", zh="误差"))
best_one, best_central = int(np.argmin(one_sided)), int(np.argmin(central))
show(fig, Text(
    en="Two curves over the step, both axes logarithmic, each shaped like a V. The one-sided error is smallest, about {one}, at eps = {one_at}. The central error falls twice as steeply and is smallest, about {two}, at eps = {two_at}. Towards smaller steps both grow again and become ragged.",
    zh="误差随步长变化的两条曲线，两轴都是对数刻度，都呈 V 形。单侧差分的误差在 eps = {one_at} 处最小，约 {one}。中心差分的误差下降的陡度是它的两倍，在 eps = {two_at} 处最小，约 {two}。步长再小，两者又都增大，而且变得参差不齐。",
).format(one=digits(one_sided[best_one], 1), one_at=digits(step_sizes[best_one], 1), two=digits(central[best_central], 1), two_at=digits(step_sizes[best_central], 1)))
reveal("numpy_backprop.step", (min(central) < min(one_sided) / 10, best_central == len(step_sizes) - 1))

# %% [markdown] id="step-size-explain" lang="en"
# **Explain.** Read the V from right to left. On its right arm the step is too large and the curve bends away from its tangent: the one-sided error shrinks like $\epsilon$, the central one like $\epsilon^2$, because the bend to the left and the bend to the right cancel. On its left arm the step is too small. A float64 keeps about 16 digits; when two almost equal numbers are subtracted, the leading ones cancel and mostly rounding is left. So the best step lies in between, near $10^{-5}$ for the central difference.
#
# ### When f has many outputs
#
# A layer returns an array, not a loss. What is "the slope" of an array? As on the way back, let the upstream gradient $G$ decide: it says what each output is worth to the loss. Weigh the change of each output with it and add up:
#
# $$\frac{\partial L}{\partial x_i} \approx \sum_j G_j \, \frac{f_j(x + \epsilon e_i) - f_j(x - \epsilon e_i)}{2\,\epsilon}$$
#
# Here $x + \epsilon e_i$ is $x$ with only its entry $i$ moved.

# %% [markdown] id="step-size-explain" lang="zh" reviewed="f44db585e7df"
# **解释**：把这个 V 从右往左读。在右臂上，步长太大，曲线已经弯离了切线：单侧差分的误差随 $\epsilon$ 缩小，中心差分的误差随 $\epsilon^2$ 缩小，因为左右两边的弯曲相互抵消。在左臂上，步长太小。float64 约有 16 位有效数字，两个几乎相等的数相减，前面的数字全部消去，剩下的大多是舍入误差。所以最好的步长在中间，对中心差分来说在 $10^{-5}$ 附近。
#
# ### 当 f 有多个输出时
#
# 一个层返回的是数组，而不是损失。数组的“斜率”是什么意思？和往回走时一样，由上游梯度 $G$ 说了算：它说明每个输出对损失有多重要。用它给每个输出的变化加权，再加起来：
#
# $$\frac{\partial L}{\partial x_i} \approx \sum_j G_j \, \frac{f_j(x + \epsilon e_i) - f_j(x - \epsilon e_i)}{2\,\epsilon}$$
#
# 其中 $x + \epsilon e_i$ 表示只动 $x$ 的第 $i$ 个元素。

# %% [markdown] id="numeric-card" lang="en"
# ### Exercise 1.3: numeric gradient
#
# **Difficulty:** 3 of 5. **Time:** 20 minutes.
#
# Write `numeric_grad(f, x, upstream, eps=1e-5)` by the formula above. `f` takes an array like `x` and returns an array like `upstream`, or a single number. The result has the shape of `x` and the dtype float64.
#
# - Move one entry at a time, both ways, and put it back before you move the next. `np.ndindex(x.shape)` walks over all entries, whatever the number of axes.
# - Compute in float64 even if `x` arrives as float32: with its 7 digits a step of `1e-5` drowns.
# - The caller's `x` is as it was when you are done.
# - `f` may return a view of its argument (think of `lambda x: x.T`). What you want to compare later, you must copy now.

# %% [markdown] id="numeric-card" lang="zh" reviewed="1c11c40ee798"
# ### 练习 1.3：数值梯度
#
# **难度**：3（共 5 级）。**时间**：20 分钟。
#
# 按上面的公式编写 `numeric_grad(f, x, upstream, eps=1e-5)`。`f` 接收一个与 `x` 同形的数组，返回一个与 `upstream` 同形的数组，或者一个数。结果与 `x` 同形，dtype 是 float64。
#
# - 每次只动一个元素，往两边各动一次；动下一个之前，先把它放回原值。`np.ndindex(x.shape)` 能遍历所有元素，不管有几个轴。
# - 即使传入的 `x` 是 float32，也要用 float64 计算：float32 只有 7 位有效数字，`1e-5` 的步长会被淹没。
# - 算完之后，调用者的 `x` 要和原来一样。
# - `f` 可能返回参数的视图（比如 `lambda x: x.T`）。要留到后面比较的东西，现在就得复制一份。

# %% id="numeric_grad" tags=["solution"]
def numeric_grad(f, x, upstream, eps=1e-5):
    """The gradient of (f(x) * upstream).sum() with respect to x, by central differences: float64, x's shape."""
    ### BEGIN SOLUTION
    x = np.array(x, dtype=np.float64)                 # a float64 copy of our own | 自己的 float64 副本
    grad = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        kept = x[i]
        x[i] = kept + eps
        plus = np.array(f(x))                         # a copy: f may return a view of x | 复制：f 可能返回 x 的视图
        x[i] = kept - eps
        minus = np.array(f(x))
        x[i] = kept  # put it back | 放回原值
        grad[i] = np.sum((plus - minus) * upstream) / (2 * eps)
    return grad
    ### END SOLUTION

# %% id="numeric_grad-check" tags=["check"]
check("numpy_backprop.numeric_grad")

# %% [markdown] id="compare" lang="en"
# ### The two gradients meet
#
# Now let your two answers judge each other, on a network small enough for the slow way: 5 samples and sizes 4, 3 and 2. Each weight gives one point in the figure: its gradient by `backward` to the right, its gradient by `numeric_grad` upwards.
#
# **Predict:** where do the points lie if both are right? Where do they go if somebody forgets the mask? The cell draws that mistake too.

# %% [markdown] id="compare" lang="zh" reviewed="3fbe2e233198"
# ### 两种梯度相遇
#
# 现在让你的两个解答互相评判。网络要小，慢办法才跑得动：5 个样本，各维大小为 4、3、2。图中每个权重是一个点：横坐标是 `backward` 给出的梯度，纵坐标是 `numeric_grad` 给出的梯度。
#
# **预测**：如果两者都对，这些点会落在哪里？如果有人忘了掩码，它们又会跑到哪里？单元格里把这个错误也画了出来。

# %% id="compare-predict" tags=["hide-input"]
prediction("numpy_backprop.mask", Text(en="Somebody forgets the mask. Which of the 12 gradients of w1 leave the diagonal?", zh="有人忘了掩码，12 个 w1 梯度中哪些会偏离对角线？"), {
    0: Text(en="none: the mask matters for h only", zh="一个也没有：掩码只与 h 有关"),
    2: Text(en="all: no hidden unit is on for every sample", zh="全部：没有哪个隐藏单元对每个样本都开着"),
    1: Text(en="some: about half of the hidden values are off", zh="一部分：隐藏值约有一半是关着的"),
})

# %% id="compare-run"
if solved("numpy_backprop.forward", "numpy_backprop.backward", "numpy_backprop.numeric_grad"):
    small_rng = np.random.default_rng(12)
    small_x, small_y = small_rng.standard_normal((5, 4)), small_rng.standard_normal((5, 2))
    small_w1, small_w2 = small_rng.standard_normal((4, 3)), small_rng.standard_normal((3, 2))
    small_values = forward(small_x, small_w1, small_w2)
    exact = backward(small_x, small_y, small_w1, small_w2, *small_values)

    # Only the forward pass is asked here; the upstream gradient is that of y_pred | 这里只用前向传播；上游梯度是 y_pred 的梯度
    slow_w1 = numeric_grad(lambda w: forward(small_x, w, small_w2)[2], small_w1, exact["y_pred"])
    slow_w2 = numeric_grad(lambda w: forward(small_x, small_w1, w)[2], small_w2, exact["y_pred"])
    largest_gap = max(np.abs(slow_w1 - exact["w1"]).max(), np.abs(slow_w2 - exact["w2"]).max())
    unmasked = small_x.T @ exact["h_relu"]              # the mistake: ReLU forgotten | 错误的做法：忘了 ReLU

    say(Text(en="{count} weights; largest gap below 1e-8: {answer}", zh="{count} 个权重；最大差距小于 1e-8：{answer}"),
        count=slow_w1.size + slow_w2.size, answer=bool(largest_gap < 1e-8))

    fig, ax = new_figure(height=4.4)
    analytic, slow = np.append(exact["w1"], exact["w2"]), np.append(slow_w1, slow_w2)
    low, high = min(slow.min(), unmasked.min()), max(slow.max(), unmasked.max())
    ax.plot([low, high], [low, high], color="grey", linewidth=1, marker="")
    ax.plot(unmasked.ravel(), slow_w1.ravel(), **SERIES[1] | {"linestyle": ""})
    ax.plot(analytic, slow, **SERIES[0] | {"linestyle": ""})
    legend(ax, Text(en="equal", zh="两者相等"), Text(en="w1, mask forgotten", zh="w1，忘了掩码"), Text(en="your backward", zh="你的 backward"))
    label(ax, title=Text(en="Two ways to the same gradient", zh="殊途同归的两种梯度"),
          x=Text(en="analytic gradient", zh="解析梯度"), y=Text(en="numeric gradient", zh="数值梯度"))
    off = int((np.abs(unmasked - slow_w1) > 1e-6).sum())
    show(fig, Text(
        en="{count} points, one per weight, from {low} to {high} on both axes: all lie on the diagonal, where analytic and numeric gradient are equal. Of the {w1} gradients of w1 computed without the mask, {off} lie off the diagonal.",
        zh="{count} 个点，每个权重一个，两轴都从 {low} 到 {high}：全部落在对角线上，即解析梯度与数值梯度相等。不用掩码算出的 {w1} 个 w1 梯度中，有 {off} 个偏离对角线。",
    ).format(count=slow.size, low=digits(slow.min(), 3), high=digits(slow.max(), 3), w1=slow_w1.size, off=off))
    reveal("numpy_backprop.mask", int(off > 0) + int(off == slow_w1.size))

# %% [markdown] id="compare-explain" lang="en"
# **Explain.** Points on the diagonal: two ways that know nothing of each other agree, so both are right, or both are wrong in the same manner, which is most unlikely. Points off it: at least one way is wrong. This test is called a *gradient check*. Whenever you write a backward pass by hand, do it, and do it in float64, with a random upstream gradient, odd shapes and no value at a kink.

# %% [markdown] id="compare-explain" lang="zh" reviewed="44d086fefad2"
# **解释**：点在对角线上：互不知情的两种方法得出同样的结果，那么要么都对，要么以同样的方式错了，而后者极不可能。点偏离对角线：至少有一种方法是错的。这种检验叫作*梯度检查*。凡是手写了反向传播，就做一次；而且要用 float64、随机的上游梯度、互不相同的各维大小，并避开折点。

# %% [markdown] id="training" lang="en"
# ## 5. Training
#
# All the pieces are there. Training a network follows a recipe of six steps, today and in every lesson to come:
#
# 1. **Define** the network and its weights.
# 2. **Iterate** over the data.
# 3. **Forward:** compute the predictions.
# 4. **Loss:** measure how wrong they are.
# 5. **Backward:** compute the gradient of every weight.
# 6. **Update** every weight, by the rule `weight = weight - lr * gradient`.
#
# The gradient points to where the loss grows, so we go the other way: hence the minus. How far is decided by the **learning rate** `lr`. Since every step here uses all the data, the method is plain *gradient descent*. It becomes *stochastic* gradient descent once each step looks only at a random part of the data, which is what later lessons do.

# %% [markdown] id="training" lang="zh" reviewed="b9c0bb635241"
# ## 5. 训练
#
# 零件已经齐了。训练网络有一份六步的配方，今天如此，以后每一课也如此：
#
# 1. **定义**网络和它的权重。
# 2. **遍历**数据。
# 3. **前向**：算出预测值。
# 4. **损失**：衡量预测错了多少。
# 5. **反向**：算出每个权重的梯度。
# 6. **更新**每个权重，规则是 `weight = weight - lr * gradient`。
#
# 梯度指向损失增大的方向，我们要往相反的方向走，所以是减号。走多远由**学习率** `lr` 决定。这里每一步都用到全部数据，所以这是普通的*梯度下降*。如果每一步只看随机抽取的一部分数据，就成了*随机*梯度下降，后面的课就是这么做的。

# %% [markdown] id="train-card" lang="en"
# ### Exercise 1.4: gradient descent
#
# **Difficulty:** 2 of 5. **Time:** 15 minutes.
#
# Write `train(w1, w2, loss_and_grads, lr, steps)`. It knows nothing of our network: `loss_and_grads(w1, w2)` returns three things, the loss and the gradients of `w1` and `w2`. Return three things: the final `w1`, the final `w2`, and `losses`, a list with one entry per step.
#
# - In every step: measure once, log, then move both weights. Both gradients belong to the same point.
# - `losses[0]` is the loss of the weights that you were given. With `steps=0` the list is empty.
# - Log numbers, not arrays: `float(loss)`. An array is a box whose content may change; and in PyTorch, where you will write `loss.item()`, the box holds on to everything it was computed from.
# - **Leave the caller's arrays alone.** We are going to start from the same weights several times. So `w1 -= ...` on the array that you were given is not allowed: it changes that array in place.

# %% [markdown] id="train-card" lang="zh" reviewed="ba472c606f85"
# ### 练习 1.4：梯度下降
#
# **难度**：2（共 5 级）。**时间**：15 分钟。
#
# 编写 `train(w1, w2, loss_and_grads, lr, steps)`。它对我们的网络一无所知：`loss_and_grads(w1, w2)` 返回三样东西，即损失、`w1` 的梯度和 `w2` 的梯度。你也返回三样东西：最终的 `w1`、最终的 `w2`，以及列表 `losses`，每一步一项。
#
# - 每一步：测量一次，记录，再移动两个权重。两个梯度要属于同一个点。
# - `losses[0]` 是传入的权重的损失。`steps=0` 时列表为空。
# - 记录数，不要记录数组：`float(loss)`。数组是个盒子，里面的东西可能会变；而在 PyTorch 里（那时要写 `loss.item()`），这个盒子还会拖住计算它时用到的一切。
# - **不要动调用者的数组**。我们要多次从同样的权重出发。所以不可以对传入的数组写 `w1 -= ...`：那会原地改动它。

# %% id="train" tags=["solution"]
def train(w1, w2, loss_and_grads, lr, steps):
    """Gradient descent from w1, w2, which stay as they are.

    loss_and_grads(w1, w2) -> loss, grad_w1, grad_w2;  returns w1, w2, losses (a list of Python floats, one per step)
    """
    ### BEGIN SOLUTION
    losses = []
    for _ in range(steps):
        loss, grad_w1, grad_w2 = loss_and_grads(w1, w2)  # both at the same point | 两个梯度在同一点
        losses.append(float(loss))
        w1 = w1 - lr * grad_w1                           # a new array: the caller keeps the old one | 新数组：调用者的旧数组不变
        w2 = w2 - lr * grad_w2
    return w1, w2, losses
    ### END SOLUTION

# %% id="train-check" tags=["check"]
check("numpy_backprop.train")

# %% [markdown] id="run" lang="en"
# ### Does it learn?
#
# Put the pieces together and take 500 steps with the learning rate $10^{-6}$. **Predict:** will 500 steps of a millionth be enough to bring a loss of $3 \cdot 10^7$ below 1?

# %% [markdown] id="run" lang="zh" reviewed="d59c0844eaa9"
# ### 它学得会吗？
#
# 把零件组装起来，用学习率 $10^{-6}$ 走 500 步。**预测**：用百万分之一的学习率走 500 步，够不够把 $3 \cdot 10^7$ 的损失降到 1 以下？

# %% id="run-predict" tags=["hide-input"]
prediction("numpy_backprop.enough", Text(en="The loss starts at 3e7. After 500 steps with lr = 1e-6 it is:", zh="损失从 3e7 开始，用 lr = 1e-6 走 500 步之后："), {
    2: Text(en="above a million", zh="大于一百万"),
    1: Text(en="between 1 and a million", zh="在 1 与一百万之间"),
    0: Text(en="below 1", zh="小于 1"),
})

# %% id="run-it"
def our_loss_and_grads(at_w1, at_w2):
    """Forward, loss and backward on our data: what train asks for at each step."""
    values = forward(x, at_w1, at_w2)
    found = backward(x, y, at_w1, at_w2, *values)
    return sum_of_squares(values[2], y), found["w1"], found["w2"]


if solved("numpy_backprop.forward", "numpy_backprop.backward", "numpy_backprop.train"):
    _, _, history = train(w1, w2, our_loss_and_grads, lr=1e-6, steps=500)
    for step in (0, 1, 2, 3, 99, 199, 299, 399, 499):
        say(Text(en="step {step:3}: loss {loss}", zh="第 {step:3} 步：损失 {loss}"), step=step, loss=digits(history[step], 3))

    fig, ax = new_figure()
    ax.semilogy(history, **SERIES[0] | {"marker": ""})
    label(ax, title=Text(en="500 steps with lr = 1e-6", zh="lr = 1e-6，走 500 步"), x=Text(en="step", zh="步数"), y=Text(en="loss (log scale)", zh="损失（对数刻度）"))
    show(fig, Text(
        en="The loss over 500 steps on a logarithmic axis: it starts at {a}, falls steeply, is {b} at step 99, and then runs almost straight down to {c} at step 499.",
        zh="500 步的损失曲线，纵轴为对数刻度：从 {a} 开始急剧下降，第 99 步是 {b}，然后几乎沿直线降到第 499 步的 {c}。",
    ).format(a=digits(history[0], 3), b=digits(history[99], 3), c=digits(history[499], 3)))
    reveal("numpy_backprop.enough", sum(history[499] > limit for limit in (1, 1e6)))

# %% [markdown] id="run-explain" lang="en"
# **Explain.** It is enough. But look at the first steps: the loss falls, rises, rises again, and only then gets going. At this learning rate the start is shaky. Later the curve is almost a straight line, and on a logarithmic axis that means: every step multiplies the loss by nearly the same factor, a little below 1. On an ordinary axis you would see an L and learn nothing.
#
# Has the network understood anything? No. There was nothing to understand: with 101000 weights it learned 640 random numbers by heart. A falling loss on the training data proves that the machinery works, and nothing more.
#
# ### Ten times faster?
#
# **Predict:** take `lr = 1e-5` instead, 10 times as large. Is the loss 10 times as quick to fall? Write down what you expect after 5 steps.

# %% [markdown] id="run-explain" lang="zh" reviewed="124411f3e64a"
# **解释**：够了。不过看看开头几步：损失先降，再升，又升，之后才走上正轨。在这个学习率下，起步并不稳。后来的曲线几乎是一条直线；纵轴是对数刻度，这就意味着每一步都把损失乘以差不多同一个略小于 1 的因子。若用普通刻度，你只会看到一个 L 形，什么也读不出来。
#
# 网络理解了什么吗？没有，本来就没有什么可理解的：它用 101000 个权重背下了 640 个随机数。训练数据上的损失下降，只能证明机制运转正常，别的什么也说明不了。
#
# ### 再快 10 倍？
#
# **预测**：改用 `lr = 1e-5`，即原来的 10 倍。损失会快 10 倍下降吗？写下你预想的 5 步之后的情形。

# %% id="explosion-predict" tags=["hide-input"]
prediction("numpy_backprop.ten_times", Text(en="The loss starts at 3e7. After 5 steps with lr = 1e-5 it is:", zh="损失从 3e7 开始，用 lr = 1e-5 走 5 步之后："), {
    0: Text(en="smaller than at the start", zh="比开始时小"),
    1: Text(en="larger, up to 100 times", zh="变大，不超过 100 倍"),
    3: Text(en="a number of more than 100 digits", zh="一个超过 100 位的数"),
    2: Text(en="more than 100 times as large, but of at most 100 digits", zh="变大 100 倍以上，但不超过 100 位"),
})

# %% id="explosion"
if solved("numpy_backprop.forward", "numpy_backprop.backward", "numpy_backprop.train"):
    with warnings.catch_warnings(record=True) as caught:      # NumPy warns below; we collect and read | NumPy 会发出警告，这里收集起来看
        warnings.simplefilter("always")
        _, _, wild = train(w1, w2, our_loss_and_grads, lr=1e-5, steps=9)
    _, _, tame = train(w1, w2, our_loss_and_grads, lr=1e-6, steps=9)

    for step, loss_here in enumerate(wild):
        say(Text(en="step {step}: loss {loss}", zh="第 {step} 步：损失 {loss}"), step=step, loss=digits(loss_here, 3))
    for kind in ("overflow", "invalid value"):
        say(Text(en="NumPy warned of '{kind}': {answer}", zh="NumPy 警告过“{kind}”：{answer}"), kind=kind, answer=any(kind in str(w.message) for w in caught))

    finite = [value for value in wild if np.isfinite(value)]
    fig, ax = new_figure()
    ax.semilogy(tame, **SERIES[0])
    ax.semilogy(finite, **SERIES[1])
    ax.set_xlim(-0.3, len(wild) - 0.7)
    legend(ax, "lr = 1e-6", "lr = 1e-5")
    label(ax, title=Text(en="The explosion: the exponent itself grows", zh="爆炸：连指数都在增长"), x=Text(en="step", zh="步数"), y=Text(en="loss (log scale)", zh="损失（对数刻度）"))
    show(fig, Text(
        en="Two loss curves on a logarithmic axis. With lr = 1e-6 the loss goes from {b} to {a}, which looks flat here. With lr = 1e-5 it climbs ever more steeply, from {b} at step 0 to {c} at step {last}; after that it is no longer a finite number.",
        zh="两条损失曲线，纵轴为对数刻度。lr = 1e-6 时，损失从 {b} 变到 {a}，在这张图里看上去是平的。lr = 1e-5 时，它越升越陡，从第 0 步的 {b} 升到第 {last} 步的 {c}；此后就不再是有限的数了。",
    ).format(a=digits(tame[-1], 3), b=digits(finite[0], 3), c=digits(finite[-1], 3), last=len(finite) - 1))
    reveal("numpy_backprop.ten_times", sum(wild[5] > limit for limit in (wild[0], 100 * wild[0], 1e100)))

# %% [markdown] id="explosion-explain" lang="en"
# **Explain.** This is worse than exponential growth. Read the exponents: 7, 9, 13, 24, 59, 165. Towards the end each is nearly 3 times the one before. The reason is in your own `backward`: the gradient of `w1` contains `w2` twice and `w1` once (the prediction holds both, and on the way back comes another `w2`), so it grows like the **cube** of the weights. Weights that are 10 times too large get a step that is 1000 times too large, and the next is larger still.
#
# Then the numbers run out. A float64 ends near $1.8 \cdot 10^{308}$. Beyond it lies `inf`, and NumPy warns of *overflow*. Soon the code computes `inf - inf` or `0 * inf`, which has no sensible answer: `nan`, "not a number", and NumPy warns of an *invalid value*. What is computed from `nan` is `nan` again, so there is no way back. If you ever see `nan` in a loss, look first at the learning rate and at the size of the initial weights.
#
# ### Where is the edge?
#
# A bowl explains why there is an edge at all. Take $L = a t^2$ with slope $2 a t$. One step gives
#
# $$t - lr \cdot 2 a t = (1 - 2\,a\,lr)\, t$$
#
# - If $lr$ is small, the factor is a little below 1, and $t$ creeps towards the bottom.
# - If $lr = 1 / (2a)$, the factor is 0: one step and you are there.
# - If $lr$ is larger, the factor is negative: you jump across the bottom, but come closer as long as $lr < 1/a$.
# - If $lr > 1/a$, each jump lands higher than the last one.
#
# So the steeper the bowl (the larger $a$), the smaller the learning rate must be. A network's loss is no bowl, but near any point it looks like one that is steep in some directions and flat in others, and the steepest direction sets the limit.
#
# **Explore** it below, on a network with 5 inputs, 8 hidden units and 2 outputs. Move the slider and find four regimes: creeping, good, shaky, exploding. How far apart are the best learning rate and the first one that explodes?

# %% [markdown] id="explosion-explain" lang="zh" reviewed="d07991eb947a"
# **解释**：这比指数增长还要凶。看看各个指数：7、9、13、24、59、165，到后来每个几乎是前一个的 3 倍。原因就在你自己写的 `backward` 里：`w1` 的梯度中含有两次 `w2`、一次 `w1`（预测值里两者各有一个，往回走时又来了一个 `w2`），所以它按权重的**立方**增长。权重变成 10 倍，步子就变成 1000 倍，下一步只会更大。
#
# 然后数就不够用了。float64 到 $1.8 \cdot 10^{308}$ 左右为止，再往上就是 `inf`，NumPy 会警告 *overflow*（上溢）。接着代码就会算到 `inf - inf` 或 `0 * inf`，没有合理的答案，得到 `nan`，意思是“不是数”，NumPy 会警告 *invalid value*（无效值）。用 `nan` 算出来的还是 `nan`，再也回不来了。以后只要在损失里看到 `nan`，先查学习率和初始权重的大小。
#
# ### 边界在哪里？
#
# 为什么会有边界？看一只碗就明白了。取 $L = a t^2$，斜率是 $2 a t$。走一步得到
#
# $$t - lr \cdot 2 a t = (1 - 2\,a\,lr)\, t$$
#
# - 如果 $lr$ 很小，因子略小于 1，$t$ 慢慢爬向碗底。
# - 如果 $lr = 1 / (2a)$，因子是 0：一步到底。
# - 如果 $lr$ 再大，因子为负：会跳过碗底，但只要 $lr < 1/a$，还是越来越近。
# - 如果 $lr > 1/a$，每次跳跃都落得比上一次更高。
#
# 所以碗越陡（$a$ 越大），学习率就必须越小。网络的损失不是一只碗，但在任何一点附近，它都像一只某些方向陡、某些方向平的碗，而最陡的方向决定了上限。
#
# **动手探索**：下面是一个有 5 个输入、8 个隐藏单元、2 个输出的网络。拖动滑块，找出四种情形：爬行、良好、震荡、爆炸。最好的学习率与第一个会爆炸的学习率相差多远？

# %% id="explorer" tags=["hide-input"]
def draw_learning_rate(exponent):
    """60 steps of training a small network with lr = 10**exponent: the figure and what it says."""
    lr = 10.0**exponent
    toy_rng = np.random.default_rng(11)
    toy_x, toy_y = toy_rng.standard_normal((20, 5)), toy_rng.standard_normal((20, 2))
    toy_w1, toy_w2 = toy_rng.standard_normal((5, 8)), toy_rng.standard_normal((8, 2))

    def toy_loss_and_grads(at_w1, at_w2):
        values = forward(toy_x, at_w1, at_w2)
        found = backward(toy_x, toy_y, at_w1, at_w2, *values)
        return sum_of_squares(values[2], toy_y), found["w1"], found["w2"]

    with np.errstate(all="ignore"):                           # we know by now what NumPy would say | NumPy 会说什么，我们已经知道了
        curve = np.array(train(toy_w1, toy_w2, toy_loss_and_grads, lr, 60)[2])
    shown = np.where(np.isfinite(curve) & (curve < 2e4), curve, np.nan)
    if np.isnan(shown).any():
        regime = Text(en="explodes", zh="爆炸")
    elif (np.diff(curve) > 0).any():
        regime = Text(en="shaky", zh="震荡")
    else:
        regime = Text(en="falls at every step", zh="每一步都在下降")
    fig, ax = new_figure()
    ax.semilogy(shown, **SERIES[0])
    ax.set(xlim=(-1, 60), ylim=(8, 2e4))
    label(ax, title=Text(en="lr = {lr}: {regime}", zh="lr = {lr}：{regime}").format(lr=digits(lr, 2), regime=regime), x=Text(en="step", zh="步数"), y=Text(en="loss (log scale)", zh="损失（对数刻度）"))
    last = shown[np.isfinite(shown)]
    return fig, Text(
        en="The loss over 60 steps with lr = {lr}: {regime}. It starts at {a}; the last value in the picture is {b} at step {t}.",
        zh="lr = {lr} 时 60 步的损失：{regime}。从 {a} 开始；图中最后一个值是第 {t} 步的 {b}。",
    ).format(lr=digits(lr, 2), regime=regime, a=digits(curve[0], 3), b=digits(last[-1], 3), t=len(last) - 1)


if solved("numpy_backprop.forward", "numpy_backprop.backward", "numpy_backprop.train"):
    explore(draw_learning_rate, labels={"exponent": Text(en="log10 of the learning rate", zh="学习率的 log10")}, exponent=(-5.0, -1.0, 0.25, -2.0))

# %% [markdown] id="explorer-explain" lang="en"
# **Explain.** The best learning rates lie close below the edge: a few notches of the slider further and all is lost. And the edge here lies elsewhere than for the large network. So $10^{-6}$ is no law of nature. Where does it come from?

# %% [markdown] id="explorer-explain" lang="zh" reviewed="5e8f934a2250"
# **解释**：最好的学习率就在边界下面不远处：滑块再往前几格，就全完了。而且这里的边界和大网络的边界并不在同一个地方。可见 $10^{-6}$ 不是什么自然规律。那它是从哪里来的呢？

# %% [markdown] id="scale" lang="en"
# ## 6. Where the millionth came from
#
# You have seen all the parts already. The initial weights have variance 1. So `h` has variance 1000, the predictions 50000, the loss is more than 10000 times too large, and the loss surface is enormously steep: only a tiny learning rate stays below its edge. The learning rate $10^{-6}$ is an artefact of the initial weights and of the loss being a sum. Let us repair both, one after the other.
#
# ### Repair 1: the scale of the weights
#
# Let the entries of $W_1$ be independent, with mean 0 and variance $\sigma^2$. An entry of $h$ is a sum of $D_{in}$ products. Then:
#
# - variances add up, so the mean square of $h$ is $D_{in}\,\sigma^2$ times the mean square of $x$;
# - $h$ is as often positive as negative, and ReLU cuts off one half: the mean square of $h_{relu}$ is **half** of that of $h$.
#
# **Predict:** in the next cell the weights have $\sigma = 1$ and the inputs mean square 1. What are the two numbers in the row for 400 inputs?

# %% [markdown] id="scale" lang="zh" reviewed="46c9d6997b58"
# ## 6. 百万分之一从何而来
#
# 线索你都已经见过了。初始权重的方差是 1，于是 `h` 的方差是 1000，预测值的方差是 50000，损失是合理值的 10000 倍以上，损失曲面极其陡峭：只有极小的学习率才能待在边界以内。学习率 $10^{-6}$ 是初始权重和“损失取求和”共同造成的假象。下面逐一纠正。
#
# ### 纠正之一：权重的尺度
#
# 设 $W_1$ 的各元素相互独立，均值为 0，方差为 $\sigma^2$。$h$ 的一个元素是 $D_{in}$ 个乘积之和。于是：
#
# - 方差相加，所以 $h$ 的均方值是 $x$ 的均方值的 $D_{in}\,\sigma^2$ 倍；
# - $h$ 取正取负的机会一样，ReLU 截掉了一半：$h_{relu}$ 的均方值是 $h$ 的**一半**。
#
# **预测**：在下一个单元格里，权重的 $\sigma = 1$，输入的均方值是 1。400 个输入那一行的两个数各是多少？

# %% id="variance-predict" tags=["hide-input"]
prediction("numpy_backprop.row", Text(en="400 inputs, sigma = 1: about the mean squares of h and of h_relu:", zh="400 个输入，sigma = 1：h 和 h_relu 的均方值约为："), [(20, 10), (400, 400), (1, 0.5), (400, 200)])

# %% id="variance"
var_rng = np.random.default_rng(7)
for inputs in (25, 100, 400, 1600):
    sums = var_rng.standard_normal((500, inputs)) @ var_rng.standard_normal((inputs, 200))
    mean_squares = np.square(sums).mean(), np.square(np.maximum(sums, 0)).mean()
    say(Text(en="{inputs:4} inputs: mean square of h {before:>5}, of h_relu {after:>4}", zh="{inputs:4} 个输入：h 的均方值 {before:>5}，h_relu 的均方值 {after:>4}"),
        inputs=inputs, before=digits(mean_squares[0], 3), after=digits(mean_squares[1], 3))
    if inputs == 400:
        reveal("numpy_backprop.row", tuple(round(float(value), -2) for value in mean_squares))

# %% [markdown] id="init-card" lang="en"
# ### Exercise 1.5: initial weights
#
# **Difficulty:** 2 of 5. **Time:** 5 minutes.
#
# Which $\sigma$ makes the mean square of $h_{relu}$ equal to the mean square of $x$? Work it out from the two facts above, on paper. Then write `init(d_in, d_out, rng)`, which returns the weights of a layer with `d_in` inputs and `d_out` outputs.
#
# - The shape is `[d_in, d_out]`, the distribution normal with mean 0 and your $\sigma$.
# - Draw with a single `rng.standard_normal((d_in, d_out))` and scale the result, so that your numbers can be compared with others.
# - Use the generator `rng` that you are given and make none of your own: two layers drawn one after the other must differ.

# %% [markdown] id="init-card" lang="zh" reviewed="d59e4f0dc92a"
# ### 练习 1.5：权重初始化
#
# **难度**：2（共 5 级）。**时间**：5 分钟。
#
# $\sigma$ 取多少，才能让 $h_{relu}$ 的均方值等于 $x$ 的均方值？根据上面两条事实，先在纸上推出来。然后编写 `init(d_in, d_out, rng)`，返回一个有 `d_in` 个输入、`d_out` 个输出的层的权重。
#
# - 形状是 `[d_in, d_out]`，分布是均值为 0、标准差为你所求的 $\sigma$ 的正态分布。
# - 只用一次 `rng.standard_normal((d_in, d_out))` 来抽取，再乘以系数，这样你的数才能与别人的比较。
# - 使用传入的生成器 `rng`，不要自己新建：先后抽取的两层必须不同。

# %% id="init" tags=["solution"]
def init(d_in, d_out, rng):
    """Initial weights [d_in, d_out] that keep the mean square of the signal through the layer and its ReLU."""
    ### BEGIN SOLUTION
    scale = np.sqrt(2 / d_in)                         # half is lost to ReLU, hence the 2 | ReLU 丢掉一半，所以有个 2
    return rng.standard_normal((d_in, d_out)) * scale
    ### END SOLUTION

# %% id="init-check" tags=["check"]
check("numpy_backprop.init")

# %% [markdown] id="depth" lang="en"
# In two layers a wrong scale is a nuisance. In ten it is fatal. The next cell sends random samples through 10 layers of 500 units, each followed by ReLU, with three kinds of initial weights. **Predict** the mean square after the last layer for $\sigma = 1$, and for $\sigma = 1/500$.

# %% [markdown] id="depth" lang="zh" reviewed="56d03f31bd21"
# 只有两层时，尺度不对只是麻烦；有十层时，就是致命的。下一个单元格把随机样本送过 10 层，每层 500 个单元，后接 ReLU，初始权重有三种。**预测** $\sigma = 1$ 和 $\sigma = 1/500$ 时，最后一层之后的均方值。

# %% id="depth-predict" tags=["hide-input"]
prediction("numpy_backprop.depth", Text(en="The mean square after 10 layers of 500 units, for sigma = 1 and for sigma = 1/500:", zh="10 层、每层 500 个单元之后的均方值，sigma = 1 时和 sigma = 1/500 时："), {
    (3, -4): Text(en="about 1e3 and 1e-4", zh="约 1e3 和 1e-4"),
    (24, 0): Text(en="about 1e24 and 1", zh="约 1e24 和 1"),
    (24, -30): Text(en="about 1e24 and 1e-30", zh="约 1e24 和 1e-30"),
    (27, -27): Text(en="about 1e27 and 1e-27", zh="约 1e27 和 1e-27"),
})

# %% id="depth-run"
def sizes_by_layer(draw_weights, layers=10, width=500):
    """The mean square of the signal before the first layer and after each layer with its ReLU."""
    deep_rng = np.random.default_rng(11)
    signal = deep_rng.standard_normal((64, width))
    sizes = [np.square(signal).mean()]
    for _ in range(layers):
        signal = np.maximum(signal @ draw_weights(width, width, deep_rng), 0)
        sizes.append(np.square(signal).mean())
    return sizes


if solved("numpy_backprop.init"):
    deep = [
        sizes_by_layer(lambda a, b, r: r.standard_normal((a, b))),
        sizes_by_layer(init),
        sizes_by_layer(lambda a, b, r: r.standard_normal((a, b)) / a),
    ]
    fig, ax = new_figure()
    for sizes, series in zip(deep, (SERIES[1], SERIES[0], SERIES[2]), strict=True):
        ax.semilogy(sizes, **series)
    legend(ax, "σ = 1", Text(en="your init", zh="你的 init"), "σ = 1/500")
    label(ax, title=Text(en="The size of the signal through 10 layers", zh="信号穿过 10 层时的大小"), x=Text(en="layer", zh="层"), y=Text(en="mean square (log scale)", zh="均方值（对数刻度）"))
    show(fig, Text(
        en="Three lines on a logarithmic axis, all starting at {start}. With sigma = 1 the mean square rises to {big} after 10 layers. With sigma = 1/500 it falls to {small}. With your init it stays near 1 and ends at {own}.",
        zh="三条线，纵轴为对数刻度，都从 {start} 开始。σ = 1 时，均方值在 10 层之后升到 {big}；σ = 1/500 时，降到 {small}；用你的 init，则保持在 1 附近，最后是 {own}。",
    ).format(start=digits(deep[0][0], 2), big=digits(deep[0][-1], 2), small=digits(deep[2][-1], 2), own=digits(deep[1][-1], 2)))
    reveal("numpy_backprop.depth", (round(np.log10(deep[0][-1])), round(np.log10(deep[2][-1]))))

# %% [markdown] id="depth-explain" lang="en"
# **Explain.** With $\sigma = 1$ each layer multiplies the mean square by $500/2 = 250$, so 10 layers give $250^{10} \approx 10^{24}$. With $\sigma = 1/500$ the factor is $1/1000$, and 10 layers give $10^{-30}$. Yours has the factor 1, on average. This choice is known as *He initialisation*.
#
# Be exact about what it promises. It keeps the **mean square after ReLU**, not the variance of `h`, which is 2 in the first layer if the inputs have mean square 1. It does so on average over the random draw (the wider the layers, the closer a single draw comes), and at the start only: training then moves the weights where it likes.

# %% [markdown] id="depth-explain" lang="zh" reviewed="991a77a56ad2"
# **解释**：$\sigma = 1$ 时，每层把均方值乘以 $500/2 = 250$，10 层就是 $250^{10} \approx 10^{24}$。$\sigma = 1/500$ 时，因子是 $1/1000$，10 层就是 $10^{-30}$。你的 init 的因子平均来说是 1。这种取法叫作 *He 初始化*。
#
# 它到底保证了什么，要说准确。它保持的是 **ReLU 之后的均方值**，而不是 `h` 的方差：输入的均方值为 1 时，第一层 `h` 的方差是 2。这是对随机抽取取平均而言的（层越宽，单次抽取就越接近），而且只在起点成立：训练开始后，权重会走到哪里，它就管不着了。

# %% [markdown] id="mean" lang="en"
# ### Repair 2: the mean
#
# The second repair is simpler still. Divide the loss by the number of its terms, $64 \cdot 10 = 640$, and it becomes the **mean** squared error. Its gradients are divided by 640 as well, so `lr` must be multiplied by 640 to make the same step: exactly, not roughly. In return the learning rate no longer depends on how many samples you happen to use. (PyTorch's `nn.MSELoss` takes the mean as well.)
#
# **Predict** which of the four combinations below trains with `lr = 1e-2`: old or new weights, sum or mean. The cell tries powers of 10 from $10^{-7}$ upwards, takes 40 steps with each, and prints the largest one before the loss first fails to go down.

# %% [markdown] id="mean" lang="zh" reviewed="a5c1fff2588a"
# ### 纠正之二：取平均
#
# 第二处纠正更简单。把损失除以它的项数 $64 \cdot 10 = 640$，就成了**均**方误差。它的梯度也就除以了 640，要走出同样的一步，`lr` 就得乘以 640：是恰好，不是大约。换来的好处是，学习率不再取决于碰巧用了多少个样本。（PyTorch 的 `nn.MSELoss` 取的也是平均。）
#
# **预测**下面四种组合（旧权重或新权重，求和或平均）中，哪一种能用 `lr = 1e-2` 训练。单元格从 $10^{-7}$ 起逐个尝试 10 的幂，每个走 40 步，在损失第一次降不下去时停住，打印它之前的那个学习率。

# %% id="mean-predict" tags=["hide-input"]
prediction("numpy_backprop.both_repairs", Text(en="Which combinations of weights and loss train with lr = 1e-2?", zh="权重与损失的哪些组合，能用 lr = 1e-2 训练？"), {
    (False, False, False, True): Text(en="only the new weights with the mean", zh="只有新权重加平均"),
    (False, False, True, True): Text(en="the new weights, with sum or mean", zh="新权重，求和或平均都行"),
    (False, True, False, True): Text(en="the mean, with old or new weights", zh="平均，新旧权重都行"),
    (False, True, True, True): Text(en="all but the old weights with the sum", zh="除了旧权重加求和，都行"),
})

# %% id="mean-run"
def mean_loss_and_grads(at_w1, at_w2):
    """The same as our_loss_and_grads, for the mean in place of the sum."""
    total, total_w1, total_w2 = our_loss_and_grads(at_w1, at_w2)
    return total / y.size, total_w1 / y.size, total_w2 / y.size


def fresh_weights():
    """Both layers' weights from your init, the same at every call."""
    new_rng = np.random.default_rng(1)
    return init(D_in, H, new_rng), init(H, D_out, new_rng)


def largest_lr(start_w1, start_w2, measure):
    """The largest power of 10, counted up from 1e-7, with which 40 steps bring the loss down."""
    largest = 0.0
    for power in range(-7, 3):
        with np.errstate(all="ignore"):
            losses_here = train(start_w1, start_w2, measure, 10.0**power, 40)[2]
        if not losses_here[-1] < losses_here[0]:               # nan is not below anything | nan 不小于任何数
            break
        largest = 10.0**power
    return largest


if solved("numpy_backprop.forward", "numpy_backprop.backward", "numpy_backprop.train", "numpy_backprop.init"):
    rates = []
    for weights, start in ((Text(en="N(0, 1) weights", zh="N(0, 1) 权重"), (w1, w2)), (Text(en="your init      ", zh="你的 init   "), fresh_weights())):
        rates += [largest_lr(*start, our_loss_and_grads), largest_lr(*start, mean_loss_and_grads)]
        say(Text(en="{weights}   sum: {one}   mean: {two}", zh="{weights}   求和：{one}   平均：{two}"), weights=weights,
            one=digits(rates[-2], 1), two=digits(rates[-1], 1))
    reveal("numpy_backprop.both_repairs", tuple(lr > 5e-3 for lr in rates))

# %% [markdown] id="mean-explain" lang="en"
# **Explain.** Only both repairs together leave room for `lr = 1e-2`. Your weights buy a factor of about 100, and the mean a factor of 640, which on a scale of powers of 10 shows up as 1000. With the old weights and the mean, `lr = 1e-2` is the same as $10^{-2} / 640 \approx 1.6 \cdot 10^{-5}$ with the sum, and we have already seen the explosion at $10^{-5}$.
#
# So here is the run that we wanted from the beginning.

# %% [markdown] id="mean-explain" lang="zh" reviewed="f1dad8559cbd"
# **解释**：只有两处纠正同时用上，`lr = 1e-2` 才有余地。你的权重带来约 100 倍，取平均带来 640 倍；若只看 10 的幂，后者就显示为 1000 倍。用旧权重加平均，`lr = 1e-2` 相当于求和时的 $10^{-2} / 640 \approx 1.6 \cdot 10^{-5}$，而在 $10^{-5}$ 处的爆炸，我们已经见识过了。
#
# 那么，这才是我们一开始就想要的训练过程。

# %% id="good-run"
if solved("numpy_backprop.forward", "numpy_backprop.backward", "numpy_backprop.train", "numpy_backprop.init"):
    old = np.array(train(w1, w2, our_loss_and_grads, lr=1e-6, steps=500)[2]) / y.size      # as a mean, to compare | 换算成平均，便于比较
    _, _, good = train(*fresh_weights(), mean_loss_and_grads, lr=1e-2, steps=500)
    _, _, bold = train(*fresh_weights(), mean_loss_and_grads, lr=1e-1, steps=100)

    for step in (0, 1, 2, 3, 499):
        say(Text(en="step {step:3}: mean squared error {new} (before: {old})", zh="第 {step:3} 步：均方误差 {new}（之前：{old}）"), step=step, new=digits(good[step], 3), old=digits(old[step], 3))
    say(Text(en="lr = 1e-1, step  99: mean squared error {bold}", zh="lr = 1e-1，第  99 步：均方误差 {bold}"), bold=digits(bold[99], 2))
    say(Text(en="rises in 500 steps: {new} (before: {old})", zh="500 步中上升的次数：{new}（之前：{old}）"), new=int((np.diff(good) > 0).sum()), old=int((np.diff(old) > 0).sum()))

    fig, ax = new_figure()
    ax.semilogy(old, **SERIES[1])
    ax.semilogy(good, **SERIES[0])
    ax.semilogy(bold, **SERIES[2])
    legend(ax, Text(en="N(0, 1) weights, sum, lr = 1e-6", zh="N(0, 1) 权重，求和，lr = 1e-6"), Text(en="your init, mean, lr = 1e-2", zh="你的 init，平均，lr = 1e-2"), Text(en="your init, mean, lr = 1e-1", zh="你的 init，平均，lr = 1e-1"))
    label(ax, title=Text(en="Before and after the two repairs", zh="两处纠正前后"), x=Text(en="step", zh="步数"), y=Text(en="mean squared error", zh="均方误差"))
    show(fig, Text(
        en="Three curves of the mean squared error over 500 steps, logarithmic axis. With N(0, 1) weights it starts at {a} and ends at {b}. With your init it starts at {c}, falls at {share} of 499 steps with lr = 1e-2, and ends at {d}. With lr = 1e-1 it takes only 100 steps to {e}.",
        zh="500 步均方误差的三条曲线，纵轴为对数刻度。用 N(0, 1) 权重，从 {a} 开始，到 {b} 结束。用你的 init，从 {c} 开始；lr = 1e-2 时，499 步中有 {share} 步在下降，到 {d} 结束；lr = 1e-1 时，只用 100 步就到了 {e}。",
    ).format(a=digits(old[0], 3), b=digits(old[-1], 3), c=digits(good[0], 3), d=digits(good[-1], 3), share=int((np.diff(good) < 0).sum()), e=digits(bold[-1], 2)))

# %% [markdown] id="good-run-explain" lang="en"
# **Explain.** The start is where you would expect it: predictions of variance about 2 against targets of variance 1 give a mean squared error of about 3 (you can now do this estimate on your own). From there `lr = 1e-2` brings it down at every single step. The old run ends lower after 500 steps, so calm is not the same as fast: the old run was driving at its very edge, and $10^{-2}$ is far from ours. At $10^{-1}$ your weights get below $10^{-6}$ in 100 steps. Good weights do not only allow a larger number to be typed for `lr`; they make the whole road easier.

# %% [markdown] id="good-run-explain" lang="zh" reviewed="9e06179e062b"
# **解释**：起点正如预期：预测值的方差约为 2，目标的方差是 1，均方误差就约为 3（这个估计你现在自己就能做）。此后，`lr = 1e-2` 让损失步步下降，一次也没有上升。走完 500 步，旧的那次反而降得更低，所以平稳不等于快：旧的那次是贴着边界跑的，而 $10^{-2}$ 离我们的边界还远。用 $10^{-1}$，你的权重只要 100 步就降到 $10^{-6}$ 以下。好的权重不只是让 `lr` 可以写得大一些，而是让整条路都好走了。

# %% id="my-predictions" tags=["hide-input"]
predictions("numpy_backprop")

# %% [markdown] id="summary" lang="en"
# ## Summary
#
# - A forward pass is products and kinks; say the shapes as you go.
# - Backpropagation walks the computation graph backwards. Along a path multiply: upstream gradient times local slope. Where a value is used several times, add.
# - A gradient has the shape of its variable. For $C = A B$ with the upstream gradient $G$, the gradients are $G B^T$ and $A^T G$. ReLU is a mask made from the signs of $h$.
# - A gradient check compares with central differences, in float64, with odd shapes.
# - Training is a recipe of six steps, and `weight = weight - lr * gradient` is the last of them. Log numbers, not arrays.
# - Too large a learning rate does not train faster, it explodes. How large is too large depends on the scale of the weights and on whether the loss is a sum or a mean.
#
# ### Can you answer these without looking?
#
# 1. Why must `forward` hand `h` over to `backward`, though `h_relu` is what the second layer uses?
# 2. Your gradient of `w2` has the right shape and is exactly half of what it should be. Where do you look first?
# 3. You double the number of samples and keep the sum as the loss. What should you do to the learning rate?
#
# <details><summary>Answers</summary>
#
# 1. ReLU's mask is made from the signs of `h`. (It could also be read off `h_relu > 0`; what must not happen is that the information is lost.)
# 2. At the derivative of the square: $2(\hat y - y)$.
# 3. Halve it: the gradients are about twice as large. With the mean you would leave it alone.
#
# </details>

# %% [markdown] id="summary" lang="zh" reviewed="e7d5cb3bb9f8"
# ## 小结
#
# - 前向传播就是乘法加折点；边写边念形状。
# - 反向传播沿着计算图往回走。沿着一条路相乘：上游梯度乘以局部斜率。一个值被多次使用，就相加。
# - 梯度与它的变量同形。对 $C = A B$ 和上游梯度 $G$，两个梯度是 $G B^T$ 和 $A^T G$。ReLU 是由 $h$ 的正负号得到的掩码。
# - 梯度检查就是与中心差分比较，用 float64，各维大小互不相同。
# - 训练是一份六步的配方，`weight = weight - lr * gradient` 是最后一步。记录数，不要记录数组。
# - 学习率太大不会训练得更快，只会爆炸。多大算太大，取决于权重的尺度，也取决于损失是求和还是取平均。
#
# ### 不看上文，你能答出来吗？
#
# 1. 第二层用的明明是 `h_relu`，为什么 `forward` 还要把 `h` 交给 `backward`？
# 2. 你的 `w2` 梯度形状正确，数值却恰好只有应有的一半。先查哪里？
# 3. 样本数增加到两倍，损失仍用求和。学习率应该怎么办？
#
# <details><summary> 答案 </summary>
#
# 1. ReLU 的掩码是由 `h` 的正负号得到的。（也可以从 `h_relu > 0` 读出来；关键是这个信息不能丢。）
# 2. 查平方的导数：$2(\hat y - y)$。
# 3. 减半：梯度大约变成了两倍。若取平均，就不用动它。
#
# </details>

# %% [markdown] id="next" lang="en"
# ## What is next
#
# In **lesson 02** the same network moves from NumPy arrays to PyTorch tensors, line by line. In **lesson 04** PyTorch draws the computation graph by itself, and your `backward` shrinks to one call. You will know what it does.
#
# ### Further reading
#
# - D. Rumelhart, G. Hinton and R. Williams, *Learning representations by back-propagating errors*, Nature, 1986: the paper that made backpropagation known, 4 pages.
# - K. He, X. Zhang, S. Ren and J. Sun, *Delving Deep into Rectifiers*, 2015: where the factor 2 of your `init` comes from.
# - M. Nielsen, *Neural Networks and Deep Learning*, chapter 2: backpropagation at leisure.
# - A. Zhang, Z. Lipton, M. Li and A. Smola, *Dive into Deep Learning*: the chapter on multilayer perceptrons.

# %% [markdown] id="next" lang="zh" reviewed="b8e0097822d2"
# ## 接下来
#
# **第 02 课**把同一个网络逐行从 NumPy 数组搬到 PyTorch 张量上。到了**第 04 课**，计算图由 PyTorch 自己画，你的 `backward` 缩成了一次调用。那时，你清楚它在做什么。
#
# ### 延伸阅读
#
# - D. Rumelhart、G. Hinton、R. Williams，*Learning representations by back-propagating errors*，Nature，1986：让反向传播广为人知的论文，只有 4 页。
# - K. He、X. Zhang、S. Ren、J. Sun，*Delving Deep into Rectifiers*，2015：你的 `init` 里那个 2 的出处。
# - M. Nielsen，《神经网络与深度学习》（*Neural Networks and Deep Learning*），第 2 章：从容细致地讲反向传播。
# - A. Zhang、Z. Lipton、M. Li、A. Smola，《动手学深度学习》（*Dive into Deep Learning*）：多层感知机一章。
