#!/usr/bin/env python3
"""Makes a TensorRT engine of a model ahead of time, on the machine that will run it: see docs/jetson.md.

    scripts/make-engine.py models/line.onnx [--fp16] [--shape images:1x3x640x640]

Needs the Python package of the same ONNX Runtime, with its TensorRT provider. Leaves two files beside the model:
line_ctx.onnx, the engine as an EP-context model, and line_ctx.json, which says what it was made for.
"""

import argparse
import glob
import hashlib
import json
import os
import re
import sys
import tempfile


def main() -> None:
    parser = argparse.ArgumentParser(description="Make a TensorRT engine of an ONNX model for this machine.")
    parser.add_argument("model")
    parser.add_argument("--fp16", action="store_true", help="half precision: about twice as fast, scores differ a little")
    parser.add_argument("--shape", metavar="INPUT:1x3xHxW", help="for a model whose size is open")
    arguments = parser.parse_args()

    try:
        import onnxruntime
    except ImportError:
        sys.exit("make-engine: the Python package onnxruntime is not installed (docs/jetson.md)")
    if "TensorrtExecutionProvider" not in onnxruntime.get_available_providers():
        sys.exit(f"make-engine: onnxruntime {onnxruntime.__version__} was built without TensorRT (docs/jetson.md)")
    gpu = gpu_name() or sys.exit("make-engine: this machine shows no NVIDIA GPU")

    stem = os.path.splitext(os.path.abspath(arguments.model))[0]
    engine = f"{stem}_ctx.onnx"
    with tempfile.TemporaryDirectory() as cache:
        build(onnxruntime, arguments, engine, cache)
    tensorrt = tensorrt_version() or sys.exit("make-engine: the version of TensorRT cannot be told")
    label = {"model_sha256": sha256(arguments.model), "gpu": gpu, "tensorrt": tensorrt}
    with open(f"{stem}_ctx.json", "w", encoding="utf-8") as file:
        json.dump(label, file, indent=2)
        file.write("\n")
    print(f"{engine} for {gpu} with TensorRT {tensorrt}")


def build(onnxruntime, arguments, engine: str, cache: str) -> None:
    """The session is opened for what it leaves behind. All of the network must go into the engine, or nothing is made."""
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    provider = {
        "trt_engine_cache_enable": True,
        "trt_engine_cache_path": cache,
        "trt_dump_ep_context_model": True,
        "trt_ep_context_file_path": engine,
        "trt_ep_context_embed_mode": 1,
        "trt_fp16_enable": arguments.fp16,
    }
    if arguments.shape:
        for bound in ("min", "opt", "max"):
            provider[f"trt_profile_{bound}_shapes"] = arguments.shape
    if os.path.exists(engine):
        os.remove(engine)
    onnxruntime.InferenceSession(arguments.model, options, providers=[("TensorrtExecutionProvider", provider)])
    if not os.path.exists(engine):
        sys.exit("make-engine: TensorRT made no engine; see what it printed")


def gpu_name() -> "str | None":
    """As the worker reads it."""
    for path in sorted(glob.glob("/proc/driver/nvidia/gpus/*/information")):
        with open(path, encoding="utf-8") as file:
            found = re.search(r"^Model:\s*(\S.*?)\s*$", file.read(), re.MULTILINE)
        return found.group(1) if found else None
    try:
        with open("/proc/device-tree/model", encoding="utf-8") as file:
            return file.read().replace("\0", "").strip()
    except OSError:
        return None


def tensorrt_version() -> "str | None":
    """Of the library that this process has loaded: its file's name has the full version."""
    with open("/proc/self/maps", encoding="utf-8") as file:
        found = re.search(r"/libnvinfer\.so\.(\d+\.\d+\.\d+)", file.read())
    return found.group(1) if found else None


def sha256(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()


if __name__ == "__main__":
    main()
