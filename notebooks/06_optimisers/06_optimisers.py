# %% [markdown] id="title" lang="en"
# # Lesson 06. Optimisers from scratch
#
# The gradient says which way is down. It does not say how far to go, and on the narrow paths of real loss surfaces the steepest way down is mostly sideways. Optimisers are the recipes that turn gradients into steps. There are dozens of names, and all of them are made from three ideas, each of which fits on two lines: remember where you were going, scale each weight by its own gradients, and shrink the weights a little. You write them all, and then you find them again in `torch.optim`.
#
# **After this lesson you can**
#
# - say why plain gradient descent crawls along a ravine, and how large its learning rate may be;
# - write momentum, Nesterov momentum, weight decay, RMSProp and Adam, equal to PyTorch's to the last digits;
# - explain what momentum really does to the size of a step, and why Adam starts with a correction;
# - handle parameters that are frozen or have no gradient in a step, and change the learning rate while training.
#
# **Time:** about 130 minutes, 75 of them for the five exercises.
#
# **You need:** lesson 04 (autograd, leaves, `no_grad`).
#
# **Created** 2026-11, last updated 2026-11, last verified 2026-11 with torch 2.13; all cells together run in about 15 seconds on two CPU cores.
#
# **Licence:** the text is CC BY 4.0, the code is MIT.

# %% [markdown] id="title" lang="zh" reviewed="63abaef78df3"
# # 第 06 课：从零实现优化器
#
# 梯度告诉我们哪边是下坡，却不说该走多远；而真实的损失曲面多是窄沟，最陡的下坡方向基本上是横着的。优化器就是把梯度变成步子的配方。名字有几十个，但都由三个想法组合而成，每个只要两行：记住刚才往哪边走；用每个权重自己的梯度来定它的尺度；让权重稍微收缩一点。这一课你把它们都写出来，再到 `torch.optim` 里一一认出来。
#
# **学完本课，你能够**
#
# - 说明朴素的梯度下降为什么在沟里爬得慢，以及学习率最大能取多少；
# - 写出动量、Nesterov 动量、权重衰减、RMSProp 和 Adam，与 PyTorch 的结果直到末几位都一致；
# - 讲清动量对步长究竟做了什么，以及 Adam 为什么一开始要做修正；
# - 处理被冻结的参数和某一步没有梯度的参数，并在训练中改变学习率。
#
# **时间**：约 130 分钟，其中五道练习占 75 分钟。
#
# **需要的基础**：第 04 课（自动求导、叶子、`no_grad`）。
#
# **编写**于 2026-11，最近更新于 2026-11，最近一次用 torch 2.13 验证于 2026-11；所有单元格加起来，在两个 CPU 核上约需运行 15 秒。
#
# **许可**：文字采用 CC BY 4.0，代码采用 MIT。

# %% id="imports" tags=["setup"]
import numpy as np
import torch

from course_lib import COLOURS, SERIES, Text, animate, check, digits, explore, label, new_figure, prediction, predictions, reveal, say, show, solved

# %% [markdown] id="ravine" lang="en"
# ## 1. A ravine
#
# Two weights are enough to see the whole trouble. The loss
#
# $$L(a, b) = \tfrac{1}{2}\,(a^2 + 25\,b^2)$$
#
# is a valley that runs along $a$, with walls that are 25 times as steep as its floor. Its gradient is $(a, 25\,b)$. We start at $(-8, 1)$; the bottom is at $(0, 0)$.
#
# Gradient descent, `weight = weight - lr * gradient`, multiplies $a$ by $1 - lr$ in each step and $b$ by $1 - 25\,lr$. **Predict:** from which `lr` on does $b$ grow instead of shrink? And how fast does $a$ shrink just below it?

# %% [markdown] id="ravine" lang="zh" reviewed="6f54eb584e63"
# ## 1. 一条窄沟
#
# 两个权重就足以看清全部麻烦。损失
#
# $$L(a, b) = \tfrac{1}{2}\,(a^2 + 25\,b^2)$$
#
# 是一条沿 $a$ 方向延伸的山谷，谷壁比谷底陡 25 倍。它的梯度是 $(a, 25\,b)$。我们从 $(-8, 1)$ 出发，谷底在 $(0, 0)$。
#
# 梯度下降 `weight = weight - lr * gradient`，每一步把 $a$ 乘以 $1 - lr$，把 $b$ 乘以 $1 - 25\,lr$。**预测**：`lr` 从多大开始，$b$ 不缩小反而变大？刚好低于这个值时，$a$ 缩小得有多快？

# %% id="ravine-predict" tags=["hide-input"]
prediction("optimisers.edge", Text(en="From which lr on does b grow instead of shrink?", zh="lr 从多大开始，b 不缩小反而变大？"), {
    0.04: Text(en="from 0.04 on", zh="从 0.04 开始"),
    0.08: Text(en="from 0.08 on", zh="从 0.08 开始"),
    2.0: Text(en="from 2 on", zh="从 2 开始"),
})

# %% id="ravine-run"
CURVATURE = torch.tensor([1.0, 25.0], dtype=torch.float64)


def ravine(point):
    """The loss at a point [2] -> one number."""
    return 0.5 * (CURVATURE * point**2).sum()


def walk(step, steps, start=(-8.0, 1.0), loss=ravine):
    """Calls step(point, number) after each backward; the points of the way [steps + 1, 2]."""
    point = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    points = [point.detach().clone()]
    for number in range(steps):
        point.grad = None
        loss(point).backward()
        with torch.no_grad():
            step(point, number)
        points.append(point.detach().clone())
    return torch.stack(points)


def plain(lr):
    def step(point, number):
        point -= lr * point.grad
    return step


def losses_of(points, loss=ravine):
    return [loss(point).item() for point in points]


for lr in (0.01, 0.04, 0.079, 0.081):
    points = walk(plain(lr), 40)
    say(Text(en="lr {lr:<5}  after 40 steps: a {a:>7}  b {b:>9}  loss {l}", zh="lr {lr:<5}  40 步之后：a {a:>7}  b {b:>9}  损失 {l}"),
        lr=lr, a=digits(points[-1, 0], 2), b=digits(points[-1, 1], 2), l=digits(losses_of(points)[-1], 2))

edge = next(n for n in range(1000) if abs(walk(plain(n / 100 + 0.005), 1)[1, 1]) > 1)      # the first of 0.005, 0.015, … with which b grows | 依次试 0.005、0.015……，第一个让 b 变大的
reveal("optimisers.edge", edge / 100)

# %% [markdown] id="ravine-explain" lang="en"
# **Explain.** $|1 - 25\,lr| < 1$ holds up to $lr = 2/25 = 0.08$. Above it, $b$ jumps from wall to wall, further each time. Just below it, $a$ keeps $1 - 0.08 = 92\,\%$ of its value in each step: the steep direction dictates the learning rate, and the flat one pays for it. The ratio of the two curvatures, here 25, is called the **condition number**. In real networks thousands are common.
#
# Draw it. The slider moves the learning rate.

# %% [markdown] id="ravine-explain" lang="zh" reviewed="c77374e49a14"
# **解释**：$|1 - 25\,lr| < 1$ 成立到 $lr = 2/25 = 0.08$ 为止。超过它，$b$ 在两壁之间来回跳，一次比一次远。刚好低于它时，$a$ 每步还剩下 $1 - 0.08 = 92\,\%$：学习率由陡的方向说了算，代价由平的方向来付。两个曲率之比（这里是 25）叫作**条件数**。在真实的网络里，上千是常事。
#
# 画出来看看，滑块可以改变学习率。

