"""Exercise 11.2: dropout of elements and of channels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Survivor, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Two calls on the same input without zeros: which values come out, where the zeros are, what flows back."""
    import torch

    def values(t: Any) -> list[float]:
        """The different values of a tensor, to four digits: the least nine, and nan once where there is any."""
        found = {round(v, 4) for v in t[~t.isnan()].double().unique().tolist()}
        return sorted(found)[:9] + [float("nan")] * bool(t.isnan().any())

    x = case["x"].clone().requires_grad_()
    settings = {"p": case["p"], "training": case["training"], "channels": case["channels"]}
    with torch.random.fork_rng():
        torch.manual_seed(case["seed"])
        first, second = ns["drop"](x, **settings), ns["drop"](x, **settings)
        torch.manual_seed(case["seed"])
        again = ns["drop"](x, **settings)
    yield "form", [list(first.shape), str(first.dtype)]
    yield "factors", values(first.detach() / x.detach())
    gone = [(out == 0).reshape(*out.shape[:2], -1) if out.ndim > 2 else out == 0 for out in (first, second)]
    yield "share", gone[0].double().mean().item()
    if x.ndim > 2:
        mixed = gone[0].any(dim=2) & ~gone[0].all(dim=2)
        yield "whole", mixed.double().mean().item()
        yield "neighbours", [(gone[0] == gone[0].roll(1, dims=d)).double().mean().item() for d in (0, 1)]
    agree = [(a == b).double().mean().item() for a, b in ((first == 0, second == 0), (first, again))]
    yield "fresh", agree
    yield "moved", (x.detach() - case["x"]).abs().max().item()
    (grad,) = torch.autograd.grad((3 * first).sum(), x)
    yield "gradient", values(grad - 3 * first.detach() / x.detach())


def _case(name: str, label: Text, shape: tuple[int, ...], p: float, rng: Any, **settings: Any) -> Case:
    x = torch.from_numpy(np.round(rng.uniform(0.5, 2.0, shape), 2) * rng.choice([-1.0, 1.0], shape))
    x = x.to(settings.pop("dtype", torch.float64))
    if settings.pop("turned", False):
        x = x.transpose(-1, -2).contiguous().transpose(-1, -2)
    inputs = {"x": x, "p": p, "training": True, "channels": False, "seed": int(rng.integers(1000))}
    return Case(name, label, inputs | settings)


