APISTAR_ROUTE_CONF = 'bookshop.requests'
