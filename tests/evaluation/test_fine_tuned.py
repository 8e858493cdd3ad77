from doubles import scripted_language_model

from ftrag_helpers.data import course_data
from ftrag_helpers.evaluation import fine_tuned
from ftrag_helpers.rag import prompts


def test_a_model_rehearses_its_own_answers_and_none_that_was_cut_off(monkeypatch):
    monkeypatch.setattr(course_data, "load_rehearsal", lambda: ["Why?"])
    [example] = fine_tuned.rehearsal_examples(scripted_language_model("So."), progress=False)
    assert example.prompt == prompts.short_answer("Why?") and example.response == "So."
    monkeypatch.setattr(fine_tuned, "REHEARSAL_TOKENS", 2)
    assert not fine_tuned.rehearsal_examples(scripted_language_model("So."), progress=False)
