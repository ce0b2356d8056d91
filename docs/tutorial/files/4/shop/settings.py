INSTALLED_APPS += ['django_apistar.authentication']
APISTAR_SETTINGS |= {
    'COMPONENTS': ['django_apistar.authentication.components.DjangoTokenAuthentication'],
}
