"""Compiled Types of models, drawn at random: each answers as its own constructor does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_apistar.accelerate.types import compilers
from django_apistar.types import ModelType
from management_tests.accelerate.dice import Dice, as_json_sees, outcome, read_twice, thorough
from management_tests.service.zoo import FIELDS, SENT, Zoo

pytestmark = pytest.mark.once
METACLASS = type(ModelType)


class ModelDice(Dice):
    """Draws Types of some fields of a model, and what a client may send to them."""

    def type_of_model(self):
        names = self.some([*FIELDS], most=8) or ['char']
        hidden = [name for name in names[1:] if self.roll(4) == 0]
        shown = [name for name in names if name not in hidden]
        meta = {
            'model': Zoo, 'fields': names, 'write_only': hidden,
            'read_only': self.some(shown, most=1), 'optional': self.some(names, most=2),
        }  # fmt: skip
        cls = METACLASS('Drawn', (ModelType,), {'Meta': type('Meta', (), meta)})
        return self.pick([cls, cls.incoming, cls.partial])

    def value_of_leaf(self, validator):
        likely = [sent for name, sent in SENT.items() if self.roll(len(SENT)) == 0]
        return self.pick([*likely, super().value_of_leaf(validator)])

    def value_of_object(self, validator):
        value = super().value_of_object(validator)
        return {**value, **{name: SENT[name] for name in value if self.roll(2) and name in SENT}}


@st.composite
def types_of_models_with_values(draw):
    dice = ModelDice(draw)
    cls = dice.type_of_model()
    return cls, [dice.value_of_type(cls) for _ in range(4)]


@thorough
@given(types_of_models_with_values())
def test_compiled_type_of_a_model_answers_as_its_constructor(cls_and_values):
    cls, values = cls_and_values
    new, read = compilers.compile_type(cls), compilers.compile_body(cls)
    render = compilers.compile_render(cls)

    for value in values:
        assert outcome(new, value) == outcome(cls, value)
        assert outcome(read, value) == outcome(read_twice, cls, value)
        expected = outcome(lambda value: as_json_sees(dict(cls(value))), value)
        assert outcome(lambda value: as_json_sees(render(cls(value))), value) == expected
