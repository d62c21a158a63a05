"""Exercise 0.3: what a traceback says in its last line, and the deepest line of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Calls ``read_traceback`` once; yields the four entries of what came back."""
    read = ns["read_traceback"](case["text"], case["mine"])
    if not isinstance(read, dict):
        yield "error", read  # no dict: the comparison then says what came instead
        return
    for name in ("error", "message", "line", "code"):
        if name in read:
            yield name, read[name]


Frame = tuple[str, int, str, str]
HEAD = "Traceback (most recent call last):\n"
BETWEEN = "\nDuring handling of the above exception, another exception occurred:\n\n"
MODULE = ("site-packages/torch/nn/modules/module.py", 1778, "_call_impl", "return forward_call(*args, **kwargs)")
LINEAR = (
    "site-packages/torch/nn/modules/linear.py",
    134,
    "forward",
    "return F.linear(input, self.weight, self.bias)",
)


def _traceback(frames: list[Frame], last: str, marks: bool = False) -> str:
    """The text that Python prints; with marks under the code, as newer versions of Python put them."""
    text = HEAD
    for file, line, function, code in frames:
        text += f'  File "{file}", line {line}, in {function}\n    {code}\n'
        if marks:
            text += "    " + "^" * len(code) + "\n"
    return f"{text}{last}\n"


def _case(name: str, label: Text, text: str, mine: str = "train.py") -> Case:
    return Case(name, label, {"text": text, "mine": mine})


PUBLIC = (
    _case(
        "one-frame",
        Text(en="a single line of your own", zh="只有你自己的一行"),
        _traceback(
            [("train.py", 3, "<module>", "x = torch.ones(2)[5]")],
            "IndexError: index 5 is out of bounds for dimension 0 with size 2",
        ),
    ),
    _case(
        "into-torch",
        Text(en="two lines of your own, then into torch", zh="你自己的两行，再进入 torch"),
        _traceback(
            [
                ("train.py", 21, "<module>", "fit(model, batches)"),
                ("train.py", 9, "fit", "y = model(x)"),
                MODULE,
                LINEAR,
            ],
            "RuntimeError: mat1 and mat2 shapes cannot be multiplied (4x5 and 3x2)",
            marks=True,
        ),
    ),
    _case(
        "no-message",
        Text(en="an error without a message", zh="没有说明文字的错误"),
        _traceback(
            [
                ("train.py", 30, "<module>", "run()"),
                ("train.py", 12, "run", 'open_data("digits")'),
                ("data.py", 4, "open_data", "raise NotImplementedError"),
            ],
            "NotImplementedError",
        ),
    ),
    _case(
        "colons-and-namesakes",
        Text(en="colons in the message, and a file with a similar name", zh="说明文字里有冒号，还有名字相近的文件"),
        _traceback(
            [
                ("train.py", 8, "<module>", "start(config)"),
                ("site-packages/tool/train.py", 410, "start", 'check(config["lr"])'),
                ("pretrain.py", 77, "check", "raise ValueError(text)"),
            ],
            "ValueError: bad value in config: lr: -1",
        ),
    ),
    _case(
        "two-in-one",
        Text(en="an error while another one was handled", zh="处理一个错误时又出了另一个"),
        _traceback([("train.py", 5, "<module>", 'lr = settings["lr"]')], "KeyError: 'lr'")
        + BETWEEN
        + _traceback(
            [("train.py", 7, "<module>", "lr = settings.lr"), ("site-packages/box.py", 88, "__getattr__", "raise err")],
            "AttributeError: 'dict' object has no attribute 'lr'",
            marks=True,
        ),
    ),
)

_ERRORS = (
    "RuntimeError: expected m1 and m2 to have the same dtype, but got: double != float",
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB",
    "AssertionError",
    "RuntimeError: Tensor on device cpu is not on the expected device meta!",
    "ValueError: file: train.py, line: 3: not a number",
)


