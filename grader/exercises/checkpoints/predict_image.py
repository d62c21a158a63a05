"""Exercise 13.3: one picture, prepared as in training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Asks about one picture; the model keeps a diary and is disturbed in train mode, as dropout would disturb it."""
    import torch

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.diary: list[Any] = []

        def forward(self, x: Any) -> Any:
            self.diary.append([list(x.shape), self.training, torch.is_grad_enabled()])
            logits = x.flatten(1) @ case["w"]
            return logits.flip(1) if self.training else logits

    model = Model()
    model.train(case["train_mode"])
    image = case["image"]
    returned = ns["predict_image"](model, image, case["mean"], case["std"])
    if not isinstance(returned, (tuple, list)) or len(returned) != 2:
        yield "class", returned  # not two values: the comparison then says what came instead
        return
    yield "class", returned[0]
    yield "probability", returned[1]
    yield "diary", model.diary
    yield "kept", [model.training, image]


def _case(name: str, label: Text, height: int, width: int, classes: int, rng: Any, train_mode: bool = False) -> Case:
    image = torch.from_numpy(rng.integers(0, 256, (height, width)).astype(np.uint8))
    w = torch.from_numpy(np.round(rng.standard_normal((height * width, classes)), 2).astype(np.float32))
    mean, std = (round(float(v), 2) for v in rng.uniform(0.1, 0.9, 2))
    return Case(name, label, {"image": image, "w": w, "mean": mean, "std": std, "train_mode": train_mode})


