from io import StringIO
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.test import override_settings
from model_mommy import mommy

from django_apistar.authentication.models import Token
from django_apistar.test import TestCase
from products.models import Product

CHOCOLATE = {'name': 'Chocolate', 'rating': 5, 'in_stock': True, 'size': 'small'}
PLAIN_TEXT = {'Content-Type': 'text/plain'}
ALICE = {'username': 'alice', 'password': 'correct horse'}
# Nobody attacks a test: what keeps passwords safe takes a third of a second each time.
hashes_quickly = override_settings(
    PASSWORD_HASHERS=['django.contrib.auth.hashers.MD5PasswordHasher']
)


def as_json(product: Product) -> dict[str, Any]:
    return {
        'id': product.id,
        'name': product.name,
        'rating': product.rating,
        'in_stock': product.in_stock,
        'size': product.size,
    }


class WelcomeTest(TestCase):
    def setUp(self):
        self.url = self.reverse_url('welcome')

    def test_greets_everyone(self):
        response = self.client.get(self.url)

        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.json(), {'message': 'Welcome to API Star!'})

    def test_greets_by_name(self):
        response = self.client.get(self.url, params={'name': 'Zoë'})

        self.assertEqual(response.json(), {'message': 'Welcome to API Star, Zoë!'})


class ListProductsTest(TestCase):
    def setUp(self):
        self.url = self.reverse_url('list_products')

    def test_lists_all_products(self):
        products = mommy.make(Product, _quantity=3)

        response = self.client.get(self.url)

        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.json(), [as_json(product) for product in products])

    def test_fields_come_in_the_documented_order(self):
        mommy.make(Product)

        [product] = self.client.get(self.url).json()

        self.assertEqual(list(product), ['id', 'name', 'rating', 'in_stock', 'size'])

    def test_name_selects_what_contains_it_in_any_case(self):
        cake = mommy.make(Product, name='Chocolate cake')
        dark = mommy.make(Product, name='dark chocolate')
        mommy.make(Product, name='Tea')

        response = self.client.get(self.url, params={'name': 'CHOCOLATE'})

        self.assertEqual(response.json(), [as_json(cake), as_json(dark)])


class CreateProductTest(TestCase):
    def setUp(self):
        self.url = self.reverse_url('create_product')

    def test_adds_a_product(self):
        response = self.client.post(self.url, json=CHOCOLATE)

        self.assertEqual(response.status_code, 201)
        self.assertEqual(response.json(), as_json(Product.objects.get()))
        self.assertEqual(response.json(), {'id': Product.objects.get().id, **CHOCOLATE})

    def test_rating_and_size_may_be_left_out(self):
        response = self.client.post(self.url, json={'name': 'Tea', 'in_stock': False})

        self.assertEqual(response.status_code, 201)
        self.assertEqual(
            response.json(),
            {
                'id': Product.objects.get().id,
                'name': 'Tea',
                'rating': None,
                'in_stock': False,
                'size': None,
            },
        )

    def test_never_overwrites_the_product_whose_id_is_sent(self):
        tea = mommy.make(Product, name='Tea')

        response = self.client.post(self.url, json={**CHOCOLATE, 'id': tea.id})

        self.assertEqual(response.status_code, 201)
        self.assertEqual(set(Product.objects.values_list('name', flat=True)), {'Tea', 'Chocolate'})

    def test_every_wrong_field_is_named(self):
        response = self.client.post(
            self.url, json={'name': 'x' * 101, 'rating': 6, 'size': 'huge', 'in_stock': True}
        )

        self.assertEqual(response.status_code, 400)
        self.assertEqual(
            response.json(),
            {
                'name': 'Must have no more than 100 characters.',
                'rating': 'Must be less than or equal to 5.',
                'size': "Must be one of ['small', 'medium', 'large'].",
            },
        )
        self.assertFalse(Product.objects.exists())

    def test_required_fields(self):
        response = self.client.post(self.url, json={'in_stock': True})

        self.assertEqual(response.status_code, 400)
        self.assertEqual(response.json(), {'name': 'The "name" field is required.'})

    def test_body_that_is_too_large(self):
        response = self.client.post(self.url, json={'name': 'x' * 3_000_000, 'in_stock': True})

        self.assertEqual(response.status_code, 413)

    def test_body_that_is_no_form_and_no_json(self):
        response = self.client.post(self.url, data='Tea', headers=PLAIN_TEXT)

        self.assertEqual(response.status_code, 415)


