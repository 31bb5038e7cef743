#!/usr/bin/python3
"""Checks a netlist against the program it was made from, and against the design.

    tests/check_netlist.py NETLIST.yml PROGRAM.json DESIGN.safetensors

Sends light along the netlist's connections, by what the components' names and settings mean, and compares every stage's
matrix with that of the program's phases, and with the design's weights; biases and ReLUs, too.

Exit code 0: they agree. 1: they don't (netlist and program by 1e-12, and netlist and design by 1e-5, of the stage's largest
entry), or the netlist is none. 77: numpy is not installed.
"""

import json
import re
import sys
from collections import deque

try:
    import numpy as np
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

import read_program

PROGRAM_TOLERANCE = 1e-12
# Float32 leaves squares of approximated layers about 1e-7 from orthogonal; a program has the nearest orthogonal ones.
DESIGN_TOLERANCE = 1e-5

COUPLER = np.array([[1, 1j], [1j, 1]]) / np.sqrt(2)
INSTANCE = re.compile(r"  (\w+): \{component: (\w+), settings: \{(.*)\}\}")
CONNECTION = re.compile(r"  (\w+),(o\d+): (\w+),(i\d+)")
PORT = re.compile(r"  (in|out)_(\d+): (\w+),([io]\d+)")
SECTIONS = ("instances:", "connections:", "ports:")


def cell(theta, phi):
    """Two couplers and two phase shifters, by their matrices."""
    return COUPLER @ np.diag([np.exp(1j * theta), 1]) @ COUPLER @ np.diag([np.exp(1j * phi), 1])


def matrix_of(component, settings):
    """Fields out = matrix * fields in; of a reference and a ReLU, what they do to the matrix of a stage: nothing."""
    if component == "mzi":
        return cell(settings["theta"], settings["phi"])
    if component == "mzi_3":
        return cell(settings["theta"], settings["phi"]) @ COUPLER
    if component == "phase_shifter":
        return np.array([[np.exp(1j * settings["phase"])]])
    if component == "splitter":
        ways = int(settings["ways"])
        return np.full((ways, 1), 1 / np.sqrt(ways))
    if component == "combiner":
        ways = int(settings["ways"])
        return np.full((1, ways), 1 / np.sqrt(ways))
    if component == "gain":
        return np.array([[settings["gain"]]])
    if component in ("reference", "relu"):
        return np.array([[1.0]])
    raise ValueError(f"component {component}: unknown")


class Netlist:
    """instances: name -> (component, settings); target: "name,o0" -> "name,i0"; ports likewise."""

    def __init__(self, path):
        self.instances, self.target, self.inputs, self.outputs = {}, {}, [], []
        section = None
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                line = line.rstrip("\n")
                if line.startswith("#"):
                    continue
                if line in SECTIONS:
                    section = line
                elif section is None or not self.take(section, line):
                    raise ValueError(f"{path}:{number}: {line!r} is not understood")

    def take(self, section, line):
        if section == "instances:":
            match = INSTANCE.fullmatch(line)
            if not match or match[1] in self.instances:
                return False
            pairs = (setting.split(": ") for setting in match[3].split(", ") if setting)
            self.instances[match[1]] = match[2], {key: float(value) for key, value in pairs}
        elif section == "connections:":
            match = CONNECTION.fullmatch(line)
            if not match or f"{match[1]},{match[2]}" in self.target:
                return False
            self.target[f"{match[1]},{match[2]}"] = match[3], int(match[4][1:])
        else:
            match = PORT.fullmatch(line)
            ports = self.inputs if match and match[1] == "in" else self.outputs
            if not match or int(match[2]) != len(ports):
                return False
            ports.append((match[3], match[4]))
        return True


def stage_of(name):
    return int(name.split("_")[0][1:])


