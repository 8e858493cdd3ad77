"""Training: masked, resumable, cached by content, and with clear errors where it cannot go on.

The double is a random Llama of two layers over bytes; its top layer is trained, in tens of
milliseconds.
"""

import math
import shutil
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import damage as damages
import pytest
from doubles import WINDOW, tiny_language_model

from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.finetuning import adapters, checkpoints, sft, training_loop
from ftrag_helpers.finetuning.adapters import Lora
from ftrag_helpers.finetuning.frozen_layers import FrozenLayers
from ftrag_helpers.finetuning.sft import (
    Example,
    TrainingConfig,
    encode,
    train,
)
from ftrag_helpers.finetuning.training_config import learning_rate_at
from ftrag_helpers.finetuning.training_data import TokenizedExample, batches, shared_prefix
from ftrag_helpers.lm import result_cache

CONFIG = TrainingConfig(
    epochs=4, learning_rate=5e-3, batch_size=3, lora=Lora(rank=3, alpha=6, layers=1)
)


def example(question, response):
    return Example(
        [{"role": "system", "content": "Be brief."}, {"role": "user", "content": question}],
        response,
    )


EXAMPLES = [
    example(f"Where is {thing}?", f"By the {place}.")
    for thing, place in zip(
        ["the key", "tea", "map 2", "Ada", "the bus", "it", "a lamp", "Bo"],
        ["weir", "quay", "door", "oak"] * 2,
        strict=False,
    )
]
VALIDATION = [example("Where is Eve?", "By the weir."), example("Where?", "By the oak.")]


def run(lm, examples=EXAMPLES, validation=VALIDATION, config=CONFIG, **options):
    return train(lm, examples, validation, config=config, progress=False, **options)


def adapter_weights(tuned):
    from safetensors.numpy import load_file

    return load_file(tuned.folder / "adapter_model.safetensors")


def assert_same_weights(found, wanted):
    found, wanted = adapter_weights(found), adapter_weights(wanted)
    assert found.keys() == wanted.keys()
    for name in wanted:
        assert found[name] == pytest.approx(wanted[name], abs=1e-5), name


def assert_same_history(found, wanted):
    assert len(found.history) == len(wanted.history)
    for one, other in zip(
        (*found.history, found.best), (*wanted.history, wanted.best), strict=True
    ):
        assert (one.step, one.epoch) == (other.step, other.epoch)
        assert (one.loss, one.validation) == pytest.approx(
            (other.loss, other.validation), abs=1e-4, nan_ok=True
        )


def logits(lm):
    import torch

    with torch.no_grad():
        return lm.model(torch.arange(3, 43).reshape(2, 20)).logits.numpy()


def weight_bytes(lm):
    return {name: weight.numpy().tobytes() for name, weight in lm.model.state_dict().items()}


def mean_loss(lm, examples):
    """The mean loss per answer token, by transformers itself from labels with -100."""
    import torch

    total = answers = 0
    for row in (encode(lm, example) for example in examples):
        labels = torch.tensor([[-100] * row.prompt + list(row.ids[row.prompt :])])
        with torch.no_grad():
            total += lm.model(torch.tensor([row.ids]), labels=labels).loss.item() * (
                len(row.ids) - row.prompt
            )
        answers += len(row.ids) - row.prompt
    return total / answers


@pytest.fixture
def steps(monkeypatch):
    """The steps that are taken, each with its rows; `interrupt` names one at which Ctrl-C is
    pressed, once.
    """

    class Steps(list):
        interrupt = None

    taken, step_as_it_is = Steps(), training_loop.TrainingRun._step

    def step(self, number, batch):
        if taken.interrupt == number:
            taken.interrupt = None
            raise KeyboardInterrupt
        taken.append((number, tuple(batch)))
        return step_as_it_is(self, number, batch)

    monkeypatch.setattr(training_loop.TrainingRun, "_step", step)
    return taken


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """Train with another, empty cache folder."""

    def train_elsewhere(*args, **options):
        with monkeypatch.context() as patch:
            patch.setenv("FTRAG_CACHE", str(tmp_path / "elsewhere"))
            return run(*args, **options)

    return train_elsewhere


