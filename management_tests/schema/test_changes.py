"""Which changes between two documents break a client: the pairs, and the table of rules."""

import contextlib
import copy
import datetime
import itertools
import json
import random
import sys
from pathlib import Path

import pytest

from django_apistar.schema.changes import UnreadableError, compare, samples
from django_apistar.schema.changes.forms import get_forms
from django_apistar.schema.changes.regexes import UnsureError, make_texts
from django_apistar.schema.changes.regexes import fits as matches
from django_apistar.schema.changes.rules import LEVELS, RULES
from django_apistar.schema.changes.sources import Source
from management_tests.support.odd_documents import DOCUMENTS, FILE, tell_odd
from management_tests.support.rule_examples import build_operation, fire
from management_tests.support.rules_page import MARK, PAGE, make_reference

pytestmark = pytest.mark.once

PAIRS = json.loads((Path(__file__).parent / 'schema_pairs.json').read_text())
# What the command says of each change, whole: of schemas as a request and as a response has them.
TOLD = json.loads((Path(__file__).parent / 'told_changes.json').read_text())

# Schemas, and the values by which they are told apart from others.
TRIED = json.loads((Path(__file__).parent / 'tried_values.json').read_text())


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
    for neither in ({}, {**definitions, 'paths': {}}):
        assert tell(paths, neither) == [
            'the new document is neither OpenAPI, Swagger nor JSON Schema.'
        ]


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


@pytest.mark.parametrize(
    ('pattern', 'texts'),
    [
        ('a', ['a', 'xax']), ('^(a|b)$', ['a', 'b']), ('^(ab|cd|e)f$', ['abf', 'cdf', 'ef']),
        ('^.b$', ['ab', 'bb', '1b', '-b']), ('^(?=a)a$', ['a']), ('^é?$', ['', 'é']),
        ('^ab?c*$', ['a', 'abc', 'abcc', 'abccc']), ('^a+?b$', ['ab', 'aab', 'aaab', 'aaaab']),
        ('^a{3}b{0,2}$', ['aaa', 'aaab', 'aaabb']), ('^a{2,}$', ['aa', 'aaa', 'aaaa', 'aaaaa']),
        ('^[a-c]+$', ['a', 'ca', 'aca', 'caca']),
        ('^[a-cx]{2,4}$', ['ax', 'xaxx', 'xax', 'axax', 'xaxa']),
        ('^[^a]$', ['z', 'Z', '9', '-']), ('^[^zZ0-9]$', ['-']), ('^[^zZ9-]$', ['é']),
        ('^(?:a|[^b])c$', ['ac', 'Zc', '-c']), ('^[\\d\\s]$', ['7', ' ']), ('^\\d{2}$', ['77']),
        ('^\\w\\s\\W$', ['w -']), ('^\\D\\S$', ['xy']), ('(', []),
        ('^[[]a$', ['[a']), ('^[^x-|]{2}$', ['ZZ', 'Z9', '9-', '-Z']), ('^(a+)+$', []),
        ('^.{3}$', ['ab1', 'b1-', '1-a', '-ab']),
        ('^(a{0,2})+$', []), ('^(ab?)+$', ['a', 'abab', 'ababa', 'abaabab']), ('^(a|b*)+$', []),
        ('^[^z-|]{2}$', ['ZZ', 'Z9', '9-', '-Z']), ('^[^x-z]{2}$', ['ZZ', 'Z9', '9-', '-Z']),
        ('^[^z]{2}$', ['ZZ', 'Z9', '9-', '-Z']), ('^[^z-]{2}$', ['ZZ', 'Z9', '9é', 'éZ']),
        ('^a?b?c?d?e?f?g?$', ['', 'abcdefg']), ('[^zZ9é-]', ['xzx']),
        ('^a{400}$', ['a' * 400]), ('^a{401}$', []),
    ],
)  # fmt: skip
def test_what_is_tried_of_a_pattern(pattern, texts):
    """`regexes`"""
    assert list(make_texts(pattern)) == texts


