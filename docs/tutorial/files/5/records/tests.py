from django.contrib.auth.models import Permission, User

from django_apistar.test import TestCase
from records.models import Artist, Record

RECORD = {'title': 'Blue Train', 'price': '20.00'}


class RecordsTest(TestCase):
    def setUp(self):
        self.artist = Artist.objects.create(name='John Coltrane')
        self.ann = User.objects.create_user('ann', password='correct horse')

    def log_in(self):
        answer = self.client.post(
            '/auth/token-login/', data={'username': 'ann', 'password': 'correct horse'}
        )
        self.client.headers['Authorization'] = f'Bearer {answer.text}'

    def test_user_who_may_add_records_adds_one(self):
        self.ann.user_permissions.add(Permission.objects.get(codename='add_record'))
        self.log_in()

        answer = self.client.post('/records/', json={**RECORD, 'artist': self.artist.pk})

        self.assertEqual(answer.status_code, 201)
        record = Record.objects.get()
        self.assertEqual(
            answer.json(),
            {'id': record.pk, 'artist': self.artist.pk, 'cover': None, **RECORD},
        )

    def test_others_do_not(self):
        self.log_in()

        answer = self.client.post('/records/', json={**RECORD, 'artist': self.artist.pk})

        self.assertEqual(answer.status_code, 403)
        self.assertFalse(Record.objects.exists())
