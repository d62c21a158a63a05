"""Advice on a right answer from the accelerator of the machine that it was checked on.

A student's machine has no solution to run beside theirs: the values of the CPU, with room for rounding, stand for it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from course_lib.checking.agreement import Expected, differences, moved
from course_lib.checking.elsewhere import observe_on
from course_lib.checking.elsewhere_words import reason, tell
from course_lib.checking.portability import same_dice, while_there_is_time
from course_lib.checking.probing import compile_probe, run_probe
from course_lib.checking.rounding import counted
from course_lib.checking.verdict import ExercisePack
from course_lib.text import Text


def advice_on(device: str, label: str, pack: ExercisePack, namespace: dict[str, Any]) -> Text | None:
    """What to tell somebody whose answer is right on the CPU and not on this device; None where it is.

    device: torch's name for it; label: what to call it.
    """
    probe = compile_probe(pack.probe)
    labels = {prop.name: prop.label for prop in pack.properties}
    for case in while_there_is_time(pack.cases):
        with same_dice(), counted() as work:
            run_probe(probe, namespace, case.inputs)
        values = {name: moved(value, device) for name, value in case.expected.values.items()}
        expected = Expected(replace(case.expected, values=values), None, work.total)
        seen = observe_on(device, probe, namespace, case.inputs)
        gaps = differences(pack.properties, expected, seen)
        if reason(seen, gaps):
            return tell(label, seen, gaps, labels)
    return None
