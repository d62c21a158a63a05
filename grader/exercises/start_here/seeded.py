"""Exercise 0.2: repeatable draws from three sources of chance, and no trace of them afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Calls ``seeded`` twice with a function that draws, then once with one that raises; yields what was drawn.

    The three sources are left as they were found, whatever the answer does to them.
    """
    import random

    import numpy as np
    import torch

    found = random.getstate(), np.random.get_state(), torch.get_rng_state()
    log: list[tuple[float, float, list[float]]] = []

    def draw() -> tuple[float, float, list[float]]:
        return random.random(), float(np.random.random()), torch.rand(case["size"]).tolist()  # noqa: S311

    def work() -> int:
        log.append(draw())
        return 10 * len(log)

    def accident() -> None:
        draw()
        raise ArithmeticError("an accident")

    def outside() -> None:
        random.seed(case["outer"])
        np.random.seed(case["outer"])
        torch.manual_seed(case["outer"])

    try:
        outside()
        yield "results", ns["seeded"](work, case["seed"], case["times"])
        after = draw()
        ns["seeded"](work, case["seed"], case["times"])
        for place, source in enumerate(("python", "numpy", "torch")):
            yield source, [drawn[place] for drawn in log]
        for place, source in enumerate(("python", "numpy", "torch")):
            yield f"after_{source}", after[place]
        outside()
        arrived = "nothing"
        try:
            ns["seeded"](accident, case["seed"], case["times"] + 1)
        except ArithmeticError as error:
            arrived = f"{type(error).__name__}: {error}"
        yield "accident", [arrived, *draw()]
    finally:
        random.setstate(found[0])
        np.random.set_state(found[1])
        torch.set_rng_state(found[2])


def _case(name: str, seed: int, times: int, size: int, outer: int) -> Case:
    label = Text(en=f"seed {seed}, times = {times}", zh=f"种子 {seed}，times = {times}")
    return Case(name, label, {"seed": seed, "times": times, "size": size, "outer": outer})


PUBLIC = (
    _case("one-call", 5, 1, 1, 77),
    _case("three-calls", 8, 3, 2, 78),
    _case("no-call", 3, 0, 2, 79),
)


def hidden(rng: np.random.Generator) -> list[Case]:
    """Other seeds, the smallest and the largest among them, and longer rows of calls."""
    plans = ((0, 2, 3), (2**32 - 1, 4, 1), (int(rng.integers(100, 2**31)), 5, 17), (int(rng.integers(9, 99)), 1, 6))
    return [
        _case(f"random-{number}", seed, times, size, int(rng.integers(100, 2**31)))
        for number, (seed, times, size) in enumerate(plans)
    ]


_SEED = ("  random.seed(seed)", "np.random.seed(seed)", "torch.manual_seed(seed)")
_RESTORE = ("random.setstate(before)", "np.random.set_state(before_numpy)", "torch.set_rng_state(before_torch)")


def _not_seeded(source: Text) -> Hint:
    return Hint(
        question=Text(
            en="Who else draws? Name the three sources and the line of yours that seeds each. Where is {source}?",
            zh="还有谁在抽随机数？说出三个来源，以及你的哪一行给它设了种子。{source}在哪里？",
        ).format(source=source),
        neighbour=Text(
            en="Three clocks in a house are set by three knobs. Setting the kitchen clock to noon leaves the other two where they "
            "were: kitchen 12:00, hall 9:41, attic 3:05. A new clock set to noon changes none of the old ones either.",
            zh="家里有三个钟，各有各的旋钮。把厨房的钟拨到正午，另外两个还是老样子：厨房 12:00，门厅 9:41，阁楼 3:05。"
            "就算买一个新钟拨到正午，那几个旧的也不会变。",
        ),
    )


def _leak(source: Text) -> Hint:
    return Hint(
        question=Text(
            en="Draw once after seeded(...) and once without having called it. Which of the three sources gives another "
            "number? Look at {source}.",
            zh="调用 seeded(...) 之后抽一个数，再与没有调用过它时抽到的比一比。三个来源中哪一个变了？看看{source}。",
        ).format(source=source),
        neighbour=Text(
            en="You borrow a book with a bookmark at page 120 and read from page 1. Before: note = 120. After: put the mark back at "
            "page 120. Left at page 14, the owner reads the wrong page without noticing.",
            zh="你借来一本书，书签夹在第 120 页，你从第 1 页读起。读之前记下 120，读完把书签放回第 120 页。若留在第 14 页，"
            "书的主人会不知不觉读错地方。",
        ),
    )


