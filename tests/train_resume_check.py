"""A training run that is killed and taken up again has the curve of the unbroken one, to the bit, whatever reduces its gradients.

    train_resume_check.py OPTINC FOLDER [MPIRUN]

Each run is killed (SIGKILL) once a checkpoint is there and it has gone on from it.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

STEPS = 24
EVERY = 7
RECORD = 3074


def write_images(path, count, seed):
    records = np.random.default_rng(seed).integers(0, 256, size=(count, RECORD), dtype=np.uint8)
    records[:, 0] = np.arange(count) % 20
    records[:, 1] = np.arange(count) % 100
    records.tofile(path)


def curve(path):
    """Losses and top-1 by step; a later record of a step stands."""
    found = {}
    for line in path.read_text().splitlines(keepends=True):
        if not line.endswith("\n"):
            break
        record = json.loads(line)
        if record["type"] in ("step", "validation"):
            found[record["type"], record["step"]] = (record["loss"], record.get("top1"))
    return found


def last_step(path):
    return max((step for kind, step in curve(path) if kind == "step"), default=0) if path.exists() else 0


def run_until_killed(command, records, checkpoint):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (checkpoint.exists() and last_step(records) % EVERY in (2, 3, 4) and last_step(records) > EVERY):
        assert process.poll() is None, "ended before it could be killed"
        assert time.monotonic() < deadline, f"no checkpoint after 60 s, step {last_step(records)}"
        time.sleep(0.002)
    # Of mpirun its ranks too: they would go on without it.
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for killed in [process.pid, *map(int, children)]:
        os.kill(killed, signal.SIGKILL)
    process.wait()


def check(launcher, program, folder, name, flags):
    command = launcher + [program, "train", "--steps", str(STEPS), "--checkpoint-every", str(EVERY), "--workers", "2"]
    command += ["--validate-every", "12", *flags]
    whole, broken, checkpoint = folder / f"{name}.jsonl", folder / f"{name}-broken.jsonl", folder / f"{name}.checkpoint"
    subprocess.run(command + ["--records", str(whole)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    command += ["--records", str(broken), "--checkpoint", str(checkpoint)]
    run_until_killed(command, broken, checkpoint)
    reached = last_step(broken)
    subprocess.run(command + ["--resume"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    resumed = [json.loads(line)["step"] for line in broken.read_text().splitlines() if '"type":"resume"' in line]
    print(f"{name}: killed at step {reached}, resumed behind step {resumed[0]}")
    assert 0 < resumed[0] <= reached < STEPS
    assert curve(whole) == curve(broken), name
    assert len(curve(whole)) == STEPS + 2


def main():
    program, folder = sys.argv[1], Path(sys.argv[2])
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "images").mkdir(parents=True)
    write_images(folder / "images" / "train.bin", 40, 1)  # five steps an epoch
    write_images(folder / "images" / "test.bin", 20, 2)
    chip = str(folder / "chip.json")
    subprocess.run([program, "compile", "designs/b8-n4.safetensors", "--out", chip], check=True, stdout=subprocess.DEVNULL)
    images = ["--model", "resnet20", "--data", str(folder / "images"), "--batch", "4"]
    text = ["--batch", "2", "--context", "32", "--vocab", "320", "--layers", "2", "--hidden", "32", "--heads", "2"]
    text += ["--validation-examples", "8", "--tokeniser-cache", str(folder)]
    tiny = ["--batch", "1", "--context", "16", "--vocab", "320", "--layers", "1", "--hidden", "16", "--heads", "2"]
    tiny += ["--validation-examples", "8", "--tokeniser-cache", str(folder)]
    coarse = ["--bits", "4", "--rounding", "nearest-unbiased"]
    check([], program, folder, "exact", images + ["--reduce", "exact"])
    check([], program, folder, "feedback", images + coarse + ["--error-feedback", "--quantiser-rounding", "stochastic"])
    check([], program, folder, "errors", images + ["--bits", "8", "--inject", "rate:0.01"])
    check([], program, folder, "lost-port", images + coarse + ["--lose-port", "1@12", "--accumulate", "2"])
    check([], program, folder, "failed", images + coarse + ["--error-feedback", "--fail-step", "11"])
    aged = ["--hours-per-step", "1", "--age-every", "5", "--set", "phase_shifter.drift_rms_rad_per_sqrt_h=0.02"]
    check([], program, folder, "aged-chip", tiny + ["--reduce", "chip", "--program", chip, *aged])
    if len(sys.argv) > 3:
        launcher = [sys.argv[3], "--allow-run-as-root", "--oversubscribe", "-np", "2"]
        check(launcher, program, folder, "mpi", text + coarse + ["--error-feedback"])


if __name__ == "__main__":
    main()
