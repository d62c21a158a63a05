"""Exercise 0.1: a device from a list of what was found, so that the rule can be checked on any machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Calls ``choose_device`` once. The type of the device goes to the property that the case asks about."""
    import torch

    found = [(name, count) for name, count in case["found"]]
    chosen = ns["choose_device"](found, getattr(torch, case["dtype"]))
    kind, _, index = str(chosen).partition(":")
    if case["dtype"] == "float64":
        yield "float64", kind
    elif any(count for _, count in found):
        yield "available", kind
    else:
        yield "none", kind
    yield "object", type(chosen).__name__
    yield "index", index


def _case(name: str, found: list[tuple[str, int]], dtype: str = "float32") -> Case:
    listed = Text(
        en=", ".join(f"{count} {kind}" for kind, count in found) or "nothing",
        zh="、".join(f"{count} 个 {kind}" for kind, count in found) or "什么也没有",
    )
    label = Text(en="found: {listed}; {dtype} is needed", zh="找到的：{listed}；需要 {dtype}")
    label = label.format(listed=listed, dtype=dtype)
    return Case(name, label, {"found": [list(pair) for pair in found], "dtype": dtype})


PUBLIC = (
    _case("one-cuda", [("cuda", 1)]),
    _case("nothing", []),
    _case("all-empty", [("cuda", 0), ("mps", 0)]),
    _case("cuda-empty", [("cuda", 0), ("xpu", 3), ("mps", 1)]),
    _case("first-of-two", [("xpu", 2), ("cuda", 4)]),
    _case("mps-float32", [("mps", 1), ("cuda", 1)]),
    _case("mps-float64", [("mps", 1)], "float64"),
    _case("mps-then-cuda", [("mps", 1), ("cuda", 2)], "float64"),
    _case("cuda-float64", [("cuda", 1), ("mps", 1)], "float64"),
)

_KINDS = ("cuda", "xpu", "mps", "hpu", "mtia")


def hidden(rng: np.random.Generator) -> list[Case]:
    """Longer lists in any order, with zeros among the counts, for several dtypes."""
    cases = []
    for number, dtype in enumerate(("float32", "float64", "bfloat16", "float64", "int64")):
        names = [str(name) for name in rng.permutation(_KINDS)[: int(rng.integers(2, 6))]]
        found = [(name, int(rng.integers(0, 3))) for name in names]
        cases.append(_case(f"random-{number}", found, dtype))
    cases.append(_case("mps-between", [("xpu", 0), ("mps", 2), ("hpu", 1)], "float64"))
    cases.append(_case("mps-int64", [("cuda", 0), ("mps", 1)], "int64"))
    cases.append(_case("only-zeros", [(name, 0) for name in _KINDS]))
    return cases


_COUNT_STORY = Text(
    en="A hotel lists its rooms: [('suite', 0), ('double', 2)]. The list names the suite first, but none is free. Who takes "
    "the first name on the list sleeps on the street; who also looks at the number gets a double room.",
    zh="旅馆列出房间：[('套房', 0), ('双人间', 2)]。套房排在最前，却一间也不剩。只看第一个名字的人要露宿街头；连数量一起看的人，能住进双人间。",
)

