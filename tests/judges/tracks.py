"""Point tracks read as TAP-Vid's own evaluation reads them, with NumPy alone and nothing unpickled.

Usage: tracks.py FOLDER. The folder holds an export of a film in which one point goes in a straight line, in pixels from the
corner of the picture, from (3, 2) on the first frame to (11, 6) on the last, hidden from the third frame up to the last,
and a box whose middle stays at (8, 5). Queries are taken as the benchmark takes them (the first frame on which a point is
seen) and the truth is scored as a prediction: every figure must be perfect, and one pixel beside it must not be.
"""

import json
import pathlib
import sys

import numpy

folder = pathlib.Path(sys.argv[1])
about = json.loads((folder / "tracks.json").read_text())
(film,) = about["films"]
arrays = numpy.load(folder / film["file"], allow_pickle=False)
video, points, occluded = arrays["video"], arrays["points"], arrays["occluded"]
frames, height, width, channels = video.shape
assert video.dtype == numpy.uint8 and channels == 3, (video.dtype, channels)
assert points.dtype == numpy.float32 and points.shape == (2, frames, 2), (points.dtype, points.shape)
assert occluded.dtype == bool and occluded.shape == (2, frames), (occluded.dtype, occluded.shape)
assert len(film["tracks"]) == 2 and film["tracks"][0]["drawn"] == [0, 2, frames - 1], film["tracks"]

pixels = points * numpy.array([width, height], numpy.float32)
share = numpy.arange(frames)[:, None] / (frames - 1)
line = numpy.array([3.0, 2.0]) * (1 - share) + numpy.array([11.0, 6.0]) * share
assert numpy.abs(pixels[0] - line).max() < 1e-4, (pixels[0], line)
assert numpy.abs(pixels[1] - [8.0, 5.0]).max() < 1e-4, pixels[1]
assert occluded[0].tolist() == [False, False] + [True] * (frames - 3) + [False], occluded[0]
assert not occluded[1].any()


def scores(predicted):
    """Share of seen points within 1, 2, 4, 8 and 16 pixels of a picture of 256 x 256, and the mean Jaccard index."""
    scale = numpy.array([256 / width, 256 / height])
    first = numpy.argmax(~occluded, axis=1)
    asked = numpy.arange(frames)[None, :] > first[:, None]
    apart = numpy.linalg.norm((predicted - pixels) * scale, axis=-1)
    within, jaccard = [], []
    for limit in (1, 2, 4, 8, 16):
        seen = asked & ~occluded
        hit = seen & (apart < limit)
        within.append(hit.sum() / seen.sum())
        jaccard.append(hit.sum() / (seen.sum() + (asked & ~occluded & ~(apart < limit)).sum()))
    return float(numpy.mean(within)), float(numpy.mean(jaccard))


assert scores(pixels) == (1.0, 1.0), scores(pixels)
beside = scores(pixels + [1.0, 0.0])
assert beside[0] < 1.0 and beside[1] < 1.0, beside
print(f"tracks-tapvid: {len(points)} tracks on {frames} frames, as drawn")
