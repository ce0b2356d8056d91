"""What the Meta of a ModelType takes and refuses, and what comes of it."""

from decimal import Decimal

import pytest
from apistar import types, validators
from apistar.exceptions import ConfigurationError
from django.apps import apps
from django.contrib.auth.models import AbstractUser, Group, User
from django.core.checks import run_checks
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.test.utils import isolate_apps

from django_apistar.types import ModelType
from management_tests.project.models import Article
from management_tests.support.shop import Brand, Label, Ware


def make(declared=(), **meta):
    """Return a ModelType with that Meta."""
    body = {'__module__': 'shop.types', '__qualname__': 'Odd', **dict(declared)}
    return type(ModelType)('Odd', (ModelType,), {**body, 'Meta': type('Meta', (), meta)})


class BrandType(types.Type):
    name = validators.String()


RESERVED = [
    'keys', 'items', 'values', 'get', 'validator', 'validate', 'has_default', 'partial', 'incoming',
    'documented', 'create', 'save_to', 'options',
]  # fmt: skip


@pytest.mark.parametrize(
    ('meta', 'error'),
    [
        ({'fields': ['name']}, 'Meta.model is None. Set it to a model.'),
        ({'model': 'shop.Ware'}, "Meta.model is 'shop.Ware'. Set it to a model."),
        (
            {'model': AbstractUser, 'fields': ['username']},
            'Meta.model is AbstractUser, which is abstract. Set it to a model.',
        ),
        (
            {'model': Ware},
            "Meta has neither 'fields' nor 'exclude'. List the fields of the Type.",
        ),
        (
            {'model': Ware, 'fields': ['nmae']},
            "project.Ware has no field 'nmae'. Did you mean 'name'?",
        ),
        (
            {'model': Label, 'exclude': ['x']},
            "project.Label has no field 'x'. It has 'ware', 'id', 'name'.",
        ),
        (
            {'model': Ware, 'fields': ['name', 'name']},
            "Meta.fields has 'name' twice. Leave one out.",
        ),
        (
            {'model': Ware, 'fields': ['brand', 'brand_id']},
            "Meta.fields has 'brand' and 'brand_id', which are one field. Leave one out.",
        ),
        (
            {'model': Ware, 'fields': 'name'},
            "Meta.fields is 'name'. Set it to a list of names.",
        ),
        ({'model': Ware, 'fields': 7}, 'Meta.fields is 7. Set it to a list of names.'),
        ({'model': Ware, 'fields': [1]}, 'Meta.fields has 1. Set it to a list of names.'),
        (
            {'model': Ware, 'fields': ['name'], 'exclude': ['id']},
            "Meta has both 'fields' and 'exclude'. Leave 'exclude' out.",
        ),
        (
            {'model': Ware, 'fields': ['name'], 'readonly': ['name']},
            (
                "Meta.readonly is not known. Meta has 'model', 'fields', 'exclude', 'read_only', "
                "'write_only', 'optional'."
            ),
        ),
        (
            {'model': Ware, 'fields': ['name'], 'read_only': ['id']},
            "Meta.read_only has 'id', which is no field of the Type.",
        ),
        (
            {'model': Ware, 'fields': ['name'], 'read_only': ['name'], 'write_only': ['name']},
            "'name' is both in Meta.read_only and in Meta.write_only.",
        ),
        (
            {'model': Brand, 'fields': ['wares']},
            (
                "'wares' is a relation from another model. Declare it in the body of the Type, "
                'such as `wares = validators.Array(items=…)` with a Type of its rows.'
            ),
        ),
        (
            {'model': User, 'fields': '__all__'},
            (
                "Meta.fields = '__all__' would show and set the passwords and rights of User. "
                'List the fields of a user in Meta.fields.'
            ),
        ),
        (
            {'model': User, 'exclude': ['password']},
            (
                'Meta.exclude would show and set the passwords and rights of User. '
                'List the fields of a user in Meta.fields.'
            ),
        ),
        (
            {'model': User, 'fields': ['username', 'password']},
            "Meta.fields has 'password', which would be shown. Add it to Meta.write_only.",
        ),
    ],
)
def test_a_mistake_in_meta_is_an_error_at_start(meta, error):
    with pytest.raises(ConfigurationError) as raised:
        make(**meta)

    assert str(raised.value) == f'shop.types.Odd: {error}'


def test_meta_that_is_no_class_is_an_error():
    with pytest.raises(ConfigurationError) as raised:
        type(ModelType)('Odd', (ModelType,), {'__module__': 'shop.types', 'Meta': {'model': Ware}})

    assert (
        str(raised.value) == f"shop.types.Odd: Meta is {{'model': {Ware!r}}}. Write it as a class."
    )


@pytest.mark.parametrize(
    ('name', 'value'),
    [('name', 5), ('name', str), ('name', validators.String), ('more', models.CharField()),
     ('more', validators.Integer), ('price', property(len))],
)  # fmt: skip
def test_what_is_declared_and_no_validator_is_an_error(name, value):
    with pytest.raises(ConfigurationError) as raised:
        make({name: value}, model=Ware, fields=['name', 'price'])

    assert str(raised.value) == (
        f'shop.types.Odd: the field {name!r} is {value!r} in the class body, which is no '
        'validator. Write one, as in validators.String().'
    )


@pytest.mark.parametrize('name', RESERVED)
def test_a_name_that_every_type_has_itself_is_an_error(name):
    with isolate_apps('management_tests.project'):

        class Reserved(models.Model):
            class Meta:
                app_label = 'project'

            locals()[name] = models.IntegerField()

    with pytest.raises(ConfigurationError) as raised:
        make(model=Reserved, fields=[name])

    assert str(raised.value) == (
        f'shop.types.Odd: {name!r} is a name that every Type has itself. Leave it out.'
    )


