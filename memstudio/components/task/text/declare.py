"""Text to be foretold token by token, declared: the user's own file, or a small bundled one."""

from __future__ import annotations

from memstudio.components.task.parameters import GIVES, TEST_ITEMS, outputs
from memstudio.experiment.declarations import Component, Equation, Source, Values
from memstudio.experiment.kinds import Inputs, Spec, Targets
from memstudio.experiment.parameters import Choice, File, Whole

#: what a text file may be called: the name decides nothing, but nobody trains on a program by mistake
ENDINGS = (".txt", ".text", ".md", ".rst", ".tex")


def _outputs(values: Values, inputs: Inputs) -> dict[str, Spec]:
    targets = Targets(what="next token", size=values["vocabulary"], per_position=True, marks=("characters",), shown_next=True)
    return outputs(values["length"], values["vocabulary"], targets)


def _refuse(values: Values, inputs: Inputs) -> str | None:
    if values["text"] == "file" and values["file"] is None:
        return "Choose the text file, or take the bundled text."
    if values["validation_share"] + values["test_share"] > 80:
        together = values["validation_share"] + values["test_share"]
        return f"Validation and test together take {together} % of the text; at most 80 % leaves enough to train on."
    return None


COMPONENTS = [
    Component(
        id="task.text",
        title="Text",
        summary="Real text, of your own or bundled, to be foretold character by character or word by word.",
        explanation=(
            "At every position the next token of a text is asked: a language model in small. Take a text file of your own (UTF-8, "
            "up to 32 MB), or the bundled English prose: the descriptions of data sets that come with scikit-learn, about 43,000 "
            "characters (a little different from version to version of scikit-learn; the fingerprint tells).\n\n"
            "Tokens are characters, or words: then a word with the space before it is one token, so are signs and what is left of "
            "white space, and the tokens put together give the text again. The most frequent tokens of the training text make the "
            "vocabulary; all others are one token, the unknown, and are foretold as that. Bits a token are bits a character where "
            "tokens are characters; for words, it is known of each target how many characters it stands for.\n\n"
            "Validation and test are two blocks of the text side by side, at a place that the data seed decides; training windows "
            "are drawn from what lies before and behind, never across. So no held-out sentence is seen in training, unless the text "
            "repeats itself. Test items are windows that follow each other, as many as fit, or evenly chosen ones if there are more "
            "than wanted.\n\n"
            "There is no accuracy of guessing here, as tokens are not equally likely: the most frequent one (the space, mostly) is "
            "right about once in six or seven characters of English."
        ),
        equations=(
            Equation("What is asked", "target at t = xₜ₊₁"),
            Equation("Bits a character", "b = −(1 / N) Σₜ log₂ p(xₜ₊₁ | x₁ … xₜ)"),
            Equation("Blocks", "text = training ‖ (validation, test) ‖ training"),
        ),
        sources=(
            Source("Shannon", 1951, "Prediction and Entropy of Printed English", "Bell System Technical Journal 30"),
            Source("Pedregosa et al.", 2011, "Scikit-learn: Machine Learning in Python", "JMLR 12"),
        ),
        gives=GIVES,
        parameters=(
            Choice(
                name="text",
                title="Text",
                default="bundled",
                options={"bundled": "Bundled English prose", "file": "A text file"},
                meaning="Which text is foretold.",
            ),
            File(
                name="file",
                title="Text file",
                default=None,
                endings=ENDINGS,
                shown_when=("text", "file"),
                meaning="A file of plain text in UTF-8, up to 32 MB.",
            ),
            Choice(
                name="level",
                title="Tokens",
                default="character",
                options={"character": "Characters", "word": "Words and signs"},
                meaning="What one token is.",
            ),
            Whole(
                name="vocabulary",
                title="Vocabulary",
                default=96,
                low=2,
                high=65536,
                log=True,
                unit="tokens",
                role="vocabulary",
                meaning="How many different tokens there are: the unknown one, and the most frequent of the training text.",
            ),
            Whole(
                name="length",
                title="Length",
                default=128,
                low=1,
                high=65536,
                log=True,
                unit="tokens",
                role="length",
                meaning="How many tokens an item has.",
            ),
            Whole(
                name="validation_share",
                title="Validation",
                default=10,
                low=1,
                high=50,
                unit="% of the text",
                meaning="Which share of the text choices are made on.",
            ),
            Whole(
                name="test_share",
                title="Test",
                default=10,
                low=1,
                high=50,
                unit="% of the text",
                meaning="Which share of the text is kept for reporting.",
            ),
            TEST_ITEMS,
        ),
        implementation="memstudio.components.task.text.stream:Text",
        reference="memstudio.components.task.text.reference:split",
        outputs=_outputs,
        refuse=_refuse,
        tiny={"vocabulary": 24, "length": 12, "test_items": 4},
        synonyms=("language model", "characters", "words", "next token", "perplexity", "bits per character", "corpus", "file"),
    )
]
