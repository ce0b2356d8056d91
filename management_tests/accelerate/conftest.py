"""What shows that compiled code does without API Star's own."""

import pytest
from apistar import validators

CLASSES = ('String', 'NumericType', 'Boolean', 'Object', 'Array', 'Union', 'Any')


@pytest.fixture
def asked(monkeypatch):
    """The values that API Star's own `validate` was asked for."""
    values = []

    def record(validate):
        def validate_recorded(self, value, *args, **kwargs):
            values.append(value)
            return validate(self, value, *args, **kwargs)

        return validate_recorded

    for cls in (getattr(validators, name) for name in CLASSES):
        monkeypatch.setattr(cls, 'validate', record(cls.validate))
    return values
