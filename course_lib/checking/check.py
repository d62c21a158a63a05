"""``check("slug.exercise")``: what a student runs under an exercise."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from course_lib.checking.clues import add_clues
from course_lib.checking.packs import PackError, read_pack
from course_lib.checking.places import locate
from course_lib.checking.probing import call_site_namespace, current_shell, describe_error, run_probe
from course_lib.checking.results import ExerciseResult
from course_lib.checking.timing import OutOfTime, TimeLimit
from course_lib.checking.values import type_name
from course_lib.checking.verdict import ExercisePack, evaluate, unjudged
from course_lib.progress import line, record
from course_lib.text import Text

if TYPE_CHECKING:
    from course_lib.checking.portability import Advice

INTERRUPTED = Text(
    en="You stopped the check before it had an answer. If your code runs for ever, look at its loops.",
    zh="检查在得出结果前被你中断了。如果代码停不下来，请检查其中的循环。",
)
TOO_SLOW = Text(
    en="Stopped: your code had not finished after {seconds} s on the case “{label}”. Does a loop never end? What must "
    "change in each round so that it does?",
    zh="已中断：在用例“{label}”上，你的代码运行了 {seconds} 秒还没有结束。是不是有循环停不下来？"
    "每一圈里要改变什么，它才会结束？",
)
STUCK = Text(
    en="This takes longer than {seconds} s and does not react yet. If nothing happens, choose Kernel → Interrupt, then "
    "Kernel → Restart; what you wrote in the cells stays.",
    zh="已运行超过 {seconds} 秒，暂时没有反应。如果一直这样，请选择“内核 → 中断内核”，再选“内核 → 重启内核”；"
    "你写在单元格里的内容不会丢失。",
)
OWN_FAULT = Text(
    en="The check itself failed ({kind}); you lose nothing. Restart the kernel, run all cells, and check again.",
    zh="检查程序自身出错（{kind}），不会扣你的分。请重启内核，运行所有单元格，再检查一次。",
)
NO_ACCELERATOR = Text(
    en="There is no accelerator here to try your answer on: {device} was asked for.",
    zh="这里没有加速器，无法按 {device} 的要求再试一次你的答案。",
)
DEVICE_SECONDS = 30.0  # a GPU that is used for the first time takes a while to get ready
# A laptop that does other things besides is slower than the grader.
PATIENCE = 4.0
WARNED = Text(en="Your code warned: {words}", zh="你的代码发出了警告：{words}")


@dataclass(frozen=True)
class CheckReport:
    """A result as Jupyter shows it: rich HTML, or plain text.

    While nbgrader executes a notebook, the plain text is the bare number of points, which is what nbgrader reads.
    progress: a line about the whole lesson, to stand below.
    """

    result: ExerciseResult
    hint: int = 1
    progress: Text | None = None

    @property
    def passed(self) -> bool:
        return self.result.verdict == "pass"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from course_lib._html import paragraphs
        from course_lib.checking.render_html import html

        below = f'<div style="margin-left:1.35em">{paragraphs(self.progress)}</div>' if self.progress else ""
        return {"text/html": html(self.result, hint=self.hint) + below, "text/plain": self._plain()}

    def _plain(self) -> str:
        from course_lib.checking.render_text import plain

        if "NBGRADER_EXECUTION" in os.environ:
            return str(float(self.result.score))
        said = plain(self.result, hint=self.hint)
        return f"{said}\n\n{self.progress}" if self.progress else said

    def __repr__(self) -> str:
        return f"<{self.result.key}: {self.result.verdict}, {self.result.score:g} of {self.result.max_score:g}>"


def check(key: str, hint: int = 1, device: str = "auto") -> CheckReport:
    """Checks the answer to an exercise, ``slug.exercise``, on the public cases, and explains what it found.

    hint: how far up the ladder to go: 1 asks a question, 2 draws the smallest counterexample, 3 works a neighbouring
    problem. device: where a right answer is tried once more, for advice that costs no points: "auto" on the accelerator
    where there is one, else on the simulated one; "cuda" or "simulated" there; "cpu" nowhere. Never raises for anything
    the student's code does; outside Jupyter the report is printed.
    """
    step = min(max(int(hint), 1), 3)
    try:
        pack = read_pack(key)
    except PackError as error:
        report = CheckReport(_no_pack(key, error.text), step)
    else:
        result = _advised(pack, call_site_namespace(), device)
        record(key, result.verdict, result.score, result.max_score)
        report = CheckReport(result, step, line(key))
    if not _in_jupyter():
        print(report._plain())
    return report


def _run(pack: ExercisePack, namespace: dict[str, Any]) -> ExerciseResult:
    """The result of the public cases, each within its time. Only an interruption of the check itself goes through."""
    seconds, shown = PATIENCE * pack.timeout, sys.stdout

    def speak() -> None:
        with contextlib.suppress(Exception):
            print(STUCK.format(seconds=f"{seconds:g}"), file=shown, flush=True)

    observed = []
    try:
        for case in pack.cases:
            with TimeLimit(seconds, speak):
                observed.append(run_probe(pack.probe, namespace, case.inputs))
        warned = list(dict.fromkeys(w for seen in observed for w in seen.warnings))
        result = evaluate(pack, observed, [WARNED.format(words=w) for w in warned[:3]])
        return add_clues(result, pack, namespace, current_shell())
    except KeyboardInterrupt as stop:
        return _stopped(pack, stop, seconds, len(observed))
    except Exception as fault:  # ours; a student's was caught where it happened
        return unjudged(pack, "grader_error", OWN_FAULT.format(kind=type_name(fault)))


def _advised(pack: ExercisePack, namespace: dict[str, Any], device: str = "auto") -> ExerciseResult:
    """The result, and for a right answer whether it would run on a GPU; at grading nobody would read that."""
    result = _run(pack, namespace)
    if result.verdict != "pass" or not pack.portable or "NBGRADER_EXECUTION" in os.environ:
        return result
    said = _elsewhere(pack, namespace, device)
    if said is None:
        return result
    return replace(result, notes=(*result.notes, said.note), hint=said.hint, elsewhere=said.lies)


def _elsewhere(pack: ExercisePack, namespace: dict[str, Any], device: str) -> Advice | None:
    """Advice on a right answer that would not run on a GPU. It costs no points, and never spoils a check."""
    if device == "cpu":
        return None
    try:
        from course_lib.checking.portability import Advice, advice  # loads torch
        from course_lib.device import describe_device, pick_device

        found = pick_device() if device != "simulated" else None
        if found is not None and found.type != "cpu":
            from course_lib.checking.on_accelerator import advice_on

            with TimeLimit(pack.timeout + DEVICE_SECONDS, lambda: None):
                said = advice_on(str(found), describe_device(found).en.partition(" (")[0], pack, namespace)
                return None if said is None else _named(said, advice(pack, namespace))
        if device not in ("auto", "simulated"):
            return Advice(NO_ACCELERATOR.format(device=device))
        # As patient as the check was: what torch loads for a first run here takes seconds on a machine that is busy.
        with TimeLimit(PATIENCE * pack.timeout, lambda: None):
            return advice(pack, namespace)
    except (KeyboardInterrupt, Exception):
        return None


def _named(said: Text, simulated: Advice | None) -> Advice:
    """What an accelerator said, with the hint of the named mistake that the simulated one recognises."""
    from course_lib.checking.portability import Advice

    return Advice(said) if simulated is None else replace(simulated, note=said)


def _stopped(pack: ExercisePack, stop: KeyboardInterrupt, seconds: float, done: int) -> ExerciseResult:
    case = pack.cases[min(done, len(pack.cases) - 1)]
    slow = TOO_SLOW.format(seconds=f"{seconds:g}", label=case.label)
    result = unjudged(pack, "not_run", slow if isinstance(stop, OutOfTime) else INTERRUPTED)
    return replace(result, error=locate(describe_error(stop), {}, current_shell()))


def _no_pack(key: str, text: Text) -> ExerciseResult:
    return ExerciseResult(key, Text(en=key or "?", zh=key or "?"), "grader_error", (), notes=(text,))


def _in_jupyter() -> bool:
    shell = current_shell()
    return shell is not None and shell.__class__.__name__ != "TerminalInteractiveShell"
