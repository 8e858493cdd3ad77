"""What the tasks of exercise 1 rest on: temperature, top-p, sampler, stored counts of tokens."""

import ast
import math

import nbformat
import pytest
from answers import lesson_01 as answers

from ftrag_helpers.environment import runtime
from ftrag_helpers.exercises.lesson_01 import nucleus, sampler, temperature
from ftrag_helpers.exercises.lesson_01.statements import STATEMENTS
from ftrag_helpers.exercises.lessons.lesson_01 import TASKS


def test_known_values():
    assert answers.soften_numpy([0.0, 0.0], 3.0).tolist() == [0.5, 0.5]
    assert temperature.softened([math.log(3), 0.0], 1.0) == pytest.approx([0.75, 0.25])
    assert temperature.softened([2 * math.log(3), 0.0], 2.0) == pytest.approx([0.75, 0.25])
    assert nucleus.nucleus([0.2, 0.5, 0.3], 0.6) == [1, 2]
    assert nucleus.nucleus([0.2, 0.5, 0.3], 0.5) == [1]
    assert [sampler.drawn([1, 2], [0.2, 0.5, 0.3], x) for x in (0.0, 0.62, 0.63, 0.999)] == [
        1,
        1,
        2,
        2,
    ]
    assert answers.perplexity_numpy([[-2.0794415] * 3, [-2.0794415]]) == pytest.approx(8)


def test_the_judge_agrees_with_the_sampling_that_the_lesson_teaches():
    """The lesson's own cell keeps as likely tokens, and scipy softens to the same probabilities."""
    import numpy as np
    from scipy.special import softmax

    lesson = nbformat.read(
        runtime.course_root() / "notebooks" / "01_llm_basics.ipynb", as_version=4
    )
    cell = next(cell.source for cell in lesson.cells if "def keep_top_p" in cell.source)
    taught = [node for node in ast.parse(cell).body if isinstance(node, ast.FunctionDef)]
    space = {"np": np}
    exec(ast.unparse(ast.Module(taught, [])), space)
    for seed in range(20):
        for probabilities, share in TASKS["1.2"].cases(seed):
            kept = space["keep_top_p"](np.array(probabilities), share)
            chosen = nucleus.nucleus(probabilities, share)  # of equal tokens it may be another one
            assert sorted(np.array(probabilities)[kept > 0]) == sorted(
                probabilities[token] for token in chosen
            )
        for logits, t in TASKS["1.1"].cases(seed):
            assert temperature.softened(logits, t) == pytest.approx(softmax(np.array(logits) / t))


@pytest.mark.model
def test_the_stored_counts_are_the_tokenizers():
    from ftrag_helpers.lm import models

    lm = models.load_language_model()
    for statement in STATEMENTS:
        for text, count in statement.values():
            assert len(lm.tokenizer(text, add_special_tokens=False).input_ids) == count
            assert (
                lm.tokenizer.encode(text) == lm.tokenizer(text, add_special_tokens=False).input_ids
            )
