"""What is told of sessions that exist only here, and why no files are kept."""

from __future__ import annotations

import pytest

from cass.settings.quick import Settings
from cass.settings.table import BY_KEY, SWITCH, Setting
from cass.status.kept import Kept, told, why_off
from cass.store.safety import Safety


@pytest.mark.parametrize(
    ("known", "off", "said"),
    [
        (Safety(), None, ""),
        (Safety(only_here=1, restorable=1), None, "1 session only here, text and files safe"),
        (Safety(only_here=3), None, "3 sessions only here, text safe, files not kept"),
        (
            Safety(only_here=3, restorable=2, expiring=4, expiring_kept=4),
            None,
            "3 sessions only here, text safe, files of 2 kept;"
            " 4 sessions to be deleted by their agents within 7 days, text and files safe",
        ),
        (
            Safety(expiring=1, full="its budget is full"),
            None,
            "1 session to be deleted by their agents within 7 days, text safe, files not kept;"
            " no more files are kept: its budget is full",
        ),
        (
            Safety(only_here=1),
            "archive.enabled is false",
            "1 session only here, text safe, files not kept; no more files are kept: archive.enabled is false",
        ),
    ],
)
def test_a_sentence_says_what_is_safe(known: Safety, off: str | None, said: str):
    assert told(Kept(known, 0, 0, off)) == said


def test_files_are_not_kept_where_secrets_are_never_stored(monkeypatch: pytest.MonkeyPatch):
    """Bytes as the agent wrote them hold what is masked everywhere else."""
    settings = Settings()
    monkeypatch.setitem(BY_KEY, "redact", Setting("redact", SWITCH, "", default="show"))
    assert why_off(settings) is None

    settings.given["redact"] = [("config", "index", "cass.toml:1")]

    assert why_off(settings) == "redact is index, and the files hold what is masked"