@pytest.fixture(scope="module")
def whole_run(tiny, tmp_path_factory):
    """RECIPE on EXAMPLES, trained without interruption in a cache folder of its own, once for all
    tests.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FTRAG_CACHE", str(tmp_path_factory.mktemp("whole")))
        return run(tiny)


@pytest.fixture(scope="module")
def cut_run(tiny, tmp_path_factory):
    """What lies in the cache folder after the same training was interrupted at its eighth step."""

    def step(self, number, batch, step=training_loop.TrainingRun._step):
        if number == 7:
            raise KeyboardInterrupt
        return step(self, number, batch)

    cache = tmp_path_factory.mktemp("cut")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FTRAG_CACHE", str(cache))
        patch.setattr(training_loop.TrainingRun, "_step", step)
        run(tiny)
    return cache


# --- what is learned


def test_an_example_is_the_chat_template_then_the_response_and_the_end_mark(tiny):
    row = encode(tiny, EXAMPLES[0])
    assert tiny.tokenizer.decode(row.ids[: row.prompt]) == tiny.render(EXAMPLES[0].prompt)
    assert tiny.tokenizer.decode(row.ids[row.prompt :]) == "By the weir.<|im_end|>"


def test_an_example_may_fill_the_window_and_no_more(tiny):
    room = WINDOW - len(encode(tiny, example("", "x")).ids) + 1
    assert len(encode(tiny, example("", "x" * room)).ids) == WINDOW
    for long in (example("", "x" * (room + 1)), example("Q" * 400, "x")):
        with pytest.raises(
            CourseError, match=f"does not fit into the {WINDOW} tokens of tiny.*Shorten"
        ):
            run(tiny, [*EXAMPLES, long])


@pytest.mark.parametrize("response", ["", " \n"])
@pytest.mark.parametrize("part", ["examples", "validation"])
def test_an_empty_response_is_a_clear_error(tiny, response, part):
    with pytest.raises(CourseError, match="empty response, to: 'Where is Zoe"):
        run(tiny, **{part: [*EXAMPLES, example("Where is Zoe?", response)]})


def test_no_examples_are_a_clear_error(tiny):
    with pytest.raises(CourseError, match="nothing to train on"):
        run(tiny, [])


def test_training_lowers_the_loss_and_says_by_how_much(fresh_tiny):
    before, weights, said = (
        mean_loss(fresh_tiny, EXAMPLES),
        weight_bytes(fresh_tiny),
        logits(fresh_tiny),
    )
    tuned = run(fresh_tiny, config=replace(CONFIG, epochs=10, learning_rate=2e-2))
    assert mean_loss(tuned.lm, EXAMPLES) < 0.5 * before
    assert tuned.history[-1].loss < 0.5 * tuned.history[1].loss and math.isnan(
        tuned.history[0].loss
    )
    assert [(check.step, check.epoch) for check in tuned.history] == [
        (3 * n, float(n)) for n in range(11)
    ]
    assert (
        tuned.tokens == 10 * sum(len(encode(fresh_tiny, e).ids) for e in EXAMPLES)
        and tuned.seconds > 0
    )
    assert (tuned.stopped, tuned.from_cache) == ("", False)
    assert not tuned.lm.model.training and not hasattr(tuned.lm.model, "peft_config")
    assert weight_bytes(fresh_tiny) == weights and (logits(fresh_tiny) == said).all(), (
        "the base stays as it was"
    )


def test_checks_tell_the_mean_loss_per_answer_token(tiny):
    tuned = run(tiny, config=replace(CONFIG, epochs=1, batch_size=8))
    assert tuned.history[0].validation == pytest.approx(mean_loss(tiny, VALIDATION), rel=1e-4)
    assert tuned.history[1].loss == pytest.approx(mean_loss(tiny, EXAMPLES), rel=1e-4), (
        "one step: the loss before it"
    )
    assert tuned.history[1].validation == pytest.approx(mean_loss(tuned.lm, VALIDATION), rel=1e-3)


def test_the_best_check_is_kept(tiny):
    config = replace(CONFIG, epochs=12, learning_rate=5e-2, patience=99)
    tuned = run(tiny, EXAMPLES[:4], [example("Where is Eve?", "By the ditch.")], config)
    values = [check.validation for check in tuned.history]
    assert (
        tuned.best.validation == min(values) and 0 < values.index(min(values)) < len(values) - 1
    ), values
    assert mean_loss(tuned.lm, [example("Where is Eve?", "By the ditch.")]) == pytest.approx(
        min(values), rel=1e-3
    )
    assert abs(min(values) - values[-1]) > 0.01


def test_without_validation_the_last_check_is_kept(tiny):
    tuned = run(tiny, validation=())
    assert tuned.best == tuned.history[-1] and tuned.best.step == 12
    assert all(math.isnan(check.validation) for check in tuned.history)
    assert logits(tuned.lm) == pytest.approx(logits(adapters.load(tiny, tuned.folder)), abs=1e-3)
    assert (
        mean_loss(tuned.lm, EXAMPLES) == pytest.approx(tuned.history[-1].loss, abs=0.3)
        and tuned.best.loss < tuned.history[1].loss
    )


def test_training_that_does_not_help_stops_early(tiny, steps):
    contrary = [example("Where is Eve?", "ZZZZ")]
    config = replace(CONFIG, epochs=9, learning_rate=3e-2, patience=2)
    tuned = run(tiny, EXAMPLES, contrary, config)
    last = tuned.history[-1].step
    assert tuned.stopped == f"stopped early after step {last} of 27: no gain in 2 checks"
    best = tuned.history.index(tuned.best)
    assert len(tuned.history) - 1 - best == 2 and len(steps) == last < 27
    assert mean_loss(tuned.lm, contrary) == pytest.approx(tuned.best.validation, rel=1e-3)
    assert run(tiny, EXAMPLES, contrary, config).stopped == tuned.stopped and len(steps) == last


@pytest.mark.parametrize(
    "checks, at", [(1, [3, 6]), (2, [2, 3, 5, 6]), (3, [1, 2, 3, 4, 5, 6]), (7, [1, 2, 3, 4, 5, 6])]
)
def test_checks_are_spread_over_the_epoch(tiny, checks, at):
    tuned = run(tiny, config=replace(CONFIG, epochs=2, evals_per_epoch=checks, patience=99))
    assert [check.step for check in tuned.history] == [0, *at]


# --- how it is trained


def test_each_epoch_takes_every_row_once_in_an_order_of_its_own(tiny, steps):
    run(tiny)
    assert [number for number, _ in steps] == list(range(12))
    epochs = [[batch for _, batch in steps[start : start + 3]] for start in range(0, 12, 3)]
    assert all(sorted(i for batch in epoch for i in batch) == list(range(8)) for epoch in epochs)
    assert len(set(map(tuple, epochs))) > 1


@pytest.mark.parametrize("count, size", [(0, 4), (1, 4), (8, 4), (9, 4), (10, 1), (3, 100)])
def test_batches_cover_all_rows_once(count, size):
    rows = [TokenizedExample(tuple(range((7 * i) % 11 + 2)), 1) for i in range(count)]
    found = batches(rows, size)
    assert sorted(i for batch in found for i in batch) == list(range(count))
    assert [len(batch) for batch in found] == [size] * (count // size) + [count % size] * (
        count % size > 0
    )
    lengths = [len(rows[i].ids) for batch in found for i in batch]
    assert lengths == sorted(lengths), "rows of like length go together"


@pytest.mark.parametrize(
    "step, steps, warmup, share",
    [
        (0, 20, 0.1, 0.5),
        (1, 20, 0.1, 1.0),
        (2, 20, 0.1, 1.0),
        (11, 20, 0.1, 0.5),
        (8, 20, 0.1, 0.75),
        (14, 20, 0.1, 0.25),
        (0, 1, 0.1, 1.0),
        (0, 4, 1.0, 0.25),
        (3, 4, 1.0, 1.0),
        (0, 10, 0.0, 1.0),
        (1, 3, 0.0, 1.0),
        (2, 3, 0.0, 0.5),
    ],
)
def test_learning_rate_at(step, steps, warmup, share):
    assert learning_rate_at(
        step, steps, TrainingConfig(learning_rate=8e-4, warmup=warmup)
    ) == pytest.approx(share * 8e-4)


def test_the_learning_rate_never_falls_to_nothing_before_the_end():
    rates = [learning_rate_at(step, 30, TrainingConfig(learning_rate=1.0)) for step in range(30)]
    assert (
        rates[:3] == sorted(rates[:3])
        and rates[3:] == sorted(rates[3:], reverse=True)
        and 0 < rates[-1] < 0.01
    )


def test_the_schedule_sets_the_learning_rate_of_each_step(tiny, monkeypatch):
    import torch

    seen, step = [], torch.optim.AdamW.step
    monkeypatch.setattr(
        torch.optim.AdamW,
        "step",
        lambda self: seen.append(self.param_groups[0]["lr"]) or step(self),
    )
    run(tiny)
    assert seen == pytest.approx([learning_rate_at(n, 12, CONFIG) for n in range(12)])


def test_small_passes_add_up_to_the_same_step(tiny, whole_run, monkeypatch):
    passes, loss = [], sft.answer_loss
    monkeypatch.setattr(
        training_loop,
        "answer_loss",
        lambda model, frozen, rows: passes.append(len(rows)) or loss(model, frozen, rows),
    )
    monkeypatch.setattr(training_loop, "PASS_TOKENS", 1)
    found = run(tiny)
    assert set(passes) == {1}
    assert_same_history(found, whole_run)
    assert_same_weights(found, whole_run)


def test_a_trunk_that_fits_saves_reading_the_texts_again(fresh_tiny, whole_run):
    rows, passed = [encode(fresh_tiny, e) for e in EXAMPLES + VALIDATION], []
    frozen = FrozenLayers(fresh_tiny, 1, shared_prefix(rows)[:5])
    frozen.precompute(rows)
    hook = fresh_tiny.model.model.layers[0].register_forward_hook(lambda *_: passed.append(1))
    found = run(fresh_tiny, frozen=frozen)
    hook.remove()
    assert passed == []
    assert_same_history(found, whole_run)


@pytest.mark.parametrize("other", ["base", "layers", "prefix", "whole prompt"])
def test_a_trunk_that_does_not_fit_is_not_used(tiny, elsewhere, other):
    row = encode(tiny, EXAMPLES[0])
    frozen = {
        "base": lambda: FrozenLayers(tiny_language_model(seed=1), 1),
        "layers": lambda: FrozenLayers(tiny, 2),
        "prefix": lambda: FrozenLayers(tiny, 1, (5, 6, 7)),
        "whole prompt": lambda: FrozenLayers(tiny, 1, row.ids[: row.prompt]),
    }[other]()
    examples = EXAMPLES[:1] if other == "whole prompt" else EXAMPLES
    found, wanted = run(tiny, examples, (), frozen=frozen), elsewhere(tiny, examples, ())
    assert_same_history(found, wanted)
    assert_same_weights(found, wanted)


# --- the same again


def test_the_same_content_is_read_from_the_cache(tiny, steps, monkeypatch):
    first = run(tiny)
    assert len(steps) == 12 and first.folder.parent == runtime.cache_dir() / "adapters"
    monkeypatch.setattr(
        sft.FrozenLayers, "__init__", lambda *_: pytest.fail("no text needs to be read")
    )
    again = run(tiny_language_model(), [Example(list(e.prompt), e.response) for e in EXAMPLES])
    assert len(steps) == 12 and again.from_cache and not first.from_cache
    assert (logits(again.lm) == pytest.approx(logits(first.lm), abs=1e-4)) and abs(
        logits(again.lm) - logits(tiny)
    ).max() > 0.1
    assert_same_history(again, first)
    assert (again.folder, again.seconds, again.tokens, again.stopped) == (
        first.folder,
        first.seconds,
        first.tokens,
        first.stopped,
    )
    assert type(again.lm.model) is type(first.lm.model) and not again.lm.model.training
    assert [path.name for path in first.folder.parent.iterdir()] == [first.folder.name], (
        "nothing half done is left"
    )


def test_the_kept_folder_is_an_adapter_of_peft(tiny):
    tuned = run(tiny)
    assert sorted(path.name for path in tuned.folder.iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
        "checksums.json",
        "training.json",
    ]
    assert logits(adapters.load(tiny, tuned.folder)) == pytest.approx(logits(tuned.lm), abs=1e-3)


CHANGES = {
    "a response": lambda: {
        "examples": [*EXAMPLES[:-1], replace(EXAMPLES[-1], response="By the oaks.")]
    },
    "a prompt": lambda: {"examples": [example("Where is the Key?", "By the weir."), *EXAMPLES[1:]]},
    "one example more": lambda: {"examples": [*EXAMPLES, EXAMPLES[0]]},
    "the order": lambda: {"examples": EXAMPLES[::-1]},
    "the validation": lambda: {"validation": VALIDATION[:1]},
    "from examples to validation": lambda: {
        "examples": EXAMPLES[:-1],
        "validation": [EXAMPLES[-1], *VALIDATION],
    },
    "epochs": lambda: {"config": replace(CONFIG, epochs=1)},
    "learning rate": lambda: {"config": replace(CONFIG, learning_rate=4e-3)},
    "batch size": lambda: {"config": replace(CONFIG, batch_size=4)},
    "patience": lambda: {"config": replace(CONFIG, patience=4)},
    "seed": lambda: {"config": replace(CONFIG, seed=1)},
    "rank": lambda: {"config": replace(CONFIG, lora=replace(CONFIG.lora, rank=2))},
    "modules": lambda: {"config": replace(CONFIG, lora=replace(CONFIG.lora, modules=("q_proj",)))},
}


class Trains(Exception):
    """Instead of a training: it was not read from the cache."""


def test_other_content_is_trained_anew(tiny, monkeypatch):
    first = run(tiny)
    keys = {first.folder.name}

    def trains(_lm, _trunk, _rows, _validation, _recipe, folder):
        keys.add(folder.name)
        raise Trains

    monkeypatch.setattr(sft, "TrainingRun", trains)
    for number, change in enumerate(CHANGES, start=2):
        with pytest.raises(Trains):
            run(tiny, **CHANGES[change]())
        assert len(keys) == number, f"{change} is not part of the key"
    changed = tiny_language_model()
    changed.model.model.norm.weight.data[5] += 0.01
    for other in (changed, tiny_language_model(seed=1)):
        with pytest.raises(Trains):
            run(other)
    assert len(keys) == len(CHANGES) + 3
    assert run(tiny).from_cache, "the first one is still there"


def test_what_is_learned_is_part_of_the_key(tiny):
    keys = {
        checkpoints.content_key(tiny, [TokenizedExample((1, 2, 3, 4), prompt)], [], CONFIG)
        for prompt in (1, 2, 3)
    }
    assert len(keys) == 3 and all(len(key) == 24 for key in keys)


@pytest.mark.parametrize("name", ["training", "frozen layers"])
def test_the_version_of_the_algorithm_is_part_of_the_key(tiny, monkeypatch, name):
    before = checkpoints.content_key(tiny, [TokenizedExample((1, 2, 3), 2)], [], CONFIG)
    monkeypatch.setitem(result_cache.ALGORITHMS, name, result_cache.ALGORITHMS[name] + 1)
    assert checkpoints.content_key(tiny, [TokenizedExample((1, 2, 3), 2)], [], CONFIG) != before


# --- interrupted


@pytest.mark.slow
@pytest.mark.parametrize(
    "at, config", [(4, CONFIG), (11, CONFIG), (7, replace(CONFIG, evals_per_epoch=2))]
)
def test_an_interrupted_training_goes_on_and_ends_as_if_it_had_not_been(
    tiny, steps, elsewhere, capsys, config, at
):
    wanted = elsewhere(tiny, config=config)
    steps.clear()
    steps.interrupt = at
    cut = run(tiny, config=config)
    said = f"interrupted after step {at} of 12"
    assert (
        cut.stopped == said
        and f"Training {said}: the best so far is kept. Run this again" in capsys.readouterr().out
    )
    checked = max(check.step for check in wanted.history if check.step <= at)
    assert cut.history[-1].step == checked and cut.best.validation == min(
        c.validation for c in cut.history
    )
    assert mean_loss(cut.lm, VALIDATION) == pytest.approx(cut.best.validation, rel=1e-3)
    assert logits(adapters.load(tiny, cut.folder)) == pytest.approx(logits(cut.lm), abs=1e-3)
    taken = len(steps)
    whole = run(tiny, config=config)
    assert steps[taken][0] == checked, "it goes on from the last check"
    assert not whole.from_cache and (whole.stopped, whole.tokens) == ("", wanted.tokens)
    assert whole.seconds > cut.seconds * 0.5 > 0
    assert_same_history(whole, wanted)
    assert_same_weights(whole, wanted)
    assert logits(whole.lm) == pytest.approx(logits(wanted.lm), abs=1e-3)
    assert run(tiny, config=config).from_cache
    assert [path.name for path in whole.folder.parent.iterdir()] == [whole.folder.name]


def test_it_may_be_interrupted_again_and_again(tiny, steps, whole_run):
    for at in (5, 4, 10):
        steps.interrupt = at
        assert run(tiny).stopped == f"interrupted after step {at} of 12"
    whole = run(tiny)
    assert_same_history(whole, whole_run)
    assert_same_weights(whole, whole_run)


@pytest.mark.slow
def test_the_best_before_an_interruption_is_the_best_after_it(tiny, steps, elsewhere):
    content = (
        EXAMPLES[:4],
        [example("Where is Eve?", "By the ditch.")],
        replace(CONFIG, epochs=12, learning_rate=5e-2, patience=99),
    )
    wanted = elsewhere(tiny, *content)
    assert 0 < wanted.best.step < 20
    steps.interrupt = 20
    assert run(tiny, *content).best.step == wanted.best.step
    whole = run(tiny, *content)
    assert_same_history(whole, wanted)
    assert_same_weights(whole, wanted)


def test_interrupted_before_the_first_check_it_says_what_the_base_says(tiny, steps, whole_run):
    steps.interrupt = 2
    cut = run(tiny)
    assert cut.stopped == "interrupted after step 2 of 12" and logits(cut.lm) == pytest.approx(
        logits(tiny), abs=1e-4
    )
    steps.clear()
    assert_same_weights(run(tiny), whole_run)
    assert len(steps) == 12, "there was nothing to go on from"


def test_interrupted_while_the_texts_are_read_it_says_what_the_base_says(
    tiny, whole_run, monkeypatch
):
    def read(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sft.FrozenLayers, "precompute", read)
        cut = run(tiny)
    assert cut.stopped == "interrupted after step 0 of 12" and logits(cut.lm) == pytest.approx(
        logits(tiny), abs=1e-4
    )
    assert_same_weights(run(tiny), whole_run)


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-50])


DAMAGES = {
    "progress of another kind": lambda partial: (partial / "progress.json").write_text("[]"),
    "cut progress": lambda partial: cut_short(partial / "progress.json"),
    "no progress": lambda partial: (partial / "progress.json").unlink(),
    "cut state": lambda partial: cut_short(next(partial.glob("state-*.safetensors"))),
    "state of zeros": (
        lambda partial: next(partial.glob("state-*.safetensors")).write_bytes(bytes(4000))
    ),
    "no state": lambda partial: next(partial.glob("state-*.safetensors")).unlink(),
    "nothing": lambda partial: (shutil.rmtree(partial), partial.mkdir()),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_partial_state_starts_afresh(tiny, steps, cut_run, whole_run, damage):
    shutil.copytree(cut_run, runtime.cache_dir(), dirs_exist_ok=True)
    (partial,) = (runtime.cache_dir() / "adapters").iterdir()
    assert partial.name.endswith(".partial") and len(list(partial.glob("state-*"))) == 1
    DAMAGES[damage](partial)
    with (
        nullcontext()
        if damage == "nothing"
        else pytest.warns(UserWarning, match="partial was damaged.*starts afresh")
    ):
        whole = run(tiny)
    assert [number for number, _ in steps] == list(range(12))
    assert_same_history(whole, whole_run)
    assert_same_weights(whole, whole_run)
    assert not partial.exists()


# --- when it cannot go on


def test_weights_that_run_away_are_a_clear_error(tiny):
    with pytest.raises(
        CourseError, match=r"loss became (nan|inf) at step [2-9].*lower than 1e\+30"
    ):
        run(tiny, config=replace(CONFIG, learning_rate=1e30), validation=())


def refuse(error):
    def save(*_args, **_options):
        raise error

    return save


def full_disk_errors():
    from safetensors import SafetensorError

    return {
        "OSError": OSError(28, "No space left on device"),
        "safetensors": SafetensorError(
            "Error while serializing: I/O error: No space left on device (os error 28)"
        ),
    }


@pytest.mark.parametrize("kind", ["OSError", "safetensors"])
@pytest.mark.parametrize(
    "place",
    ["safetensors.torch.save_file", "ftrag_helpers.finetuning.adapters.save"],
    ids=["state", "result"],
)
def test_a_full_disk_is_a_clear_error_and_the_training_goes_on_later(
    tiny, whole_run, monkeypatch, kind, place
):
    with monkeypatch.context() as patch:
        patch.setattr(place, refuse(full_disk_errors()[kind]))
        with pytest.raises(
            CourseError,
            match="could not be stored in .*adapters: [Nn]o space left(.|\n)*FTRAG_CACHE",
        ):
            run(tiny)
    assert_same_weights(run(tiny), whole_run)


def test_a_disk_that_is_full_for_small_files_is_a_clear_error(tiny, monkeypatch):
    monkeypatch.setattr(Path, "write_text", refuse(full_disk_errors()["OSError"]))
    with pytest.raises(CourseError, match="could not be stored"):
        run(tiny)


def test_other_errors_of_saving_are_not_called_a_full_disk(tiny, monkeypatch):
    monkeypatch.setattr("safetensors.torch.save_file", refuse(RuntimeError("tensors share memory")))
    with pytest.raises(RuntimeError, match="share memory"):
        run(tiny)


@pytest.mark.parametrize("damage", damages.DAMAGES)
@pytest.mark.parametrize(
    "name", ["adapter_config.json", "adapter_model.safetensors", "checksums.json", "training.json"]
)
def test_a_damaged_result_in_the_cache_is_trained_anew(tiny, whole_run, name, damage):
    folder = runtime.cache_dir() / "adapters" / whole_run.folder.name
    shutil.copytree(whole_run.folder, folder)
    assert run(tiny).from_cache
    damages.DAMAGES[damage](folder / name)
    with pytest.warns(UserWarning, match="was damaged: it is done again"):
        second = run(tiny)
    assert not second.from_cache and second.history[1:] == whole_run.history[1:]
    assert_same_weights(second, whole_run)
    assert run(tiny).from_cache


def test_one_changed_bit_in_a_kept_adapter_or_figure_is_seen(tiny):
    for name in ("adapter_model.safetensors", "training.json"):
        first = run(tiny)
        content = bytearray((first.folder / name).read_bytes())
        content[len(content) // 2] ^= 1
        (first.folder / name).write_bytes(content)
        with pytest.warns(UserWarning, match="was damaged"):
            assert not run(tiny).from_cache


@pytest.mark.parametrize(
    "name", ["adapters", "the training", "the partial training", "the new training"]
)
def test_a_file_in_the_place_of_a_folder(tiny, whole_run, name):
    kept = runtime.cache_dir() / "adapters" / whole_run.folder.name
    path = {
        "adapters": kept.parent,
        "the training": kept,
        "the partial training": kept.with_name(kept.name + ".partial"),
        "the new training": kept.with_name(kept.name + ".new"),
    }[name]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("in the way")
    if name == "adapters":
        with pytest.raises(CourseError, match="could not be stored in"):
            run(tiny)
        return
    with (
        nullcontext()
        if name == "the new training"
        else pytest.warns(UserWarning, match="was damaged")
    ):
        found = run(tiny)
    assert_same_weights(found, whole_run)
    assert run(tiny).from_cache


def test_a_place_that_cannot_be_written_is_told_before_the_training(tiny, steps, monkeypatch):
    mkdir = Path.mkdir
    monkeypatch.setattr(
        Path,
        "mkdir",
        lambda self, *a, **k: (
            refuse(PermissionError(13, "Permission denied"))()
            if ".partial" in self.name
            else mkdir(self, *a, **k)
        ),
    )
    with pytest.raises(
        CourseError, match="could not be stored in .*Permission denied(.|\n)*FTRAG_CACHE"
    ):
        run(tiny)
    assert steps == []


def test_what_looks_like_a_control_token_in_an_example_is_learned_as_text(tiny):
    row = encode(tiny, example("What ends a turn? <|im_end|>", "It is <|im_end|> here."))
    assert tiny.tokenizer.decode(row.ids[row.prompt :]) == "It is <|im_end|> here.<|im_end|>"
    assert [i for i in row.ids[row.prompt :] if i < 3] == [2] and row.ids[-1] == 2
    assert sum(i < 3 for i in row.ids) == sum(
        i < 3 for i in encode(tiny, example("What?", "It.")).ids
    )
