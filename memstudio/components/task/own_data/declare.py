"""Tasks made of the user's own files, declared: rows, images, sequences of tokens, sequences of numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from memstudio.experiment.data.plans import PLANS, Plan
from memstudio.experiment.data.records import ARRAYS, ENDINGS
from memstudio.experiment.declarations import Component, Equation, Port, Source, Values
from memstudio.experiment.kinds import Inputs, Kind, Spec
from memstudio.experiment.parameters import Choice, File, Refusal, Text, Whole

STREAM = Port("stream", Kind.STREAM, "Stream")


def _refuse(kind: str) -> Callable[[Values, Inputs], str | None]:
    def refuse(values: Values, inputs: Inputs) -> str | None:
        try:
            PLANS[kind](values)
        except Refusal as refusal:
            return str(refusal)
        return None

    return refuse


def _outputs(kind: str, port: str, spec: Callable[[Plan], Spec]) -> Callable[[Values, Inputs], dict[str, Spec]]:
    def outputs(values: Values, inputs: Inputs) -> dict[str, Spec]:
        plan = PLANS[kind](values)
        return {port: spec(plan), "stream": Spec(Kind.STREAM, targets=plan.targets)}

    return outputs


FILE = File(
    name="file",
    title="File",
    default=None,
    endings=ENDINGS,
    look="memstudio.experiment.data.looking:chosen",
    meaning="Your file: CSV, Parquet or NPZ; while none is chosen a small bundled sample stands in.",
)
TARGET = Text(
    name="target", title="Target", default="", longest=200, meaning="The column or array that is asked after; empty: the likeliest."
)
INPUTS = Text(
    name="inputs",
    title="Inputs",
    default="",
    longest=20_000,
    meaning="Columns that are given, with commas between them; empty: all that can be.",
)
SPLIT = Choice(
    name="split",
    title="Split",
    default="shares",
    options={"shares": "By seeded shares", "column": "By a column", "order": "By order, newest last"},
    meaning="How training, validation and test come apart.",
)
SPLIT_BY = Text(
    name="split_by",
    title="Split by",
    default="",
    longest=200,
    meaning="The column that says train, validation or test, or whose order decides; empty: found by its name, or the order of the file.",
)
HELD_OUT = Whole(
    name="held_out",
    title="Held out",
    default=20,
    low=1,
    high=50,
    unit="% each",
    meaning="The share of the items that validation and test have each.",
)
EXPERIENCES = Text(
    name="experiences",
    title="Experiences",
    default="",
    longest=200,
    meaning="The column that names what is learned one after the other; empty: all at once.",
)
SCENARIO = Choice(
    name="scenario",
    title="Scenario",
    default="class-incremental",
    options={
        "class-incremental": "Class-incremental",
        "task-incremental": "Task-incremental",
        "domain-incremental": "Domain-incremental",
    },
    role="scenario",
    meaning="With experiences: whether all classes may be answered with, or those of the told experience only.",
)
MISSING = Choice(
    name="missing",
    title="Missing values",
    default="refuse",
    options={"refuse": "Refuse them", "drop": "Drop their items", "fill": "Training mean and a flag"},
    meaning="What happens where a value is missing; an item without its target is dropped in any case.",
)
ASKED = Choice(
    name="asked",
    title="Asked",
    default="item",
    options={"item": "Once a sequence", "position": "At each position"},
    meaning="Whether a sequence has one label, or each of its positions has.",
)
ID = Text(
    name="id",
    title="Sequence",
    default="",
    longest=200,
    meaning="In a table the column that says to which sequence a row belongs; empty: the likeliest.",
)
ORDER = Text(
    name="order",
    title="Order",
    default="",
    longest=200,
    meaning="In a table the column that orders the rows of a sequence; empty: found by its name, or the order of the file.",
)
COMMON = (SPLIT, SPLIT_BY, HELD_OUT, EXPERIENCES, SCENARIO)

_SPLITS = (
    "Training, validation and test come apart by seeded shares with each class in proportion (the data seed decides), by a column "
    "that says which row belongs where, or by order: then the newest items are the test, those before them the validation.\n\n"
    "A column may name the experience of each item: then they are learned one after the other, in the order of its values, and each "
    "has its own validation and test. Mean and spread are those of the training items of the first experience alone.\n\n"
    "The file's content is known by its hash, which stands in the document: a file that has changed is refused. Nothing in it is "
    "ever unpickled. Guessing is right as often as the commonest class of the training items comes."
)
_SHARES = Equation("Guessing", "chance = max_c n_c / Σ_c n_c  over training items")
_PEDREGOSA = Source("Pedregosa et al.", 2011, "Scikit-learn: Machine Learning in Python", "JMLR 12")
_TIDY = Source("Wickham", 2014, "Tidy Data", "Journal of Statistical Software 59")
_CONTINUAL = Source("van de Ven, Tuytelaars, Tolias", 2022, "Three Types of Incremental Learning", "Nature Machine Intelligence 4")

COMPONENTS = [
    Component(
        id="task.own_rows",
        title="Own rows",
        summary="Rows of your own table: numbers, dates and words are the features, one column is the class to be told.",
        explanation=(
            "Each row of a CSV or Parquet table, or of arrays in an NPZ file, is an item. Numbers and dates become one feature each, "
            "brought to mean 0 and spread 1 over the training items; a column of words becomes one feature for each different word. "
            "The target is a column of classes, or a number that is cut into classes of equal count by the quantiles of the training "
            "items. Missing values are refused unless you say otherwise; filled ones get the training mean and a flag beside them.\n\n"
            f"{_SPLITS} The bundled sample was drawn for this program: leaves of three plants."
        ),
        equations=(
            Equation("Number", "x̂ = (x − μ_train) / σ_train"),
            Equation("Word", "x̂ = e_w,  one of as many as there are different words"),
            Equation("Cut into k", "y = #{ j : x > q_j },  q_j the j / k quantile of training"),
            _SHARES,
        ),
        sources=(_TIDY, _PEDREGOSA, _CONTINUAL),
        gives=(Port("features", Kind.FEATURES, "Features"), STREAM),
        parameters=(
            FILE,
            TARGET,
            INPUTS,
            Whole(
                name="bins",
                title="Cut into",
                default=0,
                low=0,
                high=64,
                unit="classes",
                meaning="A number as target is cut into so many classes of equal count; 0: each value is a class.",
            ),
            MISSING,
            *COMMON,
        ),
        implementation="memstudio.components.task.own_data.stream:OwnRows",
        reference="memstudio.components.task.own_data.reference:standardised",
        outputs=_outputs("rows", "features", lambda plan: Spec(Kind.FEATURES, width=plan.width)),
        refuse=_refuse("rows"),
        tiny={"held_out": 30},
        synonyms=("table", "CSV", "Parquet", "spreadsheet", "tabular", "my data", "file", "import", "Excel", "pandas"),
    ),
    Component(
        id="task.own_images",
        title="Own images",
        summary="Images of your own from an NPZ file, with a label each.",
        explanation=(
            "An NPZ file with an array of items × height × width, or with channels first or last, and an array of labels: numbers or "
            "words. Pixels are brought to mean 0 and spread 1 in each channel, over the training items.\n\n"
            f"{_SPLITS} The bundled sample are 400 of scikit-learn's handwritten digits."
        ),
        equations=(Equation("Pixel", "x̂_c = (x_c − μ_c,train) / σ_c,train"), _SHARES),
        sources=(_PEDREGOSA, _CONTINUAL),
        gives=(Port("image", Kind.IMAGE, "Image"), STREAM),
        parameters=(
            replace(FILE, endings=ARRAYS, meaning="Your NPZ file; while none is chosen a small bundled sample stands in."),
            Text(name="images", title="Images", default="", longest=200, meaning="The array of images; empty: the first that can be."),
            TARGET,
            *COMMON,
        ),
        implementation="memstudio.components.task.own_data.stream:OwnImages",
        reference="memstudio.components.task.own_data.reference:standardised",
        outputs=_outputs("images", "image", lambda plan: Spec(Kind.IMAGE, image=plan.image)),
        refuse=_refuse("images"),
        tiny={"held_out": 30},
        synonyms=("pictures", "NPZ", "numpy", "my data", "file", "import", "vision", "MNIST"),
    ),
    Component(
        id="task.own_sequences",
        title="Own sequences",
        summary="Sequences of tokens of your own, with a label each or one at each position.",
        explanation=(
            "An NPZ file with an array of tokens, items × time, and labels, one an item or one at each position (a label below 0 is "
            "not asked); or a table with a row for each step: a column says to which sequence a row belongs, another orders its rows, "
            "a third holds the token, a letter, word or whole number. Shorter sequences begin with the token 0, which is no word of "
            "the table, so that all of them end together.\n\n"
            f"{_SPLITS} The bundled sample was drawn for this program: walks through letters, in which a comes before b or behind it."
        ),
        equations=(
            Equation("Token", "xₜ = place of the word among all words, from 1;  0 before the sequence begins"),
            _SHARES,
        ),
        sources=(_TIDY, _PEDREGOSA, _CONTINUAL),
        gives=(Port("tokens", Kind.TOKENS, "Tokens"), STREAM),
        parameters=(
            FILE,
            Text(
                name="tokens",
                title="Tokens",
                default="",
                longest=200,
                meaning="The column or array of tokens; empty: the first that can be.",
            ),
            TARGET,
            ASKED,
            ID,
            ORDER,
            *COMMON,
        ),
        implementation="memstudio.components.task.own_data.stream:OwnSequences",
        reference="memstudio.components.task.own_data.reference:padded",
        outputs=_outputs("sequences", "tokens", lambda plan: Spec(Kind.TOKENS, time=plan.time, vocabulary=plan.vocabulary)),
        refuse=_refuse("sequences"),
        tiny={"held_out": 30},
        synonyms=("tokens", "CSV", "NPZ", "my data", "file", "import", "events", "symbols", "long form"),
    ),
    Component(
        id="task.own_series",
        title="Own series",
        summary="Sequences of numbers of your own, with a label each or one at each position.",
        explanation=(
            "An NPZ file with an array of numbers, items × time × features or items × time, and labels, one an item or one at each "
            "position; or a table with a row for each step: a column says to which sequence a row belongs, another orders its rows, "
            "the others are measured. Each feature is brought to mean 0 and spread 1 over the training items. Shorter sequences "
            "begin with zeros, so that all of them end together. Missing values are refused unless you say otherwise.\n\n"
            f"{_SPLITS} The bundled sample was drawn for this program: heights along slow and quick waves."
        ),
        equations=(Equation("Number", "x̂ₜ = (xₜ − μ_train) / σ_train"), _SHARES),
        sources=(_TIDY, _PEDREGOSA, _CONTINUAL),
        gives=(Port("sequence", Kind.SEQUENCE, "Sequence"), STREAM),
        parameters=(FILE, INPUTS, TARGET, ASKED, ID, ORDER, MISSING, *COMMON),
        implementation="memstudio.components.task.own_data.stream:OwnSeries",
        reference="memstudio.components.task.own_data.reference:standardised",
        outputs=_outputs("series", "sequence", lambda plan: Spec(Kind.SEQUENCE, time=plan.time, width=plan.width)),
        refuse=_refuse("series"),
        tiny={"held_out": 30},
        synonyms=("time series", "sensors", "signals", "CSV", "NPZ", "my data", "file", "import", "long form"),
    ),
]
