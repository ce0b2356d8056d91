"""The Type of what a client sends, where it is not the one of what goes out."""

import copy
from typing import Any

from apistar import types, validators

# On the class, and not in a table of ours, so that it goes when the class goes.
ATTRIBUTE = '__django_apistar_incoming__'


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
    changes: dict[str, Any] = {}
    if isinstance(validator, (validators.Array, validators.Union)):
        changes = {'items': _replace_all(validator.items)}
    elif isinstance(validator, validators.Object):
        properties = validator.properties
        changes = {'properties': {name: _replace(child) for name, child in properties.items()}}
    if all(getattr(validator, name) == value for name, value in changes.items()):
        return validator
    replaced = copy.copy(validator)
    vars(replaced).update(changes)
    return replaced


def _replace_all(items: object) -> Any:
    return [_replace(item) for item in items] if isinstance(items, list) else _replace(items)
