"""An onnxruntime that does not know what int8's graph asks for gets the larger model, and its user hears why."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cass.semantic.verify_model import INT8_SINCE, int8_lacks
from tests.archive import REPO, Home, make_home
from tests.semantic.test_models_command import described, said, trusting

pytest.importorskip("onnxruntime")
# What it says when a graph asks for more than it knows; an older one cannot be installed beside this one.
OLD = """
import cass.semantic.onnx_writer as writer
writer.OPSET_WITH_ATTENTION = 99
writer.IR_VERSIONS[99] = 8
"""
WHY = "int8 takes onnxruntime 1.23 or newer; this is 1.22.1"


def test_the_larger_model_is_taken_and_that_is_said(tmp_path: Path) -> None:
    home: Home = make_home(tmp_path)
    folder, old = described(tmp_path / "small"), tmp_path / "old"
    info = old / "onnxruntime-1.22.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: onnxruntime\nVersion: 1.22.1\n")
    (old / "sitecustomize.py").write_text(OLD)
    env = {"PYTHONPATH": f"{old}{os.pathsep}{REPO}"}
    words = ["models", "install", "small", "--from", str(folder)]
    words += trusting(said(home, *words[1:], code=2)["error"])

    refused = json.loads(home.cass(*words, "--variant", "int8", "--json", env=env).stdout)["error"]
    made = home.cass(*words, env=env)

    assert (refused["message"], refused["hint"]) == (WHY, "update it, or leave out --variant: fp32 runs")
    assert made.stdout.startswith("installed small: fp32")
    assert WHY in made.stderr


def test_the_one_that_is_here_is_new_enough() -> None:
    assert (int8_lacks(), INT8_SINCE) == (None, (1, 23))
