"""The environment in which JupyterLab is started for a bundle: its menus' language, and the bundle's own library.

Nothing in the person's own settings is touched, and what they choose in JupyterLab's Settings wins over this.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

PACK = "jupyterlab_language_pack_zh_CN"
LOCALES = {"en": "en", "zh": "zh_CN", "both": "default"}  # default: the system's language


def overrides(language: str, has_pack: bool) -> dict[str, dict[str, object]]:
    """JupyterLab's default settings for a language, by plugin."""
    locale = LOCALES[language] if has_pack or language != "zh" else "default"
    return {
        "@jupyterlab/translation-extension:plugin": {"locale": locale},
        # No window that asks for news on the first start; nothing is asked of the network.
        "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    }


def environment(folder: Path, environ: Mapping[str, str], language: str) -> dict[str, str]:
    """The variables for JupyterLab and the kernels that it starts; writes the settings to ``folder/.jupyter``."""
    config = folder / ".jupyter"
    place = config / "labconfig"
    place.mkdir(parents=True, exist_ok=True)
    wanted = json.dumps(overrides(language, find_spec(PACK) is not None), indent=1) + "\n"
    (place / "default_setting_overrides.json").write_text(wanted, encoding="utf-8")
    result = dict(environ)
    for name, path in (("JUPYTER_CONFIG_PATH", config), ("PYTHONPATH", folder)):
        result[name] = os.pathsep.join([str(path), *filter(None, [environ.get(name)])])
    return result
