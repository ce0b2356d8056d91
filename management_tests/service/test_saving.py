"""What a handler gives to a row beside its body, and what a database refuses, in each mode."""

import datetime
import json

import pytest
from apistar import Route, validators
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower

from django_apistar.types import ModelType
from management_tests.support.oracle import ask, both_modes, build
from management_tests.support.shop import Brand, Label

pytestmark = pytest.mark.django_db

NEITHER = 'project.Remark has no field and no property {!r} that create() or save_to() could set.'
REVERSE = (
    'Direct assignment to the reverse side of a related set is prohibited. Use remarks.set() '
    'instead.'
)
READ_AT = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)


class Seen(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(is_hidden=False)


class Keyed(models.Model):
    code = models.SlugField(primary_key=True)
    size = models.IntegerField()

    class Meta:
        app_label = 'project'

    def __str__(self) -> str:
        return self.code


class OwnConstraint(models.UniqueConstraint):
    """As a project writes one: of the model it asks more than Django's own do."""

    def validate(self, model, *args, **kwargs):
        if not model.objects.filter(text='Anything goes').exists():
            super().validate(model, *args, **kwargs)


class Daily(models.Model):
    title = models.CharField(max_length=20, unique_for_date='day')
    day = models.DateField()
    note = models.CharField(max_length=20, blank=True)

    class Meta:
        app_label = 'project'

    def __str__(self) -> str:
        return self.title


class DailyType(ModelType):
    class Meta:
        model = Daily
        fields = ['title', 'day', 'note']


class Quiet(models.CharField):
    """A field that takes what a form has in its own way."""

    def save_form_data(self, instance, data) -> None:
        setattr(instance, self.name, data.lower())


class Remark(models.Model):
    text = models.CharField(max_length=20)
    code = models.SlugField(unique=True, null=True)
    rank = models.IntegerField(blank=True)  # which save() of some models fills in
    mood = Quiet(max_length=20, blank=True)
    read_at = models.DateTimeField(null=True)
    is_hidden = models.BooleanField(default=False)
    labels = models.ManyToManyField(Label, blank=True, related_name='+')
    keyed = models.ManyToManyField(Keyed, blank=True, related_name='+')
    brand = models.ForeignKey(Brand, models.CASCADE, null=True, related_name='remarks')
    content_type = models.ForeignKey(
        ContentType, models.CASCADE, null=True,
        db_constraint=False,  # tables of apps without migrations are made first
    )  # fmt: skip
    object_id = models.PositiveBigIntegerField(null=True)
    target = GenericForeignKey()
    if hasattr(models, 'GeneratedField'):  # since Django 5.0
        doubled = models.GeneratedField(
            expression=models.F('rank') * 2, output_field=models.IntegerField(), db_persist=True
        )

    objects = Seen()

    class Meta:
        app_label = 'project'
        unique_together = [('text', 'rank')]
        constraints = [
            models.UniqueConstraint(Lower('text'), 'brand', name='one_of_a_brand'),
            models.UniqueConstraint(
                fields=['read_at'], condition=models.Q(rank__gt=100), name='one_of_high_rank',
            ),
            OwnConstraint(fields=['object_id'], name='one_of_an_object'),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.text

    def clean(self) -> None:
        if self.text == 'Spam':
            raise ValidationError({'text': 'Nobody wants that.'})

    @property
    def loud(self) -> str:
        return self.text.upper()

    @loud.setter
    def loud(self, text: str) -> None:
        if not text:
            raise ValidationError('Say something.')
        self.text = text.lower()

    @property
    def length(self) -> int:
        return len(self.text)


class RemarkType(ModelType):
    class Meta:
        model = Remark
        fields = ['text', 'code', 'rank', 'read_at', 'brand', 'object_id']


class KeyedType(ModelType):
    code = validators.String()

    class Meta:
        model = Keyed
        fields = ['code', 'size']


def create(remark: RemarkType) -> RemarkType:
    return RemarkType(remark.create())


def change(pk: int, remark: RemarkType.partial) -> RemarkType:
    return RemarkType(remark.save_to(Remark._base_manager.get(pk=pk)))


def create_keyed(keyed: KeyedType) -> KeyedType:
    return KeyedType(keyed.create())


ROUTES = [
    Route('/', 'POST', create), Route('/{pk}/', 'PATCH', change),
    Route('/keyed/', 'POST', create_keyed),
]  # fmt: skip


def send(app_class, method='POST', path='/', **sent):
    answer = ask(build(app_class, *ROUTES), path, method, body=json.dumps(sent).encode())
    return answer.code, answer.json()


def give(app_class, **others):
    """Return the status and the JSON of a handler that gives *others* to a row."""

    def create_with(remark: RemarkType) -> RemarkType:
        return RemarkType(remark.create(**others))

    app = build(app_class, Route('/', 'POST', create_with))
    answer = ask(app, method='POST', body=b'{"text": "Good", "rank": 1}')
    return answer.code, answer.json()


@both_modes
def test_a_generic_key_is_given_by_its_instance(app_class):
    brand = Brand.objects.create(name='Acme')

    assert give(app_class, target=brand)[0] == 200
    assert Remark.objects.get().target == brand
    assert give(app_class, target=None, text='None', rank=2)[0] == 200
    assert Remark.objects.get(rank=2).content_type is None


@both_modes
def test_a_property_is_given_after_the_fields(app_class):
    assert give(app_class, loud='FINE', pk=7)[0] == 200
    assert (Remark.objects.get().text, Remark.objects.get().pk) == ('fine', 7)
    assert give(app_class, loud='') == (400, {'__all__': 'Say something.'})


@both_modes
def test_a_change_of_the_day_alone_is_held_to_what_is_unique_for_a_day(app_class):
    first, second = (
        Daily.objects.create(title='News', day=datetime.date(2026, 1, day)) for day in (1, 2)
    )

    def move(daily: DailyType.partial) -> DailyType:
        return DailyType(daily.save_to(second))

    app = build(app_class, Route('/', 'PATCH', move))
    answer = ask(app, method='PATCH', body=json.dumps({'day': f'{first.day}'}).encode())

    said = 'Title must be unique for Day date.'
    assert (answer.code, answer.json()) == (400, {'title': said})


@both_modes
def test_what_a_change_leaves_as_it_is_need_not_be_unique(app_class):
    rows = [Daily.objects.create(title='News', day=datetime.date(2026, 1, 1)) for _ in range(2)]

    def note(daily: DailyType.partial) -> DailyType:
        return DailyType(daily.save_to(rows[1]))

    answer = ask(build(app_class, Route('/', 'PATCH', note)), method='PATCH', body=b'{"note": "a"}')

    assert (answer.code, answer.json()['note']) == (200, 'a')


@both_modes
def test_a_change_to_null_needs_no_field_that_may_be_blank(app_class):
    remark = Remark.objects.create(text='Fine', rank=2, code='a')

    code, shown = send(app_class, 'PATCH', f'/{remark.pk}/', code=None)

    assert (code, shown['code']) == (200, None)


@both_modes
def test_a_row_of_a_relation_is_given_by_itself_or_by_its_key(app_class):
    brand = Brand.objects.create(name='Acme')

    for text, given in (('Row', brand), ('Key', brand.pk)):
        code, shown = give(app_class, brand=given, text=text)
        assert (code, shown['brand']) == (200, brand.pk)


@both_modes
def test_a_field_takes_a_value_in_its_own_way(app_class):
    assert give(app_class, mood='FINE')[0] == 200
    assert Remark.objects.get().mood == 'fine'


@both_modes
def test_rows_of_a_relation_are_given_by_any_iterable(app_class):
    rows = [Label.objects.create(name=name) for name in 'ab']

    assert give(app_class, labels=iter([rows[0], rows[1].pk]))[0] == 200
    assert list(Remark.objects.get().labels.order_by('name')) == rows


@both_modes
def test_what_a_handler_gives_is_checked_as_what_a_client_sends(app_class):
    assert give(app_class, code='') == (400, {'code': 'This field cannot be blank.'})
    assert give(app_class, keyed=['a\0'], labels=[99]) == (
        400, {'keyed': 'Null characters are not allowed.', 'labels': 'There is no label 99.'},
    )  # fmt: skip
    assert not Remark._base_manager.exists()


@both_modes
@pytest.mark.parametrize(
    ('model', 'name', 'said'),
    [
        *((Remark, name, NEITHER.format(name)) for name in ('lenght', 'save', 'self')),
        (Brand, 'remarks', REVERSE),
    ],
)
def test_what_a_row_cannot_be_given_is_a_500_that_says_so(app_class, model, name, said, caplog):
    class Given(ModelType):
        class Meta:
            fields = ['id']

        Meta.model = model

    def create_with(row: Given) -> Given:
        return Given(row.create(**{name: []}))

    app = build(app_class, Route('/', 'POST', create_with))

    assert ask(app, method='POST', body=b'{}').code == 500
    [record] = caplog.records
    assert type(record.exc_info[1]) is TypeError
    assert str(record.exc_info[1]) == said


def test_what_a_row_stores_in_other_fields_only_goes_out():
    class Shown(ModelType):
        target = validators.String()

        class Meta:
            model = Remark
            fields = ['text', 'target']

    assert list(Shown.incoming.validator.properties) == ['text']


@both_modes
def test_a_blank_that_nobody_fills_in_is_a_400_that_names_the_field(app_class):
    assert send(app_class, text='Good') == (400, {'rank': 'This field cannot be null.'})
    assert not Remark.objects.exists()


@both_modes
@pytest.mark.parametrize(
    ('sent', 'errors'),
    [
        ({'code': 'a'}, {'code': 'Remark with this Code already exists.'}),
        ({'text': 'Old', 'rank': 1}, {'__all__': 'Remark with this Text and Rank already exists.'}),
        ({'object_id': 5}, {'object_id': 'Remark with this Object id already exists.'}),
        ({'text': 'OLD', 'brand': 7}, {'__all__': 'Constraint “one_of_a_brand” is violated.'}),
        (
            {'rank': 102, 'read_at': '2026-01-02T03:04:05Z'},
            {'__all__': 'Constraint “one_of_high_rank” is violated.'},
        ),
    ],
)
def test_a_row_that_the_manager_hides_is_named_as_any_other(app_class, sent, errors):
    brand = Brand.objects.create(pk=7, name='Acme')
    Remark.objects.create(text='Old', code='a', rank=1, brand=brand, object_id=5, is_hidden=True)
    Remark.objects.create(text='Read', rank=101, read_at=READ_AT, is_hidden=True)
    remark = Remark.objects.create(text='New', code='b', rank=2)

    assert send(app_class, **{'text': 'More', 'rank': 3, **sent}) == (400, errors)
    assert send(app_class, 'PATCH', f'/{remark.pk}/', **sent) == (400, errors)
    assert Remark._base_manager.count() == 3


@both_modes
def test_a_constraint_of_an_expression_is_a_400(app_class):
    brand = Brand.objects.create(name='Acme')
    sent = {'text': 'Good', 'rank': 1, 'brand': brand.pk}

    refused = 400, {'__all__': 'Constraint “one_of_a_brand” is violated.'}

    assert send(app_class, **sent)[0] == 200
    assert send(app_class, **{**sent, 'text': 'GOOD'}) == refused
    remark = Remark.objects.create(text='Fine', rank=2, brand=brand)
    assert send(app_class, 'PATCH', f'/{remark.pk}/', text='GOOD') == refused


@both_modes
def test_what_the_model_itself_refuses_is_a_400(app_class):
    remark = Remark.objects.create(text='Fine', rank=2)
    refused = 400, {'text': 'Nobody wants that.'}

    assert send(app_class, text='Spam', rank=1) == refused
    assert send(app_class, 'PATCH', f'/{remark.pk}/', text='Spam') == refused
    assert Remark.objects.get().text == 'Fine'


@both_modes
def test_a_key_that_another_request_wrote_first_names_the_key(app_class, monkeypatch):
    Keyed.objects.create(code='a', size=1)
    clean = Keyed.full_clean

    def see_no_other_row(self, *args, **kwargs):
        monkeypatch.setattr(Keyed, 'full_clean', clean)

    monkeypatch.setattr(Keyed, 'full_clean', see_no_other_row)

    assert send(app_class, path='/keyed/', code='a', size=2) == (
        400, {'code': 'Keyed with this Code already exists.'},
    )  # fmt: skip
    assert Keyed.objects.get().size == 1


@both_modes
@pytest.mark.django_db(transaction=True)
def test_a_row_of_a_relation_that_another_request_deletes_first_is_named(app_class, monkeypatch):
    clean = Remark.full_clean

    def see_all_rows(self, *args, **kwargs):
        monkeypatch.setattr(Remark, 'full_clean', clean)

    monkeypatch.setattr(Remark, 'full_clean', see_all_rows)

    code, errors = send(app_class, text='Good', rank=1, brand=99)

    assert (code, list(errors)) == (400, ['brand'])
    assert not Remark.objects.exists()


@both_modes
@pytest.mark.parametrize(
    ('sent', 'shown'),
    [
        ('2026-01-01T00:00:00+23:59', '2025-12-31T00:01:00Z'),
        ('2026-01-01T00:00:00-15:00', '2026-01-01T15:00:00Z'),
    ],
)
def test_a_moment_is_stored_and_shown_in_utc(app_class, sent, shown):
    code, answer = send(app_class, text='Good', rank=1, read_at=sent)

    assert (code, answer['read_at']) == (200, shown)
