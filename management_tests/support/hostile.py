"""An app whose texts and URLs are HTML that tries to run, wherever a document has one."""

from typing import List

from apistar import Component, Include, Route, types, validators

# What runs calls `run`, which a test watches. No place is asked for that does not answer.
MARKUP = """
<img src="data:," onerror="run('{0} img')"> <svg onload="run('{0} svg')"></svg>
<script>run('{0} script')</script> <details open ontoggle="run('{0} toggle')">x</details>
<iframe srcdoc="<script>parent.run('{0} frame')</script>"></iframe>
<a href="javascript:run('{0} link')">a</a> [b](javascript:run('{0}%20markdown'))
[c](JaVaScript&colon;run('{0}%20entity')) <object data="javascript:run('{0} object')"></object>
<form action="javascript:run('{0} form')"><button>press</button></form>
<math><mtext><table><mglyph><style><img src="data:," onerror="run('{0} math')">
"""


def hostile(place: str) -> str:
    return f'Text {MARKUP.format(place)}'


class Holder:
    """What the component gives."""


class Tokens(Component):
    security_scheme = {
        'type': 'oauth2', 'description': hostile('scheme'),
        'flows': {'authorizationCode': {
            'authorizationUrl': "javascript:run('authorization')",
            'tokenUrl': "javascript:run('token')", 'scopes': {'all': hostile('scope')},
        }},
    }  # fmt: skip

    def resolve(self) -> Holder:
        return Holder()


class Thing(types.Type):
    example = {'name': hostile('example'), 'link': "javascript:run('example link')"}

    name = validators.String(
        title=hostile('title'), description=hostile('field'), default=hostile('default'),
        enum=[hostile('enum'), hostile('default')],
    )  # fmt: skip
    link = validators.String(pattern='<img src="data:," onerror="run(\'pattern\')">', default='x')


Thing.__doc__ = hostile('type')


def list_things(name: str = hostile('parameter')) -> List[Thing]:
    return []


list_things.__doc__ = hostile('docstring')
list_things.openapi = {  # type: ignore[attr-defined]
    'externalDocs': {'url': "javascript:run('documents')", 'description': hostile('documents')},
    'servers': [{'url': "javascript:run('server')", 'description': hostile('server')}],
    'security': [{'Tokens': ['all']}],
    'responses': {
        '202': {
            'description': hostile('response'),
            'content': {'text/html': {'example': hostile('answer')}},
        }
    },
    'x-codeSamples': [{'lang': 'html', 'source': hostile('sample')}],
}


def create_thing(thing: Thing) -> Thing:
    return thing


routes = [
    Route('/things/', 'GET', list_things),
    Route('/things/', 'POST', create_thing),
    # Without quotes, which Redoc cannot find again.
    Include(
        '/inner', '<img src=data:, onerror=run(1)>', [Route('/', 'GET', list_things, name='inner')]
    ),
]
SETTINGS = {
    'DOCS_URL': '/docs/', 'TITLE': hostile('title'), 'DESCRIPTION': hostile('description'),
    'SERVERS': ["javascript:run('servers')"], 'COMPONENTS': [Tokens()],
}  # fmt: skip