_MOVES_ON = Hint(
    question=Text(
        en="Which state must the caller find afterwards: the one before your seeding, or a state that you have made?",
        zh="之后调用者应当遇到哪个状态：你设种子之前的，还是由你造出来的？",
    ),
    neighbour=Text(
        en="A tape stands at 731. You wind it to 0 and play. Winding it to 0 again afterwards gives a known place, "
        "but not the 731 where its owner had stopped. Noting the counter must come before the winding.",
        zh="磁带停在 731。你倒到 0 开始播放。放完再倒回 0，位置倒是确定了，却不是主人停下的 731。要记下计数，就必须在倒带之前。",
    ),
)

WRONG = (
    Wrong(
        "leaks-everything",
        Text(en="the caller's sources are never restored", zh="调用者的随机源一个也没有恢复"),
        edits=tuple((line, "pass") for line in _RESTORE),
        hint=_leak(Text(en="all three", zh="全部三个")),
    ),
    Wrong(
        "leaks-python",
        Text(en="Python's own source is not restored", zh="没有恢复 Python 自带的随机源"),
        edits=((_RESTORE[0], "pass"),),
        hint=_leak(Text(en="Python's", zh="Python 自带的那个")),
    ),
    Wrong(
        "leaks-numpy",
        Text(en="NumPy's source is not restored", zh="没有恢复 NumPy 的随机源"),
        edits=((_RESTORE[1], "pass"),),
        hint=_leak(Text(en="NumPy's", zh="NumPy 的那个")),
    ),
    Wrong(
        "leaks-torch",
        Text(en="torch's source is not restored", zh="没有恢复 torch 的随机源"),
        edits=((_RESTORE[2], "pass"),),
        hint=_leak(Text(en="torch's", zh="torch 的那个")),
    ),
    Wrong(
        "forgets-python",
        Text(en="Python's own source is not seeded", zh="没有给 Python 自带的随机源设种子"),
        edits=((_SEED[0], "  pass"),),
        hint=_not_seeded(Text(en="Python's", zh="Python 的那一行")),
    ),
    Wrong(
        "forgets-numpy",
        Text(
            en="NumPy's global source is not seeded (a new generator does not seed it)",
            zh="没有给 NumPy 的全局随机源设种子（新建一个生成器不等于给它设种子）",
        ),
        edits=((_SEED[1], "np.random.default_rng(seed)"),),
        hint=_not_seeded(Text(en="NumPy's", zh="NumPy 的那一行")),
    ),
    Wrong(
        "forgets-torch",
        Text(en="torch's source is not seeded", zh="没有给 torch 的随机源设种子"),
        edits=((_SEED[2], "torch.Generator().manual_seed(seed)"),),
        hint=_not_seeded(Text(en="torch's", zh="torch 的那一行")),
    ),
    Wrong(
        "fixed-seed",
        Text(en="seeds with 0, whatever seed says", zh="总用 0 作种子，没有用 seed"),
        edits=tuple((line, line.replace("(seed)", "(0)")) for line in _SEED),
        hint=Hint(
            question=Text(
                en="Do seeded(fn, 1, 1) and seeded(fn, 2, 1) give different results? Where does your code use seed?",
                zh="seeded(fn, 1, 1) 与 seeded(fn, 2, 1) 的结果不同吗？你的代码在哪里用到了 seed？",
            ),
            neighbour=Text(
                en="def greet(name): return 'Hello Ann'. For Ann it is right, for Bo it says 'Hello Ann': a test with one name does "
                "not see it.",
                zh="def greet(name): return '你好，小安'。对小安是对的，对小波也说“你好，小安”：只用一个名字测试，看不出来。",
            ),
        ),
    ),
    Wrong(
        "seeds-before-each-call",
        Text(en="seeds before each call: all results are the same", zh="每次调用之前都设种子：所有结果都一样"),
        source="""def seeded(fn, seed, times):
    def one():
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        return fn()

    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        return [one() for _ in range(times)]
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
""",
        hint=Hint(
            question=Text(
                en="With times = 3, are your three draws different from each other? Should they be?",
                zh="times = 3 时，你抽到的三次结果彼此不同吗？应该不同吗？",
            ),
            neighbour=Text(
                en="A pack shuffled in a known way: 7, 2, 9, 4. Shuffle once and deal three: 7, 2, 9. Shuffle in the same way before "
                "each card: 7, 7, 7.",
                zh="一副牌按固定的方式洗好：7、2、9、4。洗一次发三张：7、2、9。每发一张之前都照样重洗一遍：7、7、7。",
            ),
        ),
    ),
    Wrong(
        "seeds-only-once-ever",
        Text(
            en="seeds in the first call of the session only",
            zh="只在整个会话的第一次调用时设种子",
        ),
        source="""already = set()


def seeded(fn, seed, times):
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    if seed not in already:
        already.add(seed)
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
    try:
        return [fn() for _ in range(times)]
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
""",
        hint=Hint(
            question=Text(
                en="Call seeded(fn, 5, 1) twice in a row. What is different for the second call?",
                zh="连续调用两次 seeded(fn, 5, 1)。第二次有什么不一样？",
            ),
            neighbour=Text(
                en="A race starts at the line: on Monday 100 m. Who on Tuesday starts where Monday ended, runs from 100 to 200. To "
                "compare the two runs, each must start at the line.",
                zh="赛跑从起跑线开始：星期一跑了 100 米。星期二若从星期一的终点起跑，跑的就是 100 到 200 米。要比较两次，每次都得从起跑线出发。",
            ),
        ),
    ),
    Wrong(
        "restores-by-seeding",
        Text(
            en="seeds again afterwards in place of restoring the old state",
            zh="结束后又设了一次种子，而不是恢复原来的状态",
        ),
        edits=tuple((old, new.strip()) for old, new in zip(_RESTORE, _SEED, strict=True)),
        hint=_MOVES_ON,
    ),
    Wrong(
        "saved-too-late",
        Text(en="the state is saved after the seeding", zh="设完种子之后才保存状态"),
        source="""def seeded(fn, seed, times):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        return [fn() for _ in range(times)]
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
""",
        hint=_MOVES_ON,
    ),
    Wrong(
        "no-finally",
        Text(en="the state is not restored when fn raises", zh="fn 报错时没有恢复状态"),
        source="""def seeded(fn, seed, times):
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    results = [fn() for _ in range(times)]
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])
    return results
""",
        hint=Hint(
            question=Text(
                en="If fn raises, which of your lines are still run? Which word of Python runs a line in any case?",
                zh="如果 fn 报错，你的哪些行还会执行？Python 的哪个关键字能保证无论如何都执行？",
            ),
            neighbour=Text(
                en="lights = 'on'; work(); lights = 'off'. If work() raises, the light burns all night. try: work() finally: lights = "
                "'off' turns it off, and the error still reaches the porter.",
                zh="lights = 'on'; work(); lights = 'off'。如果 work() 报错，灯会亮一整夜。写成 try: work() finally: lights = 'off'，灯会关掉，"
                "错误也照样传到值班的人那里。",
            ),
        ),
    ),
    Wrong(
        "swallows-the-error",
        Text(en="the exception of fn disappears", zh="fn 的异常被吞掉了"),
        edits=(("    finally:", "    except Exception:\n        return []\n    finally:"),),
        hint=Hint(
            question=Text(
                en="How does the caller learn that fn failed? What does finally do that except does not?",
                zh="调用者怎么知道 fn 失败了？finally 与 except 的作用有什么不同？",
            ),
            neighbour=Text(
                en="A courier drops a parcel and brings you an empty box: you learn of it in a month. With 'except: return []' an "
                "empty list means both 'nothing was wanted' and 'all went wrong'. finally cleans up and lets the error pass.",
                zh="快递员摔坏了包裹，却递给你一个空箱子：一个月后你才发现。写了“except: return []”，空列表既可能表示“本来就不要”，"
                "也可能表示“全搞砸了”。finally 只管收拾，错误照样放行。",
            ),
        ),
    ),
    Wrong(
        "only-the-last",
        Text(en="returns the last result in place of the list", zh="只返回最后一个结果，而不是列表"),
        edits=(("return [fn() for _ in range(times)]", "return [None, *(fn() for _ in range(times))][-1]"),),
        hint=Hint(
            question=Text(
                en="What shall come back for times = 3, and what for times = 0?",
                zh="times = 3 时应当返回什么？times = 0 时呢？",
            ),
            neighbour=Text(
                en="Three tickets drawn: [4, 1, 6]. 'The result' 6 tells nothing of the other two. No ticket at all is the empty "
                "list, [].",
                zh="抽三张号：[4, 1, 6]。只说“结果是 6”，另外两次就无从得知了。一次也没抽，就是空列表 []。",
            ),
        ),
    ),
    Wrong(
        "ignores-times",
        Text(en="calls fn once, whatever times says", zh="不管 times 是多少，只调用一次 fn"),
        edits=(("return [fn() for _ in range(times)]", "return [fn()]"),),
        hint=Hint(
            question=Text(
                en="Where does your code use times? How often is fn called for times = 0?",
                zh="你的代码在哪里用到了 times？times = 0 时，fn 被调用了几次？",
            ),
            neighbour=Text(
                en="A recipe for n pancakes: [bake() for _ in range(n)] gives 4 for n = 4 and none for n = 0. [bake()] gives one "
                "to everybody.",
                zh="做 n 张煎饼：[bake() for _ in range(n)] 在 n = 4 时做 4 张，n = 0 时一张不做。[bake()] 则对谁都是一张。",
            ),
        ),
    ),
    Wrong(
        "same-object-repeated",
        Text(en="calls fn once and repeats its result", zh="只调用一次 fn，再把结果重复几遍"),
        edits=(("return [fn() for _ in range(times)]", "return [fn()] * times"),),
        hint=Hint(
            question=Text(
                en="How often does [fn()] * 3 call fn?",
                zh="[fn()] * 3 调用了几次 fn？",
            ),
            neighbour=Text(
                en="[throw()] * 3 throws once and writes the same number three times: [5, 5, 5]. [throw() for _ in range(3)] throws "
                "three times: [5, 2, 2].",
                zh="[throw()] * 3 只掷一次，把同一个数写三遍：[5, 5, 5]。[throw() for _ in range(3)] 掷三次：[5, 2, 2]。",
            ),
        ),
    ),
)

