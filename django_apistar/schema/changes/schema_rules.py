"""The rules about schemas: a kind of difference is one rule for requests and one for responses.

A sentence has {where}, {old} and {new} for what the documents say, {lost} for what is no longer
taken or newly given.
"""

import dataclasses

from django_apistar.schema.changes.keywords import Schema


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    """`giver` and `taker`: the smallest example, before and after in a request.

    In a response it is the other way round: the new document gives what the old did not.
    """

    request: str
    response: str
    refused: str
    given: str
    giver: object
    taker: object
    level: str = 'error'
    response_level: str = ''
    remedy: str = ''


def _limit(word: str, name: str, is_low: bool, values: tuple[float, float], schema: Schema) -> Kind:
    """The rules of a bound; *schema*: the type that it is of."""
    less, more = ('decreased', 'increased') if not is_low else ('increased', 'decreased')
    return Kind(
        f'request-{name}-{less}', f'response-{name}-{more}',
        f'{{where}} is now limited by {word} {{new}}, before {{old}}.',
        f'{{where}} may now be beyond the {word} {{old}}: {{new}}.',
        {**schema, word: values[0]}, {**schema, word: values[1]},
    )  # fmt: skip


STRING, NUMBER, ARRAY, OBJECT = (
    {'type': kind} for kind in ('string', 'number', 'array', 'object')
)  # fmt: skip


def _object(**words: object) -> Schema:
    return {**OBJECT, **words}


