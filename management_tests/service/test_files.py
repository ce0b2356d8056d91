"""Files in Types: an upload in, a URL out, in each mode."""

import logging

import pytest
from apistar import Route, types, validators
from apistar.exceptions import ConfigurationError

from django_apistar.schema import build_openapi
from django_apistar.schema.swagger import build_swagger
from django_apistar.types import ModelType
from django_apistar.validators import Decimal, File
from management_tests.project import models
from management_tests.support.oracle import Plain, ask, both_modes, build


class Photo(types.Type):
    title = validators.String(max_length=9, default='')
    photo = File(max_size=5, allow_null=True, description='Of the front.')


class Titleless(types.Type):
    photo = File(allow_null=True)


class Picture(types.Type):
    picture = File(content_types=['image/*', 'application/pdf'])
    price = Decimal(max_digits=4, decimal_places=2)


def take(photo: Photo) -> dict:
    file = photo.photo
    if file is None:
        return {'name': None}
    return {'name': file.name, 'size': file.size, 'text': file.read().decode()}


def take_picture(picture: Picture) -> dict:
    return {'type': picture.picture.content_type, 'price': picture.price}


def show() -> Photo: ...


def send(app_class, handler, *parts):
    """Return the answer to a multipart form of *parts*: (head, content)."""
    body = ''.join(
        f'--b\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n'
        for head, content in parts
    )
    app = build(app_class, Route('/', 'POST', handler))
    answer = ask(
        app, method='POST', body=f'{body}--b--\r\n'.encode(),
        content_type='multipart/form-data; boundary=b',
    )  # fmt: skip
    return answer.code, answer.json()


def upload(app_class, content, name='; filename="a.txt"'):
    return send(app_class, take, (f'name="photo"{name}', content))


def upload_picture(app_class, content_type, price='1.5'):
    head = f'name="picture"; filename="a"\r\nContent-Type: {content_type}'
    return send(app_class, take_picture, (head, 'x'), ('name="price"', price))


@both_modes
@pytest.mark.parametrize('content', ['abc', 'abcde'])
def test_upload_comes_in(app_class, content):
    shown = {'name': 'a.txt', 'size': len(content), 'text': content}

    assert upload(app_class, content) == (200, shown)


@both_modes
def test_upload_loses_the_path_of_its_name(app_class):
    _, answer = upload(app_class, 'abc', '; filename="../../a.txt"')

    assert answer['name'] == 'a.txt'


@both_modes
@pytest.mark.parametrize('parts', [[('name="title"', 'x')], [('name="photo"; filename=""', '')]])
def test_form_without_the_file_has_none(app_class, parts):
    assert send(app_class, take, *parts) == (200, {'name': None})


@both_modes
def test_empty_file_is_refused(app_class):
    assert upload(app_class, '') == (400, {'photo': 'Must not be an empty file.'})


@both_modes
def test_empty_file_comes_in_where_it_may(app_class):
    class Log(types.Type):
        log = File(max_size=1, allow_empty_file=True)

    def take_log(log: Log) -> dict:
        return {'size': log.log.size}

    assert send(app_class, take_log, ('name="log"; filename="a.txt"', '')) == (200, {'size': 0})


@both_modes
@pytest.mark.parametrize('name', ['', '.', '..', 'a/'])
def test_file_without_a_name_is_refused(app_class, name):
    answer = upload(app_class, 'abc', f'; filename="{name}"')

    assert answer == (400, {'photo': 'Must have a file name.'})


class PhotoOfArticle(ModelType):
    class Meta:
        model = models.Article
        fields = ['photo']


def add_photo(article: PhotoOfArticle) -> dict:
    return {'name': article.create(price=1).photo.name}


@pytest.mark.django_db
@pytest.mark.parametrize('name', ['a.' + 'b' * 200, '\x01'])
def test_name_that_no_storage_takes_is_refused_and_nothing_written(settings, tmp_path, name):
    settings.MEDIA_ROOT = tmp_path

    answer = send(Plain, add_photo, (f'name="photo"; filename="{name}"', 'x'))

    assert answer == (400, {'photo': 'Must have a file name that can be stored.'})
    assert (models.Article.objects.count(), list(tmp_path.iterdir())) == (0, [])


@both_modes
def test_upload_that_is_too_large_is_refused(app_class):
    assert upload(app_class, 'abcdef') == (400, {'photo': 'Must have no more than 5 bytes.'})


@both_modes
def test_text_is_no_file(app_class):
    answer = (400, {'photo': 'Must be a file of a multipart form.'})

    assert upload(app_class, '/secret', name='') == answer


@both_modes
@pytest.mark.parametrize('body', [b'{"photo": "/a.png"}', b'{"photo": {"url": "/a.png"}}'])
def test_json_has_no_file(app_class, body):
    answer = ask(build(app_class, Route('/', 'POST', take)), method='POST', body=body)

    assert (answer.code, answer.json()) == (400, {'photo': 'Must be a file of a multipart form.'})


