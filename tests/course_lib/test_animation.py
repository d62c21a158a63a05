"""A moving picture: every frame once, the last one as the still, and words for it."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from course_lib import Text, animate, new_figure
from course_lib.animation import moving_png


def draw(frame: int) -> tuple[Any, Text]:
    fig, ax = new_figure(height=1.5)
    ax.bar([0], [frame])
    ax.set_ylim(0, 3)
    return fig, Text(en="a bar of {n}", zh="高为 {n} 的柱子").format(n=frame)


def test_it_plays_once_and_its_still_picture_is_the_last_frame() -> None:
    picture = Image.open(io.BytesIO(moving_png(draw, [1, 2, 3], 1.5)))
    assert picture.is_animated and picture.n_frames == 4  # the still one, and three that move
    assert picture.info["loop"] == 1
    stills = []
    for number in range(4):
        picture.seek(number)
        stills.append(picture.convert("RGB").tobytes())
    assert stills[0] == stills[3]
    assert len(set(stills)) == 3
    assert picture.info["duration"] == 500


def test_the_same_bytes_at_every_call() -> None:
    assert moving_png(draw, [1, 2], 1.0) == moving_png(draw, [1, 2], 1.0)


def test_outside_a_notebook_its_words_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    animate(draw, [1, 2])
    assert capsys.readouterr().out == "a bar of 2\n高为 2 的柱子\n"


def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    outputs: list[dict[str, Any]] = []
    monkeypatch.setattr("course_lib.animation.in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", lambda data, **options: outputs.append({"data": data, **options}))
    animate(draw, [1, 2])
    return outputs


def frames(output: dict[str, Any]) -> int:
    import base64

    return getattr(Image.open(io.BytesIO(base64.b64decode(output["data"]["image/png"]))), "n_frames", 1)


def test_in_a_notebook_it_has_its_words_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COURSE_STATIC", raising=False)
    picture, words = shown(monkeypatch)
    assert frames(picture) == 3
    assert picture["metadata"]["image/png"]["alt"] == picture["data"]["text/plain"] == "a bar of 2\n高为 2 的柱子"
    assert "a bar of 2" in words["data"]["text/html"]


@pytest.mark.parametrize("name", ["COURSE_STATIC", "NBGRADER_EXECUTION"])
def test_where_nothing_may_move_only_the_last_frame_is_drawn(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1")
    assert frames(shown(monkeypatch)[0]) == 1


def test_what_cannot_be_played_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        animate(draw, [])
    with pytest.raises(ValueError, match="at most 5 seconds, not 9"):
        animate(draw, [1], seconds=9)