class UpdateProductTest(TestCase):
    def test_replaces_the_product(self):
        product = mommy.make(Product)
        url = self.reverse_url('update_product', product_id=product.id)

        response = self.client.put(url, json=CHOCOLATE)

        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.json(), {'id': product.id, **CHOCOLATE})
        self.assertEqual(as_json(Product.objects.get()), {'id': product.id, **CHOCOLATE})

    def test_the_id_in_the_path_decides(self):
        product, other = mommy.make(Product, _quantity=2)
        url = self.reverse_url('update_product', product_id=product.id)

        response = self.client.put(url, json={**CHOCOLATE, 'id': other.id})

        self.assertEqual(response.json(), {'id': product.id, **CHOCOLATE})
        self.assertEqual(as_json(Product.objects.get(id=other.id)), as_json(other))

    def test_unknown_product(self):
        url = self.reverse_url('update_product', product_id=404)

        response = self.client.put(url, json=CHOCOLATE)

        self.assertEqual(response.status_code, 404)
        self.assertEqual(response.headers['Content-Type'], 'application/json')

    def test_product_that_is_refused(self):
        product = mommy.make(Product)
        url = self.reverse_url('update_product', product_id=product.id)

        wrong = self.client.put(url, json={**CHOCOLATE, 'rating': 6})
        too_large = self.client.put(url, json={**CHOCOLATE, 'name': 'x' * 3_000_000})
        plain = self.client.put(url, data='Tea', headers=PLAIN_TEXT)

        self.assertEqual(wrong.json(), {'rating': 'Must be less than or equal to 5.'})
        self.assertEqual(
            [wrong.status_code, too_large.status_code, plain.status_code], [400, 413, 415]
        )
        self.assertEqual(as_json(Product.objects.get()), as_json(product))


class DeleteProductTest(TestCase):
    def test_removes_the_product(self):
        product = mommy.make(Product)
        url = self.reverse_url('delete_product', product_id=product.id)

        response = self.client.delete(url)

        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.json(), {'id': product.id})
        self.assertFalse(Product.objects.exists())

    def test_unknown_product(self):
        for product_id in (404, 10**30):
            with self.subTest(product_id=product_id):
                url = self.reverse_url('delete_product', product_id=product_id)

                response = self.client.delete(url)

                self.assertEqual(response.status_code, 404)
                self.assertEqual(response.headers['Content-Type'], 'application/json')


@hashes_quickly
class LoginTest(TestCase):
    def setUp(self):
        self.url = self.reverse_url('auth:token_login')
        get_user_model().objects.create_user(**ALICE)

    def test_gives_a_token(self):
        response = self.client.post(self.url, json=ALICE)

        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.headers['Cache-Control'], 'no-store')

    def test_wrong_password(self):
        response = self.client.post(self.url, json={**ALICE, 'password': 'wrong'})

        self.assertEqual(response.status_code, 400)
        self.assertEqual(response.json(), {'message': 'Invalid credentials.'})

    @override_settings(APISTAR_SETTINGS={**settings.APISTAR_SETTINGS, 'LOGIN_THROTTLE': '1/minute'})
    def test_too_many_wrong_passwords(self):
        self.client.post(self.url, json={**ALICE, 'password': 'wrong'})

        response = self.client.post(self.url, json=ALICE)

        self.assertEqual(response.status_code, 429)
        self.assertIn('Retry-After', response.headers)

    def test_body_that_is_too_large(self):
        response = self.client.post(self.url, json={**ALICE, 'password': 'x' * 3_000_000})

        self.assertEqual(response.status_code, 413)

    def test_body_that_is_no_form_and_no_json(self):
        response = self.client.post(self.url, data='alice', headers=PLAIN_TEXT)

        self.assertEqual(response.status_code, 415)


@hashes_quickly
class LogoutTest(TestCase):
    def log_in(self) -> None:
        response = self.client.post(self.reverse_url('auth:token_login'), json=ALICE)
        self.client.credentials(token=response.text)

    def setUp(self):
        get_user_model().objects.create_user(**ALICE)

    def test_ends_the_token(self):
        url = self.reverse_url('auth:token_logout')
        for method in ('GET', 'POST'):
            with self.subTest(method=method):
                self.log_in()

                answers = [self.client.request(method, url) for _ in range(2)]

                self.assertEqual([answer.status_code for answer in answers], [200, 401])

    def test_ends_all_tokens_of_the_user(self):
        url = self.reverse_url('auth:token_logout_all')
        self.log_in()
        self.log_in()

        answers = [self.client.post(url) for _ in range(2)]

        self.assertEqual([answer.status_code for answer in answers], [200, 401])
        self.assertFalse(Token.objects.exists())


@hashes_quickly
class DemoTest(TestCase):
    @override_settings(DEBUG=True)
    def test_adds_the_demo_data_once(self):
        stdout = StringIO()

        call_command('demo', stdout=stdout)
        call_command('demo', stdout=stdout)

        self.assertEqual(Product.objects.count(), 4)
        self.assertEqual(stdout.getvalue(), 'Admin login: admin / admin\n' * 2)

    def test_production_gets_no_known_password(self):
        with self.assertRaisesMessage(CommandError, 'Use manage.py createsuperuser.'):
            call_command('demo')

        self.assertFalse(Product.objects.exists())


class HybridTest(TestCase):
    def test_the_admin_is_served_beside_the_api(self):
        response = self.client.get(self.reverse_url('admin:login'))

        self.assertEqual(response.status_code, 200)
        self.assertIn('Django administration', response.text)
