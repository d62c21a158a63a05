# %% [markdown] id="title" lang="en"
# # Lesson 09. Data: Dataset, DataLoader, transforms
#
# A model is only as good as what it is fed, and feeding it is where most bugs of practice live: a header row that became a label, a mean that was measured on the wrong images, pictures and labels that were shuffled apart. The model trains all the same and is just a little worse, or a little too good. PyTorch cuts the matter in two: a **Dataset** knows how to get *one* sample, a **DataLoader** decides which samples make a batch. In this lesson you write both.
#
# **After this lesson you can**
#
# - write a Dataset that reads a CSV file and image files, and say what belongs in `__init__` and what in `__getitem__`;
# - measure the mean and standard deviation of a data set too large for memory, and say what normalising does and does not;
# - turn labels into one-hot vectors, and say when not to;
# - write a loader: shuffled anew each epoch, nothing lost, pairs kept together, reproducible.
#
# **Time:** about 120 minutes, 70 of them for the four exercises.
#
# **You need:** lesson 03 (shapes) and lesson 08 (losses).
#
# **Created** 2026-11, last updated 2026-11, last verified 2026-11 with torch 2.13; all cells together run in about 10 seconds on two CPU cores.
#
# **Licence:** the text is CC BY 4.0, the code is MIT.

# %% [markdown] id="title" lang="zh" reviewed="7c48ea765f2d"
# # 第 09 课：数据——Dataset、DataLoader 与变换
#
# 模型吃进去什么，就长成什么样。而喂数据这一步，恰恰是实践中错误最多的地方：表头成了标签，均值是在别的图片上测的，图片和标签被分别打乱。模型照样能训练，只是差一点，或者好得有点过头。PyTorch 把这件事切成两半：**Dataset** 知道怎样取出*一个*样本，**DataLoader** 决定哪些样本组成一批。这一课把两者都写一遍。
#
# **学完本课，你能够**
#
# - 写一个读取 CSV 文件和图像文件的 Dataset，并说出什么该放在 `__init__`，什么该放在 `__getitem__`；
# - 测出大到装不进内存的数据集的均值和标准差，并说清归一化做了什么、没做什么；
# - 把标签变成 one-hot 向量，并说出什么时候不该这样做；
# - 写一个加载器：每一轮重新打乱，一个不丢，配对不散，结果可重现。
#
# **时间**：约 120 分钟，其中四道练习占 70 分钟。
#
# **需要的基础**：第 03 课（形状）和第 08 课（损失）。
#
# **编写**于 2026-11，最近更新于 2026-11，最近一次用 torch 2.13 验证于 2026-11；所有单元格加起来，在两个 CPU 核上约需运行 10 秒。
#
# **许可**：文字采用 CC BY 4.0，代码采用 MIT。

# %% id="imports" tags=["setup"]
import csv
import os
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset, TensorDataset

from course_lib import COLOURS, Text, check, digits, explore, label, load_images, new_figure, prediction, predictions, reveal, say, show, solved

# %% [markdown] id="look" lang="en"
# ## 1. Look at the data first
#
# The task of the coming lessons is to read handwritten digits: images 28 by 28, one grey value per dot, labels 0 to 9. The embedded set has 1442 images to train and 355 to test. The best-known set of this kind is **MNIST**, with 60000 and 10000; **FashionMNIST** has ten kinds of clothes in the same format. torchvision loads the one with `torchvision.datasets.MNIST(root, train=True, download=True, transform=...)` and the other one with `FashionMNIST` and the same arguments: where to keep the files, which part, whether to fetch them, and what to do to each image. (torchvision is PyTorch's library for pictures, torchaudio the one for sound; torchtext, for text, is no longer developed.)
#
# What belongs to an image is its **label** (also called its target): a class number, which a list of names turns into words where words are wanted.
#
# `load_images(NAME)` gives all three in one shape. If the files are on your disk, replace `"digits"` in the cell below by `"mnist"` or `"fashion_mnist"`, or set the environment variable `COURSE_IMAGES` for all lessons; all other cells work as they are.

# %% [markdown] id="look" lang="zh" reviewed="dc32ca8b702a"
# ## 1. 先看数据
#
# 接下来几课的任务是认手写数字：图像 28 乘 28，每个点一个灰度值，标签 0 到 9。自带的数据集有 1442 张训练图像和 355 张测试图像。这类数据集里最有名的是 **MNIST**，分别有 60000 张和 10000 张；**FashionMNIST** 是十类衣物，格式相同。torchvision 用 `torchvision.datasets.MNIST(root, train=True, download=True, transform=...)` 加载前者，用参数相同的 `FashionMNIST` 加载后者，四个参数分别是：文件放在哪里、要哪一部分、要不要下载、对每张图像做什么。（torchvision 是 PyTorch 处理图像的库，torchaudio 处理声音；处理文本的 torchtext 已停止开发。）
#
# 与一张图像配对的答案叫它的**标签**（label，也叫目标 target）：一个类别编号。需要文字时，用一个名称列表把编号换成文字。
#
# `load_images(NAME)` 以同样的形状给出这三种数据。如果文件在你的硬盘上，可以把下面的 `"digits"` 换成 `"mnist"` 或 `"fashion_mnist"`，也可以设置环境变量 `COURSE_IMAGES`，让所有课都换掉；其余单元格原样可用。

