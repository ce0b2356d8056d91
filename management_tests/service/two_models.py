"""A service of two models, with all that a service has: pages, filters, each of the methods."""

import django_filters
from apistar import Route
from django.shortcuts import get_object_or_404

from django_apistar.pagination import Page, PageNumber
from django_apistar.types import ModelType
from management_tests.project import models


class Maker(ModelType):
    class Meta:
        model = models.Maker
        fields = ['id', 'name']


class Article(ModelType):
    class Meta:
        model = models.Article
        fields = ['id', 'key', 'price', 'state', 'maker']


class ArticleFilter(django_filters.FilterSet):
    class Meta:
        model = models.Article
        fields = {'price': ['lt', 'gt'], 'state': ['exact', 'in'], 'maker__name': ['icontains']}


def list_makers(page: PageNumber) -> Page[Maker]:
    return page.of(models.Maker.objects.all())


def create_maker(maker: Maker) -> Maker:
    return Maker(maker.create())


def list_articles(page: PageNumber, articles: ArticleFilter) -> Page[Article]:
    return page.of(articles.qs)


def create_article(article: Article) -> Article:
    return Article(article.create())


def show_article(pk: int) -> Article:
    return Article(get_object_or_404(models.Article, pk=pk))


def change_article(pk: int, article: Article.partial) -> Article:
    return Article(article.save_to(get_object_or_404(models.Article, pk=pk)))


routes = [
    Route('/makers/', 'GET', list_makers),
    Route('/makers/', 'POST', create_maker),
    Route('/articles/', 'GET', list_articles),
    Route('/articles/', 'POST', create_article),
    Route('/articles/{pk}/', 'GET', show_article),
    Route('/articles/{pk}/', 'PATCH', change_article),
]
