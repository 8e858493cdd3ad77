"""Stored answers to the graded tasks, right and wrong ones, each with what its check must say: the
proof that the checks tell them apart.
"""


def tables():
    """RIGHT and WRONG of a lesson, by task, and the decorators that put an answer into them; a
    wrong one comes with words that its message must hold at seed 0.
    """
    right, wrong = {}, {}

    def keep(table, task_id, *words):
        def kept(answer):
            table.setdefault(task_id, []).append((answer, *words) if words else answer)
            return answer

        return kept

    return right, wrong, lambda id_: keep(right, id_), lambda id_, words: keep(wrong, id_, words)
