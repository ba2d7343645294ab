"""Passwords, keys and tokens are masked wherever a message is shown.

What is loaded for every search is the door: most texts have nothing in which a secret could begin.  The forms of
secrets themselves (secret_forms.py) are loaded where something has.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

MASK = "•"
KEY_NAME = "PRIVATE KEY"
# The letters in which each form begins, by a sign that all of these have, which most texts lack; and how the names end
# that secrets are given to.  A test compares.
BEGINNINGS = {
    "-": (
        *("-----BEGIN ", "GOCSPX-", "glpat-", "xoxb-", "xoxp-", "xoxa-", "xoxs-", "xapp-", "sk-", "pypi-AgE"),
        *("xai-", "AGE-SECRET-KEY-1", "pplx-", "tskey-", "PMAK-"),
    ),
    "_": (
        *("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "sk_live_", "sk_test_", "rk_live_", "whsec_", "hf_"),
        *("npm_", "dop_v1_", "shpat_", "lin_api_", "figd_", "dckr_pat_", "gsk_", "ntn_", "glsa_", "sbp_"),
    ),
    ".": ("ya29.", "hooks.slack.com/services/", "SG.", "hvs."),
    "": ("eyJ", "AKIA", "ASIA", "AIza", "ATATT3"),
    "=": ("AccountKey=",),
}
# These are also looked at in the middle of a word.
ANYWHERE = ("-----BEGIN ", "eyJ")
NAMES = (
    *("assword", "asswd", "ASSWORD", "ecret", "ECRET", "oken", "OKEN", "uthorization", "earer", "pi_key"),
    *("PI_KEY", "pikey", "piKey", "ApiKey", "ccess_key", "CCESS_KEY", "ccessKey", "rivate_key", "RIVATE_KEY"),
)
# Behind this one nothing assigns.
BEARER = "earer"
# A value that is assigned is no shorter, and has a digit.
LEAST_VALUE = 8
# From the end of a name's last letters to what assigns: the rest of the name, a quote, some space.
_NAME_REACH = 20


def hides(settings: Mapping[str, object], show_secrets: bool) -> bool:
    """Whether what is shown is masked: always, but for --show-secrets and where the settings say off."""
    return not show_secrets and settings.get("redact") != "off"


def mask(text: str) -> str:
    """The text with each secret's letters but the first few replaced, one for one, so that offsets still fit."""
    if not _may_hold(text):
        return text
    from cass.secret_forms import masked

    return masked(text)


def _may_hold(text: str) -> bool:
    """Whether it is worth while to look for secrets: in one of some hundred texts, where the letters are common."""
    if "://" in text and "@" in text:
        return True
    for sign, beginnings in BEGINNINGS.items():
        if sign in text and any([_starts(text, beginning) for beginning in beginnings if beginning in text]):
            return True
    if ":" in text or "=" in text:
        return any([_is_given(text, name) for name in NAMES if name in text])
    return BEARER in text


def _is_given(text: str, name: str) -> bool:
    """Whether something is assigned to a name that ends so."""
    if name == BEARER:
        return True
    at = text.find(name)
    while at >= 0:
        end = at + len(name)
        behind = text[end : end + _NAME_REACH]
        if ":" in behind or "=" in behind:
            return True
        at = text.find(name, end)
    return False


def _starts(text: str, beginning: str) -> bool:
    """Whether something long starts so, where a word may start: not the `sk-` of a task-runner.

    No stricter than the forms themselves are.
    """
    if beginning in ANYWHERE:
        return True
    at = text.find(beginning)
    while at >= 0:
        end = at + len(beginning)
        if " " not in text[end : end + LEAST_VALUE] and may_start(text, at):
            return True
        at = text.find(beginning, end)
    return False


def may_start(text: str, at: int) -> bool:
    """Whether a token may start here: not inside a word, but behind Chinese, and behind an escaped line end or tab."""
    before = text[at - 1 : at]
    return not (before.isascii() and before.isalnum()) or text[max(0, at - 2) : at] in ("\\n", "\\r", "\\t")