# %% id="explore-lr"
def draw_ways(ways, title, loss=ravine, box=(-9.0, 3.0, -1.6, 1.6), power=0.4):
    """Ways over the contour lines of a loss. ways: {Text or str: points}."""
    fig, ax = new_figure(height=3.4)
    left, right, bottom, top = box
    a, b = np.meshgrid(np.linspace(left, right, 121), np.linspace(bottom, top, 81))
    heights = np.array([loss(torch.tensor([u, v], dtype=torch.float64)).item() for u, v in zip(a.ravel(), b.ravel(), strict=True)])
    ax.contour(a, b, heights.reshape(a.shape) ** power, levels=12, colors=COLOURS["black"], alpha=0.25, linewidths=0.8)
    lines = []
    for points, series in zip(ways.values(), SERIES, strict=False):
        shown = points.clamp(min=-50, max=50)
        lines += ax.plot(shown[:, 0], shown[:, 1], **{**series, "markersize": 3.5})
    ax.set(xlim=(left, right), ylim=(bottom, top))
    if len(ways) > 1:
        ax.legend(lines, [name.inline if isinstance(name, Text) else name for name in ways], loc="upper right")
    label(ax, title=title, x="a", y="b")
    return fig


def draw_plain(lr):
    points = walk(plain(lr), 40)
    fig = draw_ways({"way": points}, Text(en="40 steps of gradient descent, lr = {lr}", zh="梯度下降 40 步，lr = {lr}").format(lr=lr))
    return fig, Text(
        en="The way from (-8, 1) with lr = {lr}. After 40 steps it is at ({a}, {b}), the loss is {l}.",
        zh="lr = {lr} 时从 (-8, 1) 出发的路线。40 步之后到 ({a}, {b})，损失为 {l}。",
    ).format(lr=lr, a=digits(points[-1, 0], 2), b=digits(points[-1, 1], 2), l=digits(losses_of(points)[-1], 2))


explore(draw_plain, labels={"lr": Text(en="learning rate", zh="学习率")}, lr=[0.07, 0.005, 0.02, 0.04, 0.078, 0.08, 0.082])

# %% [markdown] id="object" lang="en"
# ## 2. The optimiser as an object
#
# In a training loop the recipe is wrapped up as an object, and the loop is the same for all of them:
#
# ```python
# optimiser = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)   # once
# for x, y in batches:
#     optimiser.zero_grad()          # forget the gradients of the step before
#     loss = loss_function(model(x), y)
#     loss.backward()                # fill .grad
#     optimiser.step()               # turn .grad into a step
# ```
#
# - The optimiser holds the **parameters** themselves, not copies, and changes them in place.
# - `lr` and `momentum` are **hyper-parameters**: you choose them, nothing trains them. Too small a learning rate wastes your time, too large a one explodes, as section 1 has just shown.
# - `zero_grad()` is a call of its own and not a part of `step()`, because only you know when a sum of gradients is complete (lesson 04, section 9).
# - Training is **iterative**: one pass through the loop is an *iteration* or step; once through all the data is an *epoch*. The two words are often mixed up.
#
# By the way: `SGD` is short for *stochastic* gradient descent. Nothing in its rule is random. The chance comes from outside, from the mini-batch that the gradient was computed on. On the whole data set the very same object does plain gradient descent. **Predict** how much the gradients of mini-batches of 4, 32 and all 256 samples scatter.

# %% [markdown] id="object" lang="zh" reviewed="929a0402de6d"
# ## 2. 优化器是一个对象
#
# 在训练循环里，配方被包装成一个对象，而循环对所有优化器都一样：
#
# ```python
# optimiser = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)   # once
# for x, y in batches:
#     optimiser.zero_grad()          # forget the gradients of the step before
#     loss = loss_function(model(x), y)
#     loss.backward()                # fill .grad
#     optimiser.step()               # turn .grad into a step
# ```
#
# - 优化器拿着的是**参数**本身，不是副本，并且原地修改它们。
# - `lr` 和 `momentum` 是**超参数**：由你来选，没有什么会训练它们。学习率太小是浪费时间，太大会爆炸，第 1 节刚刚见过。
# - `zero_grad()` 是单独的一次调用，没有并进 `step()`，因为只有你知道梯度的和什么时候才算完整（第 04 课第 9 节）。
# - 训练是**迭代**的：循环走一遍叫一次*迭代*或一步；把全部数据过一遍叫一*轮*（epoch）。这两个词常被混为一谈。
#
# 顺便一提：`SGD` 是*随机*梯度下降的缩写，可它的规则里没有任何随机的东西。随机来自外面，来自计算梯度所用的小批量。在整个数据集上，同一个对象做的就是普通的梯度下降。**预测**：用 4 个、32 个、全部 256 个样本的小批量，梯度的波动各有多大？

# %% id="object-predict" tags=["hide-input"]
prediction("optimisers.scatter", Text(en="How much do the gradients of batches of 4, 32 and all 256 samples scatter?", zh="用 4 个、32 个、全部 256 个样本的小批量，梯度的波动各有多大？"), {
    (True, True): Text(en="the larger the batch, the less; not at all for all 256", zh="批量越大，波动越小；用全部 256 个时毫无波动"),
    (True, False): Text(en="the larger the batch, the less; a little even for all 256", zh="批量越大，波动越小；用全部 256 个时仍有一点"),
    (False, False): Text(en="equally much: the chance is in the optimiser", zh="一样大：随机来自优化器"),
})

# %% id="stochastic-run"
rng = np.random.default_rng(0)
inputs = torch.from_numpy(rng.standard_normal(256))
targets = 3 * inputs + torch.from_numpy(rng.standard_normal(256))
slope = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)


def gradient_on(chosen):
    (gradient,) = torch.autograd.grad((slope * inputs[chosen] - targets[chosen]).pow(2).mean(), slope)
    return gradient.item()


scatters = []
for size in (4, 32, 256):
    several = [gradient_on(torch.from_numpy(rng.permutation(256)[:size])) for _ in range(200)]
    scatters.append(round(np.std(several), 6))
    say(Text(en="batches of {n:>3}: mean gradient {m}, standard deviation {s}", zh="每批 {n:>3} 个：梯度的平均 {m}，标准差 {s}"),
        n=size, m=digits(np.mean(several), 2), s=digits(scatters[-1], 2))
reveal("optimisers.scatter", (bool(scatters[0] > scatters[1] > scatters[2]), bool(scatters[2] == 0)))

# %% [markdown] id="stochastic-explain" lang="en"
# **Explain.** On average, mini-batches give the right gradient; a single one scatters around it, the smaller the more. Batches of all 256 samples do not scatter at all: that is gradient descent without the S.

# %% [markdown] id="stochastic-explain" lang="zh" reviewed="a6c0aa731ca1"
# **解释**：平均来说，小批量给出的梯度是对的；单独一次则围绕它波动，批量越小，波动越大。一批取全部 256 个，就毫无波动：那便是去掉了“随机”二字的梯度下降。

# %% [markdown] id="momentum" lang="en"
# ## 3. Momentum: remember where you were going
#
# Across the ravine the gradient changes its sign in each step; along it, it always points the same way. So add the gradients up, with a brake: what cancels, cancels, and what agrees, grows. PyTorch keeps a **velocity** $v$ for each parameter, which starts at zero:
#
# $$v \leftarrow \mu\, v + g \qquad\qquad p \leftarrow p - lr \cdot v$$
#
# You can read in places that "momentum 0.5 means 50 % gradient and 50 % old step". **Predict** from the formula: the gradient is $1$ all the time, `lr` is $0.1$ and $\mu = 0.5$. How large are the first three steps, and what size do they approach?

