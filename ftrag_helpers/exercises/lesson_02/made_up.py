"""Made-up texts, in which chance decides which words are praise: for task 2.2.

Cases and judge use it; it never lies beside a learner's code, since it knows what is right. What it
leaves out: what a learner is told (`baseline`).
"""

import random

#: The words of the made-up texts.
WORDS = tuple(
    "superb gripping charming tender dull muddled tedious clumsy wicked sick insane unreal slaps"
    " banger mid yikes book page library tuesday".split()
)


def made_up(rng: random.Random) -> dict:
    """Texts with labels to learn from and texts to ask about; which words are praise and which are
    blame, chance decides.

    Each word of a mood stands in texts of that mood alone, so that the labels of the asked texts
    follow from the others.
    """
    words = rng.sample(WORDS, len(WORDS))
    moods, rest = {"positive": words[:6], "negative": words[6:12]}, words[12:]
    labels = ["negative", *rng.sample(["positive", "negative"] * 200, 400)]

    def text(label: str) -> str:
        chosen = rng.choices(moods[label], k=rng.choice([1, 2, 2])) + rng.choices(
            rest, k=rng.choice([2, 3, 4])
        )
        return " ".join(rng.sample(chosen, len(chosen)))

    texts = [text(label) for label in labels]
    known = set(texts[:300])
    return {
        "texts": texts[:300],
        "labels": labels[:300],
        "asked": [text for text in texts[300:] if text not in known][:80],
    }


def truth(made: dict) -> list[bool]:
    """Whether each asked text is positive: it is if its words stand in positive texts alone, but
    for those of both moods.
    """
    seen: dict[str, set[str]] = {}
    for text, label in zip(made["texts"], made["labels"], strict=True):
        for word in text.split():
            seen.setdefault(word, set()).add(label)
    return [any(seen.get(word) == {"positive"} for word in text.split()) for text in made["asked"]]
