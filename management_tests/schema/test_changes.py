"""Which changes between two documents break a client: the pairs, and the table of rules."""

import contextlib
import copy
import json
import random
from pathlib import Path

import pytest

from django_apistar.schema.changes import UnreadableError, compare
from django_apistar.schema.changes.rules import LEVELS, RULES
from management_tests.support.rule_examples import build_operation, fire
from management_tests.support.rules_page import MARK, PAGE, make_reference

pytestmark = pytest.mark.once

PAIRS = json.loads((Path(__file__).parent / 'schema_pairs.json').read_text())
# What the command says of each change, whole: of schemas as a request and as a response has them.
TOLD = json.loads((Path(__file__).parent / 'told_changes.json').read_text())


def get_strictest(report):
    """Return the level of the gravest change, 'none' without."""
    levels = [change.level for change in report.changes]
    return min(levels, key=LEVELS.index, default='none')


@pytest.mark.parametrize('pair', PAIRS, ids=lambda pair: pair['change'])
def test_a_pair_is_judged_by_what_a_client_meets(pair):
    report = compare(pair['before'], pair['after'])

    allowed = {
        'error': ['error'], 'warning': ['error', 'warning'], 'none': ['info', 'none'],
        'info': [*LEVELS, 'none'],
    }  # fmt: skip
    assert get_strictest(report) in allowed[pair['level']], report.changes
    assert report.remarks == ()


@pytest.mark.parametrize('case', TOLD, ids=lambda case: case['change'])
def test_what_is_told_of_a_change_from_level_to_example(case):
    """The words of `keywords`, `forms`, `scalars`, `regexes`, `swagger`, `walk` and `samples`."""
    documents = case['before'], case['after']
    if 'document' in case:
        assert tell(*documents) == case['document']
        return
    for direction in ('request', 'response'):
        operations = (build_operation(direction, schema) for schema in documents)
        whole = ({'openapi': '3.1.0', 'paths': {'/p/': {'post': one}}} for one in operations)
        assert tell(*whole) == case[direction]


def test_documents_without_names_are_the_old_and_the_new_one():
    definitions, paths = {'$schema': 'x', '$defs': {}}, {'openapi': '3.1.0', 'paths': {}}

    assert tell(definitions, paths) == [
        'The old document is JSON Schema and the new document is OpenAPI: they cannot be compared.'
    ]
    assert tell(paths, {}) == ['the new document is neither OpenAPI, Swagger nor JSON Schema.']


def tell(before, after):
    try:
        report = compare(before, after)
    except UnreadableError as exc:
        return [str(exc)]
    lines = (f'{each.level} {each.rule} {each.place}: {each.message}' for each in report.changes)
    return [*lines, *report.remarks]


@pytest.mark.parametrize('rule', RULES.values(), ids=lambda rule: rule.id)
def test_the_example_of_a_rule_is_named_by_it(rule):
    named = {(change.rule, change.level) for change in fire(rule).changes}

    assert (rule.id, rule.level) in named


@pytest.mark.parametrize('rule', RULES.values(), ids=lambda rule: rule.id)
def test_an_example_that_stays_as_it_is_is_no_change(rule):
    same = {**vars_of(rule), 'after': rule.before}

    assert fire(type(rule)(**same)).changes == ()


def vars_of(rule):
    return {name: getattr(rule, name) for name in rule.__dataclass_fields__}


def test_every_rule_has_its_entry_in_the_documentation():
    """With the texts and examples of `document_rules` and `schema_rules`."""
    _, mark, reference = PAGE.read_text().partition(MARK)

    assert mark, f'{PAGE.name} has no place for the rules'
    assert reference == make_reference(), 'run python -m management_tests.support.rules_page'


ODD = (None, 1, 'x', [], {}, True, [None], {'a': None}, {'$ref': 1}, {'$ref': '#/nope'}, -1, 'é')