# %% id="look-run"
NAME = os.environ.get("COURSE_IMAGES", "digits")
images, labels = load_images(NAME)
test_images, test_labels = load_images(NAME, train=False)
CLOTHES = ["T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "trainer", "bag", "boot"]
names = CLOTHES if NAME == "fashion_mnist" else [str(number) for number in range(10)]
say(Text(en="images {a} {d}, from {lo} to {hi}; labels {b} {e}", zh="图像 {a} {d}，从 {lo} 到 {hi}；标签 {b} {e}"),
    a=tuple(images.shape), d=images.dtype, lo=images.min().item(), hi=images.max().item(), b=tuple(labels.shape), e=labels.dtype)
print("of each class:", torch.bincount(labels).tolist())

fig, axes = new_figure(3, 6, height=4.2)
drawn = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))[:18].tolist()
for ax, i in zip(axes.flat, drawn, strict=True):
    ax.imshow(images[i].squeeze(0), cmap="gray_r", vmin=0, vmax=1)    # [1, 28, 28] -> [28, 28] for drawing | 画图要 [28, 28]
    ax.set_title(names[labels[i].item()], fontsize=10)
    ax.set_axis_off()
show(fig, Text(
    en="Three rows of six training images drawn at random, dark on white, each with its label above it. The labels, row by row: {names}.",
    zh="随机抽出的训练图像，白底深色，三行，每行六张，标签写在上方。各行的标签依次是：{names}。",
).format(names=", ".join(names[labels[i].item()] for i in drawn)))

# %% [markdown] id="look-explain" lang="en"
# **Explain.** Looking costs a minute and finds what no loss curve shows: images upside down, labels shifted by one, one class missing, black and white exchanged. Do it for every data set, and **with** the labels. (These digits were enlarged from 8 by 8 dots, which is why they look soft.)

# %% [markdown] id="look-explain" lang="zh" reviewed="abb437ad3897"
# **解释**：看一眼只要一分钟，却能发现任何损失曲线都显示不出的问题：图像上下颠倒，标签错开一位，缺了一类，黑白反了。每个数据集都要看，而且要**连标签一起**看。（这些数字是由 8 乘 8 个点放大的，所以显得柔和。）

# %% [markdown] id="dataset" lang="en"
# ## 2. A Dataset gives one sample
#
# A (map-style) Dataset is an object with two methods: `__len__` says how many samples there are, `__getitem__(i)` returns number `i`. That is all the contract. `TensorDataset(images, labels)` is the simplest: it indexes each of its tensors. **Predict** what `data[100]` is, and what each of the two parts is.

# %% [markdown] id="dataset" lang="zh" reviewed="0be8e982158c"
# ## 2. Dataset 给出一个样本
#
# （映射式）Dataset 是有两个方法的对象：`__len__` 说有多少个样本，`__getitem__(i)` 返回第 `i` 个。约定就这么多。最简单的是 `TensorDataset(images, labels)`：它对自己的每个张量取下标。**预测** `data[100]` 是什么，它的两部分各是什么。

# %% id="dataset-predict" tags=["hide-input"]
prediction("data.item", Text(en="data[100] is a pair. Of what?", zh="data[100] 是一对什么？"), {
    (3, "int"): Text(en="an image [1, 28, 28] and an int", zh="图像 [1, 28, 28] 和一个 int"),
    (2, "int"): Text(en="an image [28, 28] and an int", zh="图像 [28, 28] 和一个 int"),
    (4, "Tensor"): Text(en="a batch [1, 1, 28, 28] and a tensor [1]", zh="一批 [1, 1, 28, 28] 和一个张量 [1]"),
    (3, "Tensor"): Text(en="an image [1, 28, 28] and a tensor without dimensions", zh="图像 [1, 28, 28] 和一个零维张量"),
})

# %% id="dataset-run"
data = TensorDataset(images, labels)
image, target = data[100]
say(Text(en="{n} samples; data[100] is a {t} of an image {a} and {b}", zh="{n} 个样本；data[100] 是一个 {t}，含图像 {a} 和 {b}"), n=len(data), t=type(data[100]).__name__, a=tuple(image.shape), b=repr(target))
reveal("data.item", (image.dim(), type(target).__name__))

# %% [markdown] id="csv" lang="en"
# ## 3. A Dataset from files
#
# Data of your own come as a folder of pictures and a table that says what each one shows. The next cell writes such a folder, with six pictures. **Predict** how many samples a program finds that takes each line of the file for one.

# %% [markdown] id="csv" lang="zh" reviewed="8e0e03c9b0d0"
# ## 3. 来自文件的 Dataset
#
# 自己的数据往往是一个图片文件夹，加一张说明每张图是什么的表。下一个单元格就写出这样一个文件夹，里面有六张图。**预测**：一个把文件的每一行都当成一个样本的程序，会找到几个样本？

# %% id="csv-predict" tags=["hide-input"]
prediction("data.lines", Text(en="Six pictures, and each line of the file taken for a sample: how many samples?", zh="六张图，把文件的每一行都当成一个样本：一共几个样本？"), [5, 6, 7])

# %% id="csv-run"
folder = Path(tempfile.mkdtemp())
rows = [("file", "label")]
for i in range(6):
    name = f"digit_{i}.png"
    Image.fromarray((images[i, 0].numpy() * 255).round().astype(np.uint8)).save(folder / name)
    rows.append((name, labels[i].item()))
with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
    csv.writer(file).writerows(rows)

print((folder / "labels.csv").read_text(encoding="utf-8"))
with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
    lines = list(csv.reader(file))
say(Text(en="{n} lines; the first: {a}; the second: {b}, a {t}", zh="{n} 行；第一行：{a}；第二行：{b}，其中标签是 {t}"), n=len(lines), a=lines[0], b=lines[1], t=type(lines[1][1]).__name__)
pixels = np.asarray(Image.open(folder / "digit_0.png"))
say(Text(en="a picture: {s} {d}, from {lo} to {hi}", zh="一张图：{s} {d}，从 {lo} 到 {hi}"), s=pixels.shape, d=pixels.dtype, lo=pixels.min(), hi=pixels.max())
reveal("data.lines", len(lines))

