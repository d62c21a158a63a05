"""The execution engine: runs a submission's cells and probes where they can harm nothing, and brings back data.

How a submission goes through it, one stage after the other; a stage is the module of that name:

1. ``tasks``        what is asked for (cells, probes with their cases) and what comes back (outputs, observations)
2. ``pool``         a ``concurrent.futures.Executor``; each thread owns one warm sandbox and replaces a lost one
3. ``launch``       starts the sandbox: namespaces, a user without privileges, ``seccomp`` filter, ``mounts``; proves it
4. ``sandbox``      the control connection to the warm process: open, interrupt, close (kill, wipe, compare)
5. ``inside.worker``      in the sandbox, never runs student code: imports torch once, forks for each submission
6. ``inside.submission``  the fork: limits, then cell after cell through ``inside.shell``, as in a kernel
7. ``inside.probe``       one case of one exercise in a fork of that fork, thrown away afterwards
8. ``attempt``      the trusted end of the submission's own connection: every frame bounded, typed, timed
9. ``outputs``      frames become nbformat outputs; ``watch`` bounds the memory of the process tree
10. ``conversation``  all attempts of one submission: a cell or case that kills its process is left out, the rest counts

Trust: everything in ``inside`` except the warm process is the student's. It learns a case's inputs when its cells
have run, one case per message; it never learns an expected value, a seed or another case. What it sends is parsed as
bounded data and never unpickled. ``events`` says in both languages what went wrong and what it cost; ``limits`` says
how much is allowed.
"""

from grader.engine.events import Event
from grader.engine.launch import SandboxUnavailable
from grader.engine.limits import Limits
from grader.engine.pool import SandboxPool, TaskPool, run_task
from grader.engine.tasks import CellRun, ProbeJob, ProbeRun, Run, Task

__all__ = [
    "CellRun",
    "Event",
    "Limits",
    "ProbeJob",
    "ProbeRun",
    "Run",
    "SandboxPool",
    "SandboxUnavailable",
    "Task",
    "TaskPool",
    "run_task",
]
