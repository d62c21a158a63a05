"""Exercise 11.4: audit somebody else's test function by watching it run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Lets the audit loose on one of the test functions below and reads its four findings."""
    import copy

    import torch
    from torch import nn

    runs: list[list[bool]] = []

    def forward(model: Any, batches: Any) -> None:
        for x, _ in batches:
            model(x)

    def honest(model: Any, batches: Any) -> None:
        modes = [(m, m.training) for m in model.modules()]
        model.eval()
        with torch.inference_mode() if len(batches) == 1 else torch.no_grad():
            forward(model, batches)
        for module, mode in modes:
            module.training = mode

    def no_eval(model: Any, batches: Any) -> None:
        with torch.no_grad():
            forward(model, batches)

    def no_no_grad(model: Any, batches: Any) -> None:
        before = model.training
        model.eval()
        forward(model, batches)
        model.train(before)

    def never_back(model: Any, batches: Any) -> None:
        model.eval()
        no_eval(model, batches)

    def back_to_train(model: Any, batches: Any) -> None:
        never_back(model, batches)
        model.train()

    def only_the_top(model: Any, batches: Any) -> None:
        before, model.training = model.training, False
        no_eval(model, batches)
        model.training = before

    def on_a_copy(model: Any, batches: Any) -> None:
        copy.deepcopy(model).eval()
        no_eval(model, batches)

    def train_in_the_loop(model: Any, batches: Any) -> None:
        before = model.training
        for place, pair in enumerate(batches):
            model.train(place == 0)
            no_eval(model, [pair])
        model.train(before)

    def first_recorded(model: Any, batches: Any) -> None:
        before = model.training
        model.eval()
        model(batches[0][0])
        no_eval(model, batches[1:])
        model.train(before)

    def learns(model: Any, batches: Any) -> None:
        before = model.training
        model.eval()
        for x, _ in batches:
            loss = model(x).pow(2).sum()
            gradients = torch.autograd.grad(loss, list(model.parameters()))
            with torch.no_grad():
                for p, g in zip(model.parameters(), gradients, strict=True):
                    p -= 0.1 * g
        model.train(before)

    tests = [honest, no_eval, no_no_grad, never_back, back_to_train, only_the_top, on_a_copy]
    tests += [train_in_the_loop, first_recorded, learns]
    chosen = {test.__name__: test for test in tests}[str(case["test"])]

    def test(given: Any, pairs: Any) -> float:
        runs.append([given is model, pairs is batches])
        chosen(given, pairs)
        return 0.5

    with torch.random.fork_rng():
        torch.manual_seed(case["seed"])
        block = nn.Sequential(nn.BatchNorm1d(4), nn.Dropout(0.5))
        model = nn.Sequential(nn.Linear(3, 4), block, nn.Linear(4, 2)).double()
        model.train(case["training"])
        if case["frozen"]:
            block[0].eval()
        batches = [(torch.randn(size, 3).double(), torch.zeros(size, dtype=torch.int64)) for size in case["sizes"]]
        found = ns["audit"](test, model, batches)
    keys = ("train_mode", "recorded", "mode_changed", "state_changed")
    if not isinstance(found, dict):
        yield keys[0], found  # not a dict: the comparison then says what came instead
        return
    for key in keys:
        yield key, found.get(key)
    yield "runs", runs
    left = [
        [*m._forward_hooks, *m._forward_pre_hooks, *(["forward"] if "forward" in vars(m) else [])]
        for m in model.modules()
    ]
    yield "left", sum(map(len, left))  # fmt: skip


def _case(
    test: str, label: Text, seed: int, training: bool = True, frozen: bool = False, sizes: tuple[int, ...] = (3, 2)
) -> Case:
    inputs = {"test": test, "training": training, "frozen": frozen, "sizes": list(sizes), "seed": seed}
    return Case(f"{test}{'' if training else '-from-eval'}{'-frozen' if frozen else ''}", label, inputs)