RIGHT = (
    Right(
        "context-manager",
        '''import contextlib


@contextlib.contextmanager
def _other_dice(seed):
    mine, numpys = random.getstate(), np.random.get_state()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        np.random.seed(seed)
        random.seed(seed)
        try:
            yield
        finally:
            np.random.set_state(numpys)
            random.setstate(mine)


def seeded(fn, seed, times):
    """Everything random happens inside a context manager."""
    with _other_dice(seed):
        results = []
        for _ in range(times):
            results.append(fn())
    return results
''',
    ),
    Right(
        "table-of-sources",
        '''def seeded(fn, seed, times):
    """Each source is a triple: how to seed it, how to read its state, how to write it."""
    sources = (
        (torch.default_generator.manual_seed, torch.default_generator.get_state, torch.default_generator.set_state),
        (random.seed, random.getstate, random.setstate),
        (np.random.seed, np.random.get_state, np.random.set_state),
    )
    states = [read() for _, read, _ in sources]
    for sow, _, _ in sources:
        sow(seed)
    error, results = None, []
    try:
        while len(results) < times:
            results += [fn()]
    except BaseException as raised:
        error = raised
    for (_, _, write), state in zip(sources, states):
        write(state)
    if error is not None:
        raise error
    return results
''',
    ),
    Right(
        "exit-stack",
        '''from contextlib import ExitStack


def seeded(fn, seed, times):
    """Every source leaves a note on a stack, which is worked off in any case."""
    with ExitStack() as stack:
        stack.callback(random.setstate, random.getstate())
        stack.callback(np.random.set_state, np.random.get_state())
        stack.callback(torch.set_rng_state, torch.get_rng_state())
        random.seed(seed), np.random.seed(seed), torch.manual_seed(seed)
        return list(map(lambda _: fn(), range(times)))
''',
    ),
)

