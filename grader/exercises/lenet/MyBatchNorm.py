"""Exercise 11.3: batch normalisation with running statistics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Survivor, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Two batches in training and one in evaluation; the statistics after each; gradients; what is registered."""
    import torch

    def copies() -> list[Any]:
        """The statistics as they are now, and whether they hang on a graph."""
        both = [norm.running_mean, norm.running_var]
        attached.append([bool(t.requires_grad) for t in both])
        return [t.detach().clone() for t in both]

    attached: list[list[bool]] = []
    norm = ns["MyBatchNorm"](case["channels"], **case["options"]).to(case["first"].dtype)
    yield "parameters", {name: p.detach().clone() for name, p in sorted(norm.named_parameters())}
    yield "buffers", {name: b.detach().clone() for name, b in sorted(norm.named_buffers())}
    with torch.no_grad():
        norm.weight.copy_(case["weight"])
        norm.bias.copy_(case["bias"])
    x = case["first"].clone().requires_grad_()
    out = norm(x)
    yield "train", out.detach()
    yield "after-one", copies()
    second = norm(case["second"].clone())
    yield "after-two", copies()
    norm.eval()
    yield "eval", norm(case["last"].clone()).detach()
    yield "after-eval", copies()
    yield "attached", attached
    grads = torch.autograd.grad((out * case["up"]).sum() + second.sum(), [x, norm.weight, norm.bias], allow_unused=True)
    yield "gradients", list(grads)


def _case(
    name: str,
    label: Text,
    shapes: tuple[tuple[int, ...], tuple[int, ...]],
    rng: Any,
    dtype: torch.dtype = torch.float64,
    turned: bool = False,
    **options: float,
) -> Case:
    def draw(shape: tuple[int, ...]) -> torch.Tensor:
        # every channel with a mean and a spread of its own
        middle, spread = rng.uniform(-3, 3, (1, shape[1], 1, 1)), rng.uniform(0.5, 2, (1, shape[1], 1, 1))
        t = torch.from_numpy(np.round(middle + spread * rng.standard_normal(shape), 2)).to(dtype)
        return t.transpose(2, 3).contiguous().transpose(2, 3) if turned else t

    channels = shapes[0][1]
    return Case(
        name,
        label,
        {
            "channels": channels,
            "options": options,
            "first": draw(shapes[0]),
            "second": draw(shapes[1]),
            "last": draw((1, *shapes[1][1:])),
            "weight": torch.from_numpy(np.round(rng.uniform(0.5, 2, channels), 1)).to(dtype),
            "bias": torch.from_numpy(np.round(rng.standard_normal(channels), 1)).to(dtype),
            "up": torch.from_numpy(np.round(rng.standard_normal(shapes[0]), 1)).to(dtype),
        },
    )


