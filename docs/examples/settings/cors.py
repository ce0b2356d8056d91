APISTAR_ROUTE_CONF = 'bookshop.catalogue'
APISTAR_SETTINGS = {'EVENT_HOOKS': ['bookshop.cors.Cors']}