A = {'a': STRING}
KINDS: dict[str, Kind] = {
    'type': Kind(
        'request-type-narrowed', 'response-type-widened',
        '{where} no longer takes {lost}.', '{where} may now be {lost}.',
        NUMBER, STRING,
    ),
    'null': Kind(
        'request-null-refused', 'response-null-added',
        '{where} no longer takes null.', '{where} may now be null.',
        {'type': ['string', 'null']}, STRING,
    ),
    'value': Kind(
        'request-value-removed', 'response-value-added',
        '{where} no longer takes {lost}.', '{where} may now be {lost}.',
        {'enum': ['a', 'b']}, {'enum': ['a']},
    ),
    'enum': Kind(
        'request-enum-added', 'response-enum-removed',
        '{where} now takes nothing but {new}.', '{where} may now be other values than {old}.',
        STRING, {'type': 'string', 'enum': ['a']},
    ),
    'minimum': _limit('minimum', 'minimum', True, (1, 2), NUMBER),
    'maximum': _limit('maximum', 'maximum', False, (9, 3), NUMBER),
    'minLength': _limit('minLength', 'min-length', True, (1, 2), STRING),
    'maxLength': _limit('maxLength', 'max-length', False, (9, 3), STRING),
    'minItems': _limit('minItems', 'min-items', True, (1, 2), ARRAY),
    'maxItems': _limit('maxItems', 'max-items', False, (9, 3), ARRAY),
    'minProperties': _limit('minProperties', 'min-properties', True, (1, 2), OBJECT),
    'maxProperties': _limit('maxProperties', 'max-properties', False, (9, 3), OBJECT),
    'multiple-of': Kind(
        'request-multiple-of-narrowed', 'response-multiple-of-widened',
        '{where} must now be a multiple of {new}.', '{where} may now be no multiple of {old}.',
        {'type': 'integer', 'multipleOf': 2}, {'type': 'integer', 'multipleOf': 4},
    ),
    'pattern': Kind(
        'request-pattern-changed', 'response-pattern-changed',
        '{where} must now fit the pattern {new}.', '{where} may no longer fit the pattern {old}.',
        {**STRING, 'pattern': '^a'}, {**STRING, 'pattern': '^b'},
    ),
    'format': Kind(
        'request-format-narrowed', 'response-format-widened',
        '{where} must now be of the format {new}.',
        '{where} may now be of another format than {old}.',
        STRING, {**STRING, 'format': 'uuid'},
    ),
    'content': Kind(
        'request-content-changed', 'response-content-changed',
        '{where} must now hold {new}.', '{where} may now hold something else than {old}.',
        {**STRING, 'contentMediaType': 'image/png'}, {**STRING, 'contentMediaType': 'image/gif'},
    ),
    'extensible-enum': Kind(
        'request-extensible-value-removed', 'response-extensible-value-added',
        '{where} no longer knows {lost}.', '{where} may now be {lost}.',
        {**STRING, 'x-extensible-enum': ['a', 'b']}, {**STRING, 'x-extensible-enum': ['a']},
        response_level='info',
    ),
    'unique-items': Kind(
        'request-unique-items-added', 'response-unique-items-removed',
        '{where} must now have unique items.', '{where} may now have an item twice.',
        ARRAY, {**ARRAY, 'uniqueItems': True},
    ),
    'contains': Kind(
        'request-contains-narrowed', 'response-contains-widened',
        '{where} must now contain other items.', '{where} may no longer contain what it did.',
        ARRAY, {**ARRAY, 'contains': STRING},
    ),
    'required': Kind(
        'request-property-became-required', 'response-property-became-optional',
        '{where} now needs {new}.', '{where}.{name} may now be missing.',
        _object(properties=A), _object(properties=A, required=['a']),
        remedy='Give it a default instead, or always answer it.',
    ),
    'required-unlisted': Kind(
        'request-required-property-added', 'response-required-property-removed',
        '{where} now needs the new {new}.', '{where}.{name} was removed.',
        OBJECT, _object(properties=A, required=['a']),
        remedy='Give it a default, or go on answering it.',
    ),
    'property-refused': Kind(
        'request-property-refused', 'response-property-added-to-closed',
        '{where} no longer takes {new}.', '{where} may now hold {old}, and was closed.',
        _object(properties={**A, 'b': STRING}, additionalProperties=False),
        _object(properties=A, additionalProperties=False),
    ),
    'property-gone': Kind(
        'request-property-removed', '',
        '{where}.{name} was removed: it is no longer looked at.', '',
        _object(properties=A), OBJECT, level='warning',
    ),
    'property-new': Kind(
        'request-property-added', 'response-optional-property-removed',
        '{where}.{name} is new: what an object held under this name must now fit.',
        '{where}.{name} was removed; it was optional.',
        OBJECT, _object(properties=A), level='warning',
    ),
    'closed': Kind(
        'request-properties-closed', 'response-properties-opened',
        '{where} no longer takes properties that are not listed.',
        '{where} may now hold properties that are not listed.',
        _object(properties=A), _object(properties=A, additionalProperties=False),
    ),
    'pattern-unknown': Kind(
        'request-name-patterns-unknown', 'response-name-patterns-unknown',
        '{where} has patterns of names that cannot be compared.',
        '{where} has patterns of names that cannot be compared.',
        _object(properties=A), _object(properties=A, patternProperties={'(a+)+$': STRING}),
        level='warning',
    ),
    'property-names': Kind(
        'request-property-names-narrowed', 'response-property-names-widened',
        '{where} no longer takes every name of a property.',
        '{where} may now hold properties of other names.',
        OBJECT, _object(propertyNames={'pattern': '^a'}),
    ),
    'dependent-required': Kind(
        'request-dependent-required-added', 'response-dependent-required-removed',
        '{where} now needs other properties beside {new}.',
        '{where} may now lack properties beside {old}.',
        OBJECT, _object(dependentRequired={'a': ['b']}),
    ),
    'alternative': Kind(
        'request-alternative-removed', 'response-alternative-added',
        '{where} fits fewer alternatives.', '{where} may now be of another alternative.',
        {'anyOf': [{**STRING, 'minLength': 2}, {**STRING, 'maxLength': 9}]},
        {'anyOf': [{**STRING, 'minLength': 2}]},
    ),
    'condition': Kind(
        'request-condition-added', 'response-condition-removed',
        '{where} must now meet a condition (if, then, else).',
        '{where} may no longer meet the condition of before (if, then, else).',
        OBJECT, _object(**{'if': {'required': ['a']}, 'then': {'required': ['b']}}),
    ),
    'not': Kind(
        'request-not-added', 'response-not-removed',
        '{where} must now be outside of more (not, oneOf).',
        '{where} may now be what it was not to be (not, oneOf).',
        STRING, {**STRING, 'not': {'minLength': 3}},
    ),
    'unevaluated': Kind(
        'request-unevaluated-refused', 'response-unevaluated-added',
        '{where} no longer takes what is not listed ({new}).',
        '{where} may now hold what is not listed ({old}).',
        {'allOf': [_object(properties=A)]},
        {'allOf': [_object(properties=A)], 'unevaluatedProperties': False},
    ),
    'unknown': Kind(
        'request-not-understood', 'response-not-understood',
        '{where} holds {new}, which cannot be compared.',
        '{where} held {old}, which cannot be compared.',
        STRING, {'$ref': 'https://example.com/schema'}, level='warning',
        remedy='Write the schema into the document.',
    ),
}  # fmt: skip
