"""Exercise 1.2: the five gradients of the two-layer network, each judged by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Survivor, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Calls ``backward`` once; yields its gradients in order of computation, then the inputs as the call left them."""
    names = ("x", "y", "w1", "w2", "h", "h_relu", "y_pred")
    inputs = {name: case[name] for name in names}
    grads = ns["backward"](**inputs)
    if not isinstance(grads, dict):
        yield "y_pred", grads  # no dict: the comparison then says what came instead
        return
    for name in ("y_pred", "w2", "h_relu", "h", "w1"):
        if name in grads:
            yield name, grads[name]
    yield "inputs", inputs


def _case(name: str, label: Text, x: Any, y: Any, w1: Any, w2: Any) -> Case:
    """A case with the forward pass's values filled in. No entry of h may be exactly 0, where two slopes are right."""
    x, y, w1, w2 = (a if isinstance(a, np.ndarray) else np.array(a) for a in (x, y, w1, w2))
    h = x @ w1
    if not h.all():
        raise ValueError(f"case {name!r} has an entry of h at the kink")
    h_relu = np.maximum(h, 0)
    inputs = {"x": x, "y": y, "w1": w1, "w2": w2, "h": h, "h_relu": h_relu, "y_pred": h_relu @ w2}
    return Case(name, label, inputs)


PUBLIC = (
    _case(
        "numbers",
        Text(en="the network of five numbers from the figure", zh="图中由五个数组成的网络"),
        [[2.0]],
        [[1.0]],
        [[1.5]],
        [[2.0]],
    ),
    _case(
        "square",
        Text(en="two samples, every size is 2", zh="两个样本，各维大小都是 2"),
        [[1.0, 2.0], [3.0, -1.0]],
        [[1.0, -1.0], [4.0, 1.0]],
        [[2.0, -1.0], [1.0, 3.0]],
        [[1.0, -2.0], [-3.0, 0.5]],
    ),
    _case(
        "oblong",
        Text(en="three samples, sizes 2, 4 and 5", zh="三个样本，各维大小为 2、4、5"),
        [[1.0, 0.5], [-2.0, 1.0], [0.5, -1.5]],
        [[1.0, 0.0, -1.0, 2.0, 0.5], [0.5, 1.0, 0.0, -2.0, 1.0], [-1.0, 2.0, 1.0, 0.0, -0.5]],
        [[1.0, -1.0, 0.5, 2.0], [1.5, 1.0, -2.0, -0.5]],
        [
            [1.0, -2.0, 0.5, 1.5, -1.0],
            [2.0, 1.0, -1.5, 0.5, 3.0],
            [-0.5, 1.0, 2.0, -1.0, 0.25],
            [1.5, -1.0, 1.0, 2.0, -2.5],
        ],
    ),
)


def hidden(rng: np.random.Generator) -> list[Case]:
    """Oblong shapes, a batch of one, other memory layouts, a larger network."""
    cases = []
    for number, (n, d_in, width, d_out) in enumerate(((3, 5, 4, 2), (1, 6, 3, 4), (7, 2, 5, 1), (24, 30, 13, 6))):
        x, y = rng.standard_normal((n, d_in)), rng.standard_normal((n, d_out))
        w1, w2 = rng.standard_normal((d_in, width)), rng.standard_normal((width, d_out))
        if number == 0:
            x, w2 = np.asfortranarray(x), np.asfortranarray(w2)
        if number == 2:
            w1, y = rng.standard_normal((d_in, 2 * width))[:, ::2], y * 10.0
        label = Text(en=f"sizes {n}, {d_in}, {width}, {d_out}", zh=f"各维大小 {n}、{d_in}、{width}、{d_out}")
        cases.append(_case(f"random-{number}", label, x, y, w1, w2))
    return cases


