"""Compares the plain regression with scikit-learn's LogisticRegression on the same features, penalty by penalty.

Needs scikit-learn (1.9 was used). The file is written by `npm run bench -- suite scikit-learn`:

    python3 benches/suite/scikit_learn.py FILE
"""

import json
import sys

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

with open(sys.argv[1], encoding="utf-8") as file:
    sets = json.load(file)


def images(data, side):
    return np.array(data[side]["embeddings"]), np.array(data[side]["classes"])


print("| set | L2 | scikit-learn | this crate | predicted otherwise | probabilities apart, at most |")
print("| --- | --- | --- | --- | --- | --- |")
for data in sets:
    (train, train_classes), (val, val_classes) = images(data, "train"), images(data, "val")
    scaler = StandardScaler().fit(train)
    for head in data["heads"]:
        # scikit-learn adds up where this crate takes the mean: C = 1 / (λ N). For two classes it has one weight
        # vector, the difference of this crate's two, of which each is half: their squares make half of its square.
        strength = (2 if len(set(train_classes)) == 2 else 1) / (head["l2"] * len(train))
        model = LogisticRegression(
            C=strength,
            tol=1e-8,
            max_iter=20_000,
            class_weight="balanced" if data["balanced"] else None,
        )
        model.fit(scaler.transform(train), train_classes)
        theirs = model.predict_proba(scaler.transform(val))
        ours = np.array(head["probabilities"])
        right = [(p.argmax(1) == val_classes).sum() for p in (theirs, ours)]
        otherwise = (theirs.argmax(1) != ours.argmax(1)).sum()
        print(
            f"| {data['name']} | {head['l2']:g} | {right[0]}/{len(val)} | {right[1]}/{len(val)} "
            f"| {otherwise} | {abs(theirs - ours).max():.1e} |"
        )