# %% [markdown] id="momentum" lang="zh" reviewed="bc5b158ada0e"
# ## 3. 动量：记住刚才往哪边走
#
# 横跨窄沟的方向上，梯度每步都变号；顺着沟的方向上，它始终指向同一边。那就把梯度加起来，再装个刹车：互相抵消的就抵消，方向一致的就增长。PyTorch 为每个参数保存一个**速度** $v$，从零开始：
#
# $$v \leftarrow \mu\, v + g \qquad\qquad p \leftarrow p - lr \cdot v$$
#
# 有的地方说，“动量 0.5 就是 50 % 的梯度加 50 % 的上一步”。根据公式来**预测**：梯度一直是 $1$，`lr` 是 $0.1$，$\mu = 0.5$。前三步各有多大？最后会趋于多大？

# %% id="momentum-predict" tags=["hide-input"]
prediction("optimisers.velocity", Text(en="The first three steps for a momentum of 0.5, and the size that they approach:", zh="动量为 0.5 时的前三步，以及最后趋于的大小："), {
    (0.05, 0.075, 0.0875, 0.1): Text(en="0.05, 0.075, 0.0875, approaching 0.1", zh="0.05、0.075、0.0875，趋于 0.1"),
    (0.1, 0.1, 0.1, 0.1): Text(en="0.1, 0.1, 0.1, always 0.1", zh="0.1、0.1、0.1，一直是 0.1"),
    (0.1, 0.15, 0.2, None): Text(en="0.1, 0.15, 0.2, growing without end", zh="0.1、0.15、0.2，不断变大，没有尽头"),
    (0.1, 0.15, 0.175, 0.2): Text(en="0.1, 0.15, 0.175, approaching 0.2", zh="0.1、0.15、0.175，趋于 0.2"),
})

# %% id="momentum-run"
def step_sizes(momentum, steps=20):
    """The sizes of torch.optim.SGD's steps with lr = 0.1 while the gradient is always 1."""
    p = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.SGD([p], lr=0.1, momentum=momentum)
    sizes = []
    for _ in range(steps):
        before = p.item()
        p.grad = torch.tensor(1.0, dtype=torch.float64)
        optimiser.step()
        sizes.append(before - p.item())
    return sizes


for momentum in (0.0, 0.5, 0.9):
    sizes = step_sizes(momentum, 100)
    print(f"momentum {momentum}: {[digits(size, 4) for size in sizes[:4]]} … {digits(sizes[-1], 3)}   lr / (1 - momentum) = {digits(0.1 / (1 - momentum), 3)}")
half = step_sizes(0.5, 100)
reveal("optimisers.velocity", tuple(round(size, 4) for size in (*half[:3], half[-1])))

# %% [markdown] id="momentum-explain" lang="en"
# **Explain.** $0.1$, $0.15$, $0.175$ and so on towards $0.2$. The gradient enters in full, not with 50 %; the old velocity is added to it. While the direction stays the same, the steps grow to $lr / (1 - \mu)$: twice as large for $\mu = 0.5$, ten times for $0.9$. Whoever raises the momentum raises the effective learning rate as well, and should often lower `lr` in return. (With "50 % and 50 %" the step would never exceed $0.1$; a few other libraries do it that way.)
#
# Now let it run in the ravine.

# %% [markdown] id="momentum-explain" lang="zh" reviewed="8a78f6f3a7cc"
# **解释**：$0.1$、$0.15$、$0.175$……趋于 $0.2$。梯度是全额进来的，不是 50 %；旧的速度再加在它上面。只要方向不变，步子就会增大到 $lr / (1 - \mu)$：$\mu = 0.5$ 时是两倍，$0.9$ 时是十倍。所以调高动量，也就调高了实际的学习率，往往应当相应地调低 `lr`。（若真是“50 % 加 50 %”，步子永远不会超过 $0.1$；有少数别的库是这样做的。）
#
# 现在让它到沟里跑一跑。

# %% id="explore-momentum"
def with_momentum(lr, mu):
    velocity = torch.zeros(2, dtype=torch.float64)

    def step(point, number):
        velocity.mul_(mu).add_(point.grad)
        point -= lr * velocity
    return step


def draw_momentum(mu, lr):
    ways = {Text(en="without", zh="不带动量"): walk(plain(lr), 40), Text(en="with momentum", zh="带动量"): walk(with_momentum(lr, mu), 40)}
    fig = draw_ways(ways, Text(en="40 steps, lr = {lr}, momentum {mu}", zh="40 步，lr = {lr}，动量 {mu}").format(lr=lr, mu=mu))
    ends = [digits(losses_of(points)[-1], 2) for points in ways.values()]
    return fig, Text(
        en="Two ways of 40 steps with lr = {lr}. Without momentum the loss ends at {x}, with momentum {mu} at {y}.",
        zh="lr = {lr} 时两条 40 步的路线。不带动量，最后的损失是 {x}；动量为 {mu}，则是 {y}。",
    ).format(lr=lr, mu=mu, x=ends[0], y=ends[1])


explore(draw_momentum, labels={"mu": Text(en="momentum", zh="动量"), "lr": Text(en="learning rate", zh="学习率")},
        mu=[0.8, 0.0, 0.3, 0.5, 0.9, 0.97], lr=[0.04, 0.01, 0.02, 0.07, 0.1])

# %% [markdown] id="explore-momentum-explain" lang="en"
# Try $\mu = 0.97$: the ball shoots past the bottom and comes back, again and again. And try `lr = 0.1`, which explodes without momentum: with $\mu = 0.5$ it is stable. The brake lets you drive faster where the road turns, too.

# %% [markdown] id="explore-momentum-explain" lang="zh" reviewed="2c4824c34240"
# 试试 $\mu = 0.97$：球冲过谷底又折回来，一遍又一遍。再试试 `lr = 0.1`：不带动量会爆炸，取 $\mu = 0.5$ 却是稳定的。有了刹车，弯多的路也能开得快些。

# %% [markdown] id="momentum-card" lang="en"
# ### Exercise 6.1: momentum
#
# **Difficulty:** 2 of 5. **Time:** 10 minutes.
#
# Write `momentum_step(params, velocities, lr, momentum)`: one step of momentum for a list of parameters.
#
# - `params` is a list of leaves, each with its `.grad`; `velocities` is a list of tensors of the same shapes, all zero before the first step.
# - Both are changed **in place**; nothing is returned. The gradients are left as they are.
# - The checks change `lr` from step to step, as a schedule does. Follow the two formulas exactly, and it will not matter.

# %% [markdown] id="momentum-card" lang="zh" reviewed="f32f05a48ae3"
# ### 练习 6.1：动量
#
# **难度**：2（共 5 级）。**时间**：10 分钟。
#
# 编写 `momentum_step(params, velocities, lr, momentum)`：对一列参数走一步带动量的更新。
#
# - `params` 是叶子的列表，每个都有 `.grad`；`velocities` 是形状相同的张量的列表，第一步之前全是零。
# - 两者都**原地**修改，不返回任何东西。梯度保持原样。
# - 检查会像学习率调度那样，每一步都改变 `lr`。严格按那两个公式来，就不会受影响。

# %% id="momentum_step" tags=["solution"]
def momentum_step(params, velocities, lr, momentum):
    """One step: v <- momentum * v + grad, p <- p - lr * v, in place."""
    ### BEGIN SOLUTION
    with torch.no_grad():
        for p, v in zip(params, velocities):
            v.mul_(momentum).add_(p.grad)
            p -= lr * v
    ### END SOLUTION