@pytest.mark.parametrize(
    ('pattern', 'texts'),
    [
        ('^a++b$', ['ab', 'aab', 'aaab', 'aaaab']), ('^(a++)+$', []),
        ('^(?>ab|c)d$', ['abd', 'cd']), ('^(?>(a+))+$', []),
    ],
)  # fmt: skip
def test_what_is_tried_of_a_pattern_that_python_knows_since_3_11(pattern, texts):
    """`regexes`"""
    assert list(make_texts(pattern)) == (texts if sys.version_info >= (3, 11) else [])


A_SCHEMA = '#/components/schemas/A'


@pytest.mark.parametrize('case', TRIED, ids=lambda case: case['what'])
def test_what_is_tried_of_a_schema(case):
    """`samples`"""
    itself = {'type': 'array', 'items': {'anyOf': [{'$ref': A_SCHEMA}, {'const': 1}]}}
    source = Source({'components': {'schemas': {'A': itself}}}, '3.1')
    hints = samples.Hints()
    hints.collect(source, case['schema'])
    sampler = samples._Sampler(source, hints)

    tried = [
        value
        for kind in samples.ORDER
        for form in get_forms(source, case['schema'], kind)
        for value in itertools.islice(sampler.sample(form, samples.DEEPEST), samples.MOST)
    ]
    # As text: True is no 1.
    assert json.dumps(tried) == json.dumps(case['tried'])


def test_a_pattern_is_asked_about_no_longer_text():
    longest = 400 * 'a'

    assert matches('^a*$', longest) is True
    assert matches('^b*$', longest) is False
    with pytest.raises(UnsureError):
        matches('^a*$', longest + 'a')


STRING, INTEGER = {'type': 'string'}, {'type': 'integer'}
UNREAD = {'not': {'pattern': '(a+)+$'}}


def lists(depth, leaf):
    for _ in range(depth):
        leaf = {'type': 'array', 'items': leaf}
    return leaf


def objects(depth, leaf):
    for _ in range(depth):
        leaf = {'type': 'object', 'properties': {'a': leaf}}
    return leaf


def needed(depth, leaf):
    for _ in range(depth):
        leaf = {'type': 'object', 'properties': {'a': leaf}, 'required': ['a']}
    return leaf


def many(number, leaf):
    return {'type': 'object', 'properties': {f'p{name}': leaf for name in range(number)}}


def one_of(*sizes):
    return {'anyOf': [{'type': 'string', 'maxLength': size} for size in sizes]}


def row(*items):
    return {'type': 'array', 'prefixItems': items, 'items': False}


def between(most, **words):
    return {'type': 'integer', 'minimum': 1, 'maximum': most, **words}


# By what is counted: two schemas with so many of it, and what is told of the most and of one more.
REACHES = {
    'schemas within schemas': (
        lambda n: (lists(n, STRING), lists(n, INTEGER)), 59,
        [f'the body{"[]" * 59} no longer takes string. Example: "".'], [],
    ),
    'schemas within schemas whose words are compared': (
        lambda n: (objects(n, {**STRING, 'default': 'a'}), objects(n, {**STRING, 'default': 'b'})),
        12, [f'the body{".a" * 12} has the default "b", before "a".'], [],
    ),
    'findings of two schemas': (
        lambda n: (many(n, STRING), many(n, INTEGER)), 100,
        *[[f'the body.p{n} no longer takes string. Example: "".' for n in range(100)]] * 2,
    ),
    'a size that is tried': (
        lambda n: ({'type': 'array', 'items': UNREAD, 'minItems': n - 1},
                   {'type': 'array', 'items': UNREAD, 'minItems': n}), 60,
        ['the body is now limited by minItems 60, before 59. No value was found that proves it.'],
        ['the body is now limited by minItems 61, before 60.'],
    ),
    'alternatives': (
        lambda n: (one_of(*range(1, n + 1)), one_of(*range(n))), 48,
        [f'the body is now limited by maxLength 0, before 48. Example: "{"x" * 48}".'], [],
    ),
    'positions': (
        lambda n: (row(*[STRING] * n), row(*[STRING] * (n - 1), INTEGER)), 200,
        ['the body[199] no longer takes string. Example: "".'],
        ['the body[] no longer takes string. Example: "".'],
    ),
    'positions of a closed list': (
        lambda n: (row(*[STRING] * n), {'type': 'array', 'maxItems': n - 1}), 200,
        ['the body is now limited by maxItems 199, before 200.'],
        ['the body is now limited by maxItems 200.'],
    ),
    'needed properties that no value fits': (
        lambda n: (needed(n, {**STRING, 'minLength': 2, 'maxLength': 1}), STRING), 3, [],
        ['the body no longer takes object. No value was found that proves it.'],
    ),
    'objects within what is not to fit': (
        lambda n: (needed(n, INTEGER),
                   {'allOf': [needed(n, INTEGER), {'not': needed(n, STRING)}]}), 3, [],
        [('the body must now be outside of more (not, oneOf). '
          'No value was found that proves it.')],
    ),
    'integers between two bounds': (
        lambda n: (between(n + 1), {'type': 'integer', 'enum': [*range(1, n + 2)]}), 64, [],
        [('the body now takes nothing but 1, 2, 3, 4, 5, 6, …. '
          'No value was found that proves it.')],
    ),
}  # fmt: skip


