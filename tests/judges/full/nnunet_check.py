"""nnU-Net's own integrity check accepts a data set that Limner exported.

Usage: nnunet_check.py FOLDER, which holds Dataset*; runs in the environment nninteractive, where nnU-Net is.
"""

import os
import pathlib
import sys

for name in ("nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results"):
    os.environ.setdefault(name, sys.argv[1])

from nnunetv2.experiment_planning.verify_dataset_integrity import verify_dataset_integrity

if __name__ == "__main__":
    roots = sorted(pathlib.Path(sys.argv[1]).glob("Dataset*"))
    assert roots
    for root in roots:
        verify_dataset_integrity(str(root), 1)
        print(f"{root.name}: nnU-Net found no fault")
