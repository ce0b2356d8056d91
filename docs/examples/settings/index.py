APISTAR_ROUTE_CONF = 'bookshop.first'
