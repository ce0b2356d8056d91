APISTAR_ROUTE_CONF = 'bookshop.orders'
