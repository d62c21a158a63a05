"""Exercise 3.3: a batched product with a weight matrix, the keys shared by the batch or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Yields the scores, by the kind of the keys; for two batches, how many more operations the larger one took."""
    from torch.utils._python_dispatch import TorchDispatchMode

    class Counter(TorchDispatchMode):
        count = 0

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            self.count += 1
            return func(*args, **(kwargs or {}))

    q, w, k = case["q"], case["w"], case["k"]
    if case["kind"] != "operations":
        yield case["kind"], ns["match_scores"](q, w, k)
        return
    counts = []
    for batch, queries, keys in ((2, 3, 2), (4, 5, 6)):
        few_q, few_k = q[:batch, :queries].clone(), k[:batch, :keys].clone()
        with Counter() as counter:
            ns["match_scores"](few_q, w, few_k)
        counts.append(counter.count)
    yield "operations", counts[1] - counts[0]


def _case(name: str, label: Text, q: torch.Tensor, w: torch.Tensor, k: torch.Tensor, kind: str = "own") -> Case:
    return Case(name, label, {"q": q, "w": w, "k": k, "kind": kind})


def _whole(rng: np.random.Generator, *shape: int) -> torch.Tensor:
    """Small whole numbers, none of them 0, so that a student can follow them on paper."""
    return torch.from_numpy(rng.integers(1, 5, shape) * rng.choice([-1.0, 1.0], shape))


def _public() -> tuple[Case, ...]:
    rng = np.random.default_rng(33)
    return (
        _case(
            "one",
            Text(
                en="one sample, one query, one key: [1, 1, 2], [2, 3], [1, 1, 3]",
                zh="一个样本、一个查询、一个键：[1, 1, 2]、[2, 3]、[1, 1, 3]",
            ),
            _whole(rng, 1, 1, 2),
            _whole(rng, 2, 3),
            _whole(rng, 1, 1, 3),
        ),
        _case(
            "all-two",
            Text(en="every size is 2", zh="各维大小都是 2"),
            _whole(rng, 2, 2, 2),
            _whole(rng, 2, 2),
            _whole(rng, 2, 2, 2),
        ),
        _case(
            "oblong",
            Text(en="sizes B, N, M, I, J = 2, 3, 4, 5, 6", zh="B、N、M、I、J = 2、3、4、5、6"),
            _whole(rng, 2, 3, 5),
            _whole(rng, 5, 6),
            _whole(rng, 2, 4, 6),
        ),
        _case(
            "shared",
            Text(en="keys [4, 3] for a batch of 2", zh="一批 2 个样本，键为 [4, 3]"),
            _whole(rng, 2, 3, 2),
            _whole(rng, 2, 3),
            _whole(rng, 4, 3),
            "shared",
        ),
        _case(
            "shared-with-axis",
            Text(en="keys [1, 4, 3] for a batch of 2", zh="一批 2 个样本，键为 [1, 4, 3]"),
            _whole(rng, 2, 3, 2),
            _whole(rng, 2, 3),
            _whole(rng, 1, 4, 3),
            "stretched",
        ),
        _case("operations", _SIZES, _whole(rng, 4, 5, 2), _whole(rng, 2, 3), _whole(rng, 4, 6, 3), "operations"),
    )


_SIZES = Text(
    en="(2, 3, 2) and then (4, 5, 6) for B, N, M: how many more operations?",
    zh="B、N、M 先取 (2, 3, 2)，再取 (4, 5, 6)：运算多了几次？",
)

PUBLIC = _public()


def hidden(rng: np.random.Generator) -> list[Case]:
    """Other sizes, a batch of one, shared keys, other layouts, float32."""

    def draw(*shape: int) -> torch.Tensor:
        return torch.from_numpy(rng.standard_normal(shape))

    cases = []
    for number, (b, n, m, i, j) in enumerate(((3, 2, 5, 4, 6), (1, 4, 2, 3, 5), (5, 1, 3, 2, 2), (4, 4, 4, 4, 4))):
        label = Text(en=f"B, N, M, I, J = {b}, {n}, {m}, {i}, {j}", zh=f"B、N、M、I、J = {b}、{n}、{m}、{i}、{j}")
        q, w, k = draw(b, n, i), draw(i, j), draw(b, m, j)
        if number == 0:
            q, w, k = draw(i, n, b).permute(2, 1, 0), draw(j, i).T, draw(b, m, 2 * j)[..., ::2]
        if number == 2:
            q, w, k = q.float(), w.float(), k.float()
        cases.append(_case(f"random-{number}", label, q, w, k))
        cases.append(_case(f"shared-{number}", label, q, w, k[0], "shared"))
        cases.append(_case(f"stretched-{number}", label, q, w, k[:1], "stretched"))
    cases.append(_case("count", _SIZES, draw(4, 5, 2), draw(2, 3), draw(4, 6, 3), "operations"))
    return cases


