"""Plain values that cross the rooms' borders: frozen, slotted, equal by value.

`@record` is a small stand-in for `dataclasses.dataclass(frozen=True, slots=True)`: importing the standard one
costs 13 ms and half a millisecond a class, which every cold search would pay.  A fast
initialiser is compiled for the classes that are made by the dozen.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar, dataclass_transform

    T = TypeVar("T")

    @dataclass_transform(frozen_default=True)
    def record(cls: type[T]) -> type[T]: ...

    def replace(value: T, **changes: Any) -> T: ...

else:
    # Compiling an initialiser costs up to half a millisecond; most records of a search are made a few times only.
    _COMPILED_AFTER = 128

    class _Record:
        """What all records share; a subclass has `__match_args__`, its fields in order."""

        __slots__ = ()

        def __init__(self, *args, **kwargs):
            cls = type(self)
            names = cls.__match_args__
            if kwargs or len(args) != len(names):
                given = dict(zip(names, args, strict=False)) | kwargs
                values = cls._defaults | given
                if len(values) != len(names) or len(given) != len(args) + len(kwargs):
                    raise TypeError(f"{cls.__name__}({', '.join(names)}): wrong arguments")
                names, args = values.keys(), values.values()
            # Without a loop of our own, which is what a record of 17 fields would mostly cost.
            list(map(object.__setattr__, [self] * len(names), names, args))
            cls._made += 1
            if cls._made > _COMPILED_AFTER:
                cls.__init__ = _compiled_init(cls)

        def __setattr__(self, name, value):
            raise AttributeError(f"{type(self).__name__}.{name} is frozen")

        def __delattr__(self, name):
            raise AttributeError(f"{type(self).__name__}.{name} is frozen")

        def __eq__(self, other):
            return _values(self) == _values(other) if type(self) is type(other) else NotImplemented

        def __hash__(self):
            return hash((type(self), *_values(self)))

        def __repr__(self):
            inside = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
            return f"{type(self).__name__}({inside})"

        def __reduce__(self):
            return type(self), _values(self)

    def record(cls):
        """Make a class of annotated fields (defaults allowed) a frozen, slotted value."""
        body = dict(cls.__dict__)
        del body["__dict__"], body["__weakref__"]
        names = tuple(cls.__annotations__)
        defaults = {name: body.pop(name) for name in names if name in body}
        body |= {"__slots__": names, "__match_args__": names, "_defaults": defaults, "_made": 0}
        return type(cls.__name__, (_Record,), body)

    record.base = _Record  # the pack of compiled code makes records of it directly (cli/pack.py)

    def replace(value, **changes):
        """The same record with some fields changed."""
        return type(value)(**({name: getattr(value, name) for name in value.__match_args__} | changes))

    def _values(value):
        return tuple([getattr(value, name) for name in value.__match_args__])

    def _compiled_init(cls):
        names, defaults = cls.__match_args__, cls._defaults
        head = ", ".join(f"{n}=_d_{n}" if n in defaults else n for n in names)
        lines = "\n".join(f"    _s_{n}(self, {n})" for n in names) or "    pass"
        scope = {f"_s_{n}": cls.__dict__[n].__set__ for n in names}
        scope |= {f"_d_{n}": value for n, value in defaults.items()}
        exec(f"def __init__(self, {head}):\n{lines}", scope)
        return scope["__init__"]
