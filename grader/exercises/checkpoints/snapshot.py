"""Exercise 13.1: a checkpoint that is a photograph and not a window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Trains some steps, takes the snapshot, trains on, and only then looks at it; then through a file. A snapshot may
    lie on any device, and the random state is that of the CPU: what is looked at is carried to the model first."""
    import io

    import torch

    with torch.random.fork_rng():
        torch.manual_seed(case["seed"])
        model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3), torch.nn.Linear(3, 2)).double()
        with torch.no_grad():
            for p, value in zip(model.parameters(), case["weights"], strict=True):
                p.copy_(value)
        optimiser = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.5)

        def beside(thing: Any) -> Any:
            return thing.to(case["x"].device) if isinstance(thing, torch.Tensor) else thing

        def step() -> None:
            optimiser.zero_grad()
            (model(case["x"]) * case["y"]).sum().backward()
            optimiser.step()

        for _ in range(case["steps"]):
            step()
        torch.rand(case["draws"], device="cpu")
        saved = ns["snapshot"](model, optimiser, case["epoch"])
        following = torch.rand(3, device="cpu")
        step()
        if not isinstance(saved, dict):
            yield "model", saved  # no dict: the comparison then says what came instead
            return
        state = saved.get("model")
        yield "model", {key: beside(v) for key, v in state.items()} if isinstance(state, dict) else state
        memory = saved.get("optimiser")
        yield (
            "optimiser",
            [beside(entry["momentum_buffer"]) for _, entry in sorted(memory["state"].items())]
            if isinstance(memory, dict)
            else memory,
        )
        yield "epoch", saved.get("epoch")
        rng = saved.get("rng")
        if isinstance(rng, torch.Tensor):
            torch.set_rng_state(rng)
        yield "rng", [beside(torch.rand(3, device="cpu")) if isinstance(rng, torch.Tensor) else rng, beside(following)]
        yield "keys", sorted(map(str, saved))
        file = io.BytesIO()
        torch.save(saved, file)
        file.seek(0)
        yield "file", {key: beside(v) for key, v in torch.load(file, weights_only=True)["model"].items()}


def _case(name: str, label: Text, steps: int, epoch: int, draws: int, rng: np.random.Generator) -> Case:
    shapes = ((3, 2), (3,), (3,), (3,), (2, 3), (2,))
    return Case(
        name,
        label,
        {
            "weights": [torch.from_numpy(np.round(rng.standard_normal(shape), 1)) for shape in shapes],
            "x": torch.from_numpy(np.round(rng.standard_normal((4, 2)), 1)),
            "y": torch.from_numpy(np.round(rng.standard_normal((4, 2)), 1)),
            "steps": steps,
            "epoch": epoch,
            "draws": draws,
            "seed": int(rng.integers(1000)),
        },
    )