# %% [markdown] id="csv-explain" lang="en"
# **Explain.** Seven lines, six samples: the first is the **header**. Who skips it twice loses a sample (pandas' `read_csv` skips it by itself, unless told `header=None`), who never skips it has a sample called "file". The label is a **string**, and `"3"` is not `3`. The picture is `uint8` from 0 to 255, of shape `[H, W]`; a network wants floats of shape `[C, H, W]`, and the usual scale is 0 to 1.
#
# What belongs where? `__init__` reads the **table**, which is small. `__getitem__` opens **one** picture, when it is asked for. A dataset that opens all pictures at the start is slow to make and does not fit into memory when there are a million.

# %% [markdown] id="csv-explain" lang="zh" reviewed="bdf77c13b4e0"
# **解释**：七行，六个样本：第一行是**表头**。跳过两次，就丢一个样本（pandas 的 `read_csv` 会自己跳过它，除非写 `header=None`）；一次都不跳，就有一个样本叫“file”。标签是**字符串**，`"3"` 不是 `3`。图片是 0 到 255 的 `uint8`，形状 `[H, W]`；网络要的是形状 `[C, H, W]` 的浮点数，通常的尺度是 0 到 1。
#
# 什么该放在哪里？`__init__` 读**表**，表很小。`__getitem__` 在被问到时才打开**一张**图。一开始就把所有图都打开的数据集，创建得慢，图有一百万张时内存也装不下。

# %% [markdown] id="files-card" lang="en"
# ### Exercise 9.1: a Dataset of files
#
# **Difficulty:** 3 of 5. **Time:** 20 minutes.
#
# Write the class `FileDataset(Dataset)`.
#
# - `__init__(self, table, folder, transform=None)`: `table` is the path of a CSV file with a header row and the columns `file` and `label` (in this order), encoded in UTF-8. File names may contain commas (then they stand in quotes), labels may have blanks around them.
# - `__len__`: the number of samples.
# - `__getitem__(self, i)`: a pair of the image as float32 tensor `[1, H, W]` with values from 0 to 1, and the label as `int`. `transform`, if there is one, is applied to the image tensor. The picture is read **now**, not before.
#
# `csv`, `Path`, `np` and `Image` are imported above.

# %% [markdown] id="files-card" lang="zh" reviewed="c204000f108a"
# ### 练习 9.1：来自文件的 Dataset
#
# **难度**：3（共 5 级）。**时间**：20 分钟。
#
# 编写类 `FileDataset(Dataset)`。
#
# - `__init__(self, table, folder, transform=None)`：`table` 是 CSV 文件的路径，第一行是表头，两列依次为 `file` 和 `label`，编码为 UTF-8。文件名可能含逗号（这时写在引号里），标签两边可能有空格。
# - `__len__`：样本数。
# - `__getitem__(self, i)`：返回一对：图像，float32 张量 `[1, H, W]`，值从 0 到 1；标签，`int`。有 `transform` 时，把它用在图像张量上。图片是**现在**读，而不是提前读。
#
# `csv`、`Path`、`np` 和 `Image` 在上面已经导入。

# %% id="FileDataset" tags=["solution"]
class FileDataset(Dataset):
    """Grey images named in a CSV table -> pairs of a float32 tensor [1, H, W] from 0 to 1 and an int."""

    ### BEGIN SOLUTION
    def __init__(self, table, folder, transform=None):
        with Path(table).open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))[1:]                # without the header | 去掉表头
        self.samples = [(name, int(text)) for name, text in rows]
        self.folder, self.transform = Path(folder), transform

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, i):
        name, target = self.samples[i]
        with Image.open(self.folder / name) as picture:
            image = torch.from_numpy(np.array(picture)).float()[None] / 255
        return (image if self.transform is None else self.transform(image)), target
    ### END SOLUTION

# %% id="FileDataset-check" tags=["check"]
check("data.FileDataset")

# %% [markdown] id="transforms" lang="en"
# ## 4. Transforms
#
# A transform is any function from an image to an image. torchvision has many; the usual first one used to be `ToTensor()`, which makes a float tensor `[C, H, W]` from 0 to 1 of a PIL image or a `uint8` array `[H, W, C]`. `v2.Compose([...])` chains transforms. **Predict** what each of the lines gives: which shape, which range, and which one is refused.

# %% [markdown] id="transforms" lang="zh" reviewed="a9e40baf5dd1"
# ## 4. 变换
#
# 变换就是从图像到图像的任意函数。torchvision 里有很多；过去第一个通常是 `ToTensor()`，它把 PIL 图像或 `[H, W, C]` 的 `uint8` 数组变成 `[C, H, W]`、0 到 1 的浮点张量。`v2.Compose([...])` 把几个变换串起来。**预测**下面每一行得到什么：形状、范围，以及哪一行会被拒绝。

# %% id="transforms-predict" tags=["hide-input"]
prediction("data.scaling", Text(en="Which line is refused, and what becomes of the floats from 0 to 255?", zh="哪一行会被拒绝？0 到 255 的浮点数会变成什么？"), {
    (("v2, float array 0..255",), False): Text(en="v2 refuses the float array", zh="v2 拒绝浮点数组"),
    (("ToTensor, tensor",), True): Text(en="ToTensor refuses the tensor; the floats stay as they are", zh="ToTensor 拒绝张量；浮点数保持不变"),
    (("ToTensor, tensor",), False): Text(en="ToTensor refuses the tensor; the floats end between 0 and 1", zh="ToTensor 拒绝张量；浮点数变到 0 和 1 之间"),
    ((), False): Text(en="none is refused; the floats end between 0 and 1", zh="都不会被拒绝；浮点数变到 0 和 1 之间"),
})

# %% id="transforms-run"
from torchvision import transforms
from torchvision.transforms import v2

array = np.array(Image.open(folder / "digit_0.png"))
scale = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
refused, floats_kept = [], False
for name, transform, value in (
    ("ToTensor, array [28, 28]", transforms.ToTensor(), array),
    ("v2, array [28, 28]", scale, array),
    ("torch.tensor, array", torch.tensor, array),
    ("v2, float array 0..255", scale, array.astype(np.float32)),
    ("ToTensor, tensor", transforms.ToTensor(), torch.tensor(array)),
):
    try:
        out = transform(value)
        print(f"{name:26}{tuple(out.shape)!s:13} {str(out.dtype):14} {out.min().item():g} to {out.max().item():g}")
        floats_kept |= "float" in name and out.max().item() > 1
    except TypeError as error:
        print(f"{name:26}TypeError: {str(error)[:52]}")
        refused.append(name)
