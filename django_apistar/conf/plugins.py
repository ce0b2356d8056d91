"""COMPONENTS, AUTH_COMPONENTS and EVENT_HOOKS: objects, or the dotted paths of them."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeGuard, TypeVar

from apistar import Component, http
from django.utils.module_loading import import_string

from django_apistar.compat.signatures import get_plain_signature, takes_one
from django_apistar.conf.problems import Problem, Report, format_cause, report_import

HOOK_METHODS = ('on_request', 'on_response', 'on_error', 'wrap_responder')
_HEADERS = (http.Header, str, object, Any, inspect.Parameter.empty)  # how a header is annotated
FAILED = object()  # in place of a value that is wrong and reported
Wanted = TypeVar('Wanted')


def parse_components(key: str, values: dict[str, object], report: Report) -> tuple[Component, ...]:
    """Return the components that the setting *key* of *values* holds or names."""
    hint = 'Write instances, as in [MyComponent()], or their dotted paths.'
    items = [_make_instance(item) for item in _load_objects(key, values, report)]
    wanted = _filter(items, _is_component, key, report, 'E008', 'an API Star component', hint)
    return tuple(wanted)


def parse_auth_components(values: dict[str, object], report: Report) -> tuple[Component, ...]:
    """Return the components of AUTH_COMPONENTS, which are asked with the Authorization header."""
    key = 'AUTH_COMPONENTS'
    components = parse_components(key, values, report)
    return tuple(item for item in components if _takes_header(key, item, report))


def _takes_header(key: str, component: Component, report: Report) -> bool:
    signature = get_plain_signature(component.resolve)
    first = next(iter(signature.parameters.values()), None)
    if first and takes_one(component.resolve) and first.annotation in _HEADERS:
        return True
    report(
        'E008',
        f'{key} holds {component!r}, whose resolve{inspect.signature(component.resolve)} does not '
        'take the Authorization header alone.',
        'Write def resolve(self, authorization: http.Header), which returns the user or None.',
    )
    return False


def parse_event_hooks(values: dict[str, object], report: Report) -> tuple[object, ...]:
    """Return the hooks, classes and instances, that EVENT_HOOKS of *values* holds or names."""
    key, hint = 'EVENT_HOOKS', 'A hook is a class with on_request, on_response or on_error.'
    items = _load_objects(key, values, report)
    hooks = _filter(items, _is_hook, key, report, 'E009', 'an event hook', hint)
    return tuple(hook for hook in hooks if _can_be_made(hook, report))


def load_object(key: str, item: object, report: Report) -> object:
    """Return what *item*, of the setting *key*, names; FAILED where it cannot be imported.

    An *item* that is no text is returned as it is.
    """
    if not isinstance(item, str):
        return item
    try:
        return import_string(item)
    except Exception as exc:
        report_import(report, key, item, exc)
        return FAILED


def _load_objects(key: str, values: dict[str, object], report: Report) -> list[object]:
    given = values.get(key)
    if given is None:
        return []
    if not isinstance(given, (list, tuple)):
        report('E011', f'{key} is {given!r}; it must be a list.', f'Write {key!r}: [...].')
        return []
    return [load_object(key, item, report) for item in _flatten(key, given, report)]


def _flatten(key: str, given: Sequence[object], report: Report) -> list[object]:
    items: list[object] = []
    for item in given:
        if isinstance(item, (list, tuple)):
            report(
                'W002',
                f'{key} holds the nested list {item!r}, as a trailing comma makes it.',
                'Remove the comma behind the list.',
            )
            items.extend(item)
        else:
            items.append(item)
    return items


def _make_instance(item: object) -> object:
    """Return an instance where *item* is a component's class that needs no arguments."""
    if not (isinstance(item, type) and issubclass(item, Component)):
        return item
    try:
        return item()
    except TypeError:
        return item


def _filter(
    items: Sequence[object], test: Callable[[object], TypeGuard[Wanted]],
    key: str, report: Report, id: str, noun: str, hint: str,
) -> Iterator[Wanted]:  # fmt: skip
    """Yield the *items* that pass *test*; report each other one but FAILED."""
    for item in items:
        if test(item):
            yield item
        elif item is not FAILED:
            report(id, f'{key} holds {item!r}, which is not {noun}.', hint)


def _can_be_made(hook: object, report: Report) -> bool:
    """Call a hook's class without arguments, as each request does; report a failure."""
    try:
        if isinstance(hook, type):
            hook()
    except Exception as exc:
        report(
            'E009', f'EVENT_HOOKS holds {hook!r}, which cannot be made: {format_cause(exc)}.',
            'Give its __init__ no parameters that have no default.',
        )  # fmt: skip
        return False
    # Of the settings that it reads.
    find: Callable[[], Iterable[Problem]] = getattr(hook, 'find_problems', tuple)
    for problem in find():
        report(problem.id, problem.message, problem.hint)
    return True


def _is_component(item: object) -> TypeGuard[Component]:
    return isinstance(item, Component)


def _is_hook(item: object) -> TypeGuard[object]:
    return any(callable(getattr(item, name, None)) for name in HOOK_METHODS)