# %% id="momentum_step-check" tags=["check"]
check("optimisers.momentum_step")

# %% [markdown] id="nesterov" lang="en"
# ## 4. Look ahead, and pull back
#
# **Nesterov momentum.** The velocity will carry us on in any case; so better judge the slope where we are *going* to be. In the form that PyTorch uses, the step is not $v$ but the gradient plus one more helping of velocity:
#
# $$v \leftarrow \mu\, v + g \qquad\qquad p \leftarrow p - lr\,(g + \mu\, v)$$
#
# The $v$ on the right is the *new* one. Papers write the same method with other letters; read the formula, not your memory.
#
# **Weight decay.** Large weights are often a sign of learning by heart. Adding $\tfrac{\lambda}{2} p^2$ to the loss for each weight pulls them towards zero, and its gradient is simply $\lambda p$. So nobody adds it to the loss: before anything else, the optimiser uses $g + \lambda p$ in place of $g$.
#
# **Predict:** a weight has no influence on the loss at all; its gradient is 0. What does weight decay do to it in 100 steps with `lr` 0.1 and $\lambda = 0.1$, without momentum?

# %% [markdown] id="nesterov" lang="zh" reviewed="f4858e1ada0a"
# ## 4. 往前看一步，往回拉一点
#
# **Nesterov 动量**：速度反正会带着我们往前走，那就不如在*将要*到达的地方看斜率。按 PyTorch 采用的形式，走的不是 $v$，而是梯度再加一份速度：
#
# $$v \leftarrow \mu\, v + g \qquad\qquad p \leftarrow p - lr\,(g + \mu\, v)$$
#
# 右边的 $v$ 是*新*的那个。论文里同一个方法用的是别的记号；请看公式，不要凭记忆。
#
# **权重衰减**：权重很大，往往是死记硬背的迹象。给每个权重在损失里加上 $\tfrac{\lambda}{2} p^2$，就会把它往零拉，而这一项的梯度就是 $\lambda p$。所以没有人真的去加到损失里：优化器在做别的事之前，先把 $g$ 换成 $g + \lambda p$。
#
# **预测**：某个权重对损失毫无影响，梯度是 0。取 `lr` 0.1、$\lambda = 0.1$，不带动量，走 100 步，权重衰减会把它变成什么样？

# %% id="nesterov-predict" tags=["hide-input"]
prediction("optimisers.decay", Text(en="What is left after 100 steps of a weight whose gradient is 0?", zh="一个梯度为 0 的权重，100 步之后还剩多少？"), {
    1.0: Text(en="all of it: without a gradient it does not move", zh="全部：没有梯度就不会动"),
    0.37: Text(en="a little more than a third", zh="三分之一多一点"),
    0.0: Text(en="nothing: 100 steps of 1 % each", zh="什么也不剩：100 步，每步 1 %"),
})

# %% id="decay-run"
p = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
optimiser = torch.optim.SGD([p], lr=0.1, weight_decay=0.1)
for _ in range(100):
    p.grad = torch.zeros_like(p)
    optimiser.step()
say(Text(en="after 100 steps: {v};  2 * (1 - 0.1 * 0.1) ** 100 = {w}", zh="100 步之后：{v}；2 * (1 - 0.1 * 0.1) ** 100 = {w}"),
    v=digits(p.item()), w=digits(2 * 0.99**100))
reveal("optimisers.decay", round(p.item() / 2, 2))

# %% [markdown] id="decay-explain" lang="en"
# **Explain.** Each step takes away `lr` times $\lambda$ of the weight, 1 %. What the data do not support fades away.
#
# A warning about names. In plain SGD, adding $\lambda p$ to the gradient and shrinking the weight directly are the same thing. With momentum, and even more with Adam, they are not: there the pull goes through the velocity or is rescaled with the gradient. Shrinking directly is called *decoupled* weight decay (`AdamW`); `SGD(weight_decay=...)` adds to the gradient.

# %% [markdown] id="decay-explain" lang="zh" reviewed="a1047d491859"
# **解释**：每一步拿走权重的 `lr` 乘 $\lambda$，即 1 %。得不到数据支持的，就慢慢消退。
#
# 名称上要当心。在朴素的 SGD 里，把 $\lambda p$ 加进梯度，与直接让权重收缩，是一回事。有了动量就不同了，用 Adam 更是不同：那里，这股拉力会经过速度，或者随梯度一起被缩放。直接收缩叫作*解耦*的权重衰减（`AdamW`）；`SGD(weight_decay=...)` 则是加进梯度。

# %% [markdown] id="nesterov-card" lang="en"
# ### Exercise 6.2: Nesterov momentum with weight decay
#
# **Difficulty:** 3 of 5. **Time:** 15 minutes.
#
# Write `nesterov_step(params, velocities, lr, momentum, weight_decay)`, which does what `torch.optim.SGD(..., nesterov=True)` does in a step.
#
# - In this order: weight decay into the gradient, velocity, step with the look-ahead.
# - `params` and `velocities` are changed in place. The gradients in `.grad` keep their values: others may want to look at them.

# %% [markdown] id="nesterov-card" lang="zh" reviewed="60cd69a65ad8"
# ### 练习 6.2：带权重衰减的 Nesterov 动量
#
# **难度**：3（共 5 级）。**时间**：15 分钟。
#
# 编写 `nesterov_step(params, velocities, lr, momentum, weight_decay)`，做 `torch.optim.SGD(..., nesterov=True)` 在一步里所做的事。
#
# - 次序是：权重衰减并入梯度，更新速度，带着“往前看”走一步。
# - `params` 和 `velocities` 原地修改。`.grad` 里的梯度保持原值：别人可能还要看。

# %% id="nesterov_step" tags=["solution"]
def nesterov_step(params, velocities, lr, momentum, weight_decay):
    """One step of SGD with Nesterov momentum and weight decay, in place."""
    ### BEGIN SOLUTION
    with torch.no_grad():
        for p, v in zip(params, velocities):
            grad = p.grad + weight_decay * p           # a new tensor: p.grad stays as it is | 新张量，p.grad 不变
            v.mul_(momentum).add_(grad)
            p -= lr * (grad + momentum * v)
    ### END SOLUTION

# %% id="nesterov_step-check" tags=["check"]
check("optimisers.nesterov_step")

# %% [markdown] id="rmsprop" lang="en"
# ## 5. RMSProp: each weight its own scale
#
# Momentum helps along the ravine, but `lr` is still dictated by the steep direction. The second idea: measure how large each weight's gradients usually are, and divide by it. RMSProp keeps a running mean $s$ of the **squared** gradients, which starts at zero:
#
# $$s \leftarrow \alpha\, s + (1 - \alpha)\, g^2 \qquad\qquad p \leftarrow p - lr \cdot \frac{g}{\sqrt{s} + \varepsilon}$$
#
# All of it entry by entry. $\varepsilon$ is tiny ($10^{-8}$) and stands **outside** the root; it keeps us from dividing by zero.
#
# **Predict:** multiply the loss by 1000, and all gradients are 1000 times as large. What becomes of the first step of gradient descent, and of RMSProp?

# %% [markdown] id="rmsprop" lang="zh" reviewed="f7f163bf2f91"
# ## 5. RMSProp：每个权重有自己的尺度
#
# 动量有助于顺着沟走，但 `lr` 仍由陡的方向说了算。第二个想法：量一量每个权重的梯度通常有多大，再除以它。RMSProp 保存梯度**平方**的滑动平均 $s$，从零开始：
#
# $$s \leftarrow \alpha\, s + (1 - \alpha)\, g^2 \qquad\qquad p \leftarrow p - lr \cdot \frac{g}{\sqrt{s} + \varepsilon}$$
#
# 全都是逐元素进行的。$\varepsilon$ 很小（$10^{-8}$），写在根号**外面**，免得除以零。
#
# **预测**：把损失乘以 1000，所有梯度就都变成 1000 倍。梯度下降的第一步会怎样？RMSProp 的呢？

