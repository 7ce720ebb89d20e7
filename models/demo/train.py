# Trains and evaluates the detector: python3 train.py train | evaluate  [--out DIR]
import argparse
import copy
import json
import math
import multiprocessing
import os
import time

import numpy as np
import torch

from dataset import DEFAULT_OUT, GREY, SIZE, WIDE_ROWS
from loss import detection_loss
from network import STRIDES, Detector, Exported, cells, decode
from scene import CLASSES
from score import detections, summarise


class Average:
    """Exponential moving average of the weights; this is what gets exported."""

    def __init__(self, model):
        self.model, self.steps = copy.deepcopy(model).eval(), 0

    @torch.no_grad()
    def update(self, model, decay=0.998):
        self.steps += 1
        keep = decay * (1 - math.exp(-self.steps / 400))
        for mine, fresh in zip(self.model.state_dict().values(), model.state_dict().values()):
            if mine.dtype.is_floating_point:
                mine.mul_(keep).add_(fresh, alpha=1 - keep)
            else:
                mine.copy_(fresh)


def batches(data, size, rng):
    """Shuffled (shape name, indices) pairs; a batch holds one shape only."""
    plan = []
    for name in ("wide", "full"):
        order = rng.permutation(len(data[name]))
        n = size if name == "wide" else max(1, size * 5 // 8)
        plan += [(name, order[i:i + n]) for i in range(0, len(order) - n + 1, n)]
    rng.shuffle(plan)
    return plan


def augment(images, labels, rng):
    """Mirroring and small exposure changes; everything else is varied when the scenes are rendered."""
    images, labels = images.copy(), labels.copy()
    flip = rng.random(len(images)) < 0.5
    images[flip] = images[flip, :, ::-1]
    mirrored = labels[flip]
    x1 = np.where(mirrored[..., 0] > -2, SIZE - mirrored[..., 3], mirrored[..., 1])
    x2 = np.where(mirrored[..., 0] > -2, SIZE - mirrored[..., 1], mirrored[..., 3])
    mirrored[..., 1], mirrored[..., 3] = x1, x2
    labels[flip] = mirrored
    # The letterbox border is exact grey at run time, so it stays untouched.
    border = torch.from_numpy((images == GREY).all(-1, keepdims=True))
    gain = torch.from_numpy(rng.uniform(0.88, 1.12, (len(images), 1, 1, 3)).astype(np.float32)) / 255
    shift = torch.from_numpy(rng.uniform(-0.04, 0.04, (len(images), 1, 1, 1)).astype(np.float32))
    pixels = torch.from_numpy(images).float().mul_(gain).add_(shift).clamp_(0, 1)
    pixels.masked_fill_(border, GREY / 255)
    return pixels.permute(0, 3, 1, 2), torch.from_numpy(labels)      # channels last in memory


def train_one(rank, options, data, shared, barrier):
    """One of several equal workers: each takes a share of every batch, all apply the same mean gradient."""
    torch.manual_seed(7)
    torch.set_num_threads(1)
    model = Detector().to(memory_format=torch.channels_last).train()
    average = Average(model) if rank == 0 else None
    weights = list(model.parameters())
    optimizer = torch.optim.AdamW([{"params": [p for p in weights if p.ndim > 1], "weight_decay": 0.03},
                                   {"params": [p for p in weights if p.ndim <= 1], "weight_decay": 0}], lr=options.rate)
    grids = {name: cells([(rows // s, SIZE // s) for s in STRIDES])
             for name, rows in (("wide", WIDE_ROWS[1] - WIDE_ROWS[0]), ("full", SIZE))}
    total = len(batches(data, options.batch, np.random.default_rng(0))) * options.epochs
    step, progress, sums, began, epoch = 0, 0.0, np.zeros(2), time.time(), 0
    while progress < 1:
        epoch += 1
        for name, indices in batches(data, options.batch, np.random.default_rng(1000 + epoch)):
            for group in optimizer.param_groups:
                group["lr"] = options.rate * min(1.0, (step + 1) / 200) * (0.01 + 0.99 * (1 + math.cos(math.pi * progress)) / 2)
            mine = indices[rank::options.workers]
            images, labels = augment(data[name][mine], data[name + "_labels"][mine],
                                     np.random.default_rng([step, rank]))
            # bfloat16 is much faster on recent processors; the last stretch runs in full precision.
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=progress < 0.95):
                maps = model(images)
            loss, *parts = detection_loss(*decode(maps, grids[name]), grids[name], labels)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            step += 1
            # Two buffers in turn, so that one barrier per step is enough.
            buffer = shared[step % 2]
            torch.cat([p.grad.reshape(-1) for p in weights], out=buffer[rank, 1:])
            if rank == 0:
                elapsed = (time.time() - began) / 60 / options.minutes if options.minutes else 0.0
                buffer[0, 0] = max(step / total, elapsed)
            barrier.wait()
            progress = float(buffer[0, 0])
            mean = buffer[:, 1:].mean(0)
            for p, part in zip(weights, mean.split([p.numel() for p in weights])):
                p.grad.copy_(part.view_as(p))
            torch.nn.utils.clip_grad_norm_(weights, 10.0)
            optimizer.step()
            sums += parts
            if average:
                average.update(model)
                if step % 100 == 0:
                    print("step %d of %d, progress %.3f, score loss %.3f, box loss %.3f, %.0f s"
                          % (step, total, progress, *(sums / 100), time.time() - began), flush=True)
                    sums[:] = 0
            if progress >= 1:
                break
        if average:
            save(average.model, options.out)


def save(model, out):
    path = os.path.join(out, "weights.pt")
    torch.save(model.state_dict(), path + ".part")
    os.replace(path + ".part", path)


def train(options):
    data = dict(np.load(os.path.join(options.out, "train.npz")))
    size = sum(p.numel() for p in Detector().parameters())
    shared = torch.zeros(2, options.workers, 1 + size).share_memory_()
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(options.workers)
    crew = [context.Process(target=train_one, args=(rank, options, data, shared, barrier)) for rank in range(options.workers)]
    for one in crew:
        one.start()
    for one in crew:
        one.join()
    if any(one.exitcode for one in crew):
        raise SystemExit("a training worker failed")


def held_out(out, limit=None):
    """Every held-out picture as a full 320x320 input with its labels."""
    data = np.load(os.path.join(out, "held.npz"))
    for image, labels in list(zip(data["wide"], data["wide_labels"]))[:limit]:
        sheet = np.full((SIZE, SIZE, 3), GREY, np.uint8)
        sheet[WIDE_ROWS[0]:WIDE_ROWS[1]] = image
        labels[:, [2, 4]] += WIDE_ROWS[0]
        yield sheet, labels
    yield from list(zip(data["full"], data["full_labels"]))[:limit]


def load(out):
    model = Detector()
    model.load_state_dict(torch.load(os.path.join(out, "weights.pt"), map_location="cpu"))
    return Exported(model).eval()


@torch.no_grad()
def evaluate(options):
    torch.set_num_threads(options.workers)
    model, results = load(options.out), []
    for sheet, labels in held_out(options.out, options.limit):
        image = torch.from_numpy(sheet.astype(np.float32).transpose(2, 0, 1) / 255)[None]
        results.append((detections(model(image)[0].numpy()), labels[labels[:, 0] > -2]))
    print(json.dumps(summarise(results, CLASSES), indent=1))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("command", choices=["train", "evaluate"])
    options.add_argument("--out", default=DEFAULT_OUT, help="folder with train.npz and held.npz; weights.pt is written there")
    options.add_argument("--epochs", type=int, default=18)
    options.add_argument("--minutes", type=float, help="end after this time at the latest; the learning rate follows")
    options.add_argument("--batch", type=int, default=24)
    options.add_argument("--rate", type=float, default=2e-3)
    options.add_argument("--workers", type=int, default=2, help="processes that share each batch")
    options.add_argument("--limit", type=int, help="evaluate at most this many pictures of each kind")
    options = options.parse_args()
    {"train": train, "evaluate": evaluate}[options.command](options)


if __name__ == "__main__":
    main()
