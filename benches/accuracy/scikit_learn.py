"""Compares the default head with scikit-learn's LogisticRegression on the same embeddings, penalty by penalty.

Needs scikit-learn (1.9 was used). The file is written by `cargo bench --bench accuracy -- scikit-learn`:

    python3 benches/accuracy/scikit_learn.py FILE
"""

import json
import sys

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

with open(sys.argv[1], encoding="utf-8") as file:
    data = json.load(file)


def images(side):
    return np.array(data[side]["embeddings"]), np.array(data[side]["classes"])


(train, train_classes), (val, val_classes) = images("train"), images("val")
scaler = StandardScaler().fit(train)
print("| L2 | scikit-learn | this crate | predicted otherwise | probabilities apart, at most |")
print("| --- | --- | --- | --- | --- |")
for head in data["heads"]:
    # scikit-learn adds up where this crate takes the mean: C = 1 / (λ N). For two classes it has one weight
    # vector, the difference of this crate's two, of which each is half: their squares make half of its square.
    strength = 2 / (head["l2"] * len(train))
    theirs = LogisticRegression(C=strength, tol=1e-10, max_iter=10_000)
    theirs.fit(scaler.transform(train), train_classes)
    expected = theirs.predict_proba(scaler.transform(val))
    ours = np.array(head["probabilities"])
    right = [(p.argmax(1) == val_classes).sum() for p in (expected, ours)]
    differing = (expected.argmax(1) != ours.argmax(1)).sum()
    apart = np.abs(expected - ours).max()
    print(
        f"| {head['l2']:g} | {right[0]}/{len(val)} | {right[1]}/{len(val)} "
        f"| {differing} | {apart:.1e} |"
    )
