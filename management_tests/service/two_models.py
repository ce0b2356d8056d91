"""A service of two models, with all that a service has: pages, filters, uploads, each method."""

import django_filters
from apistar import Route
from django.db import models
from django.shortcuts import get_object_or_404

from django_apistar.pagination import Cursor, LimitOffset, Page, PageNumber
from django_apistar.types import ModelType
from django_apistar.validators import File
from management_tests.project.models import Maker


class Film(models.Model):
    """A field of each kind of value, and of relation."""

    class State(models.TextChoices):
        NEW = 'new'
        SHOWN = 'shown'

    title = models.CharField(max_length=20)
    code = models.SlugField(unique=True, null=True, blank=True)
    key = models.UUIDField(null=True)
    maker = models.ForeignKey(Maker, models.CASCADE, null=True, related_name='films')
    others = models.ManyToManyField(Maker, blank=True, related_name='+')
    price = models.DecimalField(max_digits=6, decimal_places=2, default=1)
    state = models.CharField(max_length=10, choices=State.choices, default=State.NEW)
    span = models.DurationField(null=True)
    details = models.JSONField(default=dict, blank=True)
    day = models.DateField(null=True)
    moment = models.DateTimeField(null=True)
    poster = models.FileField(null=True, blank=True)

    class Meta:
        app_label = 'project'
        unique_together = [('title', 'maker')]

    def __str__(self) -> str:
        return self.title


class MakerType(ModelType):
    class Meta:
        model = Maker
        fields = ['id', 'name']


class FilmType(ModelType):
    class Meta:
        model = Film
        exclude = ['poster']


class Poster(ModelType):
    poster = File(max_size=1000)

    class Meta:
        model = Film
        fields = ['id', 'poster']


class FilmFilter(django_filters.FilterSet):
    class Meta:
        model = Film
        fields = {
            'price': ['lt', 'range'], 'state': ['exact', 'in'], 'maker__name': ['icontains'],
            'maker': ['exact'], 'span': ['gt'], 'moment': ['lt'], 'day': ['exact', 'year'],
            'key': ['exact'], 'others': ['exact'],
        }  # fmt: skip


def list_makers(page: LimitOffset) -> Page[MakerType]:
    return page.of(Maker.objects.all())


def create_maker(maker: MakerType) -> MakerType:
    return MakerType(maker.create())


def list_films(page: PageNumber, films: FilmFilter) -> Page[FilmType]:
    return page.of(films.qs)


def list_new_films(page: Cursor) -> Page[FilmType]:
    return page.of(Film.objects.order_by('-title'))


def create_film(film: FilmType) -> FilmType:
    return FilmType(film.create())


def show_film(pk: int) -> FilmType:
    return FilmType(get_object_or_404(Film, pk=pk))


def replace_film(pk: int, film: FilmType) -> FilmType:
    return FilmType(film.save_to(get_object_or_404(Film, pk=pk)))


def change_film(pk: int, film: FilmType.partial) -> FilmType:
    return FilmType(film.save_to(get_object_or_404(Film, pk=pk)))


def upload_poster(pk: int, poster: Poster) -> Poster:
    return Poster(poster.save_to(get_object_or_404(Film, pk=pk)))


routes = [
    Route('/makers/', 'GET', list_makers),
    Route('/makers/', 'POST', create_maker),
    Route('/films/', 'GET', list_films),
    Route('/films/', 'POST', create_film),
    Route('/films/new/', 'GET', list_new_films),
    Route('/films/{pk}/', 'GET', show_film),
    Route('/films/{pk}/', 'PUT', replace_film),
    Route('/films/{pk}/', 'PATCH', change_film),
    Route('/films/{pk}/poster/', 'POST', upload_poster),
]
