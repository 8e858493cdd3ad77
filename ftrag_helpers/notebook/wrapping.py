"""Text laid out for a notebook's page.

JupyterLab breaks a long line in the middle of a word; printed through `wrapped`, it breaks
between two words. What it leaves out: tables, whose columns would fall apart.
"""

import textwrap

#: Characters that a notebook's output shows in one line on a small laptop's screen.
WIDTH = 88


def wrapped(text: str, width: int = WIDTH) -> str:
    """The text with its long lines broken between words; the rest goes on a little further in than
    its line began.

    >>> print(wrapped("  right: half past eight", width=20))
      right: half past
        eight
    """

    def fitting(line: str) -> str:
        begin = line[: len(line) - len(line.lstrip())]
        return textwrap.fill(
            line,
            width,
            subsequent_indent=begin + "  ",
            break_long_words=False,
            break_on_hyphens=False,
        )

    return "\n".join(fitting(line) if len(line) > width else line for line in text.split("\n"))
