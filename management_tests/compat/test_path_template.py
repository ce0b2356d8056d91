"""The paths of routes, read into literal text and parameters."""

import pytest

from django_apistar.compat.path_template import (
    CONVERTERS,
    PathParameter,
    explain_refusal,
    get_head,
    get_names,
    get_parameters,
    get_shape,
    parse_path,
    rename,
    split_segments,
    to_uri_template,
    write_path,
    write_rule,
)

pytestmark = pytest.mark.once

A, B = PathParameter('a'), PathParameter('b')
INT, TEXT, REST = (PathParameter('a', name) for name in ('int', 'string', 'path'))
# A path; its parts; as a URI template; as a rule of Werkzeug; with the name 'new' for 'a'.
PATHS = [
    ('', [], '', '', ''),
    ('/a/b', ['/a/b'], '/a/b', '/a/b', '/a/b'),
    ('/{a}/{b}/', ['/', A, '/', B, '/'], '/{a}/{b}/', '/<string:a>/<string:b>/', '/{new}/{b}/'),
    ('/x{a}y', ['/x', A, 'y'], '/x{a}y', '/x<string:a>y', '/x{new}y'),
    ('/{+a}', ['/', REST], '/{+a}', '/<path:a>', '/{+new}'),
    ('/{}', ['/', PathParameter('')], '/{}', '/<string:>', '/{}'),
    ('/{a-b}', ['/', PathParameter('a-b')], '/{a-b}', '/<string:a-b>', '/{a-b}'),
    ('/{é}', ['/', PathParameter('é')], '/{é}', '/<string:é>', '/{é}'),
    ('/{a', ['/{a'], '/{a', '/{a', '/{a'),
    ('/a}', ['/a}'], '/a}', '/a}', '/a}'),
    ('/{{a}}', ['/{', A, '}'], '/{{a}}', '/{<string:a>}', '/{{new}}'),
    ('/<a>', ['/', TEXT], '/{a}', '/<string:a>', '/<new>'),
    ('/<int:a>/', ['/', INT, '/'], '/{a}/', '/<int:a>/', '/<int:new>/'),
    ('/<path:a>', ['/', REST], '/{+a}', '/<path:a>', '/<path:new>'),
    ('/<int(min=1, max=5):a>', ['/', PathParameter('a', 'int', 'min=1, max=5')], '/{a}',
     '/<int(min=1, max=5):a>', '/<int(min=1, max=5):new>'),
    ('/<any(x,y):a>', ['/', PathParameter('a', 'any', 'x,y')], '/{a}', '/<any(x,y):a>',
     '/<any(x,y):new>'),
    ('/<any():a>', ['/', PathParameter('a', 'any')], '/{a}', '/<any:a>', '/<any():new>'),
    ('/<_x:a_1>', ['/', PathParameter('a_1', '_x')], '/{a_1}', '/<_x:a_1>', '/<_x:a_1>'),
    *((path, [path], path, path, path)
      for path in ('/<a-b>', '/<int:>', '/<1a>', '/<é>', '/<int(:a>', '/<:a>', '/< a>')),
    ('/<int:a>{b}/<c>.html', ['/', INT, B, '/', PathParameter('c', 'string'), '.html'],
     '/{a}{b}/{c}.html', '/<int:a><string:b>/<string:c>.html', '/<int:new>{b}/<c>.html'),
]  # fmt: skip


@pytest.mark.parametrize(('path', 'parts', 'template', 'rule', 'renamed'), PATHS)
def test_parts_of_a_path(path, parts, template, rule, renamed):
    """`path_template`"""
    assert parse_path(path) == tuple(parts)
    assert to_uri_template(path) == template
    assert write_path(path, write_rule) == rule
    assert rename(path, 'a', 'new') == renamed
    parameters = [part for part in parts if isinstance(part, PathParameter)]
    assert get_parameters(path) == tuple(parameters)
    assert get_names(path) == [parameter.name for parameter in parameters]
    assert get_head(path) == (parts[0] if parts else '')


def test_a_path_that_begins_with_a_parameter_has_no_head():
    assert get_head('{a}/b') == ''


def test_a_parameter_in_braces_has_the_converter_that_is_given():
    assert write_rule(A, '_int') == '<_int:a>'
    assert write_rule(INT, '_int') == '<int:a>'
    assert [A.takes_slashes, INT.takes_slashes, REST.takes_slashes] == [False, False, True]


@pytest.mark.parametrize(
    ('path', 'segments'),
    [
        ('', [[]]), ('/', [[], []]), ('/a/b', [[], ['a'], ['b']]), ('/{a}', [[], [A]]),
        ('/x{a}y/', [[], ['x', A, 'y'], []]), ('/{a}/{b}', [[], [A], [B]]),
        ('/a//b/', [[], ['a'], [], ['b'], []]), ('/{a}{b}/c', [[], [A, B], ['c']]),
        ('{a}/b', [[A], ['b']]), ('//', [[], [], []]),
    ],
)  # fmt: skip
def test_segments_of_a_path(path, segments):
    assert split_segments(path) == segments


@pytest.mark.parametrize(
    ('path', 'shape'),
    [
        ('/{a}', ('own',)), ('/{+a}', ('path',)), ('/<path:a>', ('path',)), ('/<a>', ('string',)),
        ('/<uuid:a>', ('uuid',)), ('/<string(length=2):a>', ('string', ('regex', "'[^/]{2}'"))),
        ('/<any(y,x):a>', ('any', ('items', "['x', 'y']"))),
        *((f'/<{name}({given}):a>', (
            name, ('fixed_digits', '0'), ('max', 'None'), ('min', least), ('signed', signed)
        )) for name in ('int', 'float') for given, least, signed in (
            ('', 'None', 'False'), ('min=1', '1', 'False'), ('signed=True', 'None', 'True'),
        )),
    ],
)  # fmt: skip
def test_parameters_of_one_shape_take_the_same_values(path, shape):
    [parameter] = get_parameters(path)

    assert get_shape(parameter, 'own') == shape


def test_rules_that_werkzeug_refuses():
    taken = ['/', '/{a}/', '/<int:a>', '/<int(min=1, max=2):a>', '/<any(x,y):a>', '/<uuid:a>']
    refused = ['', '/<1a>', '/<int(min=x):a>', '/<string(minlength=9, maxlength=2):a>', '/{}']

    assert [explain_refusal(path) for path in taken] == [''] * len(taken)
    assert '' not in [explain_refusal(path) for path in refused]
    assert explain_refusal('/<nope:a>') == "the converter 'nope' does not exist"
    assert CONVERTERS == ('any', 'float', 'int', 'path', 'string', 'uuid')