reveal("data.scaling", (tuple(refused), floats_kept))

# %% [markdown] id="transforms-explain" lang="en"
# **Explain.** Only `uint8` is divided by 255: the fourth line kept 0 to 255, and nothing warned. And a tensor is refused by `ToTensor`, which a dataset that already returns tensors runs into. In torchvision's second version, `ToImage` and `ToDtype(scale=True)` do the two steps separately. So you can also take only the second one: `torchvision.io.read_image(path)` gives a `uint8` tensor `[C, H, W]`, which `ToTensor` refuses as well; all it needs is `v2.ToDtype(torch.float32, scale=True)`.
#
# Some transforms are **random**: a small rotation or shift, another one each time. The network then never sees the same picture twice, and learns that the shift does not matter. They belong to training only, and only those that leave the label true: a mirrored 2 is no 2. **Predict** which of the angles below you would allow for digits.

# %% [markdown] id="transforms-explain" lang="zh" reviewed="f9bbc75d903f"
# **解释**：只有 `uint8` 会被除以 255：第四行仍是 0 到 255，也没有任何警告。而张量会被 `ToTensor` 拒绝，已经返回张量的数据集就会撞上这一条。在 torchvision 的第二版里，`ToImage` 和 `ToDtype(scale=True)` 把两步分开来做。所以也可以只做第二步：`torchvision.io.read_image(path)` 给出的是 `[C, H, W]` 的 `uint8` 张量，同样会被 `ToTensor` 拒绝，只要 `v2.ToDtype(torch.float32, scale=True)` 就够了。
#
# 有些变换是**随机的**：转一点、移一点，每次都不同。这样网络不会两次见到同一张图，也就学会了位移无关紧要。它们只用于训练，而且只能用那些不改变标签的：镜像的 2 不是 2。**预测**：对数字来说，下面哪些角度你会允许？

# %% id="transforms-explain-predict" tags=["hide-input"]
prediction("data.rotation", Text(en="How far may an image be turned, if most images are still to look most like their own class?", zh="要让大多数图像看起来仍最像自己那一类，最多可以转多少度？"), {
    0: Text(en="not at all", zh="一度也不行"),
    15: Text(en="about 15 degrees", zh="约 15 度"),
    90: Text(en="about 90 degrees", zh="约 90 度"),
    180: Text(en="as far as you like", zh="多少度都行"),
})

# %% id="rotate" tags=["hide-input"]
def draw_rotated(angle):
    chosen = [int((labels == digit).nonzero()[0]) for digit in (1, 2, 6, 7, 9)]
    fig, axes = new_figure(1, 5, height=1.9)
    for ax, i in zip(axes, chosen):
        ax.imshow(v2.functional.rotate(images[i], angle).squeeze(0), cmap="gray_r", vmin=0, vmax=1)
        ax.set_title(names[labels[i].item()], fontsize=10)
        ax.set_axis_off()
    return fig, Text(en="The digits 1, 2, 6, 7 and 9 side by side, turned by {a} degrees, with their labels still above them.", zh="数字 1、2、6、7、9 并排在一起，各自旋转了 {a} 度，上方仍写着原来的标签。").format(a=angle)


explore(draw_rotated, labels={"angle": Text(en="angle in degrees", zh="角度（度）")}, angle=(-180, 180, 15, 15))

# which share of 500 turned images is still closest to the mean image of its own class? | 500 张转过的图像里，仍与自己那一类的平均图像最接近的占多少？
typical = torch.stack([images[labels == digit].mean(dim=0) for digit in range(10)]).flatten(1)
turned = {angle: v2.functional.rotate(images[:500], angle).flatten(1) for angle in (15, 90, 180)}
kept = {angle: (torch.cdist(some, typical).argmin(dim=1) == labels[:500]).double().mean().item() for angle, some in turned.items()}
reveal("data.rotation", max((angle for angle, share in kept.items() if share > 0.5), default=0))

# %% [markdown] id="normalise" lang="en"
# ## 5. Normalising, measured and not copied
#
# Optimisers like inputs around 0 with a spread around 1. `Normalize(mean, std)` computes $(x - mean) / std$ per channel. Countless programs contain `Normalize((0.1307,), (0.3081,))`: these numbers were measured on the training part of MNIST, and are right for nothing else.
#
# **Predict** two things: the numbers of **our** images, and the shape of the histogram after normalising. Many texts say that the pixels are then "normally distributed".

# %% [markdown] id="normalise" lang="zh" reviewed="97ffd60f3fe2"
# ## 5. 归一化：要测，不要抄
#
# 优化器喜欢以 0 为中心、分散程度在 1 左右的输入。`Normalize(mean, std)` 对每个通道计算 $(x - mean) / std$。无数程序里都写着 `Normalize((0.1307,), (0.3081,))`：这两个数是在 MNIST 的训练集上测的，对别的数据都不对。
#
# **预测**两件事：**我们的**图像的这两个数，以及归一化之后直方图的形状。许多资料说，像素这时就“服从正态分布”了。

# %% id="normalise-predict" tags=["hide-input"]
prediction("data.histogram", Text(en="What does the histogram of the pixels look like after normalising?", zh="归一化之后，像素的直方图是什么形状？"), {
    "middle": Text(en="a bell, highest in the middle", zh="钟形，中间最高"),
    "flat": Text(en="flat, all values equally frequent", zh="平的，各个值一样多"),
    "edge": Text(en="as before, highest at the left edge", zh="与之前一样，最左边最高"),
})

