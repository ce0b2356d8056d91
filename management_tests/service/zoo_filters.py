"""FilterSets of the zoo, and all that a client may ask of one of its fields."""

import django_filters as filters
from apistar import Route
from django.db import models

from django_apistar.api import filter_problems
from management_tests.service.zoo import FIELDS, Zoo
from management_tests.support.oracle import Accelerated, ask, build

OFTEN = ('exact', 'gt', 'in', 'contains', 'regex')
HUGE = str(10**30)
FEW = ['abc', '1,1', HUGE, '[', 'a%00', '0001-01-01T00:00:00%2B14:00', '999999999 00:00:00']
ONE_OF_EACH = {type(field): name for name, (field, *_) in FIELDS.items()}.values()
TEXT = {'filter_class': filters.CharFilter}


def list_lookups(field):
    """Yield 'gt', 'year', and those of what a transform gives: 'year__gt'."""
    for name, lookup in field.get_lookups().items():
        yield name
        if issubclass(lookup, models.Transform):
            output = lookup(models.F('x'))._output_field_or_none or models.TextField()
            known = output.get_lookups()
            yield from (f'{name}__{further}' for further in OFTEN if further in known)


def make_filter_set(**attrs):
    meta = {
        'model': Zoo, 'fields': [],
        'filter_overrides': {models.JSONField: TEXT, models.FileField: TEXT},
    }  # fmt: skip
    meta.update(attrs.pop('meta', {}))
    attrs |= {'Meta': type('Meta', (), meta), '__module__': __name__}
    return type('ZooFilter', (filters.FilterSet,), attrs)


def build_app(filter_set, app_class=Accelerated):
    def count(zoos):
        return {'count': zoos.qs.count()}

    count.__annotations__['zoos'] = filter_set
    return build(app_class, Route('/', 'GET', count))


def list_problems(filter_set):
    found = filter_problems.find_problems(build_app(filter_set))
    return {problem.message.split("'")[1]: problem for problem in found}


def find_readers(model, name, classes):
    """Return the lookups of a field by the names of *classes* that they take, without an E026."""
    readers = {}
    for lookup in sorted(model._meta.get_field(name).get_lookups()):
        declared = {of: cls(field_name=name, lookup_expr=lookup) for of, cls in classes.items()}
        found = list_problems(make_filter_set(meta={'model': model}, **declared))
        taken = ' '.join(of for of in classes if of not in found) if found else 'any'
        readers[taken] = f'{readers.get(taken, "")} {lookup}'.strip()
    return readers


def sweep(name, values):
    """Send each of *values* to all filters of the field *name*, and then to those that took it."""
    lookups = {name: [*list_lookups(Zoo._meta.get_field(name))]}
    broken = list_problems(make_filter_set(meta={'fields': lookups}))
    lookups[name] = [item for item in lookups[name] if f'{name}__{item}' not in broken]
    filter_set = make_filter_set(meta={'fields': lookups})
    app, names = build_app(filter_set), list(filter_set.base_filters)
    for value in values:
        asked = names
        while asked:
            answer = ask(app, query='&'.join(f'{each}={value}' for each in asked))
            if answer.code == 200:
                break
            assert answer.code == 400, (name, value, asked)
            refused = answer.json()
            assert set(refused) <= set(asked), (name, value, refused)
            asked = [each for each in asked if each not in refused]
