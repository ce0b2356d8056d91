"""The variables of a plan's function, by what they hold of a request's state."""

from __future__ import annotations

from collections.abc import Hashable

from django_apistar.accelerate.plan.spec import Step
from django_apistar.accelerate.source import Source

_INITIAL: dict[Hashable, str] = {  # what a plan has from the start
    'environ': 'environ', 'start_response': 'start_response', 'app': '_app',
    'path_params': 'path_params', 'route': '_route', 'response': 'None', 'exc': 'None',
}  # fmt: skip
# A plan's own variables of two words, as those have that hold a parameter.
_LOCALS = ('start_response', 'path_params')


class NotPlannableError(Exception):
    """The route uses what a plan does not know; it is answered step by step."""


class Scope:
    """Lives while one plan is written."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._expressions = dict(_INITIAL)
        # By variable: the output of the step that it holds. An Exchange may take these over.
        self.state_keys: dict[str, Hashable] = {}
        for name in _LOCALS:
            source.name(name)

    def read(self, key: Hashable) -> str:
        """Return the expression for *key* of the state. Raises NotPlannableError."""
        try:
            return self._expressions[key]
        except KeyError:
            raise NotPlannableError from None

    def read_argument(self, step: Step, name: str) -> str:
        """Return the expression for the argument *name* of *step*."""
        return self.read(dict(step.values)[name])

    def define(self, step: Step, expression: str) -> None:
        """Set the result of *step* to *expression*. An Exchange cannot take it over."""
        self._expressions[step.output] = expression

    def define_result(self, step: Step) -> None:
        """Set what the function of *step* has returned: see `Injector.run`."""
        self._expressions['return_value'] = 'value'
        if step.output == 'response':
            self.define(step, 'response')

    def add_variable(self, step: Step) -> str:
        """Return a new variable for what *step* resolves."""
        assert step.parameter is not None  # A component's step has one.
        annotation = getattr(step.parameter.annotation, '__name__', 'value')
        variable = self._source.name(f'{annotation}_{step.parameter.name}'.lower())
        self.define(step, variable)
        self.state_keys[variable] = step.output
        return variable
