"""Fine-tunes in torch on the same views with the same recipe, and times a step.

Needs torch (2.15 was used). The files are written by `npm run bench -- suite --method finetune --export DIR`, which
prints this crate's results too; three seeds of it make a fair comparison:

    python3 benches/suite/torch_finetune.py DIR [SET…]
"""

import json
import math
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

SEEDS = 3
WARM_UP = 0.1
CONVOLUTIONS = ["0.conv1", "0.conv2", "0.downsample.0", "1.conv1", "1.conv2"]


def read(path):
    """A safetensors file's tensors and metadata."""
    file = path.read_bytes()
    end = 8 + int.from_bytes(file[:8], "little")
    header = json.loads(file[8:end])
    metadata = header.pop("__metadata__")
    types = {"F32": np.float32, "I8": np.int8, "U32": np.uint32}
    tensors = {}
    for name, entry in header.items():
        start, stop = entry["data_offsets"]
        values = np.frombuffer(file[end + start : end + stop], types[entry["dtype"]])
        tensors[name] = values.reshape(entry["shape"])
    return tensors, metadata


class Tail(torch.nn.Module):
    """layer4 with its batch norm folded in, and the head."""

    def __init__(self, tensors):
        super().__init__()
        for name in CONVOLUTIONS:
            weight = tensors[f"tail.layer4.{name}.weight"].astype(np.float32)
            scale = tensors[f"tail.layer4.{name}.scale"].reshape(-1, 1, 1, 1)
            key = name.replace(".", "_")
            self.register_parameter(f"{key}_weight", torch.nn.Parameter(torch.tensor(weight * scale)))
            bias = torch.tensor(tensors[f"tail.layer4.{name}.bias"])
            self.register_parameter(f"{key}_bias", torch.nn.Parameter(bias))
        self.head = torch.nn.Parameter(torch.tensor(tensors["head.weight"]))
        self.head_bias = torch.nn.Parameter(torch.tensor(tensors["head.bias"]))

    def convolution(self, name, maps, stride=1):
        key = name.replace(".", "_")
        weight = getattr(self, f"{key}_weight")
        padding = weight.shape[-1] // 2
        return F.conv2d(maps, weight, getattr(self, f"{key}_bias"), stride, padding)

    def forward(self, maps):
        shortcut = self.convolution("0.downsample.0", maps, 2)
        hidden = F.relu(self.convolution("0.conv1", maps, 2))
        maps = F.relu(self.convolution("0.conv2", hidden) + shortcut)
        hidden = F.relu(self.convolution("1.conv1", maps))
        maps = F.relu(self.convolution("1.conv2", hidden) + maps)
        return maps.mean((2, 3)) @ self.head + self.head_bias


def maps_of(path):
    values = np.fromfile(path, np.float16).reshape(-1, 256, 14, 14)
    return torch.tensor(values)


def rate(step, steps, highest):
    warm_up = math.ceil(WARM_UP * steps)
    if step < warm_up:
        return highest * (step + 1) / warm_up
    done = min((step - warm_up) / max(steps - warm_up, 1), 1)
    return highest * 0.5 * (1 + math.cos(math.pi * done))


def train(tensors, recipe, images, views, seed):
    """The epoch with the least validation loss."""
    rng = np.random.default_rng(seed)
    tail = Tail(tensors)
    optimizer = torch.optim.AdamW(tail.parameters(), lr=0, weight_decay=recipe["weight_decay"])
    learned = np.flatnonzero(images[:, 1] == 0)
    aside = np.flatnonzero(images[:, 1] == 1)
    first = np.concatenate([[0], np.cumsum(images[:, 3])[:-1]])
    classes = torch.tensor(images[:, 0].astype(np.int64))
    sizes = np.bincount(images[learned, 0])
    weights = torch.tensor(1 / sizes if recipe["balanced"] else np.ones(len(sizes)), dtype=torch.float32)
    batches = math.ceil(len(learned) / recipe["batch_size"])
    steps = batches * recipe["epochs"]
    best, step = None, 0
    for epoch in range(recipe["epochs"]):
        rng.shuffle(learned)
        for batch in np.array_split(learned, batches):
            seen = first[batch] + rng.integers(0, images[batch, 3])
            optimizer.param_groups[0]["lr"] = rate(step, steps, recipe["learning_rate"])
            loss = F.cross_entropy(
                tail(views[seen].float()),
                classes[batch],
                weights,
                label_smoothing=recipe["label_smoothing"],
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
        with torch.no_grad():
            loss = F.cross_entropy(tail(views[first[aside]].float()), classes[aside]).item()
        if best is None or loss < best[0]:
            best = (loss, epoch + 1, {k: v.clone() for k, v in tail.state_dict().items()})
        if epoch + 1 >= best[1] + recipe["patience"]:
            break
    tail.load_state_dict(best[2])
    return tail


def seconds_of_a_step(tensors, threads):
    torch.set_num_threads(threads)
    tail = Tail(tensors)
    optimizer = torch.optim.AdamW(tail.parameters(), lr=1e-4)
    maps, classes = torch.rand(16, 256, 14, 14), torch.zeros(16, dtype=torch.int64)
    times = []
    for _ in range(12):
        start = time.perf_counter()
        optimizer.zero_grad()
        F.cross_entropy(tail(maps), classes).backward()
        optimizer.step()
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2]


folder = Path(sys.argv[1])
found = sorted(path.name.split(".")[0] for path in folder.glob("*.task.safetensors"))
names = sys.argv[2:] or found
for threads in (1, 2):
    tensors, _ = read(folder / f"{names[0]}.task.safetensors")
    print(f"A step of 16 images on {threads} thread(s): {1000 * seconds_of_a_step(tensors, threads):.0f} ms")
print("\n| set | this crate | torch |\n| --- | --- | --- |")
for name in names:
    tensors, metadata = read(folder / f"{name}.task.safetensors")
    recipe = json.loads(metadata["recipe"])
    views, val = maps_of(folder / f"{name}.views.bin"), maps_of(folder / f"{name}.val.bin")
    described = json.loads((folder / f"{name}.val.json").read_text())
    truth = torch.tensor(described["classes"])
    accuracies = []
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        tail = train(tensors, recipe, tensors["images"].astype(np.int64), views, seed)
        with torch.no_grad():
            accuracies.append((tail(val.float()).argmax(1) == truth).float().mean().item())
    show = lambda values: ", ".join(f"{100 * value:.1f}" for value in values)
    print(f"| {name} | {show(described['tailAlone'])} | {show(accuracies)} |", flush=True)