def follow(netlist):
    """-> for each stage (matrix, biases or None, has ReLUs).

    Light passes an instance as soon as all its connected inputs have it. What goes from one stage to the next is output i
    of the first, i the number at the end of the instance's name, and becomes a unit vector of the second.
    """
    waiting = {name: 0 for name in netlist.instances}  # connected inputs still without light
    for name, _ in netlist.target.values():
        waiting[name] += 1
    for name, _ in netlist.inputs:
        waiting[name] += 1
    matrices = {name: matrix_of(*instance) for name, instance in netlist.instances.items()}
    count = 1 + max(map(stage_of, netlist.instances))
    outputs = [0] * count
    for name, (component, _) in netlist.instances.items():
        outputs[stage_of(name)] += component == "gain"
    inputs = [len(netlist.inputs)] + outputs[:-1]
    unit = [np.eye(size, dtype=np.complex128) for size in inputs]
    stages = [np.zeros(shape, np.complex128) for shape in zip(outputs, inputs)]
    biases, relus = [{} for _ in stages], [0] * count

    arrived = {}  # instance -> {input: row}
    ready = deque(name for name, number in waiting.items() if number == 0)

    def bring(name, number, row):
        rows = arrived.setdefault(name, {})
        if number in rows:
            raise ValueError(f"{name},i{number} is fed twice")
        rows[number] = row
        waiting[name] -= 1
        if waiting[name] == 0:
            ready.append(name)

    for i, (name, port) in enumerate(netlist.inputs):
        bring(name, int(port[1:]), unit[0][i])
    passed = 0
    while ready:
        name = ready.popleft()
        passed += 1
        component, settings = netlist.instances[name]
        stage, matrix = stage_of(name), matrices[name]
        rows = arrived.pop(name, {})
        fields_in = np.zeros((matrix.shape[1], inputs[stage]), np.complex128)
        for number, row in rows.items():
            fields_in[number] = row
        fields = matrix @ fields_in
        if component in ("gain", "reference", "relu"):
            line = int(name.split("_")[-1])
            if component == "gain":
                stages[stage][line] = fields[0]
            elif component == "reference":
                biases[stage][line] = settings["bias"]
            else:
                relus[stage] += 1
        for number, row in enumerate(fields):
            target = netlist.target.get(f"{name},o{number}")
            if target is None:
                continue
            after = stage_of(target[0])
            if after == stage + 1:
                row = unit[after][int(name.split("_")[-1])]
            elif after != stage:
                raise ValueError(f"{name} leads to {target[0]}, expected its stage or the next")
            bring(*target, row)
    if passed != len(netlist.instances):
        raise ValueError(f"light passes {passed} of {len(netlist.instances)} instances: the connections run in a circle")
    for i, (name, _) in enumerate(netlist.outputs):
        if stage_of(name) != count - 1 or int(name.split("_")[-1]) != i:
            raise ValueError(f"port out_{i} is {name}, expected output {i} of the last stage")
    biases = [np.array([bias[i] for i in range(len(bias))]) if bias else None for bias in biases]
    return list(zip(stages, biases, relus))


def read_design(path):
    """[(weight, bias)], float32."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    tensors = {
        name: np.frombuffer(data[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"])
        for name, entry in header.items()
        if name != "__metadata__"
    }
    return [(tensors[f"layer.{i}.weight"], tensors[f"layer.{i}.bias"]) for i in range(len(tensors) // 2)]


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    stages = follow(Netlist(sys.argv[1]))
    program = read_program.read_json(sys.argv[2])["stages"]
    layers = read_design(sys.argv[3])
    if not len(stages) == len(program) == len(layers) + 2:
        sys.exit(f"{len(stages)} stages, the program has {len(program)}, expected {len(layers)} layers, P and T")

    agree = True
    for number, ((matrix, bias, relus), stage) in enumerate(zip(stages, program)):
        expected = read_program.stage_matrix(stage)
        is_layer = 0 < number < len(stages) - 1
        same = matrix.shape == expected.shape
        same = same and np.array_equal(stage["bias"], [] if bias is None else bias)
        same = same and relus == (len(matrix) if is_layer and number < len(layers) else 0)
        if not same:
            sys.exit(f"stage {stage['name']}: other sizes, biases or ReLUs than the program's")
        largest = np.abs(expected).max()
        difference = np.abs(matrix - expected).max()
        good = difference <= PROGRAM_TOLERANCE * max(largest, 1)
        line = f"stage {stage['name']}: {matrix.shape[0]} x {matrix.shape[1]}, largest entry {largest:.6g}, "
        line += f"netlist - program {difference:.3g}"
        if is_layer:
            weight, layer_bias = layers[number - 1]
            difference = np.abs(matrix - weight).max()
            line += f", netlist - design {difference:.3g}{' (approximated)' if stage['approximated'] else ''}"
            good = good and difference <= DESIGN_TOLERANCE * largest and np.array_equal(bias, layer_bias)
        print(line if good else line + ": TOO MUCH")
        agree = agree and good
    return 0 if agree else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (KeyError, OSError, ValueError) as error:
        sys.exit(f"{type(error).__name__}: {error}")