WRONG = (
    Wrong(
        "hard-coded-cuda",
        Text(en='always "cuda", whatever was found', zh='不管找到什么，总是 "cuda"'),
        source="""def choose_device(found, dtype):
    return torch.device("cuda")
""",
        hint=Hint(
            question=Text(
                en="On which machines does your function give a device that exists? Does it look at found at all?",
                zh="在哪些机器上，你的函数给出的设备真的存在？它看过 found 吗？",
            ),
            neighbour=Text(
                en="A script opens 'D:/data'. It runs on one laptop and nowhere else. folders = ['D:/data', '/data']; the first "
                "one that exists, else the current folder: this runs on all three.",
                zh="有个脚本打开 'D:/data'，只在一台笔记本电脑上能用。folders = ['D:/data', '/data']，取第一个存在的，都没有就用当前文件夹："
                "这样三台机器都能用。",
            ),
        ),
    ),
    Wrong(
        "always-cpu",
        Text(en="always the CPU", zh="总是用 CPU"),
        source="""def choose_device(found, dtype):
    return torch.device("cpu")
""",
        hint=Hint(
            question=Text(
                en="The CPU never raises, true. Who pays for the accelerator that stands idle?",
                zh="CPU 确实从不报错。可是闲置的加速器，钱是谁出的？",
            ),
            neighbour=Text(
                en="Three tills, one of them open: [('left', 0), ('middle', 1), ('right', 0)]. 'Go home' is never wrong and "
                "never buys anything. First ask each till in turn; go home only after the last one.",
                zh="三个收银台，只开了一个：[('左', 0), ('中', 1), ('右', 0)]。“回家”永远不会错，也永远买不到东西。应当依次看每个收银台，都不开才回家。",
            ),
        ),
    ),
    Wrong(
        "ignores-the-count",
        Text(en="takes the first type though its count is 0", zh="取了第一个类型，哪怕它的数量是 0"),
        edits=(('count > 0 and not (kind == "mps"', 'not (kind == "mps"'),),
        hint=Hint(
            question=Text(
                en="found says ('cuda', 0): torch was built for CUDA, and the machine has no such card. What happens on the "
                "device that you return?",
                zh="found 里有 ('cuda', 0)：torch 支持 CUDA，机器上却没有这种卡。在你返回的设备上，会发生什么？",
            ),
            neighbour=_COUNT_STORY,
        ),
    ),
    Wrong(
        "needs-two",
        Text(en="a single device is not enough for it", zh="只有一个设备时不肯用"),
        edits=(("count > 0", "count > 1"),),
        hint=Hint(
            question=Text(
                en="How many devices must there be so that you can use one?",
                zh="要用一个设备，至少得有几个？",
            ),
            neighbour=Text(
                en="'Is there bread?' is answered by loaves > 0. With loaves > 1 the last loaf is never sold.",
                zh="“还有面包吗”要用 loaves > 0 来回答。写成 loaves > 1，最后一个面包就永远卖不掉。",
            ),
        ),
    ),
    Wrong(
        "a-string",
        Text(en="returns a string, not a torch.device", zh="返回的是字符串，而不是 torch.device"),
        edits=(("return torch.device(kind)", "return kind"), ('return torch.device("cpu")', 'return "cpu"')),
        hint=Hint(
            question=Text(
                en="What is type(choose_device([], torch.float32))? What did the card ask for?",
                zh="type(choose_device([], torch.float32)) 是什么？卡片要求的是什么？",
            ),
            neighbour=Text(
                en="'2026-11-05' is text: it has no .year, and '2026-11-05' == date(2026, 11, 5) is False. "
                "date.fromisoformat('2026-11-05') is a date: .year is 2026.",
                zh="'2026-11-05' 是文字：没有 .year，而且 '2026-11-05' == date(2026, 11, 5) 为 False。"
                "date.fromisoformat('2026-11-05') 才是日期：它的 .year 是 2026。",
            ),
        ),
    ),
    Wrong(
        "float64-on-mps",
        Text(en="gives an MPS device for float64", zh="需要 float64 时也给了 MPS 设备"),
        edits=((' and not (kind == "mps" and dtype == torch.float64)', ""),),
        hint=Hint(
            question=Text(
                en="Which numbers can an MPS device not hold? Where does your function look at dtype?",
                zh="MPS 设备存不了哪种数？你的函数在哪里看了 dtype？",
            ),
            neighbour=Text(
                en="A scooter and a van are free, and you need to move a wardrobe. 'The first free vehicle' is the scooter. "
                "'The first free vehicle that can carry it' is the van.",
                zh="有一辆踏板车和一辆货车空着，你要搬一个衣柜。“第一辆空车”是踏板车，“第一辆装得下的空车”才是货车。",
            ),
        ),
    ),
    Wrong(
        "never-mps",
        Text(en="never uses MPS, whatever the dtype", zh="不管 dtype 是什么，都不用 MPS"),
        edits=(('kind == "mps" and dtype == torch.float64', 'kind == "mps"'),),
        hint=Hint(
            question=Text(
                en="Is anything wrong with MPS for float32? Which two conditions must hold together before you pass it over?",
                zh="用 MPS 算 float32 有什么问题吗？要跳过它，哪两个条件必须同时成立？",
            ),
            neighbour=Text(
                en="A bridge bears 3 tonnes. 'No lorries' also turns away the empty lorry of 2 tonnes. 'No lorry that is above "
                "3 tonnes' needs both: a lorry, and heavy.",
                zh="一座桥限重 3 吨。“禁止卡车”会把 2 吨的空卡车也拦下。“禁止 3 吨以上的卡车”要两个条件：是卡车，而且重。",
            ),
        ),
    ),
    Wrong(
        "no-float64-accelerator",
        Text(en="every float64 wish goes to the CPU", zh="只要需要 float64，就一律用 CPU"),
        edits=(('(kind == "mps" and dtype == torch.float64)', "(dtype == torch.float64)"),),
        hint=Hint(
            question=Text(
                en="Which of the accelerators lacks float64: all of them, or one?",
                zh="没有 float64 的是哪些加速器：全部，还是只有一种？",
            ),
            neighbour=Text(
                en="One guest of five eats no nuts. Cooking without nuts for all five is safe, but four did without for "
                "nothing. The rule belongs to that guest.",
                zh="五位客人里有一位不吃坚果。五份全不放坚果当然安全，可是另外四位就白白吃不到了。这条规则只属于那一位客人。",
            ),
        ),
    ),
    Wrong(
        "gives-up-early",
        Text(
            en="goes to the CPU as soon as one type does not fit, without looking further",
            zh="一有某个类型不合适，就直接用 CPU，不再往后看",
        ),
        source="""def choose_device(found, dtype):
    for kind, count in found:
        if count > 0 and not (kind == "mps" and dtype == torch.float64):
            return torch.device(kind)
        return torch.device("cpu")
    return torch.device("cpu")
""",
        hint=Hint(
            question=Text(
                en="Follow your loop for a list of two whose first entry does not fit. Does it ever come to the second?",
                zh="列表有两项、第一项不合适时，走一遍你的循环：它会走到第二项吗？",
            ),
            neighbour=Text(
                en="Looking for an even number in [3, 8]: 'is 3 even? no, so there is none' stops too early. Only after the "
                "last entry, behind the loop, can one say 'there is none'.",
                zh="在 [3, 8] 里找偶数：“3 是偶数吗？不是，所以没有”，这就停得太早了。要等最后一项也看完，到了循环之后，才能说“没有”。",
            ),
        ),
    ),
    Wrong(
        "last-one-wins",
        Text(en="takes the last usable type, not the first", zh="取了最后一个可用的类型，而不是第一个"),
        source="""def choose_device(found, dtype):
    best = "cpu"
    for kind, count in found:
        if count > 0 and not (kind == "mps" and dtype == torch.float64):
            best = kind
    return torch.device(best)
""",
        hint=Hint(
            question=Text(
                en="found has the best type first. What is in your variable after the loop: the first fit or the last?",
                zh="found 里最好的类型排在最前。循环结束时，你的变量里是第一个合适的，还是最后一个？",
            ),
            neighbour=Text(
                en="First even number of [7, 4, 9, 6]: with 'if even: answer = n' and no stop, answer becomes 4 and then 6. A "
                "return (or break) at the 4 keeps it.",
                zh="[7, 4, 9, 6] 的第一个偶数：只写“若是偶数：answer = n”而不停下，answer 先是 4，后来变成 6。在 4 那里 return（或 break）才留得住。",
            ),
        ),
    ),
    Wrong(
        "most-of-them",
        Text(en="takes the type with the most devices", zh="取了数量最多的类型"),
        source="""def choose_device(found, dtype):
    fit = [(count, kind) for kind, count in found if count > 0 and not (kind == "mps" and dtype == torch.float64)]
    return torch.device(max(fit)[1] if fit else "cpu")
""",
        hint=Hint(
            question=Text(
                en="What puts the types of found in order: their place in the list, or how many there are?",
                zh="found 里各类型的先后由什么决定：在列表中的位置，还是数量？",
            ),
            neighbour=Text(
                en="Wishes in order: [('train', 1), ('bus', 6)]. The train is the first wish and one seat is enough. Six free "
                "seats on the bus do not change the wish.",
                zh="按愿望排列：[('火车', 1), ('大巴', 6)]。火车是第一愿望，有一个座位就够了。大巴空着六个座位，也改变不了愿望。",
            ),
        ),
    ),
    Wrong(
        "with-an-index",
        Text(en='"cuda:0" where the card asks for "cuda"', zh='卡片要的是 "cuda"，却给了 "cuda:0"'),
        edits=(("return torch.device(kind)", 'return torch.device(f"{kind}:0")'),),
        hint=Hint(
            question=Text(
                en='Print torch.device("cuda") == torch.device("cuda:0"). Which of the two does the card ask for?',
                zh='打印 torch.device("cuda") == torch.device("cuda:0")。卡片要的是哪一个？',
            ),
            neighbour=Text(
                en="'A seat in row 4' and 'seat 1 in row 4' are different bookings, even where row 4 has a single seat. The "
                "first leaves the choice to the conductor.",
                zh="“第 4 排的一个座位”和“第 4 排 1 座”是两张不同的票，哪怕第 4 排只有一个座位。前者把选择留给了乘务员。",
            ),
        ),
    ),
    Wrong(
        "no-fallback",
        Text(en="returns None when nothing fits", zh="没有合适的类型时返回了 None"),
        edits=(('return torch.device("cpu")', "return None"),),
        hint=Hint(
            question=Text(
                en="What does your function return when the loop ends without a find?",
                zh="循环结束也没找到时，你的函数返回什么？",
            ),
            neighbour=Text(
                en="def first_even(ns): the loop returns an even n. For [1, 3] it ends without, and Python returns None in "
                "silence. A line behind the loop says what is to be then.",
                zh="def first_even(ns)：循环里遇到偶数 n 就返回。对 [1, 3]，循环走完也没有返回，Python 便默默返回 None。循环后面再写一行，说明这时该怎么办。",
            ),
        ),
    ),
)

