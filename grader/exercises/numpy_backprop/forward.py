"""Exercise 1.1: the forward pass of the two-layer network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Calls ``forward`` once; yields what it returned, then the inputs as the call left them."""
    x, w1, w2 = case["x"], case["w1"], case["w2"]
    returned = ns["forward"](x, w1, w2)
    if not isinstance(returned, (tuple, list)) or len(returned) != 3:
        yield "h", returned  # not three values: the comparison then says what came instead
        return
    yield from zip(("h", "h_relu", "y_pred"), returned, strict=True)
    yield "inputs", {"x": x, "w1": w1, "w2": w2}


PUBLIC = (
    Case(
        "square",
        Text(en="two samples, every size is 2", zh="两个样本，各维大小都是 2"),
        {
            "x": np.array([[1.0, 2.0], [3.0, -1.0]]),
            "w1": np.array([[2.0, -1.0], [1.0, 3.0]]),
            "w2": np.array([[1.0, -2.0], [-3.0, 0.5]]),
        },
    ),
    Case(
        "oblong",
        Text(en="two samples, sizes 3, 4 and 1", zh="两个样本，各维大小为 3、4、1"),
        {
            "x": np.array([[1.0, 0.5, -1.0], [-2.0, 1.0, 0.25]]),
            "w1": np.array([[1.0, -1.0, 0.5, 2.0], [2.0, 1.0, -1.0, 0.4], [-0.5, 3.0, 1.0, -1.5]]),
            "w2": np.array([[1.0], [-2.0], [0.5], [-1.0]]),
        },
    ),
    Case(
        "single",
        Text(en="a batch of one sample", zh="只有一个样本的批量"),
        {
            "x": np.array([[-1.0, 2.0, 0.5]]),
            "w1": np.array([[0.5, -1.0], [1.5, 2.0], [-2.0, 1.0]]),
            "w2": np.array([[-1.0, 2.0, 0.5], [0.25, -1.0, 3.0]]),
        },
    ),
)


def hidden(rng: np.random.Generator) -> list[Case]:
    """Oblong shapes, a batch of one, a large batch, other memory layouts and scales."""
    cases = []
    for number, sizes in enumerate(((3, 5, 4, 2), (1, 6, 3, 4), (7, 2, 5, 1), (33, 40, 17, 6), (4, 3, 8, 5))):
        n, d_in, width, d_out = sizes
        x = rng.standard_normal((n, d_in)) * (100.0 if number == 2 else 1.0)
        w1, w2 = rng.standard_normal((d_in, width)), rng.standard_normal((width, d_out))
        if number == 0:
            x, w2 = np.asfortranarray(x), np.asfortranarray(w2)
        if number == 4:
            w1 = rng.standard_normal((d_in, 2 * width))[:, ::2]
        label = Text(en=f"sizes {n}, {d_in}, {width}, {d_out}", zh=f"各维大小 {n}、{d_in}、{width}、{d_out}")
        cases.append(Case(f"random-{number}", label, {"x": x, "w1": w1, "w2": w2}))
    return cases


