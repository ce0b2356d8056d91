APISTAR_ROUTE_CONF = 'bookshop.answers'
