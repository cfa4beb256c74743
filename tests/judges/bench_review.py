"""The peers of annotation/examples/review_bench.rs: NumPy's Dice and surface-distance on the same two label maps.

    bench_review.py A.nii B.nii DICE_SECONDS SURFACE_SECONDS TOLERANCE_MM
"""

import sys
import time

import numpy as np
import SimpleITK as sitk
import surface_distance as sd

a, b = (sitk.ReadImage(path) for path in sys.argv[1:3])
spacing = a.GetSpacing()[::-1]
a, b = sitk.GetArrayFromImage(a), sitk.GetArrayFromImage(b)
ours_dice, ours_surface, tolerance = map(float, sys.argv[3:])
labels = [label for label in np.unique(a) if label]

start = time.perf_counter()
dice = []
for label in labels:
    x, y = a == label, b == label
    dice.append(2 * np.count_nonzero(x & y) / (np.count_nonzero(x) + np.count_nonzero(y)))
dice_s = time.perf_counter() - start

start = time.perf_counter()
nsd, hd95 = [], []
for label in labels:
    d = sd.compute_surface_distances(a == label, b == label, spacing)
    nsd.append(sd.compute_surface_dice_at_tolerance(d, tolerance))
    hd95.append(sd.compute_robust_hausdorff(d, 95))
surface_s = time.perf_counter() - start

print(f"peers: Dice {dice_s:.3f} s, NSD and HD95 {surface_s:.3f} s ({np.mean(dice):.6f} {np.mean(nsd):.6f} {np.mean(hd95):.4f})")
print(f"ratio: Dice {dice_s / ours_dice:.1f} times NumPy, NSD and HD95 {surface_s / ours_surface:.1f} times surface-distance")
