"""Two small questions for the tests of the quiz, and a folder that holds them."""

import json

from ftrag_helpers.notebook.quizzes import quiz_questions

ROWS = [
    {
        "id": "tea",
        "text": "What is in a <teapot>?",
        "output": "pot   <full>\n  1      yes",
        "section": "The pot",
        "options": [
            {"text": "Coffee", "right": False, "why": "That is a coffee pot."},
            {"text": "Tea & milk", "right": True, "why": "So the name says."},
            {"text": "Nothing", "right": False, "why": "Then it is an empty one."},
        ],
    },
    {
        "id": "legs",
        "text": "Which two have legs?",
        "output": "",
        "section": "01_llm_basics#Animals",
        "options": [
            {"text": "Dogs", "right": True, "why": "Four of them."},
            {"text": "Eels", "right": False, "why": "They swim without."},
            {"text": "Hens", "right": True, "why": "Two of them."},
        ],
    },
]


def write(folder, rows):
    """Write the rows as the quiz "09_tea" of a folder, with its manifest; returns the folder."""
    (folder / "09_tea.json").write_text(
        rows if isinstance(rows, str) else json.dumps(rows), "utf-8"
    )
    quiz_questions.write_manifest(folder)
    return folder
