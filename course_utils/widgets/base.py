"""What all explorers share: their scripts, their way to say what is wrong, and the picture they leave behind."""

import base64
import io
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import numpy as np
import traitlets

HERE = Path(__file__).parent


def script(name: str) -> str:
    """One JavaScript module from the kit and the explorer's own file, so that nothing is fetched from anywhere."""
    return "\n".join((HERE / f"{part}.js").read_text(encoding="utf-8") for part in ("kit", name))


class Explorer(anywidget.AnyWidget):
    """A picture to move. Subclasses give `view`, `sentence` and `picture`, and a check for each setting.

    Bad input is never an exception: `problem` says what was wrong, what was expected and what to do, the explorer
    shows it, and the last good value stays.
    """

    _css = (HERE / "kit.css").read_text(encoding="utf-8")
    # ipywidgets 7 shows itself by this hook, and then leaves no picture behind. Without it, IPython asks for the bundle.
    _ipython_display_ = None

    problem = traitlets.Unicode("").tag(sync=True)
    data = traitlets.Dict().tag(sync=True)
    """What the browser needs to draw alone, sent once. Arrays as bytes."""

    CHECKS: ClassVar[dict[str, Callable[[Any], Any]]] = {}
    """For each setting, a function that returns the value to keep, or raises ValueError with advice."""

    def __init__(self, data: dict[str, Any] | None = None, problem: str = "", **settings: Any) -> None:
        good, problems = {}, [problem] if problem else []
        for name, value in settings.items():
            try:
                good[name] = self.check(name, value)
            except ValueError as error:
                problems.append(str(error))
        self._good, self._made = dict(good), False
        super().__init__(data=data or {}, problem=" ".join(problems), **good)
        self._made = True
        hear_while_busy(self.comm)

    def view(self) -> dict[str, Any]:
        """All numbers that are shown now, from the explorer's plain function."""
        raise NotImplementedError

    def sentence(self) -> str:
        """What the picture says now, in words."""
        raise NotImplementedError

    def picture(self) -> Any:
        """A matplotlib figure of what is shown now, for where nothing runs."""
        raise NotImplementedError

    def check(self, name: str, value: Any) -> Any:
        """The value to keep for a setting. Raises ValueError with advice."""
        return self.CHECKS[name](value)

    def _keep(self, proposal: Any) -> Any:
        """A new value if its check passes, or else the last good one and a problem to show."""
        name, value = proposal["trait"].name, proposal["value"]
        if not self._made:
            return value  # it was checked before it was handed on
        try:
            value = self.check(name, value)
        except ValueError as error:
            self.problem = str(error)
            # Not the trait's own value: what the browser sends is in there before it is checked.
            return self._good.get(name, proposal["trait"].default())
        self.problem = ""
        self._good[name] = value
        return value

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The live view, and for where nothing runs a PNG of what is shown now and a sentence that says it."""
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        return {**data, **self.still()}, metadata

    def still(self) -> dict[str, str]:
        """The picture as a bundle without a live view."""
        if self.problem and not self.data:
            return {"text/plain": self.problem}
        return {"image/png": png(self.picture()), "text/plain": self.sentence()}


def setting(default: Any) -> Any:
    """A value that learner, browser and kernel share. It takes anything, since `Explorer.check` says what is wrong."""
    return Setting(default).tag(sync=True)


class Setting(traitlets.Any):
    """Anything, and None is no exception: a plain `Any` would let None past the check."""

    allow_none = False


def checked(*names: str) -> Any:
    """In an explorer's class body: new values of these settings go through `Explorer.check`."""

    def keep(self: Explorer, proposal: Any) -> Any:
        return self._keep(proposal)

    return traitlets.validate(*names)(keep)


def hear_while_busy(comm: Any) -> None:
    """Let messages from the browser come by the thread beside the cells to which JupyterLab sends them.

    ipykernel sends them, from version 7.4 on, to where the comm was last used instead. That is the main thread, which
    would hear of a button or a typed word only when the cell that runs is over. Where there is no such rule, this
    changes nothing.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = None


def png(figure: Any) -> str:
    """A matplotlib figure as base64, as notebooks hold it."""
    held = io.BytesIO()
    figure.savefig(held, format="png", dpi=100, bbox_inches="tight")
    return base64.b64encode(held.getvalue()).decode()


def new_figure(width: float, height: float, **kwargs: Any) -> tuple[Any, Any]:
    """A figure and its axes that no notebook shows by itself. Sizes in inches."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(**kwargs)


def a_number(name: str, low: float, high: float) -> Callable[[Any], float]:
    """A check for a finite number within bounds, both included."""

    def check(value: Any) -> float:
        number = as_number(value)
        if number is None or not low <= number <= high:
            raise ValueError(
                f"{name} is a number from {low:g} to {high:g}. This is {shown(value)}: choose another."
            )
        return number

    return check


def a_whole_number(name: str, low: int, high: int) -> Callable[[Any], int]:
    """A check for a whole number within bounds, both included."""

    def check(value: Any) -> int:
        number = as_number(value)
        if number is None or number != int(number) or not low <= number <= high:
            raise ValueError(
                f"{name} is a whole number from {low} to {high}. This is {shown(value)}: choose another."
            )
        return int(number)

    return check


def a_choice(name: str, *choices: Any) -> Callable[[Any], Any]:
    """A check for one of a few values."""

    def check(value: Any) -> Any:
        if not any(
            value is choice or (type(value) is type(choice) and value == choice) for choice in choices
        ):
            names = ", ".join(map(repr, choices))
            raise ValueError(f"{name} is one of {names}. This is {shown(value)}: choose one of these.")
        return value

    return check


def as_number(value: Any) -> float | None:
    """The value as a finite float, or None if it is none."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if np.isfinite(number) else None


def shown(value: Any) -> str:
    """A value as a message quotes it: short, whatever it is."""
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def fixed(number: float, digits: int) -> str:
    """A number with a fixed count of digits, as the explorers' JavaScript writes it: halves away from zero."""
    value = float(number)
    if np.isnan(value):
        return "nan"
    if np.isinf(value):
        return "inf" if value > 0 else "-inf"
    if abs(value) >= 1e21:  # from here on JavaScript writes powers of ten
        return repr(value)
    text = f"{Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP):f}"
    return text.lstrip("-") if not text.strip("-0.") else text
