"""Whatever loads onnxruntime, it reports to nobody, and writes nothing of its own beside cass's folders."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cass.semantic.model_sources import Wish
from cass.semantic.silence import SWITCH
from tests.archive import REPO
from tests.semantic.installing import put
from tests.semantic.tiny_model import Tiny

pytest.importorskip("onnxruntime")
ASKED = "model = open_model(sys.argv[1], 'tiny', once={}); model.begin(); model.load(); assert model.embed(['a fox'])"
WAYS = {
    "a single question": "from cass.semantic.embedders.onnx import open_model; " + ASKED.format(True),
    "a process that stays": "from cass.semantic.embedders.onnx import open_model; " + ASKED.format(False),
    "fastembed": "from cass.semantic.embedders.fast import _quiet_fastembed; _quiet_fastembed()",
    "a graph": "from cass.semantic.hnsw import index_type; index_type()",
    "a look whether it is there": "from cass.semantic.verify_model import missing_libraries; missing_libraries()",
}
LOADING = re.compile(r"^ *(import onnxruntime|from fastembed|base = ctypes.CDLL|import_module\(name)", re.MULTILINE)


@pytest.mark.parametrize("way", WAYS)
def test_it_leaves_nothing_in_the_users_folders(tmp_path: Path, way: str) -> None:
    """No number of this machine, no database of what is to be sent."""
    for name in {"fastembed": ["fastembed", "loguru"], "a graph": ["usearch"]}.get(way, []):
        pytest.importorskip(name)
    tiny = Tiny(tmp_path / "files")
    put(tiny.known, tmp_path, Wish(from_path=str(tiny.folder)), "fp32")
    home = tmp_path / "home"
    home.mkdir()
    env = {name: value for name, value in os.environ.items() if name != SWITCH and not name.startswith("XDG_")}
    code = f"import sys; {WAYS[way]}"
    argv = [sys.executable, "-c", code, str(tmp_path / "data")]
    subprocess.run(argv, cwd=REPO, env={**env, "HOME": str(home)}, check=True)

    assert [path for path in home.rglob("*") if "icrosoft" in path.name or "onnxruntime" in path.name] == []


def test_whoever_loads_it_says_so_before() -> None:
    loading = [path for path in (REPO / "cass").rglob("*.py") if LOADING.search(path.read_text())]

    assert len(loading) == 5
    assert [path.name for path in loading if "silence()" not in path.read_text()] == []