RIGHT = (
    Right(
        "next-of-a-generator",
        '''def choose_device(found, dtype):
    """The first fit of a generator, else the CPU."""
    lacking = {"mps"} if dtype is torch.float64 else set()
    return torch.device(next((kind for kind, count in found if count and kind not in lacking), "cpu"))
''',
    ),
    Right(
        "filter-first",
        '''def choose_device(found, dtype):
    """Throws out what does not fit, then takes the head of the list."""
    usable = [kind for kind, count in found if count >= 1]
    if dtype == torch.float64 and "mps" in usable:
        usable.remove("mps")
    usable.append("cpu")
    return torch.device(usable[0])
''',
    ),
    Right(
        "recursive",
        '''def choose_device(found, dtype):
    """The head, or whatever the rest of the list gives."""
    if not found:
        return torch.device("cpu")
    (kind, count), *rest = found
    if count == 0 or (kind, dtype) == ("mps", torch.float64):
        return choose_device(rest, dtype)
    return torch.device(type=kind)
''',
    ),
)

EXERCISE = Exercise(
    title=Text(en="0.1 Choose a device", zh="0.1 选择设备"),
    properties=(
        Property("available", Text(en="the first type that is there", zh="第一个可用的类型"), points=2.0),
        Property("none", Text(en="the CPU where nothing is there", zh="什么都没有时用 CPU"), only_with="available"),
        Property("float64", Text(en="no MPS for float64", zh="float64 不用 MPS"), only_with="available"),
        Property("object", Text(en="a torch.device", zh="返回 torch.device"), only_with="available"),
        Property("index", Text(en="without an index", zh="不带编号"), only_with="available"),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Say the rule in one sentence that begins with 'the first pair such that'. Which conditions follow, and what "
            "holds if there is no such pair?",
            zh="用一句以“第一个满足……的”开头的话说出规则。要满足哪些条件？如果一个也没有，又该怎样？",
        ),
        neighbour=Text(
            en="The first open shop that has rye bread, else stay at home: for shop, loaves in shops: if loaves > 0: return shop; "
            "behind the loop: return 'home'. For [('A', 0), ('B', 5), ('C', 9)] it returns 'B'.",
            zh="第一家还有黑麦面包的店，都没有就待在家里：for shop, loaves in shops: if loaves > 0: return shop；"
            "循环之后：return 'home'。对 [('A', 0), ('B', 5), ('C', 9)]，返回 'B'。",
        ),
    ),
)
