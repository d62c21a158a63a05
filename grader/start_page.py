"""The words of a student bundle: its start page (START.ipynb) and its README, in the bundle's language."""

from __future__ import annotations

import re
from typing import Any

from course_lib.text import Text
from grader.lesson import Lesson
from grader.notebook import KERNELSPEC, LANGUAGE_INFO

WELCOME = Text(
    en="""# PyTorch from the ground up

Each lesson is a notebook. Read it from the top and run the cells one after the other (Shift+Enter). Where a cell says
`# YOUR CODE HERE`, it is your turn: replace the line below it with your answer, run the cell, then run the `check`
below it.""",
    zh="""# 从零学 PyTorch

每一课是一个笔记本。从头读起，逐个运行单元格（Shift+Enter）。看到写着 `# YOUR CODE HERE` 的单元格，就轮到你了：\
把它下面的那一行换成你的答案，运行该单元格，再运行下面的 `check`。""",
)

CHECKING = Text(
    en="""## What a check tells you

* A check compares what your code computes with what is expected, part by part; each part earns points of its own.
* Is something wrong? It shows the smallest case that fails, what was expected and what came out, and asks you a
  question. Say `check("…", hint=2)` or `hint=3` for more help.
* A check never stops the notebook, and you may run it as often as you like.""",
    zh="""## 检查会告诉你什么

* 检查会逐项比较你的代码算出的结果与预期结果；每一项单独计分。
* 答案不对？它会给出出错的最小例子、预期值和你的结果，并向你提一个问题。想要更多帮助，\
可以写 `check("…", hint=2)` 或 `hint=3`。
* 检查不会中断笔记本，想运行多少次都可以。""",
)

SETUP = Text(
    en="""## Before you start

Run the next cell. It looks at Python, torch, the device and the course's files; a line with ✗ says what is wrong and
which command mends it. In a terminal, `python -m course_lib doctor` says the same.""",
    zh="""## 开始之前

运行下面的单元格。它会检查 Python、torch、计算设备和课程文件；标有 ✗ 的行会说明哪里有问题、用哪条命令修复。\
在终端中，`python -m course_lib doctor` 给出同样的结果。""",
)

PROGRESS = Text(
    en="""## Your progress

Run the next cell to see how far you are: the points that your checks have reached, lesson by lesson. The record is the
file `progress.jsonl` beside this page: one line per check, on this machine only. Delete it, and only the record is
gone. (`predictions.jsonl` does the same for your predictions.) In a terminal: `python -m course_lib progress`.""",
    zh="""## 你的学习进度

运行下面的单元格，看看学到了哪里：各课的检查已获得的分数。记录保存在本页旁边的文件 `progress.jsonl` 中：\
每次检查一行，只存在这台机器上。删除它只会失去这份记录。（`predictions.jsonl` 以同样的方式记录你的预测。）\
在终端中：`python -m course_lib progress`。""",
)

LESSONS = Text(en="## Lessons", zh="## 课程")
EXERCISES = Text(en="{count} exercises, {points:g} points", zh="{count} 道练习，共 {points:g} 分")

