"""Times scikit-image's table of region statistics on the arrays that the document benchmark wrote.

Usage: region_statistics.py FOLDER. Prints milliseconds, voxels in regions, and the mean of the regions' means.
"""

import sys
import time
from pathlib import Path

import numpy as np
from skimage.measure import regionprops_table

folder = Path(sys.argv[1])
shape = (200, 256, 256)
values = np.fromfile(folder / "values.raw", dtype="<i2").reshape(shape)
labels = np.fromfile(folder / "labels.raw", dtype="<u2").reshape(shape)
wanted = ("label", "area", "bbox", "centroid", "intensity_mean", "intensity_min", "intensity_max", "intensity_std")
times = []
for _ in range(3):
    start = time.perf_counter()
    table = regionprops_table(labels, values, properties=wanted)
    times.append(time.perf_counter() - start)
print(sorted(times)[1] * 1e3, table["area"].sum(), table["intensity_mean"].mean())
