APISTAR_ROUTE_CONF = 'bookshop.catalogue'