# %% id="normalise-run"
mean, std = images.mean(), images.std(correction=0)
normal = (images - mean) / std
say(Text(en="mean {m}, standard deviation {s}; afterwards {a} and {b}", zh="均值 {m}，标准差 {s}；之后为 {a} 和 {b}"),
    m=digits(mean, 3), s=digits(std, 3), a=f"{abs(normal.mean().item()):.3f}", b=f"{normal.std(correction=0).item():.3f}")
fig, (left, right) = new_figure(1, 2, height=2.8)
left.hist(images.flatten().numpy(), bins=40, color=COLOURS["blue"], weights=np.full(images.numel(), 100 / images.numel()))
right.hist(normal.flatten().numpy(), bins=40, color=COLOURS["blue"], weights=np.full(images.numel(), 100 / images.numel()))
label(left, title=Text(en="pixels", zh="像素"), x=Text(en="value", zh="值"), y=Text(en="per cent", zh="百分比"))
label(right, title=Text(en="normalised", zh="归一化之后"), x=Text(en="value", zh="值"))
blank = digits((images == 0).double().mean() * 100, 2)
show(fig, Text(en="Two histograms of the same form: {b} % of the pixels are exactly 0, paper; the rest is spread up to 1. Normalising only moves and stretches the axis, to {lo} to {hi}.", zh="两个形状相同的直方图：{b} % 的像素正好是 0，也就是白纸；其余的一直散布到 1。归一化只是平移和拉伸了横轴，变成 {lo} 到 {hi}。").format(b=blank, lo=digits(normal.min(), 2), hi=digits(normal.max(), 2)))
heights = torch.histc(normal, bins=40)
reveal("data.histogram", "flat" if heights.max() < 2 * heights.mean() else "edge" if heights.argmax() == 0 else "middle")

# %% [markdown] id="normalise-explain" lang="en"
# **Explain.** Normalising moves and stretches; the form of the histogram stays what it was, a high peak of paper and a long tail of ink. Mean 0 and standard deviation 1 it has; a bell curve it is not.
#
# The numbers are measured on the **training** part, and the same numbers are used for the test part and later in use. Measured on the test part as well, something about it would have leaked into training; measured on each image alone, a faint picture would look like a strong one.
#
# For large sets one cannot hold all pixels at once. It is enough to go through the batches once and add up **three** numbers per channel: how many values, their sum, the sum of their squares. Then $\text{var} = \overline{x^2} - \overline{x}^2$. Two things go wrong easily. Batches of different sizes must not be averaged as if they were equal. And $\overline{x^2}$ and $\overline{x}^2$ may be nearly the same large number, whose difference is lost in float32: add up in float64.

# %% [markdown] id="normalise-explain" lang="zh" reviewed="399348254da5"
# **解释**：归一化只是平移和拉伸；直方图的形状还是原样，一个白纸的高峰，一条墨迹的长尾。均值 0、标准差 1，是的；钟形曲线，不是。
#
# 这两个数在**训练**集上测，测试集和以后使用时都用同样的数。如果把测试集也算进去，就有关于它的东西泄漏进了训练；如果每张图各测各的，淡的图看起来就和浓的一样了。
#
# 数据集大了，不可能一次拿住所有像素。其实只要把各批过一遍，对每个通道累加**三个**数就够了：有多少个值，它们的和，它们的平方和。然后 $\text{var} = \overline{x^2} - \overline{x}^2$。有两处容易出错：大小不同的批，不能当成一样大来平均；$\overline{x^2}$ 和 $\overline{x}^2$ 可能是两个几乎相等的大数，它们的差在 float32 里就丢了，所以要用 float64 累加。

# %% [markdown] id="stats-card" lang="en"
# ### Exercise 9.2: mean and standard deviation in one pass
#
# **Difficulty:** 3 of 5. **Time:** 15 minutes.
#
# Write `channel_stats(batches)`. `batches` is an iterable that can be gone through **once** (it may be a generator), of image tensors `[B, C, H, W]`, float32, with any `B`. It returns `(mean, std)`, two float64 tensors `[C]`, over all pixels of all images; `std` divides by the number of values (not by one less).

# %% [markdown] id="stats-card" lang="zh" reviewed="d9b3ff5188ed"
# ### 练习 9.2：一遍算出均值和标准差
#
# **难度**：3（共 5 级）。**时间**：15 分钟。
#
# 编写 `channel_stats(batches)`。`batches` 是只能走**一遍**的可迭代对象（可能是生成器），依次给出图像张量 `[B, C, H, W]`，float32，`B` 任意。返回 `(mean, std)`，两个 float64 张量 `[C]`，统计所有图像的所有像素；`std` 除以值的个数（而不是个数减一）。

# %% id="channel_stats" tags=["solution"]
def channel_stats(batches):
    """Mean and standard deviation per channel of all batches [B, C, H, W], in one pass -> two float64 tensors [C]."""
    ### BEGIN SOLUTION
    count, total, squares = 0, 0.0, 0.0
    for batch in batches:
        x = batch.double()
        count += x.numel() // x.shape[1]
        total = total + x.sum(dim=(0, 2, 3))
        squares = squares + (x**2).sum(dim=(0, 2, 3))
    mean = total / count
    return mean, (squares / count - mean**2).sqrt()
    ### END SOLUTION

# %% id="channel_stats-check" tags=["check"]
check("data.channel_stats")

# %% [markdown] id="story-stats" lang="en"
# Your function on the digits, in batches of 100, against the numbers from above:

# %% [markdown] id="story-stats" lang="zh" reviewed="1752c4c5734f"
# 用你的函数算手写数字，每批 100 张，与上面的数比较：

# %% id="story-stats-run"
if solved("data.channel_stats"):
    ours = channel_stats(images[i : i + 100] for i in range(0, len(images), 100))
    print([digits(value, 3) for value in ours], [digits(mean, 3), digits(std, 3)])

