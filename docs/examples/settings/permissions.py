APISTAR_ROUTE_CONF = 'bookshop.permitted'
APISTAR_SETTINGS = {
    'COMPONENTS': ['django_apistar.authentication.components.DjangoTokenAuthentication'],
}


def prepare() -> None:
    from django.contrib.auth.models import Permission, User

    ann = User.objects.create_user('ann', password='correct horse', is_staff=True)
    User.objects.create_user('bob', password='battery staple')
    ann.user_permissions.add(Permission.objects.get(codename='add_author'))
