# Renders random training and held-out scenes into one .npz file: python3 dataset.py --out DIR
import argparse
import io
import math
import multiprocessing
import os
import tempfile
import time

import numpy as np
from PIL import Image, ImageFilter

from backdrop import hall_look
from camera import make_camera
from scene import CLASSES, Stage, compose, grade, make_light, make_thing, truth_of

SIZE = 320
GREY = 114
MOST = 20            # label slots per picture
NONE, IGNORE = -2, -1
DEFAULT_OUT = os.path.join(tempfile.gettempdir(), "vedette-demo")
# Pictures of 16:9 are stored as the 192 rows of the 320x320 input that hold them; other shapes fill all 320 rows.
WIDE_ROWS = (64, 256)


def scatter(rng, cam, lanes):
    """Random goods on the belt without standing inside each other."""
    span = cam.width / cam.focal * (cam.distance + 1.3) / 2
    wanted = 0 if rng.random() < 0.02 else int(rng.integers(1, 3 + int(span * 2.0)))
    things = []
    for _ in range(wanted * 4):
        if len(things) == min(wanted, MOST - 2):
            break
        z = float(rng.choice(lanes) + rng.uniform(-0.15, 0.15)) if rng.random() < 0.6 else rng.uniform(0.4, 2.3)
        thing = make_thing(rng, CLASSES[int(rng.integers(4))], rng.uniform(-span - 0.5, span + 0.5), z)
        a, b = thing.reach()
        clear = True
        for other in things:
            c, d = other.reach()
            if abs(thing.x - other.x) < (a + c) * 0.95 and abs(thing.z - other.z) < (b + d) * 0.9:
                clear = False
        if clear:
            things.append(thing)
    return things


def studio(rng, width, height):
    """A plain or noisy ground without a belt, so that the network learns the goods and not the conveyor."""
    tones = rng.uniform(0.05, 0.95, (2, 1, 1, 3)) * 0.6 + rng.uniform(0, 0.4)
    t = np.linspace(0, 1, height)[:, None, None] * np.ones((1, width, 1))
    picture = tones[0] * (1 - t) + tones[1] * t
    coarse = rng.uniform(0, 255, (rng.integers(2, 24), rng.integers(2, 40), 3)).astype(np.uint8)
    blobs = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC), np.float32) / 255
    return np.clip(picture + (blobs - 0.5) * rng.uniform(0, 0.6), 0, 1).astype(np.float32)


def tilt_picture(rng, picture, ids):
    """A few degrees of roll and shear, zoomed so that no corner stays empty."""
    h, w = ids.shape
    a, shear, zoom = rng.uniform(-0.06, 0.06), rng.uniform(-0.08, 0.08), 0.90
    m = np.array([[math.cos(a), -math.sin(a) + shear], [math.sin(a), math.cos(a)]]) * zoom
    move = np.array([w / 2, h / 2]) - m @ np.array([w / 2, h / 2])
    spec = (m[0, 0], m[0, 1], move[0], m[1, 0], m[1, 1], move[1])
    image = Image.fromarray((picture * 255).astype(np.uint8)).transform((w, h), Image.Transform.AFFINE, spec, Image.Resampling.BILINEAR)
    flat = Image.fromarray(ids).transform((w, h), Image.Transform.AFFINE, spec, Image.Resampling.NEAREST)
    return np.asarray(image, np.float32) / 255, np.asarray(flat)


