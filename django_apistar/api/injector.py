"""API Star's Injector, repaired: the plan of a call depends on functions, never on instances.

API Star keys its plans by bound methods, of which each request has new ones where a hook is a
class. It also forgets that a plan depends on what the request has resolved before.
"""

import dataclasses
import inspect
import typing
import uuid
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

from apistar import App
from apistar.exceptions import ConfigurationError
from apistar.server.components import Component, ReturnValue
from apistar.server.injector import BaseInjector

from django_apistar.compat.signatures import (
    Function,
    get_dotted_name,
    get_signature,
    get_source,
    strip_optional,
    without_optional,
)

Key = Hashable  # of a value in a request's state
_PRIMITIVES = (str, int, float, bool, inspect.Parameter.empty)
_MAX_PLANS = 4096  # hooks that make functions per request must not fill the memory


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One call of a plan: `func(**values, **consts)`, kept in the state under `output`."""

    func: Function
    values: tuple[tuple[str, Key], ...]  # parameter name, key in the state
    consts: dict[str, Any]
    output: Key
    function: int | None  # position among the plan's functions, None for a component's resolve
    component: Component | None = None
    parameter: inspect.Parameter | None = None  # what the component resolves


class InjectionError(ConfigurationError):
    """A function cannot be called. Says which and where; `hint` says what to do."""

    def __init__(self, message: str, func: Function, hint: str) -> None:
        self.hint = hint
        source = get_source(func)
        super().__init__(message + (f' ({source}).' if source else '.'))


class UnresolvableParameterError(InjectionError):
    """No component provides a parameter."""

    def __init__(self, parameter: inspect.Parameter, func: Function) -> None:
        super().__init__(
            f'Parameter {_describe(parameter)} of {get_dotted_name(func)} cannot be injected',
            func,
            _remedy(parameter),
        )


class Injector(BaseInjector):
    """Resolves parameters depth first, as API Star does, and runs functions with them.

    Lives as long as its App. `initial` maps the keys that each state begins with to the
    annotations that ask for them. The project's components come before API Star's.
    """

    def __init__(self, components: Sequence[Component], initial: dict[str, Any]) -> None:
        self.components = tuple(components)
        self.initial = dict(initial)
        self.reverse_initial = {value: key for key, value in initial.items()}
        self._plans: dict[Hashable, tuple[Step, ...]] = {}
        self._signatures: dict[int, inspect.Signature] = {}  # of resolve, by a component's id
        own = [item for item in self.components if not is_built_in(item)]
        self._in_order = self._put_first(own)
        self._in_order_for_primitives = self._put_first(
            [item for item in own if _chooses_parameters(item)]
        )

    def _put_first(self, own: list[Component]) -> list[Component]:
        return [*own, *(item for item in self.components if item not in own)]

    # Plans

    def plan(self, funcs: Iterable[Function], known: Iterable[Key]) -> tuple[Step, ...]:
        """Return the steps that call *funcs* in order, given the keys that are *known* already.

        Raises ConfigurationError.
        """
        steps: list[Step] = []
        seen = set(self.initial) | set(known)
        for position, func in enumerate(funcs):
            self._resolve(func, steps, seen, position=position)
        return tuple(steps)

    def _resolve(
        self,
        func: Function,
        steps: list[Step],
        seen: set[Key],
        position: int | None = None,
        component: Component | None = None,
        parameter: inspect.Parameter | None = None,
        output: Key = None,
        parents: tuple[Key, ...] = (),
    ) -> None:
        if inspect.iscoroutinefunction(func):
            raise InjectionError(
                f'{get_dotted_name(func)} is a coroutine function, which WSGI cannot run',
                func,
                'Write def instead of async def.',
            )
        signature = (
            get_signature(func) if component is None else self._get_resolve_signature(component)
        )
        values: list[tuple[str, Key]] = []
        consts: dict[str, Any] = {}
        for wanted in signature.parameters.values():
            key = self._find_initial(wanted)
            if key is not None:
                values.append((wanted.name, key))
            elif wanted.annotation is inspect.Parameter:
                consts[wanted.name] = parameter
            elif self._is_left_to_its_default(wanted):
                continue
            else:
                values.append((wanted.name, self._resolve_by_component(wanted, func, steps, seen,
                                                                        parents)))  # fmt: skip
        if output is None:
            output = self._find_output(signature)
        steps.append(Step(func, tuple(values), consts, output, position, component, parameter))

    def _find_initial(self, parameter: inspect.Parameter) -> Key | None:
        if parameter.annotation is ReturnValue:
            return 'return_value'
        try:
            return self.reverse_initial.get(strip_optional(parameter.annotation)[0])
        except TypeError:  # An annotation that cannot be hashed.
            return None

    def _find_output(self, signature: inspect.Signature) -> Key:
        try:
            return self.reverse_initial.get(signature.return_annotation, 'return_value')
        except TypeError:
            return 'return_value'

    def _is_left_to_its_default(self, parameter: inspect.Parameter) -> bool:
        """Return whether *parameter* gets nothing: `*args` or `**kwargs`, as of a decorator."""
        return parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)

    def _resolve_by_component(
        self,
        wanted: inspect.Parameter,
        func: Function,
        steps: list[Step],
        seen: set[Key],
        parents: tuple[Key, ...],
    ) -> Key:
        component, parameter = self.find_component(wanted, func)
        key = identify(component, parameter, self._get_resolve_signature(component))
        if key in parents:
            raise InjectionError(
                f'The component {get_dotted_name(type(component))} needs itself',
                component.resolve,
                'Break the circle: what resolve() asks for must not ask for it in turn.',
            )
        if key not in seen:
            seen.add(key)
            self._resolve(
                component.resolve, steps, seen,
                component=component, parameter=parameter, output=key, parents=(*parents, key),
            )  # fmt: skip
        return key

    def find_component(
        self, parameter: inspect.Parameter, func: Function
    ) -> tuple[Component, inspect.Parameter]:
        """Return the component for *parameter* of *func*, and *parameter* as it provides it."""
        candidates = [parameter]
        if strip_optional(parameter.annotation)[1]:
            candidates.append(without_optional(parameter))
        failure: Exception | None = None
        for candidate in candidates:
            for component in self._list_components(candidate):
                try:
                    if self._handles(component, candidate):
                        return component, candidate
                except Exception as exc:
                    # A component that fails when asked must not stop the others.
                    failure = failure or exc
        if isinstance(failure, ConfigurationError):
            raise failure
        raise UnresolvableParameterError(parameter, func) from failure

    def _handles(self, component: Component, parameter: inspect.Parameter) -> bool:
        """Return whether *component* provides *parameter*."""
        if _chooses_parameters(component):
            return bool(component.can_handle_parameter(parameter))
        provided = self._get_resolve_signature(component).return_annotation
        if provided is inspect.Signature.empty:
            return bool(component.can_handle_parameter(parameter))  # Raises, and says why.
        # Equal, not identical: typing makes a second Optional[T] when its cache is full.
        return bool(parameter.annotation == provided)

    def _list_components(self, parameter: inspect.Parameter) -> list[Component]:
        """The project's components first, so that they can replace API Star's.

        But for primitive annotations only those that override can_handle_parameter, for example
        to choose by name.
        """
        is_primitive = parameter.annotation in _PRIMITIVES
        return self._in_order_for_primitives if is_primitive else self._in_order

    def _get_resolve_signature(self, component: Component) -> inspect.Signature:
        signature = self._signatures.get(id(component))
        if signature is None:
            signature = self._signatures[id(component)] = get_signature(component.resolve)
        return signature

    # Runs

    def run(
        self,
        funcs: Sequence[Function],
        state: dict[Any, Any],
        before_call: Callable[[], None] | None = None,
    ) -> Any:
        """Call *funcs* with what they ask for, keep what is resolved in *state*.

        *before_call* is called when a function's arguments are there. Returns the last
        function's result, None when there is no function.
        """
        if not funcs:
            return None
        value = None
        for step in self._get_plan(funcs, state):
            func = step.func if step.function is None else funcs[step.function]
            kwargs = {name: state[key] for name, key in step.values}
            if before_call is not None and step.function is not None:
                before_call()
            value = func(**kwargs, **step.consts)
            state[step.output] = value
            if step.function is not None:
                state['return_value'] = value
        return value

    def needs(self, func: Function, keys: Sequence[Key], state: dict[object, object]) -> bool:
        """Return whether *func* or a project's component for it takes one of *keys* of the state.

        API Star's own components need no route, and `Optional[Route]` accepts None.
        """
        return any(
            key in keys and not _is_optional(step.func, name)
            for step in self._get_plan([func], state)
            if not is_built_in(step.component)
            for name, key in step.values
        )

    def _get_plan(self, funcs: Sequence[Function], state: dict[object, object]) -> tuple[Step, ...]:
        key = (tuple(getattr(func, '__func__', func) for func in funcs), frozenset(state))
        try:
            return self._plans[key]
        except KeyError:
            if len(self._plans) >= _MAX_PLANS:
                self._plans.clear()
            plan = self._plans[key] = tuple(map(_without_object, self.plan(funcs, state)))
            return plan


def identify(
    component: Component, parameter: inspect.Parameter, signature: inspect.Signature
) -> Key:
    """Return the state's key of what *component* resolves, by *signature*, for *parameter*.

    API Star's own identity is the class's bare name, so that two classes named User were one.
    A component that overrides `identity` is asked.
    """
    if type(component).identity is not Component.identity:
        key: Key = component.identity(parameter)
        return key
    annotation = parameter.annotation
    try:
        hash(annotation)
    except TypeError:
        annotation = repr(annotation)
    asks_for_parameter = any(
        wanted.annotation is inspect.Parameter for wanted in signature.parameters.values()
    )
    return (annotation, parameter.name if asks_for_parameter else None)


def is_built_in(component: object) -> bool:
    """Return whether *component* is API Star's own, or ours in place of it."""
    module = type(component).__module__
    return module.startswith('apistar.server.') or module == 'django_apistar.api.components'


