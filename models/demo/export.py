# Writes the trained weights as an ONNX file with its metadata: python3 export.py --model demo.onnx
import argparse
import os
import warnings

import torch

from dataset import DEFAULT_OUT, SIZE
from scene import CLASSES
from train import load


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def field(number, payload):
    """A length-delimited protobuf field."""
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def metadata(pairs):
    """ModelProto.metadata_props (field 14); fields may follow a message in any order, so appending them is valid."""
    return b"".join(field(14, field(1, k.encode()) + field(2, v.encode())) for k, v in pairs.items())


def main():
    options = argparse.ArgumentParser()
    here = os.path.dirname(os.path.abspath(__file__))
    options.add_argument("--out", default=DEFAULT_OUT, help="folder with weights.pt")
    options.add_argument("--model", default=os.path.join(os.path.dirname(here), "demo.onnx"), help="file to write")
    options.add_argument("--version", default="1.0.0")
    options.add_argument("--date", default="2026-11-21")
    options = options.parse_args()
    warnings.filterwarnings("ignore")
    torch.onnx.export(load(options.out), torch.zeros(1, 3, SIZE, SIZE), options.model + ".part", opset_version=13,
                      do_constant_folding=True, input_names=["images"], output_names=["output0"])
    names = "{" + ", ".join("%d: '%s'" % pair for pair in enumerate(CLASSES)) + "}"
    with open(options.model + ".part", "ab") as f:
        f.write(metadata({"description": "Vedette demo detector: goods on a conveyor belt", "author": "Vedette",
                          "version": options.version, "license": "Apache-2.0", "date": options.date, "stride": "32",
                          "task": "detect", "batch": "1", "imgsz": "[%d, %d]" % (SIZE, SIZE), "names": names}))
    os.replace(options.model + ".part", options.model)
    print(options.model, os.path.getsize(options.model), "bytes")


if __name__ == "__main__":
    main()
