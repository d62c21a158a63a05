"""The doctor's sentences, in both languages."""

from __future__ import annotations

from course_lib.text import Text

NAMES = {
    "python": Text(en="Python", zh="Python"),
    "folder": Text(en="folder", zh="文件夹"),
    "space": Text(en="free space", zh="剩余空间"),
    "course": Text(en="course files", zh="课程文件"),
    "packages": Text(en="packages", zh="软件包"),
    "font": Text(en="Chinese font", zh="中文字体"),
    "jupyter": Text(en="JupyterLab", zh="JupyterLab"),
    "kernel": Text(en="notebook kernel", zh="笔记本内核"),
    "torch": Text(en="torch", zh="torch"),
    "torchvision": Text(en="torchvision", zh="torchvision"),
    "device": Text(en="device", zh="计算设备"),
}
TITLE = Text(en="Is this machine ready for the course?", zh="这台机器可以开始学习本课程了吗？")
TRYING_TORCH = Text(
    en="Now trying torch; the first time this can take a minute …", zh="正在试用 torch，第一次可能需要一分钟……"
)
MEND = Text(en="To mend it, in a terminal in the course's folder:", zh="修复方法：在课程文件夹的终端中运行：")
READY = Text(en="All is ready.", zh="一切就绪。")
USABLE = Text(
    en="You can work. Lines with ! tell what could be better.", zh="可以开始学习。标有 ! 的行说明还可以改进的地方。"
)
NOT_READY = Text(en="Lines with ✗ have to be mended first.", zh="请先修复标有 ✗ 的行。")
LOST = Text(en="this could not be looked at ({error}); the rest was", zh="这一项无法检查（{error}），其余各项已检查")

