"""The documentation page /docs/: what it says of a route, and what its samples send."""

from __future__ import annotations

import dataclasses
import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
from apistar import Include, Route, http, types, validators

from django_apistar.application import App
from django_apistar.schema.documentation.examples import build_example
from django_apistar.schema.documentation.links import Operations
from django_apistar.schema.documentation.parts import Parts
from django_apistar.test import TestClient
from django_apistar.types import ModelType
from django_apistar.validators import Decimal, File
from management_tests.support.oracle import Request, ask
from management_tests.support.shop import Ware

# What the page shows of operations of each kind, whole: words, fields, answers and samples.
DOCUMENTED = json.loads((Path(__file__).parent / 'documented_operations.json').read_text())


@pytest.mark.parametrize(('number', 'found'), [(9, {'type': 'string'}), (10, {})])
def test_so_many_references_are_followed(number, found):
    """`parts`"""
    chain = {f'a{at}': {'$ref': f'#/a{at + 1}'} for at in range(number)}

    assert Parts({**chain, f'a{number}': {'type': 'string'}}).follow(chain['a0']) == found


class Pie(types.Type):
    example = {'name': 'Apple <pie>', 'slices': 8}

    name = validators.String(max_length=20, description='As *baked*.')
    slices = validators.Integer(minimum=1, maximum=12)
    size = validators.String(enum=['s', 'l'], allow_null=True)


def bake(pie: Pie) -> Pie:
    """Bake **a pie**.

    [A link](javascript:alert(1)), <script>alert(2)</script> and `code`.
    """


def find(pie_id: int, since: str) -> None:
    return http.Response(b'', 204)


def upload(data: http.RequestData) -> str: ...


upload.openapi = {  # type: ignore[attr-defined]
    'tags': ['other'],  # so that nobody describes its Include
    'requestBody': {'content': {
        'application/json': None,
        'multipart/form-data': {'schema': {'type': 'object', 'properties': {
            'title': {'type': 'string'}, 'photo': {'type': 'string', 'format': 'binary'},
        }}},
    }},
}  # fmt: skip


class Sale(ModelType):
    class Meta:
        model = Ware
        fields = ['id', 'name', 'price']
        read_only = ['id']


class Photo(types.Type):
    title = validators.String()
    photo = File(allow_null=True)


def sell(sale: Sale) -> Sale: ...


def send_photo(photo: Photo) -> Photo: ...


routes = [
    Route('/pies/', 'POST', bake),
    Route('/pies/{pie_id}/', 'GET', find),
    Route('/photos/', 'POST', upload),
]


@pytest.fixture
def read_page(settings: Any) -> Any:
    settings.APISTAR_ROUTE_CONF = __name__

    def read(**keys: Any) -> str:
        settings.APISTAR_SETTINGS = {'DOCS_URL': '/docs/', 'TITLE': 'A & B', **keys}
        return TestClient().get('/docs/').text

    return read


def find_samples(page: str, language: str) -> list[str]:
    found = re.findall(rf'data-language="{language}"><code>(.*?)</code></pre>', page, re.DOTALL)
    return [html.unescape(code) for code in found]


def test_samples_send_what_fits_and_read_what_comes(read_page):
    page = read_page()

    baked, found, _ = find_samples(page, 'curl')
    assert baked == (
        "curl http://testserver/pies/ \\\n  -H 'Content-Type: application/json' \\\n"
        '  -d \'{"name": "Apple <pie>", "slices": 8}\''
    )
    assert found == "curl 'http://testserver/pies/1/?since=since'"
    assert find_samples(page, 'python')[1].endswith('print(response.status_code)')
    assert find_samples(page, 'javascript')[1].endswith('console.log(response.status);')
    assert find_samples(page, 'python')[2].endswith('print(response.text)')


def find_sample_of(route, language):
    app = App([route], docs_url='/docs/', static_url='/static/')
    [sample] = find_samples(ask(app, '/docs/').body.decode(), language)
    return sample


def test_a_sample_sends_no_read_only_field_and_a_decimal_as_text():
    sample = find_sample_of(Route('/sales/', 'POST', sell), 'curl')

    assert sample.endswith(""" -d '{"name": "name", "price": "1.00"}'""")


