"""``python -m course_lib COMMAND``: what a student can ask for in a terminal.

A command is a module here with ``main(arguments) -> exit status``; only the one asked for is imported.
"""

from __future__ import annotations

import sys
from importlib import import_module

from course_lib.text import Text

COMMANDS = {
    "start": Text(en="install what is missing and open the course", zh="安装缺少的部分并打开课程"),
    "doctor": Text(en="is everything on this machine as it should be?", zh="检查这台机器是否一切就绪"),
    "progress": Text(en="points reached so far, lesson by lesson", zh="各课目前获得的分数"),
    "update": Text(en="bring in a newer release; your work is kept", zh="更新到新版课程，保留你的作业"),
    "language": Text(en="change to en, zh or both; your work is kept", zh="切换到 en、zh 或 both，保留你的作业"),
}


def main(arguments: list[str]) -> int:
    """Runs a command; 2 for one that does not exist, after a list of those that do."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character must not end the program.
        getattr(stream, "reconfigure", lambda **_: None)(errors="replace")
    if arguments and arguments[0] in COMMANDS:
        return int(import_module(f"course_lib.{arguments[0]}").main(arguments[1:]))
    asked = bool(arguments) and arguments[0] in ("-h", "--help")
    for name, what in COMMANDS.items():
        print(f"python -m course_lib {name:9} {what.inline}", file=sys.stdout if asked else sys.stderr)
    return 0 if asked else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
