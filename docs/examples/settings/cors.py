APISTAR_ROUTE_CONF = 'bookshop.catalogue'
APISTAR_SETTINGS = {'EVENT_HOOKS': ['django_apistar.cors.Cors']}
CORS_ALLOWED_ORIGINS = ['https://app.example.com']
CORS_ALLOW_HEADERS = ['authorization', 'content-type']
