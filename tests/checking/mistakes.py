"""Ordinary mistakes of beginners, each as the cells of a small notebook, and the table of what the check says.

``python -m tests.checking.mistakes`` writes MISTAKES.md anew; a test compares it with what is said now.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from course_lib.checking import check as checking
from course_lib.checking.render_text import plain
from course_lib.text import Text
from tests.checking.notebook import ask

TABLE = Path(__file__).with_name("MISTAKES.md")
HEAD = """# Ordinary mistakes, and what the check says

Generated from `tests/checking/mistakes.py`; write it anew with `python -m tests.checking.mistakes`.
The cells ran in a real IPython shell, one after the other. Below each stands the whole answer of the check, in English
and in Chinese, as plain text; JupyterLab shows the same with tables.
"""

SETUP = "import numpy as np"
TORCH = "import torch"
FORWARD = "numpy_backprop.forward"
INIT = "numpy_backprop.init"
TRAIN = "numpy_backprop.train"
PAIRWISE = "shapes.pairwise"
AFFINE = "start_here.affine"


@dataclass(frozen=True)
class Mistake:
    """says: what both languages must hold; see the table for the rest."""

    name: Text
    key: str
    cells: tuple[str, ...]
    says: tuple[str, str]


def _cell(*lines: str) -> str:
    return "\n".join(lines)


MISTAKES = (
    Mistake(
        Text(en="missing return", zh="漏了 return"),
        INIT,
        (SETUP, _cell("def init(d_in, d_out, rng):", "    w = rng.standard_normal((d_in, d_out)) * np.sqrt(2 / d_in)")),
        ("has no `return`", "没有 `return`"),
    ),
    Mistake(
        Text(en="print for return", zh="用 print 代替 return"),
        INIT,
        (
            SETUP,
            _cell("def init(d_in, d_out, rng):", "    print(rng.standard_normal((d_in, d_out)) * np.sqrt(2 / d_in))"),
        ),
        ("`print` shows a value", "`print` 只是把值显示出来"),
    ),
    Mistake(
        Text(en="wrong shape: transposed", zh="形状不对：转置了"),
        INIT,
        (
            SETUP,
            _cell("def init(d_in, d_out, rng):", "    return rng.standard_normal((d_out, d_in)) * np.sqrt(2 / d_in)"),
        ),
        ("Rows and columns are exchanged", "行和列颠倒了"),
    ),
    Mistake(
        Text(en="shapes that do not multiply", zh="相乘的形状对不上"),
        FORWARD,
        (
            SETUP,
            _cell(
                "def forward(x, w1, w2):",
                "    h = x @ w1.T",
                "    h_relu = np.maximum(h, 0)",
                "    return h, h_relu, h_relu @ w2",
            ),
        ),
        ("In[2] (`def forward(x, w1, w2):`), line 2", "第 2 行，单元格 In[2]（`def forward(x, w1, w2):`）："),
    ),
    Mistake(
        Text(en="list for tensor", zh="返回列表而不是张量"),
        PAIRWISE,
        (
            TORCH,
            _cell("def pairwise(a, b):", "    return ((a.unsqueeze(1) - b) ** 2).sum(dim=2).tolist()"),
        ),
        ("A list or tuple is no tensor", "列表或元组不是张量"),
    ),
    Mistake(
        Text(en="renamed argument", zh="改了参数名"),
        "numpy_backprop.backward",
        (
            SETUP,
            _cell("def backward(x, y, w1, w2, h, h_relu, pred):", "    return {'y_pred': 2.0 * (pred - y)}"),
        ),
        ("was it renamed?", "是不是改了名"),
    ),
    Mistake(
        Text(en="too few arguments in the definition", zh="定义里少写了参数"),
        FORWARD,
        (SETUP, _cell("def forward(x, w1):", "    return x @ w1")),
        (
            "Your `forward` takes 2 arguments, and the exercise passes 3",
            "你的 `forward` 只接收 2 个参数，题目会传入 3 个",
        ),
    ),
    Mistake(
        Text(en="infinite loop", zh="死循环"),
        INIT,
        (
            SETUP,
            _cell("def init(d_in, d_out, rng):", "    n = 0", "    while n < 10:", "        pass", "    return n"),
        ),
        ("Does a loop never end?", "是不是有循环停不下来"),
    ),
    Mistake(
        Text(en="recursion without end", zh="无穷递归"),
        INIT,
        (SETUP, _cell("def init(d_in, d_out, rng):", "    return init(d_in, d_out, rng) * np.sqrt(2 / d_in)")),
        ("calls itself again and again", "不断地调用自己"),
    ),
    Mistake(
        Text(en="syntax error: a colon is missing", zh="语法错误：少了冒号"),
        INIT,
        (
            SETUP,
            _cell("def init(d_in, d_out, rng)", "    return rng.standard_normal((d_in, d_out)) * np.sqrt(2 / d_in)"),
        ),
        ("ends with a colon", "末尾要有冒号"),
    ),
    Mistake(
        Text(en="a full-width comma", zh="全角逗号"),
        INIT,
        (
            SETUP,
            _cell("def init(d_in, d_out, rng):", "    return rng.standard_normal((d_in， d_out)) * np.sqrt(2 / d_in)"),
        ),
        ("a full-width one", "多半是全角符号"),
    ),
    Mistake(
        Text(en="= for ==, over an answer that ran before", zh="把 == 写成 =，而旧的解答还在"),
        INIT,
        (
            SETUP,
            _cell("def init(d_in, d_out, rng):", "    return rng.standard_normal((d_in, d_out))"),
            _cell("def init(d_in, d_out, rng):", "    if d_in = 1:", "        return np.ones((d_in, d_out))"),
        ),
        ("to ask whether two are equal, write `==`", "要问两者是否相等，请写 `==`"),
    ),
    Mistake(
        Text(en="deleted import", zh="删掉了 import"),
        INIT,
        (_cell("def init(d_in, d_out, rng):", "    return rng.standard_normal((d_in, d_out)) * np.sqrt(2 / d_in)"),),
        ("`np` is not imported in this notebook any more", "现在没有导入 `np`"),
    ),
    Mistake(
        Text(en="kernel restarted: an earlier answer is missing", zh="重启过内核：前面的解答不见了"),
        TRAIN,
        (
            SETUP,
            _cell(
                "def train(w1, w2, loss_and_grads, lr, steps):",
                "    backward(w1, w2)",
                "    return w1, w2, []",
            ),
        ),
        ("your answer to another exercise", "另一道练习"),
    ),
    Mistake(
        Text(en="check run before the cell", zh="还没运行答题单元格就做检查"),
        INIT,
        (SETUP,),
        ("`init` is not defined: run the cell that defines it", "尚未定义 `init`：请先运行定义它的单元格"),
    ),
    Mistake(
        Text(en="still the placeholder", zh="还是占位代码"),
        INIT,
        (
            SETUP,
            _cell(
                "def init(d_in, d_out, rng):",
                "    # YOUR CODE HERE | 在这里写代码",
                '    raise NotImplementedError("write your answer here | 请在这里作答")',
            ),
        ),
        ("still holds its placeholder", "还是占位代码"),
    ),
    Mistake(
        Text(en="misspelt variable", zh="变量名拼错"),
        FORWARD,
        (
            SETUP,
            _cell("def forward(x, w1, w2):", "    hidden = x @ w1", "    return hiden, hidden, hidden @ w2"),
        ),
        ("Did you mean `hidden`?", "你想写的是不是 `hidden`"),
    ),
    Mistake(
        Text(en="variable read before it has a value", zh="变量还没有值就被读取"),
        TRAIN,
        (
            SETUP,
            _cell(
                "def train(w1, w2, loss_and_grads, lr, steps):",
                "    for step in range(steps):",
                "        losses.append(loss_and_grads(w1, w2)[0])",
                "        losses = []",
                "    return w1, w2, losses",
            ),
        ),
        ("reads its variable `losses` before it has a value", "在变量 `losses` 还没有值时就读取了它"),
    ),
    Mistake(
        Text(en="float for int", zh="该用整数却用了浮点数"),
        TRAIN,
        (
            SETUP,
            _cell(
                "def train(w1, w2, loss_and_grads, lr, steps):",
                "    for step in range(steps / 1):",
                "        pass",
                "    return w1, w2, []",
            ),
        ),
        ("`/` always gives a float", "`/` 得到的总是浮点数"),
    ),
    Mistake(
        Text(en="in-place change of the input", zh="就地改动了输入"),
        TRAIN,
        (
            SETUP,
            _cell(
                "def train(w1, w2, loss_and_grads, lr, steps):",
                "    losses = []",
                "    for step in range(steps):",
                "        loss, grad_w1, grad_w2 = loss_and_grads(w1, w2)",
                "        losses.append(float(loss))",
                "        w1 -= lr * grad_w1",
                "        w2 -= lr * grad_w2",
                "    return w1, w2, losses",
            ),
        ),
        ("left as they were", "保持原样"),
    ),
    Mistake(
        Text(en="wrong dtype", zh="dtype 不对"),
        PAIRWISE,
        (
            TORCH,
            _cell("def pairwise(a, b):", "    return ((a.double().unsqueeze(1) - b) ** 2).sum(dim=2)"),
        ),
        ("wider than asked for", "精度比要求的高"),
    ),
    Mistake(
        Text(en="two dtypes in one product", zh="一次乘法里有两种 dtype"),
        AFFINE,
        (TORCH, _cell("def affine(x, w, b):", "    return x.to(w.device) @ w.T + b")),
        ("The two tensors have different dtypes", "两个张量的 dtype 不同"),
    ),
    Mistake(
        Text(en="two devices (meta stands in for a GPU)", zh="两个设备（用 meta 代替 GPU）"),
        AFFINE,
        (
            TORCH,
            _cell(
                "def affine(x, w, b):",
                "    x = x.to(device=w.device, dtype=w.dtype)",
                "    start = torch.zeros(len(x), len(w), dtype=w.dtype)",
                "    return start + x @ w.T + b",
            ),
        ),
        ("Two tensors live on different devices", "两个张量在不同的设备上"),
    ),
    Mistake(
        Text(en="too many values returned", zh="返回的值太多"),
        FORWARD,
        (
            SETUP,
            _cell(
                "def forward(x, w1, w2):",
                "    h = x @ w1",
                "    h_relu = np.maximum(h, 0)",
                "    return x, h, h_relu, h_relu @ w2",
            ),
        ),
        ("Several arrays or tensors came back together", "几个数组或张量一起返回"),
    ),
    Mistake(
        Text(en="a tuple of the wrong length", zh="元组长度不对"),
        FORWARD,
        (
            SETUP,
            _cell("def forward(x, w1, w2):", "    h = x @ w1", "    return h, np.maximum(h, 0) @ w2"),
        ),
        ("as many values as the card names", "个数和顺序要与题目卡片一致"),
    ),
    Mistake(
        Text(en="a variable named like a function", zh="变量与函数重名"),
        TRAIN,
        (
            SETUP,
            "list = [1, 2, 3]",
            _cell(
                "def train(w1, w2, loss_and_grads, lr, steps):",
                "    losses = list(range(steps))",
                "    return w1, w2, losses",
            ),
        ),
        ("has the name `list` and hides Python's own function", "也叫 `list`"),
    ),
    Mistake(
        Text(en="return indented into the loop", zh="return 缩进到了循环里"),
        TRAIN,
        (
            SETUP,
            _cell(
                "def train(w1, w2, loss_and_grads, lr, steps):",
                "    losses = []",
                "    for step in range(steps):",
                "        loss, grad_w1, grad_w2 = loss_and_grads(w1, w2)",
                "        losses.append(float(loss))",
                "        w1, w2 = w1 - lr * grad_w1, w2 - lr * grad_w2",
                "        return w1, w2, losses",
            ),
        ),
        ("Line 7: this `return` stands inside the loop", "第 7 行：这个 `return` 写在循环里面"),
    ),
    Mistake(
        Text(en="a function returned, not its result", zh="返回了函数而不是结果"),
        PAIRWISE,
        (TORCH, _cell("def pairwise(a, b):", "    return ((a.unsqueeze(1) - b) ** 2).sum")),
        ("a function itself, not its result", "函数本身，而不是它的结果"),
    ),
)


def answers(mistake: Mistake) -> tuple[str, str]:
    """What the check says, in English and in Chinese."""
    result = ask(mistake.key, mistake.cells).report.result
    return plain(result, "en"), plain(result, "zh")


def page() -> str:
    """The whole table, for the time limit that the tests use."""
    patience, checking.PATIENCE = checking.PATIENCE, 0.1
    try:
        parts = [HEAD]
        for number, mistake in enumerate(MISTAKES, 1):
            cells = "\n\n".join(f"# In[{n}]\n{cell}" for n, cell in enumerate(mistake.cells, 1))
            english, chinese = answers(mistake)
            parts.append(f"## {number}. {mistake.name.en} · {mistake.name.zh}\n")
            parts.append(f"```text\n{cells}\n```\n")
            parts.append(f"```text\n{english}\n```\n")
            parts.append(f"```text\n{chinese}\n```\n")
        return re.sub(r"[ \t]+$", "", "\n".join(parts), flags=re.MULTILINE)
    finally:
        checking.PATIENCE = patience


if __name__ == "__main__":
    TABLE.write_text(page(), encoding="utf-8")
    print(f"{TABLE.name}: {len(MISTAKES)} mistakes")
