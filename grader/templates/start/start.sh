#!/bin/sh
# Installs what is missing and opens the course; the second time within seconds, and offline.
# 安装缺少的部分并打开课程；第二次启动只需几秒，也不需要网络。
#   COURSE_PYTHON=/path/to/python   use this Python as it is, install nothing | 直接使用这个 Python，不安装任何东西
#   COURSE_TORCH=cpu|cuda           which build of torch to install | 安装哪一种 torch
cd "$(dirname "$0")" || exit 1

fits() {
    [ -n "$1" ] && command -v "$1" >/dev/null 2>&1 &&
        "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

if [ -n "${COURSE_PYTHON:-}" ]; then
    exec "$COURSE_PYTHON" -m course_lib start "$@"
fi
active=${VIRTUAL_ENV:+$VIRTUAL_ENV/bin/python}
# conda's base is for conda itself; it only lends its Python.
[ "${CONDA_DEFAULT_ENV:-base}" = base ] || active=${CONDA_PREFIX:+$CONDA_PREFIX/bin/python}
for python in "$active" .venv/bin/python python3.13 python3.12 python3.11 python3 python; do
    if fits "$python"; then
        exec "$python" -m course_lib start "$@"
    fi
done
cat course_lib/no_python.txt >&2
exit 1
