APISTAR_ROUTE_CONF = 'bookshop.encoders'
APISTAR_SETTINGS = {'JSON_ENCODER': 'bookshop.encoders.Encoder'}
