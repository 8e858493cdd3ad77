"""Task 2.5: a training loop that fine-tunes a network, with validation after each epoch.

The check hands over a small network. What it leaves out: a real one, which the notebook trains with
the same function.
"""

from ftrag_helpers.exercises.checking import PASSED, Task, Verdict
from ftrag_helpers.exercises.lesson_02 import run
from ftrag_helpers.exercises.lesson_02.small_trainings import MISTAKES, cases, tuned
from ftrag_helpers.exercises.mistakes import ROUNDED, by_mistakes, equal, only_rounded
from ftrag_helpers.exercises.values import format_value, numbers_problem

_CALLS = {"train", "eval", "zero_grad", "backward", "step"}


def _form(seen: object) -> str:
    """Why what was seen of a call cannot be judged, or ""."""
    fine = (
        isinstance(seen, dict)
        and set(seen) == {"returned", "calls", "logits"}
        and isinstance(seen["calls"], list)
        and all(isinstance(call, str) and call in _CALLS for call in seen["calls"])
    )
    return "" if fine else f"the answers could not be looked at; got {format_value(seen)}"


def _returned_problem(case: dict, seen: dict) -> str:
    got, epochs = seen["returned"], case["epochs"]
    problem = numbers_problem(got, epochs)
    if not problem:
        return ""
    if isinstance(got, list) and len(got) == epochs * len(case["batches"]):
        return f"{problem}. Is this one loss for each batch? One for each epoch is wanted"
    return f"{problem}. Wanted is the validation loss after each of the {epochs} epochs"


def _calls_problem(seen: dict) -> str:
    """What the order of the calls says of a training that came out wrong."""
    calls = seen["calls"]
    if "train" not in calls and "eval" not in calls:
        return "the network that was handed over is never called. Train it itself, no copy of it: network(texts) gives its logits for a list of texts"
    if "backward" not in calls:
        return "loss.backward() is never called, so the weights do not change"
    if "step" not in calls:
        return "optimizer.step() is never called. It is the optimizer that was handed over, no new one, that has to move the weights"
    work = [call for call in calls if call in ("zero_grad", "backward", "step")]
    pairs = set(zip(work, work[1:], strict=False))
    if ("backward", "zero_grad") in pairs and ("backward", "step") not in pairs:
        return "zero_grad() comes between backward() and step(), and deletes the gradients that the step should use. The order is zero_grad(), backward(), step()"
    return ""


def _steps_problem(case: dict, seen: dict) -> str:
    """What the calls say where the result is that of no usual mistake."""
    calls, epochs, batches = seen["calls"], case["epochs"], len(case["batches"])
    work = [call for call in calls if call != "zero_grad"]
    if "train" in calls and ("eval", "backward") in zip(work, work[1:], strict=False):
        return "backward() follows a reading in eval mode. Are the validation texts trained on? They only measure"
    if calls.count("step") != epochs * batches:
        return f"{calls.count('step')} steps are made where {epochs * batches} are wanted: one for each of {batches} batches, in each of {epochs} epochs"
    return ""


def _flat(seen: dict) -> list:
    return [*seen["returned"], *sum(seen["logits"], [])]


def _otherwise(case: dict, got: list[float]) -> str:
    want, epochs = tuned(case), case["epochs"]
    if equal(got[epochs:], want[epochs:], 1e-4):
        if only_rounded(got[:epochs], want[:epochs]):
            return ROUNDED
        place = next(i for i in range(epochs) if not equal(got[i], want[i], 1e-4))
        return f"the network is trained rightly, but a validation loss of {format_value(got[place])} after epoch {place + 1} is not right: cross_entropy of all validation texts at once, in eval mode"
    if equal(got[:epochs], want[:epochs], 1e-4):
        return "the losses are right, but the network that was handed over ends with other weights. Train it itself, no copy of it, and no longer than asked"
    return "the network ends with other weights than this training leads to. For each epoch: train mode, then for each batch in its order zero_grad(), backward(), step(); then eval mode and the validation loss"


_judge_losses = by_mistakes(
    tuned,
    MISTAKES,
    call="fine_tune(…)",
    problem=lambda case, got: "",
    otherwise=_otherwise,
    rel=1e-4,
)


def _judge(inputs: list, observed: object) -> Verdict:
    if not isinstance(observed, list) or len(observed) != len(inputs):
        return Verdict(False, f"expected {len(inputs)} results, got {format_value(observed)}")
    for case, seen in zip(inputs, observed, strict=True):
        found = _form(seen) or _logits_problem(case, seen) or _returned_problem(case, seen)
        if found:
            return Verdict(False, f"fine_tune(…): {found}")
    verdict = _judge_losses([[case] for case in inputs], [_flat(seen) for seen in observed])
    seen = observed[0]
    if verdict.passed:
        read = all({"train", "eval"} <= set(seen["calls"]) for seen in observed)
        return PASSED if read else Verdict(False, "the network was never called in both modes")
    usual = verdict.message in {mistake.message for mistake in MISTAKES}
    found = _calls_problem(seen) or ("" if usual else _steps_problem(inputs[0], seen))
    return Verdict(False, found or verdict.message)


def _logits_problem(case: dict, seen: dict) -> str:
    rows = seen["logits"]
    fine = (
        isinstance(rows, list)
        and len(rows) == len(case["others"])
        and not any(numbers_problem(row, case["desks"]) for row in rows)
    )
    return "" if fine else f"the network no longer gives logits: {format_value(rows)}"


TASK = Task(
    "2.5",
    "Fine-tune a network",
    5,
    hints=(
        "Two loops, one in the other: for each epoch, for each batch. The step of the example belongs into the inner one; what comes once in an epoch (train mode before, measuring after) into the outer one.",
        "for _ in range(epochs): network.train(); for texts, targets in batches: the four lines of the step. Then network.eval(), the loss on validation inside torch.no_grad(), and append its .item().",
    ),
    cases=cases,
    run_answer=run.fine_tune,
    judge=_judge,
    timeout=60,
    answer="`fine_tune(network, optimizer, batches, validation, epochs)`, which trains the network and returns the validation loss after each epoch",
)
