"""Exercise 1.5: initial weights that keep the size of the signal through ReLU."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Draws two layers, one after the other, from one generator."""
    import numpy as np

    rng = np.random.default_rng(case["seed"])
    w1 = ns["init"](case["d_in"], case["width"], rng)
    yield "shape", [int(size) for size in np.shape(w1)]
    yield "w1", w1
    yield "w2", ns["init"](case["width"], case["d_out"], rng)


def _case(d_in: int, width: int, d_out: int, seed: int) -> Case:
    label = Text(en=f"sizes {d_in}, {width} and {d_out}", zh=f"各维大小为 {d_in}、{width}、{d_out}")
    return Case(f"{d_in}-{width}-{d_out}", label, {"d_in": d_in, "width": width, "d_out": d_out, "seed": seed})


PUBLIC = (_case(3, 2, 1, 1), _case(50, 4, 6, 2))


def hidden(rng: np.random.Generator) -> list[Case]:
    """Wide and narrow layers, a size of one, other seeds."""
    sizes = ((5, 3, 2), (1, 7, 4), (200, 10, 3), (8, 64, 5))
    return [_case(*three, int(rng.integers(10, 1_000_000))) for three in sizes]


WRONG = (
    Wrong(
        "plain-normal",
        Text(en="not scaled at all", zh="完全没有缩放"),
        edits=(("scale = np.sqrt(2 / d_in)", "scale = 1.0"),),
        hint=Hint(
            question=Text(
                en="If x and w have variance 1, what is the variance of a sum of d_in products? Which scale brings it down?",
                zh="x 和 w 的方差都是 1 时，d_in 个乘积之和的方差是多少？用什么系数能把它降下来？",
            ),
            neighbour=Text(
                en="Toss 100 coins, +1 or -1 each. The sum has variance 100: it is typically 10 away from 0. To bring its "
                "variance to 1, scale each coin by 1/10, the square root of 1/100.",
                zh="抛 100 枚硬币，每枚记 +1 或 -1。总和的方差是 100，即通常离 0 约 10。要让方差变成 1，每枚硬币要乘 1/10，也就是 1/100 的平方根。",
            ),
        ),
    ),
    Wrong(
        "no-square-root",
        Text(en="2 / d_in without the square root", zh="用了 2 / d_in，没有开平方"),
        edits=(("scale = np.sqrt(2 / d_in)", "scale = 2 / d_in"),),
        hint=Hint(
            question=Text(
                en="Scaling a random number by c multiplies its variance by what? Which c makes the variance 2 / d_in?",
                zh="随机数乘以 c，方差要乘以多少？方差要等于 2 / d_in，c 应取多少？",
            ),
            neighbour=Text(
                en="Lengths in metres with variance 9 (typical size 3). In centimetres the numbers are 100 times as large, and "
                "the variance is 9 * 100 * 100 = 90000. To divide a variance by 25, divide the numbers by 5.",
                zh="以米为单位的长度，方差是 9（典型大小是 3）。换成厘米，数值是 100 倍，方差是 9 * 100 * 100 = 90000。"
                "要让方差除以 25，数值应除以 5。",
            ),
        ),
    ),
    Wrong(
        "no-relu-factor",
        Text(
            en="1 / d_in: the half that ReLU cuts away is not made up for",
            zh="用了 1 / d_in：没有补偿被 ReLU 截掉的一半",
        ),
        edits=(("scale = np.sqrt(2 / d_in)", "scale = np.sqrt(1 / d_in)"),),
        hint=Hint(
            question=Text(
                en="What part of the mean square of h is left after ReLU? After 10 layers?",
                zh="经过 ReLU 之后，h 的均方值还剩下几分之几？10 层之后呢？",
            ),
            neighbour=Text(
                en="The numbers -3, -1, 1, 3 have mean square (9 + 1 + 1 + 9) / 4 = 5. ReLU makes 0, 0, 1, 3 of them: mean "
                "square 10 / 4 = 2.5. Half is gone in each layer; after 10 layers 1/1024 is left.",
                zh="-3、-1、1、3 的均方值是 (9 + 1 + 1 + 9) / 4 = 5。ReLU 之后是 0、0、1、3，均方值 10 / 4 = 2.5。每层丢掉一半，"
                "10 层之后只剩 1/1024。",
            ),
        ),
    ),
    Wrong(
        "root-two-for-two",
        Text(
            en="the square root is taken twice: sqrt(2) stands inside the root",
            zh="开了两次平方：根号里放的是 2 的平方根",
        ),
        edits=(("scale = np.sqrt(2 / d_in)", "scale = np.sqrt(np.sqrt(2) / d_in)"),),
        hint=Hint(
            question=Text(
                en="Is it the variance that must double, or the typical size? What does that make of the scale?",
                zh="要加倍的是方差，还是典型大小？那么系数应该是多少？",
            ),
            neighbour=Text(
                en="To triple a variance of 4 (typical size 2), multiply the numbers by the root of 3, about 1.732: typical "
                "size 3.464, variance 12. Multiplying by the root of the root, 1.316, gives a variance of 6.93 only.",
                zh="要把方差 4（典型大小 2）变成三倍，就把数值乘以 3 的平方根，约 1.732：典型大小 3.464，方差 12。"
                "若乘的是平方根的平方根 1.316，方差只有 6.93。",
            ),
        ),
    ),
    Wrong(
        "fan-out",
        Text(en="the scale uses d_out in place of d_in", zh="缩放时用了 d_out，而不是 d_in"),
        edits=(("scale = np.sqrt(2 / d_in)", "scale = np.sqrt(2 / d_out)"),),
        hint=Hint(
            question=Text(
                en="One entry of h is a sum of how many products: d_in or d_out?",
                zh="h 的一个元素是多少个乘积之和：d_in 个还是 d_out 个？",
            ),
            neighbour=Text(
                en="A class of 30 votes on 4 questions. Each question's total is a sum of 30 votes, whatever the number of "
                "questions. So its spread depends on 30, not on 4.",
                zh="30 人的班级对 4 个问题投票。每个问题的总数都是 30 票之和，与问题有几个无关。所以它的波动取决于 30，而不是 4。",
            ),
        ),
    ),
    Wrong(
        "both-fans",
        Text(en="the scale uses d_in + d_out (Glorot's rule)", zh="缩放时用了 d_in + d_out（Glorot 的规则）"),
        edits=(("scale = np.sqrt(2 / d_in)", "scale = np.sqrt(2 / (d_in + d_out))"),),
        hint=Hint(
            question=Text(
                en="You know another recipe, with d_in + d_out. Which function does it assume between the layers, and what "
                "does this card ask for?",
                zh="你想到的是另一个带 d_in + d_out 的公式。它假定层与层之间是什么函数？这张卡片要求的又是什么？",
            ),
            neighbour=Text(
                en="Glorot's rule weighs the way forward against the way back, for functions that are nearly straight at 0. "
                "For 300 inputs and 100 outputs its variance is 2 / 400 = 0.005; a forward rule without ReLU would take "
                "1 / 300, about 0.0033. Different goals, different numbers.",
                zh="Glorot 的规则兼顾前向和反向，针对在 0 附近近似直线的函数。300 个输入、100 个输出时，方差取 2 / 400 = 0.005；"
                "只看前向且没有 ReLU，则取 1 / 300，约 0.0033。目标不同，数值就不同。",
            ),
        ),
    ),
    Wrong(
        "inverted",
        Text(en="multiplied where it should be divided", zh="该除的地方用了乘"),
        edits=(("scale = np.sqrt(2 / d_in)", "scale = np.sqrt(d_in / 2)"),),
        hint=Hint(
            question=Text(
                en="Should a layer with more inputs have larger or smaller weights?",
                zh="输入越多的层，权重应该越大还是越小？",
            ),
            neighbour=Text(
                en="A pot of soup needs 8 g of salt, which one cook puts in. If 4 cooks salt the same pot, each must put in "
                "less: 2 g. More hands, smaller pinches.",
                zh="一锅汤要放 8 克盐，由一位厨师来放。若有 4 位厨师往同一锅里放，每人就得少放：2 克。人越多，每人放得越少。",
            ),
        ),
    ),
    Wrong(
        "zeros",
        Text(en="all weights are zero", zh="权重全是零"),
        edits=(("return rng.standard_normal((d_in, d_out)) * scale", "return np.zeros((d_in, d_out))"),),
        hint=Hint(
            question=Text(
                en="If all weights are 0, what is the gradient of w1? Of w2? Which unit could ever become different from "
                "another one?",
                zh="权重全为 0 时，w1 的梯度是多少？w2 的呢？还有哪个隐藏单元能变得与别的不同？",
            ),
            neighbour=Text(
                en="z = a*b at (0, 0): the slopes are b = 0 and a = 0, so no step ever leads away. At (0.1, -0.2) they are "
                "-0.2 and 0.1, and learning begins.",
                zh="z = a*b 在 (0, 0)：斜率是 b = 0 和 a = 0，无论走多少步都离不开原点。在 (0.1, -0.2)，斜率是 -0.2 和 0.1，学习就开始了。",
            ),
        ),
    ),
    Wrong(
        "own-generator",
        Text(en="a generator of its own, with a fixed seed", zh="自己新建了一个固定种子的随机数生成器"),
        edits=(("return rng.standard_normal(", "return np.random.default_rng(0).standard_normal("),),
        hint=Hint(
            question=Text(
                en="Call your function twice in a row with the same rng. Are the two layers different? Should they be?",
                zh="用同一个 rng 连续调用两次你的函数。两层的权重不同吗？应该不同吗？",
            ),
            neighbour=Text(
                en="Two players draw from one shuffled pack: 7 of hearts, then 2 of spades. If each opens a new pack shuffled in "
                "the same way, both draw the 7 of hearts. Draw from the pack that you are given.",
                zh="两个人从同一副洗好的牌里抽：先红桃 7，再黑桃 2。如果每人都拆一副洗法相同的新牌，两人抽到的都是红桃 7。要从递给你的那副牌里抽。",
            ),
        ),
    ),
    Wrong(
        "layout-of-another-library",
        Text(en="shape [d_out, d_in], as in other libraries", zh="形状成了 [d_out, d_in]，那是别的库的约定"),
        edits=(("rng.standard_normal((d_in, d_out))", "rng.standard_normal((d_out, d_in))"),),
        hint=Hint(
            question=Text(
                en="h = x @ w1 with x [N, d_in]: which shape must w1 have?",
                zh="h = x @ w1，x 是 [N, d_in]：w1 应当是什么形状？",
            ),
            neighbour=Text(
                en="A table of prices with one row per fruit and one column per shop is [3, 2]; with one row per shop it is "
                "[2, 3]. Amounts [1, 3] times the first gives a bill per shop, [1, 2]; times the second it does not run.",
                zh="价目表若一行一种水果、一列一家店，就是 [3, 2]；若一行一家店，就是 [2, 3]。数量 [1, 3] 乘前者，得到每家店的账单 [1, 2]；"
                "乘后者则无法运算。",
            ),
        ),
    ),
    Wrong(
        "uniform",
        Text(en="a uniform distribution in place of the normal one", zh="用了均匀分布，而不是正态分布"),
        edits=(
            ("return rng.standard_normal((d_in, d_out)) * scale", "return rng.uniform(-1, 1, (d_in, d_out)) * scale"),
        ),
        hint=Hint(
            question=Text(
                en="Which distribution does the card name? What is the variance of numbers spread evenly from -1 to 1?",
                zh="题目卡片上指定的是哪种分布？在 -1 到 1 之间均匀分布的数，方差是多少？",
            ),
            neighbour=Text(
                en="Numbers spread evenly from -3 to 3 have variance 3*3 / 3 = 3; standard normal numbers have variance 1. Two "
                "distributions can share mean 0 and still need different scales.",
                zh="在 -3 到 3 之间均匀分布的数，方差是 3*3 / 3 = 3；标准正态分布的方差是 1。两种分布均值都是 0，需要的系数却不同。",
            ),
        ),
    ),
)