PUBLIC = (
    _case("eval", Text(en="not in training: p 0.5, 6 elements", zh="不在训练：p 为 0.5，6 个元素"), (2, 3), 0.5, np.random.default_rng(1), training=False),
    _case("elements", Text(en="elements, p 0.2", zh="元素，p 为 0.2"), (50, 40), 0.2, np.random.default_rng(2)),
    _case("elements-4d", Text(en="elements of feature maps, p 0.25", zh="特征图的元素，p 为 0.25"), (10, 20, 4, 3), 0.25, np.random.default_rng(3)),
    _case("channels", Text(en="channels, p 0.3", zh="通道，p 为 0.3"), (20, 50, 2, 3), 0.3, np.random.default_rng(4), channels=True),
    _case("all", Text(en="p 1: nothing survives", zh="p 为 1：全部丢弃"), (2, 3), 1.0, np.random.default_rng(5)),
    _case("none", Text(en="p 0: everything survives", zh="p 为 0：全部保留"), (2, 3), 0.0, np.random.default_rng(6)),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """Other shares, a batch of one, memory in another order, float32."""
    return [
        _case("mostly", Text(en="elements, p 0.8", zh="元素，p 为 0.8"), (60, 30), 0.8, rng),
        _case("float32", Text(en="float32, memory in another order, p 0.4", zh="float32，内存次序不同，p 为 0.4"), (40, 50), 0.4, rng, dtype=torch.float32, turned=True),
        _case("one-image", Text(en="one sample with 1000 channels, p 0.6", zh="一个样本，1000 个通道，p 为 0.6"), (1, 1000, 3, 1), 0.6, rng, channels=True),
        _case("eval-channels", Text(en="channels, not in training", zh="通道，不在训练"), (3, 4, 2, 2), 0.9, rng, channels=True, training=False),
    ]  # fmt: skip


WRONG = (
    Wrong(
        "no-scale",
        Text(en="the survivors are not scaled by 1/(1-p)", zh="幸存者没有乘 1/(1-p)"),
        edits=(("x * keep / (1 - p)", "x * keep"),),
        hint=Hint(
            question=Text(en="Take x = 1 everywhere and p = 0.2. Which mean do you expect of the output? Which one do you get?", zh="取 x 处处为 1，p = 0.2。输出的平均值应当是多少？你得到的是多少？"),
            neighbour=Text(en="A choir of 40 in which a quarter stays away each evening: the 30 others sing 40/30 = 4/3 as loud, so that the hall hears the same as from all 40.", zh="40 人的合唱团，每晚有四分之一缺席：其余 30 人要唱到 40/30 = 4/3 倍响，全场听到的才和 40 人齐唱一样。"),
        ),
    ),
    Wrong(
        "scaled-by-p",
        Text(en="the survivors are scaled by 1/p", zh="幸存者乘了 1/p"),
        edits=(("x * keep / (1 - p)", "x * keep / max(p, 1e-12)"),),
        hint=Hint(
            question=Text(en="Which share survives, p or 1 - p? By what must you divide to get the old sum back?", zh="留下的份额是 p 还是 1 - p？除以哪一个才能恢复原来的总和？"),
            neighbour=Text(en="Of 10 coins 1 is lost: 9 are left, each must count 10/9. 10/1 would make 90 of 10.", zh="10 枚硬币丢了 1 枚，剩 9 枚：每枚要当 10/9 枚算。若当 10/1，10 枚就变成 90 枚了。"),
        ),
    ),
    Wrong(
        "scaled-down",
        Text(en="the survivors are multiplied by 1-p, not divided", zh="幸存者乘了 1-p，而不是除以它"),
        edits=(("x * keep / (1 - p)", "x * keep * (1 - p)"),),
        hint=Hint(
            question=Text(en="Fewer are left. Must each of them count more or less?", zh="剩下的变少了。每一个应当算得更多还是更少？"),
            neighbour=Text(en="The formula of 2014 multiplies by 1 - p in *evaluation*, with nobody missing: 10 · 0.9 = 9 = what training showed on average. PyTorch divides in *training* instead: 9 / 0.9 = 10. Both match; mixing them does not.", zh="2014 年的写法是*评估*时乘 1 - p，那时谁也不缺：10 · 0.9 = 9，等于训练时的平均。PyTorch 则在*训练*时除：9 / 0.9 = 10。两种都前后一致，混着用就不一致了。"),
        ),
    ),
    Wrong(
        "p-is-kept",
        Text(en="p is taken for the share that survives", zh="把 p 当成了保留的份额"),
        edits=((">= p", "< p"), ("/ (1 - p)", "/ max(p, 1e-12)")),
        hint=Hint(
            question=Text(en="With p = 0.2, which share of your output is 0?", zh="p = 0.2 时，你的输出有多大一部分是 0？"),
            neighbour=Text(en="'A 10 % chance of rain' and 'a 10 % chance of no rain' are two different weekends. PyTorch's p is the probability to be dropped; some older libraries called the other one keep_prob.", zh="“下雨的概率是 10 %”和“不下雨的概率是 10 %”，是两种周末。PyTorch 的 p 是被丢弃的概率；有些老的库用的是相反的那个，叫 keep_prob。"),
        ),
    ),
    Wrong(
        "active-in-eval",
        Text(en="drops in evaluation, too", zh="评估时也在丢弃"),
        edits=(("    if not training:\n        return x.clone()\n", ""),),
        hint=Hint(
            question=Text(en="What should come out with training=False? Where does your function look at it?", zh="training=False 时应当输出什么？你的函数在哪里看了它？"),
            neighbour=Text(en="Training with weights on the ankles, running the race without: with training=False the input comes out as it is.", zh="练的时候腿上绑沙袋，比赛时取下来：training=False 时，输入原样输出。"),
        ),
    ),
    Wrong(
        "scaled-in-eval",
        Text(en="scales in evaluation, too", zh="评估时也做了缩放"),
        edits=(("return x.clone()", "return x / (1 - p)"),),
        hint=Hint(
            question=Text(en="In evaluation nobody is missing. Is there anything to make up for?", zh="评估时谁也没缺席，还有什么要弥补的吗？"),
            neighbour=Text(en="All 40 singers are there tonight. If each sings 4/3 as loud all the same, the hall hears 53.", zh="今晚 40 人全到了。如果每人还唱到 4/3 倍响，全场听到的就是 53 人。"),
        ),
    ),
    Wrong(
        "same-mask",
        Text(en="seeds the generator: the same mask in each call", zh="自己设了种子：每次调用的掩码都一样"),
        edits=(("    keep = ", "    torch.manual_seed(0)\n    keep = "),),
        hint=Hint(
            question=Text(en="Call it twice. Are the zeros in the same places? Who sets the seed?", zh="调用两次，零在同样的位置吗？种子是谁设的？"),
            neighbour=Text(en="A pack of cards put in the same order before each deal: the game is always the same. Shuffle once, at the start of the evening.", zh="每次发牌前都把牌理回同一个次序，那每一局都一模一样。洗牌在开场做一次就够了。"),
        ),
    ),
    Wrong(
        "numpy-generator",
        Text(en="draws from another generator than PyTorch's", zh="用的不是 PyTorch 的随机数生成器"),
        source='''def drop(x, p=0.5, training=True, channels=False):
    if not training:
        return x.clone()
    if p == 1:
        return x * 0
    shape = x.shape[:2] + (1,) * (x.ndim - 2) if channels else x.shape
    import random
    keep = torch.tensor([random.random() >= p for _ in range(torch.Size(shape).numel())]).reshape(shape)
    return x * keep / (1 - p)
''',
        hint=Hint(
            question=Text(en="Somebody calls torch.manual_seed(3) before each of two runs. Do you drop the same elements in both?", zh="有人在两次运行之前都调用了 torch.manual_seed(3)。你两次丢弃的元素相同吗？"),
            neighbour=Text(en="Two clocks in the house: setting one does not move the other. torch.rand follows torch.manual_seed; Python's random does not.", zh="家里有两个钟，拨一个，另一个不会跟着走。torch.rand 听 torch.manual_seed 的；Python 的 random 不听。"),
        ),
    ),
    Wrong(
        "elementwise-channels",
        Text(en="channels=True drops single elements all the same", zh="channels=True 时丢弃的仍是单个元素"),
        edits=(("x.shape[:2] + (1,) * (x.ndim - 2) if channels else x.shape", "x.shape"),),
        hint=Hint(
            question=Text(en="Look at one channel of your output: is it all 0 or all alive? Which shape must the mask have for one decision per channel?", zh="看输出的某一个通道：它是全为 0、全都活着，还是混在一起？每个通道只做一次决定，掩码应当是什么形状？"),
            neighbour=Text(en="A table [3 pupils, 4 marks]: a mask [3, 1] takes out whole pupils, a mask [1, 4] whole subjects, a mask [3, 4] single marks. Broadcasting does the rest.", zh="表格 [3 个学生, 4 个分数]：掩码 [3, 1] 划掉的是整个学生，[1, 4] 是整门课，[3, 4] 是单个分数。剩下的由广播完成。"),
        ),
    ),
    Wrong(
        "one-mask-per-batch",
        Text(en="channels: the same ones are dropped in all samples", zh="通道：所有样本丢弃的是同一些"),
        edits=(("x.shape[:2] + (1,)", "(1,) + x.shape[1:2] + (1,)"),),
        hint=Hint(
            question=Text(en="Does every sample lose the same channels? How many decisions do you draw, C or N · C?", zh="每个样本丢掉的通道都一样吗？你抽了多少次，C 次还是 N · C 次？"),
            neighbour=Text(en="One coin for the whole class (all have homework, or none) against a coin for each: 20 pupils need 20 tosses.", zh="全班共抛一枚硬币（要么都有作业，要么都没有），和每人抛一枚不同：20 个学生要抛 20 次。"),
        ),
    ),
    Wrong(
        "positions-dropped",
        Text(en="drops positions through all channels", zh="丢弃的是贯穿所有通道的位置"),
        edits=(("x.shape[:2] + (1,) * (x.ndim - 2) if channels", "x.shape[:1] + (1,) + x.shape[2:] if channels"),),
        hint=Hint(
            question=Text(en="Which dimension of [N, C, H, W] counts the channels? Along which ones must the mask be the same?", zh="[N, C, H, W] 里哪一维是通道？掩码沿哪几维应当相同？"),
            neighbour=Text(en="Three films at once, [3, 10, 10] each: a mask [3, 1, 1] switches whole films off, a mask [1, 10, 10] makes the same holes in all three.", zh="三部影片同时放映，合起来是 [3, 10, 10]：掩码 [3, 1, 1] 关掉整部影片，掩码 [1, 10, 10] 则在三部上戳出同样的洞。"),
        ),
    ),
    Wrong(
        "detached",
        Text(en="the output is cut off from the graph", zh="输出与计算图断开了"),
        edits=(("return x * keep / (1 - p)", "return x.detach() * keep / (1 - p)"),),
        hint=Hint(
            question=Text(en="Which gradient does x get of the sum of your output? What should a surviving element get?", zh="对输出之和求导，x 得到的梯度是多少？幸存的元素应当得到多少？"),
            neighbour=Text(en="y = 5 · x: a change of x by 1 changes y by 5. If x is replaced by a copy of its value, y no longer knows of x, and the answer is 0.", zh="y = 5 · x：x 变 1，y 变 5。如果把 x 换成它的值的一个副本，y 就不知道 x 了，答案成了 0。"),
        ),
    ),
    Wrong(
        "overwrites-input",
        Text(en="works in the memory of x", zh="直接改动了 x 的内存"),
        edits=(("    return x * keep / (1 - p)", "    out = x * keep / (1 - p)\n    x.data.copy_(out.data)\n    return out"),),
        hint=Hint(
            question=Text(en="Is x after the call still what it was before?", zh="调用之后，x 还是原来的样子吗？"),
            neighbour=Text(en="Whoever photocopies a page and then corrects the original has no original any more. b = a * 2 makes something new; a *= 2 does not.", zh="复印之后又去改原件，原件就没有了。b = a * 2 得到新的东西；a *= 2 改的是原来的。"),
        ),
    ),
    Wrong(
        "nan-for-one",
        Text(en="p = 1 gives nan", zh="p = 1 时得到 nan"),
        edits=(("    if p == 1:\n        return x * 0\n", ""),),
        hint=Hint(
            question=Text(en="By what do you divide when p is 1? Which value should come out?", zh="p 为 1 时你除以的是什么？应当输出什么？"),
            neighbour=Text(en="The mean of an empty list: 0 / 0 is nan. Such a border case gets a line of its own.", zh="空列表的平均值：0 / 0 是 nan。这样的边界情形要单独写一行。"),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "bernoulli",
        '''def drop(x, p=0.5, training=True, channels=False):
    """Draws the factors themselves: 0, or 1/(1-p)."""
    if not training:
        return x
    like = x.detach()
    if channels:
        like = like.flatten(2)[:, :, 0].reshape(*x.shape[:2], *[1] * (x.dim() - 2))
    factor = torch.empty_like(like).bernoulli_(1 - p)
    return x * (factor / (1 - p) if p < 1 else factor)
''',
    ),
    Right(
        "where",
        '''def drop(x, p=0.5, training=True, channels=False):
    """Chooses with where; one number for each sample and channel, expanded."""
    if not training:
        return x
    if p == 1.0:
        return torch.mul(x, 0.0)
    if channels:
        n, c, h, w = x.shape
        gone = (torch.rand(n, c, device=x.device) < p)[:, :, None, None].expand(n, c, h, w)
    else:
        gone = torch.rand(x.shape, device=x.device) < p
    return torch.where(gone, torch.zeros((), dtype=x.dtype), x.div(1 - p))
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "mask-on-cpu",
        Text(en="the mask is drawn on the CPU", zh="掩码是在 CPU 上抽取的"),
        edits=(("torch.rand(shape, device=x.device)", "torch.rand(shape)"),),
        hint=Hint(
            question=Text(en="Where does torch.rand(shape) lie? What will x * keep say for an x on a GPU?", zh="torch.rand(shape) 在哪个设备上？x 在 GPU 上时，x * keep 会怎样？"),
            neighbour=Text(en="t + torch.randn(t.shape) adds noise on a laptop and raises on a GPU. torch.randn_like(t), or torch.randn(t.shape, device=t.device), draws beside t.", zh="t + torch.randn(t.shape) 在笔记本电脑上能加噪声，到 GPU 上就报错。torch.randn_like(t) 或 torch.randn(t.shape, device=t.device) 就在 t 旁边抽取。"),
        ),
    ),
    Wrong(
        "generator-of-the-cpu",
        Text(en="the mask is drawn on x's device with the CPU's generator", zh="用 CPU 的随机数生成器在 x 的设备上抽取掩码"),
        edits=(('torch.rand(shape, device=x.device)', 'torch.rand(shape, device=x.device, generator=torch.default_generator)'),),
        hint=Hint(
            question=Text(en="Every device has a random generator of its own. Whose is torch.default_generator?", zh="每个设备都有自己的随机数生成器。torch.default_generator 是谁的？"),
            neighbour=Text(en="torch.randperm(9, device=t.device) draws with the generator of t's device. With generator=torch.Generator() it raises for t on a GPU; torch.Generator(device=t.device) fits.", zh="torch.randperm(9, device=t.device) 用 t 所在设备的生成器来抽。加上 generator=torch.Generator()，t 在 GPU 上时就会报错；torch.Generator(device=t.device) 才配得上。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="11.2 Dropout by hand", zh="11.2 手写 dropout"),
    properties=(
        Property("form", Text(en="shape and dtype", zh="形状和 dtype"), points=0.5, only_with="factors"),
        Property(
            "factors",
            Text(en="by which factors the elements are multiplied", zh="元素被乘以哪些因子"),
            points=2.0,
        ),
        Property(
            "share",
            Text(en="which share is dropped", zh="丢弃的份额"),
            points=1.0,
            atol=0.12,
            why="1000 decisions with p 0.5 scatter by 0.016 on each side; 0.12 is more than five times both together",
        ),
        Property(
            "whole",
            Text(en="the share of channels that are dropped in part", zh="只丢弃了一部分的通道所占的份额"),
            points=1.0,
            atol=0.12,
            why="of 200 channels with 12 elements each; one decision scatters by at most 0.036 on each side",
        ),
        Property(
            "neighbours",
            Text(
                en="how often a sample, and a channel, loses the same as the one before it",
                zh="一个样本（以及一个通道）与前一个丢弃得相同的频率",
            ),
            points=0.5,
            atol=0.12,
            why="1000 comparisons; they scatter by 0.02 on each side",
            only_with="share",
        ),
        Property(
            "fresh",
            Text(
                en="how often two calls agree, and how many elements are the same for the same seed",
                zh="两次调用一致的频率；种子相同时相同元素的份额",
            ),
            points=1.0,
            atol=0.12,
            why="the agreement of two masks of 1000 decisions scatters by 0.016 on each side",
            only_with="share",
        ),
        Property("moved", Text(en="how far x was moved", zh="x 被改动了多少"), points=0.5, only_with="factors"),
        Property(
            "gradient", Text(en="the gradient of what survives", zh="幸存元素的梯度"), points=0.5, only_with="factors"
        ),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Take torch.ones(1000) and p = 0.2: what are the different values of your output, how many are 0, and what is the mean?",
            zh="取 torch.ones(1000) 和 p = 0.2：你的输出有哪些不同的值？有多少个 0？平均值是多少？",
        ),
        neighbour=Text(
            en="x = (4, 8, 6), p = 1/3, and the draw drops the second: (4 · 1.5, 0, 6 · 1.5) = (6, 0, 9). On average over many draws (4, 8, 6) comes back.",
            zh="x = (4, 8, 6)，p = 1/3，这一次丢弃的是第二个：(4 · 1.5, 0, 6 · 1.5) = (6, 0, 9)。抽很多次取平均，又得到 (4, 8, 6)。",
        ),
    ),
    survivors=(
        Survivor(
            line="return x.clone()",
            change="x.clone() -> x",
            reason="the card asks for the values of x; PyTorch's own dropout returns x itself, too",
        ),
        Survivor(
            line="keep = torch.rand(shape, device=x.device) >= p",
            change="torch.rand(shape, device=x.device) >= p -> torch.rand(shape, device=x.device) > p",
            reason="the two differ only where a random number hits p exactly, once in 2 ** 24 draws",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
