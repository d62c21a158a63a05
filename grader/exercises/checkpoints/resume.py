"""Exercise 13.2: going on bit by bit, and refusing what does not fit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Makes a checkpoint, resumes from it into new objects, trains on with noise, and resumes from it once more; then
    offers checkpoints with an entry missing and with one too many. The checkpoint lies on the CPU wherever the model
    does, as after torch.load(file, map_location="cpu"); so does the generator that draws the noise."""
    import torch

    def fresh(weights: Any) -> Any:
        model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3), torch.nn.Linear(3, 2)).double()
        with torch.no_grad():
            for p, value in zip(model.parameters(), weights, strict=True):
                p.copy_(value)
        return model, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.5)

    def train(model: Any, optimiser: Any, steps: int) -> None:
        for _ in range(steps):
            optimiser.zero_grad()
            noise = torch.rand(4, 2, dtype=torch.float64, device="cpu").to(case["x"].device)
            (model(case["x"] + noise) * case["y"]).sum().backward()
            optimiser.step()

    def plain(thing: Any) -> Any:
        if isinstance(thing, torch.Tensor):
            return thing.detach().clone().cpu()
        if isinstance(thing, dict):
            return {key: plain(value) for key, value in thing.items()}
        return [plain(value) for value in thing] if isinstance(thing, list) else thing

    with torch.random.fork_rng():
        torch.manual_seed(case["seed"])
        model, optimiser = fresh(case["weights"])
        train(model, optimiser, 2)
        saved = plain(
            {
                "model": dict(model.state_dict()),
                "optimiser": optimiser.state_dict(),
                "epoch": case["epoch"],
                "rng": torch.get_rng_state(),
            }
        )
        for name in ("first", "again"):
            torch.manual_seed(4321)
            model, optimiser = fresh([w + 1 for w in case["weights"]])
            following = ns["resume"](saved, model, optimiser)
            if name == "first":
                yield "epoch", following
                yield "restored", {key: value.clone() for key, value in model.state_dict().items()}
            train(model, optimiser, 3)
            yield name, [p.detach() for p in model.parameters()]
        refused = []
        for broken in (
            {key: v for key, v in saved["model"].items() if key != "1.running_mean"},
            {**saved["model"], "9.weight": saved["rng"]},
        ):
            model, optimiser = fresh(case["weights"])
            try:
                ns["resume"]({**saved, "model": broken}, model, optimiser)
                refused.append(False)
            except Exception:
                refused.append(True)
        yield "refused", refused


def _case(name: str, label: Text, epoch: int, rng: np.random.Generator) -> Case:
    shapes = ((3, 2), (3,), (3,), (3,), (2, 3), (2,))
    return Case(
        name,
        label,
        {
            "weights": [torch.from_numpy(np.round(rng.standard_normal(shape), 1)) for shape in shapes],
            "x": torch.from_numpy(np.round(rng.standard_normal((4, 2)), 1)),
            "y": torch.from_numpy(np.round(rng.standard_normal((4, 2)), 1)),
            "epoch": epoch,
            "seed": int(rng.integers(1000)),
        },
    )


PUBLIC = (
    _case("epoch-1", Text(en="interrupted after epoch 1", zh="第 1 轮之后中断"), 1, np.random.default_rng(1)),
    _case("epoch-12", Text(en="interrupted after epoch 12", zh="第 12 轮之后中断"), 12, np.random.default_rng(2)),
)


def hidden(rng: np.random.Generator) -> list[Case]:
    """Other weights and epochs."""
    return [_case("random", Text(en="other weights", zh="另一些权重"), int(rng.integers(2, 90)), rng)]