# %% [markdown] id="onehot" lang="en"
# ## 6. Transforms of the labels
#
# `target_transform` is for the label what `transform` is for the image. The textbook example makes a **one-hot** vector: of label 3 with 5 classes, `[0, 0, 0, 1, 0]`, for instance with `torch.zeros(5).scatter_(0, torch.tensor(3), value=1)`. **Predict** whether `cross_entropy` takes the one-hot vectors instead of the numbers, and whether the loss is the same.

# %% [markdown] id="onehot" lang="zh" reviewed="766e9934801d"
# ## 6. 标签的变换
#
# `target_transform` 之于标签，正如 `transform` 之于图像。教科书里的例子是变成 **one-hot** 向量：共 5 类时，标签 3 变成 `[0, 0, 0, 1, 0]`，例如用 `torch.zeros(5).scatter_(0, torch.tensor(3), value=1)`。**预测**：`cross_entropy` 能不能用 one-hot 向量代替数字？损失一样吗？

# %% id="onehot-predict" tags=["hide-input"]
prediction("data.onehot", Text(en="Does cross_entropy take one-hot vectors instead of the numbers?", zh="cross_entropy 能不能用 one-hot 向量代替数字？"), {
    "error": Text(en="no, it raises an error", zh="不能，会报错"),
    "same": Text(en="yes, and the loss is the same", zh="能，损失一样"),
    "other": Text(en="yes, but the loss is another one", zh="能，但损失不同"),
})

# %% id="onehot-run"
logits = torch.tensor([[2.0, 0.0, 1.0], [0.5, 0.5, 3.0]])
numbers = torch.tensor([0, 1])
hot = torch.zeros(2, 3).scatter_(1, numbers[:, None], value=1)
cross_entropy = torch.nn.functional.cross_entropy
print(hot.tolist())
print(digits(cross_entropy(logits, numbers)), digits(cross_entropy(logits, hot)))
reveal("data.onehot", "same" if torch.isclose(cross_entropy(logits, numbers), cross_entropy(logits, hot)) else "other")
for name, bad in (("numbers as floats", numbers.float()), ("one-hot as integers", hot.long())):
    try:
        print(f"{name:20}", digits(cross_entropy(logits, bad)))
    except RuntimeError as error:
        print(f"{name:20}", "RuntimeError:", str(error).split("\n")[0][:56])

# %% [markdown] id="onehot-explain" lang="en"
# **Explain.** Both work, since the one-hot vectors are read as **probabilities** of the classes; then they must be floats of shape `[N, C]`. Class numbers must be int64 of shape `[N]`. Numbers as floats are taken for something else and refused. For plain classes the numbers are simpler and save memory; the vectors earn their keep with mixed labels, such as 0.7 cat and 0.3 dog.
#
# Two warnings about transforms as objects. If each call returns **the same** tensor, filled anew, then all labels of a batch are the last one. And worker processes get the dataset sent over **pickled** (on Windows and macOS, always): a lambda cannot be pickled, an object of a class can.

# %% [markdown] id="onehot-explain" lang="zh" reviewed="60096ead855f"
# **解释**：两种都行，因为 one-hot 向量被当作各类别的**概率**来读；这时它必须是形状 `[N, C]` 的浮点数。类别编号则必须是形状 `[N]` 的 int64。写成浮点数的编号会被当成别的东西而遭拒绝。普通的分类，用编号更简单，也省内存；向量的用处在于混合标签，比如 0.7 只猫加 0.3 只狗。
#
# 作为对象的变换有两点要当心。如果每次调用都返回**同一个**张量，只是重新填写，那么一批里的所有标签都会变成最后一个。另外，工作进程收到的是用 **pickle** 打包送过去的数据集（在 Windows 和 macOS 上总是如此）：lambda 不能打包，类的对象可以。

# %% [markdown] id="onehot-card" lang="en"
# ### Exercise 9.3: OneHot
#
# **Difficulty:** 2 of 5. **Time:** 10 minutes.
#
# Write the class `OneHot` with `__init__(self, classes)` and `__call__(self, label)`.
#
# - For an `int` it returns a float32 tensor `[classes]`, 1 at `label`, 0 elsewhere. For an int64 tensor `[N]` it returns `[N, classes]`.
# - Each call returns a tensor of its own.
# - The object can be pickled: it keeps no functions.

# %% [markdown] id="onehot-card" lang="zh" reviewed="f7e8c9db3b5f"
# ### 练习 9.3：OneHot
#
# **难度**：2（共 5 级）。**时间**：10 分钟。
#
# 编写类 `OneHot`，含 `__init__(self, classes)` 和 `__call__(self, label)`。
#
# - 传入 `int`，返回 float32 张量 `[classes]`，`label` 处为 1，其余为 0。传入 int64 张量 `[N]`，返回 `[N, classes]`。
# - 每次调用都返回自己的张量。
# - 对象能用 pickle 打包：里面不存函数。

# %% id="OneHot" tags=["solution"]
class OneHot:
    """Label -> float32 one-hot vector: int to [classes], int64 [N] to [N, classes]."""

    ### BEGIN SOLUTION
    def __init__(self, classes):
        self.classes = classes

    def __call__(self, label):
        index = torch.as_tensor(label)[..., None]
        return torch.zeros(*index.shape[:-1], self.classes, device=index.device).scatter_(-1, index, value=1.0)
    ### END SOLUTION

# %% id="OneHot-check" tags=["check"]
check("data.OneHot")

# %% [markdown] id="loader" lang="en"
# ## 7. A DataLoader makes batches
#
# `DataLoader(dataset, batch_size=64, shuffle=True)` asks the dataset for samples, one by one, and stacks them. **Predict:** how many batches of 64 do 1442 samples give, how large is the last one, and are the first labels of two epochs the same?