@pytest.mark.parametrize('name', REACHES)
def test_how_far_two_schemas_are_compared(name):
    """`schemas`, `annotations`, `findings`, `judges`, `forms`, `arrays`, `scalars`"""
    build, most, *expected = REACHES[name]

    found = []
    for number in (most, most + 1):
        bodies = [build_operation('request', schema) for schema in build(number)]
        report = compare(*({'openapi': '3.1.0', 'paths': {'/p/': {'post': x}}} for x in bodies))
        messages = [
            change.message for change in report.changes if 'takes more' not in change.message
        ]
        found.append(messages)

    assert found == expected


def test_how_many_places_are_told_that_take_more():
    """`schemas`, `findings`"""
    before, after = (take(many(101, {'type': kind})) for kind in ('string', ['string', 'null']))

    assert tell(before, after) == [
        f'info request-takes-more POST /: the body.p{n} takes more than before.' for n in range(100)
    ]


# Of each size: a schema whose values cannot be asked about.
SIZES = {
    'Length': {'type': 'string', 'pattern': '(a+)+$'},
    'Items': {'type': 'array', 'items': UNREAD},
    'Properties': {'type': 'object', 'additionalProperties': UNREAD},
}


@pytest.mark.parametrize('noun', SIZES)
def test_a_size_whose_values_are_not_tried_is_no_doubt(noun):
    """`findings`"""
    told = []
    for word, before, after in (
        (f'min{noun}', 59, 60), (f'min{noun}', 60, 61),
        (f'max{noun}', 60, 59), (f'max{noun}', 61, 60),
    ):  # fmt: skip
        schemas = ({**SIZES[noun], word: size} for size in (before, after))
        [change] = compare(*map(take, schemas)).changes
        told.append((change.level, change.message))

    doubt = ' No value was found that proves it.'
    start = 'the body is now limited by'
    assert told == [
        ('warning', f'{start} min{noun} 60, before 59.{doubt}'),
        ('error', f'{start} min{noun} 61, before 60.'),
        ('warning', f'{start} max{noun} 59, before 60.{doubt}'),
        ('error', f'{start} max{noun} 60, before 61.'),
    ]


def test_how_deep_a_document_is_read():
    """`documents`"""
    shallow, deep = ({'openapi': '3.1.0', 'x-deep': json.loads('[' * n + ']' * n)}
                     for n in (399, 400))  # fmt: skip

    assert tell(shallow, {'openapi': '3.1.0'}) == []
    assert tell(deep, {'openapi': '3.1.0'}) == ['The old document is deeper than 400 levels.']


def test_what_is_too_deep_in_one_place_is_compared_in_another():
    """`schemas`"""
    documents = []
    for leaf in (STRING, INTEGER):
        inner = lists(59, leaf)
        holders = (('/outer/', objects(1, inner)), ('/inner/', inner))
        paths = {path: {'post': build_operation('request', schema)} for path, schema in holders}
        documents.append({'openapi': '3.1.0', 'paths': paths})

    [told] = tell(*documents)
    place = f'the body{"[]" * 59}'
    assert told == (
        f'error request-type-narrowed POST /inner/: {place} no longer takes string. Example: "".'
    )


