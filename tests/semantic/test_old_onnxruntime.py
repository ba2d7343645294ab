"""An onnxruntime that does not know what int8's graph asks for gets the larger model, and its user hears why."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cass.semantic.verify_model import INT8_SINCE, int8_lacks
from tests.archive import REPO, make_home
from tests.semantic.test_models_command import described, said, trusting

pytest.importorskip("onnxruntime")
# It refuses a file of a newer form than it knows; an older one cannot be installed beside this one.
OLD = """
import cass.semantic.embedders.onnx as embedder

class Old(embedder.Session):
    def __init__(self, path, *more):
        with open(path, "rb") as file:
            if file.read(2) == bytes([8, 11]):
                raise RuntimeError("Unsupported model IR version: 11, max supported IR version: 10")
        super().__init__(path, *more)

embedder.Session = Old
"""
WHY = "int8 takes onnxruntime 1.23 or newer; this is 1.22.1"


@pytest.fixture
def old(tmp_path: Path) -> dict[str, str]:
    """The environment in which onnxruntime is an old one."""
    folder = tmp_path / "old"
    info = folder / "onnxruntime-1.22.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: onnxruntime\nVersion: 1.22.1\n")
    (folder / "sitecustomize.py").write_text(OLD)
    return {"PYTHONPATH": f"{folder}{os.pathsep}{REPO}"}


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """What installs a small model."""
    wanted = ["models", "install", "small", "--from", str(described(tmp_path / "small"))]
    return wanted + trusting(said(make_home(tmp_path / "first"), *wanted[1:], code=2)["error"])


def test_the_larger_model_is_taken_and_that_is_said(tmp_path: Path, old: dict[str, str], words: list[str]) -> None:
    home = make_home(tmp_path)

    refused = json.loads(home.cass(*words, "--variant", "int8", "--json", env=old).stdout)["error"]
    made = home.cass(*words, env=old)

    assert (refused["message"], refused["hint"]) == (WHY, "update it, or leave out --variant: fp32 runs")
    assert made.stdout.startswith("installed small: fp32")
    assert WHY in made.stderr


def test_who_reads_json_hears_why_too(tmp_path: Path, old: dict[str, str], words: list[str]) -> None:
    made = make_home(tmp_path).cass(*words, "--json", env=old)

    assert [model["variant"] for model in json.loads(made.stdout)["models"]] == ["fp32"]
    assert WHY in made.stderr


def test_a_small_model_that_was_there_before_is_not_whole(
    tmp_path: Path, old: dict[str, str], words: list[str]
) -> None:
    """Somebody went back to an older onnxruntime."""
    home = make_home(tmp_path)
    home.cass(*words, "--variant", "int8")

    checked = home.cass("models", "verify", "small", env=old)
    again = home.cass(*words, env=old)

    assert f"it does not run: {WHY}" in checked.stdout + checked.stderr
    assert again.stdout.startswith("installed small: fp32")


def test_the_one_that_is_here_is_new_enough() -> None:
    assert (int8_lacks(), INT8_SINCE) == (None, (1, 23))