# %% [markdown] id="loader" lang="zh" reviewed="239c1088d7cb"
# ## 7. DataLoader 组成一批批
#
# `DataLoader(dataset, batch_size=64, shuffle=True)` 向数据集逐个要样本，再摞起来。**预测**：1442 个样本按 64 个一批，有几批？最后一批有多大？两轮开头的标签一样吗？

# %% id="loader-predict" tags=["hide-input"]
prediction("data.loader", Text(en="The last batch, and the first labels of two epochs:", zh="最后一批，以及两轮开头的标签："), {
    ("full", "other"): Text(en="filled up to 64; the labels differ", zh="凑满 64 个；标签不同"),
    ("smaller", "same"): Text(en="fewer than 64; the labels are the same", zh="不足 64 个；标签相同"),
    ("missing", "other"): Text(en="the remainder is left out; the labels differ", zh="余下的被丢掉；标签不同"),
    ("smaller", "other"): Text(en="fewer than 64; the labels differ", zh="不足 64 个；标签不同"),
})

# %% id="loader-run"
loader = DataLoader(data, batch_size=64, shuffle=True, generator=torch.Generator().manual_seed(0))
x, y = next(iter(loader))
print(list(x.shape), x.dtype, list(y.shape), y.dtype)
sizes = [len(y) for _, y in loader]
say(Text(en="{n} batches, the last one of {m}", zh="{n} 批，最后一批 {m} 个"), n=len(loader), m=sizes[-1])
beginnings = []
for epoch in range(2):
    beginnings.append(next(iter(loader))[1][:12].tolist())
    print("epoch", epoch, beginnings[-1])
fixed = DataLoader(data, batch_size=64, shuffle=False)
print("fixed  ", next(iter(fixed))[1][:12].tolist())
reveal("data.loader", ("missing" if sum(sizes) < len(data) else "smaller" if sizes[-1] < sizes[0] else "full", "same" if beginnings[0] == beginnings[1] else "other"))

# %% [markdown] id="loader-explain" lang="en"
# **Explain.** Each `iter(loader)` begins a new epoch: a new permutation for `shuffle=True`. (So `next(iter(loader))` in a loop gives the *first* batch of ever new epochs, not one batch after the other.) The last batch is smaller, unless `drop_last=True` throws it away.
#
# **Why shuffle?** Files often lie sorted, so without it a batch would hold one class only, and every epoch would make the same round. For evaluation there is nothing to shuffle. **Why batches?** A step on one sample is noisy and uses the processor badly; a step on all is exact and rare.
#
# **Workers.** `num_workers=4` lets four processes fetch samples while the model computes. It pays when `__getitem__` is slow (pictures from disk), and costs when it is not, as with tensors in memory. On Windows and macOS the program's start must stand below `if __name__ == "__main__":`, and everything must be picklable.
#
# **Randomness.** The order comes from the `generator`; with a seed of its own it does not depend on who else draws random numbers. Below you see which sample lands in which batch.

# %% [markdown] id="loader-explain" lang="zh" reviewed="959a5bf7e142"
# **解释**：每次 `iter(loader)` 都开始新的一轮：`shuffle=True` 时就是一个新的排列。（所以在循环里写 `next(iter(loader))`，得到的是一个个新轮次的*第一*批，而不是一批接一批。）最后一批小一些，除非用 `drop_last=True` 扔掉它。
#
# **为什么打乱？** 文件常常是排好序的，不打乱的话，一批里只有一类，每一轮还走同样的路。评估时没什么可打乱的。**为什么分批？** 只用一个样本走一步，噪声大，处理器也用不满；用全部样本走一步，准确，但机会太少。
#
# **工作进程**：`num_workers=4` 让四个进程在模型计算的同时去取样本。`__getitem__` 慢（从磁盘读图）的时候划算；不慢的时候，比如张量就在内存里，反而亏。在 Windows 和 macOS 上，程序的入口必须写在 `if __name__ == "__main__":` 下面，而且一切都要能用 pickle 打包。
#
# **随机性**：次序来自 `generator`；给它自己的种子，就与别人抽不抽随机数无关。下面可以看到哪个样本落进哪一批。

# %% id="order" tags=["hide-input"]
def draw_order(shuffle, batch_size):
    generator = torch.Generator().manual_seed(0)
    small = DataLoader(torch.arange(40), batch_size=batch_size, shuffle=shuffle == "shuffle=True", generator=generator)
    fig, axes = new_figure(2, 1, height=2.6)
    for epoch, ax in enumerate(axes):
        position = 0
        for number, batch in enumerate(small):
            ax.bar(batch.numpy(), 1, width=0.9, color=(COLOURS["blue"], COLOURS["orange"], COLOURS["green"], COLOURS["purple"])[number % 4])
            for i in batch.tolist():
                ax.text(i, 0.5, str(number), ha="center", va="center", color="black" if number % 4 == 1 else "white", fontsize=8)
            position += len(batch)
        ax.set_yticks([])
        ax.grid(False)
        label(ax, title=Text(en="epoch {n}: number of the batch for each of {m} samples", zh="第 {n} 轮：{m} 个样本各在第几批").format(n=epoch, m=position))
    return fig, Text(en="Two rows of 40 samples, each marked with its batch's number, for batches of {b} with {s}.", zh="两行，各 40 个样本，标着所在批的编号；每批 {b} 个，{s}。").format(b=batch_size, s=shuffle)


explore(draw_order, labels={"shuffle": Text(en="order", zh="次序"), "batch_size": Text(en="batch size", zh="批量大小")}, shuffle=["shuffle=True", "shuffle=False"], batch_size=[8, 6, 16])

# %% [markdown] id="loader-card" lang="en"
# ### Exercise 9.4: a loader of your own
#
# **Difficulty:** 3 of 5. **Time:** 25 minutes.
#
# Write the class `Loader` with `__init__(self, dataset, batch_size, shuffle=False, generator=None)`. `dataset` has `len(dataset)` and `dataset[i]`, which gives a tensor and an `int`.
#
# - `len(loader)` is the number of batches. The last one may be smaller; no sample is lost.
# - `for x, y in loader:` gives `x`, the stacked tensors `[B, ...]`, and `y`, int64 `[B]`. One can go through it again and again.
# - With `shuffle=True` each epoch is a **new** permutation, drawn with `torch.randperm(..., generator=self.generator)`: the same seed gives the same epochs, and nobody else's random numbers are touched.

