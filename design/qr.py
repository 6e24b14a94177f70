"""QR codes as one SVG path, drawn by templates/components/qr.html."""

from itertools import groupby

import segno


def qr_path(text: str) -> tuple[int, str]:
    """The width of the code in modules without its quiet zone, and the path of its dark modules."""
    matrix = segno.make(text, micro=False, error="m").matrix
    runs = []
    for y, row in enumerate(matrix):
        x = 0
        for is_dark, modules in groupby(row):
            width = len(list(modules))
            if is_dark:
                runs.append(f"M{x} {y}h{width}v1h-{width}z")
            x += width
    return len(matrix), "".join(runs)
