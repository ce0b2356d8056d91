"""The official validators' opinion of a document."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django_apistar.schema.dialect import Schema

EXTRA = 'validate'


class ValidatorMissingError(Exception):
    """The package that validates is not installed. The message says which, and how to get it."""

    def __init__(self) -> None:
        super().__init__(
            f"Validation needs openapi-spec-validator. Run: pip install 'django-apistar[{EXTRA}]'."
        )


def find_errors(document: Schema) -> tuple[str, ...]:
    """Return 'place: what is wrong' for each error in *document*; its own words tell the format.

    Raises ValidatorMissingError.
    """
    try:
        iterate = _iterator(document)
    except ImportError:
        raise ValidatorMissingError() from None
    return tuple(dict.fromkeys(_describe_all(iterate)))


def _describe_all(iterate: Callable[[], Iterable[object]]) -> Iterator[str]:
    from referencing.exceptions import Unresolvable

    try:
        yield from map(_describe, iterate())
    except Unresolvable as exc:
        yield f'document: {exc.ref!r} leads nowhere.'


def _iterator(document: Schema) -> Callable[[], Iterable[Any]]:
    import openapi_spec_validator

    if '$schema' in document:
        return lambda: _json_schema_errors(document)
    if 'swagger' in document:
        return openapi_spec_validator.OpenAPIV2SpecValidator(document).iter_errors
    if document['openapi'].startswith('3.0'):
        return openapi_spec_validator.OpenAPIV30SpecValidator(document).iter_errors
    return openapi_spec_validator.OpenAPIV31SpecValidator(document).iter_errors


def _json_schema_errors(document: Schema) -> Iterator[Any]:
    import jsonschema

    validator = jsonschema.Draft202012Validator
    yield from validator(validator.META_SCHEMA).iter_errors(document)


def _describe(error: object) -> str:
    place = '.'.join(str(part) for part in getattr(error, 'absolute_path', ()))
    message = str(getattr(error, 'message', error)).partition('\n')[0]
    return f'{place or "document"}: {message}'
