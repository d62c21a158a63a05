"""Predict, then run: what a student expects is recorded before the answer shows, and compared at the lesson's end.

    prediction(key, question, choices)   before the cell with the answer: asks, and records
    reveal(key, value)                   in the cell with the answer: says whether the prediction came true
    predictions(slug)                    at the end of the lesson: all of them side by side, the wrong ones first

``predictions.jsonl`` lies in the bundle's folder beside progress.jsonl; its lines are predictions and answers::

    {"time": "…", "prediction": "shapes.stride", "words": "(4, 1)"}
    {"time": "…", "answer": "shapes.stride", "words": "(1, 4)"}

A choice is named by its words (the English ones, whatever the language), so that an update may order them anew.

The last prediction before the answer first showed is the one that counts, and that answer is what it is compared with;
a prediction made afterwards is shown as such and is kernel. While nbgrader runs, nothing is kept.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib import records
from course_lib._html import paragraphs, spans
from course_lib.bundle import bundle_folder
from course_lib.text import Text, say

FILE = "predictions.jsonl"
LETTERS = "abcdefghij"

BEFORE = Text(en="Before you run the next cell:", zh="运行下一个单元格之前，先预测：")
BY_LETTER = Text(
    en='To answer by keyboard alone or without these buttons, write a letter into the cell: mine="a"',
    zh='也可以只用键盘，或在没有按钮的地方，把字母写进单元格：mine="a"',
)
RECORDED = Text(en="Recorded “{mine}”. Now run the next cell.", zh="已记录“{mine}”。现在运行下一个单元格。")
TOO_LATE = Text(
    en="Recorded “{mine}”. The answer has been shown before, so this one is not counted.",
    zh="已记录“{mine}”。答案此前已经显示过，因此这一次不计入。",
)
DONE = Text(en="Your prediction was “{mine}”.", zh="你的预测是“{mine}”。")
NO_LETTER = Text(
    en="There is no choice {mine!r}: take one of {letters}.", zh="没有选项 {mine!r}，请从 {letters} 中选。"
)
RIGHT = Text(en="✓ As you predicted: “{value}”.", zh="✓ 与你的预测一致：“{value}”。")
WRONG = Text(
    en="✗ You predicted “{mine}”; it is “{value}”. Which step of your reasoning was it?",
    zh="✗ 你的预测是“{mine}”，结果是“{value}”。想一想：是推理的哪一步出了偏差？",
)
NONE_OF_THEM = Text(en="It came out as “{value}”, which was none of the choices.", zh="结果是“{value}”，不在选项之中。")

TITLE = Text(en="Your predictions in this lesson", zh="你在本课中的预测")
NOTHING_YET = Text(
    en="You have recorded none of this lesson's predictions. Go back to one whose answer you do not know by heart.",
    zh="本课的预测你还一个都没有记录。不妨回到某个还说不准答案的地方，预测一下再看。",
)
COUNT = Text(en="{right} of {all} came true.", zh="{all} 次预测中有 {right} 次与结果一致。")
HEADS = (
    Text(en="question", zh="问题"),
    Text(en="you predicted", zh="你的预测"),
    Text(en="it is", zh="结果"),
    Text(en="came true", zh="是否一致"),
)
YES, NO = Text(en="✓ yes", zh="✓ 一致"), Text(en="✗ no", zh="✗ 不一致")
LATE = Text(en="– after the answer", zh="– 看过答案之后")
OPEN = Text(en="? not run yet", zh="? 尚未运行")

Choices = Sequence[Any] | Mapping[Any, "Text | str"]


@dataclass(frozen=True)
class Asked:
    """A question as its cell put it. values and labels: of the choices, in their order."""

    key: str
    question: Text
    values: tuple[Any, ...]
    labels: tuple[Text, ...]

    def place(self, words: str | None) -> int | None:
        """Where a choice stands; None where there is none of these words (any more)."""
        return next((place for place, label in enumerate(self.labels) if label.en == words), None)

    def label(self, words: str) -> Text:
        """A choice in both languages; the words alone where they are none of the choices."""
        place = self.place(words)
        return Text(words or "?", words or "?") if place is None else self.labels[place]


@dataclass(frozen=True)
class Told:
    """What is on record of one question: the words of the prediction and of the answer.

    late: the prediction was made after the answer had shown.
    """

    key: str
    mine: str | None = None
    late: bool = False
    answer: str | None = None

    @property
    def right(self) -> bool:
        return self.mine is not None and not self.late and self.mine == self.answer


_asked: dict[str, Asked] = {}  # by key, as the cells of this kernel asked
_kept: list[dict[str, Any]] = []  # what a kernel outside a bundle remembers


def prediction(key: str, question: Text, choices: Choices, mine: str | None = None) -> None:
    """Asks for a prediction, ``slug.name``, and records it. Call it at the end of its cell, before the answer's cell.

        prediction("shapes.stride", Text(en="the stride of a.T", zh="a.T 的步幅"), [(4, 1), (1, 4), (3, 1)])

    choices: the values that the answer may take, or a mapping of them to their labels where they are no words for a
        reader, ``{True: Text(en="yes", zh="会"), False: …}``. At most ten. The order is the reader's.
    mine: a choice's letter, for who does without buttons.

    Raises ValueError for choices that are no choice: fewer than two, more than ten, or two alike.
    """
    asked = _asked[key] = _as_asked(key, question, choices)
    if _graded():
        _show(asked, None)
        return
    said = _letter(asked, mine) if mine is not None else None
    told = tell(_entries()).get(key, Told(key))
    if said is None and told.mine is not None:
        said = (DONE if told.answer is not None else RECORDED).format(mine=asked.label(told.mine))
    _show(asked, said)


def reveal(key: str, value: object) -> None:
    """Says, in the cell with the answer, whether the prediction came true; nothing where there was none.

    value: the answer as this run computed it, equal to one of the choices' values.
    """
    asked = _asked.get(key)
    if asked is None or _graded():
        return  # the asking cell was not run
    pairs = zip(asked.values, asked.labels, strict=True)
    answer = next((label.en for other, label in pairs if _same(other, value)), str(value))
    told = tell(_entries()).get(key, Told(key))
    if told.answer is None:
        _note({"answer": key, "words": answer})
    elif told.answer != answer:
        return  # somebody changes a number to see what happens: that is another question
    if asked.place(answer) is None:
        say(NONE_OF_THEM, value=answer)
    elif told.mine is not None and not told.late:
        say(RIGHT if told.mine == answer else WRONG, mine=asked.label(told.mine), value=asked.label(answer))


def predictions(slug: str) -> None:
    """The predictions of a lesson beside what came out, the wrong ones first. Call it at the end of the lesson."""
    if _graded():
        return
    rows = [told for key, told in tell(_entries()).items() if key.startswith(f"{slug}.") and key in _asked]
    rows = sorted((told for told in rows if told.mine is not None), key=_wrong_first)
    if not rows:
        if bundle_folder(Path.cwd()) is not None:
            say(NOTHING_YET)
        return
    counted = [told for told in rows if not told.late and told.answer is not None]
    count = COUNT.format(right=sum(told.right for told in counted), all=len(counted))
    cells = [_row(_asked[told.key], told) for told in rows]
    plain = "\n".join([TITLE.inline, *(" · ".join(cell.inline for cell in row) for row in cells), count.inline])
    _display({"text/html": _table(cells, count), "text/plain": plain})


def tell(entries: Sequence[Mapping[str, Any]]) -> dict[str, Told]:
    """What is on record, by key, in the order in which the questions first came up."""
    found: dict[str, Told] = {}
    for entry in entries:
        key, words = entry.get("prediction") or entry.get("answer"), entry.get("words")
        if not isinstance(key, str) or not isinstance(words, str):
            continue
        told = found.get(key, Told(key))
        if "answer" in entry:
            found[key] = Told(key, told.mine, told.late, told.answer if told.answer is not None else words)
        elif told.answer is None or told.mine is None or told.late:
            found[key] = Told(key, words, told.answer is not None, told.answer)
    return found


def _as_asked(key: str, question: Text, choices: Choices) -> Asked:
    pairs = list(choices.items()) if isinstance(choices, Mapping) else [(value, value) for value in choices]
    labels = [label if isinstance(label, Text) else Text(en=str(label), zh=str(label)) for _, label in pairs]
    if not 2 <= len(labels) <= len(LETTERS) or len({label.en for label in labels}) < len(labels):
        raise ValueError(f"{key}: give 2 to {len(LETTERS)} choices that differ, not {len(labels)}: {labels}")
    return Asked(key, question, tuple(value for value, _ in pairs), tuple(labels))


def _same(choice: object, value: object) -> bool:
    """Equal, and a bool only to a bool: as a number True would equal 1."""
    return isinstance(choice, bool) == isinstance(value, bool) and bool(choice == value)


def _wrong_first(told: Told) -> tuple[bool, bool]:
    return told.right, told.late or told.answer is None


def _letter(asked: Asked, mine: str) -> Text:
    choice = LETTERS.find(str(mine).strip().lower()) if len(str(mine).strip()) == 1 else -1
    if not 0 <= choice < len(asked.labels):
        return NO_LETTER.format(mine=mine, letters=", ".join(LETTERS[: len(asked.labels)]))
    return _record(asked, asked.labels[choice].en)


def _record(asked: Asked, words: str) -> Text:
    """Puts a prediction on record, and says so."""
    told = tell(_entries()).get(asked.key, Told(asked.key))
    if told.mine != words:
        if told.mine is not None and not told.late and told.answer is not None:
            return DONE.format(mine=asked.label(told.mine))  # it counted, and stays
        _note({"prediction": asked.key, "words": words})
    return (TOO_LATE if told.answer is not None else RECORDED).format(mine=asked.label(words))


def _graded() -> bool:
    return "NBGRADER_EXECUTION" in os.environ


def _entries() -> list[dict[str, Any]]:
    folder = bundle_folder(Path.cwd())
    return records.entries(folder / FILE) if folder else _kept


def _note(entry: dict[str, Any]) -> None:
    """Never raises, whatever the disk does: a lesson must not stop for it."""
    folder = bundle_folder(Path.cwd())
    if folder is None:
        _kept.append(entry)
        return
    with contextlib.suppress(OSError):
        records.append(folder / FILE, entry)


def _row(asked: Asked, told: Told) -> tuple[Text, ...]:
    mine = asked.label(told.mine or "")
    if told.answer is None:
        return asked.question, mine, OPEN, OPEN
    return asked.question, mine, asked.label(told.answer), LATE if told.late else YES if told.right else NO


def _show(asked: Asked, said: Text | None) -> None:
    lettered = list(zip(LETTERS, asked.labels, strict=False))
    plain = "\n".join(
        [BEFORE.say(), asked.question.say(), *(f"  {letter}. {label.inline}" for letter, label in lettered)]
    )
    items = "".join(f"<li>{letter}. {spans(label)}</li>" for letter, label in lettered)
    still = f'{paragraphs(BEFORE)}{paragraphs(asked.question)}<ul style="list-style:none">{items}</ul>'
    data: dict[str, Any] = {"text/html": still, "text/plain": plain}
    live = _live(asked, said)
    if live is not None:
        data = live | data
    elif said is not None:
        data["text/html"] += f"<p>{spans(said)}</p>"
        data["text/plain"] += f"\n{said}"
    _display(data)


def _live(asked: Asked, said: Text | None) -> dict[str, Any] | None:
    """Buttons where there is a front end for them, else None."""
    from course_lib._output import WIDGET, widgets

    toolkit = widgets()
    if toolkit is None:
        return None
    answer = toolkit.HTML(_status(said))
    options = [(f"{LETTERS[place]}. {label.inline}", place) for place, label in enumerate(asked.labels)]
    buttons = toolkit.RadioButtons(options=options, index=None, layout={"width": "100%"})
    told = tell(_entries()).get(asked.key, Told(asked.key))
    buttons.index = asked.place(told.mine)
    buttons.disabled = told.mine is not None and told.answer is not None and not told.late

    def chosen(change: Mapping[str, Any]) -> None:
        if change["new"] is not None:
            answer.value = _status(_record(asked, asked.labels[change["new"]].en))

    buttons.observe(chosen, names="index")
    head = toolkit.HTML(paragraphs(BEFORE) + paragraphs(asked.question))
    box = toolkit.VBox([head, buttons, answer])
    return {WIDGET: {"version_major": 2, "version_minor": 0, "model_id": box.model_id}}


def _status(said: Text | None) -> str:
    """Spoken by a screen reader as soon as it changes."""
    return f'<p role="status">{spans(said or BY_LETTER)}</p>'


def _table(rows: Sequence[Sequence[Text]], count: Text) -> str:
    style = 'style="text-align:left"'
    heads = "".join(f'<th scope="col" {style}>{spans(head)}</th>' for head in HEADS)
    body = "".join("<tr>" + "".join(f"<td {style}>{spans(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    caption = f"<caption {style}>{spans(TITLE)}</caption>"
    return f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table><p>{spans(count)}</p>"


def _display(data: dict[str, Any]) -> None:
    from course_lib._output import in_notebook

    if not in_notebook():
        print(data["text/plain"])
        return
    from IPython.display import display

    display(data, raw=True)