# %% id="rmsprop-predict" tags=["hide-input"]
prediction("optimisers.rescaled", Text(en="By what factor does the first step grow when the loss is multiplied by 1000?", zh="把损失乘以 1000，第一步变成多少倍？"), {
    (1000.0, 1000.0): Text(en="gradient descent 1000, RMSProp 1000", zh="梯度下降 1000，RMSProp 1000"),
    (1000.0, 1.0): Text(en="gradient descent 1000, RMSProp 1", zh="梯度下降 1000，RMSProp 1"),
    (1000.0, 0.001): Text(en="gradient descent 1000, RMSProp 1/1000", zh="梯度下降 1000，RMSProp 1/1000"),
    (1.0, 1.0): Text(en="gradient descent 1, RMSProp 1", zh="梯度下降 1，RMSProp 1"),
})

# %% id="rmsprop-run"
first_steps = {}
for factor in (1.0, 1000.0):
    for name, make in (("SGD    ", lambda p: torch.optim.SGD([p], lr=0.01)), ("RMSprop", lambda p: torch.optim.RMSprop([p], lr=0.01))):
        p = torch.tensor([-8.0, 1.0], dtype=torch.float64, requires_grad=True)
        before = p.detach().clone()
        optimiser = make(p)
        (factor * ravine(p)).backward()
        optimiser.step()
        print(f"{name} loss x {factor:<6}  first step {[digits(d, 3) for d in (p - before).detach()]}")
        first_steps.setdefault(name, []).append((p - before)[0].item())
reveal("optimisers.rescaled", tuple(round(sizes[-1] / sizes[0], 2) for sizes in first_steps.values()))

# %% [markdown] id="rmsprop-explain" lang="en"
# **Explain.** RMSProp does not notice: numerator and denominator grow alike. Steep and flat directions even get steps of the *same* size, here $0.1$: at the first step $s = 0.01\,g^2$ (PyTorch's $\alpha$ is 0.99), so the quotient is $\pm 10$ whatever $g$ may be. That is its strength, and its weakness: near the bottom, where gradients become small, it does not slow down by itself. Then `lr` has to.

# %% [markdown] id="rmsprop-explain" lang="zh" reviewed="c3a112475dbc"
# **解释**：RMSProp 毫无察觉：分子分母一起变大。陡的方向和平的方向，步子甚至*一样大*，这里都是 $0.1$：第一步时 $s = 0.01\,g^2$（PyTorch 的 $\alpha$ 是 0.99），所以不管 $g$ 是多少，商都是 $\pm 10$。这是它的长处，也是短处：接近谷底、梯度变小时，它自己不会慢下来，只能靠调小 `lr`。

# %% [markdown] id="rmsprop-card" lang="en"
# ### Exercise 6.3: RMSProp
#
# **Difficulty:** 2 of 5. **Time:** 10 minutes.
#
# Write `rmsprop_step(params, squares, lr, alpha, eps)`: one step by the two formulas above. `params` and `squares` (one tensor of the parameter's shape for each, zero at first) are changed in place.
#
# Many of the gradients in the checks are zero in most of their entries, as they are for rare words or rare pixels. Such an entry's $s$ still decays.

# %% [markdown] id="rmsprop-card" lang="zh" reviewed="0a209884e6ca"
# ### 练习 6.3：RMSProp
#
# **难度**：2（共 5 级）。**时间**：10 分钟。
#
# 编写 `rmsprop_step(params, squares, lr, alpha, eps)`：按上面两个公式走一步。`params` 和 `squares`（每个参数一个同形张量，开始时为零）都原地修改。
#
# 检查所用的梯度，很多元素大多时候为零，就像罕见的词、罕见的像素那样。这种元素的 $s$ 照样会衰减。

# %% id="rmsprop_step" tags=["solution"]
def rmsprop_step(params, squares, lr, alpha, eps):
    """One step: s <- alpha * s + (1 - alpha) * grad**2, p <- p - lr * grad / (sqrt(s) + eps), in place."""
    ### BEGIN SOLUTION
    with torch.no_grad():
        for p, s in zip(params, squares):
            s.mul_(alpha).add_((1 - alpha) * p.grad**2)
            p -= lr * p.grad / (s.sqrt() + eps)
    ### END SOLUTION

# %% id="rmsprop_step-check" tags=["check"]
check("optimisers.rmsprop_step")

# %% [markdown] id="adam" lang="en"
# ## 6. Adam: both ideas, and an honest start
#
# Adam takes a running mean of the gradients (in place of the velocity) *and* one of their squares:
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1)\, g \qquad\qquad v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2$$
#
# Both start at zero, and a running mean that starts at zero is too small at first. **Predict:** the gradient is always 1, and $\beta_1 = 0.9$. What is $m$ after the first step? After ten? What would you have to divide by to get 1?

# %% [markdown] id="adam" lang="zh" reviewed="ddf3bb9564ad"
# ## 6. Adam：两个想法合一，外加一个公道的开头
#
# Adam 既对梯度取滑动平均（速度就由它来当），*也*对梯度的平方取滑动平均：
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1)\, g \qquad\qquad v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2$$
#
# 两者都从零开始，而从零开始的滑动平均，起初总是偏小。**预测**：梯度一直是 1，$\beta_1 = 0.9$。第一步之后 $m$ 是多少？十步之后呢？要除以多少，才能得到 1？

# %% id="adam-predict" tags=["hide-input"]
prediction("optimisers.mean", Text(en="The gradient is always 1, and m starts at 0. What is m after one step, and after ten?", zh="梯度一直是 1，m 从 0 开始。一步之后 m 是多少？十步之后呢？"), {
    (1.0, 1.0): Text(en="1 and 1", zh="1 和 1"),
    (0.1, 0.65): Text(en="0.1 and about 0.65", zh="0.1 和约 0.65"),
    (0.1, 1.0): Text(en="0.1 and 1", zh="0.1 和 1"),
    (0.9, 1.0): Text(en="0.9 and almost 1", zh="0.9 和几乎 1"),
})

# %% id="adam-run"
steps = np.arange(1, 101)
fig, ax = new_figure(height=3.0)
for beta, series in zip((0.9, 0.99, 0.999), SERIES, strict=False):
    ax.plot(steps, 1 - beta**steps, **series)
ax.axhline(1.0, color=COLOURS["black"], linewidth=1)
ax.legend(ax.get_lines()[:3], ["β = 0.9", "β = 0.99", "β = 0.999"])
label(ax, title=Text(en="A running mean of ones that starts at 0", zh="一串 1 的滑动平均，从 0 开始"), x=Text(en="step", zh="步数"), y=Text(en="running mean", zh="滑动平均"))
show(fig, Text(
    en="Running means of a constant 1 over 100 steps. With β = 0.9 it is {a} after 10 steps, with 0.99 it is {b}, with 0.999 {c}; after 100 steps {d}, {e} and {f}.",
    zh="常数 1 的滑动平均，共 100 步。10 步之后，β = 0.9 时为 {a}，0.99 时为 {b}，0.999 时为 {c}；100 步之后分别是 {d}、{e}、{f}。",
).format(a=digits(1 - 0.9**10, 3), b=digits(1 - 0.99**10, 2), c=digits(1 - 0.999**10, 2), d=digits(1 - 0.9**100, 3), e=digits(1 - 0.99**100, 3), f=digits(1 - 0.999**100, 2)))