PYTHON = Text(en="{version} ({executable})", zh="{version}（{executable}）")
PYTHON_UNFIT = Text(
    en="this is Python {version}; the course needs 3.11, 3.12 or 3.13.",
    zh="当前是 Python {version}，课程需要 3.11、3.12 或 3.13。",
)
PYTHON_32 = Text(
    en="this is a 32-bit Python {version}; torch exists for 64 bits only.",
    zh="当前是 32 位的 Python {version}，而 torch 只有 64 位版本。",
)
FOLDER = Text(en="files can be saved in {folder}", zh="可以在 {folder} 中保存文件")
FOLDER_READ_ONLY = Text(
    en="nothing can be saved in {folder} ({error}), so your answers would be lost.",
    zh="无法在 {folder} 中保存文件（{error}），你的答案会丢失。",
)
SPACE = Text(en="{free} GiB", zh="{free} GiB")
SPACE_TIGHT = Text(
    en="{free} GiB are enough for the lessons, but not for a new torch or a large data set.",
    zh="{free} GiB 足够学习各课，但不够安装新的 torch 或存放大数据集。",
)
SPACE_FULL = Text(
    en="only {free} GiB are left, and saving a notebook may fail.",
    zh="只剩 {free} GiB，保存笔记本可能会失败。",
)
COURSE = Text(en="version {version}, library and checks belong together", zh="版本 {version}，课程库与检查文件一致")
COURSE_SOURCE = Text(en="the course's own source, not a bundle", zh="课程源代码，不是课程包")
COURSE_UNREADABLE = Text(
    en="course.json cannot be read ({error}); unpack the course's zip once more, over this folder (your notebooks "
    "stay).",
    zh="无法读取 course.json（{error}）；请把课程的 zip 文件重新解压到本文件夹（你的笔记本会保留）。",
)
COURSE_INCOMPLETE = Text(
    en="{count} files of the course are missing, {name} for one; unpack the course's zip once more, over this folder "
    "(your notebooks stay).",
    zh="课程缺少 {count} 个文件，例如 {name}；请把课程的 zip 文件重新解压到本文件夹（你的笔记本会保留）。",
)
COURSE_CHANGED = Text(
    en="{count} files of the course are not those of this release, {name} for one; checks may be wrong until you "
    "unpack the course's zip once more (your notebooks stay).",
    zh="有 {count} 个课程文件与本次发布的版本不一致，例如 {name}；检查结果可能有误，"
    "请重新解压课程的 zip 文件（你的笔记本会保留）。",
)
NOT_INSTALLED = Text(en="not installed in this Python: {names}.", zh="当前的 Python 中没有安装：{names}。")
PACKAGES = Text(en="{names}", zh="{names}")
FONT = Text(en="figures can show Chinese", zh="图中可以显示中文")
FONT_NO_MATPLOTLIB = Text(
    en="matplotlib, which draws the figures, cannot be used ({message}).",
    zh="用来绘图的 matplotlib 无法使用（{message}）。",
)
FONT_DAMAGED = Text(
    en="the course's font is missing or damaged; unpack the course's zip once more, over this folder (your notebooks "
    "stay).",
    zh="课程自带的字体缺失或已损坏；请把课程的 zip 文件重新解压到本文件夹（你的笔记本会保留）。",
)
KERNEL = Text(en="notebooks run in this Python", zh="笔记本使用当前的 Python 运行")
KERNEL_NONE = Text(
    en="JupyterLab finds no Python to run notebooks with.", zh="JupyterLab 找不到可以运行笔记本的 Python。"
)
KERNEL_OTHER = Text(
    en="notebooks would run in another Python ({program}), not in this one ({executable}).",
    zh="笔记本会使用另一个 Python（{program}）运行，而不是当前的（{executable}）。",
)
TORCH = Text(en="{version}", zh="{version}")
TORCH_SLOW = Text(
    en="it did not load within five minutes; try again, and if that does not help, install it anew.",
    zh="五分钟内没有加载完成；请再试一次，若仍不行，请重新安装。",
)
TORCH_CRASHED = Text(
    en="it takes Python down while it loads (status {ended}); it was probably built for another processor.",
    zh="加载时会使 Python 崩溃（状态 {ended}）；它很可能是为另一种处理器编译的。",
)
TORCH_ARCHITECTURE = Text(
    en="it was built for another kind of processor ({message}).", zh="它是为另一种处理器编译的（{message}）。"
)
TORCH_DLL = Text(
    en="a Windows library that it needs is missing, usually the Visual C++ runtime ({error}: {message}).",
    zh="缺少它所需的 Windows 库，通常是 Visual C++ 运行库（{error}: {message}）。",
)
TORCH_BROKEN = Text(
    en="it is installed but cannot be imported ({error}: {message}).", zh="已安装，但无法导入（{error}: {message}）。"
)
TORCH_OLD = Text(
    en="{version} is older than what the lessons were made with ({wanted}).",
    zh="{version} 比编写课程时使用的版本（{wanted}）旧。",
)
TORCHVISION = Text(
    en="{version}, fits this torch, compiled operators work", zh="{version}，与 torch 匹配，编译的算子可用"
)
TORCHVISION_UNTRIED = Text(
    en="it could not be tried, because torch does not load.", zh="由于 torch 无法加载，没有试用它。"
)
TORCHVISION_CRASHED = Text(
    en="it takes Python down while it loads (status {ended}).", zh="加载时会使 Python 崩溃（状态 {ended}）。"
)
TORCHVISION_OTHER = Text(
    en="it was made for torch {wants}, and torch is {torch}.",
    zh="它是为 torch {wants} 编译的，而当前 torch 是 {torch}。",
)
TORCHVISION_BUILD = Text(
    en="it was built for another build of torch of the same version; the lessons work (the course mends this by "
    "itself), only torchvision.ops and torchvision.io.read_image do not.",
    zh="它是为同一版本 torch 的另一种构建编译的；各课可以正常运行（课程会自动处理），"
    "只有 torchvision.ops 和 torchvision.io.read_image 不可用。",
)
TORCHVISION_BROKEN = Text(
    en="it is installed but does not work ({error}: {message}).", zh="已安装，但无法正常工作（{error}: {message}）。"
)
DEVICE_UNTRIED = Text(
    en="it could not be tried, because torch does not load.", zh="由于 torch 无法加载，没有检查计算设备。"
)
DEVICE_CPU = Text(en="CPU, {threads} threads: enough for every lesson.", zh="CPU，{threads} 个线程：足以完成每一课。")
DEVICE_MPS = Text(
    en="MPS, the GPU of an Apple computer; it has no float64, so gradient checks run on the CPU.",
    zh="MPS，即 Apple 电脑的 GPU；它不支持 float64，因此梯度检查在 CPU 上进行。",
)
DEVICE_GPU = Text(en="{device}, {name}: the lessons use it by themselves.", zh="{device}，{name}：各课会自动使用它。")
DEVICE_UNUSED = Text(
    en="this machine has an NVIDIA GPU that torch does not use; the lessons run on the CPU, which is enough for them.",
    zh="这台机器有 NVIDIA GPU，但 torch 没有使用它；各课在 CPU 上运行，也足够了。",
)
DEVICE_BROKEN = Text(
    en="{device} is there, but torch cannot compute with it ({message}); use the CPU instead.",
    zh="检测到 {device}，但 torch 无法用它计算（{message}）；请改用 CPU。",
)
