"""Settings as JSON: also what `status --json` says about them."""

from __future__ import annotations

from cass.render.json_text import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cass.policy import EffectiveSetting
    from cass.settings.problems import SettingProblem

SCHEMA_VERSION = 1


def setting(found: EffectiveSetting) -> dict[str, object]:
    """One setting with its provenance."""
    return {
        "name": found.name,
        "value": found.value,
        "unit": found.unit,
        "source": found.source.value,
        "origin": found.origin,
        "env_var": found.env_var,
        "flag": found.flag,
        "hides": [{"source": one.source.value, "value": one.value, "origin": one.origin} for one in found.hides],
    }


def problem(found: SettingProblem) -> dict[str, object]:
    """Something that was read and does not count."""
    return {
        "key": found.key or None,
        "origin": found.origin,
        "text": found.text,
        "accepted": found.accepted,
        "what": found.what,
        "todo": found.todo,
    }


def listing(
    found: Sequence[EffectiveSetting], problems: Sequence[SettingProblem], config_dir: str, paths: Sequence[str]
) -> str:
    """`cass config show --json`."""
    said = {"config_dir": config_dir, "files": list(paths), "settings": [setting(one) for one in found]}
    return _answer(said, problems)


def one(found: EffectiveSetting, problems: Sequence[SettingProblem]) -> str:
    """`get`, `set` and `unset`: the setting as it holds now."""
    return _answer({"setting": setting(found)}, problems)


def files(config_dir: str, paths: Sequence[str]) -> str:
    """`cass config path --json`."""
    return _answer({"config_dir": config_dir, "files": list(paths)}, ())


def edited(path: str, problems: Sequence[SettingProblem]) -> str:
    """`cass config edit --json`."""
    return _answer({"path": path}, problems)


def _answer(said: Mapping[str, object], problems: Sequence[SettingProblem]) -> str:
    whole = {"schema_version": SCHEMA_VERSION, **said, "problems": [problem(one) for one in problems]}
    return dumps(whole) + "\n"