PUBLIC = (
    _case("small", Text(en="batches [2, 1, 1, 2], then [3, 1, 1, 2]", zh="先后两批 [2, 1, 1, 2] 和 [3, 1, 1, 2]"), ((2, 1, 1, 2), (3, 1, 1, 2)), np.random.default_rng(1)),
    _case("three-channels", Text(en="batches [4, 3, 2, 5], then [2, 3, 2, 5], momentum 0.3", zh="先后两批 [4, 3, 2, 5] 和 [2, 3, 2, 5]，momentum 为 0.3"), ((4, 3, 2, 5), (2, 3, 2, 5)), np.random.default_rng(2), momentum=0.3),
    _case("eps", Text(en="a large eps of 0.5", zh="较大的 eps，0.5"), ((3, 2, 3, 1), (3, 2, 3, 1)), np.random.default_rng(3), eps=0.5),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """A batch of one image, memory in another order, float32."""
    return [
        _case("one-image", Text(en="a batch of one image [1, 4, 3, 2]", zh="只有一张图像的批 [1, 4, 3, 2]"), ((1, 4, 3, 2), (1, 4, 3, 2)), rng),
        _case("turned", Text(en="memory in another order, momentum 0.9", zh="内存次序不同，momentum 为 0.9"), ((5, 2, 3, 4), (2, 2, 3, 4)), rng, momentum=0.9, turned=True),
        _case("float32", Text(en="float32", zh="float32"), ((6, 3, 2, 2), (4, 3, 2, 2)), rng, dtype=torch.float32),
    ]  # fmt: skip


_STATS = "            var = x.var(dim=(0, 2, 3), unbiased=False)\n"

WRONG = (
    Wrong(
        "biased-running-var",
        Text(en="the running variance is divided by n, not n - 1", zh="滑动方差除的是 n，不是 n - 1"),
        edits=(("self.running_var += self.momentum * (var * n / (n - 1) - self.running_var)", "self.running_var += self.momentum * (var - self.running_var)"),),
        hint=Hint(
            question=Text(en="The card uses two variances. Which divisor has the one that goes into running_var?", zh="题目用到了两种方差。进入 running_var 的那一种，除数是什么？"),
            neighbour=Text(en="Of 2, 4 and 9 (mean 5) the squares of the deviations are 9, 1 and 16, together 26. Divided by 3: 8.67, the spread of these three. Divided by 2: 13, an estimate of the spread of all that they were taken from.", zh="2、4、9 的平均是 5，偏差的平方是 9、1、16，共 26。除以 3 得 8.67，是这三个数的方差；除以 2 得 13，是对它们所来自的全体的方差的估计。"),
        ),
    ),
    Wrong(
        "unbiased-normalising",
        Text(en="normalises with the variance divided by n - 1", zh="归一化时用了除以 n - 1 的方差"),
        edits=((_STATS, "            var = x.var(dim=(0, 2, 3), unbiased=True)\n"), ("var * n / (n - 1)", "var")),
        hint=Hint(
            question=Text(en="With weight 1 and bias 0, which mean square has your output over the batch: 1, or a little less?", zh="weight 为 1、bias 为 0 时，你的输出在这一批上的均方是 1，还是略小一点？"),
            neighbour=Text(en="(1, 3): mean 2. Divided by n the variance is 1 and out come -1 and 1. Divided by n - 1 it is 2 and out come -0.71 and 0.71. x.var() divides by n - 1 unless it is told otherwise.", zh="(1, 3)：平均是 2。除以 n，方差是 1，得到 -1 和 1；除以 n - 1，方差是 2，得到 -0.71 和 0.71。x.var() 如果不另外说明，除的是 n - 1。"),
        ),
    ),
    Wrong(
        "momentum-reversed",
        Text(en="momentum weighs the old value instead of the new one", zh="momentum 乘在了旧值上，而不是新值上"),
        edits=(("self.running_mean += self.momentum *", "self.running_mean += (1 - self.momentum) *"), ("self.running_var += self.momentum *", "self.running_var += (1 - self.momentum) *")),
        hint=Hint(
            question=Text(en="With momentum 0.1, which share of the new batch goes into the running mean, 10 % or 90 %? Read the formula on the card.", zh="momentum 为 0.1 时，新的一批在滑动均值里占 10 % 还是 90 %？看一看题目里的公式。"),
            neighbour=Text(en="'Mix in a tenth': 20 and a new 50 give 18 + 5 = 23. The other way round 2 + 45 = 47. In the optimiser of the same library momentum 0.9 keeps the old; here momentum 0.1 takes in the new.", zh="“掺入十分之一”：原来是 20，新来的是 50，得 18 + 5 = 23。反过来则是 2 + 45 = 47。同一个库里，优化器的 momentum 0.9 是留住旧的；这里的 momentum 0.1 是吸收新的。"),
        ),
    ),
    Wrong(
        "batch-statistics-in-eval",
        Text(en="uses the statistics of the batch in evaluation, too", zh="评估时用的仍是这一批的统计量"),
        edits=(("            mean, var = self.running_mean, self.running_var\n", "            mean, var = x.mean(dim=(0, 2, 3)), x.var(dim=(0, 2, 3), unbiased=False)\n"),),
        hint=Hint(
            question=Text(en="In evaluation, does the answer for one image depend on which others stand in the batch?", zh="评估时，一张图像的结果会不会随着同批的其他图像改变？"),
            neighbour=Text(en="A grade relative to tonight's other guests against one relative to all guests of the past year: only with the second one can a single guest be graded.", zh="一种打分是和今晚的其他客人比，另一种是和过去一年所有的客人比：只有后一种，才能给单独一位客人打分。"),
        ),
    ),
    Wrong(
        "running-statistics-in-training",
        Text(en="normalises with the running statistics in training, too", zh="训练时也用滑动统计量来归一化"),
        edits=(("        shape = (1, -1, 1, 1)\n", "        mean, var = self.running_mean.clone(), self.running_var.clone()\n        shape = (1, -1, 1, 1)\n"),),
        hint=Hint(
            question=Text(en="With weight 1 and bias 0, which mean has your output over the training batch, in each channel?", zh="weight 为 1、bias 为 0 时，训练中你的输出在这一批上、每个通道里的平均值是多少？"),
            neighbour=Text(en="(6, 8) by its own statistics (7 and 1): (-1, 1). By running ones that have only begun (0.7 and 1): (5.3, 7.3).", zh="(6, 8) 用自己的统计量（7 和 1）：(-1, 1)。用刚起步的滑动统计量（0.7 和 1）：(5.3, 7.3)。"),
        ),
    ),
    Wrong(
        "statistics-keep-graph",
        Text(en="the running statistics stay on the graph", zh="滑动统计量还挂在计算图上"),
        edits=(("            with torch.no_grad():\n", "            if True:\n"), ("self.running_mean += self.momentum *", "self.running_mean = self.running_mean + self.momentum *"), ("self.running_var += self.momentum *", "self.running_var = self.running_var + self.momentum *")),
        hint=Hint(
            question=Text(en="Does running_mean.requires_grad become True? How far back does its graph reach after 1000 batches?", zh="running_mean.requires_grad 变成 True 了吗？过了 1000 批之后，它身后的图有多长？"),
            neighbour=Text(en="total = total + loss keeps every graph of the epoch; total += loss.item(), or the same under no_grad, keeps a number.", zh="total = total + loss 会留住整轮的每一张图；total += loss.item()，或者在 no_grad 之下做同样的事，留下的只是一个数。"),
        ),
    ),
    Wrong(
        "detached-statistics",
        Text(en="no gradient flows through mean and variance of the batch", zh="梯度没有流过这一批的均值和方差"),
        edits=(("        shape = (1, -1, 1, 1)\n", "        mean, var = mean.detach(), var.detach()\n        shape = (1, -1, 1, 1)\n"),),
        hint=Hint(
            question=Text(en="If one element of x grows, does the mean of its channel move, too? Does your gradient know that?", zh="x 的一个元素变大，它那个通道的均值也会动吗？你的梯度知道这一点吗？"),
            neighbour=Text(en="y = x1 - (x1 + x2) / 2: the slope along x1 is 1/2, not 1, since the mean moves along.", zh="y = x1 - (x1 + x2) / 2：沿 x1 的斜率是 1/2 而不是 1，因为均值也跟着动。"),
        ),
    ),
    Wrong(
        "per-position",
        Text(en="one statistic for each position: the mean over the batch dimension only", zh="每个位置各有统计量：只沿批量维取平均"),
        source='''class MyBatchNorm(nn.Module):
    def __init__(self, channels, momentum=0.1, eps=1e-5):
        super().__init__()
        self.momentum, self.eps = momentum, eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x):
        shape = (1, -1, 1, 1)
        if self.training:
            mean, var = x.mean(dim=0, keepdim=True), x.var(dim=0, unbiased=False, keepdim=True)
            n = len(x)
            with torch.no_grad():
                self.running_mean += self.momentum * (mean.mean(dim=(0, 2, 3)) - self.running_mean)
                self.running_var += self.momentum * (var.mean(dim=(0, 2, 3)) * n / max(n - 1, 1) - self.running_var)
        else:
            mean, var = self.running_mean.view(shape), self.running_var.view(shape)
        return (x - mean) / torch.sqrt(var + self.eps) * self.weight.view(shape) + self.bias.view(shape)
''',
        hint=Hint(
            question=Text(en="How many means do you compute for an input [N, C, H, W]? How many should it be?", zh="对输入 [N, C, H, W]，你算了几个均值？应当是几个？"),
            neighbour=Text(en="Marks [5 pupils, 3 subjects, 4 terms]: one mean for each subject is taken over pupils and terms, dim=(0, 2), and there are 3 of them; over pupils only there are 12.", zh="成绩 [5 个学生, 3 门课, 4 个学期]：每门课一个平均，要沿学生和学期取，即 dim=(0, 2)，共 3 个；只沿学生取，就有 12 个。"),
        ),
    ),
    Wrong(
        "per-sample",
        Text(en="each image is normalised by itself", zh="每张图像各自归一化"),
        edits=(("return (x - mean.view(shape)) / torch.sqrt(var.view(shape) + self.eps)", "if self.training:\n            x = x - x.mean(dim=(2, 3), keepdim=True) + mean.view(shape)\n        return (x - mean.view(shape)) / torch.sqrt(var.view(shape) + self.eps)"),),
        hint=Hint(
            question=Text(en="Is the mean of one image's channel 0 in your output, or only the mean over all images?", zh="在你的输出里，是单张图像的通道平均为 0，还是所有图像合起来才为 0？"),
            neighbour=Text(en="Two classes with marks (1, 3) and (7, 9): relative to their own class all are -1 and 1; relative to all four, mean 5, they are -4, -2, 2, 4. Batch-norm does the second.", zh="两个班的分数是 (1, 3) 和 (7, 9)：和本班比，都是 -1 和 1；和四个人的平均 5 比，是 -4、-2、2、4。批量归一化做的是后一种。"),
        ),
    ),
    Wrong(
        "eps-outside",
        Text(en="eps stands outside the root", zh="eps 加在了根号外面"),
        edits=(("torch.sqrt(var.view(shape) + self.eps)", "(torch.sqrt(var.view(shape)) + self.eps)"),),
        hint=Hint(
            question=Text(en="Is eps added to the variance or to its root? The case with the large eps tells them apart.", zh="eps 是加在方差上，还是加在方差的平方根上？eps 较大的那个算例能看出差别。"),
            neighbour=Text(en="Variance 9, eps 7: sqrt(9 + 7) = 4, sqrt(9) + 7 = 10.", zh="方差 9，eps 为 7：sqrt(9 + 7) = 4，sqrt(9) + 7 = 10。"),
        ),
    ),
    Wrong(
        "divides-by-variance",
        Text(en="divides by the variance, without the root", zh="除以的是方差，没有开方"),
        edits=(("torch.sqrt(var.view(shape) + self.eps)", "(var.view(shape) + self.eps)"),),
        hint=Hint(
            question=Text(en="If x were measured in metres, in which unit would your output be?", zh="如果 x 的单位是米，你的输出是什么单位？"),
            neighbour=Text(en="(-4, 4) has the variance 16 and the standard deviation 4: divided by 4 it is (-1, 1), divided by 16 (-0.25, 0.25).", zh="(-4, 4) 的方差是 16，标准差是 4：除以 4 得 (-1, 1)，除以 16 得 (-0.25, 0.25)。"),
        ),
    ),
    Wrong(
        "no-affine",
        Text(en="weight and bias are not applied", zh="没有用上 weight 和 bias"),
        edits=((" * self.weight.view(shape) + self.bias.view(shape)", ""),),
        hint=Hint(
            question=Text(en="Where do weight and bias come into your output?", zh="weight 和 bias 在你的输出的什么地方？"),
            neighbour=Text(en="Normalised (-1, 1), weight 3, bias 10: (7, 13).", zh="归一化之后是 (-1, 1)，weight 为 3，bias 为 10：得 (7, 13)。"),
        ),
    ),
    Wrong(
        "plain-tensors",
        Text(en="the statistics are ordinary attributes, not buffers", zh="统计量是普通属性，不是缓冲区"),
        source='''class MyBatchNorm(nn.Module):
    def __init__(self, channels, momentum=0.1, eps=1e-5):
        super().__init__()
        self.momentum, self.eps = momentum, eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.running_mean = torch.zeros(channels)
        self.running_var = torch.ones(channels)

    def forward(self, x):
        shape = (1, -1, 1, 1)
        mean, var = self.running_mean.to(x), self.running_var.to(x)
        if self.training:
            mean, var = x.mean(dim=(0, 2, 3)), x.var(dim=(0, 2, 3), unbiased=False)
            n = x.numel() // x.shape[1]
            self.running_mean = self.running_mean.to(x) + self.momentum * (mean.detach() - self.running_mean.to(x))
            self.running_var = self.running_var.to(x) + self.momentum * (var.detach() * n / (n - 1) - self.running_var.to(x))
        return (x - mean.view(shape)) / torch.sqrt(var.view(shape) + self.eps) * self.weight.view(shape) + self.bias.view(shape)
''',
        hint=Hint(
            question=Text(en="Which names stand in list(norm.state_dict())? Would the statistics survive saving and loading?", zh="list(norm.state_dict()) 里有哪些名字？保存再加载之后，统计量还在吗？"),
            neighbour=Text(en="Lesson 07's four lists: self.mean = tensor stood in none of them; self.register_buffer('mean', tensor) stood in the state_dict, and .double() and .to(device) took it along.", zh="第 07 课的四个列表：self.mean = tensor 一个都没进；self.register_buffer('mean', tensor) 进了 state_dict，.double() 和 .to(device) 也会带上它。"),
        ),
    ),
    Wrong(
        "statistics-are-parameters",
        Text(en="the statistics are parameters: an optimiser would train them", zh="统计量成了参数：优化器会去训练它们"),
        edits=(('self.register_buffer("running_mean", torch.zeros(channels))', "self.running_mean = nn.Parameter(torch.zeros(channels), requires_grad=False)"), ('self.register_buffer("running_var", torch.ones(channels))', "self.running_var = nn.Parameter(torch.ones(channels), requires_grad=False)")),
        hint=Hint(
            question=Text(en="How many parameters should an optimiser see in this layer: two or four?", zh="优化器在这一层里应当看到几个参数，两个还是四个？"),
            neighbour=Text(en="A car's steering wheel is there to be turned, its mileage counter is not, though both belong to the car. parameters() is the list of things to turn.", zh="方向盘是用来转的，里程表不是，尽管两样都属于这辆车。parameters() 列的是可以转的东西。"),
        ),
    ),
    Wrong(
        "updates-in-eval",
        Text(en="the running statistics are moved in evaluation, too", zh="评估时也在更新滑动统计量"),
        edits=(("            mean, var = self.running_mean, self.running_var\n", "            mean, var = self.running_mean.clone(), self.running_var.clone()\n            with torch.no_grad():\n                self.running_mean += self.momentum * (x.mean(dim=(0, 2, 3)) - self.running_mean)\n"),),
        hint=Hint(
            question=Text(en="Compare the running statistics before and after a call in evaluation. May test images change the model?", zh="比较一次评估前后的滑动统计量。测试图像可以改变模型吗？"),
            neighbour=Text(en="A thermometer that takes in some of the patient's temperature for the next patient: a measurement must leave the instrument as it was.", zh="量完一位病人，体温计把他的体温留一点给下一位：测量不应当改变仪器。"),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "channels-last",
        '''class MyBatchNorm(nn.Module):
    """Channels last for the arithmetic; lerp for the statistics."""

    def __init__(self, channels, momentum=0.1, eps=1e-5):
        super().__init__()
        self.m, self.e = momentum, eps
        for name, value in (("weight", 1.0), ("bias", 0.0)):
            self.register_parameter(name, nn.Parameter(torch.full((channels,), value)))
        self.register_buffer("running_mean", torch.full((channels,), 0.0))
        self.register_buffer("running_var", torch.full((channels,), 1.0))

    def forward(self, x):
        rows = x.movedim(1, -1)
        if self.training:
            flat = rows.reshape(-1, rows.shape[-1])
            mean = flat.mean(0)
            centred = rows - mean
            var = centred.pow(2).mean((0, 1, 2))
            self.running_mean = self.running_mean.lerp(mean.detach(), self.m)
            self.running_var = self.running_var.lerp(flat.detach().var(0, unbiased=True), self.m)
        else:
            centred, var = rows - self.running_mean, self.running_var
        return (centred * (var + self.e).rsqrt() * self.weight + self.bias).movedim(-1, 1)
''',
    ),
    Right(
        "scale-and-shift",
        '''class MyBatchNorm(nn.Module):
    """One factor and one summand per channel; the variance from the mean of the squares of the centred values."""

    def __init__(self, channels, momentum=0.1, eps=1e-5):
        super().__init__()
        self.momentum = momentum
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x):
        if not self.training:
            mean, var = self.running_mean, self.running_var
        else:
            var, mean = torch.var_mean(x, dim=(0, 2, 3), correction=0)
            n = x.shape[0] * x.shape[2] * x.shape[3]
            new = {"running_mean": mean.data, "running_var": var.data * (n / (n - 1))}
            for name, value in new.items():
                old = getattr(self, name)
                old.mul_(1 - self.momentum).add_(self.momentum * value)
        factor = self.weight / (var + self.eps) ** 0.5
        return x * factor[:, None, None] + (self.bias - mean * factor)[:, None, None]
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "plain-attribute",
        Text(en="eps is a tensor in a plain attribute, which .to(device) leaves behind", zh="eps 是存在普通属性里的张量，.to(device) 不会带上它"),
        edits=(("self.momentum, self.eps = momentum, eps", "self.momentum, self.eps = momentum, torch.full((1,), eps)"),),
        hint=Hint(
            question=Text(en="Which of the things that you keep in self are tensors? Is each of them a parameter or a buffer?", zh="你存在 self 里的东西，哪些是张量？它们都是参数或者缓冲区吗？"),
            neighbour=Text(en="self.count = torch.zeros(1) in a module is on the CPU after .to(\"cuda\"), and self.count + x.sum(0) raises. A plain number, self.count = 0, belongs to no device; a buffer moves along.", zh="模块里的 self.count = torch.zeros(1)，在 .to(\"cuda\") 之后仍在 CPU 上，self.count + x.sum(0) 就会报错。普通的数 self.count = 0 不属于任何设备；缓冲区则会跟着走。"),
        ),
    ),
    Wrong(
        "count-on-cpu",
        Text(en="the number of elements is made a tensor with one entry, on the CPU", zh="把元素个数变成了 CPU 上只有一个元素的张量"),
        edits=(('n = x.numel() // x.shape[1]', 'n = torch.tensor([x.numel() // x.shape[1]])'),),
        hint=Hint(
            question=Text(en="x.numel() is a Python number. What does it gain, and what does it lose, by becoming a tensor?", zh="x.numel() 是 Python 的数。变成张量，它得到什么，又失去什么？"),
            neighbour=Text(en="For t on a GPU, t / len(t) works; t / torch.tensor([len(t)]) raises, as that tensor has an axis and lies on the CPU.", zh="t 在 GPU 上时，t / len(t) 没问题；t / torch.tensor([len(t)]) 会报错，因为那个张量有一个维，又在 CPU 上。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="11.3 Batch normalisation by hand", zh="11.3 手写批量归一化"),
    properties=(
        Property("parameters", Text(en="the parameters and their first values", zh="参数及其初始值"), points=0.5),
        Property("buffers", Text(en="the buffers and their first values", zh="缓冲区及其初始值"), points=0.5),
        Property("train", Text(en="the output in training", zh="训练时的输出"), points=1.5),
        Property("after-one", Text(en="the running statistics after one batch", zh="一批之后的滑动统计量"), points=1.5),
        Property("after-two", Text(en="the running statistics after two", zh="两批之后的滑动统计量")),
        Property("eval", Text(en="the output in evaluation", zh="评估时的输出")),
        Property(
            "after-eval",
            Text(en="evaluation leaves the statistics alone", zh="评估不改动统计量"),
            points=0.5,
            only_with="after-two",
        ),
        Property(
            "attached",
            Text(en="the statistics hang on no graph", zh="统计量不挂在计算图上"),
            points=0.5,
            only_with="after-one",
        ),
        Property(
            "gradients",
            Text(en="the gradients of x, weight and bias", zh="x、weight 和 bias 的梯度"),
            only_with="train",
        ),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Take one channel with two values, 1 and 3. Work out mean, both variances, the output and the new running statistics by hand. Which is the first number that differs from yours?",
            zh="取一个通道、两个值 1 和 3。亲手算出均值、两种方差、输出和新的滑动统计量。第一个和你的不同的数是哪个？",
        ),
        neighbour=Text(
            en="Values 2 and 6, momentum 0.5, weight 1, bias 0: mean 4, variance 4 (by n) and 8 (by n - 1). Output -1 and 1. Running mean 0 → 2, running variance 1 → 0.5 + 4 = 4.5.",
            zh="两个值 2 和 6，momentum 为 0.5，weight 为 1，bias 为 0：均值 4，方差是 4（除以 n）和 8（除以 n - 1）。输出 -1 和 1。滑动均值 0 → 2，滑动方差 1 → 0.5 + 4 = 4.5。",
        ),
    ),
    survivors=(
        Survivor(
            line="n = x.numel() // x.shape[1]",
            change="x.numel() // x.shape[1] -> x.numel() / x.shape[1]",
            reason="the number of elements is a multiple of the number of channels: the quotient is the same number",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
