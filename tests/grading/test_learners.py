"""Whose a file is: a table of names as platforms, programs and people make them, and what a learner
may choose.
"""

import json
import os
import struct
import unicodedata
import zipfile
import zlib
from pathlib import Path

import pytest
from adversarial import exercise
from graded_class import small_result

from ftrag_helpers.cli import instructor
from ftrag_helpers.errors import CourseError
from ftrag_helpers.grading import engine
from ftrag_helpers.grading.intake import filenames, learners, submissions
from ftrag_helpers.grading.reports import outputs, tables

SLUGS = ("01_llm_basics", "02_task_fine_tuning")
NOTEBOOK = json.dumps(exercise.notebook())
MOODLE, CANVAS, BRIGHTSPACE, BLACKBOARD = "moodle", "canvas", "brightspace", "blackboard"


def learners_of(*names, given=""):
    return [learner for learner, _id, _platform in owners_of(*names, given=given)]


def owners_of(*names, given=""):
    """(learner, id, platform) for each name of a class."""
    owners = learners.owners(
        [filenames.parts_of(name) for name in names], given=given, exercises=SLUGS
    )
    return [(owner.learner, owner.learner_id, owner.platform) for owner in owners]


# --- the platforms


#: A name; and the learner, number and platform that it tells.
NAMES = """
# Moodle: folders by default, without the last underscore since 4; files where it is told so.
Ada King_4711_assignsubmission_file/02.ipynb | Ada King | 4711 | moodle
Ada King_4711_assignsubmission_file_/02.ipynb | Ada King | 4711 | moodle
Ada King_4711_assignsubmission_file_02_task_1.ipynb | Ada King | 4711 | moodle
Ada King_4711_assignsubmission_file/sub/deep/02.ipynb | Ada King | 4711 | moodle
Ada King_4711_assignsubmission_onlinetext/onlinetext.html | Ada King | 4711 | moodle
Ada King_4711_assignsubmission_onlinetext_onlinetext.html | Ada King | 4711 | moodle
Ada King_assignsubmission_file/02.ipynb | Ada King | | moodle
Ada King_assignsubmission_file_/02.ipynb | Ada King | | moodle
Default group_assignsubmission_file/02.ipynb | Default group | | moodle
Group B-Ada King_4711_assignsubmission_file_/02.ipynb | Group B-Ada King | 4711 | moodle
Participant_12345_assignsubmission_file/02.ipynb | Participant 12345 | 12345 | moodle
Participant 12345_assignsubmission_file_/02.ipynb | Participant 12345 | 12345 | moodle
Ada_van_der_Berg_4711_assignsubmission_file/02.ipynb | Ada_van_der_Berg | 4711 | moodle
Jörg Müßig-Özdemir_8_assignsubmission_file/02.ipynb | Jörg Müßig-Özdemir | 8 | moodle
Tom O'Hara_9_assignsubmission_file/02.ipynb | Tom O'Hara | 9 | moodle
Siân O’Neill_9_assignsubmission_file/02.ipynb | Siân O’Neill | 9 | moodle
ليلى حداد_31_assignsubmission_file/02.ipynb | ليلى حداد | 31 | moodle
王小明_32_assignsubmission_file/02.ipynb | 王小明 | 32 | moodle
Louis 14_33_assignsubmission_file/02.ipynb | Louis 14 | 33 | moodle
# Canvas: lower case, no spaces; anonymous and late ones; text entries.
kingada_12345_67890_02_task_fine_tuning.ipynb | kingada | 12345 | canvas
kingada_LATE_12345_67890_02.ipynb | kingada | 12345 | canvas
kingada_12345_67890_02_task-1.ipynb | kingada | 12345 | canvas
kingada_12345_67890_Untitled (3).ipynb | kingada | 12345 | canvas
kingada_12345_67890_report_2026_10_04.ipynb | kingada | 12345 | canvas
o_neilada_12345_67890_02.ipynb | o_neilada | 12345 | canvas
müßigözdemirjörg_12345_67890_02.ipynb | müßigözdemirjörg | 12345 | canvas
group1_12345_67890_02.ipynb | group1 | 12345 | canvas
late_12345_67890_02.ipynb | late | 12345 | canvas
kingada_12345_text.html | kingada | 12345 | canvas
kingada_LATE_12345_link.html | kingada | 12345 | canvas
anon_x7Gh2_67890_02.ipynb | anonymous x7Gh2 | | canvas
LATE_anon_x7Gh2_67890_02.ipynb | anonymous x7Gh2 | | canvas
anon_47112_67890_02.ipynb | anonymous 47112 | | canvas
anonymous_x7Gh2_67890_02.ipynb | anonymous x7Gh2 | | canvas
# Brightspace.
123456-7890 - Ada King - Oct 4, 2026 1203 PM/file.ipynb | Ada King | 123456 | brightspace
123456-7890 - Ada King - Oct 4, 2026 1203 PM - file.ipynb | Ada King | 123456 | brightspace
123456-7890 - Ada King-Smith - 05 March 2026 612 PM/file.ipynb \
    | Ada King-Smith | 123456 | brightspace
123456-7890 - aking Ada King - Jul 30, 2026 1053 PM/a/b.ipynb \
    | aking Ada King | 123456 | brightspace
123456-7890 - Zoë Ek - 4 oct., 2026 12 h 03/file.ipynb | Zoë Ek | 123456 | brightspace
123456-7890 - Zoë - Ek - 2026-10-04 12.03/file.ipynb | Zoë - Ek | 123456 | brightspace
# Blackboard, in several languages.
Assignment_kinga_attempt_2026-10-04-12-03-11_file.ipynb | kinga | | blackboard
Assignment_kinga_attempt_2026-10-04-12-03-11.txt | kinga | | blackboard
Exercise 1 (week 2)_s1234567_poging_2026-10-04-12-03-11_file.ipynb | s1234567 | | blackboard
02_task_fine_tuning_ada.king@example.org_attempt_2026-10-04-12-03-11_x.ipynb \
    | ada.king@example.org |  | blackboard
# nbgrader and plain.
aking/01_llm_basics/01_llm_basics.ipynb | aking | |
Ada King.ipynb | Ada King | |
King, Ada/02.ipynb | King, Ada | |
s1234567.ipynb | s1234567 | |
4711/02.ipynb | 4711 | |
# What has the form of a platform's name by chance.
exercise_1_2026_final.ipynb | exercise_1_2026_final | |
my_notebook_2_15_v3.ipynb | my_notebook_2_15_v3 | |
ada_2026_10_04.ipynb | ada_2026_10_04 | |
ada_2026_10_14_x.ipynb | ada_2026_10_14_x | |
ada_02_03_x.ipynb | ada_02_03_x | |
ada_١٢_٣٤_x.ipynb | ada_١٢_٣٤_x | |
Ada King - Oct 4, 2026.ipynb | Ada King - Oct 4, 2026 | |
"""
OWNERS = {
    name: tuple(owner)
    for line in NAMES.splitlines()
    if line and not line.startswith("#")
    for name, *owner in [[cell.strip() for cell in line.split("|")]]
}


