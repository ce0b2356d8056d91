APISTAR_ROUTE_CONF = 'bookshop.hooks'
APISTAR_SETTINGS = {
    'EVENT_HOOKS': ['bookshop.hooks.Timing', 'bookshop.hooks.ReadOnly', 'bookshop.hooks.FaultLog'],
}