# %% [markdown] id="loader-card" lang="zh" reviewed="074745fda58a"
# ### 练习 9.4：自己的加载器
#
# **难度**：3（共 5 级）。**时间**：25 分钟。
#
# 编写类 `Loader`，含 `__init__(self, dataset, batch_size, shuffle=False, generator=None)`。`dataset` 有 `len(dataset)` 和 `dataset[i]`，后者给出一个张量和一个 `int`。
#
# - `len(loader)` 是批数。最后一批可以小一些，一个样本都不丢。
# - `for x, y in loader:` 给出 `x`，摞起来的张量 `[B, ...]`，和 `y`，int64 `[B]`。可以一遍遍地走。
# - `shuffle=True` 时，每一轮都是**新的**排列，用 `torch.randperm(..., generator=self.generator)` 来抽：种子相同，各轮就相同，也不动别人的随机数。

# %% id="Loader" tags=["solution"]
class Loader:
    """Batches of a dataset of (tensor, int), in order or in a new permutation each epoch."""

    ### BEGIN SOLUTION
    def __init__(self, dataset, batch_size, shuffle=False, generator=None):
        self.dataset, self.batch_size = dataset, batch_size
        self.shuffle, self.generator = shuffle, generator

    def __len__(self):
        return -(-len(self.dataset) // self.batch_size)       # rounded up | 向上取整

    def __iter__(self):
        n = len(self.dataset)
        order = torch.randperm(n, generator=self.generator) if self.shuffle else torch.arange(n)
        for part in order.split(self.batch_size):
            samples = [self.dataset[i] for i in part.tolist()]
            yield torch.stack([x for x, _ in samples]), torch.tensor([y for _, y in samples])
    ### END SOLUTION

# %% id="Loader-check" tags=["check"]
check("data.Loader")

# %% [markdown] id="together" lang="en"
# ## 8. All together
#
# The pieces of this lesson, one after the other: files, dataset, transform, loader. A batch comes out that a network can take.

# %% [markdown] id="together" lang="zh" reviewed="067ebf75361b"
# ## 8. 合在一起
#
# 把本课的零件接起来：文件、数据集、变换、加载器。出来的就是网络可以直接用的一批。

# %% id="together-run"
if solved("data.FileDataset") and solved("data.Loader"):
    ours = Loader(FileDataset(folder / "labels.csv", folder, transform=lambda image: (image - mean) / std), batch_size=4)
    for x, y in ours:
        print(list(x.shape), y.tolist(), "min", digits(x.min(), 3))

# %% id="my-predictions" tags=["hide-input"]
predictions("data")

# %% [markdown] id="summary" lang="en"
# ## Summary
#
# - Look at the data, with their labels, before anything else.
# - A Dataset gives one sample; the table is read in `__init__`, a picture in `__getitem__`.
# - Scale, then normalise, with numbers measured on the training part. The form of the histogram stays.
# - Class numbers are int64; one-hot vectors are floats and stand for probabilities.
# - A loader: a new permutation each epoch, a smaller last batch, a generator of its own.
#
# ### Can you answer these without looking?
#
# 1. Your dataset has one sample more than there are pictures. Where do you look?
# 2. Why may the mean of the batch means differ from the mean?
# 3. A friend shuffles `x` and `y` each with `torch.randperm`. What will the loss be for ten classes?
#
# <details><summary>Answers</summary>
#
# 1. At the header of the table.
# 2. Batches of different sizes count alike.
# 3. About ln 10: the labels say nothing about the images any more.
#
# </details>

# %% [markdown] id="summary" lang="zh" reviewed="e2e87167bf8f"
# ## 小结
#
# - 先看数据，连标签一起看。
# - Dataset 给出一个样本；表在 `__init__` 里读，图在 `__getitem__` 里读。
# - 先缩放，再归一化，用在训练集上测的数。直方图的形状不变。
# - 类别编号是 int64；one-hot 向量是浮点数，代表概率。
# - 加载器：每轮新的排列，小一些的最后一批，自己的随机数生成器。
#
# ### 不看上文，你能答出来吗？
#
# 1. 你的数据集比图片多一个样本。先看哪里？
# 2. 各批均值的平均，为什么可能不等于总的均值？
# 3. 朋友把 `x` 和 `y` 各用一次 `torch.randperm` 打乱。十个类别时，损失会是多少？
#
# <details><summary> 答案 </summary>
#
# 1. 表头。
# 2. 大小不同的批被同等看待了。
# 3. 约 ln 10：标签与图像已经毫无关系了。
#
# </details>

# %% [markdown] id="next" lang="en"
# ## What is next
#
# The images come in batches. **Lesson 10** looks at them through a small window that slides: convolution.
#
# ### Further reading
#
# - PyTorch documentation, *torch.utils.data*; torchvision documentation, *Transforms v2*.
# - Y. LeCun, C. Cortes and C. Burges, *The MNIST database of handwritten digits*; H. Xiao, K. Rasul and R. Vollgraf, *Fashion-MNIST* (2017).

# %% [markdown] id="next" lang="zh" reviewed="7c8794722d20"
# ## 接下来
#
# 图像成批地来了。**第 10 课**透过一扇滑动的小窗来看它们：卷积。
#
# ### 延伸阅读
#
# - PyTorch 文档，*torch.utils.data*；torchvision 文档，*Transforms v2*。
# - Y. LeCun、C. Cortes、C. Burges，*The MNIST database of handwritten digits*；H. Xiao、K. Rasul、R. Vollgraf，*Fashion-MNIST*（2017）。
