"""Makes the Chinese font of course_lib from Noto Sans CJK: which characters, and the subset itself."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from course_lib.fonts import FAMILY

# Fixed, so that the same source and characters give the same bytes on every day.
_SOURCE_DATE = 3786912000  # 2024-01-01 in the font format's seconds since 1904
_BLOCKS = (
    range(0x20, 0x7F),  # Latin
    range(0xA0, 0x180),  # Latin with accents, ± × ÷
    range(0x370, 0x400),  # Greek
    range(0x2010, 0x2060),  # dashes, quotes, dots
    range(0x2070, 0x20A0),  # superscripts, subscripts
    range(0x2190, 0x21D5),  # arrows
    range(0x2200, 0x2300),  # mathematics, U+2212 among them
    range(0x2460, 0x2474),  # numbers in circles
    range(0x25A0, 0x2600),  # shapes
    range(0x3000, 0x3020),  # CJK punctuation
    range(0xFF01, 0xFF5F),  # full-width forms
)


def common_characters() -> set[str]:
    """The 3755 characters of GB 2312 level 1 (rows 16 to 55)."""
    cells = (bytes((row + 0xA0, cell + 0xA0)) for row in range(16, 56) for cell in range(1, 95))
    return {code.decode("gb2312") for code in cells if code < b"\xd7\xfa"}


def is_chinese(text: str) -> bool:
    """Whether there is a Chinese character in it."""
    return any("\u4e00" <= character <= "\u9fff" or "\u3400" <= character <= "\u4dbf" for character in text)


def bilingual_strings(root: Path) -> Iterator[tuple[Path, str]]:
    """Every string with Chinese that may reach a figure, as (file, string).

    In lessons that is every string literal, in the packages what stands inside ``Text(...)`` (other strings there
    are patterns and tables of characters).
    """
    for folder in ("course_lib", "grader", "notebooks"):
        for path in sorted((root / folder).rglob("*.py")):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a lesson's cell may hold "\d"; that is not what is looked for here
                tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
            places = [tree] if folder == "notebooks" else [node for node in ast.walk(tree) if _is_text_call(node)]
            for node in (inner for place in places for inner in ast.walk(place)):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and is_chinese(node.value):
                    yield path, node.value


def _is_text_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Text"


def characters(root: Path) -> set[str]:
    """What the font is asked to hold: common characters, fixed blocks, and all that the course's strings use."""
    used = set().union(*(set(string) for _, string in bilingual_strings(root)))
    return common_characters() | used | {chr(code) for block in _BLOCKS for code in block}


def subset(source: Path, wanted: Iterable[str], target: Path) -> set[str]:
    """Write the subset of Noto Sans CJK SC (a collection or a single font); returns the characters that it holds.

    Raises ValueError where ``source`` holds no simplified Chinese Noto Sans.
    """
    from fontTools.subset import Options, Subsetter  # type: ignore[import-untyped]
    from fontTools.ttLib import TTCollection, TTFont  # type: ignore[import-untyped]

    fonts = TTCollection(source).fonts if source.suffix.lower() in (".ttc", ".otc") else [TTFont(source)]
    named = [font for font in fonts if font["name"].getDebugName(1) in ("Noto Sans CJK SC", "Noto Sans SC")]
    if not named:
        raise ValueError(f"{source} holds no Noto Sans CJK SC")
    font = named[0]
    options = Options(hinting=False, layout_features=[], name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14], notdef_outline=True)
    options.drop_tables += ["BASE", "GDEF", "GPOS", "GSUB", "VORG", "vhea", "vmtx", "DSIG"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes={ord(character) for character in wanted})
    subsetter.subset(font)
    _rename(font)
    font["head"].created = font["head"].modified = _SOURCE_DATE
    font.recalcTimestamp = False
    target.parent.mkdir(parents=True, exist_ok=True)
    font.save(target)
    return {chr(code) for code in font.getBestCmap()}


def _rename(font: object) -> None:
    """A modified font gets a name of its own, so that nobody takes it for the whole one."""
    postscript = FAMILY.replace(" ", "") + "-Regular"
    values = {1: FAMILY, 2: "Regular", 3: postscript, 4: FAMILY, 6: postscript}
    table = font["name"]  # type: ignore[index]
    for record in table.names:
        if record.nameID in values:
            record.string = values[record.nameID]
    inside = font["CFF "].cff  # type: ignore[index]
    inside.fontNames = [postscript]
    top = inside.topDictIndex[0]
    top.FullName, top.FamilyName = FAMILY, FAMILY
