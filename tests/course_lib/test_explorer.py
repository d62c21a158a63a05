"""A figure with controls: live for a front end, still for everything else, the same on every run."""

import pytest

from course_lib import Text, explore, new_figure
from course_lib._output import WIDGET
from course_lib.explorer import _start

SOURCE = """
from course_lib import *
import numpy as np

def draw(lr, steps, kind):
    fig, ax = new_figure(height=2)
    ax.plot(np.exp(-lr * np.arange(steps)))
    if steps == 7:
        raise RuntimeError("seven <is> odd")
    end = Text(en="Ends at {v}, {kind}.", zh="终于 {v}，{kind}。").format(v=digits(np.exp(-lr * steps)), kind=kind)
    return fig, end

kinds = [Text(en="plain", zh="普通"), Text(en="other", zh="其他")]
explore(draw, labels={"lr": Text(en="learning rate", zh="学习率")}, lr=[0.1, 1.0], steps=(1, 50, 1, 20), kind=kinds)
"""
# What a student does: moves the slider that the explorer made, and hears of the new words.
MOVE = """
import ipywidgets
from ipywidgets.widgets import widget
made = list(widget._instances.values())
slider = next(w for w in made if isinstance(w, ipywidgets.IntSlider))
picture = [w for w in made if type(w) is ipywidgets.HTML][-1]
rate = next(w for w in made if isinstance(w, ipywidgets.SelectionSlider))
print(rate.description, slider.value, 'alt="Ends at 0.1353, plain.' in picture.value)
slider.value = 10
print('alt="Ends at 0.3679, plain.' in picture.value)
slider.value = 7
print("seven &lt;is&gt; odd" in picture.value)
"""


def run(*sources):
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    return [cell.outputs for cell in notebook.cells]


def still(outputs):
    return [{kind: data for kind, data in output.data.items() if kind != WIDGET} for output in outputs]


@pytest.mark.kernel
def test_a_notebook_holds_the_controls_and_the_same_still_picture_each_time(monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    monkeypatch.delenv("COURSE_STATIC", raising=False)
    [first, moved] = run(SOURCE, MOVE)
    assert next(iter(first[0].data)) == WIDGET
    assert first[0].data["text/plain"].startswith("Ends at 0.1353, plain.\n终于 0.1353，普通。")
    assert first[0].metadata["image/png"]["alt"] == first[0].data["text/plain"]
    assert "<details" in first[1].data["text/html"]
    assert "Ends at 0.3679" in first[1].data["text/html"], "the words follow the controls"
    printed = "".join(output.text for output in moved if output.output_type == "stream" and output.name == "stdout")
    assert printed.split("\n")[:3] == ["learning rate / 学习率 20 True", "True", "True"]
    assert not [o for o in (*first, *moved) if o.output_type == "error" or o.get("name") == "stderr"]

    [second] = run(SOURCE)
    assert still(second)[0] == still(first)[0]
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    [quiet] = run(SOURCE)
    assert WIDGET not in quiet[0].data
    assert still(quiet) == still(second)


def test_outside_a_notebook_the_words_are_printed(capsys):
    seen = []

    def draw(a, b):
        seen.append((a, b))
        return new_figure()[0], Text(en="Seen.", zh="看到了。")

    explore(draw, a=(0.0, 1.0, 0.1, 0.5), b=["first", "second"])
    assert seen == [(0.5, "first")]
    assert capsys.readouterr().out == "Seen.\n看到了。\n"


@pytest.mark.parametrize("control", [(0, 1), [], 3, (0, 1, 0.1, 2), (0, 1, 0, 1), ("a", "b", "c", "d")])
def test_what_is_no_control_is_named(control):
    with pytest.raises(ValueError, match="lr="):
        _start("lr", control)