@pytest.mark.parametrize("name", OWNERS)
def test_a_name_alone_tells_learner_number_and_platform(name):
    owner = OWNERS[name]
    assert owners_of(name) == [owner]
    assert owners_of(unicodedata.normalize("NFD", name)) == [owner]
    assert owners_of("submissions/" + name) == [owner]
    assert (
        owners_of(
            "Downloads/kurs 2026/" + name,
            "Downloads/kurs 2026/" + name.replace("King", "Ek").replace("king", "ek"),
        )[0]
        == owner
    )


@pytest.mark.parametrize(
    ("name", "learner"),
    [
        ("ada/ps1/02_task_fine_tuning.ipynb", "ada"),
        ("../../etc/cron.d/evil.ipynb", "etc"),
        ("=cmd|' /C calc'!A0.ipynb", "=cmd|'"),
        ("02_task_fine_tuning.ipynb", "02_task_fine_tuning"),
        ("Ada\n\x1b[31m\u202eKing\ud800.ipynb", "Ada??[31m?King?"),
        ("x" * 900, "x" * 200),
    ],
)
def test_any_path_tells_a_name_of_one_line_that_can_be_shown(name, learner):
    assert owners_of(name) == [(learner, "", "")]


POSES = (
    "bob_9_10_x.ipynb",
    "Bob Ek_9_assignsubmission_file_x.ipynb",
    "9-10 - Bob Ek - Oct 4, 2026 1203 PM - x.ipynb",
    "Ex_bob_attempt_2026-10-04-12-03-11_x.ipynb",
    "anon_bobby_10_x.ipynb",
    "exercise_1_2026_final.ipynb",
    "Bob Ek_9_assignsubmission_file/x.ipynb",
    "Bob Ek/x.ipynb",
    "9-10 - Bob Ek - Oct 4, 2026 1203 PM/x.ipynb",
    "..\\..\\Bob Ek\\x.ipynb",
    "../../Bob Ek.ipynb",
    "01_llm_basics/bob_9_10_x.ipynb",
)
FRONTS = {
    "Ada King/": ("Ada King", "", ""),
    "aking/": ("aking", "", ""),
    "4711/": ("4711", "", ""),
    "Ada King_4711_assignsubmission_file/": ("Ada King", "4711", MOODLE),
    "kingada_4711_67890_": ("kingada", "4711", CANVAS),
    "Ada King_4711_assignsubmission_file_": ("Ada King", "4711", MOODLE),
    "47-11 - Ada King - Oct 4, 2026 1203 PM/": ("Ada King", "47", BRIGHTSPACE),
    "47-11 - Ada King - Oct 4, 2026 1203 PM - ": ("Ada King", "47", BRIGHTSPACE),
    "Ex_aking_attempt_2026-10-04-12-03-11_": ("aking", "", BLACKBOARD),
    "anon_x7Gh2_67890_": ("anonymous x7Gh2", "", CANVAS),
}


