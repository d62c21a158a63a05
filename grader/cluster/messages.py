"""What the cluster has to say to a person, in both languages."""

from __future__ import annotations

from course_lib.text import Text, TextError


class ClusterError(TextError):
    """The cluster cannot be used. Nothing was graded."""


class ClusterLost(TextError):
    """The cluster went away and did not come back. What was graded is kept; the same command goes on from there."""


NO_DASK = Text(
    en="--scheduler needs Dask, which is not installed. In the course's folder: pip install --constraint "
    'requirements.lock -e ".[grader,cluster]"',
    zh="--scheduler 需要 Dask，但尚未安装。请在课程文件夹中运行：pip install --constraint requirements.lock -e "
    '".[grader,cluster]"',
)
NO_SCHEDULER = Text(
    en="No Dask scheduler answers at {address} ({reason}). Start one with `dask scheduler`, and workers with "
    "`dask worker ADDRESS`.",
    zh="{address} 处没有 Dask 调度器应答（{reason}）。请用 `dask scheduler` 启动调度器，"
    "用 `dask worker 地址` 启动工作进程。",
)
NO_WORKER = Text(
    en="The scheduler at {address} has no worker that can grade. Nobody came within {seconds:g} seconds.",
    zh="{address} 处的调度器没有可以评分的工作进程，等了 {seconds:g} 秒也没有等到。",
)
ALL_REFUSED = Text(
    en="No worker at {address} can grade: all {count} were refused.\n{reasons}",
    zh="{address} 处没有可以评分的工作进程：{count} 个全部被拒绝。\n{reasons}",
)
WAITING = Text(
    en="Waiting for workers at {address}, for up to {seconds:g} seconds.",
    zh="正在等待工作进程连接到 {address}，最多等 {seconds:g} 秒。",
)
READY = Text(
    en="{count} workers, {threads} submissions at once.",
    zh="{count} 个工作进程，同时评 {threads} 份。",
)
ACCEPTED = Text(
    en="Worker {worker} has come: {threads} more at once.",
    zh="工作进程 {worker} 已加入：可多评 {threads} 份。",
)
GONE = Text(
    en="Worker {worker} is gone; what it had not answered is graded by others.",
    zh="工作进程 {worker} 已断开；它还没有答复的提交会交给别的工作进程。",
)
REFUSED = Text(
    en="Worker {worker} is refused, as {reason}",
    zh="拒绝工作进程 {worker}：{reason}",
)
DIFFERS = Text(
    en="{component} is {there} there and {here} here.",
    zh="{component} 在那边是 {there}，在这里是 {here}。",
)
ABSENT = Text(
    en="{component} is missing there and {here} here.",
    zh="{component} 在那边没有，在这里是 {here}。",
)
CANNOT_ANSWER = Text(
    en="it could not be asked for its versions ({reason}). Is the course installed there, in this version?",
    zh="无法得知它的版本（{reason}）。那边是否安装了课程，版本是否与这里相同？",
)
SILENT = Text(
    en="it did not say within {seconds:g} seconds what versions it has.",
    zh="它没有在 {seconds:g} 秒内报告自己的版本。",
)
CONNECTION_LOST = Text(
    en="The connection to the scheduler is lost. Trying again for up to {seconds:g} seconds.",
    zh="与调度器的连接断开了，正在重试，最多 {seconds:g} 秒。",
)
CONNECTED_AGAIN = Text(
    en="Connected again; {count} submissions without an answer are handed out anew.",
    zh="已重新连接；{count} 份没有得到答复的提交将重新发出。",
)
STILL_WAITING = Text(
    en="{count} submissions have had no answer for {seconds:.0f} seconds; other workers get them too.",
    zh="{count} 份提交已有 {seconds:.0f} 秒没有得到答复，将同时交给别的工作进程。",
)
SCHEDULER_LOST = Text(
    en="The connection to the scheduler at {address} was lost and did not come back within {seconds:g} seconds.",
    zh="与 {address} 处调度器的连接断开，{seconds:g} 秒内未能恢复。",
)
WORKERS_LOST = Text(
    en="All workers at {address} are gone, and none came within {seconds:g} seconds.",
    zh="{address} 处的工作进程全部断开，{seconds:g} 秒内没有新的加入。",
)
BROKEN = Text(
    en="The connection to the cluster failed by a fault of the grader ({reason}).",
    zh="评分程序自身出错，与集群的连接中断（{reason}）。",
)
GOES_ON = Text(
    en="{why} {count} submissions have no verdict yet; the same command goes on from here.",
    zh="{why}还有 {count} 份提交没有结果；再运行一次同样的命令，会从这里继续。",
)
