APISTAR_ROUTE_CONF = 'bookshop.shelf'