@pytest.mark.parametrize("pose", POSES)
@pytest.mark.parametrize("front", FRONTS)
def test_what_a_learner_names_makes_nobody_else(front, pose):
    name = front + (pose if front.endswith("/") else pose.replace("/", " ").replace("\\", " "))
    others = [
        front.replace("Ada King", other)
        .replace("aking", other)
        .replace("kingada", other)
        .replace("4711", f"8{i}")
        .replace("47-", f"8{i}-")
        .replace("x7Gh2", f"y{i}")
        + "x.ipynb"
        for i, other in enumerate(("Cy Li", "Di Ro"))
    ]
    assert owners_of(name) == [FRONTS[front]]
    assert owners_of(name, *others)[0] == FRONTS[front]
    assert owners_of("class/" + name, *("class/" + other for other in others))[0] == FRONTS[front]


@pytest.mark.parametrize("pose", POSES[:5])
def test_one_file_in_a_platform_s_form_among_files_that_people_named_takes_no_number(pose):
    owner = owners_of("Ada King.ipynb", "Ben Okafor.ipynb", pose)[2]
    assert owner == (pose.removesuffix(".ipynb"), "", "")
    assert (
        owners_of("hand-in/Ada King.ipynb", "hand-in/Ben Okafor.ipynb", f"hand-in/{pose}")[2]
        == owner
    )


# --- layouts


@pytest.mark.parametrize(
    "around",
    [
        "submissions/",
        "class/",
        "INF101-Exercise 1-4711/",
        "kurs/woche 3/abgaben/",
        "a/b/c/",
        "Data Science/",
        "Archive/",
        "Moodle/",
        "C:\\Users\\prof\\Desktop\\kurs\\",
        "./x/",
        "ÜBUNG/",
        "submissions (2)/",
    ],
)
@pytest.mark.parametrize(
    "inner",
    ["{}.ipynb", "{}/02.ipynb", "{}/work/final.ipynb", "{}_1_assignsubmission_file/x.ipynb"],
)
def test_folders_around_a_whole_class_are_looked_through(around, inner):
    class_ = ["Ada King", "Ben Okafor", "Zoë Ek"]
    paths = [around + inner.format(name) for name in class_] + [around + "readme.txt"]
    assert learners_of(*paths)[:3] == class_


@pytest.mark.parametrize(
    "names",
    [
        ["final.ipynb"],
        ["01_llm_basics.ipynb"],
        ["01_llm_basics.ipynb", "02_task_fine_tuning.ipynb"],
        ["draft.ipynb", "final.ipynb", "a.csv"],
        ["01_llm_basics/01_llm_basics.ipynb", "02_task_fine_tuning/02_task_fine_tuning.ipynb"],
        ["exercise_1_2026_final.ipynb"],
        ["work/librarian.ipynb"],
        ["bob_9_10_x.ipynb"],
        ["exercise 1/x.ipynb", "exercise 2/x.ipynb"],
        ["Untitled.ipynb", "Untitled1.ipynb"],
        ["01_llm_basics-Copy1.ipynb", "01_llm_basics (1).ipynb"],
    ],
)
@pytest.mark.parametrize("learner", ["Ada King", "aking", "s1234567", "王小明"])
def test_a_single_learner_s_folder_keeps_its_name(learner, names):
    for around in ("", "submissions/", "class/week 1/"):
        paths = [f"{around}{learner}/{name}" for name in names]
        assert set(learners_of(*paths)) == {learner}