RIGHT = (
    Right(
        "normal-with-scale",
        '''def init(d_in, d_out, rng):
    """The generator scales by itself."""
    return rng.normal(0.0, (2.0 / d_in) ** 0.5, size=(d_in, d_out))
''',
    ),
    Right(
        "divide-by-root",
        '''def init(d_in, d_out, rng):
    """Drawn flat, then shaped and divided."""
    weights = rng.standard_normal(d_in * d_out).reshape(d_in, d_out)
    weights /= np.sqrt(d_in / 2)
    return weights
''',
    ),
    Right(
        "row-by-row",
        '''def init(d_in, d_out, rng):
    """One input's weights at a time."""
    rows = [[rng.standard_normal() for _ in range(d_out)] for _ in range(d_in)]
    return np.array(rows) * 2**0.5 / d_in**0.5
''',
    ),
)

EXERCISE = Exercise(
    title=Text(en="1.5 Initial weights", zh="1.5 权重初始化"),
    properties=(
        Property("shape", Text(en="shape [d_in, d_out]", zh="形状 [d_in, d_out]"), only_with="w1"),
        Property("w1", Text(en="the weights of a first layer", zh="第一层的权重"), points=2.0),
        Property("w2", Text(en="a second layer from the same rng", zh="由同一个 rng 得到的第二层")),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Divide your weights by those of rng.standard_normal((d_in, d_out)) from the same seed. Is the quotient the same "
            "everywhere? Which number is it, and which should it be?",
            zh="用同一种子的 rng.standard_normal((d_in, d_out)) 去除你的权重。商处处相同吗？它是多少，应该是多少？",
        ),
        neighbour=Text(
            en="A sum of 16 independent numbers of variance 1 has variance 16. To get variance 1: scale each by c with "
            "16 * c * c = 1, so c = 0.25. If afterwards three quarters of it were lost, you would want variance 4 "
            "before: 16 * c * c = 4, so c = 0.5.",
            zh="16 个方差为 1 的独立随机数之和，方差是 16。要让它变成 1，每个数乘以 c，使 16 * c * c = 1，即 c = 0.25。"
            "如果之后还会损失四分之三，之前就需要方差 4：16 * c * c = 4，即 c = 0.5。",
        ),
    ),
)