PUBLIC = (
    _case("one-step", Text(en="after one step, epoch 1", zh="一步之后，第 1 轮"), 1, 1, 0, np.random.default_rng(1)),
    _case("three-steps", Text(en="after three steps, epoch 7, five random numbers drawn", zh="三步之后，第 7 轮，已抽了五个随机数"), 3, 7, 5, np.random.default_rng(2)),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """Other weights, steps and epochs."""
    return [
        _case(
            "random",
            Text(en="after four steps", zh="四步之后"),
            4,
            int(rng.integers(2, 50)),
            int(rng.integers(1, 9)),
            rng,
        )
    ]


_WINDOW = Hint(
    question=Text(
        en="Take the snapshot, train one step more, and look at it again. Has it changed?",
        zh="拍下快照，再训练一步，然后再看一眼。它变了吗？",
    ),
    neighbour=Text(
        en="diary = shelf makes a second name for the shelf: whoever takes a book out empties the 'diary' as well. dict(shelf) copies the list of the books, but the books are "
        "the same. copy.deepcopy(shelf) copies the books.",
        zh="diary = shelf 只是给书架又起了个名字：有人拿走一本书，“日记”里也没了。dict(shelf) 复制了书目，书还是那些书。copy.deepcopy(shelf) 才连书也复制。",
    ),
)

WRONG = (
    Wrong(
        "window-on-the-model",
        Text(en="the model's state shares memory with the model", zh="模型的状态与模型共用内存"),
        edits=(('copy.deepcopy(model.state_dict())', 'model.state_dict()'),),
        hint=_WINDOW,
    ),
    Wrong(
        "shallow-copy",
        Text(en="the dictionaries are copied, their tensors are not", zh="复制了字典，没有复制其中的张量"),
        edits=(('copy.deepcopy(model.state_dict())', 'dict(model.state_dict())'), ('copy.deepcopy(optimiser.state_dict())', 'dict(optimiser.state_dict())')),
        hint=_WINDOW,
    ),
    Wrong(
        "window-on-the-optimiser",
        Text(en="the optimiser's state shares memory with the optimiser", zh="优化器的状态与优化器共用内存"),
        edits=(('copy.deepcopy(optimiser.state_dict())', 'optimiser.state_dict()'),),
        hint=_WINDOW,
    ),
    Wrong(
        "buffers-forgotten",
        Text(en="only the parameters are saved; the buffers are missing", zh="只保存了参数，漏了缓冲区"),
        edits=(('copy.deepcopy(model.state_dict())', '{name: p.detach().clone() for name, p in model.named_parameters()}'),),
        hint=Hint(
            question=Text(
                en="Which numbers of a batch-norm are not trained and yet change? Are they in your snapshot?",
                zh="批量归一化里，哪些数不参与训练却会变？它们在你的快照里吗？",
            ),
            neighbour=Text(
                en="A car's papers name engine and chassis; the mileage changes without anybody repairing anything. Whoever sells the car must write it down, too.",
                zh="汽车的证件上有发动机号和车架号；里程数不用谁去修也在变。卖车的人也得把它写下来。",
            ),
        ),
    ),
    Wrong(
        "model-pickled",
        Text(en="the model object itself is saved", zh="保存了模型对象本身"),
        edits=(('copy.deepcopy(model.state_dict())', 'copy.deepcopy(model)'),),
        hint=Hint(
            question=Text(
                en="What is type(saved[\"model\"])? What will torch.load(..., weights_only=True) say to it?",
                zh="type(saved[\"model\"]) 是什么？torch.load(..., weights_only=True) 会怎么说？",
            ),
            neighbour=Text(
                en="To move house one does not post the house but the furniture and a plan. state_dict is the furniture; your source code is the plan.",
                zh="搬家不是把房子寄过去，而是寄家具和图纸。state_dict 是家具，源代码是图纸。",
            ),
        ),
    ),
    Wrong(
        "optimiser-forgotten",
        Text(en="the optimiser is missing", zh="漏了优化器"),
        edits=(('copy.deepcopy(optimiser.state_dict())', 'None'),),
        hint=Hint(
            question=Text(
                en="What does momentum remember from step to step? Where is that in your snapshot?",
                zh="动量一步一步记住的是什么？它在你的快照里哪里？",
            ),
            neighbour=Text(
                en="A train is stopped at 120 and started again from a note that says where it was but not how fast: it begins at 0.",
                zh="列车以 120 的速度被叫停，再出发时，字条上只写了地点，没写速度：就只能从 0 开始。",
            ),
        ),
    ),
    Wrong(
        "next-epoch",
        Text(en="the number of the next epoch is saved", zh="保存成了下一轮的号码"),
        edits=(('"epoch": epoch,', '"epoch": epoch + 1,'),),
        hint=Hint(
            question=Text(en="What does the card say: the epoch just finished, or the next one?", zh="题目要的是刚完成的轮次，还是下一轮？"),
            neighbour=Text(
                en="A bookmark 'read up to page 40' and one 'go on at page 41' are both fine, but one must agree on one of them.",
                zh="书签写“读到第 40 页”或“从第 41 页接着读”都行，但要约定用哪一种。",
            ),
        ),
    ),
    Wrong(
        "random-state-missing",
        Text(en="the random state is missing", zh="漏了随机状态"),
        edits=(('        "rng": torch.get_rng_state(),\n', ""),),
        hint=Hint(
            question=Text(en="Who shuffles the data after a restart, and in which order?", zh="重新开始之后由谁打乱数据？次序是什么？"),
            neighbour=Text(
                en="A pack of cards half dealt: without noting the order of the rest the game cannot be continued, only a new one begun.",
                zh="牌发了一半：不记下剩下的次序，就没法接着打，只能重开一局。",
            ),
        ),
    ),
    Wrong(
        "seed-for-state",
        Text(en="the generator is seeded anew instead of read", zh="没有读出生成器的状态，而是重新设了种子"),
        edits=(("torch.get_rng_state()", "torch.manual_seed(epoch).get_state()"),),
        hint=Hint(
            question=Text(en="Is the next random number after your snapshot the one that would have come without it?", zh="拍完快照之后的下一个随机数，与不拍时一样吗？"),
            neighbour=Text(
                en="To note the page one reads the number at its foot. Turning to page 1 and noting '1' is no note of the place, and the place is lost.",
                zh="要记页码，看一眼页脚就行。翻回第 1 页再记“1”，既没有记下位置，还把位置弄丢了。",
            ),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "through-a-file",
        '''def snapshot(model, optimiser, epoch):
    """Writes into memory and reads back: nothing is shared."""
    file = io.BytesIO()
    torch.save({"model": model.state_dict(), "optimiser": optimiser.state_dict(), "epoch": epoch, "rng": torch.random.get_rng_state()}, file)
    return torch.load(io.BytesIO(file.getvalue()))
''',
    ),
    Right(
        "clones",
        '''def snapshot(model, optimiser, epoch):
    """Clones tensor by tensor."""
    def copied(thing):
        if isinstance(thing, torch.Tensor):
            return thing.detach().clone()
        if isinstance(thing, dict):
            return {key: copied(value) for key, value in thing.items()}
        return [copied(value) for value in thing] if isinstance(thing, list) else thing

    saved = {"model": copied(dict(model.state_dict())), "optimiser": copied(optimiser.state_dict())}
    saved.update(epoch=epoch, rng=torch.get_rng_state().clone())
    return saved
''',
    ),
)

DEVICE_WRONG = (
    Wrong(
        "copied-by-numpy",
        Text(en="the model's tensors are copied by NumPy", zh="用 NumPy 来复制模型的张量"),
        edits=(("copy.deepcopy(model.state_dict())", "{name: torch.from_numpy(np.array(t.numpy())) for name, t in model.state_dict().items()}"),),
        hint=Hint(
            question=Text(en="Which copies of a tensor do you know that need no array in between?", zh="你知道哪些复制张量的办法，中间不需要数组？"),
            neighbour=Text(en="t.clone() copies where t lies, copy.deepcopy copies a whole tree of tensors, and t.cpu() brings a copy to the CPU when t lies on a GPU. t.numpy() lends out t's own memory, which NumPy can read on the CPU only.", zh="t.clone() 在 t 所在的地方复制，copy.deepcopy 复制整棵张量树，t 在 GPU 上时 t.cpu() 把副本带到 CPU。t.numpy() 则是把 t 自己的内存借出去，NumPy 只读得了 CPU 上的。"),
        ),
    ),
    Wrong(
        "random-state-moved",
        Text(en="the state of the CPU's generator is moved to the model's device", zh="把 CPU 生成器的状态移到了模型所在的设备"),
        edits=(("torch.get_rng_state(),", "torch.get_rng_state().to(next(model.parameters()).device),"),),
        hint=Hint(
            question=Text(en="Whose state is it, and who is to take it back? Where does that one live?", zh="这是谁的状态？又要还给谁？它住在哪里？"),
            neighbour=Text(en="torch.set_rng_state(state) wants bytes on the CPU; of a state on a GPU it says 'RNG state must be a torch.ByteTensor'. torch.load(file, map_location=\"cuda\") sets the same trap: it carries everything in the file, the random state, too.", zh="torch.set_rng_state(state) 要的是 CPU 上的字节；给它 GPU 上的，它就说 RNG state must be a torch.ByteTensor。torch.load(file, map_location=\"cuda\") 也会落到这一步：它把文件里的一切都搬过去，连随机状态也搬。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="13.1 Take a snapshot", zh="13.1 拍一张快照"),
    properties=(
        Property(
            "model",
            Text(en="parameters and buffers, unchanged by training on", zh="参数和缓冲区，接着训练也不变"),
            points=2.0,
        ),
        Property(
            "optimiser", Text(en="the optimiser's memory, unchanged as well", zh="优化器的记忆，同样不变"), points=2.0
        ),
        Property("epoch", Text(en="the epoch", zh="轮次"), only_with="model"),
        Property("rng", Text(en="the random state, and no number drawn", zh="随机状态，且没有抽掉随机数")),
        Property("keys", Text(en="exactly the four keys", zh="恰好四个键"), only_with="model"),
        Property(
            "file",
            Text(en="through a file with weights_only=True", zh="用 weights_only=True 经文件往返"),
            only_with="model",
        ),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Which of the four entries differs? Look at it right after your call and again after one more training step.",
            zh="四项中是哪一项不同？调用之后马上看一次，再训练一步之后再看一次。",
        ),
        neighbour=Text(
            en="scores = {'ann': [3]}; noted = copy.deepcopy(scores); scores['ann'].append(5): noted is still {'ann': [3]}. With dict(scores) it would be {'ann': [3, 5]}.",
            zh="scores = {'ann': [3]}; noted = copy.deepcopy(scores); scores['ann'].append(5)：noted 仍是 {'ann': [3]}。若用 dict(scores)，就成了 {'ann': [3, 5]}。",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
