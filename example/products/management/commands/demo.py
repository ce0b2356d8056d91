from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from products.models import Product

PRODUCTS = (
    {'name': 'Chocolate', 'in_stock': True, 'rating': 5, 'size': 'small'},
    {'name': 'Chocolate cake', 'in_stock': True, 'rating': 4, 'size': 'large'},
    {'name': 'Coffee', 'in_stock': False, 'rating': 3, 'size': 'medium'},
    {'name': 'Tea', 'in_stock': True, 'rating': None, 'size': None},
)
USERNAME = PASSWORD = 'admin'


class Command(BaseCommand):
    help = 'Add the demo products and an administrator, unless they are there.'

    def handle(self, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError(
                'demo adds an administrator with a known password, so it needs DJANGO_DEBUG=1. '
                'Use manage.py createsuperuser.'
            )
        self.add_products()
        self.add_administrator()

    def add_products(self) -> None:
        for product in PRODUCTS:
            if not Product.objects.filter(name=product['name']).exists():
                Product.objects.create(**product)

    def add_administrator(self) -> None:
        users = get_user_model().objects
        if not users.filter(username=USERNAME).exists():
            users.create_superuser(USERNAME, password=PASSWORD)
        self.stdout.write(f'Admin login: {USERNAME} / {PASSWORD}')