_TRANSPOSE_STORY = Text(
    en="C = A @ B with A [2, 3], B [3, 4], and a gradient G of C, [2, 4]. The gradient of B has B's shape, [3, 4]. "
    "From [2, 3] and [2, 4] there is one product of that shape: A.T @ G. In numbers, for A = [[1, 2]] and G = [[10, 20]]: "
    "A.T @ G = [[10, 20], [20, 40]]. Where all sizes are equal, every order runs, so write the shapes down.",
    zh="C = A @ B，其中 A [2, 3]、B [3, 4]，C 的梯度 G 是 [2, 4]。B 的梯度与 B 同形，即 [3, 4]。由 [2, 3] 和 [2, 4] "
    "只能拼出一个这种形状的乘积：A.T @ G。取 A = [[1, 2]]、G = [[10, 20]]，则 A.T @ G = [[10, 20], [20, 40]]。"
    "各维大小都相等时，怎么乘都不报错，所以一定要把形状写下来。",
)

WRONG = (
    Wrong(
        "missing-factor-2",
        Text(en="the 2 of the square's derivative is missing", zh="漏了平方求导得到的系数 2"),
        edits=(("grad_y_pred = 2.0 * (y_pred - y)", "grad_y_pred = y_pred - y"),),
        hint=Hint(
            question=Text(
                en="Differentiate d squared by hand. Which factor stands in front of d?",
                zh="手算一下 d 的平方的导数：d 前面的系数是几？",
            ),
            neighbour=Text(
                en="The area of a square of side 5 is 25. Make the side 5.01: the area is 25.1001, which is 0.1001 "
                "more, about 10 times the 0.01. So the slope at 5 is 10, not 5.",
                zh="边长为 5 的正方形面积是 25。边长变成 5.01，面积是 25.1001，多了 0.1001，约为 0.01 的 10 倍。"
                "所以在 5 处的斜率是 10，而不是 5。",
            ),
        ),
    ),
    Wrong(
        "divided-by-n",
        Text(en="divided by the number of samples, although the loss is a sum", zh="损失是求和，却除以了样本数"),
        edits=(("grad_y_pred = 2.0 * (y_pred - y)", "grad_y_pred = 2.0 * (y_pred - y) / len(x)"),),
        hint=Hint(
            question=Text(
                en="Is the loss of this lesson a sum or a mean? Where would a 1/N come from?",
                zh="本课的损失是求和还是求平均？1/N 会从哪里来？",
            ),
            neighbour=Text(
                en="Two errors 3 and 4. The sum of squares is 25; raising the first error by 0.01 adds about 0.06, so "
                "the slope is 6. The mean of squares is 12.5, and the slope is 3. The factor 1/2 belongs to the mean alone.",
                zh="两个误差 3 和 4。平方和是 25，第一个误差增加 0.01，平方和约增加 0.06，斜率是 6。平方的平均值是 12.5，"
                "斜率则是 3。系数 1/2 只属于平均值。",
            ),
        ),
    ),
    Wrong(
        "sign-flipped",
        Text(en="y minus y_pred", zh="写成了 y 减 y_pred"),
        edits=(("grad_y_pred = 2.0 * (y_pred - y)", "grad_y_pred = 2.0 * (y - y_pred)"),),
        hint=Hint(
            question=Text(
                en="If a prediction is already too high and you raise it further, does the loss grow or shrink? Which "
                "sign must its gradient have?",
                zh="如果某个预测值已经偏高，再把它调高，损失是变大还是变小？它的梯度应当是正还是负？",
            ),
            neighbour=Text(
                en="You aim at 10 and stand at 13: the squared error is 9. One step up, at 14, it is 16: it grew, so "
                "the slope is positive. At 7 one step up brings 9 down to 4: the slope is negative. The sign is that "
                "of (where you are - where you aim).",
                zh="目标是 10，你在 13，误差的平方是 9；往上走一步到 14，变成 16，变大了，所以斜率为正。若在 7，往上一步，9 变成 4，"
                "斜率为负。符号就是（所在位置 - 目标位置）的符号。",
            ),
        ),
    ),
    Wrong(
        "no-mask",
        Text(en="ReLU is left out on the way back", zh="反向传播时漏掉了 ReLU"),
        edits=(("grad_h[h < 0] = 0.0", "pass"),),
        hint=Hint(
            question=Text(
                en="Take an entry of h that is negative. If it moves a little, does h_relu move? Does the loss?",
                zh="取 h 中一个负的元素。它变动一点点，h_relu 会变吗？损失会变吗？",
            ),
            neighbour=Text(
                en="A parking fee is 2 per hour above 3 hours, else nothing. At 5 hours one more minute costs more; at "
                "1 hour it costs nothing more: the slope is 2 there and 0 here. Whoever works out 'what does a "
                "minute cost' has to look at which side you are on.",
                zh="停车 3 小时以内免费，超出部分每小时 2 元。停了 5 小时，多停一分钟就多花钱；只停了 1 小时，多停一分钟不多花钱："
                "斜率在前者是 2，在后者是 0。要算“多停一分钟花多少”，先得看你在哪一侧。",
            ),
        ),
    ),
    Wrong(
        "mask-from-the-gradient",
        Text(en="the mask asks for the gradient's sign instead of h's", zh="掩码看的是梯度的符号，而不是 h 的符号"),
        edits=(("grad_h[h < 0] = 0.0", "grad_h[grad_h < 0] = 0.0"),),
        hint=Hint(
            question=Text(
                en="Who decides whether a path was open on the way forward: the value that went in, or the gradient "
                "that comes back?",
                zh="前向传播时某条路通不通，是由进去的值决定的，还是由回来的梯度决定的？",
            ),
            neighbour=Text(
                en="A valve passes water only for positive pressure: pressures [3, -1], so [open, shut]. Bills of "
                "[-7, 5] come back. The open valve passes its -7, the shut one passes nothing: [-7, 0]. Keeping "
                "'only the positive bills' would give [0, 5]: both wrong.",
                zh="阀门只在压力为正时通水：压力 [3, -1]，即 [开, 关]。传回来的账单是 [-7, 5]。开着的阀门把 -7 传过去，关着的什么也不传："
                "[-7, 0]。若只留“正的账单”，得到 [0, 5]，两个都错。",
            ),
        ),
    ),
    Wrong(
        "mask-on-the-output",
        Text(en="the mask is put on y_pred instead of on h", zh="掩码加在了 y_pred 上，而不是 h 上"),
        edits=(
            ("grad_y_pred = 2.0 * (y_pred - y)", "grad_y_pred = 2.0 * (y_pred - y) * (y_pred > 0)"),
            ("grad_h[h < 0] = 0.0", "pass"),
        ),
        hint=Hint(
            question=Text(
                en="Find ReLU in the graph. Between which two values does it stand?",
                zh="在计算图里找到 ReLU：它位于哪两个值之间？",
            ),
            neighbour=Text(
                en="u = 2*t, v = max(u, 0), z = v - 9 at t = 1: u = 2, v = 2, z = -7. Is dz/dt zero because z is "
                "negative? No: t = 1.1 gives z = -6.8, so the slope is 2. Only the sign of u, what went into max, counts.",
                zh="u = 2*t，v = max(u, 0)，z = v - 9。t = 1 时 u = 2，v = 2，z = -7。因为 z 是负的，dz/dt 就是 0 吗？"
                "不是：t = 1.1 时 z = -6.8，斜率是 2。起作用的只有 u，即进入 max 的那个值的符号。",
            ),
        ),
    ),
    Wrong(
        "upstream-forgotten",
        Text(en="only ReLU's own slope, without the gradient from above", zh="只写了 ReLU 自身的斜率，漏了上游梯度"),
        edits=(("grad_h = grad_h_relu.copy()", "grad_h = np.ones_like(h)"),),
        hint=Hint(
            question=Text(
                en="The chain rule multiplies two things: the slope of this step and … what? Which name in your code "
                "holds it?",
                zh="链式法则把两样东西相乘：这一步的斜率，还有什么？它在你的代码里叫什么名字？",
            ),
            neighbour=Text(
                en="A euro costs 8 yuan, and a book costs 3 euros. One more book costs 3 * 8 = 24 yuan. Answering "
                "'3' forgets what comes from above: how much the final bill moves per euro.",
                zh="1 欧元合 8 元，一本书 3 欧元。多买一本要多付 3 * 8 = 24 元。只答“3”，就忘了上游传来的那个数：每 1 欧元会让最终账单变动多少。",
            ),
        ),
    ),
    Wrong(
        "relu-value-for-slope",
        Text(en="multiplied by ReLU's value instead of its slope", zh="乘的是 ReLU 的值，而不是它的斜率"),
        edits=(("grad_h[h < 0] = 0.0", "grad_h *= h_relu"),),
        hint=Hint(
            question=Text(
                en="For h = 3 ReLU's value is 3. What is its slope there? And for h = 7?",
                zh="h = 3 时 ReLU 的值是 3。那里的斜率是多少？h = 7 时呢？",
            ),
            neighbour=Text(
                en="A taxi shows 30 after 10 km at 3 per km. One more km costs 3, not 30: the slope is how fast the "
                "value changes, not the value.",
                zh="出租车每公里 3 元，10 公里后计价器显示 30。再开 1 公里多付 3 元，不是 30 元：斜率是数值变化的快慢，不是数值本身。",
            ),
        ),
    ),
    Wrong(
        "missing-copy",
        Text(
            en="grad_h is a second name for grad_h_relu, and the mask changes both",
            zh="grad_h 只是 grad_h_relu 的另一个名字，掩码把两者都改了",
        ),
        edits=(("grad_h = grad_h_relu.copy()", "grad_h = grad_h_relu"),),
        hint=Hint(
            question=Text(
                en="After masking, print grad_h_relu. Was it meant to change? How many arrays does grad_h = grad_h_relu make?",
                zh="加掩码之后打印 grad_h_relu：它本来应该变吗？grad_h = grad_h_relu 这一行生成了几个数组？",
            ),
            neighbour=Text(
                en="draft = [4, -1]; final = draft; final[1] = 0. Now draft is [4, 0] too. With final = list(draft) the "
                "draft stays [4, -1]. For arrays: .copy(), or an operation that makes a new one.",
                zh="draft = [4, -1]; final = draft; final[1] = 0。这时 draft 也成了 [4, 0]。写成 final = list(draft)，draft 就仍是 "
                "[4, -1]。对数组来说：用 .copy()，或者用会生成新数组的运算。",
            ),
        ),
    ),
    Wrong(
        "missing-transpose-x",
        Text(en="x @ grad_h without the transpose", zh="写成了 x @ grad_h，漏了转置"),
        edits=(("grad_w1 = x.T @ grad_h", "grad_w1 = x @ grad_h"),),
        hint=Hint(
            question=Text(
                en="Which shape must grad_w1 have? Write it down, and the shapes of x and grad_h beside it: which "
                "product fits when all sizes differ?",
                zh="grad_w1 应当是什么形状？写下来，旁边再写上 x 和 grad_h 的形状：各维大小都不同时，哪种乘法才对得上？",
            ),
            neighbour=_TRANSPOSE_STORY,
        ),
    ),
    Wrong(
        "missing-transpose-w2",
        Text(en="grad_y_pred @ w2 without the transpose", zh="写成了 grad_y_pred @ w2，漏了转置"),
        edits=(("grad_h_relu = grad_y_pred @ w2.T", "grad_h_relu = grad_y_pred @ w2"),),
        hint=Hint(
            question=Text(
                en="grad_y_pred is [N, D_out] and w2 is [H, D_out]. Which sizes meet in your product, and which ones "
                "should meet to leave [N, H]?",
                zh="grad_y_pred 是 [N, D_out]，w2 是 [H, D_out]。你的乘积里是哪两维相接？要得到 [N, H]，又应当是哪两维相接？",
            ),
            neighbour=Text(
                en="One hidden value feeds two outputs with weights 3 and 5, and the outputs report gradients 10 and "
                "1. A small rise of the hidden value raises the loss through both: 10*3 + 1*5 = 35. The sum runs over "
                "the outputs, so the axis of the outputs is the one that meets.",
                zh="一个隐藏值以权重 3 和 5 送往两个输出，两个输出传回的梯度是 10 和 1。隐藏值稍微增大，损失经两条路一起变：10*3 + 1*5 = 35。"
                "求和是对各个输出进行的，所以相接的应当是输出那一维。",
            ),
        ),
    ),
    Wrong(
        "w2-gradient-from-h",
        Text(en="grad_w2 uses h instead of h_relu", zh="grad_w2 用的是 h，而不是 h_relu"),
        edits=(("grad_w2 = h_relu.T @ grad_y_pred", "grad_w2 = h.T @ grad_y_pred"),),
        hint=Hint(
            question=Text(
                en="Which array was multiplied by w2 on the way forward?",
                zh="前向传播时，和 w2 相乘的是哪个数组？",
            ),
            neighbour=Text(
                en="A weight w multiplies max(-4, 0) = 0. Change w from 2 to 3: the product stays 0, so the slope in w "
                "is 0, not -4. The slope in a weight is whatever the weight was multiplied by.",
                zh="权重 w 乘的是 max(-4, 0) = 0。把 w 从 2 改成 3，乘积还是 0，所以对 w 的斜率是 0，不是 -4。"
                "对一个权重的斜率，就是当时与它相乘的那个数。",
            ),
        ),
    ),
    Wrong(
        "w1-gradient-unmasked",
        Text(en="grad_w1 uses grad_h_relu instead of grad_h", zh="grad_w1 用的是 grad_h_relu，而不是 grad_h"),
        edits=(("grad_w1 = x.T @ grad_h", "grad_w1 = x.T @ grad_h_relu"),),
        hint=Hint(
            question=Text(
                en="Walk back from the loss to w1 on the graph and name every gradient you pass. Which is the last one "
                "before w1?",
                zh="在计算图上从损失往回走到 w1，把经过的每个梯度念一遍。到 w1 之前的最后一个是哪一个？",
            ),
            neighbour=Text(
                en="t -> u = 3t -> v = max(u, 0) -> z = 5v at t = -1. Back: dz/dv = 5, dz/du = 5*0 = 0, dz/dt = 0*3 = 0. "
                "Jumping from v straight to t would give 5*3 = 15.",
                zh="t -> u = 3t -> v = max(u, 0) -> z = 5v，取 t = -1。往回：dz/dv = 5，dz/du = 5*0 = 0，dz/dt = 0*3 = 0。"
                "如果从 v 直接跳到 t，就会得到 5*3 = 15。",
            ),
        ),
    ),
    Wrong(
        "updates-w2-first",
        Text(en="w2 is updated before grad_h_relu is computed with it", zh="还没用 w2 算 grad_h_relu，就先更新了 w2"),
        edits=(("grad_h_relu = grad_y_pred @ w2.T", "w2 -= 1e-6 * grad_w2; grad_h_relu = grad_y_pred @ w2.T"),),
        hint=Hint(
            question=Text(
                en="Does backward change anything, or does it only measure? Which w2 made y_pred: the old or the new one?",
                zh="backward 是要改动什么，还是只做测量？y_pred 是由旧的 w2 还是新的 w2 算出来的？",
            ),
            neighbour=Text(
                en="z = a*b at a = 2, b = 3: dz/da = 3 and dz/db = 2. Step b first, to 3 - 0.1*2 = 2.8, and then take "
                "dz/da = 2.8: that is the slope at a point where you never were. Measure all slopes first, then step.",
                zh="z = a*b，a = 2，b = 3：dz/da = 3，dz/db = 2。若先更新 b，得 3 - 0.1*2 = 2.8，再取 dz/da = 2.8，"
                "就成了另一个从没到过的点的斜率。先把斜率全部量完，再迈步。",
            ),
        ),
    ),
)

