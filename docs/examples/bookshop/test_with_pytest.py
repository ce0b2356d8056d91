import pytest

from bookshop.models import Author, Book


@pytest.fixture
def emma():
    return Book.objects.create(title='Emma', author=Author.objects.create(name='Austen'), price=9)


@pytest.mark.django_db
def test_shows_a_book(apistar_client, reverse_url, emma):
    response = apistar_client.get(reverse_url('show_book', book_id=emma.id))

    assert response.status_code == 200
    assert response.json()['title'] == 'Emma'


@pytest.mark.django_db
def test_an_unknown_book_is_a_404(apistar_client):
    assert apistar_client.get('/books/404/').status_code == 404


def test_another_title_for_the_documentation(apistar_client, settings):
    settings.APISTAR_SETTINGS = {'TITLE': 'Bookshop'}

    assert apistar_client.get('/schema/').json()['info']['title'] == 'Bookshop'
