import apistar
from apistar import Component, Route, http


class Agent:
    def __init__(self, name: str) -> None:
        self.name = name


class AgentComponent(Component):
    def resolve(self, user_agent: http.Header) -> Agent:
        return Agent(user_agent.split('/')[0])


def welcome(agent: Agent, name: str = 'you') -> dict:
    return {'message': f'Hello, {name}, with {agent.name}'}


routes = [Route('/', 'GET', welcome)]
components = [AgentComponent()]

app = apistar.App(routes=routes, components=components)
