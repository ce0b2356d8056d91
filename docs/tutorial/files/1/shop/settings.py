INSTALLED_APPS += ['django_apistar', 'records']
WSGI_APPLICATION = 'django_apistar.wsgi.application'
APISTAR_ROUTE_CONF = 'records.routes'
APISTAR_SETTINGS = {
    'ALLOWED_DJANGO_ROUTES': ['/admin/'],
    'TITLE': 'Records',
}