_EINSUM_HINT = Hint(
    question=Text(
        en="Read the formula aloud: which letters stand on the left, and which two are summed over? Does your equation say the same?",
        zh="把公式念一遍：左边有哪些字母？求和的是哪两个？你写的式子是这样说的吗？",
    ),
    neighbour=Text(
        en="Price of each order: amounts[order, item], prices[item]. 'oi,i->o' keeps the orders and sums over the items. 'oi,i->i' "
        "would sum over the orders, 'oi,i->oi' over nothing.",
        zh="每张订单的价钱：数量表的两维是订单、商品，单价只有商品一维。'oi,i->o' 保留订单、对商品求和。'oi,i->i' 就成了对订单求和，'oi,i->oi' 则什么也不求和。",
    ),
)

_TURN_HINT = Hint(
    question=Text(
        en="k is [B, M, J]. Which two axes must change places so that J meets J, and which one has to stay in front?",
        zh="k 是 [B, M, J]。要让 J 碰上 J，哪两维应当对调？哪一维要留在最前面？",
    ),
    neighbour=Text(
        en="photos of shape [10, 4, 3], each to be turned into [3, 4]: transpose(-2, -1) gives [10, 3, 4]. transpose(0, 1) gives "
        "[4, 10, 3], which mixes photos; reshape(10, 3, 4) has the right shape and the numbers in the wrong places.",
        zh="照片的形状是 [10, 4, 3]，每张都要转成 [3, 4]：transpose(-2, -1) 得到 [10, 3, 4]。transpose(0, 1) 得到 [4, 10, 3]，照片混在了一起；"
        "reshape(10, 3, 4) 形状是对的，数却放错了位置。",
    ),
)

