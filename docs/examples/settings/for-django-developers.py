APISTAR_ROUTE_CONF = 'bookshop.surprises'
