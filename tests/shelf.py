"""A shelf of five short documents and what the tests of search do with it."""

from doubles import embed

from ftrag_helpers.data.records import Document, Hit, Passage
from ftrag_helpers.retrieval.passage_index import Index


def doc(id_, text, branch="central", shelf="help", title=None, date="2025-01-01"):
    return Document(
        id=id_, title=title or id_.title(), shelf=shelf, branch=branch, date=date, text=text
    )


LIBRARY = [
    doc("kettle", "The kettle stands in the Heron kitchen. Tea is free on Mondays.", "heron"),
    doc("maps", "Maps are kept in the map room. A map may be borrowed for eight days.", "old-quay"),
    doc("piano", "The piano in the hall is tuned in May.", "heron", "events"),
    doc("printer", "The printer takes coins. A page costs 20p.", "central"),
    doc("seeds", "Seeds are lent in spring. Bring seeds back in autumn.", "fennel-hill", "events"),
]


def numbered(sentences, words=8):
    return " ".join(f"Sentence {n} " + "word " * (words - 3) + "ends." for n in range(sentences))


def new_index(documents=(), folder=None, embed=embed, **options):
    """An index that holds these documents; in memory, unless it has a folder."""
    index = Index(embed, folder, **options)
    index.add(documents)
    return index


def hits_of(**scores):
    """Hits named by id, with these scores, in this order."""
    return [
        Hit(Passage(i, i, i, "help", "central", "", i), score, rank)
        for rank, (i, score) in enumerate(scores.items(), start=1)
    ]


def ids(hits):
    return [[hit.passage.id for hit in found] for found in hits]
