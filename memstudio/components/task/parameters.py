"""What declarations of token tasks share: ports, outputs, parameters that several have. No torch."""

from __future__ import annotations

from memstudio.experiment.declarations import Port
from memstudio.experiment.kinds import Kind, Spec, Targets
from memstudio.experiment.parameters import Whole

GIVES = (Port("tokens", Kind.TOKENS, "Tokens"), Port("stream", Kind.STREAM, "Stream"))
#: cases and test parts that a task may have at most: each part is judged at every look
MOST_PARTS = 64

TEST_ITEMS = Whole(
    name="test_items",
    title="Test items",
    default=128,
    low=1,
    high=100_000,
    log=True,
    unit="items a part",
    role="test_items",
    meaning="How many items each part of the test holds, and each part of the validation.",
)


def outputs(length: int, vocabulary: int, targets: Targets) -> dict[str, Spec]:
    """The specs at both ports: items of `length` tokens out of `vocabulary`, and what is asked of them."""
    return {
        "tokens": Spec(Kind.TOKENS, time=length, vocabulary=vocabulary),
        "stream": Spec(Kind.STREAM, targets=targets),
    }


def too_many(parts: int) -> str | None:
    """The refusal of more test parts than there may be."""
    if parts <= MOST_PARTS:
        return None
    return f"The test would have {parts:,} parts, one for each combination of the lists; shorten a list, at most {MOST_PARTS} fit."
