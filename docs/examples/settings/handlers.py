APISTAR_ROUTE_CONF = 'bookshop.injection'
