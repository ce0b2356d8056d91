"""
The whole application, by API Star's own client.
"""
from apistar.test import TestClient
from django.contrib.auth.models import User
from django.test import TestCase
from django_apistar.wsgi import application


class TestBothFrameworks(TestCase):

    def setUp(self):
        self.api = TestClient(application)

    def test_api_star_answers(self):
        self.assertEqual(200, self.api.get('/').status_code)
        self.assertEqual([], self.api.get('/books/').json())

    def test_missing_slash_is_redirected(self):
        response = self.api.get('/books', allow_redirects=False)

        self.assertEqual(302, response.status_code)
        self.assertTrue(response.headers['Location'].endswith('/books/'))

    def test_schema(self):
        schema = self.api.get('/schema/').json()

        self.assertEqual({'get', 'post'}, set(schema['paths']['/books/']))

    def test_django_answers(self):
        response = self.api.get('/about/')

        self.assertEqual('<h1>The library of testserver</h1>', response.text)

    def test_admin(self):
        User.objects.create_superuser('ann', 'ann@example.com', 'a long password')
        self.client.login(username='ann', password='a long password')

        response = self.client.get('/admin/loans/book/')

        self.assertContains(response, 'Select book to change')