@pytest.mark.parametrize(('number', 'is_followed'), [(62, True), (63, False)])
def test_how_many_references_are_followed(number, is_followed):
    """`sources`"""

    def build(leaf):
        chain = {f's{at}': {'$ref': f'#/components/parameters/s{at + 1}'} for at in range(number)}
        chain[f's{number}'] = {'in': 'query', 'name': 'q', 'schema': leaf}
        first = {'parameters': [{'$ref': '#/components/parameters/s0'}], 'responses': {}}
        return {'openapi': '3.1.0', 'paths': {'/p/': {'get': first}},
                'components': {'parameters': chain}}  # fmt: skip

    [told] = tell(build(STRING), build(INTEGER))

    assert told == (
        "error request-type-narrowed GET /p/: the query parameter 'q' no longer takes string. "
        'Example: "".'
        if is_followed
        else 'GET /p/: a parameter cannot be compared: not well-formed.'
    )


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


@pytest.mark.parametrize('name', DOCUMENTS)
def test_what_is_told_of_a_part_that_is_not_well_formed(name):
    """`comparing`, `judges`, `parameters`, `responses`, `bodies`, `documents`, `walk`, `swagger`"""
    assert tell_odd(DOCUMENTS[name]) == json.loads(FILE.read_text())[name]


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


def test_a_sunset_is_past_on_its_day():
    """`lifecycle`"""
    today = str(datetime.datetime.now(datetime.timezone.utc).date())
    operation = {'deprecated': True, 'x-sunset': today, 'responses': {}}

    assert tell(
        {'openapi': '3.1.0', 'paths': {'/p/': {'get': operation}}},
        {'openapi': '3.1.0', 'paths': {}},
    ) == [f'info removed-after-sunset /p/: it was removed after its sunset, {today}.']


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


@pytest.mark.parametrize('kind', ['number', 'integer', 'boolean', 'null'])
def test_a_parameter_that_is_free_text_takes_what_the_type_before_is_written_as(kind):
    """`texts`"""
    parameter = {'name': 'x', 'in': 'query', 'schema': {'type': kind}}
    before, after = describe_tree('string'), describe_tree('string')
    before['paths']['/leaf']['get']['parameters'] = [parameter]
    after['paths']['/leaf']['get']['parameters'] = [{**parameter, 'schema': {'type': 'string'}}]

    assert tell(before, after) == [
        "info request-takes-more GET /leaf: the query parameter 'x' takes more than before."
    ]


@pytest.mark.parametrize(
    ('before', 'after', 'rule'),
    [
        ({'minimum': 10**400}, {'multipleOf': 3}, 'request-multiple-of-narrowed'),
        ({'multipleOf': 10**400}, {'maximum': 10**400}, 'request-maximum-decreased'),
    ],
)
def test_an_integer_beyond_floats_is_compared_as_any_other(before, after, rule):
    changes = compare(take({'type': 'number', **before}), take({'type': 'number', **after})).changes

    assert rule in [change.rule for change in changes]


NO_OTHERS = {'additionalProperties': False}
X_ALONE = {**NO_OTHERS, 'patternProperties': {'^x': {}}}  # others of such a name alone


@pytest.mark.parametrize(
    ('rule', 'others', 'expected'),
    [
        ({'maxProperties': 1}, NO_OTHERS, []),
        ({'maxProperties': 1}, {}, ['request-max-properties-decreased']),
        ({'maxProperties': 1}, X_ALONE, ['request-max-properties-decreased']),
        ({'propertyNames': {'maxLength': 3}}, NO_OTHERS, []),
        ({'propertyNames': {'maxLength': 3}}, {}, ['request-property-names-narrowed']),
        ({'propertyNames': {'maxLength': 3}}, X_ALONE, ['request-property-names-narrowed']),
    ],
)
def test_an_object_of_listed_properties_alone_has_no_others_to_count_or_name(
    rule, others, expected
):
    before = {'type': 'object', 'properties': {'a': {'type': 'string'}}, **others}

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
