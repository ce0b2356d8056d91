APISTAR_ROUTE_CONF = 'bookshop.accounts'
APISTAR_SETTINGS = {
    'COMPONENTS': ['django_apistar.authentication.components.DjangoTokenAuthentication'],
    'EVENT_HOOKS': ['django_apistar.authentication.hooks.MustBeAuthenticated'],
}


def prepare() -> None:
    from django.contrib.auth.models import User

    User.objects.create_user('ann', password='correct horse')
