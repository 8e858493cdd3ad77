"""File names as they were meant, from zips and disks that do not say how they are encoded.

A zip's name is UTF-8 where its flag says so; without the flag, programs write UTF-8 all
the same (Macs), a second name in UTF-8 (Info-ZIP, WinZip), or the code page of their Windows. What
this module leaves out: whose a file is (`learners`).
"""

import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Sequence

#: Code pages of Windows and DOS, those that are likelier first: of two readings that look equally
#: well, the first is taken.
_CODE_PAGES = ("cp437", "cp850", "cp1252", "cp866", "cp1251", "cp932", "gbk")
_INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")
_UTF8_FLAG, _UNICODE_PATH = 0x800, 0x7075


def in_zip(members: Sequence[zipfile.ZipInfo]) -> list[str]:
    """The name of each member.

    Source: PKWARE's APPNOTE.TXT, 4.4.4 (bit 11), 4.6.9 (Info-ZIP Unicode Path) and appendix D.
    """
    plain = [member.orig_filename.partition("\0")[0] for member in members]
    raw = {
        i: name.encode("cp437")
        for i, name in enumerate(plain)
        if not members[i].flag_bits & _UTF8_FLAG
    }
    meant = dict(zip(raw, decoded(list(raw.values())), strict=True))
    return [
        _second_name(members[i].extra, raw[i]) or meant[i] if i in raw else name
        for i, name in enumerate(plain)
    ]


def decoded(names: Sequence[bytes]) -> list[str]:
    """Names as text: UTF-8 where they are that, the others all in the code page in which they look
    most like names.

    >>> decoded(["Zoë".encode(), "Jörg Müßig".encode("cp850"), "José Ñandú".encode("cp850")])
    ['Zoë', 'Jörg Müßig', 'José Ñandú']
    """
    legacy = [name for name in names if not _reads(name, "utf-8")]
    pages = [page for page in _CODE_PAGES if all(_reads(name, page) for name in legacy)]
    best = min(
        pages,
        key=lambda page: sum(_oddness(name.decode(page)) for name in legacy),
        default="latin-1",
    )
    return [name.decode("utf-8" if _reads(name, "utf-8") else best) for name in names]


def _reads(name: bytes, encoding: str) -> bool:
    try:
        name.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _oddness(text: str) -> int:
    """How much in a text is unlike a name: signs, capitals inside words, words of mixed scripts or
    of accents alone.
    """
    odd = sum(2 for c in text if not c.isascii() and not c.isalpha() and c != "’")
    odd += sum(
        1 for c in text if "\uff61" <= c <= "\uff9f"
    )  # half-width kana, as nobody writes a name
    odd += sum(1 for one, two in zip(text, text[1:]) if one.islower() and two.isupper())  # noqa: B905
    for word in "".join(c if c.isalpha() else " " for c in text).split():
        scripts = {"LATIN" if c.isascii() else unicodedata.name(c, "?").split()[0] for c in word}
        odd += 2 * (
            len(scripts - {"HIRAGANA", "KATAKANA", "CJK"}) > 1 or {"LATIN", "CJK"} <= scripts
        )
        odd += scripts == {"LATIN"} and len(word) > 1 and not any(c.isascii() for c in word)
    return odd


def _second_name(extra: bytes, name: bytes) -> str:
    """The name in UTF-8 that a member has beside its first one, "" if it has none or the first was
    changed since.
    """
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if (
            kind == _UNICODE_PATH
            and len(field) > 5
            and field[1:5] == struct.pack("<L", zlib.crc32(name))
        ):
            return field[5:].decode("utf-8", "replace")
    return ""


def parts_of(name: str) -> tuple[str, ...]:
    """The parts of a path as they are read here: none that leads up or to a drive, whichever system
    wrote it.

    >>> parts_of("C:\\\\class\\\\..\\\\Ada King.ipynb")
    ('class', 'Ada King.ipynb')
    """
    parts = unicodedata.normalize("NFC", name).replace("\\", "/").split("/")
    parts = [part for part in parts if part.strip() not in ("", ".", "..")]
    drive = len(parts) > 1 and re.fullmatch("[A-Za-z]:", parts[0])
    return tuple(parts[1:] if drive else parts) or ("unnamed",)


def printable(text: str, most: int = 200) -> str:
    """One line of at most so many characters that can be shown; a control character or a mark that
    turns writing is "?".
    """
    text = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode("utf-8"))
    shown = (
        " " if unicodedata.category(c) == "Zs" else c if c.isprintable() else "?"
        for c in text
        if c not in _INVISIBLE
    )
    return "".join(shown)[:most].strip()
