"""How the page of a weighty step announces it; each app declares the words of its steps beside its workflow."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StepWords:
    """How a step is announced: the button, the question, what follows from it. `done` is said afterwards, where that
    is more than that it was done."""

    button: str
    question: str
    consequence: str
    done: str = ""
