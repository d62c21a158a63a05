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

Does the next cell print a device? Then everything is installed. If it fails, follow `README.md`.""",
    zh="""## 开始之前

下面的单元格能打印出设备吗？能就说明一切都已装好。如果报错，请按照 `README.md` 操作。""",
)

LESSONS = Text(en="## Lessons", zh="## 课程")
EXERCISES = Text(en="{count} exercises, {points:g} points", zh="{count} 道练习，共 {points:g} 分")

README = Text(
    en="""# PyTorch from the ground up

You need Python 3.11, 3.12 or 3.13. Open a terminal in this folder and choose one of the two ways:

```
python -m venv .venv
source .venv/bin/activate          # Windows: .venv\\Scripts\\activate
pip install -r requirements.txt
```

or, with conda:

```
conda env create -f environment.yml
conda activate pytorch-course
```

Then run `jupyter lab START.ipynb`.

On Linux, `pip install torch` fetches the build for NVIDIA GPUs, which takes several gigabytes. If you have no such
GPU, first run `pip install torch --index-url https://download.pytorch.org/whl/cpu`.

Your answers live in `notebooks/`. Hand in the lesson's `.ipynb` file under its own name.

Code: MIT (`LICENSE`). Text: CC BY 4.0 (`LICENSE-TEXT`). Font: OFL 1.1 (`course_lib/fonts/OFL.txt`).""",
    zh="""# 从零学 PyTorch

需要 Python 3.11、3.12 或 3.13。在本文件夹中打开终端，从下面两种方式中任选一种：

```
python -m venv .venv
source .venv/bin/activate          # Windows: .venv\\Scripts\\activate
pip install -r requirements.txt
```

或者使用 conda：

```
conda env create -f environment.yml
conda activate pytorch-course
```

然后运行 `jupyter lab START.ipynb`。

在 Linux 上，`pip install torch` 会下载面向 NVIDIA GPU 的版本，体积有好几 GB。如果没有这样的 GPU，\
请先运行 `pip install torch --index-url https://download.pytorch.org/whl/cpu`。

你的答案保存在 `notebooks/` 中。提交时请上交该课的 `.ipynb` 文件，不要改名。

代码：MIT（`LICENSE`）。文字：CC BY 4.0（`LICENSE-TEXT`）。字体：OFL 1.1（`course_lib/fonts/OFL.txt`）。""",
)


def start_page(lessons: list[Lesson], points: dict[str, dict[str, float]], language: str) -> Any:
    """START.ipynb (nbformat 4.5): how to work, the lessons with their goals, one cell that tries the installation.

    points: for each lesson id, those of its exercises.
    """
    from nbformat import v4

    cells = []
    for name, text in (("welcome", WELCOME), ("checking", CHECKING), ("setup", SETUP)):
        cells += [v4.new_markdown_cell(words, id=f"{name}-{code}") for code, words in text.sides(language)]
    code = "from course_lib import describe_device\n\nprint(describe_device())"
    cells.append(v4.new_code_cell(code, id="device"))
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