@pytest.mark.parametrize(
    ('digits', 'places', 'sent'),
    [(5, 2, '1.00'), (3, 1, '1.0'), (2, 0, '1'), (2, 2, '0.10'), (1, 1, '0.1')],
)
def test_the_decimal_of_a_sample_has_its_digits(digits, places, sent):
    decimal = Decimal(max_digits=digits, decimal_places=places)
    schema = decimal.build_schema(None)

    assert decimal.validate(build_example(schema, dict)) == decimal.validate(sent)
    assert build_example(schema, dict) == sent


@pytest.mark.parametrize(
    ('language', 'part'),
    [
        ('curl', '-F title=title \\\n  -F photo=@photo.png'),
        ('python', "files={'photo': open('photo.png', 'rb')}"),
        ('javascript', 'new Blob(["…"], {type: "image/png"}), "photo.png");'),
    ],
)
def test_a_sample_of_a_form_sends_its_file(language, part):
    assert part in find_sample_of(Route('/photos/', 'POST', send_photo), language)


def test_the_address_in_samples_is_that_of_servers(read_page):
    page = read_page(SERVERS=[{'url': '/{v}', 'variables': {'v': {'default': 'v1'}}}])
    other = read_page(SERVERS=["https://pies.example/it's/"])
    upper = read_page(SERVERS=['https://pies.example/vX/'])

    assert 'http://testserver/v1/pies/' in find_samples(page, 'curl')[0]
    assert 'https://pies.example/it%27s/pies/' in find_samples(other, 'curl')[0]
    assert 'https://pies.example/vX/pies/' in find_samples(upper, 'curl')[0]
    for odd in ('//[::1', {}, {'url': '/{v}', 'variables': {'v': {}}}):
        assert 'curl http://testserver/pies/ ' in find_samples(read_page(SERVERS=[odd]), 'curl')[0]


@pytest.mark.parametrize('given', [{'SCRIPT_NAME': '/mnt'}, {'SCRIPT_NAME': ''}, {}])
def test_samples_have_the_prefix_under_which_the_app_is_asked(given):
    app = App([Route('/pies/', 'POST', bake)], docs_url='/docs/', static_url='/static/')
    environ = Request('/docs/').build_environ()
    environ.pop('SCRIPT_NAME', None)  # which a server may leave out where it is empty

    page = b''.join(app({**environ, **given}, lambda *args: None)).decode()

    prefix = given.get('SCRIPT_NAME', '')
    assert f'curl http://testserver{prefix}/pies/ ' in find_samples(page, 'curl')[0]


def test_markdown_is_rendered_and_html_is_text(read_page):
    page = read_page(DESCRIPTION='# Hi\n\n<img src=x onerror=alert(3)>')

    assert '<strong>a pie</strong>' in page
    assert '<em>baked</em>' in page
    assert '<code>code</code>' in page
    assert '&lt;script&gt;alert(2)&lt;/script&gt;' in page
    assert '&lt;img src=x' in page
    assert 'href="javascript' not in page


def test_a_route_has_its_fields_limits_and_answers(read_page):
    page = read_page()
    start = page.index('<h3 id="bake"')
    text = html.unescape(re.sub('<[^>]+>', ' ', page[start : page.index('<h3', start + 1)]))

    words = ' '.join(text.split())
    assert 'Body Pie application/json' in words
    assert 'slices required integer at least 1, at most 12' in words
    assert 'size string or null s, l' in words
    assert re.search(r'200 OK Pie .* 400 The request is malformed', words)


def test_the_title_is_the_brand(read_page):
    assert '<h1 class="brand"><a href="#">A &amp; B</a></h1>' in read_page()


def test_a_template_of_the_project_replaces_a_part(tmp_path):
    template = tmp_path / 'apistar/docs/layout/sidebar.html'
    template.parent.mkdir(parents=True)
    template.write_text('<p>{{ document.get_links()|length }} own</p>')
    app = App(routes, template_dir=str(tmp_path), docs_url='/docs/', static_url='/static/')

    body = ask(app, '/docs/').body

    assert b'<p>3 own</p>' in body
    assert b'<h3 id="bake"' in body


