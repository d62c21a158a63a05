"""Points without work: forged results, replaced comparisons, answers that are equal to everything."""

from __future__ import annotations

from tests.attacks.attack import Attack

_RIGHT = "def total(x):\n    return float(np.sum(x))"

ATTACKS = (
    Attack(
        "drops_asserts",
        "import ast\n"
        "class Drop(ast.NodeTransformer):\n"
        "    def visit_Assert(self, node): return ast.Pass()\n"
        "get_ipython().ast_transformers.append(Drop())\n"
        "def total(x): return 0.0\n",
        answers={"total": "pass"},
    ),
    Attack(
        "emits_a_result_before_each_cell",
        "ip = get_ipython()\nip.events.register('pre_run_cell', lambda info: ip.displayhook(5.0))",
    ),
    Attack("emits_a_result_after_each_cell", "get_ipython().events.register('post_run_cell', lambda r: print(5.0))"),
    Attack("replaces_check", "check = lambda *a, **k: 5.0\nimport course_lib\ncourse_lib.check = check"),
    Attack("prints_points", "from IPython.display import display\nprint(5.0)\ndisplay(5.0)\n5.0"),
    Attack(
        "replaces_comparisons",
        "import numpy as np, torch\n"
        "for name in ('allclose', 'array_equal', 'isclose', 'array_equiv'): setattr(np, name, lambda *a, **k: True)\n"
        "for name in ('assert_allclose', 'assert_array_equal', 'assert_equal'):\n"
        "    setattr(np.testing, name, lambda *a, **k: None)\n"
        "torch.allclose = torch.equal = lambda *a, **k: True\n"
        "torch.testing.assert_close = lambda *a, **k: None\n",
        answers={"total": "def total(x):\n    return 0.0"},
    ),
    Attack(
        "replaces_builtins",
        "import builtins\nbuiltins.all = builtins.any = lambda *a: True\nbuiltins.abs = lambda x: 0.0",
        answers={"total": "def total(x):\n    return 0.0"},
        score=0.0,  # what it replaced spoils its own honest answer, too
    ),
    Attack(
        "answers_with_an_object_equal_to_everything",
        answers={
            "total": "class Same(float):\n"
            "    def __eq__(self, o): return True\n    def __ne__(self, o): return False\n"
            "    __hash__ = None\n    __array_ufunc__ = lambda *a, **k: np.True_\n"
            "    def __sub__(self, o): return 0.0\n    __rsub__ = __sub__\n    def __abs__(self): return 0.0\n"
            "def total(x):\n    return Same(7.0)"
        },
    ),
    Attack(
        "answers_with_an_array_that_lies",
        answers={
            "total": "class Liar(np.ndarray):\n"
            "    def __array_function__(self, *a, **k): return True\n"
            "    def __array_ufunc__(self, *a, **k): return np.True_\n"
            "def total(x):\n    return np.zeros(()).view(Liar)"
        },
    ),
    Attack(
        "answers_with_a_tensor_that_lies",
        answers={
            "total": "import torch\nclass Liar(torch.Tensor):\n"
            "    @classmethod\n    def __torch_function__(cls, f, t, a=(), k=None): return True\n"
            "def total(x):\n    return torch.zeros(()).as_subclass(Liar)"
        },
    ),
    Attack(
        "claims_another_class",
        answers={
            "total": "class Other:\n    __class__ = float\n    def __float__(self): return 1.0\n"
            "def total(x):\n    return Other()"
        },
    ),
    Attack(
        "answers_with_what_runs_when_unpickled",
        answers={
            "total": "class Bomb:\n"
            "    def __reduce__(self): return (__import__('os')._exit, (0,))\n"
            "def total(x):\n    return Bomb()"
        },
    ),
    Attack(
        "replaces_the_observer",
        "from course_lib.checking import probing, values, wire\n"
        "from course_lib.checking.results import Observed\n"
        "probing.run_probe = lambda *a, **k: Observed({}, None)\n"
        "values.observe = lambda *a, **k: values.Value('number', 'float', data=5.0)\n",
        score=0.0,  # what it replaced does not see its own honest answer, either
    ),
    Attack(
        "replaces_the_packer",
        "from course_lib.checking import wire\nwire.pack = lambda *a, **k: b'full marks'\n",
        score=0.0,
        event="malformed",
    ),
    Attack(
        "speaks_on_the_channel",
        "import os, socket, stat, struct\n"
        "for n in map(int, os.listdir('/proc/self/fd')):\n"
        "    try:\n"
        "        if stat.S_ISSOCK(os.fstat(n).st_mode):\n"
        "            os.write(n, struct.pack('!IB', 12, 25) + b'x' * 12)\n"
        "    except OSError: pass\n",
        event="malformed",
        runs=False,
    ),
    Attack(
        "claims_an_endless_frame",
        "import os, stat, struct\n"
        "for n in map(int, os.listdir('/proc/self/fd')):\n"
        "    try:\n"
        "        if stat.S_ISSOCK(os.fstat(n).st_mode): os.write(n, struct.pack('!IB', 2**32 - 1, 25))\n"
        "    except OSError: pass\n",
        event="malformed",
        runs=False,
    ),
    Attack(
        "closes_the_channel",
        "import os, stat\n"
        "for n in map(int, os.listdir('/proc/self/fd')):\n"
        "    try:\n"
        "        if stat.S_ISSOCK(os.fstat(n).st_mode): os.close(n)\n"
        "    except OSError: pass\n",
        event="cell_died",
        runs=False,
    ),
    Attack(
        "looks_for_expected_values_in_frames",
        answers={
            "total": "import sys\ndef total(x):\n"
            "    frame = sys._getframe()\n"
            "    while frame:\n"
            "        for name, value in frame.f_locals.items():\n"
            "            if 'expect' in name: return value\n"
            "        frame = frame.f_back\n"
            "    return 0.0"
        },
    ),
    Attack(
        "looks_for_expected_values_among_all_objects",
        answers={
            "total": "import gc\ndef total(x):\n"
            "    for thing in gc.get_objects():\n"
            "        if type(thing).__name__ in ('JudgedCase', 'ExercisePack'): return thing\n"
            "    return 0.0"
        },
    ),
    Attack(
        "is_right_for_the_public_case_only",
        answers={"total": "def total(x):\n    return float(np.sum(x)) if len(x) == 3 else 0.0"},
    ),
    Attack(
        "asks_the_shell_for_names",
        answers={
            "total": "def total(x):\n"
            "    ns = get_ipython().user_ns\n"
            "    found = [v for k, v in ns.items() if 'expected' in k or 'answer' in k]\n"
            "    return found[0] if found else 0.0"
        },
    ),
    Attack(
        "traces_its_callers",
        "import sys\n"
        "def tracer(frame, event, arg):\n"
        "    if event == 'return' and frame.f_code.co_name == 'total': pass\n"
        "    return tracer\n"
        "sys.settrace(tracer)\nsys.setprofile(tracer)\nimport threading\nthreading.settrace(tracer)",
    ),
    Attack(
        "puts_a_false_numpy_in_place",
        "import sys, types\nfalse = types.ModuleType('numpy')\nfalse.allclose = lambda *a: True\n"
        "sys.modules['numpy'] = false",
    ),
    Attack(
        "hooks_imports",
        "import sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None): raise ImportError('owned')\n"
        "sys.meta_path.insert(0, Finder())",
    ),
    Attack("warns_and_is_right", "import sys\nprint('careful', file=sys.stderr)", answers={"total": _RIGHT}, score=5.0),
    Attack(
        "warns_inside_a_right_answer",
        answers={"total": "import warnings\ndef total(x):\n    warnings.warn('slow')\n    return float(np.sum(x))"},
        score=5.0,
    ),
    Attack("leaves_with_sys_exit", answers={"total": "def total(x):\n    raise SystemExit(0)"}),
    Attack("leaves_with_os_exit", answers={"total": "import os\ndef total(x):\n    os._exit(0)"}, event="probe_died"),
    Attack(
        "acts_at_exit",
        "import atexit, weakref\natexit.register(lambda: print(5.0))\nclass C: pass\nc = C()\n"
        "weakref.finalize(c, print, 5.0)",
    ),
)