means_of_ones = [0.0]
for _ in range(10):
    means_of_ones.append(0.9 * means_of_ones[-1] + (1 - 0.9) * 1)      # the formula of m, with g = 1 | m 的公式，g = 1
reveal("optimisers.mean", (round(means_of_ones[1], 2), round(means_of_ones[10], 2)))

# %% [markdown] id="adam-explain" lang="en"
# **Explain.** After $t$ steps the weights in the running mean add up to $1 - \beta^t$ only; the rest is still sitting on the zero of the beginning. Dividing by exactly that makes it a true mean:
#
# $$\hat m = \frac{m}{1 - \beta_1^t} \qquad \hat v = \frac{v}{1 - \beta_2^t} \qquad p \leftarrow p - lr \cdot \frac{\hat m}{\sqrt{\hat v} + \varepsilon}$$
#
# The count $t$ is 1 in the first step. With the usual $\beta_2 = 0.999$ the correction of $v$ matters for hundreds of steps. Without it the first step would be $(1 - 0.9) / \sqrt{1 - 0.999} \approx 3.2$ times too large.

# %% [markdown] id="adam-explain" lang="zh" reviewed="b67850d92086"
# **解释**：$t$ 步之后，滑动平均里各项的权重加起来只有 $1 - \beta^t$，其余的还压在开头那个零上。恰好除以这个数，就成了真正的平均：
#
# $$\hat m = \frac{m}{1 - \beta_1^t} \qquad \hat v = \frac{v}{1 - \beta_2^t} \qquad p \leftarrow p - lr \cdot \frac{\hat m}{\sqrt{\hat v} + \varepsilon}$$
#
# 计数 $t$ 在第一步时是 1。通常取 $\beta_2 = 0.999$，对 $v$ 的修正在几百步之内都很要紧。没有修正，第一步会大到 $(1 - 0.9) / \sqrt{1 - 0.999} \approx 3.2$ 倍。

# %% [markdown] id="adam-card" lang="en"
# ### Exercise 6.4: Adam
#
# **Difficulty:** 3 of 5. **Time:** 20 minutes.
#
# Write `adam_step(params, state, lr, betas, eps)`.
#
# - `state` is a dict that belongs to you: `state["step"]` is the number of steps taken so far (0 at first), `state["m"]` and `state["v"]` are lists with a tensor for each parameter (zero at first). Keep all three up to date; change the tensors and `params` in place.
# - `betas` is the pair $(\beta_1, \beta_2)$. `eps` stands outside the root, as in the formula.
# - Forty steps with a changing `lr` and gradients that are mostly zero must agree with `torch.optim.Adam`.

# %% [markdown] id="adam-card" lang="zh" reviewed="e41107dcf93b"
# ### 练习 6.4：Adam
#
# **难度**：3（共 5 级）。**时间**：20 分钟。
#
# 编写 `adam_step(params, state, lr, betas, eps)`。
#
# - `state` 是归你管的字典：`state["step"]` 是到目前为止走过的步数（开始时为 0），`state["m"]` 和 `state["v"]` 是列表，每个参数对应一个张量（开始时为零）。三者都要保持最新；张量和 `params` 原地修改。
# - `betas` 是一对数 $(\beta_1, \beta_2)$。`eps` 写在根号外面，与公式一样。
# - `lr` 不断变化、梯度大多为零的四十步，必须与 `torch.optim.Adam` 一致。

# %% id="adam_step" tags=["solution"]
def adam_step(params, state, lr, betas, eps):
    """One step of Adam with bias correction; params and state are changed in place."""
    ### BEGIN SOLUTION
    beta1, beta2 = betas
    state["step"] += 1
    with torch.no_grad():
        for p, m, v in zip(params, state["m"], state["v"]):
            m.mul_(beta1).add_((1 - beta1) * p.grad)
            v.mul_(beta2).add_((1 - beta2) * p.grad**2)
            m_hat = m / (1 - beta1 ** state["step"])          # a true mean again | 还原成真正的平均
            v_hat = v / (1 - beta2 ** state["step"])
            p -= lr * m_hat / (v_hat.sqrt() + eps)
    ### END SOLUTION

# %% id="adam_step-check" tags=["check"]
check("optimisers.adam_step")

# %% [markdown] id="race" lang="en"
# ## 7. Side by side
#
# Now let all four run, with *your* functions. The surface is not a straight ravine this time but a bent one, $L(a, b) = (1 - a)^2 + 10\,(b - a^2)^2$, whose bottom is at $(1, 1)$: a small relative of a famous test by Rosenbrock. **Predict** before you play it: who is first out of the steep wall, who is first at the bottom, and who overshoots?

# %% [markdown] id="race" lang="zh" reviewed="74e2b6fa0a2a"
# ## 7. 同台竞技
#
# 现在让四种方法一起跑，用的都是*你*写的函数。这次的曲面不是笔直的沟，而是弯的：$L(a, b) = (1 - a)^2 + 10\,(b - a^2)^2$，谷底在 $(1, 1)$，它是 Rosenbrock 一个著名测试的小号版本。播放之前先**预测**：谁最先走出陡壁？谁最先到谷底？谁会冲过头？

# %% id="race-predict" tags=["hide-input"]
prediction("optimisers.race", Text(en="Which of them is the first with a loss below 0.1?", zh="谁的损失最先降到 0.1 以下？"), {
    0: Text(en="gradient descent", zh="梯度下降"),
    1: Text(en="momentum", zh="动量"),
    2: Text(en="RMSProp", zh="RMSProp"),
    3: Text(en="Adam", zh="Adam"),
})

# %% id="race-run"
def bent(point):
    return (1 - point[0]) ** 2 + 10 * (point[1] - point[0] ** 2) ** 2


def with_function(function, memory, **settings):
    """A step for walk() from one of the functions above; memory is what the function keeps up to date."""
    def step(point, number):
        function([point], memory, **settings)
    return step


def nothing_yet():
    return torch.zeros(2, dtype=torch.float64)


if solved("optimisers.momentum_step", "optimisers.rmsprop_step", "optimisers.adam_step"):
    runners = {
        Text(en="gradient descent, lr 0.01", zh="梯度下降，lr 0.01"): plain(0.01),
        Text(en="momentum 0.9, lr 0.004", zh="动量 0.9，lr 0.004"): with_function(momentum_step, [nothing_yet()], lr=0.004, momentum=0.9),
        Text(en="RMSProp, lr 0.1", zh="RMSProp，lr 0.1"): with_function(rmsprop_step, [nothing_yet()], lr=0.1, alpha=0.99, eps=1e-8),
        Text(en="Adam, lr 0.3", zh="Adam，lr 0.3"): with_function(adam_step, {"step": 0, "m": [nothing_yet()], "v": [nothing_yet()]}, lr=0.3, betas=(0.9, 0.999), eps=1e-8),
    }
    ways = {name: walk(step, 80, (-1.5, 1.0), bent) for name, step in runners.items()}

    def draw_race(steps):
        fig = draw_ways({name: points[: steps + 1] for name, points in ways.items()}, Text(en="After {n} steps", zh="{n} 步之后").format(n=steps), bent, (-2.0, 2.0, -0.7, 2.3), 0.25)
        ends = {name: digits(bent(points[steps]).item(), 2) for name, points in ways.items()}
        return fig, Text(
            en="Four ways after {n} steps; losses: " + "; ".join(f"{name.en}: {loss}" for name, loss in ends.items()) + ".",
            zh="四条路线，{n} 步之后的损失：" + "；".join(f"{name.zh}：{loss}" for name, loss in ends.items()) + "。",
        ).format(n=steps)

    animate(draw_race, [0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 17, 20, 24, 28, 32, 38, 44, 50, 60, 70, 80])
    arrivals = []
    for name, points in ways.items():
        first = next((number for number, loss in enumerate(losses_of(points, bent)) if loss < 0.1), None)
        say(Text(en="{name}: loss below 0.1 after {n} steps", zh="{name}：损失降到 0.1 以下用了 {n} 步"), name=name, n=first if first is not None else "> 80")
        arrivals.append(81 if first is None else first)
    reveal("optimisers.race", arrivals.index(min(arrivals)))

