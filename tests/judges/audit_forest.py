"""scikit-learn's forest on the table that the audit benchmark wrote: time and accuracy beside ours.

    python3 audit_forest.py FOLDER
"""

import pathlib
import sys
import time

import numpy as np
from sklearn.ensemble import RandomForestClassifier

folder = pathlib.Path(sys.argv[1])
columns, training, held = map(int, (folder / "shape.txt").read_text().split())


def table(name, rows):
    return np.fromfile(folder / f"{name}.f32", "<f4").reshape(columns, rows).T.copy()


def target(name):
    return np.fromfile(folder / f"{name}_y.f32", "<f4").astype(int)


forest = RandomForestClassifier(n_estimators=100, random_state=1, n_jobs=2)
start = time.perf_counter()
forest.fit(table("train", training), target("train"))
grown = time.perf_counter() - start
accuracy = (forest.predict(table("held", held)) == target("held")).mean()
print(f"scikit-learn: grown in {grown:.2f} s, accuracy {accuracy:.4f}")
