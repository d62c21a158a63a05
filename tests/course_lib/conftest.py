"""What the tests of course_lib share: a language that ends with the test, and pixels of a figure."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from course_lib import text
from course_lib._output import png_of


@pytest.fixture(autouse=True)
def language(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test inherits a language, or leaves one behind."""
    monkeypatch.delenv("COURSE_LANG", raising=False)
    monkeypatch.setattr(text, "_chosen", None)
    yield


def pixels(figure: object) -> np.ndarray:
    """The figure as uint8 [height, width, 3]."""
    with Image.open(io.BytesIO(png_of(figure))) as picture:  # type: ignore[arg-type]
        return np.asarray(picture.convert("RGB"))
