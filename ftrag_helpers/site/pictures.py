"""The pictures of the site's first page, made from the figures that the course ships."""

import base64


def chart() -> dict[str, tuple[bytes, str]]:
    """The chart of the course from the shipped figures alone, the same on every machine: (PNG,
    alternative text) by file name, as `build.build` takes it.
    """
    from ftrag_helpers.journal import course_chart
    from ftrag_helpers.notebook import plots

    table = course_chart.shipped_rows()
    data, metadata = plots.bundle(
        course_chart.figure(table, tell_apart=False), course_chart.alt(table)
    )
    return {"chart.png": (base64.b64decode(data["image/png"]), metadata["alt"])}
