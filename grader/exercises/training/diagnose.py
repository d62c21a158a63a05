"""Exercise 12.4: six recorded runs, six diagnoses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Asks for the diagnoses once; yields them two by two, so that half an answer is worth something."""
    table = ns["diagnose"]()
    if not isinstance(table, dict):
        yield "rates", table  # no dict: the comparison then says what came instead
        return
    for name, runs in case["groups"].items():
        yield name, {run: table[run] for run in runs if run in table}


GROUPS = {"rates": ["C", "E"], "code": ["A", "B"], "data": ["D", "F"]}
PUBLIC = (Case("runs", Text(en="the six runs", zh="六次运行"), {"groups": GROUPS}),)


def hidden(rng: np.random.Generator) -> list[Case]:
    """The same runs in another order: there are only six."""
    return [
        Case(
            "reordered",
            Text(en="the same runs", zh="同样的六次运行"),
            {"groups": {name: runs[::-1] for name, runs in GROUPS.items()}},
        )
    ]


def _swap(first: str, second: str) -> tuple[tuple[str, str], ...]:
    """Edits that exchange the diagnoses of two runs."""
    names = {
        "A": "no_zero_grad",
        "B": "softmax_twice",
        "C": "lr_too_small",
        "D": "too_few_samples",
        "E": "lr_too_large",
        "F": "shuffled_labels",
    }
    return tuple(
        (f'"{one}": "{names[one]}"', f'"{one}": "{names[other]}"') for one, other in ((first, second), (second, first))
    )