def degrade(rng, picture, width, height):
    """Motion blur, scaling, exposure, noise and compression, as a camera and a codec leave them."""
    if rng.random() < 0.35:
        n = int(rng.integers(2, 8))
        picture = sum(np.roll(picture, k - n // 2, 1) for k in range(n)) / n
    image = Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8))
    how = rng.choice([Image.Resampling.BOX, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC])
    image = image.resize((width, height), Image.Resampling(int(how)))
    roll = rng.random()
    if roll < 0.35:
        image = image.filter(ImageFilter.UnsharpMask(1, int(rng.integers(30, 130)), 0))
    elif roll < 0.5:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.9)))
    x = np.asarray(image, np.float32)
    x = 255 * np.clip(x / 255, 0, 1) ** rng.uniform(0.75, 1.3) * rng.uniform(0.8, 1.15) + rng.uniform(-10, 10)
    x = x * rng.uniform(0.94, 1.06, 3)
    if rng.random() < 0.6:
        x = x + rng.normal(0, rng.uniform(1, 8), x.shape)
    x = np.clip(x, 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        store = io.BytesIO()
        Image.fromarray(x).save(store, "JPEG", quality=int(rng.integers(30, 95)))
        x = np.asarray(Image.open(store))
    return x


def render(job):
    """One picture with labels: (uint8 rows, labels [MOST, 5] as class, x1, y1, x2, y2 in input pixels)."""
    seed, wide = job
    rng = np.random.default_rng(seed)
    if wide:
        w, h = SIZE, 180
    else:
        w, h = [(SIZE, 240), (SIZE, SIZE), (240, SIZE), (180, SIZE), (SIZE, 214), (SIZE, 136)][int(rng.integers(6))]
    units = math.exp(rng.uniform(math.log(4.5), math.log(12.5))) * w / SIZE
    cam = make_camera(w * 2, h * 2, units, rng.uniform(5, 11), rng.uniform(1.8, 5.0),
                      rng.uniform(0.66, 1.0) if wide else rng.uniform(0.55, 0.95))
    things, light = scatter(rng, cam, [0.65, 1.8]), make_light(rng)
    shadow, mirror = rng.uniform(0.3, 1.1), rng.uniform(0, 0.2) * (rng.random() < 0.7)
    if rng.random() < 0.85:
        picture, ids, areas = Stage(cam, hall_look(rng), light).draw(things, rng.uniform(0, 4), shadow, mirror)
    else:
        picture = studio(rng, cam.width, cam.height)
        ids, areas = compose(picture, things, cam, light, shadow, mirror)
    picture = grade(picture, rng.uniform(-0.5, 1.8), rng.uniform(0, 0.5))
    if rng.random() < 0.3:
        picture, ids = tilt_picture(rng, picture, ids)
        areas = [a / 0.81 for a in areas]
    small = degrade(rng, picture, w, h)
    top, left = (SIZE - h) // 2, (SIZE - w) // 2
    sheet = np.full((SIZE, SIZE, 3), GREY, np.uint8)
    sheet[top:top + h, left:left + w] = small
    labels = np.full((MOST, 5), NONE, np.float32)
    for slot, (index, box, share) in enumerate(truth_of(things, ids, areas, 0.06)):
        x1, y1, x2, y2 = (v / 2 for v in box)
        tiny = min(x2 - x1, y2 - y1) < 5
        labels[slot] = (IGNORE if share < 0.35 or tiny else index, x1 + left, y1 + top, x2 + left, y2 + top)
    if wide:
        sheet = sheet[WIDE_ROWS[0]:WIDE_ROWS[1]]
        labels[:, [2, 4]] -= WIDE_ROWS[0] * (labels[:, :1] != NONE)
    return sheet, labels


def build(first, count, wide, workers):
    with multiprocessing.Pool(workers) as pool:
        rows = pool.map(render, [(first + i, wide) for i in range(count)], chunksize=16)
    return np.stack([r[0] for r in rows]), np.stack([r[1] for r in rows])


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--out", default=DEFAULT_OUT, help="folder for the rendered sets")
    options.add_argument("--wide", type=int, default=6000, help="16:9 training pictures")
    options.add_argument("--full", type=int, default=2000, help="training pictures of other shapes")
    options.add_argument("--held-out", type=int, default=600, help="held-out pictures of 16:9; a third as many of other shapes")
    options.add_argument("--workers", type=int, default=os.cpu_count())
    options.add_argument("--only", choices=["held", "train"], help="render only this set")
    options = options.parse_args()
    os.makedirs(options.out, exist_ok=True)
    began = time.time()
    # The seed ranges of the sets are far apart, so no held-out scene can be a training scene.
    for name, first, wide, full in (("held", 900_000_000, options.held_out, options.held_out // 3),
                                    ("train", 100_000_000, options.wide, options.full)):
        if options.only not in (None, name):
            continue
        a, la = build(first, wide, True, options.workers)
        b, lb = build(first + 50_000_000, full, False, options.workers)
        np.savez(os.path.join(options.out, name + ".npz"), wide=a, wide_labels=la, full=b, full_labels=lb)
        print(name, len(a), len(b), "pictures,", int((la[..., 0] >= 0).sum() + (lb[..., 0] >= 0).sum()), "objects,",
              round(time.time() - began), "s", flush=True)


if __name__ == "__main__":
    main()
