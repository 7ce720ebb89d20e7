# Checks the model on the sample film the way the product sees it: decode, scale, letterbox, detect, compare with the truth.
import argparse
import json
import os
import subprocess

import numpy as np
import torch

from dataset import DEFAULT_OUT, GREY, SIZE
from scene import CLASSES
from score import detections, match, summarise
from train import load


def frames(film, width, height, flags):
    command = ["ffmpeg", "-loglevel", "error", "-i", film, "-vf", "scale=%d:%d:flags=%s" % (width, height, flags), "-f", "rawvideo",
               "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)


def sampled(film, width, height, full):
    """Bilinear scaling without any smoothing: each output pixel is read at one point of the large picture."""
    for picture in frames(film, *full, "bilinear"):
        picture = picture.astype(np.float32)
        y = (np.arange(height) + 0.5) * full[1] / height - 0.5
        x = (np.arange(width) + 0.5) * full[0] / width - 0.5
        y0, x0 = np.floor(y).astype(int), np.floor(x).astype(int)
        ay, ax = (y - y0)[:, None, None], (x - x0)[None, :, None]
        upper = picture[y0][:, x0] * (1 - ax) + picture[y0][:, x0 + 1] * ax
        lower = picture[y0 + 1][:, x0] * (1 - ax) + picture[y0 + 1][:, x0 + 1] * ax
        yield (upper * (1 - ay) + lower * ay + 0.5).astype(np.uint8)


@torch.no_grad()
def main():
    options = argparse.ArgumentParser()
    here = os.path.dirname(os.path.abspath(__file__))
    options.add_argument("--out", default=DEFAULT_OUT, help="folder with weights.pt")
    options.add_argument("--film", default=os.path.join(here, "sample.mp4"))
    options.add_argument("--truth", default=os.path.join(here, "sample.truth.json"))
    options.add_argument("--scaling", choices=["bilinear", "sampled"], default="bilinear")
    options.add_argument("--score", type=float, default=0.4)
    options.add_argument("--verbose", action="store_true", help="list every miss and false alarm")
    options = options.parse_args()
    with open(options.truth) as f:
        truth = json.load(f)
    zoom = SIZE / max(truth["width"], truth["height"])
    width, height = round(truth["width"] * zoom), round(truth["height"] * zoom)
    left, top = (SIZE - width) // 2, (SIZE - height) // 2
    pictures = frames(options.film, width, height, "bilinear") if options.scaling == "bilinear" else \
        sampled(options.film, width, height, (truth["width"], truth["height"]))
    model, results = load(options.out), []
    for picture, row in zip(pictures, truth["frames"]):
        sheet = np.full((SIZE, SIZE, 3), GREY, np.uint8)
        sheet[top:top + height, left:left + width] = picture
        output = model(torch.from_numpy(sheet.astype(np.float32).transpose(2, 0, 1) / 255)[None])[0].numpy()
        found = detections(output)
        found[:, 2:] = (found[:, 2:] - [left, top, left, top]) / zoom
        wanted = np.array([[-1 if o.get("ignore") else CLASSES.index(o["class"]), *o["xyxy"]] for o in row["objects"]]).reshape(-1, 5)
        results.append((found, wanted))
        if options.verbose:
            report(row["frame_index"], found[found[:, 1] >= options.score], wanted)
    print(len(results), "frames", json.dumps(summarise(results, CLASSES, options.score), indent=1))


def report(index, strong, wanted):
    verdict = match(strong, wanted)
    for found, v in zip(strong, verdict):
        if v == 0:
            print(index, "false", CLASSES[int(found[0])], np.round(found[1:], 2))
    if (verdict == 1).sum() < (wanted[:, 0] >= 0).sum():
        print(index, "missed", int((wanted[:, 0] >= 0).sum() - (verdict == 1).sum()))


if __name__ == "__main__":
    main()