WRONG = (
    Wrong(
        "relu-on-output",
        Text(en="the output goes through ReLU too", zh="输出也过了一遍 ReLU"),
        edits=(("y_pred = h_relu @ w2", "y_pred = np.maximum(h_relu @ w2, 0)"),),
        hint=Hint(
            question=Text(
                en="Can your y_pred ever be negative? And can the targets y be negative?",
                zh="你的 y_pred 有可能是负数吗？目标 y 有可能是负数吗？",
            ),
            neighbour=Text(
                en="A thermometer model that ends in ReLU answers 0 at -8 degrees, and 0 at -20. It is wrong by 8 and "
                "by 20, and moving its weights a little changes nothing, because ReLU is flat there. A layer whose "
                "answers may have either sign is left linear.",
                zh="若一个预测气温的模型以 ReLU 结尾，零下 8 度时它答 0，零下 20 度时还是答 0，误差分别是 8 和 20；"
                "而且稍微改动权重也没用，因为 ReLU 在那里是平的。答案可正可负的那一层，要保持线性。",
            ),
        ),
    ),
    Wrong(
        "elementwise-product",
        Text(en="* (entry by entry) in place of the matrix product @", zh="把矩阵乘法 @ 写成了逐元素相乘 *"),
        edits=(("h = x @ w1", "h = x * w1"), ("y_pred = h_relu @ w2", "y_pred = h_relu * w2")),
        hint=Hint(
            question=Text(
                en="Print the shapes of x, w1 and h. Which operation turns [N, D_in] and [D_in, H] into [N, H], "
                "and which one wants two equal shapes?",
                zh="把 x、w1、h 的形状打印出来。哪种运算能由 [N, D_in] 和 [D_in, H] 得到 [N, H]？哪种运算要求两个形状相同？",
            ),
            neighbour=Text(
                en="Prices [5, 2] and amounts [3, 4]. Entry by entry: [5*3, 2*4] = [15, 8], two numbers. As a "
                "product of a row and a column: 5*3 + 2*4 = 23, the bill. A layer needs the bill: multiply, then add up.",
                zh="单价 [5, 2]，数量 [3, 4]。逐元素相乘：[5*3, 2*4] = [15, 8]，是两个数；行乘列：5*3 + 2*4 = 23，"
                "才是总价。网络的一层要的是总价：先乘，再加起来。",
            ),
        ),
    ),
    Wrong(
        "relu-in-place",
        Text(en="ReLU overwrites h", zh="ReLU 把 h 覆盖了"),
        edits=(("h_relu = np.maximum(h, 0)", "h_relu = np.maximum(h, 0, out=h)"),),
        hint=Hint(
            question=Text(
                en="After your ReLU line, does h still hold its negative entries? Try h is h_relu.",
                zh="执行完 ReLU 那一行之后，h 里的负数还在吗？试试 h is h_relu。",
            ),
            neighbour=Text(
                en="a = np.array([-1.0, 2.0]); b = a; b[0] = 0. Now a is [0, 2] as well: a and b are two names of one "
                "array. With b = a.copy() (or any operation that makes a new array), a stays [-1, 2].",
                zh="a = np.array([-1.0, 2.0]); b = a; b[0] = 0。此时 a 也变成了 [0, 2]：a 和 b 是同一个数组的两个名字。"
                "改成 b = a.copy()（或任何会生成新数组的运算），a 就仍是 [-1, 2]。",
            ),
        ),
    ),
    Wrong(
        "no-relu",
        Text(en="h_relu is h itself", zh="h_relu 就是 h 本身"),
        edits=(("h_relu = np.maximum(h, 0)", "h_relu = h"),),
        hint=Hint(
            question=Text(
                en="What happens to a negative entry of h on its way to h_relu, in your code and in the formula?",
                zh="h 里的一个负数到了 h_relu 里会变成什么？你的代码和公式各是怎么说的？",
            ),
            neighbour=Text(
                en="A shop pays out refunds only above zero: balances [-30, 12, -5] pay [0, 12, 0]. Each entry is "
                "treated by itself, and the list keeps its length.",
                zh="商店只在余额为正时退款：余额 [-30, 12, -5]，退款就是 [0, 12, 0]。每个数单独处理，个数不变。",
            ),
        ),
    ),
    Wrong(
        "absolute-value",
        Text(en="ReLU taken for the absolute value", zh="把 ReLU 当成了绝对值"),
        edits=(("h_relu = np.maximum(h, 0)", "h_relu = np.abs(h)"),),
        hint=Hint(
            question=Text(
                en="What does ReLU make of -3: 3, 0 or -3? What does your line make of it?",
                zh="ReLU 会把 -3 变成什么：3、0 还是 -3？你写的那一行呢？",
            ),
            neighbour=Text(
                en="Two ways to treat [-4, 1]: folding gives [4, 1], cutting gives [0, 1]. Folding keeps the size "
                "of a negative number; cutting forgets it. ReLU cuts.",
                zh="处理 [-4, 1] 有两种办法：“翻折”得到 [4, 1]，“截断”得到 [0, 1]。翻折保留负数的大小，截断则把它丢掉。ReLU 是截断。",
            ),
        ),
    ),
    Wrong(
        "relu-on-input",
        Text(en="ReLU acts on x instead of on h", zh="ReLU 作用在了 x 上，而不是 h 上"),
        edits=(("h = x @ w1", "h = np.maximum(x, 0) @ w1"), ("h_relu = np.maximum(h, 0)", "h_relu = h")),
        hint=Hint(
            question=Text(
                en="In which order does the figure draw the first product and ReLU?",
                zh="图中，第一个乘法和 ReLU 谁先谁后？",
            ),
            neighbour=Text(
                en="Add, then cut at zero: -5 + 2 = -3, and that becomes 0. Cut first, then add: 0 + 2 = 2. The two "
                "orders give different answers, so the order is part of the formula.",
                zh="先加再截断：-5 + 2 = -3，截断后是 0。先截断再加：0 + 2 = 2。两种次序结果不同，所以次序也是公式的一部分。",
            ),
        ),
    ),
    Wrong(
        "transposed-weights",
        Text(en="the weights are transposed", zh="把权重转置了"),
        edits=(("h = x @ w1", "h = x @ w1.T"), ("y_pred = h_relu @ w2", "y_pred = h_relu @ w2.T")),
        hint=Hint(
            question=Text(
                en="Write the shapes under the product: [N, D_in] @ [D_in, H]. Do the two inner sizes agree without "
                "any transpose?",
                zh="把形状写在乘积下面：[N, D_in] @ [D_in, H]。不转置时，中间两个大小对得上吗？",
            ),
            neighbour=Text(
                en="[1, 2] times the matrix with rows [3, 4] and [5, 6]: 1*3 + 2*5 = 13 and 1*4 + 2*6 = 16, so "
                "[13, 16]. With the transpose: 1*3 + 2*4 = 11 and 1*5 + 2*6 = 17. For a square matrix both run "
                "without an error; only one is right.",
                zh="[1, 2] 乘以两行为 [3, 4]、[5, 6] 的矩阵：1*3 + 2*5 = 13，1*4 + 2*6 = 16，得 [13, 16]。转置之后："
                "1*3 + 2*4 = 11，1*5 + 2*6 = 17。矩阵是方阵时两种写法都不报错，但只有一种是对的。",
            ),
        ),
    ),
    Wrong(
        "max-over-axis",
        Text(en="np.max(h, 0), the largest entry of each column", zh="写成了 np.max(h, 0)，即每一列的最大值"),
        edits=(("h_relu = np.maximum(h, 0)", "h_relu = np.max(h, 0)"),),
        hint=Hint(
            question=Text(
                en="What shape has your h_relu? In np.max the second argument is an axis; what is it in np.maximum?",
                zh="你的 h_relu 是什么形状？np.max 的第二个参数是轴；np.maximum 的第二个参数又是什么？",
            ),
            neighbour=Text(
                en="For [[1, 7], [5, 2]]: np.min(a, 1) takes the smallest of each row, [1, 2]. np.minimum(a, 4) "
                "compares each entry with 4: [[1, 4], [4, 2]]. Similar names, different shapes.",
                zh="设 a = [[1, 7], [5, 2]]。np.min(a, 1) 取每一行的最小值，得 [1, 2]；np.minimum(a, 4) 把每个元素与 4 比较，"
                "得 [[1, 4], [4, 2]]。名字很像，形状不同。",
            ),
        ),
    ),
    Wrong(
        "second-layer-sees-h",
        Text(en="the second layer reads h instead of h_relu", zh="第二层读的是 h，而不是 h_relu"),
        edits=(("y_pred = h_relu @ w2", "y_pred = h @ w2"),),
        hint=Hint(
            question=Text(
                en="You compute h_relu. Who uses it afterwards?",
                zh="你算出了 h_relu，之后谁用到了它？",
            ),
            neighbour=Text(
                en="Wash [3 dirty, 2 clean] plates, then lay the table with the washed ones: 5 clean. Laying it with "
                "the plates from before gives 3 dirty ones, and the washing was for nothing.",
                zh="有 3 个脏盘子和 2 个干净盘子，洗好后用洗过的盘子摆桌：5 个全干净。若摆的还是洗之前的那一摞，"
                "桌上就有 3 个脏盘子，白洗了。",
            ),
        ),
    ),
    Wrong(
        "keeps-negatives",
        Text(en="minimum in place of maximum", zh="把 maximum 写成了 minimum"),
        edits=(("h_relu = np.maximum(h, 0)", "h_relu = np.minimum(h, 0)"),),
        hint=Hint(
            question=Text(
                en="Which entries survive your ReLU: the positive or the negative ones?",
                zh="经过你的 ReLU 后，留下来的是正数还是负数？",
            ),
            neighbour=Text(
                en="The larger of -2 and 5 is 5; the smaller is -2. The larger of -2 and -9 is -2. Ask for 'the "
                "larger of the entry and a bound' and everything below the bound is raised to it.",
                zh="-2 和 5 中较大的是 5，较小的是 -2；-2 和 -9 中较大的是 -2。取“元素与下界中较大的一个”，低于下界的数就都被抬到下界。",
            ),
        ),
    ),
    Wrong(
        "only-the-prediction",
        Text(en="returns y_pred alone", zh="只返回了 y_pred"),
        edits=(("return h, h_relu, y_pred", "return y_pred"),),
        hint=Hint(
            question=Text(
                en="How many arrays does the card promise? Which of them will the way back need?",
                zh="题目卡片上写明要返回几个数组？反向传播时会用到其中哪些？",
            ),
            neighbour=Text(
                en="def divide(a, b) that promises quotient and remainder ends in return a // b, a % b. Then "
                "q, r = divide(17, 5) gives q = 3 and r = 2. With return a // b alone, the unpacking fails.",
                zh="若约定 def divide(a, b) 返回商和余数，最后一行就是 return a // b, a % b；q, r = divide(17, 5) 得 q = 3、r = 2。"
                "只写 return a // b，解包就会出错。",
            ),
        ),
    ),
    Wrong(
        "order-of-results",
        Text(en="returns the three arrays in another order", zh="三个数组的返回次序不对"),
        edits=(("return h, h_relu, y_pred", "return y_pred, h_relu, h"),),
        hint=Hint(
            question=Text(
                en="Compare the order of your return with the order on the card. Does Python match returned values "
                "by name or by place?",
                zh="把你的 return 次序与题目卡片上的次序对比一下。Python 是按名字还是按位置来接收返回值的？",
            ),
            neighbour=Text(
                en="def sizes() with return 'height', 3 is unpacked by value, unit = sizes(): value becomes 'height' "
                "and unit becomes 3. Nothing fails at once; the damage shows later.",
                zh="def sizes() 里写 return 'height', 3，而调用处是 value, unit = sizes()：于是 value 成了 'height'，unit 成了 3。"
                "当时并不报错，后面才出问题。",
            ),
        ),
    ),
)