def hidden(rng: np.random.Generator) -> list[Case]:
    """Deep and shallow tracebacks with other files and numbers; one's own file called back from a library."""
    cases = []
    for number, last in enumerate(_ERRORS):
        mine = ("train.py", "main.py", "lesson.py")[int(rng.integers(3))]
        lines = [int(n) for n in rng.integers(1, 900, 5)]
        frames = [
            (mine, lines[0], "<module>", f"main({lines[1]})"),
            (mine, lines[2], "main", f"y = step(x, {lines[3]})"),
        ]
        frames += [MODULE, LINEAR][: int(rng.integers(3))]
        if number % 2:
            frames += [(mine, lines[4], "hook", f"check(grad, {lines[0]})"), (f"old_{mine}", 2, "check", "raise error")]
        label = Text(en=f"{len(frames)} frames, {last.split(':')[0]}", zh=f"{len(frames)} 层调用，{last.split(':')[0]}")
        cases.append(_case(f"random-{number}", label, _traceback(frames, last, marks=bool(rng.integers(2))), mine))
    return cases


_FROM_BELOW = Text(
    en="A parcel's trail, oldest first: Berlin 9:10, Lyon 14:30, 'lost'. What happened stands last: lost. Where "
    "it was seen last: Lyon. The first entry, Berlin, only tells where the trail begins.",
    zh="包裹的行程，最早的排在最前：柏林 9:10，里昂 14:30，“丢失”。出了什么事，写在最后：丢失；最后一次在哪里：里昂。第一条“柏林”只说明行程从哪里开始。",
)
_PLACE = "place = max(i for i, line in enumerate(lines) if line.startswith(opening))"
_PARTS = 'error, _, message = lines[-1].partition(": ")'

