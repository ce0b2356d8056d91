"""The Type of what a client sends, where it is not the one of what goes out."""

import copy
from typing import Any

from apistar import types, validators

# On the class, and not in a table of ours, so that it goes when the class goes.
ATTRIBUTE = '__django_apistar_incoming__'
# Where validators have others inside of them.
_INSIDE: dict[type, tuple[str, ...]] = {
    validators.Array: ('items', 'additional_items'),
    validators.Object: ('properties', 'pattern_properties', 'additional_properties'),
    validators.Union: ('items',),
}


def get_incoming(cls: Any) -> type[types.Type]:
    """Return the Type of what a client sends for *cls*: another if a ModelType is in it.

    A ModelType has one itself; a Type that holds such Types is given one.
    """
    known: type[types.Type] | None = vars(cls).get(ATTRIBUTE)
    if known is None:
        known = _build(cls)
        type.__setattr__(cls, ATTRIBUTE, known)
    return known


def _build(cls: type[types.Type]) -> type[types.Type]:
    found = {name: _replace(child) for name, child in cls.validator.properties.items()}
    if found == cls.validator.properties:
        return cls
    make: Any = type(cls)
    incoming: type[types.Type] = make(cls.__name__, (cls,), {'__module__': cls.__module__})
    validator = copy.copy(cls.validator)
    validator.properties = found
    type.__setattr__(incoming, 'validator', validator)
    return incoming


def _replace(validator: object) -> Any:
    """Return *validator*, or a copy that has in place of each Type what a client sends for it."""
    if isinstance(validator, types.TypeMetaclass):
        return get_incoming(validator)
    changes = {
        name: _replace_all(getattr(validator, name))
        for cls, names in _INSIDE.items() if isinstance(validator, cls)
        for name in names
    }  # fmt: skip
    if all(getattr(validator, name) == value for name, value in changes.items()):
        return validator
    replaced = copy.copy(validator)
    vars(replaced).update(changes)
    return replaced


def _replace_all(inside: object) -> Any:
    if isinstance(inside, dict):
        return {name: _replace(child) for name, child in inside.items()}
    return [_replace(item) for item in inside] if isinstance(inside, list) else _replace(inside)
