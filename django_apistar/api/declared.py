"""What a handler says that it answers, and a warning where it answers something else."""

from __future__ import annotations

import functools
import inspect
import json
import logging
import typing
from collections.abc import Iterable, Mapping
from typing import Any

from apistar import http, types
from apistar.exceptions import HTTPException
from django.db.models import Model

from django_apistar.api.encoding import UnknownValueError
from django_apistar.api.responses import BODILESS
from django_apistar.compat.fields import get_item, is_type
from django_apistar.compat.signatures import Function, get_dotted_name, get_signature

ATTRIBUTE = 'declared_answers'
_UNKNOWN = object()
_WORDS = {
    dict: 'an object', list: 'a list', str: 'text', type(None): 'nothing', bool: 'a truth value',
    int: 'a number', float: 'a number',
}  # fmt: skip

logger = logging.getLogger(__name__)


def read_declared(handler: Function) -> dict[int, Any]:
    """Return what *handler* declares by `responds`, by status: {} for nothing."""
    declared: Mapping[int, Any] | None = getattr(handler, ATTRIBUTE, None)
    if declared is None and isinstance(handler, functools.partial):
        return read_declared(handler.func)
    return dict(declared or {})


def declares_success(handler: Function) -> bool:
    return any(status < 300 for status in read_declared(handler))


def watch_all(handlers: Iterable[Function]) -> dict[int, Function]:
    """Return those of *handlers* that declare answers, watched, by their id."""
    return {id(handler): watch(handler) for handler in handlers if read_declared(handler)}


def watch(handler: Function) -> Function:
    """Return *handler*, which then warns once of each status that it does not declare so.

    What it raises is judged only where its status is declared: every error has its answer.
    """
    known = read_declared(handler)
    if not declares_success(handler):
        known[200] = get_signature(handler).return_annotation

    told: set[int] = set()

    @functools.wraps(handler)
    def watched(*args: object, **kwargs: object) -> Any:
        try:
            value = handler(*args, **kwargs)
        except HTTPException as exc:
            if exc.status_code in known:
                _judge(handler, known, told, exc.status_code, exc.detail)
            raise
        status = value.status_code if isinstance(value, http.Response) else 200
        _judge(handler, known, told, status, value)
        return value

    return watched


def explain(fault: BaseException, handler: Function) -> None:
    """Say in *fault* what *handler* should return, where it gave a row in place of a Type."""
    row = getattr(fault, 'value', None)
    if not isinstance(fault, UnknownValueError) or not isinstance(row, Model):
        return
    handler = inspect.unwrap(handler)
    wanted: Any = get_signature(handler).return_annotation
    item: Any = get_item(wanted)
    if is_type(item):
        annotated, advice = f'List[{item.__name__}]', f'[{item.__name__}(row) for row in rows]'
    elif is_type(wanted):
        annotated, advice = wanted.__name__, f'{wanted.__name__}(row)'
    else:
        return
    name, returned = get_dotted_name(handler), get_dotted_name(type(row))
    sentence = f'{name} is annotated -> {annotated} and returned a {returned}: return {advice}.'
    fault.args = (sentence,)


def _judge(
    handler: Function, known: Mapping[int, object], told: set[int], status: int, value: object
) -> None:
    mistake = _find_mistake(known, status, value)
    if mistake and status not in told:
        told.add(status)
        logger.warning('%s answers %s', get_dotted_name(handler), mistake)


def _find_mistake(known: Mapping[int, Any], status: int, value: object) -> str:
    if status not in known:
        listed = ', '.join(map(str, sorted(known)))
        return f'{status}, and declares {listed} only.'
    wanted = known[status]
    if _is_response(wanted):
        found = '' if isinstance(value, wanted) else type(value).__name__
    else:
        data = _read(value) if isinstance(value, http.Response) else value
        found = '' if status in BODILESS else _find_misfit(wanted, data)
    return f'{status} with {found}, and declares {_name(wanted)}.' if found else ''


def _name(wanted: object) -> str:
    item = get_item(wanted)
    if item is not None:
        return f'a list of {_name(item)}'
    return 'nothing' if wanted is None else getattr(wanted, '__name__', str(wanted))


def _is_response(wanted: object) -> bool:
    return isinstance(wanted, type) and issubclass(wanted, http.Response)


def _read(response: http.Response) -> object:
    """Return the data of a response: None without a body, _UNKNOWN where nobody can tell."""
    content, media_type = response.content, response.headers.get('content-type') or ''
    if not isinstance(content, bytes):
        return _UNKNOWN
    if not content:
        return None
    if 'json' in media_type:
        return json.loads(content)
    return content.decode(errors='replace') if media_type.startswith('text/') else _UNKNOWN


def _find_misfit(wanted: object, data: object) -> str:
    """Return what *data* is, in words, where it is not *wanted*; '' where it is, or may be.

    Of objects it looks at the names of their members: what is in them has been validated, or is
    the project's.
    """
    words = _WORDS.get(type(data), '')
    if not is_type(wanted):
        plain = list if get_item(wanted) is not None else typing.get_origin(wanted) or wanted
        expected = _WORDS.get(type(None) if plain is None else plain)
        rows = data if expected == words and isinstance(data, list) else []
        misfits = (_find_misfit(get_item(wanted), row) for row in rows)
        return next(filter(None, misfits), '') if expected in (None, words) else words
    if is_type(type(data)):
        return '' if isinstance(data, wanted) else type(data).__name__
    if not isinstance(data, dict):
        return words
    missing = [name for name in _list_members(wanted) if name not in data]
    return f'an object without {missing[0]!r}' if missing else ''


def _list_members(wanted: type[types.Type]) -> list[str]:
    """Return the members that an answer of the Type *wanted* has: all but those of requests."""
    documented = getattr(wanted, 'documented', wanted.validator)
    only_given = getattr(documented, 'write_only', ())
    return [name for name in wanted.validator.required if name not in only_given]