WRONG = (
    Wrong(
        "first-frame",
        Text(en="the first of your own lines, not the last", zh="取了你自己的第一行，而不是最后一行"),
        edits=((_PLACE, _PLACE.replace("max", "min")),),
        hint=Hint(
            question=Text(
                en="'Most recent call last': which of your lines was being run when it happened, the upper or the lower one?",
                zh="“most recent call last”（最近的调用在最后）：出事的那一刻，正在执行的是你上面的那行，还是下面的那行？",
            ),
            neighbour=_FROM_BELOW,
        ),
    ),
    Wrong(
        "deepest-of-all",
        Text(en="the deepest line of all, which is not yours", zh="取了最深的一行，而那不是你的代码"),
        edits=(
            (_PLACE, _PLACE.replace("startswith(opening)", "startswith('  File ')")),
            (
                'number = lines[place].removeprefix(opening).partition(",")[0]',
                'number = lines[place].partition(", line ")[2].partition(",")[0]',
            ),
        ),
        hint=Hint(
            question=Text(
                en="In which file lies the line that you found? Can you change anything there?",
                zh="你找到的那行在哪个文件里？你能改那里吗？",
            ),
            neighbour=Text(
                en="You order 'minus 3 pizzas'; the waiter tells the cook, and the cook drops the pan. The pan fell in the kitchen, but "
                "the order was written at your table. Ask for the last place that was yours.",
                zh="你点了“负 3 个比萨”，服务员告诉厨师，厨师吓得把锅摔了。锅是在厨房摔的，单子却是在你的桌上写的。要找的是最后一个归你管的地方。",
            ),
        ),
    ),
    Wrong(
        "first-line",
        Text(en="reads the first line of the text, not the last", zh="读了文字的第一行，而不是最后一行"),
        edits=((_PARTS, 'error, _, message = lines[0].partition(": ")'),),
        hint=Hint(
            question=Text(
                en="Does the first line of a traceback differ from one error to the next? Where does it say what happened?",
                zh="不同的报错，第一行有什么不同吗？出了什么事写在哪里？",
            ),
            neighbour=_FROM_BELOW,
        ),
    ),
    Wrong(
        "last-colon",
        Text(en="splits at the last colon of the message", zh="在说明文字的最后一个冒号处分开"),
        edits=((_PARTS, 'error, _, message = lines[-1].rpartition(": ")'),),
        hint=Hint(
            question=Text(
                en="What if the message has colons of its own? And what if there is none at all?",
                zh="如果说明文字里自己也有冒号呢？如果一个冒号也没有呢？",
            ),
            neighbour=Text(
                en="'Note: bring: bread, salt' is a Note with the text 'bring: bread, salt'. Split at the last colon it would be a 'Note: "
                "bring'. 'a: b: c'.partition(': ') gives 'a', ': ', 'b: c'.",
                zh="'Note: bring: bread, salt' 是一条 Note，内容是 'bring: bread, salt'。若在最后一个冒号处分开，就成了 'Note: bring'。"
                "'a: b: c'.partition(': ') 得到 'a'、': '、'b: c'。",
            ),
        ),
    ),
    Wrong(
        "message-cut-short",
        Text(en="the message ends at its own first colon", zh="说明文字在它自己的第一个冒号处被截断"),
        edits=((_PARTS, 'error, message = (lines[-1].split(": ") + [""])[:2]'),),
        hint=Hint(
            question=Text(
                en="Into how many parts does split(': ') cut a line with three colons? Which of them do you keep?",
                zh="一行里有三个冒号时，split(': ') 会切成几段？你留下了哪几段？",
            ),
            neighbour=Text(
                en="'k: v: w'.split(': ') has three parts, and taking two loses 'w'. 'k: v: w'.split(': ', 1) has two: 'k' and 'v: w'.",
                zh="'k: v: w'.split(': ') 有三段，只取两段就丢了 'w'。'k: v: w'.split(': ', 1) 有两段：'k' 和 'v: w'。",
            ),
        ),
    ),
    Wrong(
        "whole-last-line",
        Text(en="the whole last line as the type of the error", zh="把最后一整行当成了错误类型"),
        edits=((_PARTS, 'error, _, message = lines[-1], "", lines[-1]'),),
        hint=Hint(
            question=Text(
                en="Which part of the last line would you write behind except?",
                zh="最后一行的哪一部分，可以写在 except 后面？",
            ),
            neighbour=Text(
                en="'Storm: wind from the west' has two parts: the kind (Storm) decides what you do, the text tells the rest. Whoever "
                "searches for 'Storm: wind from the west' finds no rule for it.",
                zh="“风暴：西风”有两部分：种类（风暴）决定你怎么办，其余的说明细节。若拿“风暴：西风”去查规则，是查不到的。",
            ),
        ),
    ),
    Wrong(
        "trailing-newline",
        Text(en="stumbles over the line break at the end of the text", zh="被文字末尾的换行绊住了"),
        edits=(("text.strip().splitlines()", 'text.split("\\n")'),),
        hint=Hint(
            question=Text(
                en="Print repr(text). What stands behind the last line, and what is the last entry of your list then?",
                zh="打印 repr(text)。最后一行后面还有什么？这样一来，你的列表最后一项是什么？",
            ),
            neighbour=Text(
                en=r"'a\nb\n'.split('\n') is ['a', 'b', '']: the last entry is empty. 'a\nb\n'.splitlines() is ['a', 'b'].",
                zh=r"'a\nb\n'.split('\n') 得到 ['a', 'b', '']：最后一项是空的。'a\nb\n'.splitlines() 得到 ['a', 'b']。",
            ),
        ),
    ),
    Wrong(
        "similar-name",
        Text(
            en="takes a file whose name only contains yours for your own",
            zh="文件名里只是包含你的文件名，也当成了你的",
        ),
        edits=(
            (_PLACE, _PLACE.replace("line.startswith(opening)", 'mine in line and line.startswith("  File ")')),
            (
                'number = lines[place].removeprefix(opening).partition(",")[0]',
                'number = lines[place].partition(", line ")[2].partition(",")[0]',
            ),
        ),
        hint=Hint(
            question=Text(
                en="Is pretrain.py your file when yours is called train.py? What must stand directly before the name?",
                zh="你的文件叫 train.py 时，pretrain.py 是你的文件吗？名字前面紧挨着的应当是什么？",
            ),
            neighbour=Text(
                en="'Ann' in 'Joanna' is False but 'anna' in 'Joanna' is True: 'in' also finds parts. Names in quotes are compared "
                "with their quotes: '\"anna\"' in '\"Joanna\"' is False.",
                zh="'Ann' in 'Joanna' 为 False，但 'anna' in 'Joanna' 为 True：in 也会找到词的一部分。名字带着引号，就连引号一起比："
                "'\"anna\"' in '\"Joanna\"' 为 False。",
            ),
        ),
    ),
    Wrong(
        "number-as-text",
        Text(en="the line number is a string", zh="行号是字符串"),
        edits=(('"line": int(number)', '"line": number'),),
        hint=Hint(
            question=Text(
                en="What is type(read_traceback(...)['line'])? What does '9' < '21' give?",
                zh="type(read_traceback(...)['line']) 是什么？'9' < '21' 的结果又是什么？",
            ),
            neighbour=Text(
                en="Read from a form: age = '8'. age + 1 raises a TypeError, and '8' < '12' is False, for strings are compared letter by "
                "letter. int('8') + 1 is 9.",
                zh="从表单里读到 age = '8'。age + 1 会抛出 TypeError，'8' < '12' 为 False，因为字符串是逐个字符比较的。int('8') + 1 是 9。",
            ),
        ),
    ),
    Wrong(
        "line-above-the-error",
        Text(en="the code just above the error's line", zh="取了错误上面紧挨着的那行代码"),
        edits=(('"code": lines[place + 1].strip()', '"code": lines[-2].strip()'),),
        hint=Hint(
            question=Text(
                en="Which entry of the traceback does the code belong to that you return: the one whose line number you give?",
                zh="你返回的代码属于哪一层调用？是你给出行号的那一层吗？",
            ),
            neighbour=Text(
                en="A list of pairs of lines, place and then words: 'desk 4', 'hello', 'desk 9', 'bye'. The words of desk 4 stand directly "
                "below 'desk 4'. The last words of the list belong to desk 9.",
                zh="一份名单，每两行一组，先是座位，后是话：“4 号桌”“你好”“9 号桌”“再见”。4 号桌的话就在“4 号桌”的下一行。名单最后的话属于 9 号桌。",
            ),
        ),
    ),
    Wrong(
        "with-the-indent",
        Text(en="the code still has its blanks in front", zh="代码前面的空格没有去掉"),
        edits=(('"code": lines[place + 1].strip()', '"code": lines[place + 1]'),),
        hint=Hint(
            question=Text(
                en="Print repr of the code that you return. What is in front of it?",
                zh="打印你返回的代码的 repr。它前面有什么？",
            ),
            neighbour=Text(
                en="'   tea ' == 'tea' is False: blanks count. '   tea '.strip() == 'tea' is True.",
                zh="'   tea ' == 'tea' 为 False：空格也算数。'   tea '.strip() == 'tea' 为 True。",
            ),
        ),
    ),
    Wrong(
        "the-call-not-the-code",
        Text(en="the name of the function in place of its code", zh="给的是函数名，而不是那行代码"),
        edits=(('"code": lines[place + 1].strip()', '"code": lines[place].partition(", in ")[2]'),),
        hint=Hint(
            question=Text(
                en="Each entry has two lines. What does the upper one say, and what the lower one?",
                zh="每一层调用有两行。上一行说的是什么，下一行说的又是什么？",
            ),
            neighbour=Text(
                en="'page 12, in chapter Rain' / 'It poured.' The upper line tells where; what is written there is the lower line: "
                "'It poured.'",
                zh="“第 12 页，《雨》一章”／“大雨倾盆。”上一行说在哪里；那里写着什么，看下一行：“大雨倾盆。”",
            ),
        ),
    ),
    Wrong(
        "a-tuple",
        Text(en="a tuple, not a dict", zh="返回的是元组，而不是字典"),
        edits=(
            (
                'return {"error": error, "message": message, "line": int(number), "code": lines[place + 1].strip()}',
                "return error, message, int(number), lines[place + 1].strip()",
            ),
        ),
        hint=Hint(
            question=Text(
                en="The caller writes read_traceback(...)['line']. Does this work with what you return?",
                zh="调用者会写 read_traceback(...)['line']。你返回的东西支持这样取吗？",
            ),
            neighbour=Text(
                en="point = (3, 4): point['x'] raises a TypeError. point = {'x': 3, 'y': 4}: point['x'] is 3.",
                zh="point = (3, 4)：point['x'] 抛出 TypeError。point = {'x': 3, 'y': 4}：point['x'] 是 3。",
            ),
        ),
    ),
)

