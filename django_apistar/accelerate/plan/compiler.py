"""Compiles the plan of a route: one function from environ to body, in place of the steps.

A plan does what an Exchange does for the same route, in the same order, and hands over to an
Exchange when anything raises. `Plan.text` shows it.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterable, Iterator

from django_apistar.accelerate.plan.inline import InlineWriter
from django_apistar.accelerate.plan.response_writer import ResponseWriter
from django_apistar.accelerate.plan.scope import NotPlannableError, Scope
from django_apistar.accelerate.plan.spec import Plan, PlanContext, RouteSpec, Step
from django_apistar.accelerate.source import Source


def compile_plan(spec: RouteSpec, context: PlanContext) -> Plan:
    """Return the plan of *spec*. Raises NotPlannableError."""
    return _PlanWriter(spec, context).build()


def check_plan(spec: RouteSpec, context: PlanContext) -> None:
    """Raise what `compile_plan` would, in a tenth of its time: no Type is compiled for it."""
    response = dataclasses.replace(
        context.response, render_rows=_find_nothing, write_rows=_find_nothing,
        find_type=_find_nothing,
    )  # fmt: skip
    trial = dataclasses.replace(context, response=response)
    _PlanWriter(spec, trial, is_trial=True).write()


def _find_nothing(handler: object) -> None:
    """Stand in for a compilation in a plan that is not run."""


class _PlanWriter:
    def __init__(self, spec: RouteSpec, context: PlanContext, *, is_trial: bool = False) -> None:
        self._spec = spec
        self._context = context
        self._source = Source()
        self._scope = Scope(self._source)
        self._inline = InlineWriter(self._source, self._scope, spec, context, is_trial)
        self._response = ResponseWriter(
            self._source, context.response, spec.route.handler, spec.has_own_rendering,
            any(what == 'on_response' for what, _ in spec.calls),
        )  # fmt: skip

    def build(self) -> Plan:
        self.write()
        route = self._spec.route
        filename = f'<django_apistar plan {route.method.upper()} {self._spec.path}>'
        return Plan(self._source.build('respond', filename), self._source.text)

    def write(self) -> None:
        source, spec = self._source, self._spec
        for value, hint in ((self._context.app, 'app'), (spec.route, 'route')):
            if source.const(value, hint) != f'_{hint}':
                raise NotPlannableError
        recover = source.const(self._context.recover, 'recover')
        keys = source.const(self._scope.state_keys, 'state_keys')
        with source.block('def respond(environ, start_response, path_params):'):
            with source.block('try:'):
                if 'path_params' in self._inline.wanted:  # A function that gets it may change it.
                    source.line('path_params = path_params.copy()')
                self._write_hooks()
                for start, index in self._group_steps():
                    self._write_progress(spec.steps[index - 1])
                    for number in range(start, index):
                        self._write_step(number, spec.steps[number])
            with source.block(f'except {source.const(self._context.faults, "faults")} as exc:'):
                source.line(
                    f'return {recover}(exc, environ, start_response, _route, {keys}, locals())'
                )
            self._response.write()

    def _write_hooks(self) -> None:
        source, spec = self._source, self._spec
        for number, hook in enumerate(spec.hooks):
            made = source.const(hook, 'Hook' if isinstance(hook, type) else 'hook')
            source.line(f'hook_{number} = {made}' + ('()' if isinstance(hook, type) else ''))
        # A function of the project sees it.
        is_named = spec.hooks or 'environ' in self._inline.wanted
        named = {self._context.route_name_key: spec.name} if is_named else {}
        for key, noted in {**named, **spec.notes}.items():
            source.line(f'environ[{source.const(key, "key")}] = {source.const(noted, "noted")}')
        if not spec.hooks:
            return
        numbers = range(len(spec.hooks))
        with_request = {hook for what, hook in spec.calls if what == 'on_request'}
        source.line(f'hooks = [{", ".join(f"hook_{n}" for n in numbers)}]')
        started = ', '.join(f'hook_{n}' for n in numbers if n not in with_request)
        source.line(f'entered, responded, response = [{started}], [], None')

    def _group_steps(self) -> Iterator[tuple[int, int]]:
        """Yield the range of the steps of each planned function: its components' and its own."""
        start = 0
        for index, step in enumerate(self._spec.steps, 1):
            if step.function is not None:
                yield start, index
                start = index

    def _write_progress(self, step: Step) -> None:
        """Write the line that notes that a hook's on_response ran: it is not called again."""
        what, hook = self._get_call(step)
        if what == 'on_response':
            self._source.line(f'responded.append(hook_{hook})')

    def _get_call(self, step: Step) -> tuple[str, int | None]:
        assert step.function is not None  # It is no component's.
        return self._spec.calls[step.function]

    def _write_step(self, index: int, step: Step) -> None:
        if index in self._inline.positions:
            self._inline.write(step)
        elif step.component is not None:
            function = self._source.const(step.func, type(step.component).__name__)
            arguments = self._write_arguments(step)
            self._source.line(f'{self._scope.add_variable(step)} = {function}({arguments})')
        else:
            self._write_function(step)

    def _write_arguments(self, step: Step) -> str:
        arguments = {name: self._scope.read(key) for name, key in step.values}
        arguments |= {name: self._source.const(value, name) for name, value in step.consts.items()}
        if _takes_in_order(step.func, arguments):
            return ', '.join(arguments.values())
        return ', '.join(f'{name}={value}' for name, value in arguments.items())

    def _write_function(self, step: Step) -> None:
        what, hook = self._get_call(step)
        if step.output not in ('return_value', 'response'):
            raise NotPlannableError
        if what in ('render_response', 'finalize_wsgi') and self._spec.has_own_rendering:
            self._response.write_rendering(what)
        else:
            self._write_call(step, what, hook)
        self._scope.define_result(step)

    def _write_call(self, step: Step, what: str, hook: int | None) -> None:
        target = 'value' if step.output == 'return_value' else 'response = value'
        if hook is not None:
            function = f'hook_{hook}.{what}'
            if what == 'on_request':
                self._source.line(f'entered.append(hook_{hook})')
        else:
            function = self._source.const(step.func, what)
        call = f'{function}({self._write_arguments(step)})'
        self._source.line(f'return {call}' if what == 'finalize_wsgi' else f'{target} = {call}')
        if what == 'handler':
            self._response.write_rows()


def _takes_in_order(func: object, names: Iterable[str]) -> bool:
    """Return whether *func* is a plain function of *names*: positional arguments are faster."""
    if not inspect.isfunction(func):
        return False
    code = func.__code__
    return code.co_varnames[: code.co_argcount] == tuple(names)