@both_modes
@pytest.mark.parametrize(
    ('content_type', 'handed'),
    [
        ('image/png', 'image/png'),
        ('IMAGE/jpeg', 'image/jpeg'),
        ('application/PDF ; a=b', 'application/pdf'),
    ],
)
def test_file_of_a_welcome_type_comes_in_with_the_other_fields(app_class, content_type, handed):
    answer = 200, {'type': handed, 'price': '1.50'}

    assert upload_picture(app_class, content_type) == answer


@both_modes
def test_file_of_another_type_is_refused_beside_the_other_errors(app_class):
    assert upload_picture(app_class, 'text/html', 'NaN') == (400, {
        'picture': 'Must be of one of the types image/*, application/pdf.',
        'price': 'Must be finite.',
    })  # fmt: skip


@both_modes
def test_required_file_is_required(app_class):
    assert send(app_class, take_picture, ('name="price"', '1')) == (
        400, {'picture': 'The "picture" field is required.'},
    )  # fmt: skip


@both_modes
@pytest.mark.parametrize(('name', 'url'), [('a.png', '/a.png'), ('', None)])
def test_url_of_a_stored_file_goes_out(app_class, name, url):
    def show() -> Photo:
        return Titleless(models.Article(photo=name))

    assert ask(build(app_class, Route('/', 'GET', show))).json() == {'photo': url}


@both_modes
@pytest.mark.django_db
def test_urls_of_a_queryset_go_out(app_class):
    models.Article.objects.create(price=1, photo='a.png')
    models.Article.objects.create(price=1)

    def list_photos() -> list[Titleless]:
        return models.Article.objects.order_by('id')

    app = build(app_class, Route('/', 'GET', list_photos))

    assert ask(app).json() == [{'photo': '/a.png'}, {'photo': None}]


@both_modes
def test_storage_without_urls_is_named_in_the_log(app_class, settings, caplog):
    settings.MEDIA_URL = ''
    photo = models.Article(photo='a.png')
    photo.photo.storage.base_url = None

    def show() -> Titleless:
        return Titleless(photo)

    with caplog.at_level(logging.ERROR, logger='django.request'):
        answer = ask(build(app_class, Route('/', 'GET', show)))

    assert answer.code == 500
    assert (
        f'{__name__}.Titleless cannot be made of management_tests.project.models.Article: photo is '
        '<FieldFile: a.png>: Has no URL: This file is not accessible via a URL.'
    ) in caplog.text


@pytest.mark.parametrize('version', ['3.1', '3.0'])
def test_document_has_a_form_coming_in_and_a_url_going_out(version):
    routes = [Route('/', 'POST', take), Route('/p/', 'POST', take_picture), Route('/', 'GET', show)]
    document = build_openapi(build(Plain, *routes).router.entries, version=version)
    file = {'format': 'binary', 'description': 'Of the front.'}
    url = {'format': 'uri-reference', 'description': 'Of the front.'}
    if version == '3.1':
        file |= {'type': ['string', 'null'], 'contentMediaType': 'application/octet-stream'}
        url |= {'type': ['string', 'null']}
    else:
        file |= {'type': 'string', 'nullable': True}
        url |= {'type': 'string', 'nullable': True}

    body = document['paths']['/']['post']['requestBody']
    [[media_type, form]] = body['content'].items()

    assert (media_type, body['required'], form['schema']['properties']['photo']) == (
        'multipart/form-data', True, {**file, 'default': None},
    )  # fmt: skip
    assert document['components']['schemas']['Photo']['properties']['photo'] == {
        **url, 'default': None,
    }  # fmt: skip
    assert document['paths']['/p/']['post']['requestBody']['content'][media_type]['encoding'] == {
        'picture': {'contentType': 'image/*, application/pdf'},
    }  # fmt: skip


def test_swagger_has_a_form():
    document = build_swagger(build(Plain, Route('/', 'POST', take_picture)).router.entries)
    operation = document['paths']['/']['post']

    assert operation['consumes'] == ['multipart/form-data']
    assert operation['parameters'] == [
        {'name': 'picture', 'in': 'formData', 'required': True, 'type': 'file'},
        {
            'name': 'price', 'in': 'formData', 'required': True, 'type': 'string',
            'format': 'decimal', 'pattern': r'^[+-]?[0-9]{1,2}(\.[0-9]{1,2})?$',
        },
    ]  # fmt: skip


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'max_size': 0}, 'File(max_size=0) takes no file. Give a number of bytes above 0.'),
        ({'max_size': '5M'}, "File(max_size='5M') takes no file. Give a number of bytes above 0."),
        (
            {'content_types': 'image/png'},
            "File(content_types='image/png') is one text. Write ['image/png'].",
        ),
    ],
)
def test_options_that_take_no_file_are_refused(options, message):
    with pytest.raises(ConfigurationError) as caught:
        File(**options)

    assert str(caught.value) == message
