from django.contrib.auth.models import User
from django_apistar.test import TestCase
from model_mommy import mommy

from loans import models


class TestLendBook(TestCase):

    def setUp(self):
        self.user = User.objects.create_user('ann', password='a long password')
        self.book = mommy.make(models.Book, title='Ulysses', copies=1)
        self.url = self.reverse_url('books:lend_book', book_id=self.book.id)

    def log_in(self, password='a long password'):
        url = self.reverse_url('auth:token_login')
        return self.client.post(url, {'username': 'ann', 'password': password})

    def lend(self):
        headers = {'Authorization': 'Bearer ' + self.log_in().text}
        return self.client.post(self.url, headers=headers)

    def test_nobody_borrows(self):
        response = self.client.post(self.url)

        self.assertEqual(403, response.status_code)

    def test_unknown_token_borrows_nothing(self):
        response = self.client.post(self.url, headers={'Authorization': 'Bearer unknown'})

        self.assertEqual(403, response.status_code)

    def test_wrong_password(self):
        response = self.log_in(password='wrong')

        self.assertEqual(400, response.status_code)
        self.assertEqual({'message': 'Invalid credentials.'}, response.json())

    def test_user_borrows(self):
        response = self.lend()

        self.assertEqual(201, response.status_code)
        self.assertEqual({'book': 'Ulysses', 'borrower': 'ann'}, response.json())
        self.assertEqual(self.user, models.Loan.objects.get().borrower)

    def test_all_copies_are_lent(self):
        self.lend()

        response = self.lend()

        self.assertEqual(400, response.status_code)
        self.assertEqual({'message': 'All copies are lent.'}, response.json())
        self.assertEqual(1, models.Loan.objects.count())

    def test_token_ends_with_logout(self):
        headers = {'Authorization': 'Bearer ' + self.log_in().text}

        self.client.get(self.reverse_url('auth:token_logout'), headers=headers)

        self.assertEqual(403, self.client.post(self.url, headers=headers).status_code)
