from django.contrib.auth.models import User
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from bookshop.models import Author, Book
from django_apistar.authentication.models import Token
from django_apistar.test import TestCase


class BooksTest(TestCase):
    def test_lists_books(self):
        Book.objects.create(title='Emma', author=Author.objects.create(name='Austen'), price=9)

        response = self.client.get(self.reverse_url('list_books'))

        self.assertEqual(response.status_code, 200)
        self.assertEqual([book['title'] for book in response.json()], ['Emma'])

    def test_refuses_a_price_without_cents(self):
        book = {'title': 'Emma', 'author_id': 1, 'price': '9'}

        response = self.client.post(self.reverse_url('create_book'), json=book)

        self.assertEqual(response.status_code, 400)
        self.assertEqual(list(response.json()), ['price'])

    def test_lists_books_in_one_query(self):
        with CaptureQueriesContext(connection) as queries:
            self.client.get(self.reverse_url('list_books'))

        self.assertEqual(len(queries), 1)

    def test_the_admin_is_there(self):
        response = self.client.get(self.reverse_url('admin:login'))

        self.assertEqual(response.status_code, 200)

    @override_settings(APISTAR_SETTINGS={'SCHEMA_URL': '/openapi/'})
    def test_the_schema_is_elsewhere(self):
        self.assertEqual(self.client.get('/openapi/').status_code, 200)


ACCOUNTS = {
    'COMPONENTS': [
        'django_apistar.authentication.components.DjangoTokenAuthentication',
        'django_apistar.authentication.components.DjangoBasicAuthentication',
        'django_apistar.authentication.components.DjangoSessionAuthentication',
    ],
}


class WhoAsksTest(TestCase):
    def setUp(self):
        self.ann = User.objects.create_user('ann', password='correct horse')

    def ask(self):
        return self.client.get('/me/').status_code

    @override_settings(APISTAR_ROUTE_CONF='bookshop.accounts', APISTAR_SETTINGS=ACCOUNTS)
    def test_each_way_to_be_somebody(self):
        self.assertEqual(self.ask(), 401)

        self.client.force_login(self.ann)  # a session, as after the admin's login page
        self.assertEqual(self.ask(), 200)
        self.client.logout()  # ends the session, forgets cookies and credentials

        self.client.credentials(basic=('ann', 'correct horse'))  # with each request from now on
        self.assertEqual(self.ask(), 200)

        self.client.credentials(token=Token.objects.issue(self.ann).key)
        self.assertEqual(self.ask(), 200)

        self.client.credentials()  # no more
        self.assertEqual(self.ask(), 401)