PUBLIC = (
    _case("honest", Text(en="nothing is wrong with it", zh="没有任何毛病"), 1),
    _case("no_eval", Text(en="no_grad, but no eval()", zh="有 no_grad，没有 eval()"), 2),
    _case("no_no_grad", Text(en="eval(), but no no_grad", zh="有 eval()，没有 no_grad"), 3),
    _case("never_back", Text(en="never goes back to train mode", zh="再也没有切回训练模式"), 4),
    _case("honest", Text(en="nothing is wrong; the model was in eval mode before", zh="没有毛病；模型原来就处于评估模式"), 5, training=False),
    _case("back_to_train", Text(en="ends with train(), though one layer was in eval mode before", zh="最后调用 train()，可是有一层原来处于评估模式"), 6, frozen=True),
    _case("only_the_top", Text(en="sets model.training = False", zh="写的是 model.training = False"), 7),
    _case("no_eval", Text(en="no eval(); the batch-norm was in eval mode before", zh="没有 eval()；批量归一化层原来处于评估模式"), 8, frozen=True),
    _case("train_in_the_loop", Text(en="the first batch in train mode, the second in eval mode", zh="第一批在训练模式，第二批在评估模式"), 9),
    _case("first_recorded", Text(en="records the first of two batches", zh="两批之中，第一批做了记录"), 10),
    _case("learns", Text(en="takes steps on the test batches", zh="在测试批上更新了参数"), 11),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """A copy that is put into eval mode, other modes before, one batch only."""
    seed = int(rng.integers(1000))
    return [
        _case("on_a_copy", Text(en="puts a copy into eval mode and runs the original", zh="把副本切到评估模式，跑的却是原件"), seed),
        _case("honest", Text(en="nothing is wrong; one layer was in eval mode, a single batch", zh="没有毛病；有一层原来处于评估模式，只有一批"), seed, frozen=True, sizes=(4,)),
        _case("back_to_train", Text(en="ends with train(), the model was in eval mode before", zh="最后调用 train()，而模型原来处于评估模式"), seed, training=False),
    ]  # fmt: skip


_DURING = "any(m.training for m in module.modules())"
_AFTER = "modes != [m.training for m in model.modules()]"

WRONG = (
    Wrong(
        "looks-afterwards",
        Text(en="looks at the modes after the run, not during it", zh="看的是运行之后的模式，而不是运行当中的"),
        edits=((f'        seen["train_mode"] |= {_DURING}\n', ""), ("    handle.remove()\n", '    handle.remove()\n    seen["train_mode"] = any(m.training for m in model.modules())\n')),
        hint=Hint(
            question=Text(en="An honest test switches to eval and back again. What do you see if you look only when it has finished?", zh="老实的测试会切到评估模式，再切回来。如果等它结束才去看，看到的是什么？"),
            neighbour=Text(en="Whether a cyclist wears a helmet while riding cannot be seen in the café afterwards. Stand at the road: that is what a hook does.", zh="骑车时有没有戴头盔，事后在咖啡馆里是看不出来的。要站在路边看：钩子就是干这个的。"),
        ),
    ),
    Wrong(
        "only-model-flag",
        Text(en="looks at the flag of the whole model only, not at its layers'", zh="只看整个模型的标志，没看各层的"),
        edits=((_DURING, "module.training"),),
        hint=Hint(
            question=Text(en="Which flag does a dropout layer go by: its own or that of the model it is in?", zh="dropout 层看的是自己的标志，还是它所在模型的标志？"),
            neighbour=Text(en="The sign at the school gate says 'silence', and in room 3 they are singing. net.training = False changes the sign; net.eval() goes through all rooms. Ask each: [m.training for m in net.modules()].", zh="校门口挂着“肃静”，3 号教室却在唱歌。net.training = False 只是换了牌子；net.eval() 会走遍每间教室。要逐间去问：[m.training for m in net.modules()]。"),
        ),
    ),
    Wrong(
        "all-must-train",
        Text(en="reports train mode only where all layers are in it", zh="所有层都处于训练模式才报告"),
        edits=((_DURING, _DURING.replace("any(", "all(")),),
        hint=Hint(
            question=Text(en="Is one layer in train mode enough to spoil the measurement? What do any and all say then?", zh="只要有一层处于训练模式，是不是就足以毁掉测量？这时 any 和 all 各会说什么？"),
            neighbour=Text(en="Of three windows one is open: any(open) is True, all(open) is False, and the rain comes in.", zh="三扇窗开了一扇：any(open) 是 True，all(open) 是 False，而雨照样飘进来。"),
        ),
    ),
    Wrong(
        "restored-only-at-the-top",
        Text(en="compares the mode of the whole model only", zh="只比较整个模型的模式"),
        edits=((_AFTER, "modes[0] != model.training"),),
        hint=Hint(
            question=Text(en="One layer was in eval mode on purpose, the model was not. What does model.train() do to that layer?", zh="有一层是特意处于评估模式的，而模型不是。model.train() 会把那一层怎么样？"),
            neighbour=Text(en="'Lights on, everybody!' wakes the night shift, too. Whoever wants the old state back must have written it down room by room.", zh="“全体开灯！”会把上夜班刚睡下的人也吵醒。想恢复原状，就得事先一间一间记下来。"),
        ),
    ),
    Wrong(
        "expects-train-mode",
        Text(en="calls it a change whenever the model is in eval mode at the end", zh="只要结束时处于评估模式，就说是改变"),
        edits=((_AFTER, "not model.training"),),
        hint=Hint(
            question=Text(en="In which mode was the model before? Did you write that down?", zh="模型原来处于什么模式？你事先记下来了吗？"),
            neighbour=Text(en="The door is closed now. Has somebody closed it? Only who knows how it stood before can tell.", zh="门现在是关着的。有人关过它吗？只有知道它原来什么样，才说得出来。"),
        ),
    ),
    Wrong(
        "state-not-copied",
        Text(en="the state from before is no copy: it changes along", zh="记下的旧状态不是副本：它会跟着变"),
        edits=(("{name: t.clone() for name, t in model.state_dict().items()}", "model.state_dict()"),),
        hint=Hint(
            question=Text(en="Do the tensors in model.state_dict() have memory of their own?", zh="model.state_dict() 里的张量有自己的内存吗？"),
            neighbour=Text(en="before = a; a += 1; before == a is True: two names for one thing. before = a.clone() keeps what was.", zh="before = a；a += 1；before == a 是 True：同一个东西的两个名字。before = a.clone() 才留得住原来的值。"),
        ),
    ),
    Wrong(
        "parameters-only",
        Text(en="compares the parameters, not the buffers", zh="只比较了参数，没有比较缓冲区"),
        edits=(("for name, t in model.state_dict().items()}", "for name, t in model.named_parameters()}"), ("not torch.equal(t, state[name]) for name, t in model.state_dict().items()", "not torch.equal(t, state[name]) for name, t in model.named_parameters()")),
        hint=Hint(
            question=Text(en="Where does a batch-norm keep its running statistics: among the parameters?", zh="批量归一化的滑动统计量放在哪里？在参数里吗？"),
            neighbour=Text(en="An inventory of the shelves only does not notice that the cash box is empty. state_dict() lists both: parameters and buffers.", zh="只清点货架，发现不了钱箱空了。state_dict() 两样都列：参数和缓冲区。"),
        ),
    ),
    Wrong(
        "last-batch-only",
        Text(en="each batch overwrites what was found before", zh="每一批都覆盖了之前的发现"),
        edits=(('seen["train_mode"] |=', 'seen["train_mode"] ='), ('seen["recorded"] |=', 'seen["recorded"] =')),
        hint=Hint(
            question=Text(en="The first batch is at fault, the second is not. What do your findings say at the end?", zh="第一批有毛病，第二批没有。最后你的结论是什么？"),
            neighbour=Text(en="A smoke alarm that goes off and forgets it when the air is clear: found = smoke. One that remembers: found = found or smoke.", zh="一个烟雾报警器响过之后，烟一散就忘了：found = smoke。记得住的是：found = found or smoke。"),
        ),
    ),
    Wrong(
        "recording-asked-afterwards",
        Text(en="asks torch.is_grad_enabled() after the run", zh="运行结束后才问 torch.is_grad_enabled()"),
        edits=(('        seen["recorded"] |= output.requires_grad\n', ""), ("    handle.remove()\n", '    handle.remove()\n    seen["recorded"] = torch.is_grad_enabled()\n')),
        hint=Hint(
            question=Text(en="no_grad ends with its block. What is torch.is_grad_enabled() afterwards, in any case?", zh="no_grad 到它的代码块结束就失效了。之后 torch.is_grad_enabled() 总是什么？"),
            neighbour=Text(en="'Was the camera off during the interview?' is not answered by looking at it the day after. The outputs bear the trace: y.requires_grad.", zh="“采访时摄像机关了吗？”第二天去看一眼，回答不了这个问题。输出上才留有痕迹：y.requires_grad。"),
        ),
    ),
    Wrong(
        "eval-means-no-recording",
        Text(en="takes eval mode for 'nothing is recorded'", zh="以为评估模式就是“不做记录”"),
        edits=(("|= output.requires_grad", "|= module.training"),),
        hint=Hint(
            question=Text(en="Put a model into eval mode and call it. Does its output require a gradient?", zh="把模型切到评估模式再调用，输出的 requires_grad 是什么？"),
            neighbour=Text(en="nn.Linear(2, 1).eval()(torch.ones(2)).requires_grad is True: two switches, and this one has not been touched.", zh="nn.Linear(2, 1).eval()(torch.ones(2)).requires_grad 是 True：有两个开关，而这一个没有人碰过。"),
        ),
    ),
    Wrong(
        "hook-left",
        Text(en="the hook is never taken out", zh="钩子一直没有取下来"),
        edits=(("    handle.remove()\n", ""),),
        hint=Hint(
            question=Text(en="What still happens at every call of the model after your audit?", zh="审查结束之后，每次调用模型时还会发生什么？"),
            neighbour=Text(en="The plumber has left, the inspection camera is still in the pipe. camera = pipe.register_forward_hook(f); ...; camera.remove().", zh="水管工走了，探头还留在管子里。camera = pipe.register_forward_hook(f)；……；camera.remove()。"),
        ),
    ),
    Wrong(
        "cures-instead",
        Text(en="puts the model into eval mode itself before the run", zh="运行之前自己先把模型切到了评估模式"),
        edits=(("    test(model, batches)\n", "    model.eval()\n    test(model, batches)\n"),),
        hint=Hint(
            question=Text(en="If you switch to eval mode yourself, how would you notice that the test forgot to?", zh="如果你自己切到了评估模式，又怎么发现测试忘了切？"),
            neighbour=Text(en="A driving examiner who brakes for the candidate learns nothing about the candidate's braking.", zh="考官替考生踩刹车，就看不出考生会不会刹车了。"),
        ),
    ),
    Wrong(
        "runs-under-no-grad",
        Text(en="runs the test under no_grad", zh="在 no_grad 之下运行测试"),
        edits=(("    test(model, batches)\n", "    with torch.no_grad():\n        test(model, batches)\n"),),
        hint=Hint(
            question=Text(en="Whose no_grad is it that switches the recording off here?", zh="这里关掉记录的是谁的 no_grad？"),
            neighbour=Text(en="To see whether somebody switches the light off when leaving, do not cut the mains.", zh="想知道一个人出门时关不关灯，就不要先拉总闸。"),
        ),
    ),
    Wrong(
        "runs-twice",
        Text(en="runs the test twice", zh="把测试运行了两次"),
        edits=(("    test(model, batches)\n", "    test(model, batches)\n    test(model, batches)\n"),),
        hint=Hint(
            question=Text(en="How many times does the test run? What would the second run see as 'before'?", zh="测试运行了几次？第二次运行时，“之前”是什么？"),
            neighbour=Text(en="A second dip of a litmus strip measures the strip, too. One run is enough.", zh="同一条试纸蘸两次，第二次测的就不只是溶液了。运行一次就够。"),
        ),
    ),
    Wrong(
        "list-of-names",
        Text(en="returns the names of the faults instead of a dict of four", zh="返回的是毛病的名字，而不是四项的字典"),
        source='''def audit(test, model, batches):
    modes = [m.training for m in model.modules()]
    seen = set()
    handle = model.register_forward_hook(lambda m, i, o: seen.add("train_mode") if m.training else None)
    test(model, batches)
    handle.remove()
    if modes != [m.training for m in model.modules()]:
        seen.add("mode_changed")
    return sorted(seen)
''',
        hint=Hint(
            question=Text(en="What does the card promise: a list of names, or a dict with all four?", zh="题目要的是名字的列表，还是四项齐全的字典？"),
            neighbour=Text(en="A form with four boxes, each ticked or not, {'rain': True, 'wind': False}, says more than a note with 'rain': that wind was looked for, too.", zh="一张有四个格子的表，每格打勾或不打勾，{'rain': True, 'wind': False}，比一张只写着 'rain' 的纸条说得多：风也查过了。"),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "pre-hooks-everywhere",
        '''def audit(test, model, batches):
    """A hook before every module; the recording is asked for while it runs."""
    import copy

    before = copy.deepcopy(model)
    modes, recording, handles = [], [], []
    for module in model.modules():
        def look(module, inputs):
            modes.append(module.training)
            recording.append(torch.is_grad_enabled())
        handles.append(module.register_forward_pre_hook(look))
    try:
        test(model, batches)
    finally:
        for handle in handles:
            handle.remove()
    pairs = list(zip(before.modules(), model.modules()))
    tensors = zip([*before.parameters(), *before.buffers()], [*model.parameters(), *model.buffers()])
    return {
        "train_mode": True in modes,
        "recorded": True in recording,
        "mode_changed": any(a.training is not b.training for a, b in pairs),
        "state_changed": any((a != b).any().item() for a, b in tensors),
    }
''',
    ),
    Right(
        "other-forward",
        '''def audit(test, model, batches):
    """Puts a forward of its own in the place of the model's for the time of the run."""
    flags = {name: module.training for name, module in model.named_modules()}
    old = torch.cat([t.detach().double().flatten() for t in model.state_dict().values()])
    original, diary = model.forward, []

    def spy(*args):
        result = original(*args)
        diary.append((sum(module.training for module in model.modules()) > 0, result.grad_fn is not None))
        return result

    model.forward = spy
    test(model, batches)
    del model.forward
    new = torch.cat([t.detach().double().flatten() for t in model.state_dict().values()])
    return dict(
        train_mode=any(mode for mode, _ in diary),
        recorded=any(graph for _, graph in diary),
        mode_changed=flags != {name: module.training for name, module in model.named_modules()},
        state_changed=not bool((old == new).all()),
    )
''',
    ),
)

DEVICE_WRONG = (
    Wrong(
        "state-by-numpy",
        Text(en="the state is kept and compared as arrays", zh="把状态存成数组再比较"),
        edits=(('{name: t.clone() for name, t in model.state_dict().items()}', '{name: t.numpy().copy() for name, t in model.state_dict().items()}'), ('not torch.equal(t, state[name])', 'not (t.numpy() == state[name]).all()'),),
        hint=Hint(
            question=Text(en="Your audit is to look at models on a GPU, too. Which of its lines leaves torch?", zh="你的审查也要能看 GPU 上的模型。其中哪一行离开了 torch？"),
            neighbour=Text(en="before = t.clone(); torch.equal(t, before) keeps and compares on t's device. np.array_equal(t.numpy(), before) stops on a GPU with a TypeError.", zh="before = t.clone(); torch.equal(t, before) 就在 t 所在的设备上保存和比较。np.array_equal(t.numpy(), before) 到 GPU 上就以 TypeError 中止。"),
        ),
    ),
    Wrong(
        "state-on-cpu",
        Text(en="the state is kept on the CPU and compared with the model there", zh="把状态存在 CPU 上，再与别处的模型比较"),
        edits=(('{name: t.clone() for name, t in model.state_dict().items()}', '{name: t.cpu().clone() for name, t in model.state_dict().items()}'),),
        hint=Hint(
            question=Text(en="Keeping a copy on the CPU saves the GPU's memory. What must happen to one of the two before they are compared?", zh="把副本存在 CPU 上能省显存。比较之前，两者之一必须怎样？"),
            neighbour=Text(en="For t on a GPU, torch.equal(t, kept) with kept = t.cpu() raises. torch.equal(t.cpu(), kept) compares on the CPU, torch.equal(t, kept.to(t.device)) on the GPU.", zh="t 在 GPU 上、kept = t.cpu() 时，torch.equal(t, kept) 会报错。torch.equal(t.cpu(), kept) 在 CPU 上比较，torch.equal(t, kept.to(t.device)) 在 GPU 上比较。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="11.4 Audit a test function", zh="11.4 审查一个测试函数"),
    properties=(
        Property("train_mode", Text(en="finds layers that ran in train mode", zh="查出以训练模式运行的层"), points=1.5),
        Property("recorded", Text(en="finds that a graph was recorded", zh="查出记录了计算图")),
        Property(
            "mode_changed", Text(en="finds modes that are not as before", zh="查出没有恢复原样的模式"), points=1.5
        ),
        Property("state_changed", Text(en="finds changed parameters or buffers", zh="查出被改动的参数或缓冲区")),
        Property(
            "runs",
            Text(en="runs the test once, with the given things", zh="用给定的东西运行一次测试"),
            points=0.5,
            only_with="mode_changed",
        ),
        Property("left", Text(en="nothing is left behind", zh="没有留下东西"), points=0.5, only_with="recorded"),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Write the failing case's test function yourself, in five lines, and print in your hook what you see at each batch. Which finding disagrees?",
            zh="把出错算例里的测试函数自己写出来，五行就够，并在钩子里打印每一批看到的东西。哪一项对不上？",
        ),
        neighbour=Text(
            en="A test that runs one batch in train mode and recording, and does nothing else, on a model with batch-norm: train_mode True, recorded True, mode_changed False, state_changed True (the running statistics).",
            zh="一个测试在训练模式下、带着记录跑了一批，别的什么也没做，模型里有批量归一化：train_mode 为 True，recorded 为 True，mode_changed 为 False，state_changed 为 True（滑动统计量变了）。",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