def iter_places(node):
    """Yield (holder, key) of everything in *node*."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, child in list(items):
        yield node, key
        if isinstance(child, (dict, list)):
            yield from iter_places(child)


def test_a_document_that_is_odd_anywhere_is_compared_or_refused():
    choose = random.Random(0).choice
    for _ in range(600):
        pair = copy.deepcopy(choose(PAIRS))
        for _ in range(2):
            holder, key = choose(list(iter_places({'': pair[choose(['before', 'after'])]})))
            holder[key] = copy.deepcopy(choose(ODD))
        if isinstance(pair['before'], dict) and isinstance(pair['after'], dict):
            with contextlib.suppress(UnreadableError):
                compare(pair['before'], pair['after'])


def get(name):
    schema = {'$ref': f'#/components/schemas/{name}'}
    answer = {'description': '', 'content': {'application/json': {'schema': schema}}}
    return {'get': {'responses': {'200': answer}}}


def describe_tree(kind):
    """Return a document of two schemas that hold each other; one has a scalar of *kind*."""
    leaf = {'type': 'object', 'required': ['parent', 'tag'], 'properties': {
        'parent': {'$ref': '#/components/schemas/Tree'}, 'tag': {'type': 'string'},
    }}  # fmt: skip
    tree = {'type': 'object', 'required': ['child', 'x'], 'properties': {
        'child': {'$ref': '#/components/schemas/Leaf'}, 'x': {'type': kind},
    }}  # fmt: skip
    return {
        'openapi': '3.1.0', 'info': {'title': '', 'version': ''},
        'paths': {'/a-tree': get('Tree'), '/leaf': get('Leaf')},
        'components': {'schemas': {'Leaf': leaf, 'Tree': tree}},
    }  # fmt: skip


def test_what_is_assumed_of_a_schema_within_itself_is_not_believed_elsewhere():
    report = compare(describe_tree('string'), describe_tree('integer'))

    assert [(change.rule, change.path, change.where) for change in report.changes] == [
        ('response-type-widened', '/a-tree', 'the response.x'),
        ('response-type-widened', '/leaf', 'the response.parent.x'),
    ]


@pytest.mark.parametrize('name', ['Accept', 'Content-Type', 'Authorization'])
def test_a_header_that_openapi_reserves_is_no_parameter(name):
    parameter = {'name': name, 'in': 'header', 'required': True, 'schema': {'type': 'string'}}
    before, after = describe_tree('string'), describe_tree('string')
    after['paths']['/leaf']['get']['parameters'] = [parameter]

    assert compare(before, after).changes == ()

    parameter['name'] = 'X-Accept'
    assert [change.rule for change in compare(before, after).changes] == [
        'request-required-parameter-added'
    ]


@pytest.mark.parametrize(
    ('place', 'style'),
    [('query', 'form'), ('cookie', 'form'), ('path', 'simple'), ('header', 'simple')],
)
def test_a_style_that_is_the_default_may_be_written_or_not(place, style):
    parameter = {'name': 'x', 'in': place, 'required': True, 'schema': {'type': 'array'}}
    before, after = describe_tree('string'), describe_tree('string')
    before['paths']['/leaf']['get']['parameters'] = [parameter]
    after['paths']['/leaf']['get']['parameters'] = [{**parameter, 'style': style}]

    assert compare(before, after).changes == ()
    after['paths']['/leaf']['get']['parameters'][0]['style'] = 'spaceDelimited'
    assert [change.rule for change in compare(before, after).changes] == [
        'request-parameter-style-changed'
    ]


@pytest.mark.parametrize(
    ('rule', 'is_closed', 'expected'),
    [
        ({'maxProperties': 1}, True, []),
        ({'maxProperties': 1}, False, ['request-max-properties-decreased']),
        ({'propertyNames': {'maxLength': 3}}, True, []),
        ({'propertyNames': {'maxLength': 3}}, False, ['request-property-names-narrowed']),
    ],
)
def test_an_object_of_listed_properties_alone_has_no_others_to_count_or_name(
    rule, is_closed, expected
):
    before = {'type': 'object', 'properties': {'a': {'type': 'string'}}}
    if is_closed:
        before['additionalProperties'] = False

    changes = compare(take(before), take({**before, **rule})).changes

    assert [change.rule for change in changes] == expected


@pytest.mark.parametrize(
    ('before', 'after'),
    [
        *[(None, shown) for shown in ('password', 'textarea', 'multiline', 'color')],
        ('int32', 'int64'), ('int32', 'float'), ('int32', 'double'), ('float', 'double'),
        ('email', 'idn-email'), ('hostname', 'idn-hostname'), ('uri', 'iri'),
        ('uri', 'uri-reference'), ('uri', 'iri-reference'), ('iri', 'iri-reference'),
        ('uri-reference', 'iri-reference'),
    ],
)  # fmt: skip
def test_a_format_that_takes_as_much_breaks_nobody(before, after):
    """`scalars`"""
    schemas = ({'type': 'string', **({'format': name} if name else {})} for name in (before, after))

    assert [change.level for change in compare(*map(take, schemas)).changes] in ([], ['info'])


def test_a_format_that_takes_something_else_is_told_with_the_one_before():
    before, after = [{'type': 'string', 'format': name} for name in ('hostname', 'email')]

    for build, sentence in (
        (take, "the body must now be of the format 'email'."),
        (give, "the response may now be of another format than 'hostname'."),
    ):
        [change] = compare(build(before), build(after)).changes
        assert (change.level, change.message) == ('error', sentence)


def give(schema):
    document = take({})
    content = {'application/json': {'schema': schema}}
    document['paths']['/'] = {
        'get': {'responses': {'200': {'description': '', 'content': content}}}
    }
    return document


def take(schema):
    body = {'content': {'application/json': {'schema': schema}}, 'required': True}
    operation = {'requestBody': body, 'responses': {'200': {'description': ''}}}
    return {
        'openapi': '3.1.0',
        'info': {'title': '', 'version': ''},
        'paths': {'/': {'post': operation}},
    }