EXERCISE = Exercise(
    title=Text(en="0.2 Repeatable, and no trace", zh="0.2 可重现，不留痕迹"),
    properties=(
        Property("results", Text(en="the list of fn's results", zh="fn 各次结果的列表")),
        Property("python", Text(en="what fn draws from random", zh="fn 从 random 抽到的数")),
        Property("numpy", Text(en="what fn draws from np.random", zh="fn 从 np.random 抽到的数")),
        Property("torch", Text(en="what fn draws from torch", zh="fn 从 torch 抽到的数")),
        Property(
            "after_python", Text(en="random goes on as if nothing had been", zh="random 如常继续"), only_with="python"
        ),
        Property(
            "after_numpy",
            Text(en="np.random goes on as if nothing had been", zh="np.random 如常继续"),
            only_with="numpy",
        ),
        Property(
            "after_torch", Text(en="torch goes on as if nothing had been", zh="torch 如常继续"), only_with="torch"
        ),
        Property(
            "accident", Text(en="the same when fn raises", zh="fn 报错时也一样，且异常照样传出"), only_with="results"
        ),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="There are four steps: remember, seed, call, restore. For which of the three sources, and in which order, does your "
            "code do each of them?",
            zh="一共四步：记住、设种子、调用、恢复。你的代码对三个来源中的哪几个、按什么次序做了每一步？",
        ),
        neighbour=Text(
            en="To look something up in somebody's open book: note the page (120), turn to the page you need (7), read, turn "
            "back to 120. If the telephone rings while you read, you still turn back first: try: read() finally: turn_to(120).",
            zh="要在别人翻开的书里查点东西：记下页码（120），翻到需要的那页（7），读，再翻回 120。读的时候哪怕电话响了，也要先翻回去："
            "try: read() finally: turn_to(120)。",
        ),
    ),
)
