"""The words of the page before a weighty step. Each app declares those of its steps beside its workflow."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StepWords:
    """The button, the question and the consequence of a step. `done` is the message afterwards, if the usual one does
    not say enough."""

    button: str
    question: str
    consequence: str
    done: str = ""