def _without_object(step: Step) -> Step:
    """Return *step* without its hook object: a plan lives longer than the request."""
    if step.function is None:
        return step
    return dataclasses.replace(step, func=getattr(step.func, '__func__', step.func))


def _is_optional(func: Function, name: str) -> bool:
    return strip_optional(get_signature(func).parameters[name].annotation)[1]


def _chooses_parameters(component: Component) -> bool:
    return type(component).can_handle_parameter is not Component.can_handle_parameter


def _describe(parameter: inspect.Parameter) -> str:
    text = str(parameter.replace(default=inspect.Parameter.empty))
    return repr(text.replace('typing.', ''))


def _remedy(parameter: inspect.Parameter) -> str:
    annotation, is_optional = strip_optional(parameter.annotation)
    if isinstance(annotation, str):
        return f'Import the name {annotation!r} in the module of the function.'
    name = getattr(annotation, '__name__', str(annotation))
    if isinstance(annotation, type) and issubclass(annotation, App):
        return 'Annotate it with django_apistar.application.App, or with the class in APP_CLASS.'
    if annotation is uuid.UUID:
        return f'Write <uuid:{parameter.name}> in the path, or add a component that returns UUID.'
    if annotation in (dict, list) or typing.get_origin(annotation) is dict:
        return 'Annotate it with a Type of the body, or with http.RequestData for any JSON.'
    if typing.get_origin(annotation) not in (None, list):  # a Union, a Literal, an Annotated
        return "Annotate it with one class: str, int, float, bool, a Type, or a component's."
    if is_optional:
        return (
            f'Annotate it with {name} and give it the default None, or add a component that '
            f'returns {name}.'
        )
    return f'Add a component whose resolve() is annotated to return {name}, or correct the type.'
