"""What declarations of token tasks share: ports, outputs, parameters that several have. No torch."""

from __future__ import annotations

from memstudio.experiment.declarations import Port
from memstudio.experiment.kinds import Kind, Spec, Targets
from memstudio.experiment.parameters import Choice, Real, Whole

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


VOCABULARY = Whole(
    name="vocabulary",
    title="Vocabulary",
    default=64,
    low=4,
    high=65536,
    log=True,
    unit="tokens",
    role="vocabulary",
    meaning="How many different tokens there are: half keys (one of them blank), half values.",
)

GAP = Real(
    name="gap",
    title="Power of the gaps",
    default=0.99,
    low=0.0,
    high=4.0,
    meaning="Questions come at slot g with probability in proportion to g to the minus this; 0 makes all slots equally likely.",
)

FILLER = Choice(
    name="filler",
    title="Filler",
    default="blank",
    options={"blank": "Blank", "random": "Random tokens"},
    meaning="What stands where nothing is asked: the blank token, or random tokens that are no key of the item.",
)
