from django_apistar.test import TestCase
from model_mommy import mommy

from loans import models, schemas


class TestWelcome(TestCase):

    def setUp(self):
        self.url = self.reverse_url('welcome')

    def test_welcomes_everyone(self):
        response = self.client.get(self.url)

        self.assertEqual(200, response.status_code)
        self.assertEqual({'message': 'Welcome to the library!'}, response.json())

    def test_welcomes_by_name(self):
        response = self.client.get(self.url + '?name=Ann')

        self.assertEqual({'message': 'Welcome to the library, Ann!'}, response.json())


class TestListBooks(TestCase):

    def setUp(self):
        self.url = self.reverse_url('books:list_books')

    def test_lists_books(self):
        books = mommy.make(models.Book, _quantity=3)

        response = self.client.get(self.url)

        self.assertEqual(200, response.status_code)
        self.assertEqual([schemas.Book(book.__dict__) for book in books], response.json())

    def test_pages_have_five_books(self):
        books = mommy.make(models.Book, _quantity=7)

        first = self.client.get(self.url).json()
        second = self.client.get(self.url, params={'page': 2}).json()

        self.assertEqual([book.id for book in books[:5]], [book['id'] for book in first])
        self.assertEqual([book.id for book in books[5:]], [book['id'] for book in second])

    def test_filters_by_author(self):
        mommy.make(models.Book, _quantity=2)
        book = mommy.make(models.Book, author='Mary Shelley')

        content = self.client.get(self.url + '?author=shelley').json()

        self.assertEqual([schemas.Book(book.__dict__)], content)

    def test_hook_adds_its_header(self):
        response = self.client.get(self.url)

        self.assertEqual('2', response.headers['X-Answer-Length'])


class TestAddBook(TestCase):

    def setUp(self):
        self.url = self.reverse_url('books:add_book')

    def test_required_fields(self):
        response = self.client.post(self.url, {'title': 'Emma'})

        self.assertEqual(400, response.status_code)
        self.assertEqual({'author': 'The "author" field is required.'}, response.json())

    def test_malformed_json(self):
        headers = {'Content-Type': 'application/json'}
        response = self.client.post(self.url, data='{"title": ', headers=headers)

        self.assertEqual(400, response.status_code)
        self.assertIn('Malformed JSON.', response.json())

    def test_adds_a_book_from_json(self):
        data = {'title': 'Emma', 'author': 'Jane Austen', 'bought_on': '2018-05-01'}

        response = self.client.post(self.url, json=data)

        book = models.Book.objects.get()
        self.assertEqual(201, response.status_code)
        self.assertEqual({
            'id': book.id,
            'title': 'Emma',
            'author': 'Jane Austen',
            'shelf': None,
            'copies': 1,
            'bought_on': '2018-05-01',
        }, response.json())

    def test_adds_a_book_from_a_form(self):
        response = self.client.post(self.url, {'title': 'Emma', 'author': 'Jane', 'copies': '3'})

        self.assertEqual(201, response.status_code)
        self.assertEqual(3, models.Book.objects.get().copies)


class TestOneBook(TestCase):

    def setUp(self):
        self.book = mommy.make(models.Book, title='Ulysses', copies=1)
        self.url = self.reverse_url('books:show_book', book_id=self.book.id)

    def test_shows_it(self):
        response = self.client.get(self.url)

        self.assertEqual(schemas.Book(self.book.__dict__), response.json())

    def test_unknown_book(self):
        response = self.client.get(self.reverse_url('books:show_book', book_id=0))

        self.assertEqual(404, response.status_code)
        self.assertEqual('Not found', response.json())

    def test_changes_it(self):
        response = self.client.put(self.url, json={'title': 'Dubliners', 'author': 'James Joyce'})

        self.book.refresh_from_db()
        self.assertEqual(200, response.status_code)
        self.assertEqual('Dubliners', self.book.title)

    def test_removes_it(self):
        response = self.client.delete(self.url)

        self.assertEqual(204, response.status_code)
        self.assertFalse(models.Book.objects.exists())

    def test_method_not_allowed(self):
        response = self.client.patch(self.url)

        self.assertEqual(405, response.status_code)
        self.assertEqual('Method not allowed', response.json())
