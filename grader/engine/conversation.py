"""One submission from its first cell to its last case, over as many processes as it takes.

A cell that takes the process with it (os._exit, a crash, too much memory, an interrupt that it ignores) is left out,
and the notebook runs again in a fresh fork; so it costs what stood in it and nothing else. The same holds for a case.
The number of fresh starts and the whole time are bounded.
"""

from __future__ import annotations

import time
from typing import Any

from course_lib.checking.accelerator_errors import fatal
from course_lib.checking.results import Observed
from grader.engine.attempt import Attempt, Failed, Lost
from grader.engine.events import Event, event
from grader.engine.inside import protocol
from grader.engine.outputs import Outputs
from grader.engine.sandbox import Sandbox
from grader.engine.tasks import CellRun, ProbeJob, ProbeRun, Run, Task

LATE_CASES = 2  # of one exercise; after them its other cases count as late, too
_OUT_OF_MEMORY = ("MemoryError", "can't allocate memory", "not enough memory")


class Conversation:
    """Runs one task in a sandbox. Use once. ``dirty`` says afterwards why the sandbox must be replaced, or None."""

    def __init__(self, sandbox: Sandbox, task: Task) -> None:
        self._sandbox, self._task, self._limits = sandbox, task, sandbox.limits
        self._cells: dict[int, CellRun] = {}
        self._gone: set[int] = set()  # cells that took the process with them
        self._end = len(task.cells)  # cells from here on are not run
        self._seen: dict[tuple[int, int], Observed | Event] = {}
        self._probe_seconds: dict[int, float] = {}
        self._events: dict[tuple[str, int | None], Event] = {}
        self._starts = 0
        self.dirty: str | None = None

    def run(self) -> Run:
        """Everything the submission left behind. Raises WorkerLost where the sandbox itself is lost."""
        began = time.monotonic()
        self._deadline = began + self._limits.submission_seconds
        self._probing_left = self._limits.probing_seconds
        while not self._attempt():
            self._starts += 1
            if self.dirty is not None:
                self._sandbox.start()
        runs = (self._cells.get(k, CellRun([], "not_reached")) for k in range(len(self._task.cells)))
        return Run(tuple(runs), tuple(self._probe_runs()), tuple(self._events.values()), time.monotonic() - began)

    def _attempt(self) -> bool:
        """One fresh process. True where nothing is left to do."""
        attempt = Attempt(self._sandbox)
        try:
            with attempt:
                return self._run_cells(attempt) and self._run_probes(attempt)
        finally:
            self.dirty = attempt.dirty
            if attempt.dirty is not None:
                self._note("dirty", how=attempt.dirty)

    def _run_cells(self, attempt: Attempt) -> bool:
        outputs = Outputs(self._limits)
        for k, source in enumerate(self._task.cells):
            if k in self._gone or k >= self._end:
                continue
            if not source.strip():  # notebook clients do not send an empty cell
                self._cells[k] = CellRun([], "ok")
                continue
            outputs.begin(k)
            began = time.monotonic()
            left = self._deadline - began
            allowed = min(self._limits.cell_seconds, max(left, 0.1))
            try:
                ended = attempt.cell(source, outputs, allowed)
            except Lost as lost:
                self._lose_cell(k, lost, outputs.finished(k), time.monotonic() - began, allowed)
                return False
            seconds = time.monotonic() - began
            self._cells[k] = CellRun(outputs.finished(k), ended.status, seconds, ended.execution_count)  # type: ignore[arg-type]
            self._note_cell(k, outputs, allowed)
            if ended.status == "timeout" and time.monotonic() >= self._deadline:
                self._note("submission_timeout", k, seconds=self._limits.submission_seconds)
                self._end = k + 1
        for k, run in self._cells.items():  # an earlier cell's display may have been updated by a later one
            if k in outputs.cells and k not in self._gone:
                self._cells[k] = CellRun(outputs.finished(k), run.status, run.seconds, run.execution_count)
        return True

    def _note_cell(self, k: int, outputs: Outputs, allowed: float) -> None:
        run = self._cells[k]
        if run.status == "timeout":
            self._note("cell_timeout", k, seconds=round(allowed, 1))
        if k in outputs.cut:
            self._note("output", k, kilobytes=self._limits.output_bytes / 1024)
        if any(_is_memory(output) for output in run.outputs):
            self._note("memory", k, megabytes=self._limits.memory_bytes / 2**20)

    def _lose_cell(self, k: int, lost: Lost, shown: list[dict[str, Any]], seconds: float, allowed: float) -> None:
        """The cell ended the process: note why, leave it out, and decide how far the next start may go."""
        status = "timeout" if lost.why == "timeout" else "died"
        self._cells[k] = CellRun(shown, status, seconds)  # type: ignore[arg-type]
        self._gone.add(k)
        self._note_lost(lost, k, allowed)
        if time.monotonic() >= self._deadline:
            # The cells before this one ran once within the time; they may do so again, for the probes' sake.
            self._note("submission_timeout", k, seconds=self._limits.submission_seconds)
            self._end = k
            good = sum(run.seconds for j, run in self._cells.items() if j < k and j not in self._gone)
            self._deadline = time.monotonic() + 2 * good + 1
        elif self._starts >= self._limits.restarts:
            self._note("restarts", k, count=self._starts + 1)
            self._end = k
        if self._starts > self._limits.restarts + 1:
            self._end = 0

    def _note_lost(self, lost: Lost, k: int, allowed: float) -> None:
        match lost.why:
            case "timeout":
                self._note("cell_killed", k, seconds=round(allowed, 1))
            case "memory":
                self._note("memory", k, megabytes=self._limits.memory_bytes / 2**20)
            case "cpu":
                self._note("cpu", k, seconds=self._limits.cpu_seconds)
            case "output_flood":
                self._note("output_flood", k)
            case "malformed":
                self._note("malformed", k, how=lost.how)
            case _:
                self._note("cell_died", k, how=lost.how)

    def _run_probes(self, attempt: Attempt) -> bool:
        for j, job in enumerate(self._task.probes):
            here = self._may_have_the_process(j)
            for c, case in enumerate(job.packed):
                if (j, c) in self._seen:
                    continue
                began = time.monotonic()
                seconds = job.seconds or self._limits.probe_seconds
                if late := self._too_often_late(j):
                    self._seen[j, c] = late
                    continue
                if self._probing_left <= 0:
                    self._seen[j, c] = self._about("probing_timeout", job, self._limits.probing_seconds)
                    continue
                try:
                    answer = attempt.probe(protocol.HERE if here else j, case, min(seconds, self._probing_left))
                    self._seen[j, c] = self._described(answer, job, seconds)
                    if isinstance(answer, Observed) and job.device and fatal(answer.error):
                        # The accelerator serves this process no more: cases that follow need another one.
                        return self._starts >= self._limits.restarts + 1
                except Lost as lost:
                    failed = Failed("timeout", "") if lost.why == "timeout" else Failed("died", lost.how or lost.why)
                    self._seen[j, c] = self._described(failed, job, seconds)
                    if lost.why == "malformed":
                        self._seen[j, c] = event("malformed", how=lost.how)
                    # Cases that follow need a fresh start; when those are used up, they are not reached.
                    return self._starts >= self._limits.restarts + 1
                finally:
                    spent = time.monotonic() - began
                    self._probing_left -= spent
                    self._probe_seconds[j] = self._probe_seconds.get(j, 0.0) + spent
        return True

    def _may_have_the_process(self, j: int) -> bool:
        """Whether an exercise runs in the student's process itself: the last one, as nothing comes after it. Where a
        case of it ends the process, the notebook runs again, so only where nothing went wrong yet and time is left.
        On an accelerator each does: what the cells have begun there, a fork of the process cannot go on with."""
        if self._task.probes[j].device:
            return True
        spent = sum(run.seconds for run in self._cells.values())
        return j == len(self._task.probes) - 1 and self._starts == 0 and spent < 0.05 * self._limits.submission_seconds

    def _too_often_late(self, j: int) -> Event | None:
        """The event of an exercise that has used up its time in several cases: the others would only wait as long."""
        late = [e for (i, _), e in self._seen.items() if i == j and isinstance(e, Event) and e.code == "probe_timeout"]
        return late[-1] if len(late) >= LATE_CASES else None

    def _described(self, answer: Observed | Failed, job: ProbeJob, seconds: float) -> Observed | Event:
        if isinstance(answer, Observed):
            return answer
        if answer.why == "died":
            return event("probe_died", exercise=job.exercise, how=answer.how)
        return self._about("probe_timeout" if answer.why == "timeout" else "probe_too_large", job, seconds)

    @staticmethod
    def _about(code: str, job: ProbeJob, seconds: float) -> Event:
        return event(code, exercise=job.exercise, seconds=seconds)

    def _probe_runs(self) -> list[ProbeRun]:
        return [
            ProbeRun(
                job.exercise,
                tuple(
                    self._seen.get((j, c)) or event("not_reached", exercise=job.exercise) for c in range(len(job.cases))
                ),
                self._probe_seconds.get(j, 0.0),
            )
            for j, job in enumerate(self._task.probes)
        ]

    def _note(self, code: str, cell: int | None = None, **values: object) -> None:
        self._events.setdefault((code, cell), event(code, cell, **values))


def _is_memory(output: dict[str, Any]) -> bool:
    words = f"{output.get('ename')}: {output.get('evalue')}"
    return output["output_type"] == "error" and any(sign in words for sign in _OUT_OF_MEMORY)