RIGHT = (
    Right(
        "einsum-and-where",
        '''def forward(x, w1, w2):
    """The same with einsum and where."""
    h = np.einsum("nd,dh->nh", x, w1)
    h_relu = np.where(h > 0, h, 0.0)
    return h, h_relu, np.einsum("nh,ho->no", h_relu, w2)
''',
    ),
    Right(
        "sample-by-sample",
        '''def forward(x, w1, w2):
    """The same, one sample and one unit at a time."""
    h = np.zeros((len(x), w1.shape[1]))
    y_pred = np.zeros((len(x), w2.shape[1]))
    for n, sample in enumerate(x):
        for j in range(w1.shape[1]):
            h[n, j] = sum(a * b for a, b in zip(sample, w1[:, j]))
    h_relu = h * (h > 0)
    for n in range(len(x)):
        for k in range(w2.shape[1]):
            y_pred[n, k] = sum(a * b for a, b in zip(h_relu[n], w2[:, k]))
    return [h, h_relu, y_pred]
''',
    ),
    Right(
        "dot-and-clip",
        '''def forward(x, w1, w2):
    """The same with dot and clip, on copies."""
    x, w1, w2 = x.copy(), w1.copy(), w2.copy()
    h = x.dot(w1)
    h_relu = h.clip(min=0)
    y_pred = h_relu.dot(w2)
    return h, h_relu, y_pred
''',
    ),
)