WRONG = (
    Wrong(
        "bmm-broadcasts",
        Text(en="bmm is expected to broadcast shared keys", zh="以为 bmm 会对共用的键做广播"),
        edits=(("return weighted @ k.mT ", "return torch.bmm(weighted, k.mT) "),),
        hint=Hint(
            question=Text(
                en="Which product insists on three axes and equal batches? Which one treats a missing batch axis as 1?",
                zh="哪种乘法一定要三维而且批量相等？哪种会把缺少的批量维当作 1？",
            ),
            neighbour=Text(
                en="A of shape [5, 2, 3], one matrix C of shape [3, 4] for all: A @ C is [5, 2, 4]. torch.bmm(A, C) raises an error; it would "
                "need C.expand(5, 3, 4).",
                zh="A 的形状是 [5, 2, 3]，所有样本共用一个矩阵 C，形状 [3, 4]：A @ C 是 [5, 2, 4]。torch.bmm(A, C) 会报错，它要的是 C.expand(5, 3, 4)。",
            ),
        ),
    ),
    Wrong(
        "swaps-batch",
        Text(en="axes 0 and 1 of the keys change places", zh="对调了键的第 0 维和第 1 维"),
        edits=(("return weighted @ k.mT ", "return weighted @ k.transpose(0, 1) "),),
        hint=_TURN_HINT,
    ),
    Wrong(
        "reshape-for-transpose",
        Text(
            en="reshape in place of a transpose: the numbers stay in their order",
            zh="该转置的地方用了 reshape：数的次序没有变",
        ),
        edits=(
            (
                "return weighted @ k.mT ",
                "return weighted @ k.reshape(*k.shape[:-2], k.shape[-1], k.shape[-2]) ",
            ),
        ),
        hint=_TURN_HINT,
    ),
    Wrong(
        "no-transpose",
        Text(en="the keys are not turned round", zh="没有把键转置"),
        edits=(("return weighted @ k.mT ", "return weighted @ k "),),
        hint=_TURN_HINT,
    ),
    Wrong(
        "w-transposed",
        Text(en="w is transposed: i and j change roles", zh="w 转置了：i 和 j 换了角色"),
        edits=(("weighted = q @ w ", "weighted = q @ w.T "),),
        hint=Hint(
            question=Text(
                en="In the formula, which index of w belongs to q? Try sizes I and J that differ.",
                zh="公式里，w 的哪个下标属于 q？取不同的 I 和 J 试试。",
            ),
            neighbour=Text(
                en="rates[from, to] turns euros, yuan into yen, won: [100, 700] @ [[160, 1500], [20, 190]] = [30000, 283000]. With the "
                "transpose every euro would be changed by a yuan's rate. For a 2 by 3 table the transposed product does not even run.",
                zh="汇率表（行是原币种，列是新币种）把欧元、人民币换成日元、韩元：[100, 700] @ [[160, 1500], [20, 190]] = [30000, 283000]。若用转置，欧元就按人民币的汇率换了。"
                "如果是 2 乘 3 的表，转置后连乘都乘不了。",
            ),
        ),
    ),
    Wrong(
        "w-forgotten",
        Text(en="w is left out", zh="漏了 w"),
        edits=(("weighted = q @ w ", "weighted = q "),),
        hint=Hint(
            question=Text(
                en="Which of the three inputs does your result not depend on?",
                zh="三个输入里，你的结果与哪一个无关？",
            ),
            neighbour=Text(
                en="Marks [90, 70] weighted 2 and 1 and compared with [1, 1]: 90*2*1 + 70*1*1 = 250. Without the weights it is 160.",
                zh="分数 [90, 70]，权重 2 和 1，再与 [1, 1] 比较：90*2*1 + 70*1*1 = 250。不加权就成了 160。",
            ),
        ),
    ),
    Wrong(
        "w-elementwise",
        Text(en="w is multiplied element by element", zh="w 是逐元素相乘的"),
        edits=(("weighted = q @ w ", "weighted = q * w "),),
        hint=Hint(
            question=Text(
                en="What does * do, and what does @? Over which index of w does the formula sum first?",
                zh="* 做什么，@ 做什么？公式先对 w 的哪个下标求和？",
            ),
            neighbour=Text(
                en="[1, 2] * [[3, 4], [5, 6]] = [[3, 8], [5, 12]], a broadcast; [1, 2] @ [[3, 4], [5, 6]] = [1*3 + 2*5, 1*4 + 2*6] = [13, 16], a "
                "product.",
                zh="[1, 2] * [[3, 4], [5, 6]] = [[3, 8], [5, 12]]，是广播；[1, 2] @ [[3, 4], [5, 6]] = [1*3 + 2*5, 1*4 + 2*6] = [13, 16]，才是矩阵乘法。",
            ),
        ),
    ),
    Wrong(
        "keys-by-queries",
        Text(en="the result is [B, M, N]: a row for each key", zh="结果成了 [B, M, N]：每个键一行"),
        edits=(("return weighted @ k.mT ", "return k @ weighted.mT "),),
        hint=Hint(
            question=Text(
                en="Row 0 of a sample: does it belong to the first query or to the first key?",
                zh="一个样本的第 0 行，属于第一个查询还是第一个键？",
            ),
            neighbour=Text(
                en="A [2, 3] and B [4, 3]: A @ B.T is [2, 4], a row for each row of A; B @ A.T is [4, 2], its transpose.",
                zh="A [2, 3]，B [4, 3]：A @ B.T 是 [2, 4]，A 的每一行对应一行；B @ A.T 是 [4, 2]，是它的转置。",
            ),
        ),
    ),
    Wrong(
        "batch-summed",
        Text(
            en="the batch letter is missing on the right: the samples are added up",
            zh="式子右边漏了批量的字母：各样本被加在了一起",
        ),
        source='''def match_scores(q, w, k):
    """All in one equation."""
    return torch.einsum("bni,ij,bmj->nm", q, w, k.expand(len(q), *k.shape[-2:]))
''',
        hint=_EINSUM_HINT,
    ),
    Wrong(
        "batch-crossed",
        Text(
            en="two letters for the batch: keys of all samples are added up",
            zh="批量用了两个字母：所有样本的键都加了进来",
        ),
        source='''def match_scores(q, w, k):
    """The keys get a batch letter of their own."""
    return torch.einsum("bni,ij,cmj->bnm", q, w, k.expand(len(q), *k.shape[-2:]))
''',
        hint=_EINSUM_HINT,
    ),
    Wrong(
        "loop",
        Text(en="a Python loop over the samples", zh="用 Python 循环遍历样本"),
        source='''def match_scores(q, w, k):
    """One sample at a time."""
    keys = k.expand(len(q), *k.shape[-2:])
    return torch.stack([q[b] @ w @ keys[b].T for b in range(len(q))])
''',
        hint=Hint(
            question=Text(
                en="What does @ do with the axes in front of the last two? Which line could work on all samples at once?",
                zh="@ 怎样对待最后两维之前的那些维？哪一行可以一次处理所有样本？",
            ),
            neighbour=Text(
                en="100 rotations R [100, 2, 2] of 100 points p [100, 2, 1]: R @ p is [100, 2, 1], one call; a loop makes 100 calls.",
                zh="100 个旋转 R [100, 2, 2] 作用于 100 个点 p [100, 2, 1]：R @ p 是 [100, 2, 1]，只调用一次；用循环要调用 100 次。",
            ),
        ),
    ),
)

