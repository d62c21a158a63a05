"""Exercise 5.1: the order of the way back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Survivor, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Asks for the order once; yields it, then the graph as the call left it."""
    parents = {name: list(several) for name, several in case["parents"].items()}
    yield "order", ns["topological"](parents, case["root"])
    yield "parents", parents


def _case(name: str, label: Text, root: str, **parents: str) -> Case:
    """parents: for each name the letters of its parents."""
    return Case(name, label, {"parents": {key: list(letters) for key, letters in parents.items()}, "root": root})


PUBLIC = (
    _case("chain", Text(en="a chain: c from b, b from a", zh="一条链：c 来自 b，b 来自 a"), "c", a="", b="a", c="b"),
    _case("diamond", Text(en="a diamond: z from a and c, both from x", zh="菱形：z 来自 a 和 c，两者都来自 x"), "z", x="", a="x", c="x", z="ac"),
    _case("late-share", Text(en="m is used in z itself and, by a detour, in s", zh="m 既用在 z 里，又绕道用在 s 里"), "z", x="", m="x", s="mm", t="s", z="mt"),
    _case("stranger", Text(en="q is there, but z does not depend on it", zh="q 也在，但 z 不依赖它"), "z", x="", q="x", a="x", z="aa"),
    _case("middle", Text(en="the root is not the last name", zh="根不是最后一个名字"), "b", x="", b="xx", z="bx"),
    _case("leaf", Text(en="the root is a leaf", zh="根就是叶子"), "x", x="", z="x"),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """Random graphs of up to 200 names in which values are used again and again, and a ladder of diamonds."""
    cases = []
    for number, size in enumerate((8, 15, 40, 200)):
        names = [f"n{code:03}" for code in rng.permutation(size)]
        parents = {
            name: [names[int(i)] for i in rng.integers(0, place, int(rng.integers(1, 4)))] if place else []
            for place, name in enumerate(names)
        }
        label = Text(en=f"a random graph of {size} names", zh=f"{size} 个名字的随机图")
        cases.append(Case(f"random-{number}", label, {"parents": parents, "root": names[-1]}))
    ladder: dict[str, list[str]] = {"a00": []}
    for step in range(20):
        below = f"a{step:02}"
        ladder |= {f"l{step:02}": [below], f"r{step:02}": [below], f"a{step + 1:02}": [f"l{step:02}", f"r{step:02}"]}
    cases.append(
        Case("ladder", Text(en="twenty diamonds in a row", zh="二十个菱形连成一串"), {"parents": ladder, "root": "a20"})
    )
    return cases


_LATE = Hint(
    question=Text(
        en="In the case where m is used twice: which of its uses comes last on the way back? Does m stand behind all of them in your list?",
        zh="在 m 用了两次的算例里，往回走时它的哪次使用最后才到？在你的列表里，m 排在所有使用之后吗？",
    ),
    neighbour=Text(
        en="A clerk needs three signatures before he can send a file on. After the first one he still has two to wait for. Keep a count of the "
        "missing ones, and send the file when it reaches 0.",
        zh="一份文件要集齐三个签名才能往下送。拿到第一个时，还得等另外两个。记着还缺几个，缺到 0 个时再送。",
    ),
)

WRONG = (
    Wrong(
        "breadth-first",
        Text(en="layer by layer: a name is written down when it is first reached", zh="一层一层地走：第一次到达就写下"),
        source='''def topological(parents, root):
    order = [root]
    for name in order:
        for parent in sorted(parents[name]):
            if parent not in order:
                order.append(parent)
    return order
''',
        hint=_LATE,
    ),
    Wrong(
        "before-all-uses",
        Text(en="a name counts as ready after its first use", zh="第一次使用之后就当作可以排了"),
        source='''def topological(parents, root):
    order, ready, seen = [], [root], {root}
    while ready:
        name = min(ready)
        ready.remove(name)
        order.append(name)
        for parent in parents[name]:
            if parent not in seen:
                seen.add(parent)
                ready.append(parent)
    return order
''',
        hint=_LATE,
    ),
    Wrong(
        "leaves-first",
        Text(en="the list is the wrong way round: leaves first", zh="列表方向反了：叶子在最前面"),
        edits=(("    return order\n", "    return order[::-1]\n"),),
        hint=Hint(
            question=Text(
                en="Where does the way back begin: at the result or at the leaves? What stands first in your list?",
                zh="往回走从哪里开始，结果还是叶子？你的列表里第一个是什么？",
            ),
            neighbour=Text(
                en="Dressing: shirt, then jacket. Undressing runs the other way: jacket, then shirt. The way back is the undressing.",
                zh="穿衣服：先衬衫，后外套。脱衣服则反过来：先外套，后衬衫。往回走就是脱衣服。",
            ),
        ),
    ),
    Wrong(
        "repeated",
        Text(en="a name is listed once for each way that leads to it", zh="有几条路通向一个名字，就列了几次"),
        source='''def topological(parents, root):
    order = []
    ready = [root]
    while ready:
        name = min(ready)
        ready.remove(name)
        order.append(name)
        ready += parents[name]
    return order
''',
        hint=Hint(
            question=Text(
                en="How often does x stand in your list in the diamond? How often may it hand its gradient on?",
                zh="在菱形的算例里，x 在你的列表里出现了几次？它可以把梯度往下传几次？",
            ),
            neighbour=Text(
                en="Two letters announce the same guest. Whoever lays a place for each letter lays two. Keep a list of the guests, not of the letters.",
                zh="两封信通知的是同一位客人。按信摆碗筷，就摆成了两份。该记的是客人，不是信。",
            ),
        ),
    ),
    Wrong(
        "strangers-included",
        Text(en="names that the root does not depend on are listed, too", zh="把根不依赖的名字也列了进去"),
        source='''def topological(parents, root):
    uses = {name: 0 for name in parents}
    for several in parents.values():
        for parent in several:
            uses[parent] += 1
    order, ready = [], [name for name in parents if uses[name] == 0]
    while ready:
        name = min(ready)
        ready.remove(name)
        order.append(name)
        for parent in parents[name]:
            uses[parent] -= 1
            if uses[parent] == 0:
                ready.append(parent)
    return order
''',
        hint=Hint(
            question=Text(
                en="Does z depend on q? Can you get from z to q by following parents?",
                zh="z 依赖 q 吗？从 z 出发沿着双亲走，到得了 q 吗？",
            ),
            neighbour=Text(
                en="A recipe for soup in a book of 200 recipes: the shopping list holds what this soup needs, and what its stock needs, and nothing else.",
                zh="一本书里有 200 道菜，今天只做汤：购物单上只写这道汤要的，以及熬高汤要的，别的都不写。",
            ),
        ),
    ),
    Wrong(
        "strangers-counted",
        Text(en="uses by names that the root does not depend on are waited for", zh="连根不依赖的名字对它的使用也在等"),
        source='''def topological(parents, root):
    uses = {name: 0 for name in parents}
    for several in parents.values():
        for parent in several:
            uses[parent] += 1
    order, ready = [], [root]
    while ready:
        name = min(ready)
        ready.remove(name)
        order.append(name)
        for parent in parents[name]:
            uses[parent] -= 1
            if uses[parent] == 0:
                ready.append(parent)
    return order
''',
        hint=Hint(
            question=Text(
                en="Which uses of x do you count in the case with the stranger q? Will the one by q ever be written down?",
                zh="在有局外者 q 的算例里，你数了 x 的哪些使用？q 的那一次，会有被写下的时候吗？",
            ),
            neighbour=Text(
                en="Waiting for the answers of 3 people, one of whom was never asked: you wait for ever. Count only those who were asked.",
                zh="等 3 个人的回信，其中一个根本没去问过：永远等不齐。只数问过的人。",
            ),
        ),
    ),
    Wrong(
        "ties-as-they-come",
        Text(en="ties are not broken alphabetically", zh="并列时没有按字母次序"),
        edits=(("        name = min(ready)\n        ready.remove(name)\n", "        name = ready.pop()\n"),),
        hint=Hint(
            question=Text(
                en="In the diamond both a and c are ready after z. Which comes first, by the card?",
                zh="在菱形的算例里，z 之后 a 和 c 都可以排。按题目要求，谁在前？",
            ),
            neighbour=Text(
                en="'Ben, Ann' and 'Ann, Ben' are both fair queues. To compare two lists one needs a rule: Ann first.",
                zh="“小李、小陈”和“小陈、小李”都算公平的排队。要比较两份名单，就得有规则：比如按拼音，小陈在前。",
            ),
        ),
    ),
    Wrong(
        "root-missing",
        Text(en="the root itself is left out", zh="漏了根自己"),
        edits=(("    return order\n", "    return order[1:]\n"),),
        hint=Hint(
            question=Text(
                en="Who hands on the very first gradient, the 1? Is it in your list?",
                zh="最初的那个梯度 1，由谁传下去？它在你的列表里吗？",
            ),
            neighbour=Text(
                en="The list of everybody in the room includes the person who writes it: 1 + 5 guests are 6.",
                zh="“房间里所有人”的名单也包括写名单的人：1 加 5 位客人，是 6。",
            ),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "heap",
        '''def topological(parents, root):
    """With a heap, and a recursive search for what is reached."""
    import heapq

    missing = {}

    def reach(name):
        missing[name] = 0
        for parent in parents[name]:
            if parent not in missing:
                reach(parent)

    reach(root)
    for name in missing:
        for parent in parents[name]:
            missing[parent] += 1
    order, heap = [], [root]
    while heap:
        name = heapq.heappop(heap)
        order.append(name)
        for parent in parents[name]:
            missing[parent] -= 1
            if missing[parent] == 0:
                heapq.heappush(heap, parent)
    return order
''',
    ),
    Right(
        "by-elimination",
        '''def topological(parents, root):
    """Takes away, again and again, the first name that nobody left uses."""
    left = set()
    todo = [root]
    while todo:
        name = todo.pop()
        if name not in left:
            left.add(name)
            todo.extend(parents[name])
    order = []
    while left:
        used = {parent for name in left for parent in parents[name]}
        order.append(min(left - used))
        left.remove(order[-1])
    return tuple(order)
''',
    ),
)

EXERCISE = Exercise(
    title=Text(en="5.1 The order of the way back", zh="5.1 往回走的次序"),
    properties=(
        Property("order", Text(en="the order", zh="次序"), points=4.0),
        Property("parents", Text(en="the graph is left as it was", zh="图保持原样"), only_with="order"),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Draw the failing graph, with arrows from each name to its parents. Go through your list: has each name all its users before it?",
            zh="把出错的那张图画出来，从每个名字画箭头到它的双亲。对照你的列表：每个名字的使用者都排在它前面吗？",
        ),
        neighbour=Text(
            en="w from u and v, v from u: uses of u: 2 (by w and v), of v: 1. Take w: u has 1 left, v 0. Take v: u has 0. Take u. The order is w, v, u.",
            zh="w 来自 u 和 v，v 来自 u：u 的使用有 2 次（w 和 v），v 的有 1 次。取 w：u 剩 1，v 剩 0。取 v：u 剩 0。取 u。次序是 w、v、u。",
        ),
    ),
    survivors=(
        Survivor(
            "uses, reached = {root: 0}, [root]",
            "0 -> 1",
            "nothing that the root depends on uses the root, so its count is never looked at",
        ),
    ),
)