RIGHT = (
    Right(
        "einsum-and-product",
        '''def backward(x, y, w1, w2, h, h_relu, y_pred):
    """The same with einsum, and a product with the mask."""
    grads = {"y_pred": 2 * y_pred - 2 * y}
    grads["w2"] = np.einsum("nh,no->ho", h_relu, grads["y_pred"])
    grads["h_relu"] = np.einsum("no,ho->nh", grads["y_pred"], w2)
    grads["h"] = grads["h_relu"] * (h > 0)
    grads["w1"] = np.einsum("nd,nh->dh", x, grads["h"])
    return grads
''',
    ),
    Right(
        "sample-by-sample",
        '''def backward(x, y, w1, w2, h, h_relu, y_pred):
    """The same, added up one sample at a time."""
    grad_y_pred, grad_h_relu, grad_h = np.zeros_like(y_pred), np.zeros_like(h), np.zeros_like(h)
    grad_w1, grad_w2 = np.zeros_like(w1), np.zeros_like(w2)
    for n in range(len(x)):
        grad_y_pred[n] = 2 * (y_pred[n] - y[n])
        for j in range(len(w2)):
            grad_h_relu[n, j] = (w2[j] * grad_y_pred[n]).sum()
            grad_h[n, j] = grad_h_relu[n, j] if h[n, j] >= 0 else 0.0
        grad_w2 += np.outer(h_relu[n], grad_y_pred[n])
        grad_w1 += np.outer(x[n], grad_h[n])
    return dict(w1=grad_w1, w2=grad_w2, h=grad_h, h_relu=grad_h_relu, y_pred=grad_y_pred)
''',
    ),
    Right(
        "dot-and-where",
        '''def backward(x, y, w1, w2, h, h_relu, y_pred):
    """The same with dot and where; the mask is read off h_relu."""
    g = (y_pred - y) * 2.0
    g_relu = g.dot(w2.T)
    g_h = np.where(h_relu > 0, g_relu, 0.0)
    return {"y_pred": g, "w2": h_relu.T.dot(g), "h_relu": g_relu, "h": g_h, "w1": x.T.dot(g_h)}
''',
    ),
)