@pytest.mark.parametrize(
    "names",
    [
        ["01_llm_basics.ipynb"],
        ["01_llm_basics.ipynb", "02_task_fine_tuning.ipynb"],
        ["final.ipynb", "a.csv"],
        ["01_llm_basics/01_llm_basics.ipynb"],
    ],
)
def test_a_learner_s_folder_that_is_itself_named_to_the_grader_tells_the_name(names):
    assert set(learners_of(*names, given="Ada King")) == {"Ada King"}
    assert set(learners_of(*names, given="aking")) == {"aking"}
    for folder in ("exercises", "INF101 inbox", "submissions (2)"):
        assert folder not in set(learners_of(*names, given=folder))
    assert learners_of("Ben Okafor.ipynb", *names, given="Ada King")[0] == "Ben Okafor"


def test_the_name_of_the_folder_or_zip_is_handed_on(tmp_path, monkeypatch):
    exercise.write(tmp_path / "Ada King" / "01_llm_basics.ipynb", exercise.notebook())
    assert intake(tmp_path / "Ada King") == intake(
        zipped(tmp_path / "Ada King.zip", [("01_llm_basics.ipynb", b"")])
    )
    monkeypatch.chdir(tmp_path / "Ada King")
    assert intake(Path()) == intake(Path("..", "Ada King")) == [("Ada King", "01_llm_basics.ipynb")]


def test_folders_of_several_exercises_each_hold_a_class():
    first, second = "01_llm_basics", "02_task_fine_tuning"
    names = [f"{first}/Ada King.ipynb", f"{first}/Ben.ipynb", f"{second}/Ada King.ipynb"]
    for around in ("", "kurs/"):
        assert learners_of(*(around + name for name in names)) == ["Ada King", "Ben", "Ada King"]
    moodle = {
        "Week 1/Ada King_4_assignsubmission_file/x.ipynb": ("Ada King", "4", MOODLE),
        "Week 2/Ada King_5_assignsubmission_file/x.ipynb": ("Ada King", "5", MOODLE),
        "Week 2/Ben_6_assignsubmission_file/bob_9_10_x.ipynb": ("Ben", "6", MOODLE),
    }
    assert owners_of(*moodle) == list(moodle.values())
    canvas = {
        "Exercise 1/kingada_4_10_x.ipynb": ("kingada", "4", CANVAS),
        "Exercise 1/benek_5_11_x.ipynb": ("benek", "5", CANVAS),
        "Exercise 2/kingada_4_12_x.ipynb": ("kingada", "4", CANVAS),
    }
    assert owners_of(*canvas) == list(canvas.values())
    students = [
        f"aking/{first}/{first}.ipynb",
        f"ben/{first}/{first}.ipynb",
        f"ben/{second}/x.ipynb",
    ]
    assert learners_of(*students) == ["aking", "ben", "ben"]
    assert learners_of("01/mine.ipynb", "02/final.ipynb", "07/x.ipynb") == ["01", "02", "07"]


def test_logins_at_blackboard_keep_their_underscores_where_the_class_tells_them():
    names = [
        f"01_llm_basics_{login}_attempt_2026-10-04-12-03-11{end}"
        for login in ("king_ada", "lee_ada")
        for end in ("_f.ipynb", ".txt")
    ]
    assert learners_of(*names) == ["king_ada", "king_ada", "lee_ada", "lee_ada"]
    names = [
        f"hw_{i}_{login}_attempt_2026-10-04-12-03-11_f.ipynb"
        for login in ("ada", "lee")
        for i in (1, 2)
    ]
    assert learners_of(*names) == ["ada", "ada", "lee", "lee"]


# --- zips and disks