README = Text(
    en="""# PyTorch from the ground up

## Start

* **Windows**: double-click `start.bat`.
* **macOS**: double-click `start.command` (if macOS refuses: right-click it, then "Open").
* **Linux**: in a terminal in this folder, `sh start.sh`.

The first start makes a Python environment in this folder (`.venv`), installs what is missing, which needs the network
and some minutes, checks the machine and opens JupyterLab. From the second start on it takes seconds and no network.
You need Python 3.11, 3.12 or 3.13; where none is found, it says how to get one. On Linux without an NVIDIA GPU the
small build of torch is taken; `COURSE_TORCH=cpu` and `COURSE_TORCH=cuda` choose. `COURSE_PYTHON=/path/to/python` uses
a Python of your own as it is.

Something is wrong? `python -m course_lib doctor` says what, and which command mends it.

A lesson also opens in VS Code (choose the Python in `.venv` as its kernel) and on Colab: its folded first cell finds
what it needs, or says what to do.

## With conda, or by hand

```
conda env create -f environment.yml
conda activate pytorch-course
sh start.sh                        # Windows: start.bat
```

or:

```
python -m venv .venv
source .venv/bin/activate          # Windows: .venv\\Scripts\\activate
pip install -r requirements.txt
jupyter lab START.ipynb
```

## Your work

Your answers live in `notebooks/`. Hand in the lesson's `.ipynb` file under its own name. Your progress is kept in
`progress.jsonl`, on this machine only; `python -m course_lib progress` shows it.

* A newer release, as a folder or a zip: `python -m course_lib update NEW` brings it in and keeps all that you wrote.
* Another language: `python -m course_lib language zh` (or `en`, `both`) changes it, and keeps all that you wrote.

Both leave the former files in `backups/`.

Code: MIT (`LICENSE`). Text: CC BY 4.0 (`LICENSE-TEXT`). Font: OFL 1.1 (`course_lib/fonts/OFL.txt`).""",
    zh="""# 从零学 PyTorch

## 启动

* **Windows**：双击 `start.bat`。
* **macOS**：双击 `start.command`（如果 macOS 拒绝打开：右键单击它，再选“打开”）。
* **Linux**：在本文件夹的终端中运行 `sh start.sh`。

第一次启动会在本文件夹中创建 Python 环境（`.venv`），安装缺少的部分（需要网络和几分钟时间），检查这台机器，\
然后打开 JupyterLab。从第二次起只需几秒，也不需要网络。需要 Python 3.11、3.12 或 3.13；如果没有找到，\
它会说明如何获取。在没有 NVIDIA GPU 的 Linux 上会安装体积较小的 torch；可以用 `COURSE_TORCH=cpu` 和 \
`COURSE_TORCH=cuda` 选择。`COURSE_PYTHON=/path/to/python` 会直接使用你自己的 Python。

出了问题？`python -m course_lib doctor` 会说明哪里不对，用哪条命令修复。

课程笔记本也可以在 VS Code（请选 `.venv` 中的 Python 作内核）和 Colab 中打开：\
开头那个折叠的单元格会找到所需的文件，或者告诉你怎么办。

## 使用 conda，或手动安装

```
conda env create -f environment.yml
conda activate pytorch-course
sh start.sh                        # Windows: start.bat
```

或者：

```
python -m venv .venv
source .venv/bin/activate          # Windows: .venv\\Scripts\\activate
pip install -r requirements.txt
jupyter lab START.ipynb
```

## 你的作业

你的答案保存在 `notebooks/` 中。提交时请上交该课的 `.ipynb` 文件，不要改名。学习进度保存在 `progress.jsonl` 中，\
只存在这台机器上；`python -m course_lib progress` 可以查看。

* 有了新版课程（文件夹或 zip）：`python -m course_lib update NEW` 会更新课程，保留你写的所有内容。
* 换一种语言：`python -m course_lib language zh`（或 `en`、`both`）会切换语言，保留你写的所有内容。

这两条命令都会把原来的文件保存在 `backups/` 中。

代码：MIT（`LICENSE`）。文字：CC BY 4.0（`LICENSE-TEXT`）。字体：OFL 1.1（`course_lib/fonts/OFL.txt`）。""",
)


def start_page(lessons: list[Lesson], points: dict[str, dict[str, float]], language: str) -> Any:
    """START.ipynb (nbformat 4.5): how to work, a cell that tries the installation, one that shows the student's
    progress, and the lessons with their goals.

    points: for each lesson id, those of its exercises.
    """
    from nbformat import v4

    cells = []
    for name, text, code in (
        ("welcome", WELCOME, ""),
        ("checking", CHECKING, ""),
        ("setup", SETUP, "from course_lib.doctor import doctor\n\ndoctor()"),
        ("progress", PROGRESS, "from course_lib.progress import show_progress\n\nshow_progress()"),
    ):
        cells += [v4.new_markdown_cell(words, id=f"{name}-{side}") for side, words in text.sides(language)]
        if code:
            cells.append(v4.new_code_cell(code, id=f"{name}-run"))
    for side, heading in LESSONS.sides(language):
        listed = [_entry(lesson, points[lesson.ref.id], side) for lesson in lessons]
        cells.append(v4.new_markdown_cell("\n\n".join([heading, *listed]), id=f"lessons-{side}"))
    notebook = v4.new_notebook(
        cells=cells, metadata={"kernelspec": dict(KERNELSPEC), "language_info": dict(LANGUAGE_INFO)}
    )
    notebook.nbformat_minor = 5
    return notebook


def readme(language: str) -> str:
    """README.md in a language, or in both, one after the other."""
    return README.say(language, between="\n\n---\n\n") + "\n"


def goals(lesson: Lesson, side: str) -> str:
    """What a lesson is for: the first list in its ``goals`` cell or its first, else the paragraph below its title."""
    first = next(cell for cell in lesson.cells if cell.lang == side)
    for cell in (lesson.pair("goals").get(side), first):
        found = re.search(r"^[*-] .*(?:\n(?:[*-] |  ).*)*", cell.source, re.M) if cell else None
        if found:
            return found.group()
    paragraphs = [part.strip() for part in first.source.split("\n\n") if part.strip() and not part.startswith("#")]
    return paragraphs[0] if paragraphs else ""


def _entry(lesson: Lesson, points: dict[str, float], side: str) -> str:
    name = lesson.ref.id
    facts = EXERCISES.format(count=len(points), points=sum(points.values()))
    number, title = f"{lesson.ref.number:02d}", lesson.title(side)
    label = title if number in title else f"{number} {title}"
    heading = f"### [{label}](notebooks/{name}/{name}.ipynb)"
    return "\n\n".join(part for part in (heading, goals(lesson, side), facts.say(side)) if part)
