"""Two languages in one record, and which of them is in force."""

import json

import pytest

from course_lib.text import Text, current_language, digits, say, set_language

HELLO = Text(en="Hello", zh="你好")


@pytest.mark.parametrize(("en", "zh"), [("", "你好"), ("Hello", ""), ("Hello", "  "), ("\n", "你好")])
def test_a_missing_side_is_an_error_at_once(en, zh):
    with pytest.raises(ValueError, match="both languages"):
        Text(en=en, zh=zh)


def test_the_environment_goes_before_the_choice_and_the_choice_before_the_bundle(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert current_language() == "both"
    inside = tmp_path / "bundle" / "notebooks"
    inside.mkdir(parents=True)
    (tmp_path / "bundle" / "course.json").write_text(json.dumps({"language": "zh"}), encoding="utf-8")
    monkeypatch.chdir(inside)
    assert current_language() == "zh"
    set_language("both")
    assert current_language() == "both"
    monkeypatch.setenv("COURSE_LANG", "en")
    assert current_language() == "en"


def test_a_running_kernel_follows_a_change_of_language(monkeypatch, tmp_path):
    for language in ("zh", "en", "both", "zh"):
        fresh = tmp_path / "course.json.part"
        fresh.write_text(json.dumps({"language": language}), encoding="utf-8")
        fresh.replace(tmp_path / "course.json")
        monkeypatch.chdir(tmp_path)
        assert current_language() == language


def test_unknown_languages_are_named(monkeypatch):
    with pytest.raises(ValueError, match="'fr'"):
        set_language("fr")
    with pytest.raises(ValueError, match="'de'"):
        HELLO.say("de")
    monkeypatch.setenv("COURSE_LANG", "zh-CN")
    with pytest.raises(ValueError, match="COURSE_LANG is 'zh-CN'"):
        str(HELLO)


def test_the_sides_that_show(capsys):
    set_language("both")
    assert (str(HELLO), HELLO.inline) == ("Hello\n你好", "Hello / 你好")
    assert str(Text(en="ReLU", zh="ReLU")) == "ReLU"
    set_language("zh")
    say(Text(en="{n} of {what}", zh="{what}：{n}"), n=3, what=Text(en="steps", zh="步数"))
    assert capsys.readouterr().out == "步数：3\n"


def test_digits_are_significant_ones():
    assert [digits(31468231.7), digits(0.00012345678, 3), digits(2), digits(float("nan"))] == [
        "3.147e+07",
        "0.000123",
        "2",
        "nan",
    ]
