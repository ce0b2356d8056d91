APISTAR_ROUTE_CONF = 'bookshop.catalogue'
APISTAR_SETTINGS = {'ALLOWED_DJANGO_ROUTES': ['/admin/']}
FORCE_SCRIPT_NAME = '/shop'
STATIC_URL = '/shop/static/'
