"""What an update and a change of language say, in both languages."""

from __future__ import annotations

from course_lib.text import Text

# Headings of cells in the notebook
NEW_VERSION = Text(
    en="The course's new version of the cell above, which you have changed:",
    zh="上面的单元格你改过，这是课程给出的新版本：",
)
YOUR_CHECK = Text(
    en="You had changed the cell above, which is always the course's. Your version:",
    zh="上面的单元格始终以课程为准，你改动过它。你的版本：",
)
YOUR_SETUP = Text(
    en="The course has a new version of the cell above. Yours, which you had changed, is the next cell; both run.",
    zh="上面的单元格课程有了新版本，你改过的版本保留在下一个单元格，两个都会运行。",
)
DROPPED_CELL = Text(
    en="The next cell is no longer part of the course. You had changed it, so it was kept.",
    zh="下一个单元格已不再属于本课程。你改过它，因此保留了下来。",
)

# Why a notebook is left as it is
NOT_JSON = Text(en="it is not valid JSON (line {line})", zh="它不是有效的 JSON（第 {line} 行）")
NO_NOTEBOOK = Text(en="it is not a notebook of nbformat 4", zh="它不是 nbformat 4 格式的笔记本")
NO_CELL = Text(en="its cell {number} cannot be read", zh="其中第 {number} 个单元格无法读取")
UNREADABLE = Text(
    en="✗ {name}: {why}. It was left as it is. Save it anew in JupyterLab, or rename it to get a fresh one, then run "
    "the same command again.",
    zh="✗ {name}：{why}。这个文件没有改动。请在 JupyterLab 中重新保存；或者把它改名，以便得到一份新的。"
    "然后再运行同一条命令。",
)

# What happened to a lesson
PARTS = {
    "fresh": Text(en="a new notebook", zh="新的笔记本"),
    "switched": Text(en="in the new language", zh="语言已切换"),
    "corrected": Text(en="{count} corrected", zh="更正 {count} 处"),
    "added": Text(en="{count} new", zh="新增 {count} 处"),
    "removed": Text(en="{count} gone", zh="删去 {count} 处"),
    "returned": Text(en="{count} brought back", zh="恢复 {count} 处"),
    "kept": Text(en="{count} of yours kept", zh="保留你的内容 {count} 处"),
    "conflict": Text(en="both versions kept: {names}", zh="两个版本都保留：{names}"),
    "restored": Text(en="the course's restored, yours below it: {names}", zh="恢复课程的版本，你的保留在下面：{names}"),
    "dropped": Text(en="no longer in the course, yours kept: {names}", zh="课程已删去，你的版本保留：{names}"),
}
LESSON = Text(en="{lesson}: {what}", zh="{lesson}：{what}")
COPY = Text(
    en="! {name} was left as it is: only {wanted} is brought up to date.",
    zh="! {name} 没有改动：只会更新 {wanted}。",
)
GONE = Text(
    en="! {lesson} is not in the new release; its folder stays as it is.",
    zh="! 新版课程中没有 {lesson}，它的文件夹保持原样。",
)
NO_BASE = Text(
    en="! {name}: what it was made from is not known any more, so every cell that differs from the course was kept.",
    zh="! {name}：已无法得知它原来的样子，因此凡是与课程不同的单元格都保留了下来。",
)
YOURS = Text(
    en="! You had changed {name}; your version is now {kept}.", zh="! 你改动过 {name}，你的版本现在是 {kept}。"
)
LEFT = Text(
    en="! {name} is no longer part of the course; you had changed it, so it was kept.",
    zh="! {name} 已不再属于本课程；你改动过它，因此保留了下来。",
)

# The command's own sentences
FILES = Text(en="{count} files brought up to date.", zh="更新了 {count} 个文件。")
WOULD = Text(
    en="Nothing was written. {count} files would change.", zh="没有写入任何内容。将有 {count} 个文件发生变化。"
)
NOTHING = Text(en="Nothing to do: all is up to date.", zh="无需更新：一切已是最新。")
BACKUP = Text(en="What they were before is in {place}", zh="更新前的文件保存在 {place}")
RELOAD = Text(
    en="If a notebook is open in JupyterLab, choose File > Reload Notebook from Disk there, and do not overwrite it.",
    zh="如果有笔记本正在 JupyterLab 中打开，请选择“文件 > 从磁盘重新加载…”，不要覆盖保存。",
)
PACKAGES = Text(
    en="Package versions changed: start the course again (start.sh, start.command or start.bat) to install them.",
    zh="软件包的版本有变化：请重新启动课程（start.sh、start.command 或 start.bat）以完成安装。",
)
OUTPUTS = Text(
    en="The outputs of the course's cells were cleared: run them again to see them in this language.",
    zh="课程单元格的输出已清空：重新运行即可看到这种语言的输出。",
)
MENUS = Text(
    en="JupyterLab's menus follow when the course is started again.",
    zh="重新启动课程后，JupyterLab 的菜单也会随之切换。",
)
FORCED = Text(
    en="! COURSE_LANG is set to {language} and goes before the course's own language.",
    zh="! 环境变量 COURSE_LANG 设为 {language}，它优先于课程自身的语言。",
)
SPEAKS = Text(en="This course is in: {language}", zh="本课程当前的语言：{language}")

# Refusals
NO_BUNDLE = Text(
    en="{place} is no bundle of this course: it has no course.json that can be read.",
    zh="{place} 不是本课程的课程包：其中没有可读的 course.json。",
)
NOT_HERE = Text(
    en="There is no course.json here or above: go to the course's folder first.",
    zh="当前文件夹及其上级中都没有 course.json：请先进入课程文件夹。",
)
DAMAGED = Text(
    en="{place} is not whole: {name} is missing or was changed. Unpack the release once more.",
    zh="{place} 不完整：{name} 缺失或被改动过。请重新解压新版课程包。",
)
NO_UPDATER = Text(
    en="{place} is older than updates are, so there is nothing in it to update from.",
    zh="{place} 早于更新功能出现的版本，无法用来更新。",
)
SAME_PLACE = Text(
    en="{place} is the course's own folder. Name the folder or the zip of the newer release.",
    zh="{place} 就是当前的课程文件夹。请给出新版课程的文件夹或 zip 文件。",
)
OLDER = Text(
    en="{place} has version {new}, older than yours ({old}). --force takes it nevertheless.",
    zh="{place} 的版本是 {new}，比你的（{old}）旧。如果仍要使用，请加上 --force。",
)
BAD_ZIP = Text(en="{place} cannot be unpacked: {why}.", zh="{place} 无法解压：{why}。")
STOPPED = Text(
    en="Stopped at {name}: {why}. Every file is whole, the old or the new one. When that is mended, run the same "
    "command again: it goes on from here.",
    zh="在 {name} 处停下：{why}。每个文件都是完整的，或旧或新。解决之后再运行同一条命令，会从这里继续。",
)
MEANWHILE = Text(en="it was changed in this very moment", zh="它刚刚被改动")
