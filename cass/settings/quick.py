"""The settings of a command: what files, environment and flags say, for a process that has no time to read TOML.

Layers are gathered, never merged: of each setting every layer that holds it is kept, the strongest last.  What the two
TOML files hold is taken from a small file in the cache folder, as long as their identities have not changed
(`layers.py` reads and writes it); without files of settings that is two looks at the disk and nothing more.
"""

from __future__ import annotations

import os

from cass.settings.hot import OTHER_VARIABLES, identities, read_kept
from cass.settings.table import ADDRESS, BY_KEY, ROWS, SOCKET, default_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cass.paths import Places
    from cass.policy import EffectiveSettings, SemanticPolicy
    from cass.settings.hot import FileText
    from cass.settings.problems import SettingProblem
    from cass.settings.table import Setting

    Given = tuple[str, object, str]  # source, typed value, origin

SENT_TO = (ADDRESS, SOCKET)  # texts go there
DEFAULT, CONFIG, ENVIRONMENT, CLI = "compiled_default", "config", "environment", "cli"


class Settings:
    """Every setting's value, where it comes from, and what is wrong in the layers.

    `given`: key → (source, value, origin) of each layer that holds a good value, the strongest last.
    """

    __slots__ = ("given", "problems")

    def __init__(self) -> None:
        self.given: dict[str, list[Given]] = {}
        self.problems: list[SettingProblem] = []

    def value(self, key: str) -> object:
        """The typed value.  Raises KeyError for what is no setting."""
        given = self.given.get(key)
        return given[-1][1] if given else default_of(BY_KEY[key])

    def source(self, key: str) -> str:
        """compiled_default, config, environment or cli."""
        given = self.given.get(key)
        return given[-1][0] if given else DEFAULT

    def unread_file(self) -> str | None:
        """What is wrong with a file of settings that says nothing now; None where all can be read."""
        return next((f"{problem.origin}: {problem.what}" for problem in self.problems if not problem.key), None)

    def effective(self) -> EffectiveSettings:
        """All settings in the table's order, with what each hides."""
        from cass.settings.resolve import effective

        return effective(self)

    def policy(self) -> SemanticPolicy:
        """The semantic settings as one typed record."""
        from cass.settings.resolve import policy

        return policy(self)

    # Typed, for those who know the kind of a row.

    def whole(self, key: str) -> int:
        value = self.value(key)
        assert isinstance(value, int)
        return value

    def number(self, key: str) -> float:
        value = self.value(key)
        assert isinstance(value, (int, float))
        return float(value)

    def text(self, key: str) -> str:
        value = self.value(key)
        assert isinstance(value, str)
        return value

    def names(self, key: str) -> tuple[str, ...]:
        value = self.value(key)
        assert isinstance(value, tuple)
        return value


def load(places: Places, env: Mapping[str, str], flags: Mapping[str, object] | None = None) -> Settings:
    """The settings of this user.  `flags`: key → value as the command line gave it, None where it gave none.

    What cannot be read is a problem and the layer below counts; of an address that texts go to, none does.
    Raises UsageError for a bad flag.
    """
    settings = Settings()
    add_files(settings, places, _files(places))
    _add_environment(settings, env)
    for key, raw in (flags or {}).items():
        if raw is not None:
            row = BY_KEY[key]
            _add(settings, row, raw, CLI, row.flag or key)
    return settings


def add_files(settings: Settings, places: Places, texts: Mapping[str, FileText]) -> None:
    """The layer of the files."""
    for name, text in texts.items():
        _add_file(settings, os.path.join(places.config, name), text)


def _add(settings: Settings, row: Setting, raw: object, source: str, origin: str) -> None:
    """One more layer holds this setting."""
    from cass.settings.kinds import check

    try:
        value = check(row, raw)
    except ValueError:
        from cass.settings.problems import bad_flag, bad_value

        if source == CLI:
            raise bad_flag(row, raw, origin) from None
        settings.problems.append(bad_value(row, raw, origin))
        if row.kind in SENT_TO:
            # Not to the server of the layer below, from which somebody wanted to turn away.
            settings.given.pop(row.key, None)
        return
    given = settings.given.setdefault(row.key, [])
    if given and given[-1][0] == source:
        weaker = given.pop()
        if weaker[1] != value:
            from cass.settings.problems import contradiction

            settings.problems.append(contradiction(row, weaker[1:], (value, origin)))
    given.append((source, value, origin))


def _add_environment(settings: Settings, env: Mapping[str, str]) -> None:
    names = {name for name in env if name[:5] == "CASS_" and name not in OTHER_VARIABLES}
    if not names:
        return
    for row in ROWS:
        for variable in reversed(row.variables):
            if variable in names:
                names.remove(variable)
                _add(settings, row, env[variable], ENVIRONMENT, variable)
    names.discard(settings.text("remote.key_env"))
    if names:
        from cass.settings.problems import unknown_variable

        found = (unknown_variable(name) for name in sorted(names))
        settings.problems += [problem for problem in found if problem is not None]


def _add_file(settings: Settings, path: str, text: FileText) -> None:
    _, statements, fault = text
    if fault is not None:
        from cass.settings.problems import bad_file

        settings.problems.append(bad_file(path, *fault))
    stray: list[tuple[str, object, str]] = []
    for key, raw, line in statements:
        row = BY_KEY.get(key)
        if row is not None and row.file == os.path.basename(path):
            _add(settings, row, raw, CONFIG, f"{path}:{line}")
        else:
            stray.append((key, raw, f"{path}:{line}"))
    if stray:
        from cass.settings.problems import stray_keys

        settings.problems += stray_keys(stray)


def _files(places: Places) -> dict[str, FileText]:
    """What stands in each file that there is."""
    stamps = identities(places)
    if not stamps:
        return {}
    cached, _ = read_kept(places)
    known = {name: text for name, stamp in stamps.items() if (text := cached.get(name)) and text[0] == stamp}
    if len(known) == len(stamps):
        return known
    from cass.settings.layers import read_files

    return read_files(places, tuple(stamps), cached)
