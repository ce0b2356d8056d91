"""What a client sends for a Type that holds ModelTypes, whose read-only fields it leaves out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from apistar import Route, types, validators

from django_apistar.compat.incoming import get_incoming
from django_apistar.types import ModelType
from management_tests.project import models
from management_tests.support.oracle import ask, both_modes, build

SENT = {'name': 'Ann'}


class MakerType(ModelType):
    class Meta:
        model = models.Maker
        fields = ['id', 'name']


class PlainType(types.Type):
    name = validators.String()
    others = validators.Array(items=validators.Object(properties={'a': validators.Integer()}))


class HolderType(types.Type):
    maker = MakerType


HELD = {
    'alone': (MakerType, SENT),
    'in a list': (validators.Array(items=MakerType), [SENT, SENT]),
    'at a place of a list': (validators.Array(items=[validators.Integer(), MakerType]), [1, SENT]),
    'in an object': (validators.Object(properties={'a': MakerType}), {'a': SENT}),
    'by a pattern': (validators.Object(pattern_properties={'^a': MakerType}), {'ab': SENT}),
    'beside others': (validators.Object(additional_properties=MakerType), {'b': SENT}),
    'as one of two': (
        validators.Integer() | validators.Object(properties={'a': MakerType}), {'a': SENT},
    ),
    'in a Type': (HolderType, {'maker': SENT}),
    'in a list within a list': (
        validators.Array(items=validators.Array(items=MakerType)), [[SENT]],
    ),
}  # fmt: skip


@both_modes
@pytest.mark.parametrize(('validator', 'sent'), HELD.values(), ids=list(HELD))
def test_what_holds_a_model_type_is_taken_without_its_read_only_fields(
    app_class: Any, validator: Any, sent: Any
) -> None:
    """`incoming`"""
    holder: Any = types.TypeMetaclass('Holder', (types.Type,), {'held': validator})

    def take(given: holder) -> dict:
        return {'is_own': isinstance(given, holder), 'type': type(given).__name__}

    take.__annotations__['given'] = holder
    answer = ask(
        build(app_class, Route('/', 'POST', take)), method='POST',
        body=json.dumps({'held': sent}).encode(),
    )  # fmt: skip

    assert (answer.status, json.loads(answer.body)) == (
        '200 OK',
        {'is_own': True, 'type': 'Holder'},
    )
    with pytest.raises(validators.ValidationError):
        holder({'held': sent})


def test_a_type_without_model_types_is_sent_as_it_is() -> None:
    assert get_incoming(PlainType) is PlainType
    assert get_incoming(MakerType) is MakerType.incoming


def test_the_type_that_is_sent_is_made_once() -> None:
    incoming = get_incoming(HolderType)

    assert get_incoming(HolderType) is incoming
    assert (incoming.__name__, incoming.__module__) == ('HolderType', __name__)
    assert incoming.validator.properties == {'maker': MakerType.incoming}
    assert HolderType.validator.properties == {'maker': MakerType}
