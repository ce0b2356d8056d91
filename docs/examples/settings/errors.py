APISTAR_ROUTE_CONF = 'bookshop.errors'