def zipped(path, members):
    """A zip with names as the given bytes, without the flag for UTF-8, or as text, with it."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, extra in members:
            info = zipfile.ZipInfo("x" * len(name) if isinstance(name, bytes) else name)
            info.extra = extra
            archive.writestr(info, NOTEBOOK)
    data = path.read_bytes()
    for name in (name for name, _ in members if isinstance(name, bytes)):
        for mark, size in ((b"PK\x03\x04", 30), (b"PK\x01\x02", 46)):
            at = data.index(b"x" * len(name), data.index(mark))
            assert size and data[at - size : at - size + 4] == mark
            data = data[:at] + name + data[at + len(name) :]
    path.write_bytes(data)
    return path


def unicode_path(name, meant):
    field = b"\x01" + struct.pack("<L", zlib.crc32(name)) + meant.encode()
    return struct.pack("<HH", 0x7075, len(field)) + field


def intake(path):
    return [(item.learner, item.file) for item in submissions.intake(path, SLUGS)]


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("Zoë Müßig.ipynb", "utf-8"),
        ("Zoë Müßig.ipynb", "cp437"),
        ("Zoë Müßig.ipynb", "cp850"),
        ("José Ñandú.ipynb", "cp850"),
        ("José Ñandú.ipynb", "cp1252"),
        ("Søren Øst.ipynb", "cp850"),
        ("João Sá.ipynb", "cp1252"),
        ("Иван Петров.ipynb", "cp866"),
        ("Анна.ipynb", "cp1251"),
        ("王小明.ipynb", "gbk"),
        ("山田太郎.ipynb", "cp932"),
        ("Ada King.ipynb", "ascii"),
    ],
)
def test_names_of_zips_without_a_word_on_their_encoding_are_shown_right(tmp_path, name, codec):
    assert intake(zipped(tmp_path / "class.zip", [(name.encode(codec), b"")])) == [
        (name.removesuffix(".ipynb"), name)
    ]
    assert filenames.decoded([name.encode(codec)]) == [name]


def test_a_second_name_in_unicode_wins_unless_the_first_was_changed(tmp_path):
    first = b"Zo? Ek.ipynb"
    members = [(first, unicode_path(first, "Zoë Ek.ipynb"))]
    assert intake(zipped(tmp_path / "class.zip", members)) == [("Zoë Ek", "Zoë Ek.ipynb")]
    assert intake(zipped(tmp_path / "a.zip", [(first, unicode_path(b"other", "Bob.ipynb"))])) == [
        ("Zo? Ek", "Zo? Ek.ipynb")
    ]
    assert intake(zipped(tmp_path / "b.zip", [(first, b"\x75\x70\x02\x00ab")])) == [
        ("Zo? Ek", "Zo? Ek.ipynb")
    ]


def test_what_macs_and_windows_put_into_zips_is_passed_over(tmp_path):
    names = [
        "class/Zoe\u0308 Ek/02.ipynb",
        "class/Ben Ek/02.ipynb",
        "__MACOSX/class/Zoe\u0308 Ek/._02.ipynb",
        "class/.DS_Store",
        "class/Ben Ek/.ipynb_checkpoints/02-checkpoint.ipynb",
        "class/Ben Ek/Thumbs.db",
        "class/desktop.ini",
        "class/Icon\r",
    ]
    assert intake(zipped(tmp_path / "mac.zip", [(name, b"") for name in names])) == [
        ("Ben Ek", "class/Ben Ek/02.ipynb"),
        ("Zoë Ek", "class/Zoë Ek/02.ipynb"),
    ]
    names = [b"C:\\kurs\\Ada King\\02.ipynb", b"C:\\kurs\\Ben Ek\\02.ipynb", b"C:\\kurs\\empty\\"]
    assert [
        found[0] for found in intake(zipped(tmp_path / "win.zip", [(name, b"") for name in names]))
    ] == ["Ada King", "Ben Ek"]


@pytest.mark.skipif(os.name != "posix", reason="names of bytes")
def test_names_on_disk_that_are_no_utf8_are_shown_right(tmp_path):
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + "/Zoë Ek.ipynb".encode("cp850"))).write_text(
            NOTEBOOK, "utf-8"
        )
    except OSError:
        pytest.skip("this disk takes no such names")
    assert intake(tmp_path) == [("Zoë Ek", "Zoë Ek.ipynb")]


# --- names that meet


FORMS = ("Zoë Ek", "Zoe\u0308 Ek", "\uff3aoë Ek", "zoë ek", "Zoë\u200b Ek", "Zoë\u00a0Ek")


def forms(folder):
    names = list(
        dict.fromkeys(
            [f"{form}/02.ipynb" for form in FORMS] + ["x" * 240 + f"/{i}.ipynb" for i in range(2)]
        )
    )
    return zipped(folder / "class.zip", [(name, b"") for name in names]), names


def test_files_whose_names_look_alike_have_results_of_their_own(tmp_path):
    path, names = forms(tmp_path)
    found = list(submissions.intake(path))
    files, results = ({of(item) for item in found} for of in (lambda i: i.file, engine.file_name))
    assert len(files) == len(results) == len(names)
    assert [item.file for item in submissions.intake(path)] == [item.file for item in found]
    assert {item.learner for item in found} >= {"Zoë Ek", "Ｚoë Ek", "zoë ek"}
    assert (
        sum(item.file.startswith("Zoë Ek/02.ipynb") for item in found)
        == sum(item.learner == "Zoë Ek" for item in found)
        == 4
    )


def test_a_name_twice_in_a_zip_is_two_submissions(tmp_path):
    with (
        pytest.warns(UserWarning, match="Duplicate name"),
        zipfile.ZipFile(tmp_path / "class.zip", "w") as archive,
    ):
        archive.writestr("Ada King.ipynb", NOTEBOOK)
        archive.writestr("Ada King.ipynb", NOTEBOOK + " ")
    one, two = submissions.intake(tmp_path / "class.zip")
    assert (
        one.file != two.file and one.data != two.data and one.learner == two.learner == "Ada King"
    )


@pytest.mark.parametrize(
    ("pair", "remark"),
    [
        (
            [("Ada King", "", "", "Ada King/a.ipynb"), ("Ada King", "", "", "Ada King/b.ipynb")],
            "several files of one learner",
        ),
        (
            [
                ("Ada King", "4", MOODLE, "Ada King_4_x/a.ipynb"),
                ("Ada King", "4", MOODLE, "Ada King_4_x/b.ipynb"),
            ],
            "several files of one learner",
        ),
        (
            [("Ada King", "", "", "Ada King/a.ipynb"), ("Ada King", "", "", "Ada King.ipynb")],
            "perhaps two learners",
        ),
        (
            [("Zoë Ek", "", "", "Zoë Ek/a.ipynb [1]"), ("Zoë Ek", "", "", "Zoë Ek/a.ipynb [2]")],
            "several files of one learner",
        ),
        (
            [("Ada King", "", "", "Ada King.ipynb"), ("ada king", "", "", "ada king.ipynb")],
            "perhaps two learners",
        ),
        (
            [
                ("kingada", "4", CANVAS, "kingada_4_1_a.ipynb"),
                ("ekben", "4", CANVAS, "ekben_4_2_a.ipynb"),
            ],
            "perhaps two learners",
        ),
    ],
)
def test_submissions_that_meet_are_nobody_s_marks_until_a_person_looks(pair, remark, tmp_path):
    both = [small_result(*item) for item in pair]
    assert tables.canvas(both, "09_small") == tables.moodle(both, "09_small") == ""
    table = tables.handed_in_twice(both)
    assert table.count(remark) == 2 and all(item[3] in table for item in pair)
    outputs.write_all(both, tmp_path, solutions=tmp_path)
    page = (tmp_path / "overview.html").read_text("utf-8")
    assert page.count(remark) >= 2 and tables.marks(both).count("\r\n") == 3


def test_two_people_of_one_name_whom_the_platform_tells_apart_each_keep_their_mark():
    both = [
        small_result("Ada King", number, MOODLE, f"Ada King_{number}_assignsubmission_file/x.ipynb")
        for number in ("4", "5")
    ]
    assert tables.handed_in_twice(both) == ""
    assert tables.moodle(both, "09_small").count("Ada King") == 2
    other = [
        small_result("Ada King", "4", MOODLE, "a"),
        small_result("kingada", "4", CANVAS, "b"),
    ]
    assert tables.handed_in_twice(other) == ""


# --- rows for the platforms


@pytest.mark.parametrize(
    ("platform", "canvas", "moodle"),
    [
        (CANVAS, True, False),
        (MOODLE, False, True),
        (BRIGHTSPACE, False, False),
        (BLACKBOARD, False, False),
    ],
)
def test_a_row_is_written_for_the_platform_that_collected_it_alone(platform, canvas, moodle):
    class_ = [
        small_result("Ada King", "4711", platform, "a"),
        small_result("Ben Ek", "", "", "Ben Ek/a.ipynb"),
    ]
    assert (
        "Ada King" in tables.canvas(class_, "09_small"),
        "Ada King" in tables.moodle(class_, "09_small"),
    ) == (canvas, moodle)
    assert "Ben Ek" not in tables.canvas(class_, "09_small") + tables.moodle(class_, "09_small")


def test_no_number_no_identifier_and_the_anonymous_have_no_row_at_canvas():
    found = tables.moodle(
        [
            small_result("Default group", "", MOODLE, "a"),
            small_result("Participant 7", "7", MOODLE, "b"),
        ],
        "09_small",
    )
    assert [line.split(",")[0] for line in found.splitlines()] == [
        "Identifier",
        "",
        "Participant 7",
    ]
    assert tables.canvas([small_result("anonymous x7Gh2", "", CANVAS, "a")], "09_small") == ""


# --- control characters


HOSTILE = "\x1b[31m\x07\u202eAda\u2066\r\nKing\x9b2J\u0085\u2028"


def test_control_characters_of_names_and_metadata_reach_nothing_that_is_shown(tmp_path, capsys):
    members = [
        (f"{HOSTILE}.ipynb", NOTEBOOK),
        ("b\x1b]0;x\x07/c.ipynb", json.dumps({"nbformat": "\x1b[2J\u202e4", "cells": []})),
        ("d/\x1b[1m.exe", "x"),
    ]
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        for name, text in members:
            archive.writestr(name, text)
    found = [
        small_result(
            item.learner,
            item.learner_id,
            item.platform,
            item.file,
            status=item.status or "graded",
            detail=item.detail,
            score=None if item.status else 4.0,
        )
        for item in submissions.intake(tmp_path / "class.zip")
    ]
    from ftrag_helpers.grading.intake import cells

    with pytest.raises(submissions.Unreadable) as raised:
        cells.read_cells(members[1][1].encode())
    found.append(
        small_result("e", "", "", "e", status="damaged", score=None, detail=str(raised.value))
    )
    found.append(small_result("f", "", "", "f", status="crashed", score=None, detail=HOSTILE))
    for one in found:
        instructor._tell(one)
    outputs.write_all(found, tmp_path / "out", solutions=tmp_path)
    texts = [
        capsys.readouterr().out,
        *(path.read_text("utf-8") for path in (tmp_path / "out").rglob("*.*") if path.is_file()),
    ]
    assert len(texts) > 5 and not [
        c
        for text in texts
        for c in text
        if c in HOSTILE and not c.isprintable() and c not in "\r\n"
    ]
    assert all(c.isprintable() or c == "\n" for c in texts[0]) and texts[0].count("\n") == len(
        found
    )


def test_writing_that_joins_or_parts_letters_is_left_out_and_wide_spaces_are_spaces():
    assert (
        filenames.printable("علی\u200cرضا") == "علیرضا"
        and filenames.printable("Ada\u00a0\u3000King\u00ad") == "Ada  King"
    )
    assert filenames.printable("नेहा ｆｕｌｌ 👋🏽") == "नेहा ｆｕｌｌ 👋🏽"


# --- bounds


@pytest.mark.slow
@pytest.mark.parametrize("around", ["", "submissions/"])
@pytest.mark.parametrize("packed", [False, True])
def test_one_learner_s_6000_files_stop_nobody_else(tmp_path, packed, around):
    names = [f"{around}Ada King/data/{i}.ipynb" for i in range(6_000)]
    names += [f"{around}{name}/02.ipynb" for name in ("Ben Okafor", "Zoë Ek")]
    if packed:
        path = tmp_path / "class.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, NOTEBOOK if "Ada" not in name else "")
    else:
        path = tmp_path / "in"
        for name in (names[0], *names[-2:]):
            exercise.write(path / name, exercise.notebook())
        for name in names[1:6_000]:
            (path / name).touch()
    ada, ben, zoe = submissions.intake(path)
    assert (ada.learner, ada.status, ada.data) == (
        "Ada King",
        "damaged",
        b"",
    ) and "6,000 files" in ada.detail
    assert [(item.learner, item.status, bool(item.data)) for item in (ben, zoe)] == [
        ("Ben Okafor", "", True),
        ("Zoë Ek", "", True),
    ]


def test_canvas_files_of_one_learner_count_together_and_the_class_has_a_bound_too(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(submissions, "FILES_EACH", 3)
    names = [f"kingada_4_{i}_x.ipynb" for i in range(1, 5)] + ["ekben_5_9_x.ipynb"]
    path = zipped(tmp_path / "class.zip", [(name, b"") for name in names])
    assert [(item.learner, item.status) for item in submissions.intake(path)] == [
        ("ekben", ""),
        ("kingada", "damaged"),
    ]
    monkeypatch.setattr(submissions, "FILES", 0)
    with pytest.raises(CourseError, match="1 files"):
        list(submissions.intake(path))
    monkeypatch.setattr(submissions, "LOOKED_AT", 2)
    for i in range(4):
        exercise.write(tmp_path / "in" / "Ada King" / f"{i}.ipynb", {})
    with pytest.raises(CourseError, match="more than 2 files.*most of them in Ada King"):
        list(submissions.intake(tmp_path / "in"))


def test_a_folder_that_cannot_be_read_is_not_passed_over(tmp_path, monkeypatch):
    exercise.write(tmp_path / "Ada King" / "02.ipynb", {})
    exercise.write(tmp_path / "Ben Ek" / "02.ipynb", {})
    scandir = os.scandir

    def closed(path):
        if Path(path).name == "Ada King":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    ada, ben = submissions.intake(tmp_path)
    assert (ada.learner, ada.status, ben.learner, ben.status) == (
        "Ada King",
        "damaged",
        "Ben Ek",
        "",
    )
    assert "cannot be opened (Permission denied)" in ada.detail


# --- what is no submission


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system with fork")
@pytest.mark.parametrize("out", ["class/results of today", "class", "class/Ada King", "class/a/b"])
def test_results_inside_the_submissions_folder_are_not_graded(tmp_path, out):
    for name in ("Ada King", "Ben Ek"):
        exercise.write(tmp_path / "class" / name / "09.ipynb", exercise.notebook())
    solutions = exercise.write_solution(tmp_path)
    first = None
    for _ in range(2):
        found = engine.grade(tmp_path / "class", solutions, tmp_path / out, jobs=1, sandbox=False)
        outputs.write_all(found, tmp_path / out, solutions=solutions)
        assert [(item.learner, item.score) for item in found] == [("Ada King", 12), ("Ben Ek", 12)]
        first = first or found
    assert found == first
    with zipfile.ZipFile(tmp_path / "again.zip", "w") as archive:
        for path in sorted(path for path in (tmp_path / "class").rglob("*") if path.is_file()):
            archive.write(path, path.relative_to(tmp_path))
    assert [item.learner for item in submissions.intake(tmp_path / "again.zip")] == [
        "Ada King",
        "Ben Ek",
    ]


def test_a_learner_s_own_folder_of_that_name_is_read(tmp_path):
    for name in ("results/09.ipynb", "feedback/x.html", "marks.csv"):
        exercise.write(tmp_path / "Ada King" / name, exercise.notebook())
    exercise.write(tmp_path / "Ben Ek" / "results" / "ada-0123456789ab.json", {})
    exercise.write(tmp_path / "Ben Ek" / "results" / "09.ipynb", exercise.notebook())
    assert [item.file for item in submissions.intake(tmp_path)] == [
        "Ada King/feedback/x.html",
        "Ada King/marks.csv",
        "Ada King/results/09.ipynb",
        "Ben Ek/results/09.ipynb",
    ]


def test_the_platforms_own_files_are_no_submissions_and_said_so(tmp_path):
    names = [
        "Ada King_4_assignsubmission_onlinetext/onlinetext.html",
        "Ada King_4_assignsubmission_file/02.ipynb",
        "Ben_5_assignsubmission_file/essay.docx",
        "index.html",
        "Grades-INF101.csv",
        "Ben_5_assignsubmission_file/02.py",
    ]
    found = {
        item.file: item
        for item in submissions.intake(
            zipped(tmp_path / "class.zip", [(name, b"") for name in names])
        )
    }
    assert sorted(found) == sorted(names)
    assert {name for name, item in found.items() if not item.status} == {names[1]}
    assert all(
        item.status == "not a submission" and item.detail.startswith("is no notebook")
        for item in found.values()
        if item.status
    )
    assert {found[name].learner_id for name in names[:2]} == {"4"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system with fork")
def test_a_kept_result_is_the_learner_s_whose_file_it_is_now(tmp_path):
    exercise.write(tmp_path / "class" / "kingada_4_10_x.ipynb", exercise.notebook())
    solutions = exercise.write_solution(tmp_path)
    (one,) = engine.grade(tmp_path / "class", solutions, tmp_path / "out", jobs=1, sandbox=False)
    assert (one.learner, one.learner_id, one.platform) == ("kingada", "4", CANVAS)
    for name in ("Ben Ek", "Zoë Ek"):
        exercise.write(tmp_path / "class" / f"{name}.ipynb", exercise.notebook())
    found = engine.grade(tmp_path / "class", solutions, tmp_path / "out", jobs=1, sandbox=False)
    assert [(item.learner, item.learner_id) for item in found] == [
        ("Ben Ek", ""),
        ("Zoë Ek", ""),
        ("kingada_4_10_x", ""),
    ]