RIGHT = (
    Right(
        "one-equation",
        '''def match_scores(q, w, k):
    """The formula, letter by letter."""
    return torch.einsum("bni,ij,bmj->bnm", q, w, k.expand(len(q), -1, -1))
''',
    ),
    Right(
        "bmm-with-expanded-keys",
        '''def match_scores(q, w, k):
    """Everything is given the axes that bmm asks for."""
    b = q.shape[0]
    if k.ndim == 2:
        k = k.unsqueeze(0)
    keys = k.transpose(1, 2).expand(b, k.shape[2], k.shape[1])
    return torch.bmm(torch.bmm(q, w.expand(b, *w.shape)), keys)
''',
    ),
    Right(
        "keys-first",
        '''def match_scores(q, w, k):
    """The weights go to the keys, and the result is turned round at the end."""
    heavy = k.matmul(w.t())
    return heavy.matmul(q.transpose(-1, -2)).transpose(-1, -2)
''',
    ),
    Right(
        "by-broadcasting",
        '''def match_scores(q, w, k):
    """No matrix product at all: one axis for each letter of the formula."""
    b, n, i = q.shape
    m, j = k.shape[-2:]
    terms = q.reshape(b, n, 1, i, 1) * w * k.reshape(-1, 1, m, 1, j)
    return terms.sum(dim=(3, 4))
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "out-on-cpu",
        Text(en="out= is a tensor that was made on the CPU", zh="out= 给的是在 CPU 上生成的张量"),
        edits=(("return weighted @ k.mT", "return torch.matmul(weighted, k.mT, out=torch.empty(q.shape[0], q.shape[1], k.shape[-2], dtype=q.dtype))"),),
        hint=Hint(
            question=Text(en="Is out= needed at all? If so, on which device must it lie?", zh="真的需要 out= 吗？如果需要，它应当在哪个设备上？"),
            neighbour=Text(en="torch.add(s, t, out=torch.empty(3)) raises for s and t on a GPU: the result is computed there and may not land elsewhere. s + t makes its own place, beside s.", zh="s、t 在 GPU 上时，torch.add(s, t, out=torch.empty(3)) 会报错：结果是在那里算出来的，不能落到别处。s + t 则自己在 s 旁边开辟位置。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="3.3 Match scores", zh="3.3 匹配得分"),
    properties=(
        Property("own", Text(en="every sample has keys of its own", zh="每个样本有自己的键"), points=3.0),
        Property("shared", Text(en="shared keys [M, J]", zh="共用的键 [M, J]")),
        Property("stretched", Text(en="shared keys [1, M, J]", zh="共用的键 [1, M, J]")),
        Property(
            "operations",
            Text(en="no more operations for a larger batch", zh="批量变大，运算次数不增加"),
            only_with="own",
        ),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Do it in two products. What is the shape after the first, and which two axes meet in the second?",
            zh="分两次相乘。第一次之后是什么形状？第二次是哪两维相接？",
        ),
        neighbour=Text(
            en="One query [1, 2], w = [[1, 0, 2], [3, 1, 0]], one key [1, 1, 4]. First product: [1*1 + 2*3, 1*0 + 2*1, 1*2 + 2*0] = "
            "[7, 2, 2]. Then with the key: 7*1 + 2*1 + 2*4 = 17.",
            zh="一个查询 [1, 2]，w = [[1, 0, 2], [3, 1, 0]]，一个键 [1, 1, 4]。第一次相乘：[1*1 + 2*3, 1*0 + 2*1, 1*2 + 2*0] = [7, 2, 2]。"
            "再与键相乘：7*1 + 2*1 + 2*4 = 17。",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
