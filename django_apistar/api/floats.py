"""The floats of a JSON document: none is infinite, and none is read twice."""

from math import isfinite

_MOST = 20_000  # that are kept
_TOO_GREAT = 'Number out of range'
# Of what n characters say the last five are the exponent: it is below 10 ** (n - 5 - exponent),
# and nothing below 10 ** -324 is more than 0.
_EXPONENTS = {f'-{exponent}': exponent for exponent in range(325, 1000)}


def read_finite(text: str) -> float:
    """Return the float of *text*. Raises ValueError where it is beyond the greatest."""
    number = float(text)
    if not isfinite(number):
        raise ValueError(_TOO_GREAT)
    return number


class Floats(dict[str, float]):
    """The floats of one document by their text.

    To read one of the least, such as 1e-330, takes ten times as long as to find it; and of those
    that are short, so that a body may hold many, there are few.
    """

    def __missing__(self, text: str) -> float:
        if _EXPONENTS.get(text[-4:], 0) > len(text) + 319:
            return -0.0 if text[0] == '-' else 0.0
        number = float(text)
        if number - number:  # NaN where it is infinite: the fastest way to ask
            raise ValueError(_TOO_GREAT)
        if len(self) < _MOST:
            self[text] = number
        return number
