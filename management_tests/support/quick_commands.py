"""Our four commands, each as short as it can be."""

QUICK = ('--in-process', '--rounds', '1', '--duration', '0.01', '--django', '/page/')
COMMANDS = {
    'apistar_routes': ('apistar_routes',),
    'apistar_docs': ('apistar_docs',),
    'apistar_bench': ('apistar_bench', *QUICK),
    'runapistar': ('runapistar', '--check', '--skip-checks'),
}
