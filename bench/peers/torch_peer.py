"""Times networks in PyTorch on the CPU, by requests on standard input (see peer.ts), a JSON document a line."""

import json
import pathlib
import sys
import time

try:
    import torch
except ImportError:
    sys.exit(f"{sys.executable} has no torch: on Debian, apt-get install python3-torch libopenblas0-pthread")

from networks import NETWORKS

FIXTURES = pathlib.Path(__file__).parents[2] / "tests" / "fixtures" / "networks"
# Both sides compute in float32: what they differ by is rounding, as in the tests of the networks.
TOLERANCE = 1e-4


def read_safetensors(path):
    """The float32 tensors of a file, by name."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    tensors = {}
    for name, entry in json.loads(data[8:start]).items():
        if entry.get("dtype") != "F32":
            continue
        begin, end = (start + offset for offset in entry["data_offsets"])
        tensors[name] = torch.frombuffer(bytearray(data[begin:end]), dtype=torch.float32).reshape(entry["shape"])
    return tensors


def check(name):
    """Ends with a message unless the network gives, with the fixture's weights, the fixture's outputs."""
    config = json.loads((FIXTURES / f"{name}.json").read_text())["config"]
    del config["size"]
    config.pop("deep_supervision", None)
    tensors = read_safetensors(FIXTURES / f"{name}.safetensors")
    network = NETWORKS[name](**config).eval()
    network.load_state_dict({key[2:]: value for key, value in tensors.items() if key.startswith("w/")})
    outputs = network(tensors["x"])
    expected = [tensors[f"y{i}"] for i in range(len(outputs))]
    for i, (output, right) in enumerate(zip(outputs, expected)):
        error = ((output - right).abs().max() / right.abs().max()).item()
        if not error < TOLERANCE:
            sys.exit(f"{name} is not the network of the fixture: output {i} is off by {error:.1e} of the largest")


def best(run, seconds):
    """Milliseconds of the best run, of at least two within that time."""
    least, runs, until = float("inf"), 0, time.perf_counter() + seconds
    while runs < 2 or time.perf_counter() < until:
        before = time.perf_counter()
        run()
        least, runs = min(least, time.perf_counter() - before), runs + 1
    return 1000 * least


def answer(**message):
    print(json.dumps(message), flush=True)


torch.set_num_threads(int(sys.argv[1]))
torch.manual_seed(0)
with torch.inference_mode():
    for name in NETWORKS:
        check(name)
    answer(ready=f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads")
    prepared = {}
    for line in sys.stdin:
        request = json.loads(line)
        name = request["network"]
        if name not in prepared:
            network, x = NETWORKS[name]().eval(), torch.randn(1, 1, 320, 320)
            network(x)
            prepared[name] = lambda network=network, x=x: network(x)
        answer(ms=best(prepared[name], request["seconds"]))