PUBLIC = (
    _case("tiny", Text(en="a picture [2, 2], 3 classes", zh="图片 [2, 2]，3 个类别"), 2, 2, 3, np.random.default_rng(1)),
    _case("oblong", Text(en="a picture [2, 3], 4 classes, the model in train mode", zh="图片 [2, 3]，4 个类别，模型处于训练模式"), 2, 3, 4, np.random.default_rng(4), True),
    _case("square", Text(en="a picture [3, 3], 5 classes", zh="图片 [3, 3]，5 个类别"), 3, 3, 5, np.random.default_rng(3)),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """Larger pictures, more classes, both modes."""
    return [
        _case("large", Text(en="a picture [8, 5]", zh="图片 [8, 5]"), 8, 5, 10, rng, True),
        _case("one-dot", Text(en="a picture [1, 1]", zh="图片 [1, 1]"), 1, 1, 2, rng),
    ]


WRONG = (
    Wrong(
        "not-scaled",
        Text(en="the values are not divided by 255", zh="没有除以 255"),
        edits=(("(image / 255 - mean)", "(image - mean)"),),
        hint=Hint(
            question=Text(en="In which range did the values lie in training, and in which do yours?", zh="训练时的值在什么范围？你的呢？"),
            neighbour=Text(en="A thermometer in Fahrenheit read as Celsius: 68 sounds deadly and is a mild day. The scale belongs to the number.", zh="把华氏温度当摄氏读：68 听着要命，其实是个暖和天。数字离不开刻度。"),
        ),
    ),
    Wrong(
        "not-normalised",
        Text(en="mean and std are not used", zh="没有用 mean 和 std"),
        edits=(("(image / 255 - mean) / std", "image / 255"),),
        hint=Hint(
            question=Text(en="What was subtracted from every training picture, and what was it divided by?", zh="训练时每张图片减去了什么？又除以了什么？"),
            neighbour=Text(en="Marks 'above the average of 60' and raw marks: 15 and 75 mean the same. Mixing them up does not raise an error.", zh="“比平均分 60 高多少”和原始分：15 与 75 是一个意思。两者弄混了也不会报错。"),
        ),
    ),
    Wrong(
        "normalised-by-the-picture",
        Text(en="normalised with the picture's own mean and standard deviation", zh="用图片自己的均值和标准差来归一化"),
        edits=(("(image / 255 - mean) / std", "(image / 255 - (image / 255).mean()) / ((image / 255).std(unbiased=False) + 1e-6)"),),
        hint=Hint(
            question=Text(en="Whose mean was used in training: that of each picture or that of the training data?", zh="训练时用的是谁的均值，每张图片的，还是训练数据的？"),
            neighbour=Text(en="Measured against his own family everybody is of average height. One ruler for all is what makes heights comparable.", zh="跟自家人比，谁都是中等身高。所有人用同一把尺子，身高才能比较。"),
        ),
    ),
    Wrong(
        "no-batch",
        Text(en="batch and channel are missing", zh="少了批量维和通道维"),
        edits=(("[None, None]                # [1, 1, H, W] | [1, 1, H, W]", ""), ("model(batch)[0].softmax(dim=0)", "model(batch.reshape(1, -1))[0].softmax(dim=0)")),
        hint=Hint(
            question=Text(en="Which shape did the model see in training? Which one does it see now?", zh="训练时模型看到的形状是什么？现在呢？"),
            neighbour=Text(en="A letter for a mailbag goes into a bag of one letter, not onto the conveyor by itself: x[None] is the bag.", zh="一封信也要装进邮袋再上传送带，不能单独放上去：x[None] 就是那个邮袋。"),
        ),
    ),
    Wrong(
        "train-mode",
        Text(en="asked in whatever mode the model was", zh="模型是什么模式，就在什么模式下问"),
        edits=(("    model.eval()\n", ""),),
        hint=Hint(
            question=Text(en="In which mode was the model at its forward pass?", zh="前向传播时模型处于什么模式？"),
            neighbour=Text(en="Asking a juggler for the time while he throws: wait until the balls are down. eval() puts dropout's dice away.", zh="问正在抛球的杂耍演员几点了：等球都落下再问。eval() 就是把 dropout 的骰子收起来。"),
        ),
    ),
    Wrong(
        "recorded",
        Text(en="a graph is recorded", zh="记录了计算图"),
        edits=(("    with torch.no_grad():\n", "    if True:\n"),),
        hint=Hint(
            question=Text(en="Will anybody call backward on this answer?", zh="会有人对这个答案调用 backward 吗？"),
            neighbour=Text(en="Minutes of every coffee break fill cabinets. no_grad tells the secretary to put the pen down.", zh="每次喝咖啡都做会议记录，档案柜很快就满了。no_grad 就是请秘书放下笔。"),
        ),
    ),
    Wrong(
        "mode-not-restored",
        Text(en="the model is left in eval mode", zh="模型留在了评估模式"),
        edits=(("    model.train(before)\n", ""),),
        hint=Hint(
            question=Text(en="In which mode was the model when you got it, and when you gave it back?", zh="拿到模型时它处于什么模式？还回去时呢？"),
            neighbour=Text(en="Whoever borrows a bicycle and lowers the saddle raises it again before giving it back.", zh="借了自行车、调低了车座，还之前要调回去。"),
        ),
    ),
    Wrong(
        "tensors-returned",
        Text(en="tensors instead of numbers", zh="返回的是张量，不是数"),
        edits=(("    return best, probabilities[best].item()\n", "    return torch.tensor(best), probabilities[best]\n"),),
        hint=Hint(
            question=Text(en="What is type() of your two results?", zh="你的两个结果的 type() 是什么？"),
            neighbour=Text(en="labels[tensor(3)] works with some lists and fails with dicts; labels[3] works everywhere.", zh="labels[tensor(3)] 对有些列表能用，对字典就不行；labels[3] 到处都能用。"),
        ),
    ),
    Wrong(
        "logit-for-probability",
        Text(en="the largest logit instead of the probability", zh="返回的是最大的 logit，不是概率"),
        edits=(("model(batch)[0].softmax(dim=0)", "model(batch)[0]"),),
        hint=Hint(
            question=Text(en="Can your probability be larger than 1?", zh="你的概率会大于 1 吗？"),
            neighbour=Text(en="Points 12, 10 and 8 are no shares. Only when all are set against each other do shares come out that add up to 1.", zh="12、10、8 是分数，不是份额。把它们放在一起相比，才得到加起来等于 1 的份额。"),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "log-softmax",
        '''def predict_image(model, image, mean, std):
    """With log_softmax and max."""
    mode = model.training
    model.train(False)
    with torch.inference_mode():
        x = image.to(torch.float32).div(255).sub(mean).div(std).reshape(1, 1, *image.shape)
        logs = torch.log_softmax(model(x), dim=1)
        value, place = logs.max(dim=1)
    model.train(mode)
    return int(place), float(value.exp())
''',
    ),
    Right(
        "with-finally",
        '''@torch.no_grad()
def predict_image(model, image, mean, std):
    """Restores the mode whatever happens."""
    mode = model.training
    try:
        logits = model.eval()(((image.float() / 255.0 - mean) / std).unsqueeze(0).unsqueeze(0)).squeeze(0)
        shares = F.softmax(logits, dim=-1).tolist()
        return max(range(len(shares)), key=shares.__getitem__), max(shares)
    finally:
        model.train(mode)
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "image-by-numpy",
        Text(en="the image goes through NumPy", zh="图像绕道 NumPy 走了一圈"),
        edits=(("batch = ((image / 255 - mean) / std)[None, None]", "batch = ((torch.from_numpy(image.numpy()) / 255 - mean) / std)[None, None]"),),
        hint=Hint(
            question=Text(en="The image is a tensor already. What does the way through NumPy change, and on which device does it end?", zh="图像本来就是张量。绕道 NumPy 改变了什么？最后又到了哪个设备上？"),
            neighbour=Text(en="A picture that PIL has read is an array, so torch.from_numpy belongs there, once, followed by .to(device). From then on t.float() / 255 is all that is needed, on every device.", zh="PIL 读进来的图片是数组，所以 torch.from_numpy 用在那里，用一次，接着 .to(device)。此后只要 t.float() / 255，在哪个设备上都行。"),
        ),
    ),
    Wrong(
        "mean-on-cpu",
        Text(en="mean and std are made tensors with one entry, on the CPU", zh="把 mean 和 std 变成了 CPU 上只有一个元素的张量"),
        edits=(('((image / 255 - mean) / std)[None, None]', '((image / 255 - torch.tensor([mean])) / torch.tensor([std]))[None, None]'),),
        hint=Hint(
            question=Text(en="mean and std come as plain numbers. On which device is a plain number?", zh="mean 和 std 是以普通的数传进来的。普通的数在哪个设备上？"),
            neighbour=Text(en="torchvision's Normalize makes its tensors of mean and std with device=tensor.device in each call. For one channel no tensor is needed: t - 0.5 runs anywhere.", zh="torchvision 的 Normalize 每次调用时，都用 device=tensor.device 生成 mean 和 std 的张量。只有一个通道时根本不需要张量：t - 0.5 在哪里都能运行。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="13.3 One picture", zh="13.3 一张图片"),
    properties=(
        Property("class", Text(en="the class", zh="类别")),
        Property("probability", Text(en="its probability", zh="它的概率"), points=2.0),
        Property(
            "diary",
            Text(en="shape [1, 1, H, W], eval mode, nothing recorded", zh="形状 [1, 1, H, W]，评估模式，不做记录"),
            only_with="class",
        ),
        Property("kept", Text(en="mode and picture are left as they were", zh="模式和图片保持原样"), only_with="class"),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Print the batch that the model sees in the failing case: shape, dtype, smallest and largest value. Is it what training showed it?",
            zh="打印出错的算例里模型看到的批：形状、dtype、最小值和最大值。和训练时看到的一样吗？",
        ),
        neighbour=Text(
            en="Value 51, mean 0.5, std 0.25: 51 / 255 = 0.2; (0.2 - 0.5) / 0.25 = -1.2. Logits 2 and 0: probabilities 0.88 and 0.12.",
            zh="值 51，mean 0.5，std 0.25：51 / 255 = 0.2；(0.2 - 0.5) / 0.25 = -1.2。logits 为 2 和 0：概率是 0.88 和 0.12。",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