# %% [markdown] id="race-explain" lang="en"
# **Explain.** Each one shows its character. Gradient descent drops into the bend at once and then crawls along the floor, where the gradients are small. Momentum swings from side to side, but carries its speed along the floor. RMSProp and Adam set off with steps of the same size in both directions, whatever the slope.
#
# It is a picture, not a ranking. Another surface or another `lr` for one of them, and the order changes; whoever shows you such a race has chosen the numbers. What you can take home are the characters. In practice: Adam (or AdamW) with its default numbers is a good first try; SGD with momentum and a carefully chosen schedule is often at least as good at the end.

# %% [markdown] id="race-explain" lang="zh" reviewed="1d6bc1d6e659"
# **解释**：各有各的脾气。梯度下降一下子落进弯道，然后沿着梯度很小的谷底慢慢爬。动量左右摇摆，但带着速度沿谷底前进。RMSProp 和 Adam 一出发，不管斜率多大，两个方向的步子都一样大。
#
# 这是一幅图，不是排行榜。换一个曲面，或者给其中一个换一个 `lr`，名次就变了；给你看这种比赛的人，都挑过数。值得记住的是各自的脾气。实践中：Adam（或 AdamW）用默认的数，是个不错的起点；SGD 加动量，再配上精心选择的调度，最后往往至少一样好。

# %% [markdown] id="object-card" lang="en"
# ## 8. Not every parameter moves in every step
#
# Real models have parameters that are **frozen** (`requires_grad_(False)`), and parameters that a particular batch does not use. Both have `.grad` equal to `None`. The rule of `torch.optim` is simple: a parameter whose `.grad` is `None` is **left out** of the step, and so is its velocity. `None` is not the same as a gradient of zero: under momentum, a zero gradient still lets the old velocity move the parameter.
#
# `zero_grad()` sets `.grad` to `None` and not to zero. That saves memory, and it has this effect, too: what no gradient reaches is left out.
#
# ### Exercise 6.5: an optimiser of your own
#
# **Difficulty:** 3 of 5. **Time:** 20 minutes.
#
# Write the class `Momentum` with three methods.
#
# - `__init__(self, params, lr, momentum)`: `params` may be a list or a generator (as `model.parameters()` is); it can be gone through only once.
# - `step(self)`: one step of momentum, by the rule of section 3, for every parameter whose `.grad` is not `None`. The current value of `self.lr` counts: a schedule changes it between two steps.
# - `zero_grad(self)`: sets every `.grad` to `None`.
#
# Two optimisers may be at work at the same time. The class holds nothing that they would share.

# %% [markdown] id="object-card" lang="zh" reviewed="51010096d5c1"
# ## 8. 不是每个参数每一步都动
#
# 真实的模型里，有**冻结**的参数（`requires_grad_(False)`），也有某一批恰好没用到的参数。两者的 `.grad` 都是 `None`。`torch.optim` 的规则很简单：`.grad` 为 `None` 的参数，这一步就**跳过**，它的速度也不动。`None` 与梯度为零不是一回事：带动量时，梯度为零，旧的速度照样会推动参数。
#
# `zero_grad()` 把 `.grad` 设成 `None`，而不是零。这样既省内存，也有上面说的效果：没有梯度传到的参数，这一步就跳过。
#
# ### 练习 6.5：自己的优化器
#
# **难度**：3（共 5 级）。**时间**：20 分钟。
#
# 编写类 `Momentum`，有三个方法。
#
# - `__init__(self, params, lr, momentum)`：`params` 可以是列表，也可以是生成器（`model.parameters()` 就是）；生成器只能遍历一次。
# - `step(self)`：对每个 `.grad` 不是 `None` 的参数，按第 3 节的规则走一步。以 `self.lr` 当前的值为准：调度会在两步之间改变它。
# - `zero_grad(self)`：把每个 `.grad` 设成 `None`。
#
# 可能有两个优化器同时在工作，所以类里不要放会被它们共用的东西。

# %% id="Momentum" tags=["solution"]
class Momentum:
    """SGD with momentum over some parameters: step() moves those that have a .grad, zero_grad() forgets it."""

    ### BEGIN SOLUTION
    def __init__(self, params, lr, momentum):
        self.params = list(params)                                   # a generator is gone through once | 生成器只能遍历一次
        self.lr, self.momentum = lr, momentum
        self.velocities = [torch.zeros_like(p) for p in self.params]

    def step(self):
        with torch.no_grad():
            for p, v in zip(self.params, self.velocities):
                if p.grad is not None:
                    v.mul_(self.momentum).add_(p.grad)
                    p -= self.lr * v

    def zero_grad(self):
        for p in self.params:
            p.grad = None
    ### END SOLUTION

# %% id="Momentum-check" tags=["check"]
check("optimisers.Momentum")

# %% [markdown] id="same-as-torch" lang="en"
# The last proof: train the same small network twice from the same start, once with your `Momentum` and once with `torch.optim.SGD`, with a learning rate that falls from step to step. **Predict** the largest difference between the two sets of weights after 60 steps.

# %% [markdown] id="same-as-torch" lang="zh" reviewed="ed9de77245bc"
# 最后的验证：从同一个起点把同一个小网络训练两遍，一遍用你的 `Momentum`，一遍用 `torch.optim.SGD`，学习率逐步下降。**预测**：60 步之后，两组权重最多相差多少？

# %% id="same-as-torch-predict" tags=["hide-input"]
prediction("optimisers.difference", Text(en="The largest difference between the two sets of weights after 60 steps:", zh="60 步之后，两组权重的最大差异："), {
    "visible": Text(en="about 0.01: small differences grow from step to step", zh="约 0.01：小的差异一步步放大"),
    "single": Text(en="about 1e-7: numbers have about 7 digits", zh="约 1e-7：数大约有 7 位有效数字"),
    "rounding": Text(en="below 1e-12: they do the same, up to rounding", zh="小于 1e-12：除了舍入误差，两者做的事完全一样"),
})

# %% id="same-as-torch-run"
def train_small(make):
    """60 steps on a small network; make(params) gives the optimiser and a function that sets its learning rate."""
    rng = np.random.default_rng(4)
    x, y, w1, w2 = (torch.from_numpy(rng.standard_normal(size)) for size in ((32, 6), (32, 2), (6, 20), (20, 2)))
    weights = [(w1 / 3).requires_grad_(), (w2 / 5).requires_grad_()]
    optimiser, set_lr = make(weights)
    losses = []
    for number in range(60):
        set_lr(0.1 * 0.97**number)                       # a schedule | 学习率调度
        optimiser.zero_grad()
        loss = (x.mm(weights[0]).clamp(min=0).mm(weights[1]) - y).pow(2).mean()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return [w.detach() for w in weights], losses


def ours(weights):
    optimiser = Momentum(weights, 0.1, 0.9)
    return optimiser, lambda lr: setattr(optimiser, "lr", lr)


