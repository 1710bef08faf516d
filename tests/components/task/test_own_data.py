"""Tasks of own data: what becomes a feature, how items come apart, what is fitted on training alone, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from memstudio.components.catalogue import catalogue
from memstudio.components.runtime import Draws
from memstudio.components.task.own_data.reference import padded, standardised
from memstudio.components.task.own_data.stream import OwnData
from memstudio.experiment.data.adding import COMPONENTS
from memstudio.experiment.data.looking import chosen
from memstudio.experiment.entries import Configured
from memstudio.experiment.kinds import Inputs
from memstudio.experiment.parameters import Refusal

DRAWS = Draws(3, 5)


def configured(kind: str, file: Path | None, **values: Any) -> Configured:
    return catalogue().entry(COMPONENTS[kind])(**values, **({} if file is None else {"file": chosen(str(file))}))


def stream(kind: str, file: Path | None, draws: Draws = DRAWS, **values: Any) -> OwnData:
    made = configured(kind, file, **values).build(draws=draws, uid="u")
    assert isinstance(made, OwnData)
    return made


def refusal(kind: str, file: Path, **values: Any) -> str:
    found = configured(kind, file, **values).refusal(Inputs())
    if found is None:
        with pytest.raises(Refusal) as caught:
            stream(kind, file, **values)
        found = str(caught.value)
    assert found.endswith(".")
    return found


def table(folder: Path, head: str, rows: list[str]) -> Path:
    file = folder / "data.csv"
    file.write_text("\n".join([head, *rows]) + "\n")
    return file


def plain(folder: Path, n: int = 60) -> Path:
    """Numbers 0 to n - 1, words, a garden, a split, a class of three."""
    splits = ["train"] * 4 + ["val", "test"]
    rows = [f"{i},{'rgb'[i * 7 % 3]},{'NS'[i // (n // 2)]},{splits[i % 6]},{'uvw'[i % 3]}" for i in range(n)]
    return table(folder, "x,colour,garden,split,label", rows)


def test_numbers_are_standardised_on_training_items_and_words_become_one_feature_each(tmp_path: Path) -> None:
    made = stream("rows", plain(tmp_path), inputs="x, colour")
    train, validation, test = made.sets[0]
    assert sorted([*train, *validation, *test]) == list(range(60))
    wanted = standardised(list(range(60)), [float(i) for i in train])
    inputs = made.parts("test")[0].batch.inputs
    assert inputs.shape == (12, 4)
    assert torch.allclose(inputs[:, 0], torch.tensor([wanted[i] for i in test], dtype=torch.float32), atol=1e-6)
    assert [int(row[1:].argmax()) for row in inputs] == [sorted("rgb").index("rgb"[i * 7 % 3]) for i in test.tolist()]
    assert made.parts("test")[0].batch.targets.tolist() == [i % 3 for i in test.tolist()]


def test_held_out_items_do_not_move_what_is_fitted(tmp_path: Path) -> None:
    """An outlier in the test leaves what the model is trained on as it was."""
    rows = [f"{i},{'train' if i < 40 else 'val' if i < 50 else 'test'},{'ab'[i % 2]}" for i in range(60)]
    one = stream("rows", table(tmp_path, "x,split,label", rows), split="column")
    rows[-1] = "1000000,test,b"
    other = stream("rows", table(tmp_path, "x,split,label", rows), split="column")
    assert torch.equal(one.batch(0, 40, DRAWS).inputs, other.batch(0, 40, DRAWS).inputs)
    assert other.parts("test")[0].batch.inputs.max() > 1000


def test_shares_keep_each_class_in_proportion_and_chance_is_that_of_training(tmp_path: Path) -> None:
    file = table(tmp_path, "x,label", [f"{i},{'a' if i % 4 else 'b'}" for i in range(100)])
    made, declared = stream("rows", file), configured("rows", file).outputs(Inputs())["stream"].targets
    for items in made.sets[0]:
        assert np.mean(items % 4 == 0) == pytest.approx(0.25)
    assert declared is not None
    assert declared.chance == made.chance == 0.75


def test_a_column_splits_and_order_leaves_the_newest_for_the_test(tmp_path: Path) -> None:
    by_column = stream("rows", plain(tmp_path), split="column")
    assert all(i % 6 == 4 for i in by_column.sets[0][1])
    assert all(i % 6 == 5 for i in by_column.sets[0][2])
    by_order = stream("rows", plain(tmp_path), split="order", split_by="x", held_out=10)
    assert [len(items) for items in by_order.sets[0]] == [48, 6, 6]
    assert by_order.sets[0][2].tolist() == list(range(54, 60))
    falling = table(tmp_path, "x,y,label", [f"{60 - i},{i % 7},{'ab'[i % 2]}" for i in range(60)])
    assert stream("rows", falling, split="order", split_by="x").sets[0][2].tolist() == list(range(12))


@pytest.mark.parametrize("scenario", ["class-incremental", "task-incremental", "domain-incremental"])
def test_experiences_follow_each_other_with_splits_of_their_own(tmp_path: Path, scenario: str) -> None:
    rows = [f"{i * 37 % 101},{i // 20},{'uvwxyz'[2 * (i // 20) + i % 2]}" for i in range(60)]
    file = table(tmp_path, "x,part,label", rows)
    made = stream("rows", file, experiences="part", scenario=scenario)
    targets = configured("rows", file, experiences="part", scenario=scenario).outputs(Inputs())["stream"].targets
    assert targets is not None
    assert (made.experiences, targets.experiences, targets.scenario) == (3, 3, scenario)
    for k in range(3):
        batch = made.batch(0, 12, DRAWS, k)
        assert set(batch.targets.tolist()) == {2 * k, 2 * k + 1}
        allowed = batch.allowed
        if scenario == "task-incremental":
            assert allowed is not None
            assert torch.nonzero(allowed).flatten().tolist() == [2 * k, 2 * k + 1]
        else:
            assert allowed is None
    first = made.batch(0, 12, DRAWS, 0).inputs
    assert abs(float(first.mean())) < 1e-5, "fitted on the first experience alone"


def test_missing_values_are_refused_dropped_or_filled_with_a_flag(tmp_path: Path) -> None:
    file = table(tmp_path, "x,y,label", [f"{'' if i % 10 == 0 else i},{i % 7},{'ab'[i // 2 % 2]}" for i in range(60)])
    assert "The column x of data.csv has 6 missing values" in refusal("rows", file)
    dropped = stream("rows", file, missing="drop")
    assert sum(len(items) for items in dropped.sets[0]) == 54
    filled = stream("rows", file, missing="fill")
    assert configured("rows", file, missing="fill").outputs(Inputs())["features"].width == 3
    for k, items in enumerate(filled.sets[0]):
        inputs = filled._made[0][k].inputs
        gone = torch.from_numpy(items % 10 == 0)
        assert torch.equal(inputs[:, 2], gone.float())
        assert (inputs[gone, 0] == 0).all()
    targets = table(tmp_path, "x,label", [f"{i},{'' if i == 3 else 'ab'[i % 2]}" for i in range(40)])
    assert "column label" in refusal("rows", targets)
    assert sum(len(items) for items in stream("rows", targets, missing="drop").sets[0]) == 39


def test_a_number_is_cut_into_classes_of_equal_count_by_training_quantiles(tmp_path: Path) -> None:
    file = table(tmp_path, "x,price", [f"{i},{i * i / 7:.3f}" for i in range(80)])
    assert "cut it into classes" in refusal("rows", file, target="price")
    made = stream("rows", file, target="price", bins=4)
    counts = torch.bincount(made.batch(0, 48, DRAWS).targets)
    assert counts.tolist() == [12, 12, 12, 12]
    train = made.sets[0][0]
    cuts = np.quantile([round(i * i / 7, 3) for i in train], [0.25, 0.5, 0.75])
    wanted = [int(sum(round(i * i / 7, 3) > cut for cut in cuts)) for i in made.sets[0][2]]
    assert made.parts("test")[0].batch.targets.tolist() == wanted


@pytest.mark.parametrize(
    ("head", "row", "values", "words"),
    [
        ("x,label", "{i},a", {"target": "label"}, "has only one value"),
        ("x,label", "{i},w{i}", {"target": "label"}, "classes need several rows each"),
        ("x,label", "{i},a{m}", {"target": "labl"}, "did you mean label?"[:-1]),
        ("x,label", "{i},a{m}", {"inputs": "x, label"}, "an input and something else at once"),
        ("x,label", "{i},a{m}", {"experiences": "x"}, "would make"),
        ("x,label", "{i},a{m}", {"split": "column", "split_by": "label"}, "cannot split"),
        ("x,label", "{i},a{m}", {"split": "order", "split_by": "label"}, "gives no order"),
        ("x,label", "{i},a{m}", {"held_out": 50}, "at most 80 %"),
        ("x,label", "w{i},a{m}", {"inputs": "x"}, "different words"),
        ("x,label", "{i},a{m}", {"bins": 4}, "holds words"),
    ],
)
def test_what_does_not_fit_the_file_is_refused_with_the_reason(
    tmp_path: Path, head: str, row: str, values: dict[str, Any], words: str
) -> None:
    file = table(tmp_path, head, [row.format(i=i, m=i % 3) for i in range(90)])
    assert words in refusal("rows", file, **values)


def test_images_with_channels_anywhere_are_standardised_each(tmp_path: Path) -> None:
    draw = np.random.default_rng(1)
    last = (draw.random((40, 6, 5, 3)) * [1, 10, 100]).astype(np.float32)
    labels = np.arange(40) % 4
    made = []
    for name, images in (("last", last), ("first", np.moveaxis(last, 3, 1))):
        file = tmp_path / f"{name}.npz"
        np.savez(file, images=images, labels=labels)
        assert configured("images", file).outputs(Inputs())["image"].shape == (3, 6, 5)
        made.append(stream("images", file))
    assert torch.allclose(made[0].batch(0, 24, DRAWS).inputs, made[1].batch(0, 24, DRAWS).inputs, atol=1e-5)
    trained = made[0].batch(0, 24, DRAWS).inputs
    assert torch.allclose(trained.mean((0, 2, 3)), torch.zeros(3), atol=1e-4)
    assert torch.allclose(trained.std((0, 2, 3), correction=0), torch.ones(3), atol=1e-4)
    assert made[0].sample()["shape"] == [1, 6, 5]


def steps(folder: Path) -> Path:
    """Ten sequences of 3 or 4 steps, their rows in any order."""
    rows = [f"s{s},{t},{'abc'[(s + t) % 3]},{s + t / 10},{'uv'[s % 2]}" for s in range(10) for t in range(3 + s % 2)]
    np.random.default_rng(0).shuffle(rows)
    return table(folder, "id,t,word,value,label", rows)


def test_rows_of_steps_become_sequences_that_end_together(tmp_path: Path) -> None:
    made = stream("sequences", steps(tmp_path), target="label")
    rows = [(f"s{s}", float(t), "abc"[(s + t) % 3]) for s in range(10) for t in range(3 + s % 2)]
    wanted = padded(rows, ["a", "b", "c"], 4)
    found = made.batch(0, 6, DRAWS)
    train = made.sets[0][0].tolist()
    assert sorted(found.inputs.tolist()) == sorted(wanted[f"s{s}"] for s in train)
    assert {tuple(row): label for row, label in zip(found.inputs.tolist(), found.targets.tolist(), strict=True)} == {
        tuple(wanted[f"s{s}"]): s % 2 for s in train
    }


def test_series_are_standardised_without_what_is_not_there(tmp_path: Path) -> None:
    made = stream("series", steps(tmp_path), inputs="value", target="label")
    train = made.sets[0][0].tolist()
    values = [s + t / 10 for s in train for t in range(3 + s % 2)]
    inputs = made.batch(0, 6, DRAWS).inputs
    assert inputs.shape == (6, 4, 1)
    for s, row in zip(train, made._made[0][0].inputs[:, :, 0], strict=True):
        wanted = standardised([s + t / 10 for t in range(3 + s % 2)], values)
        assert torch.allclose(row[4 - len(wanted) :], torch.tensor(wanted, dtype=torch.float32), atol=1e-6)
        assert (row[: 4 - len(wanted)] == 0).all()


def test_a_label_at_each_position_and_what_is_below_0_is_not_asked(tmp_path: Path) -> None:
    file = tmp_path / "t.npz"
    draw = np.random.default_rng(1)
    tokens, labels = draw.integers(0, 7, (30, 5)), draw.integers(-1, 3, (30, 5))
    np.savez(file, tokens=tokens, labels=labels)
    made = stream("sequences", file, asked="position")
    test = made.parts("test")[0].batch
    assert test.mask is not None
    assert torch.equal(test.mask, torch.from_numpy(labels[made.sets[0][2]] >= 0))
    assert test.targets[test.mask].tolist() == labels[made.sets[0][2]][labels[made.sets[0][2]] >= 0].tolist()
    assert torch.equal(test.inputs, torch.from_numpy(tokens[made.sets[0][2]]))


def test_a_label_that_changes_within_a_sequence_is_refused(tmp_path: Path) -> None:
    file = table(tmp_path, "id,t,word,label", [f"{i // 4},{i % 4},{'ab'[i % 2]},{'uv'[i % 3 % 2]}" for i in range(40)])
    assert "changes within the sequence" in refusal("sequences", file, target="label")
    assert stream("sequences", file, target="label", asked="position").parts("test")[0].batch.mask is not None


def test_a_file_that_changed_is_refused(tmp_path: Path) -> None:
    file = plain(tmp_path)
    before = configured("rows", file)
    file.write_text(file.read_text().replace("59,", "58,"))
    with pytest.raises(Refusal, match="not the file this experiment was made with"):
        before.build(draws=DRAWS, uid="u")


def test_the_fingerprint_follows_content_and_split(tmp_path: Path) -> None:
    file = plain(tmp_path)
    one = stream("rows", file).fingerprint()
    assert one == stream("rows", file).fingerprint()
    assert one != stream("rows", file, Draws(3, 6)).fingerprint()
    file.write_text(file.read_text().replace("59,", "58,"))
    assert one != stream("rows", file).fingerprint()