RIGHT = (
    Right(
        "regular-expressions",
        '''import re


def read_traceback(text, mine):
    """Two patterns: an entry of the caller's file, and the last line."""
    entries = re.findall(rf'^  File "{re.escape(mine)}", line (\\d+), in .*\\n +(.*)$', text, flags=re.MULTILINE)
    line, code = entries[-1]
    last = re.search(r"([^\\n]+?)(?:: ([^\\n]*))?\\s*\\Z", text)
    return {"error": last[1], "message": last[2] or "", "line": int(line), "code": code.rstrip()}
''',
    ),
    Right(
        "backwards",
        '''def read_traceback(text, mine):
    """Reads upwards from the last line, as people should."""
    upwards = [line for line in text.split("\\n") if line][::-1]
    error, *message = upwards[0].split(": ", 1)
    below = ""
    for line in upwards:
        parts = line.split('"')
        if line.startswith("  File ") and parts[1] == mine:
            number = int(parts[2].split(",")[1].split()[1])
            return dict(error=error, message="".join(message), line=number, code=below.lstrip())
        if "^" not in line:
            below = line
''',
    ),
    Right(
        "two-pointers",
        '''def read_traceback(text, mine):
    """Goes through once and keeps the latest find."""
    found = {}
    rows = text.rstrip("\\n").split("\\n")
    for row, following in zip(rows, rows[1:]):
        head, _, tail = row.partition(", line ")
        if head == f'  File "{mine}"':
            found["line"] = int(tail[: tail.index(",")])
            found["code"] = following.strip(" ")
    last = rows.pop()
    cut = last.find(": ")
    found["error"] = last if cut < 0 else last[:cut]
    found["message"] = "" if cut < 0 else last[cut + 2 :]
    return found
''',
    ),
)

EXERCISE = Exercise(
    title=Text(en="0.3 Read a traceback", zh="0.3 读懂报错信息"),
    properties=(
        Property("error", Text(en="the type of the error", zh="错误的类型")),
        Property("message", Text(en="the message", zh="说明文字")),
        Property("line", Text(en="the number of your last line in it", zh="其中你自己最后一行的行号"), points=2.0),
        Property("code", Text(en="the code of that line", zh="那一行的代码")),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Number the lines of the text from the end. In which line does each of the four entries stand, and by what do you "
            "recognise it?",
            zh="从末尾起给各行编号。四项内容各在哪一行？你凭什么认出它？",
        ),
        neighbour=Text(
            en="lines = ['at A, 3', 'x = 1', 'at B, 8', 'y = 2', 'Odd: y']. The last place that begins with 'at A' is entry 0, its "
            "words are entry 1, and 'Odd: y'.partition(': ') gives 'Odd', ': ' and 'y'.",
            zh="lines = ['at A, 3', 'x = 1', 'at B, 8', 'y = 2', 'Odd: y']。最后一个以 'at A' 开头的是第 0 项，内容在第 1 项；"
            "'Odd: y'.partition(': ') 得到 'Odd'、': ' 和 'y'。",
        ),
    ),
)
