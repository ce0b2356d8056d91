"""Through real Types and the real command: what is refused now, and was taken, is named."""

import contextlib
import io
import json
import os
import random

import pytest
from apistar import Route, types, validators
from apistar.exceptions import ValidationError
from django.core.management import CommandError, call_command

from django_apistar import schema
from django_apistar.routes.entries import walk_apistar
from management_tests.support.schema_pairs import NUMBERS, PATTERNS, TEXTS, Maker

pytestmark = pytest.mark.once

COUNT = 2000 if os.environ.get('PROOF') == 'full' else 250


class Validators:
    """Makes API Star's validators at random, and others that differ from them a little."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def some(self, chance, **options):
        return options if self.random.random() < chance else {}

    def make(self, depth=2):
        kinds = ['string', 'number', 'integer', 'boolean', 'any']
        kinds += ['object', 'object', 'array', 'union'] if depth else []
        made = getattr(self, self.random.choice(kinds))(depth)
        if self.random.random() < 0.1 and not isinstance(made, validators.Any):
            made.allow_null = True
        return made

    def string(self, depth):
        choose = self.random.choice
        return validators.String(
            **self.some(0.3, max_length=self.random.randint(0, 5)),
            **self.some(0.3, min_length=self.random.randint(0, 3)),
            **self.some(0.2, pattern=choose(PATTERNS)),
            **self.some(0.2, enum=self.random.sample(TEXTS[:5], 2)),
        )

    def bounds(self):
        choose = self.random.choice
        return {
            **self.some(0.4, minimum=choose(NUMBERS), exclusive_minimum=choose([True, False])),
            **self.some(0.4, maximum=choose(NUMBERS), exclusive_maximum=choose([True, False])),
            **self.some(0.2, multiple_of=choose([1, 2, 3, 4])),
        }

    def number(self, depth):
        return validators.Number(**self.bounds())

    def integer(self, depth):
        return validators.Integer(**self.bounds())

    def boolean(self, depth):
        return validators.Boolean()

    def any(self, depth):
        return validators.Any()

    def union(self, depth):
        # Not of Any: that takes null, and a Union of it does not, which no document says.
        return validators.Union([self.string(0), self.make_plain(depth - 1)])

    def make_plain(self, depth):
        kinds = ['number', 'boolean'] + (['object', 'array'] if depth else [])
        return getattr(self, self.random.choice(kinds))(depth)

    def array(self, depth):
        items = self.make(depth - 1)
        if self.random.random() < 0.3:
            items = [items, self.make(depth - 1)]
        return validators.Array(
            items=items,
            **self.some(0.3, additional_items=self.random.random() < 0.5),
            **self.some(0.2, min_items=self.random.randint(0, 2)),
            **self.some(0.2, max_items=self.random.randint(0, 3)),
            **self.some(0.2, unique_items=True),
        )

    def object(self, depth):
        names = self.random.sample('abc', self.random.randint(0, 3))
        return validators.Object(
            properties={name: self.make(depth - 1) for name in names},
            **self.some(0.4, required=names[:1]),
            **self.some(
                0.4, additional_properties=self.random.choice([False, self.make(depth - 1)])
            ),
            **self.some(0.2, pattern_properties={'^x': self.make(depth - 1)}),
        )


def build(validator, version):
    kind = type('Box', (types.Type,), {'value': validator})

    def handler(body: kind) -> dict: ...

    routes = [Route('/x/', 'POST', handler, name='x')]
    return schema.build_openapi(list(walk_apistar(routes)), version=version)


def takes(validator, value):
    try:
        validator.validate(value)
    except ValidationError:
        return False
    return True


def find_refused(maker, old, new, document):
    """Return [a value that *old* takes and *new* refuses]."""
    described = document['components']['schemas']['Box']['properties']['value']
    for _ in range(150):
        value = maker.value({'$defs': {}}, described)
        if takes(old, value) and not takes(new, value):
            return [value]
    return []


@pytest.fixture
def compare(tmp_path):
    """Return the levels that the command names from one document to another."""

    def levels(old, new):
        names = [tmp_path / 'old.json', tmp_path / 'new.json']
        for name, document in zip(names, (old, new), strict=True):
            name.write_text(json.dumps(document))
        stdout = io.StringIO()
        options = ['--check', str(names[0]), '--with', str(names[1]), '--report', 'json']
        with contextlib.suppress(CommandError):
            call_command('apistar_docs', *options, stdout=stdout, stderr=io.StringIO())
        return {change['level'] for change in json.loads(stdout.getvalue())['changes']}

    return levels


@pytest.mark.slow
def test_a_value_that_is_no_longer_taken_is_named(compare):
    missed, different = [], 0
    for seed in range(COUNT):
        maker, made = Maker(seed), Validators(seed)
        old, new = made.make(), made.make()
        version = made.random.choice(['3.1', '3.0'])
        documents = build(old, version), build(new, version)
        value = find_refused(maker, old, new, documents[0])
        different += bool(value)
        # OpenAPI 3.0 has no tuples: two lists may be described alike.
        is_told = documents[0] != documents[1]
        if value and is_told and not compare(*documents) & {'error', 'warning'}:
            missed.append((seed, value, documents))

    assert missed == []
    assert different > COUNT / 5
