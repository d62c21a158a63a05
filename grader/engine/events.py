"""What can happen to a submission besides a result, in words that a student understands.

An event has a stable code; its message says what happened, how large the limit was and what it cost.
"""

from __future__ import annotations

from dataclasses import dataclass

from course_lib.text import Text

_MESSAGES = {
    "cell_timeout": Text(
        en="This cell was stopped after {seconds:g} seconds; the cells after it ran on.",
        zh="这个单元格运行超过 {seconds:g} 秒，已被中断；后面的单元格照常运行。",
    ),
    "cell_killed": Text(
        en="This cell did not stop when it was interrupted after {seconds:g} seconds and was killed. The notebook was "
        "run again without it.",
        zh="这个单元格运行超过 {seconds:g} 秒，中断也停不下来，只好强行终止。随后跳过它，重新运行了整个笔记本。",
    ),
    "cell_died": Text(
        en="This cell ended the whole process ({how}). The notebook was run again without it.",
        zh="这个单元格让整个进程退出了（{how}）。随后跳过它，重新运行了整个笔记本。",
    ),
    "cpu": Text(
        en="The processor time allowed ({seconds:g} seconds) was used up, and the process was ended.",
        zh="处理器时间（{seconds:g} 秒）已用完，进程被终止。",
    ),
    "memory": Text(
        en="More memory was asked for than is allowed ({megabytes:g} MiB).",
        zh="申请的内存超过了上限（{megabytes:g} MiB）。",
    ),
    "output": Text(
        en="The output was longer than {kilobytes:g} KiB; the rest was left out.",
        zh="输出超过 {kilobytes:g} KiB，其余部分已省略。",
    ),
    "output_flood": Text(
        en="Far more output came than is allowed, and the process was ended.",
        zh="输出量远超上限，进程被终止。",
    ),
    "submission_timeout": Text(
        en="The notebook as a whole took longer than {seconds:g} seconds; the cells after this one were not run.",
        zh="整个笔记本的运行时间超过 {seconds:g} 秒；这个单元格之后的部分没有运行。",
    ),
    "restarts": Text(
        en="The process ended {count} times; the cells after this one were not run.",
        zh="进程先后退出了 {count} 次；这个单元格之后的部分没有运行。",
    ),
    "probe_timeout": Text(
        en="The check of “{exercise}” took longer than {seconds:g} seconds and was stopped.",
        zh="检查“{exercise}”时超过了 {seconds:g} 秒，已停止。",
    ),
    "probe_died": Text(
        en="While “{exercise}” was checked, its code ended the process ({how}).",
        zh="检查“{exercise}”时，代码让进程退出了（{how}）。",
    ),
    "probe_too_large": Text(
        en="“{exercise}” returned more data than can be checked.",
        zh="“{exercise}”返回的数据太大，无法检查。",
    ),
    "probing_timeout": Text(
        en="The checks took longer than {seconds:g} seconds in all; “{exercise}” was not finished.",
        zh="全部检查的总时间超过 {seconds:g} 秒；“{exercise}”没有检查完。",
    ),
    "malformed": Text(
        en="The process sent data that the grader does not accept ({how}), and was ended.",
        zh="进程发来了评分程序不接受的数据（{how}），已被终止。",
    ),
    "not_reached": Text(
        en="“{exercise}” could not be checked, because the notebook's process did not stay alive.",
        zh="笔记本的进程未能保持运行，“{exercise}”无法检查。",
    ),
    "worker_lost": Text(
        en="The grader's own process was lost twice while this submission ran. That is no fault of the student.",
        zh="运行这份作业时，评分程序自己的进程两次意外退出。这不算学生的错。",
    ),
    "dirty": Text(
        en="This submission left something behind ({how}); its sandbox was thrown away and replaced.",
        zh="这份作业留下了残余（{how}）；它的沙箱已被丢弃并更换。",
    ),
}


@dataclass(frozen=True)
class Event:
    """Something that happened: a stable code, the words for it, and the index of the code cell it concerns."""

    code: str
    message: Text
    cell: int | None = None


def event(code: str, cell: int | None = None, **values: object) -> Event:
    """The event with its message filled in. Raises KeyError for an unknown code or a missing value."""
    return Event(code, _MESSAGES[code].format(**values), cell)


def codes() -> tuple[str, ...]:
    """Every code there is."""
    return tuple(_MESSAGES)
