"""A fuzzer asks `cass serve` whatever its OpenAPI document allows, and more."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.archive import make_home
from tests.journeys.test_serve import pytestmark as needs_waitress
from tests.journeys.test_serve import served

FUZZER = shutil.which("schemathesis", path=os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]]))
pytestmark = [
    needs_waitress,
    pytest.mark.skipif(FUZZER is None, reason="schemathesis is not installed: pip install schemathesis"),
]
# 503 is no failure: strict mode without a model is answered so.
CONFIG = '[checks]\nnot_a_server_error.expected-statuses = ["2xx", "4xx", "503"]\n'
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def test_no_route_fails_and_each_answers_as_it_is_described(tmp_path: Path) -> None:
    """A short run; `python -m benchmarks.serve --fuzzer st` is the long one."""
    home = make_home(tmp_path / "home")
    home.claude("pool", "the pool timed out", "raise the pool size")
    home.index()
    home.env["CASS_SEMANTIC_EMBEDDER"] = "hash"
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    with served(home) as server:
        command = [FUZZER or "", "--config-file", str(config), "run", f"{server.url}/v1/openapi.json", "--no-color"]
        more = ["--checks", CHECKS, "--max-time", "15", "--request-timeout", "10", "--phases", "coverage,fuzzing"]
        done = subprocess.run([*command, *more], cwd=tmp_path, capture_output=True, text=True, check=False)
        home.cass("worker", "stop")

    assert done.returncode == 0, done.stdout