def theirs(weights):
    optimiser = torch.optim.SGD(weights, lr=0.1, momentum=0.9)
    return optimiser, lambda lr: optimiser.param_groups[0].update(lr=lr)


if solved("optimisers.Momentum"):
    our_weights, our_losses = train_small(ours)
    their_weights, their_losses = train_small(theirs)
    say(Text(en="first loss {a}, last loss {b}", zh="最初的损失 {a}，最后的损失 {b}"), a=digits(our_losses[0], 3), b=digits(our_losses[-1], 3))
    gap = max((a - b).abs().max().item() for a, b in zip(our_weights, their_weights, strict=True))
    say(Text(en="largest difference below 1e-12: {v}", zh="最大差异小于 1e-12：{v}"), v=gap < 1e-12)
    reveal("optimisers.difference", "rounding" if gap < 1e-12 else "single" if gap < 1e-5 else "visible")

# %% [markdown] id="schedule" lang="en"
# **Explain.** Nothing but rounding. You can now read the source of `torch.optim` and recognise everything in it.
#
# You also used a **schedule**, without much ado: large steps at the beginning, to get somewhere, small ones at the end, to arrive. It matters most for methods that do not slow down by themselves. (PyTorch has ready-made ones in `torch.optim.lr_scheduler`; call their `step()` *after* the optimiser's.)
#
# One more relic that you will meet in old tutorials: `f.data.sub_(f.grad.data * lr)` as the update. It is the step of section 1, written before `no_grad` existed; lesson 04 says why `.data` is dangerous. Write `with torch.no_grad(): f -= lr * f.grad`, or let an optimiser do it.

# %% [markdown] id="schedule" lang="zh" reviewed="53bbadc0c249"
# **解释**：只有舍入误差。现在你可以去读 `torch.optim` 的源码了，里面的东西你全都认得。
#
# 你还顺手用上了学习率**调度**：开头步子大，好走得远；最后步子小，好停得准。对自己不会慢下来的方法，这一点尤其要紧。（PyTorch 在 `torch.optim.lr_scheduler` 里有现成的；它们的 `step()` 要在优化器的*之后*调用。）
#
# 旧教程里还会遇到一件古董：用 `f.data.sub_(f.grad.data * lr)` 来更新。它就是第 1 节的那一步，写于还没有 `no_grad` 的年代；`.data` 为什么危险，第 04 课讲过。请写 `with torch.no_grad(): f -= lr * f.grad`，或者交给优化器。

# %% id="my-predictions" tags=["hide-input"]
predictions("optimisers")

# %% [markdown] id="summary" lang="en"
# ## Summary
#
# - Plain gradient descent is stable up to $lr = 2 / \text{curvature}$ of the *steepest* direction, and slow in the flattest.
# - Momentum adds gradients up with a brake: $v \leftarrow \mu v + g$. Where they agree, steps grow to $lr / (1 - \mu)$.
# - Nesterov adds one more helping of the new velocity. Weight decay adds $\lambda p$ to the gradient, before anything else.
# - RMSProp divides by the root of a running mean of squares; Adam averages the gradient as well, and corrects both means for their start at zero.
# - A parameter with `.grad` of `None` is left out of the step. That is not the same as a zero gradient.
#
# ### Common confusions
#
# | you might think | in fact |
# |---|---|
# | the S of SGD is in the optimiser | it is in the mini-batches |
# | momentum 0.9 averages gradients | PyTorch sums them: steps may become 10 times as large |
# | `step()` clears the gradients | `zero_grad()` does |
# | Adam needs no learning rate | it sets the size of every step |
# | `weight_decay` means the same in `Adam` and `AdamW` | added to the gradient in one, decoupled in the other |
#
# ### Can you answer these without looking?
#
# 1. You raise the momentum from 0.5 to 0.9 and the training explodes. What do you change, and by what factor?
# 2. Why does Adam count its steps?
# 3. A frozen layer still moves a little in each step. What was wrong with its gradients?
#
# <details><summary>Answers</summary>
#
# 1. The learning rate: the effective step rose from $2\,lr$ to $10\,lr$, so divide `lr` by 5.
# 2. The running means start at zero; $1 - \beta^t$ says how much of each is real.
# 3. They were zero (or left over) instead of `None`, and the velocity or the weight decay went on moving the layer.
#
# </details>

# %% [markdown] id="summary" lang="zh" reviewed="6a134d9ab5b8"
# ## 小结
#
# - 朴素的梯度下降，稳定的上限是*最陡*方向的 $lr = 2 / \text{curvature}$，而在最平的方向上很慢。
# - 动量把梯度加起来，再加个刹车：$v \leftarrow \mu v + g$。方向一致时，步子增大到 $lr / (1 - \mu)$。
# - Nesterov 再加一份新的速度。权重衰减在做别的事之前，先把 $\lambda p$ 加进梯度。
# - RMSProp 除以平方的滑动平均的根；Adam 还对梯度取平均，并为两个平均从零开始做修正。
# - `.grad` 为 `None` 的参数，这一步跳过。这与梯度为零不是一回事。
#
# ### 容易混淆之处
#
# | 你也许以为 | 实际上 |
# |---|---|
# | SGD 的“随机”在优化器里 | 在小批量里 |
# | 动量 0.9 是对梯度取平均 | PyTorch 是求和：步子可能变成 10 倍 |
# | `step()` 会清掉梯度 | 清梯度的是 `zero_grad()` |
# | Adam 不需要学习率 | 每一步的大小都由它决定 |
# | `weight_decay` 在 `Adam` 和 `AdamW` 里是一回事 | 一个加进梯度，一个是解耦的 |
#
# ### 不看上文，你能答出来吗？
#
# 1. 你把动量从 0.5 提到 0.9，训练就爆炸了。该改什么？改多少倍？
# 2. Adam 为什么要数步数？
# 3. 一个冻结的层每步还是动一点点。它的梯度出了什么问题？
#
# <details><summary> 答案 </summary>
#
# 1. 改学习率：实际的步子从 $2\,lr$ 变成了 $10\,lr$，所以把 `lr` 除以 5。
# 2. 滑动平均从零开始；$1 - \beta^t$ 说明其中有多少是真的。
# 3. 梯度是零（或是以前留下的），而不是 `None`，于是速度或权重衰减继续推着它动。
#
# </details>

# %% [markdown] id="next" lang="en"
# ## What is next
#
# You now own every part of the training loop, and each is still a loose piece. In **lesson 07** `nn.Module` puts them in order: layers that know their parameters, and models that can be handed to an optimiser in one word.
#
# ### Further reading
#
# - D. Kingma and J. Ba, *Adam: A Method for Stochastic Optimization*, 2015.
# - I. Loshchilov and F. Hutter, *Decoupled Weight Decay Regularization*, 2019: why AdamW.
# - G. Goh, *Why Momentum Really Works*, Distill, 2017: the ravine, with all its mathematics and fine pictures.

# %% [markdown] id="next" lang="zh" reviewed="9c2036ae65af"
# ## 接下来
#
# 训练循环的每个部件你都有了，只是还零零散散。到了**第 07 课**，`nn.Module` 会把它们整理好：层知道自己有哪些参数，整个模型一句话就能交给优化器。
#
# ### 延伸阅读
#
# - D. Kingma、J. Ba，*Adam: A Method for Stochastic Optimization*，2015。
# - I. Loshchilov、F. Hutter，*Decoupled Weight Decay Regularization*，2019：为什么要有 AdamW。
# - G. Goh，*Why Momentum Really Works*，Distill，2017：把那条窄沟的数学讲透，图也漂亮。