EXERCISE = Exercise(
    title=Text(en="1.1 Forward pass", zh="1.1 前向传播"),
    properties=(
        Property("h", Text(en="h, the first layer's sums", zh="h：第一层的加权和")),
        Property("h_relu", Text(en="h_relu, what ReLU lets through", zh="h_relu：ReLU 放行的部分")),
        Property("y_pred", Text(en="y_pred, the predictions", zh="y_pred：预测值")),
        Property(
            "inputs",
            Text(en="x, w1 and w2 are left as they were", zh="x、w1、w2 保持原样"),
            only_with="y_pred",
        ),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Print .shape after each line. Is it what the card says, and which size is the batch?",
            zh="在每一行之后打印 .shape。和题目卡片上写的一致吗？哪一维是批量？",
        ),
        neighbour=Text(
            en="One sample [1, 2] through one layer with weights [[3, -1], [1, -2]]: the sums are 1*3 + 2*1 = 5 and "
            "1*(-1) + 2*(-2) = -5, so h = [5, -5] and h_relu = [5, 0]. Do the same by hand with the first sample of "
            "the smallest case, and compare line by line.",
            zh="一个样本 [1, 2] 经过权重为 [[3, -1], [1, -2]] 的一层：两个加权和是 1*3 + 2*1 = 5 和 1*(-1) + 2*(-2) = -5，"
            "所以 h = [5, -5]，h_relu = [5, 0]。请对最小反例的第一个样本照样手算一遍，再与代码逐行比较。",
        ),
    ),
)
