"""Exercise 9.1: a Dataset of a CSV table and image files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Survivor, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Writes the table and the pictures, makes the dataset, changes one picture, and reads all samples."""
    import contextlib
    import csv
    import tempfile
    from pathlib import Path

    import numpy as np
    from PIL import Image

    pictures = [np.asarray(picture, dtype=np.uint8) for picture in case["pictures"]]
    # Relative paths, so that an error names a file of the case and not a folder that is called otherwise each time.
    with tempfile.TemporaryDirectory() as place, contextlib.chdir(place):
        folder = Path("case")
        folder.mkdir()
        with (folder / "table.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([["file", "label"], *zip(case["names"], case["labels"], strict=True)])
        for name, picture in zip(case["names"], pictures, strict=True):
            Image.fromarray(picture).save(folder / name)
        scale = case["scale"]
        transform = [] if scale is None else [lambda image: scale * image]
        data = ns["FileDataset"](str(folder / "table.csv"), str(folder), *transform)
        yield "length", len(data)
        last = len(pictures) - 1
        Image.fromarray(255 - pictures[last]).save(folder / case["names"][last])
        samples = [data[i] for i in range(len(pictures))]
        yield "labels", [label for _, label in samples]
        yield "images", [image for image, _ in samples[:last]]
        yield "lazy", samples[last][0]


def _case(name: str, label: Text, pictures: Any, labels: list[str], names: list[str] | None = None, scale: float | None = None) -> Case:  # fmt: skip
    names = names or [f"picture_{i}.png" for i in range(len(labels))]
    return Case(name, label, {"pictures": pictures, "labels": labels, "names": names, "scale": scale})


_TWO = [[[0, 255], [51, 102]], [[255, 0], [0, 153]]]

PUBLIC = (
    _case("two", Text(en="two pictures of 2 by 2", zh="两张 2 乘 2 的图"), _TWO, ["3", "7"]),
    _case("blanks", Text(en="labels with blanks, pictures of 1 by 3", zh="标签带空格，图为 1 乘 3"), [[[0, 51, 255]], [[204, 0, 102]], [[5, 10, 255]]], [" 4", "0 ", " 9 "]),
    _case("commas", Text(en="names with commas and in Chinese", zh="文件名含逗号、中文"), _TWO, ["1", "2"], ["a, b.png", "图 二.png"]),
    _case("transform", Text(en="with a transform that doubles", zh="有一个加倍的变换"), _TWO, ["5", "5"], scale=2.0),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """More pictures of other sizes, one picture only, labels of two digits."""

    def draw(n: int, height: int, width: int) -> Any:
        return rng.integers(0, 256, (n, height, width)).tolist()

    return [
        _case("many", Text(en="seven pictures of 5 by 3", zh="七张 5 乘 3 的图"), draw(7, 5, 3), [str(v) for v in rng.integers(0, 10, 7)]),
        _case("one", Text(en="a single picture", zh="只有一张图"), draw(1, 4, 4), ["12"]),
        _case("names", Text(en="names with quotes and commas, a transform", zh="文件名含引号和逗号，有变换"), draw(3, 2, 6), [" 10", "0", "3 "], ["x,1.png", "it's.png", "y, 'z'.png"], scale=-0.5),
    ]  # fmt: skip


WRONG = (
    Wrong(
        "header-is-a-sample",
        Text(en="the header row is taken for a sample", zh="把表头当成了一个样本"),
        edits=(
            ("            rows = list(csv.reader(file))[1:] ", "            rows = list(csv.reader(file)) "),
            ("(name, int(text)) for name, text in rows", "(name, int(text) if text.strip().isdigit() else -1) for name, text in rows"),
        ),
        hint=Hint(
            question=Text(en="Print your list of samples. What is the first one?", zh="打印你的样本列表。第一个是什么？"),
            neighbour=Text(en="A shopping list headed 'what, how many' has one line more than there are things to buy.", zh="购物单第一行写着“物品，数量”，行数就比要买的东西多一。"),
        ),
    ),
    Wrong(
        "first-row-eaten",
        Text(en="the header is skipped twice, so the first sample is lost", zh="表头跳过了两次，丢了第一个样本"),
        edits=(("list(csv.reader(file))[1:] ", "list(csv.DictReader(file))[1:]\n            rows = [tuple(row.values()) for row in rows] "),),
        hint=Hint(
            question=Text(en="How many samples do you get from a table with two? Who skips the header: you, the reader, or both?", zh="表里有两个样本，你得到几个？表头是谁跳过的：你，读取器，还是两者都跳了？"),
            neighbour=Text(en="If both the cook and the guest take the lid off, the second one lifts out the first dumpling. csv.DictReader uses the header up by itself; csv.reader does not.", zh="厨师和客人都去揭盖子，第二次拿走的就是饺子了。csv.DictReader 自己会用掉表头，csv.reader 不会。"),
        ),
    ),
    Wrong(
        "length-with-header",
        Text(en="the length counts the header as well", zh="长度把表头也算了进去"),
        edits=(("return len(self.samples)", "return len(self.samples) + 1"),),
        hint=Hint(
            question=Text(en="What is data[len(data) - 1]?", zh="data[len(data) - 1] 是什么？"),
            neighbour=Text(en="A house with a ground floor and 3 upper ones has 4 floors, numbered 0 to 3; there is no number 4.", zh="从 0 编号的 4 个样本是 0、1、2、3，没有 4。"),
        ),
    ),
    Wrong(
        "label-is-a-string",
        Text(en="the label stays a string", zh="标签仍是字符串"),
        edits=(("(name, int(text))", "(name, text.strip())"),),
        hint=Hint(
            question=Text(en="What is type(label) of your sample?", zh="你的样本里，type(label) 是什么？"),
            neighbour=Text(en="'2' + '2' is '22'; int(' 2 ') + 2 is 4. int() ignores blanks around the digits.", zh="'2' + '2' 是 '22'；int(' 2 ') + 2 是 4。int() 会忽略两边的空格。"),
        ),
    ),
    Wrong(
        "not-scaled",
        Text(en="the pixels stay between 0 and 255", zh="像素仍在 0 到 255 之间"),
        edits=((".float()[None] / 255", ".float()[None]"),),
        hint=Hint(
            question=Text(en="What is the largest value of your image? What does the card promise?", zh="你的图像最大值是多少？题目约定的是什么？"),
            neighbour=Text(en="A mark of 17 out of 20 is 0.85 on the scale from 0 to 1.", zh="满分 20 得 17，换成 0 到 1 的尺度就是 0.85。"),
        ),
    ),
    Wrong(
        "scaled-by-256",
        Text(en="divided by 256", zh="除以了 256"),
        edits=(("[None] / 255", "[None] / 256"),),
        hint=Hint(
            question=Text(en="What does the value 255 become?", zh="255 变成了多少？"),
            neighbour=Text(en="Marks from 0 to 10 are eleven marks, but the best one is 10 / 10 = 1.", zh="0 到 10 分共有十一种分数，但满分是 10 / 10 = 1。"),
        ),
    ),
    Wrong(
        "channel-missing",
        Text(en="the channel dimension is missing", zh="缺少通道维"),
        edits=((".float()[None] / 255", ".float() / 255"),),
        hint=Hint(
            question=Text(en="How many dimensions has your image? Which one is missing?", zh="你的图像有几维？缺的是哪一维？"),
            neighbour=Text(en="A grey picture 4 by 6 is [1, 4, 6] for a network, a coloured one [3, 4, 6]. x[None] or x.unsqueeze(0) puts a dimension in front.", zh="4 乘 6 的灰度图，对网络来说是 [1, 4, 6]，彩色图是 [3, 4, 6]。x[None] 或 x.unsqueeze(0) 在最前面加一维。"),
        ),
    ),
    Wrong(
        "reads-everything-at-once",
        Text(en="all pictures are read in __init__", zh="在 __init__ 里就读了所有图片"),
        source='''class FileDataset(Dataset):
    def __init__(self, table, folder, transform=None):
        with Path(table).open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))[1:]
        self.labels = [int(text) for _, text in rows]
        self.images = [torch.from_numpy(np.array(Image.open(Path(folder) / name))).float()[None] / 255 for name, _ in rows]
        self.transform = transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        image = self.images[i]
        return (image if self.transform is None else self.transform(image)), self.labels[i]
''',
        hint=Hint(
            question=Text(en="When does your program open the last picture: when the dataset is made, or when data[i] is asked for?", zh="你的程序什么时候打开最后一张图：创建数据集时，还是有人要 data[i] 时？"),
            neighbour=Text(en="A library keeps a catalogue at the door and fetches the book you ask for. One that carries all books to the door first never opens.", zh="图书馆把目录放在门口，你要哪本取哪本。先把所有书都搬到门口的，永远开不了门。"),
        ),
    ),
    Wrong(
        "transform-ignored",
        Text(en="the transform is not applied", zh="没有用到变换"),
        edits=(("return (image if self.transform is None else self.transform(image)), target", "return image, target"),),
        hint=Hint(
            question=Text(en="Where in __getitem__ is self.transform used?", zh="__getitem__ 里哪里用到了 self.transform？"),
            neighbour=Text(en="f = None: y = x. f = double: y = f(x). Both in one line: y = x if f is None else f(x).", zh="f = None 时 y = x；f = double 时 y = f(x)。一行写下：y = x if f is None else f(x)。"),
        ),
    ),
    Wrong(
        "split-at-commas",
        Text(en="lines are split at every comma", zh="在每个逗号处切分一行"),
        edits=(("rows = list(csv.reader(file))[1:] ", "rows = [line.strip().split(\",\") for line in file][1:]\n            rows = [(row[0], row[-1]) for row in rows] "),),
        hint=Hint(
            question=Text(en="What becomes of the name 'a, b.png'? How does the file mark that its comma is a part of it?", zh="文件名 'a, b.png' 变成了什么？文件里怎样标明这个逗号是名字的一部分？"),
            neighbour=Text(en='The line "Paris, France",2 has two fields. next(csv.reader([line])) gives [\'Paris, France\', \'2\'].', zh='"Paris, France",2 这一行有两个字段。next(csv.reader([line])) 给出 [\'Paris, France\', \'2\']。'),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "dict-reader",
        '''class FileDataset(Dataset):
    """Rows as dictionaries; PIL to NumPy to torch."""

    def __init__(self, table, folder, transform=None):
        self.folder = str(folder)
        self.transform = transform or (lambda image: image)
        with open(table, encoding="utf-8", newline="") as f:
            self.rows = list(csv.DictReader(f))

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        row = self.rows[i]
        pixels = np.asarray(Image.open(self.folder + "/" + row["file"]), dtype=np.float32) / np.float32(255)
        return self.transform(torch.tensor(pixels).unsqueeze(0)), int(row["label"])
''',
    ),
    Right(
        "two-lists",
        '''class FileDataset(Dataset):
    """Two lists; the file is read as text first."""

    def __init__(self, table, folder, transform=None):
        lines = csv.reader(Path(table).read_text(encoding="utf-8").splitlines())
        next(lines)
        self.names, self.labels = [], []
        for name, text in lines:
            self.names.append(Path(folder) / name)
            self.labels.append(int(text.strip()))
        self.transform = transform

    def __len__(self):
        return len(self.names)

    def __getitem__(self, i):
        picture = Image.open(self.names[i]).convert("L")
        wide, high = picture.size
        image = torch.tensor(list(picture.tobytes()), dtype=torch.float32).reshape(1, high, wide).div(255)
        if self.transform is not None:
            image = self.transform(image)
        return image, self.labels[i]
''',
    ),
)

EXERCISE = Exercise(
    title=Text(en="9.1 A Dataset of files", zh="9.1 来自文件的 Dataset"),
    properties=(
        Property("length", Text(en="the number of samples", zh="样本数")),
        Property("labels", Text(en="the labels", zh="标签"), points=2.0),
        Property("images", Text(en="the images", zh="图像"), points=2.0),
        Property("lazy", Text(en="a picture is read when it is asked for", zh="要到时才读图片")),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Make the dataset of the folder above by hand: how many rows has the table, and what does data[0] give?",
            zh="用上面的文件夹亲手创建数据集：表有几行？data[0] 给出什么？",
        ),
        neighbour=Text(
            en="A dataset of squares: __init__(self, n) keeps n, __len__ returns n, __getitem__(self, i) computes and returns (i * i, i % 2). Nothing is computed before it is asked for.",
            zh="一个平方数的数据集：__init__(self, n) 记住 n，__len__ 返回 n，__getitem__(self, i) 现算现返回 (i * i, i % 2)。没人要，就不算。",
        ),
    ),
    survivors=(
        Survivor(
            line="image = torch.from_numpy(np.array(picture)).float()[None] / 255",
            change="torch.from_numpy(np.array(picture)).float() -> torch.from_numpy(np.array(picture))",
            reason="uint8 / 255 is a true division and gives float32 by itself",
        ),
    ),
)
