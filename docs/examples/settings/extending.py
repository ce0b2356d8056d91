APISTAR_ROUTE_CONF = 'bookshop.extensions'
APISTAR_SETTINGS = {
    'APP_CLASS': 'bookshop.extensions.ShopApp',
    'COMPONENTS': ['bookshop.extensions.RequestComponent'],
}
