"""The doctor's checks."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from cass.disk import try_lock
from cass.lexical.schema import READER_LOCK
from cass.status.checks import CHECKS, examine
from cass.status.findings import Finding
from tests.archive import Home, make_home, upgrade
from tests.permissions import bound


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.claude("s1", "the pool timed out", "raise the pool size")
    home.index()
    return home


def found(home: Home) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine(home.places, str(home.home), home.env)}


def test_a_whole_archive_passes_every_check(home: Home):
    findings = found(home)

    assert list(findings) == [name for name, _ in CHECKS]
    assert {name for name, finding in findings.items() if finding.level != "ok"} - {"disk"} == set()


def test_an_empty_machine_only_lacks_an_index(tmp_path: Path):
    home = make_home(tmp_path)

    warned = [finding for finding in found(home).values() if finding.level != "ok" and finding.name != "disk"]

    assert [(finding.level, finding.command) for finding in warned] == [("warn", "cass index")]
    assert not home.data.exists()


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_files_that_others_may_read_are_named_with_the_mending_command(home: Home):
    home.data.chmod(0o755)

    assert found(home)["privacy"] == Finding(
        "privacy", "warn", f"others may read {home.data}", f"chmod go= {home.data}", "chmod"
    )


def test_an_index_that_lacks_a_document_fails(home: Home):
    shutil.rmtree(home.data / "derived")

    finding = found(home)["search index"]

    assert (finding.level, finding.command, finding.fix) == ("fail", "cass index", "rebuild")


def test_one_is_told_as_one(tmp_path: Path):
    """`1 message`, never `1 messages`."""
    home = make_home(tmp_path)
    home.claude("s1", "the pool timed out")
    home.index()

    findings = found(home)

    assert findings["database"].evidence.startswith("whole, 1 message, ")
    assert findings["search index"].evidence.startswith("1 document, 0 messages behind, ")


def test_a_left_over_generation_is_told(home: Home):
    (home.data / "derived" / "lexical" / "99").mkdir()

    assert (found(home)["generations"].level, found(home)["generations"].fix) == ("warn", "drop")


def test_a_generation_that_is_being_made_is_no_remainder(home: Home):
    """The worker fills a new one for a minute, beside the one that answers."""
    made = Path(home.places.lexical) / "7"
    made.mkdir()
    with try_lock(str(made / READER_LOCK)):  # type: ignore[union-attr]
        assert found(home)["generations"].level == "ok"

    assert found(home)["generations"].level == "warn"


def test_a_damaged_database_fails_once(home: Home):
    """The other checks do not repeat it."""
    path = home.data / "cass.db"
    path.write_bytes(path.read_bytes()[:8192] + b"\xff" * 200_000)

    findings = found(home)

    assert [name for name, finding in findings.items() if finding.level == "fail"] == ["database"]
    assert str(findings["database"].command).endswith("&& cass index")


def test_of_a_database_that_cannot_be_read_nothing_is_said_to_be_well(home: Home):
    """That nothing is indexed, or which schema it has, is not known."""
    (home.data / "cass.db").write_bytes(b"\xff" * 50_000)

    findings = found(home)

    assert findings["database"].level == "fail"
    for name in ("schema", "search index", "agents", "session files", "kept for good"):
        assert (findings[name].level, findings[name].evidence) == (
            "warn",
            "cannot be told while the database cannot be read",
        )


def test_who_indexes_is_told(home: Home):
    """Asking does not take the lock away, nor sign it."""
    assert found(home)["lock"].evidence == "nobody is indexing"

    lock = try_lock(home.places.index_lock)
    assert lock is not None
    with lock:
        assert found(home)["lock"].evidence == f"process {os.getpid()} is indexing"


def test_an_agent_that_lost_its_sessions_is_told(home: Home):
    (home.home / ".codex" / "sessions").mkdir(parents=True)

    finding = found(home)["agents"]

    assert (finding.level, "codex" in finding.evidence) == ("warn", True)


@pytest.mark.parametrize("name", ["projects", "src", "Downloads", ".config/Code/User/workspaceStorage"])
def test_a_folder_that_is_no_agents_own_misses_nobodys_sessions(home: Home, name: str):
    """Nobody has lost sessions of Entire because they keep projects."""
    (home.home / name).mkdir(parents=True)

    assert found(home)["agents"].level == "ok"


def test_lines_that_could_not_be_read_are_named(home: Home):
    path = home.append("s1", "more")
    with path.open("ab") as file:
        file.write(b'{"torn\n')
    home.index()

    finding = found(home)["session files"]

    assert finding.level == "warn"
    assert finding.evidence.startswith(f"{path}:4: ")


def test_files_that_a_better_reader_has_not_read_are_counted(home: Home, monkeypatch: pytest.MonkeyPatch):
    upgrade(monkeypatch, "claude_code")

    finding = found(home)["session files"]

    assert (finding.level, finding.command) == ("warn", "cass index")
    assert finding.evidence == "1 file read by an older version of cass"


@pytest.mark.parametrize("kind", ["fieldnorm", "idx", "pos", "store"])
def test_noise_inside_a_file_of_the_index_fails(home: Home, kind: str):
    """A search may not notice it, and give other hits than it should."""
    path = next((home.data / "derived" / "lexical" / "1").glob(f"*.{kind}"))
    written = bytearray(path.read_bytes())
    written[0] ^= 0xFF
    path.write_bytes(written)

    finding = found(home)["search index"]

    assert (finding.level, finding.fix) == ("fail", "rebuild")


def test_an_agent_that_nobody_knows_is_a_problem_of_the_settings(home: Home):
    """Whatever is set and cannot be used is said."""
    home.env["CASS_SOURCES_DISABLED"] = "aider,codeks"

    finding = found(home)["settings"]

    assert finding.level == "warn"
    assert "'codeks' is not an agent that cass reads (CASS_SOURCES_DISABLED)" in finding.evidence


def test_an_agent_that_was_never_used_is_no_warning(home: Home):
    """Its folder is there, `cass index` has looked into it, and there is nothing: no command could change that."""
    folder = home.home / ".codex" / "sessions"
    (folder / "2026").mkdir(parents=True)
    for path in (folder / "2026", folder):
        os.utime(path, ns=(0, home.now_ms * 1_000_000 - 1))

    finding = found(home)["agents"]

    assert (finding.level, finding.command) == ("ok", None)
    assert finding.evidence == f"sessions of claude_code; none of codex in {folder}"


def test_a_session_that_is_newer_than_the_last_look_is_told(home: Home):
    folder = home.home / ".codex" / "sessions"
    folder.mkdir(parents=True)
    (folder / "rollout-1.jsonl").write_text("{}\n")
    os.utime(folder, ns=(0, 0))

    finding = found(home)["agents"]

    assert (finding.level, finding.command) == ("warn", "cass index")


def test_a_setting_that_cannot_be_used_names_what_mends_it(home: Home):
    """To be shown where it comes from mends nothing."""
    home.env["CASS_CONFIG_DIR"] = str(home.folder / "config")
    (home.folder / "config").mkdir()
    (home.folder / "config" / "semantic.toml").write_text("mode = 3\n")
    home.env["CASS_SEARCH_LIMIT"] = "many"

    assert found(home)["settings"].command == "cass config edit semantic.toml && unset CASS_SEARCH_LIMIT"


def test_a_file_in_place_of_the_folder_of_settings_is_told(home: Home):
    home.env["CASS_CONFIG_DIR"] = config = str(home.folder / "config")
    Path(config).write_text("x")

    finding = found(home)["settings"]

    assert (finding.level, finding.command) == ("warn", f"mv {config} {config}.aside")


def test_vectors_that_take_more_than_they_may_are_told(home: Home):
    """In MB as the settings count them."""
    home.env["CASS_SEMANTIC_BUDGET_MB"] = "1000"
    folder = home.data / "derived" / "vectors" / "fast"
    folder.mkdir(parents=True)
    with (folder / "9.rows").open("wb") as file:
        file.truncate(1200 * 1024 * 1024)

    finding = found(home)["vectors"]

    assert (finding.level, finding.command) == ("warn", "cass backfill")
    assert finding.evidence == "1,200.0 MB of vectors, graphs and models, and 1,000.0 MB are allowed"


def test_a_model_without_its_manifest_is_told(home: Home):
    """Its files are there and serve nobody."""
    folder = home.data / "derived" / "models" / "minilm"
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(b"x")

    finding = found(home)["models"]

    assert (finding.level, finding.command) == ("warn", "cass models install minilm")
    assert finding.evidence == "minilm: its manifest.json cannot be read"


def test_a_data_folder_that_may_not_be_entered_is_opened_by_each_command(home: Home):
    words = bound()
    home.data.chmod(0)

    done = json.loads(home.cass("doctor", "--json", before=words).stdout)

    home.data.chmod(0o700)
    commands = {
        one["name"]: one["command"] for one in done["checks"] if one["level"] == "fail" and one["name"] != "disk"
    }
    assert set(commands) == {"privacy", "writing", "database"}
    assert all(one.startswith("chmod ") and one.endswith(f" u+rwX {home.data}") for one in commands.values())


def test_whoever_wants_both_tiers_or_nothing_is_told_that_there_is_nothing(home: Home):
    """The words would be found, and no search says them."""
    home.env["CASS_SEMANTIC_MODE"] = "strict"

    finding = found(home)["vectors"]

    assert (finding.level, finding.command) == ("fail", "cass backfill")
    assert finding.evidence.startswith("mode is strict_semantic, and no vectors are built yet")


def test_a_model_that_may_not_be_entered_is_opened(home: Home):
    """To install it again would fail, too."""
    words = bound()
    folder = home.data / "derived" / "models" / "minilm"
    folder.mkdir(parents=True)
    folder.chmod(0)

    checks = json.loads(home.cass("doctor", "--json", before=words).stdout)["checks"]

    folder.chmod(0o700)
    assert {one["name"]: one["command"] for one in checks if one["name"] in ("writing", "models")} == {
        "writing": f"chmod -R u+rwX {folder}",
        "models": f"chmod -R u+rwX {folder}",
    }