EXERCISE = Exercise(
    title=Text(en="1.2 Backward pass", zh="1.2 反向传播"),
    properties=(
        Property("y_pred", Text(en="gradient of y_pred", zh="y_pred 的梯度")),
        Property("w2", Text(en="gradient of w2", zh="w2 的梯度"), points=2.0),
        Property("h_relu", Text(en="gradient of h_relu", zh="h_relu 的梯度"), points=2.0),
        Property("h", Text(en="gradient of h", zh="h 的梯度"), points=2.0),
        Property("w1", Text(en="gradient of w1", zh="w1 的梯度"), points=2.0),
        Property("inputs", Text(en="the inputs are left as they were", zh="输入保持原样"), only_with="w1"),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Look at the first row of the table that is not right: everything above it is. Which one line computes "
            "it, and what shape must it have?",
            zh="看表中第一个不对的检查项：它上面的都是对的。它是由哪一行算出来的？应当是什么形状？",
        ),
        neighbour=Text(
            en="c = a*b and z = c*c at a = 3, b = 2: c = 6, z = 36. Back, one step at a time: dz/dc = 2*6 = 12; "
            "dz/da = 12*b = 24; dz/db = 12*a = 36. Each step: the gradient from above times this step's own slope. "
            "Check: a = 3.01 gives c = 6.02, z = 36.2404, a rise of 0.2404, about 24 * 0.01.",
            zh="c = a*b，z = c*c，a = 3，b = 2：c = 6，z = 36。往回一步一步来：dz/dc = 2*6 = 12；dz/da = 12*b = 24；"
            "dz/db = 12*a = 36。每一步都是：上游梯度乘以这一步自己的斜率。验算：a = 3.01 时 c = 6.02，z = 36.2404，"
            "增加了 0.2404，约为 24 * 0.01。",
        ),
    ),
    survivors=(
        Survivor(
            "grad_h[h < 0] = 0.0",
            "h < 0 -> h <= 0",
            "at the kink itself any slope from 0 to 1 is right, so no case has an entry of h that is exactly 0",
        ),
    ),
)
