"""A trained ResNet in torchvision: the weights that `optinc train --weights` writes, loaded by name, give the validation loss and
the top-1 that the program printed.

    torchvision_check.py OPTINC FOLDER
"""

import json
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
import torchvision

MEAN = np.array([0.50707516, 0.48654887, 0.44091784], dtype=np.float32)
DEVIATION = np.array([0.26733429, 0.25643846, 0.27615047], dtype=np.float32)
RECORD = 3074


def write_images(path, count, seed):
    """CIFAR-100 records of noise, whose brightness goes by the label so that there is something to learn."""
    random = np.random.default_rng(seed)
    records = random.integers(0, 128, size=(count, RECORD), dtype=np.uint8)
    labels = np.arange(count, dtype=np.uint8) % 100
    records[:, 2:] += labels[:, None]
    records[:, 0] = labels % 20
    records[:, 1] = labels
    records.tofile(path)


def read_images(path):
    records = np.fromfile(path, dtype=np.uint8).reshape(-1, RECORD)
    images = records[:, 2:].reshape(-1, 3, 32, 32).astype(np.float32) / 255
    images = (images - MEAN[:, None, None]) / DEVIATION[:, None, None]
    return torch.from_numpy(images), torch.from_numpy(records[:, 1].astype(np.int64))


def read_safetensors(path):
    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    arrays = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        values = np.frombuffer(data[begin:end], dtype="<f4").reshape(entry["shape"])
        arrays[name] = torch.from_numpy(values.copy())
    return arrays


def check(program, folder, name):
    weights = folder / f"{name}.safetensors"
    flags = ["--data", str(folder), "--batch", "4", "--steps", "8", "--warmup-steps", "0", "--reduce", "exact"]
    flags += ["--learning-rate", "0.2", "--weights", str(weights), "--json"]
    run = subprocess.run(
        [program, "train", "--model", name, "--stem", "imagenet", *flags], check=True, stdout=subprocess.PIPE
    )
    printed = json.loads(run.stdout)
    model = getattr(torchvision.models, name)(num_classes=100)
    arrays = read_safetensors(weights)
    missing, unexpected = model.load_state_dict(arrays, strict=False)
    assert not unexpected, unexpected
    assert all(key.endswith("num_batches_tracked") for key in missing), missing
    assert sum(p.numel() for p in model.parameters()) == printed["parameters"]
    model.eval()
    images, labels = read_images(folder / "test.bin")
    with torch.no_grad():
        logits = model(images)
    loss = torch.nn.functional.cross_entropy(logits, labels).item()
    top1 = (logits.argmax(1) == labels).float().mean().item()
    print(f"{name}: loss {loss:.6f} by torchvision, {printed['validation_loss']:.6f} printed; top-1 {top1:.4f}")
    # Away from where every model starts, log(100), so that all of its layers matter.
    assert abs(loss - np.log(100)) > 0.02
    assert abs(loss - printed["validation_loss"]) < 1e-4 * max(1, loss)
    assert abs(top1 - printed["validation_top1"]) < 1e-6


def main():
    program, folder = sys.argv[1], Path(sys.argv[2])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_images(folder / "train.bin", 64, 1)
    write_images(folder / "test.bin", 100, 2)
    torch.set_num_threads(1)
    for name in ("resnet18", "resnet50"):
        check(program, folder, name)


if __name__ == "__main__":
    main()
