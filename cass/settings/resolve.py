"""The answer to "what is X": the value of the highest layer that holds X, where it stood, and what it hides."""

from __future__ import annotations

from cass.policy import EffectiveSetting, EffectiveSettings, SemanticPolicy, SettingSource
from cass.records import replace
from cass.settings.hot import SEMANTIC_FILE
from cass.settings.quick import DEFAULT
from cass.settings.table import ROWS, Setting, default_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.policy import CliSemanticOverrides
    from cass.settings.quick import Settings


def effective(settings: Settings) -> EffectiveSettings:
    """Every setting in the table's order: the semantic ones, then the others."""
    return EffectiveSettings(tuple(_effective(row, settings) for row in ROWS))


def semantic(settings: Settings) -> EffectiveSettings:
    """The semantic settings alone."""
    return EffectiveSettings(tuple([_effective(row, settings) for row in ROWS if row.file == SEMANTIC_FILE]))


def policy(settings: Settings) -> SemanticPolicy:
    """The semantic settings as one typed record."""
    values = {row.key: settings.value(row.key) for row in ROWS if row.file == SEMANTIC_FILE}
    return replace(SemanticPolicy.compiled_defaults(), **values)


def flags_of(overrides: CliSemanticOverrides) -> dict[str, object]:
    """What `quick.load` takes as flags."""
    return {row.key: getattr(overrides, row.key) for row in ROWS if row.flag and row.file == SEMANTIC_FILE}


def _effective(row: Setting, settings: Settings) -> EffectiveSetting:
    default = (DEFAULT, default_of(row), None)
    (source, value, origin), *hidden = [*reversed(settings.given.get(row.key, [])), default]
    hides = tuple([EffectiveSetting.Hidden(SOURCES[source], value, origin) for source, value, origin in hidden])
    # All fields in their order: by name, `status` would wait twice as long for them.
    return EffectiveSetting(row.key, value, SOURCES[source], origin, row.variable, hides, row.unit, row.flag)


SOURCES = {source.value: source for source in SettingSource}