def test_other_models_of_users_take_all_fields():
    assert list(make(model=Group, fields='__all__').validator.properties) == [
        'id', 'name', 'permissions',
    ]  # fmt: skip


def test_the_order_is_that_of_the_fields_and_what_is_declared_wins():
    cls = make({'name': validators.Integer(), 'brand': BrandType}, model=Ware,
               fields=['price', 'brand', 'brand_id', 'name'])  # fmt: skip

    assert list(cls.validator.properties) == ['price', 'brand', 'brand_id', 'name']
    assert type(cls.validator.properties['name']) is validators.Integer
    # A Type of a relation only goes out; its key comes in.
    assert list(cls.incoming.validator.properties) == ['price', 'brand_id', 'name']


def test_what_is_declared_and_no_field_only_goes_out():
    cls = make({'label': validators.String()}, model=Ware, fields=['name'])

    assert list(cls.validator.properties) == ['name', 'label']
    assert list(cls.incoming.validator.properties) == ['name']


def test_what_comes_in_is_required_unless_the_model_has_a_value():
    cls = make(model=Ware, exclude=['secret'], optional=['slug'])

    assert cls.incoming.validator.required == ['name', 'price', 'brand']
    assert cls.partial.validator.required == []


def test_a_subclass_adds_fields_and_keeps_the_model():
    base = make(model=Ware, fields=['name'])

    class Longer(base):
        label = validators.String()

        class Meta(base.Meta):
            fields = ['name', 'price']

    assert list(Longer.validator.properties) == ['name', 'price', 'label']


def test_a_subclass_keeps_what_is_declared():
    class Labelled(ModelType):
        label = validators.String()

        class Meta:
            model = Ware
            fields = ['name']

    class Mixin:
        pass

    class Longer(Labelled, Mixin):
        class Meta(Labelled.Meta):
            fields = ['name', 'price']

    assert list(Longer.validator.properties) == ['name', 'price', 'label']
    assert list(Longer.incoming.validator.properties) == ['name', 'price']


def test_what_comes_in_does_not_show_what_is_write_only():
    cls = make(model=Ware, fields=['name', 'secret'], write_only=['secret'])

    ware = cls.incoming({'name': 'Rope', 'secret': 'x'})

    assert (dict(ware), ware.secret) == ({'name': 'Rope'}, 'x')


def test_a_list_of_types_only_goes_out_and_all_may_be_optional():
    cls = make(
        {'labels': validators.Array(items=BrandType)}, model=Ware, fields=['name', 'labels'],
        optional='__all__',
    )  # fmt: skip

    assert list(cls.incoming.validator.properties) == ['name']
    assert cls.incoming.validator.required == []


class UserType(ModelType):
    class Meta:
        model = User
        fields = ['username', 'password']
        write_only = ['password']


@pytest.mark.django_db
def test_a_row_is_written_of_what_goes_out_without_what_only_goes_out():
    cls = make({'title': validators.String()}, model=Brand, fields=['id', 'name'])

    brand = cls({'id': 7_000, 'name': 'Acme', 'title': 'A title'}).create()

    assert brand.name == 'Acme'
    assert brand.pk != 7_000


@pytest.mark.django_db
def test_the_password_of_a_user_is_stored_as_a_digest():
    user = UserType.incoming({'username': 'alice', 'password': 'correct horse'}).create()

    assert User.objects.get(pk=user.pk).check_password('correct horse')
    assert dict(UserType(user)) == {'username': 'alice'}


@pytest.mark.django_db
def test_an_upload_is_stored_and_its_url_is_shown(settings, tmp_path):
    settings.MEDIA_ROOT, settings.MEDIA_URL = str(tmp_path), '/media/'
    cls = make(model=Article, fields=['price', 'photo'])
    upload = SimpleUploadedFile('chair.png', b'picture')

    article = cls.incoming({'price': 1, 'photo': upload}).create()

    assert dict(cls(article)) == {'price': Decimal('1.00'), 'photo': '/media/chair.png'}
    assert (tmp_path / 'chair.png').read_bytes() == b'picture'
    assert dict(cls(cls.incoming({'price': 1}).create()))['photo'] is None


def test_a_type_that_models_import_is_an_error_at_start(monkeypatch):
    monkeypatch.setattr(apps, 'models_ready', False)

    with pytest.raises(ConfigurationError) as raised:
        make(model=Label, fields=['name'])

    assert str(raised.value) == (
        'shop.types.Odd: It is made before all models are loaded. Put it into a module that no '
        'models.py imports, such as that of its handlers.'
    )


def test_the_check_of_routes_shows_a_mistake_in_meta(monkeypatch, tmp_path, settings):
    text = """
from django_apistar.types import ModelType
from management_tests.support.shop import Label

class LabelType(ModelType):
    class Meta:
        model = Label
        fields = ['nmae']
"""
    (tmp_path / 'mistaken_routes.py').write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    settings.APISTAR_ROUTE_CONF = 'mistaken_routes'

    # Django 6 has something to say of the models of other tests, which need PostgreSQL.
    [error] = [found for found in run_checks() if found.id.startswith('django_apistar.')]

    mistake = "project.Label has no field 'nmae'. Did you mean 'name'?"
    said = "APISTAR_ROUTE_CONF 'mistaken_routes' cannot be imported: ConfigurationError: "
    assert (error.id, error.msg) == (
        'django_apistar.E002',
        f'{said}mistaken_routes.LabelType: {mistake} ({tmp_path}/mistaken_routes.py:5).',
    )
