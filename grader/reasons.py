"""Why a file that was handed in is not graded, and what to do about it."""

from __future__ import annotations

from course_lib.text import Text

# Refused: somebody should look at these.
LINK = Text(
    en="a link; links are not followed. Put the file itself in its place",
    zh="这是链接；不会跟随链接。请放入文件本身",
)
SPECIAL = Text(en="a pipe or a device, not a file. Remove it", zh="这是管道或设备，不是文件。请删除")
CLOSED = Text(
    en="it cannot be opened: {error}. Look at its permissions",
    zh="无法打开：{error}。请检查文件权限",
)
UNSAFE = Text(
    en="its path leads out of the archive. Nothing was unpacked; ask the student for the notebook itself",
    zh="其路径指向压缩包之外。没有解压任何内容；请让学生直接提交笔记本",
)
LONG_NAME = Text(
    en="its name is too long. Rename it, or ask the student for the notebook itself",
    zh="文件名太长。请重命名，或让学生直接提交笔记本",
)
BOMB = Text(
    en="the archive unpacks to more than {most} MB and was refused. If it is harmless, collect it unpacked",
    zh="压缩包解压后超过 {most} MB，拒绝处理。如果确认无害，请先解压，再收集解压后的文件夹",
)
CROWDED = Text(
    en="the archive holds more than {most} files and was refused. If it is harmless, unpack it and keep the notebooks",
    zh="压缩包内的文件超过 {most} 个，拒绝处理。如果确认无害，请先解压，只保留笔记本",
)
TOO_MANY = Text(
    en="more than {most} files; the rest was not looked at. Collect the class in parts",
    zh="文件超过 {most} 个，其余未处理。请分批收集",
)
LOCKED = Text(
    en="protected by a password. Ask the student for the notebook itself",
    zh="有密码保护。请让学生直接提交笔记本",
)
BROKEN = Text(
    en="the archive is damaged. Download it again, or ask the student for the notebook itself",
    zh="压缩包已损坏。请重新下载，或让学生直接提交笔记本",
)
BROKEN_FILE = Text(
    en="damaged inside its archive. Download the archive again, or ask the student for the notebook itself",
    zh="压缩包内的这个文件已损坏。请重新下载压缩包，或让学生直接提交笔记本",
)
ODD_PACKING = Text(
    en="packed with a method that is not read here. Unpack it and put the notebook in the archive's place",
    zh="使用了此处不支持的压缩方法。请先解压，再用笔记本替换压缩包",
)
NESTED = Text(
    en="archives inside archives, too many levels of them. Unpack it and put the notebook in the archive's place",
    zh="压缩包层层嵌套，层数太多。请先解压，再用笔记本替换压缩包",
)
NO_FILES = Text(
    en="the archive holds no file. Ask the student for the notebook itself",
    zh="压缩包里没有文件。请让学生直接提交笔记本",
)
PACKED = Text(
    en="an archive of a kind that is not opened here. Unpack it and put the .ipynb file in its place",
    zh="此处不打开这种格式的压缩包。请先解压，再用 .ipynb 文件替换它",
)
NOT_NOTEBOOK = Text(
    en="not a notebook. Where a notebook is missing, ask the student for the .ipynb file itself",
    zh="不是笔记本。如果缺少笔记本，请让学生提交 .ipynb 文件本身",
)
EMPTY = Text(
    en="an empty file; the upload probably broke off. Ask the student to hand it in again",
    zh="文件是空的，可能上传中断。请让学生重新提交",
)
NO_LESSON = Text(
    en="no lesson of this course could be recognised in it. Put the lesson's id into its name, as in 20260001_{lesson}",
    zh="无法识别它属于本课程的哪一课。请把课的编号写进文件名，例如 20260001_{lesson}",
)
NO_STUDENT = Text(
    en="nothing in its name says whose it is. Put the student's id before it: 20260001_{lesson}.ipynb",
    zh="文件名没有说明是谁的作业。请在前面加上学号：20260001_{lesson}.ipynb",
)
AMBIGUOUS = Text(
    en="two students of the roster have this name: {students}; put the id into the file's name",
    zh="名单中有两名学生与这个名字相符：{students}；请把学号写进文件名",
)
MIXED_UP = Text(
    en="it fits several students of the roster: {students}; put one id into its name, and no other name",
    zh="名单中有几名学生与它相符：{students}；请在文件名中只写其中一人的学号，不写其他姓名",
)
NOTHING = Text(
    en="this student's folder holds no notebook. Ask the student to hand it in again",
    zh="该学生的文件夹里没有笔记本。请让学生重新提交",
)

# Superseded: another file of the same student and lesson was graded.
OLDER = Text(
    en="another file of the same student and lesson was graded: {name}", zh="已评阅同一学生同一课的另一个文件：{name}"
)

# Ignored: of no concern.
SYSTEM = Text(
    en="made by Jupyter or by the operating system, not handed in", zh="由 Jupyter 或操作系统生成，不是学生提交的"
)
BUNDLE = Text(en="a file of the course itself", zh="课程自带的文件")
ONLINE_TEXT = Text(en="what was typed into Moodle's page, not a notebook", zh="在 Moodle 页面中输入的文字，不是笔记本")
STAMP = Text(en="the time of the submission, as nbgrader keeps it", zh="nbgrader 保存的提交时间")
SECRET = Text(en="the word by which nbgrader gives feedback back", zh="nbgrader 返还反馈时用来核对的口令")
ROSTER = Text(en="the roster", zh="学生名单")
OTHER_LESSON = Text(en="of another lesson: {lesson}", zh="属于另一课：{lesson}")

# Notes on what was graded, and on what never arrived.
STRANGER = Text(
    en="graded as {student}, who is not on the roster. Complete the roster, or put the id into the file's name",
    zh="已按 {student} 评阅，但名单中没有此人。请补充名单，或把学号写进文件名",
)
SHARED_NAME = Text(
    en="graded as {student}: several people of this name handed in. A roster tells them apart by their ids",
    zh="已按 {student} 评阅：有几名同名学生提交了作业。使用名单可以按学号区分他们",
)
MISSING = Text(
    en="no submission from {count} of {all} students: {students}", zh="{all} 名学生中有 {count} 名没有提交：{students}"
)