WRONG = (
    Wrong(
        "optimiser-not-restored",
        Text(en="the optimiser starts from nothing", zh="优化器从头开始"),
        edits=(("    optimiser.load_state_dict(copy.deepcopy(saved[\"optimiser\"]))     # its tensors would be shared otherwise | 否则会共用张量\n", ""),),
        hint=Hint(
            question=Text(en="Which velocity has the optimiser at the first step after your resume?", zh="恢复之后的第一步，优化器的速度是多少？"),
            neighbour=Text(
                en="A rolling ball is lifted off the table and put back in the same place: it lies still. Place without speed is half of the state.",
                zh="把滚动的球拿起来再放回原处：它就静止了。只有位置没有速度，只是状态的一半。",
            ),
        ),
    ),
    Wrong(
        "random-state-not-restored",
        Text(en="the random state is not restored", zh="没有恢复随机状态"),
        edits=(('    torch.set_rng_state(saved["rng"])\n', ""),),
        hint=Hint(
            question=Text(en="Which random number comes next after your resume? Is it the one that would have come?", zh="恢复之后的下一个随机数是哪个？是当初本该出现的那个吗？"),
            neighbour=Text(
                en="A novel that chooses its next chapter by dice: with other dice it is another novel from here on, however good.",
                zh="一部靠掷骰子决定下一章的小说：骰子换了，从这里往后就是另一部小说，写得再好也一样。",
            ),
        ),
    ),
    Wrong(
        "epoch-repeated",
        Text(en="the finished epoch would be run again", zh="已完成的那一轮会再跑一遍"),
        edits=(('return saved["epoch"] + 1', 'return saved["epoch"]'),),
        hint=Hint(
            question=Text(en="Epoch 12 has been finished. Which one is next?", zh="第 12 轮已经完成，接下来是第几轮？"),
            neighbour=Text(en="Read up to page 40: go on at 41.", zh="读到第 40 页，就从第 41 页接着读。"),
        ),
    ),
    Wrong(
        "not-strict",
        Text(en="strict=False: what is missing is passed over", zh="strict=False：缺的就略过"),
        edits=(('model.load_state_dict(saved["model"])', 'model.load_state_dict(saved["model"], strict=False)'),),
        hint=Hint(
            question=Text(en="A checkpoint without the running mean: does your function notice?", zh="检查点里没有滑动均值，你的函数会发现吗？"),
            neighbour=Text(
                en="A parcel of 10 parts with 9 in it: whoever signs without counting builds a cupboard that leans. Better refuse the parcel.",
                zh="该有 10 个零件的包裹里只有 9 个：不数就签收，装出来的柜子是歪的。不如拒收。",
            ),
        ),
    ),
    Wrong(
        "parameters-only",
        Text(en="only the parameters are copied; the buffers stay new", zh="只复制了参数，缓冲区还是新的"),
        edits=(
            (
                '    model.load_state_dict(saved["model"])\n',
                '    if set(saved["model"]) != set(model.state_dict()):\n        raise KeyError("does not fit")\n    with torch.no_grad():\n        for name, p in model.named_parameters():\n            p.copy_(saved["model"][name])\n',
            ),
        ),
        hint=Hint(
            question=Text(en="What are running_mean and running_var after your resume?", zh="恢复之后，running_mean 和 running_var 是多少？"),
            neighbour=Text(
                en="A used car with its engine restored and its mileage at 0: everything that depends on the mileage is now wrong, if not at once.",
                zh="二手车的发动机修复了，里程表却归了零：凡是看里程的，迟早都会出错。",
            ),
        ),
    ),
    Wrong(
        "shares-the-checkpoint",
        Text(en="training on changes the checkpoint", zh="接着训练会改变检查点"),
        edits=(
            (
                '    optimiser.load_state_dict(copy.deepcopy(saved["optimiser"]))     # its tensors would be shared otherwise | 否则会共用张量\n',
                '    optimiser.load_state_dict(saved["optimiser"])\n    for p, entry in zip(model.parameters(), saved["optimiser"]["state"].values()):\n        optimiser.state[p]["momentum_buffer"] = entry["momentum_buffer"]\n',
            ),
        ),
        hint=Hint(
            question=Text(en="Resume twice from the same checkpoint. Do you get the same run twice?", zh="从同一个检查点恢复两次，得到的是同样的训练吗？"),
            neighbour=Text(
                en="A recipe card on which one scribbles while cooking is another recipe next time. Cook from a copy.",
                zh="一边做菜一边在菜谱上涂改，下次就是另一道菜了。照着复印件做。",
            ),
        ),
    ),
    Wrong(
        "model-not-restored",
        Text(en="the model is not loaded at all", zh="根本没有加载模型"),
        edits=(('    model.load_state_dict(saved["model"])\n', '    if set(saved["model"]) != set(model.state_dict()):\n        raise KeyError("does not fit")\n'),),
        hint=Hint(
            question=Text(en="Print the model's first weight before and after your resume.", zh="在恢复前后打印模型的第一个权重。"),
            neighbour=Text(en="Checking the luggage tag is not the same as taking the luggage.", zh="核对了行李牌，不等于拿到了行李。"),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "by-hand",
        '''def resume(saved, model, optimiser):
    """Copies every entry after comparing the names."""
    own = model.state_dict()
    if own.keys() != saved["model"].keys():
        raise ValueError(f"entries differ: {set(own) ^ set(saved['model'])}")
    for name, tensor in own.items():
        tensor.copy_(saved["model"][name])
    optimiser.load_state_dict({"state": copy.deepcopy(saved["optimiser"]["state"]), "param_groups": saved["optimiser"]["param_groups"]})
    torch.random.set_rng_state(saved["rng"].clone())
    return 1 + saved["epoch"]
''',
    ),
    Right(
        "copy-first",
        '''def resume(saved, model, optimiser):
    """Works on a copy of everything."""
    mine = copy.deepcopy(saved)
    result = model.load_state_dict(mine["model"], strict=True)
    assert not result.missing_keys
    optimiser.load_state_dict(mine["optimiser"])
    torch.default_generator.set_state(mine["rng"])
    return int(mine["epoch"]) + 1
''',
    ),
)

DEVICE_WRONG = (
    Wrong(
        "velocities-left-on-cpu",
        Text(en="the velocities are put into the optimiser by hand, where the checkpoint lies", zh="把速度亲手放进优化器，留在了检查点所在的设备上"),
        edits=(("    optimiser.load_state_dict(copy.deepcopy(saved[\"optimiser\"]))     # its", "    for p, entry in zip(model.parameters(), saved[\"optimiser\"][\"state\"].values()):\n        optimiser.state[p] = copy.deepcopy(entry)     # its"),),
        hint=Hint(
            question=Text(en="A checkpoint is often read with map_location=\"cpu\". Who carries the velocities from there to the parameters?", zh="检查点常用 map_location=\"cpu\" 读进来。谁把速度从那里搬到参数那边？"),
            neighbour=Text(en="Adam's state_dict() saved on a GPU, read on the CPU: adam.load_state_dict(state) puts each entry beside its parameter, in its dtype. adam.state[p][\"exp_avg\"] = entry leaves it on the CPU, and the next step raises.", zh="在 GPU 上保存的 Adam 的 state_dict()，读到了 CPU 上：adam.load_state_dict(state) 把每一项放到它的参数旁边，dtype 也跟着参数。adam.state[p][\"exp_avg\"] = entry 则把它留在 CPU 上，下一步就报错。"),
        ),
    ),
    Wrong(
        "parameters-replaced",
        Text(en="the parameters' memory is replaced by the checkpoint's", zh="用检查点的内存顶替了参数的内存"),
        edits=(
            (
                '    model.load_state_dict(saved["model"])\n',
                '    if set(saved["model"]) != set(model.state_dict()):\n        raise KeyError("does not fit")\n    for name, tensor in model.state_dict(keep_vars=True).items():\n        tensor.data = saved["model"][name].clone()\n',
            ),
        ),
        hint=Hint(
            question=Text(en="t.copy_(s) writes s's numbers into t; t.data = s puts s in the place of t's memory. Which of the two keeps the model where it was?", zh="t.copy_(s) 把 s 的数写进 t；t.data = s 让 s 顶替 t 的内存。哪一个能让模型留在原来的设备上？"),
            neighbour=Text(en="For w on a GPU, w.data = torch.zeros(3) raises nothing, but w is on the CPU afterwards, and the next w * x raises. w.data.zero_() or, better, with torch.no_grad(): w.zero_() stays.", zh="w 在 GPU 上时，w.data = torch.zeros(3) 不会报错，但 w 之后就在 CPU 上了，下一次 w * x 才报错。w.data.zero_() 会留在原处；更好的写法是 with torch.no_grad(): w.zero_()。"),
        ),
    ),
    Wrong(
        "random-state-moved",
        Text(en="the random state is moved to the model's device with everything else", zh="连同其他一切，把随机状态也移到了模型所在的设备"),
        edits=(('    torch.set_rng_state(saved["rng"])\n', '    torch.set_rng_state(saved["rng"].to(next(model.parameters()).device))\n'),),
        hint=Hint(
            question=Text(en="Which generator does torch.set_rng_state set? Where does it keep its state?", zh="torch.set_rng_state 设置的是哪个生成器？它的状态存在哪里？"),
            neighbour=Text(en="There is one generator on the CPU and one on each GPU. torch.get_rng_state and set_rng_state speak of the CPU's alone, torch.cuda.get_rng_state of a GPU's; and the state is in both cases bytes on the CPU.", zh="CPU 有一个生成器，每块 GPU 也各有一个。torch.get_rng_state 和 set_rng_state 只管 CPU 的，torch.cuda.get_rng_state 管 GPU 的；而状态在两种情况下都是 CPU 上的字节。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="13.2 Go on as if nothing had happened", zh="13.2 就当什么都没发生过"),
    properties=(
        Property("epoch", Text(en="the number of the next epoch", zh="下一轮的号码"), only_with="restored"),
        Property("restored", Text(en="parameters and buffers are restored", zh="参数和缓冲区已恢复"), points=2.0),
        Property(
            "first", Text(en="the run goes on exactly as it would have", zh="训练恰如本该进行的那样接下去"), points=2.0
        ),
        Property("again", Text(en="the checkpoint can be used again", zh="检查点可以再用"), only_with="first"),
        Property(
            "refused",
            Text(en="checkpoints that do not fit are refused", zh="不相符的检查点被拒绝"),
            only_with="restored",
        ),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Compare right after resuming: parameters, buffers, velocities, next random number. Which one is not the saved one?",
            zh="恢复之后马上比较：参数、缓冲区、速度、下一个随机数。哪一样不是保存的那个？",
        ),
        neighbour=Text(
            en="A game of chess is adjourned: to continue it one needs the position (model), whose move it is (epoch), the clocks (optimiser) and, if dice are used, the dice cup as it "
            "stood (random state).",
            zh="下棋封盘：要接着下，需要局面（模型）、轮到谁走（轮次）、两边的棋钟（优化器）；若用骰子，还要骰盅当时的样子（随机状态）。",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
