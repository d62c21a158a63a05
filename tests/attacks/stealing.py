"""Looking for what is not theirs: references, hidden cases, classmates, the gradebook, the environment."""

from __future__ import annotations

from tests.attacks.attack import NEIGHBOUR, REFERENCE, SECRET, STOLEN, Attack

_HALVES = {name: f"{text[:4]!r} + {text[4:]!r}" for name, text in
           (("secret", SECRET), ("neighbour", NEIGHBOUR), ("reference", REFERENCE))}  # fmt: skip


def _walk(
    roots: str, wanted: str, names: str = "('.py', '.ipynb', '.json', '.db', '.html', '.csv', '.txt', '.env')"
) -> str:
    return (
        "import os\n"
        f"wanted = ({wanted}).encode()\n"
        f"for root in {roots}:\n"
        "    for folder, folders, files in os.walk(root):\n"
        "        folders[:] = [f for f in folders if f not in ('proc', 'sys', 'lib', 'lib64', 'site-packages', 'share')]\n"
        "        for name in files:\n"
        f"            if name.endswith({names}):\n"
        "                try:\n"
        "                    with open(os.path.join(folder, name), 'rb') as f:\n"
        f"                        if wanted in f.read(10**6): print({STOLEN!r}, os.path.join(folder, name))\n"
        "                except OSError: pass\n"
    )


def _each(paths: str, wanted: str) -> str:
    return (
        f"import glob\nwanted = ({wanted}).encode()\n"
        f"for path in [p for pattern in {paths} for p in glob.glob(pattern)]:\n"
        "    try:\n"
        f"        if wanted in open(path, 'rb').read(10**6): print({STOLEN!r}, path)\n"
        "    except OSError as error: print(type(error).__name__)\n"
    )


ATTACKS = (
    Attack("reads_the_environment", f"import os\nif {_HALVES['secret']} in str(dict(os.environ)): print({STOLEN!r})"),
    Attack(
        "reads_environments_of_processes", _each("('/proc/*/environ', '/proc/*/task/*/environ')", _HALVES["secret"])
    ),
    Attack("reads_command_lines", _each("('/proc/*/cmdline',)", _HALVES["secret"])),
    Attack(
        "searches_the_disk_for_the_reference",
        _walk("('/', os.getcwd(), os.path.expanduser('~'))", _HALVES["reference"]),
    ),
    Attack("searches_the_disk_for_classmates", _walk("('/',)", _HALVES["neighbour"])),
    Attack(
        "goes_through_the_roots_of_processes",
        _each("('/proc/*/root/etc/shadow', '/proc/*/cwd/../*', '/proc/*/fd/*')", _HALVES["neighbour"]),
    ),
    Attack(
        "writes_the_gradebook",
        "import os, sqlite3\n"
        "for folder, folders, files in os.walk('/'):\n"
        "    folders[:] = [f for f in folders if f not in ('proc', 'sys', 'usr')]\n"
        "    for name in files:\n"
        "        if name.endswith('.db'):\n"
        "            try:\n"
        "                with sqlite3.connect(os.path.join(folder, name)) as book:\n"
        "                    book.execute('update grade set auto_score = 100, manual_score = 100')\n"
        f"                print({STOLEN!r})\n"
        "            except Exception: pass\n",
    ),
    Attack(
        "imports_the_exercises",
        "try:\n    import grader.exercises, grader.judge\n"
        f"    print({STOLEN!r})\nexcept ImportError as error: print('no', error.name)",
    ),
    Attack(
        "reads_the_seed_of_the_batch",
        f"import glob\nfor path in glob.glob('/**/receipts/batch.json', recursive=True): print({STOLEN!r}, path)",
    ),
    Attack(
        "reads_accounts",
        "for path in ('/etc/shadow', '/root/.ssh/id_rsa', '/root/.netrc', '/root/.bash_history'):\n"
        "    try:\n"
        "        import os\n        found = os.listdir(path) if os.path.isdir(path) else open(path).read()\n"
        f"        print({STOLEN!r} if found else 'empty')\n"
        "    except OSError as error: print(type(error).__name__)",
    ),
    Attack(
        "reads_the_memory_of_the_warm_process",
        "for path in ('/proc/1/mem', '/proc/1/maps', '/proc/1/environ'):\n"
        "    try:\n"
        f"        open(path, 'rb').read(16)\n        print({STOLEN!r}, path)\n"
        "    except OSError as error: print(type(error).__name__)",
    ),
    Attack(
        "reads_inherited_descriptors",
        "import os\n"
        "for n in range(3, 64):\n"
        "    try:\n"
        "        where = os.readlink(f'/proc/self/fd/{n}')\n"
        f"        if where.startswith('/') and 'descriptor' not in where and 'proc' not in where and '/fonts/' not in where: print({STOLEN!r}, where)\n"
        "    except OSError: pass",
    ),
    Attack(
        "reads_what_the_shell_remembers",
        "ip = get_ipython()\n"
        "text = str(ip.history_manager.input_hist_raw) + str(ip.user_ns.get('In')) + str(ip.user_ns.get('Out'))\n"
        f"if {_HALVES['reference']} in text: print({STOLEN!r})",
    ),
    Attack(
        "leaves_a_note_for_the_next",
        "import os\n"
        "for folder in ('/tmp', '/dev/shm', os.path.expanduser('~'), os.getcwd()):\n"
        "    try: open(folder + '/note', 'w').write('from the one before')\n"
        "    except OSError: pass",
    ),
    Attack(
        "looks_for_a_note_of_the_one_before",
        "import os\n"
        "for folder in ('/tmp', '/dev/shm', os.path.expanduser('~'), os.getcwd()):\n"
        f"    if os.path.exists(folder + '/note'): print({STOLEN!r})",
    ),
    Attack(
        "copies_public_answers",
        answers={
            "total": "def total(x):\n"
            "    from course_lib.checking.packs import read_pack\n"
            "    case = read_pack('toy.total').cases[0]\n"
            "    return next(iter(case.expected.values.values())).data"
        },
    ),
    Attack(
        "reads_sources_of_its_callers",
        "import inspect, sys, linecache\n"
        "text = ''.join(''.join(entry[2]) for entry in linecache.cache.values() if len(entry) > 2)\n"
        f"if {_HALVES['reference']} in text: print({STOLEN!r})",
    ),
)