WRONG = (
    Wrong(
        "uncleared-taken-for-large-rate",
        Text(en="missing zero_grad taken for a large learning rate", zh="把没有清零梯度当成了学习率太大"),
        edits=_swap("A", "E"),
        hint=Hint(
            question=Text(
                en="One of the two begins well and then swings; the other is far off from the first epoch on. In which does the step grow with time?",
                zh="两者中有一个开头不错，后来摆动；另一个从第一轮起就差得远。哪一个的步子会随时间变大？",
            ),
            neighbour=Text(
                en="A walker who takes a stride of 10 m from the start overshoots at once. One whose strides are the sum of all earlier ones starts well and overshoots later.",
                zh="一个人从一开始就每步迈 10 米，马上就走过头。另一个人的步子是以前所有步子之和，开头正常，后来才走过头。",
            ),
        ),
    ),
    Wrong(
        "double-softmax-taken-for-small-rate",
        Text(en="two softmaxes taken for a small learning rate", zh="把做了两次 softmax 当成了学习率太小"),
        edits=_swap("B", "C"),
        hint=Hint(
            question=Text(
                en="One of the curves falls evenly all the time, the other falls and then stops at a certain height. Which height?",
                zh="有一条曲线一直均匀下降，另一条降到某个高度就停住了。停在多高？",
            ),
            neighbour=Text(
                en="Two lifts: one creeps but goes on; the other runs well and stops at the fourth floor, because there is no button below 4. ln((e + 9) / e) is 1.46.",
                zh="两部电梯：一部很慢，但一直在走；另一部走得快，却停在四楼，因为按钮最低到 4。ln((e + 9) / e) 是 1.46。",
            ),
        ),
    ),
    Wrong(
        "shuffled-taken-for-small-rate",
        Text(en="shuffled labels taken for a small learning rate", zh="把打乱标签当成了学习率太小"),
        edits=_swap("C", "F"),
        hint=Hint(
            question=Text(
                en="Both training curves hardly move. Look at the dashed ones: in which run does the test loss fall together with the training loss?",
                zh="两条训练曲线都几乎不动。看虚线：哪一次运行的测试损失跟着训练损失一起下降？",
            ),
            neighbour=Text(
                en="A slow pupil gets a little better in the exam as well. One who learns a wrong key by heart gets no better in any exam.",
                zh="学得慢的学生，考试也会好一点点。把错误答案背下来的学生，考多少次也不会好。",
            ),
        ),
    ),
    Wrong(
        "few-samples-taken-for-shuffled",
        Text(en="too few samples taken for shuffled labels", zh="把样本太少当成了打乱标签"),
        edits=_swap("D", "F"),
        hint=Hint(
            question=Text(
                en="In which of the two is the test loss clearly below ln 10? What does that say about the labels?",
                zh="哪一次的测试损失明显低于 ln 10？这说明标签怎么样？",
            ),
            neighbour=Text(
                en="Whoever has read only 60 words of a language understands little, but more than nothing. Whoever learnt from a dictionary with mixed-up lines understands nothing.",
                zh="一门外语只学了 60 个词，懂得不多，但总比不懂强。字典的行被打乱了，学了也等于没学。",
            ),
        ),
    ),
    Wrong(
        "uncleared-taken-for-shuffled",
        Text(en="missing zero_grad taken for shuffled labels", zh="把没有清零梯度当成了打乱标签"),
        edits=_swap("A", "F"),
        hint=Hint(
            question=Text(
                en="One of the two once had a loss near 1.2. Can labels without information lead there on new samples?",
                zh="两者之一曾有过 1.2 左右的损失。不含信息的标签，能在新样本上达到这里吗？",
            ),
            neighbour=Text(
                en="A coin that is guessed right 9 times out of 10 is no fair coin. A test loss far below ln 10, even for a moment, needs real labels.",
                zh="十次猜中九次的硬币，不是公平的硬币。测试损失哪怕有一刻远低于 ln 10，也说明标签是真的。",
            ),
        ),
    ),
    Wrong(
        "double-softmax-taken-for-shuffled",
        Text(en="two softmaxes taken for shuffled labels", zh="把做了两次 softmax 当成了打乱标签"),
        edits=_swap("B", "F"),
        hint=Hint(
            question=Text(
                en="Which of the two goes well below ln 10 on the test part, and where does it stop?",
                zh="两者中哪一个在测试集上明显低于 ln 10？停在哪里？",
            ),
            neighbour=Text(
                en="A scale that cannot show less than 1.46 shows 1.5 for a feather. The feather is light all the same: the accuracy would tell.",
                zh="一台最低只能显示 1.46 的秤，称羽毛也显示 1.5。羽毛其实很轻：看准确率就知道了。",
            ),
        ),
    ),
    Wrong(
        "rates-swapped",
        Text(en="the two learning rates are confused", zh="两种学习率弄反了"),
        edits=_swap("C", "E"),
        hint=Hint(
            question=Text(
                en="Which of the two leaps about at a loss of 15, and which one creeps down from 2.3?",
                zh="哪一个在损失 15 上下乱跳？哪一个从 2.3 慢慢往下挪？",
            ),
            neighbour=Text(
                en="Strides of 30 m or of half a millimetre: the first never stays in the valley, the second hardly leaves its place.",
                zh="步子 30 米，或者半毫米：前者在山谷里待不住，后者几乎没挪地方。",
            ),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "two-lists",
        '''def diagnose():
    """By the order of the letters."""
    names = "no_zero_grad softmax_twice lr_too_small too_few_samples lr_too_large shuffled_labels"
    return dict(zip("ABCDEF", names.split()))
''',
    ),
    Right(
        "group-by-group",
        '''def diagnose():
    """The data, the code, the rates."""
    found = dict(D="too_few_samples", F="shuffled_labels")
    found |= {"A": "no_zero_grad", "B": "softmax_twice"}
    found.update(C="lr_too_small", E="lr_too_large")
    return found
''',
    ),
    Right(
        "from-the-numbers",
        '''def diagnose():
    """Rules over the recorded numbers."""
    found = {}
    for name, (train, test) in RUNS.items():
        if min(train) > 5:
            found[name] = "lr_too_large"
        elif test[-1] - train[-1] > 0.5:
            found[name] = "too_few_samples"
        elif max(train) > 3:
            found[name] = "no_zero_grad"
        elif min(train) < 1.8:
            found[name] = "softmax_twice"
        elif max(b - a for a, b in zip(train, train[1:])) > 0.03:
            found[name] = "shuffled_labels"
        else:
            found[name] = "lr_too_small"
    return found
''',
    ),
)

EXERCISE = Exercise(
    title=Text(en="12.4 Name the disease", zh="12.4 说出病名"),
    properties=(
        Property("rates", Text(en="the runs with a wrong learning rate", zh="学习率不对的两次"), points=2.0),
        Property("code", Text(en="the runs with a wrong loop or model", zh="循环或模型不对的两次"), points=2.0),
        Property("data", Text(en="the runs with wrong data", zh="数据不对的两次"), points=2.0),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="For each run ask three things: where does it begin, where does it end, and how far are the two curves apart? Which diagnosis fits all three?",
            zh="对每次运行问三件事：从哪里开始？到哪里结束？两条曲线相距多远？哪个诊断三条都符合？",
        ),
        neighbour=Text(
            en="A healthy run of the same network: training from 0.66 to 0.06, test from 0.66 to 0.10. It begins below ln 10 after one epoch, ends low, and the curves stay close.",
            zh="同一个网络的健康运行：训练从 0.66 到 0.06，测试从 0.66 到 0.10。一轮之后就低于 ln 10，最后很低，两条曲线挨得近。",
        ),
    ),
)