LISTED = """
{%- macro show(link) %}
{{ link.name }} {{ link.method }} {{ link.url }} {{ link.fields|map(attribute='name')|join('+') }}
{%- set words = (link.description or '')[:4] %}
{{- ' ' ~ (link.encoding, link.response is none, words, link.operation.body_kind) }}
{%- endmacro %}
{{- (document.title, document.version, document.description, langs, schema_url) }}
{%- for item in document.content %}{% if item.content is defined %}
{{ item.name }} [{{ item.description }}]{% for link in item.content %}{{ show(link) }}{% endfor %}
{%- else %}{{ show(item) }}{% endif %}{% endfor %}
<!-- </body> -->
</body>"""
SHOWN = """(Pies, 2.0, All, [javascript, python, curl], )
bake POST /pies/ pie (application/json, False, Bake, Pie)
find GET /pies/{pie_id}/ pie_id+since (None, True, , )
find_2 GET /pies/{since}/{pie_id}/ pie_id+since (None, True, , )
find_3 GET /{pie_id}/ pie_id+since (None, True, , )
shop [What is sold.]
find GET /shop/{pie_id} pie_id+since (None, True, , )
shop:inner [Under /shop/inner.]
find GET /shop/inner/{+pie_id} pie_id+since (None, True, , )
all GET /shop/inner/ pie_id+since (None, True, , )
own []
upload POST /own/  (None, True, , anything)
<!-- </body> -->
<script nonce="N" src="/static/django_apistar/docs.js"></script>
    </body>"""


def test_a_template_has_each_route_once_with_its_whole_path_and_a_name_of_its_own(tmp_path):
    """`served`, `page`"""
    template = tmp_path / 'apistar/docs/index.html'
    template.parent.mkdir(parents=True)
    template.write_text(LISTED)
    finding = [Route('/{+pie_id}', 'GET', find), Route('/', 'GET', find, name='all')]
    shop = [
        Route('/{pie_id}', 'GET', find), Include('/inner', 'inner', finding),
        Include('/hidden', 'hidden', [Route('/', 'GET', find)], documented=False),
    ]  # fmt: skip
    app = App(
        [
            Route('/pies/', 'POST', bake), Route('/pies/{pie_id}/', 'GET', find),
            Route('/pies/{since}/{pie_id}/', 'GET', find), Route('/{pie_id}/', 'GET', find),
            Include('/shop', 'shop', shop), Include('/own', 'own', [Route('/', 'POST', upload)]),
        ],
        template_dir=str(tmp_path), docs_url='/docs/', static_url='/static/',
    )  # fmt: skip
    app.document.title, app.document.version, app.document.description = 'Pies', '2.0', 'All'
    app.tags = {'shop': 'What is sold.'}

    body = html.unescape(ask(app, '/docs/').body.decode())

    assert re.sub('nonce="[^"]+"', 'nonce="N"', body.replace("'", '')) == SHOWN


@pytest.mark.parametrize('case', DOCUMENTED['cases'], ids=lambda case: case['case'])
def test_what_is_shown_of_an_operation_from_words_to_samples(case):
    """The words of `fields`, `examples`, `links`, `samples` and `sample_requests`."""
    method, path = case['method'], case['path']
    paths = {path: {method.lower(): case['operation']}}

    found = Operations({'paths': paths, 'components': DOCUMENTED['components']})

    told = json.loads(json.dumps(dataclasses.asdict(found.find(method, path))))
    assert told == case['told']
    assert found.find('TRACE', path) is None
    # API Star writes {+rest}; and a route may have other names than the first of its shape.
    assert found.find(method, re.sub(r'{(\w+)}', r'{+other_\1}', path)) == found.find(method, path)


def test_a_section_has_the_description_of_its_tag(read_page, settings):
    settings.APISTAR_ROUTE_CONF = 'management_tests.project.routes'

    page = read_page(TAGS={'auth': 'Who *you* are.'})

    descriptions = re.findall(r'<div class="section-description">(.*?)</div>', page, re.DOTALL)
    assert [text.strip() for text in descriptions] == ['<p>Who <em>you</em> are.</p>']
