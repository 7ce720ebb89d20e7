# Renders the sample film and its ground truth: python3 render.py [--film sample.mp4]; one frame: --still N --png FILE
import argparse
import json
import os
import subprocess

import numpy as np
from PIL import Image, ImageFilter

from backdrop import hall_look
from camera import make_camera
from prints import INKS, PAPERS
from scene import CLASSES, Stage, grade, make_thing, truth_of

WIDTH, HEIGHT, RATE, FRAMES = 1280, 720, 25, 350
LOOP = 14.4          # length of belt after which everything repeats, so the film loops without a jump
CREAM, SNOW, SAND = PAPERS[0], PAPERS[2], PAPERS[3]
TEAL, CORAL, MUSTARD, NAVY, FOREST, WINE, SKY = INKS[0], INKS[1], INKS[2], INKS[3], INKS[4], INKS[5], INKS[6]


def art(ground, ink, accent, style, emblem, brand, subline):
    return {"ground": ground, "ink": ink, "accent": accent, "style": style, "emblem": emblem, "brand": brand,
            "subline": subline, "repeats": 2}


def bottle(tint, style, cap, print_, width=0.62, tall=2.02, spin=1.4):
    return {"radius": width / 2, "height": tall, "style": style, "neck": 0.38, "neck_at": 0.76, "shoulder_at": 0.55,
            "cap_at": 0.92, "waist": 0.0, "cap": cap, "label": (0.13, 0.46), "art": print_, "spin": spin, "fill": 0.80,
            "bare": False, "tint": tint}


def can(print_, spin=1.4):
    return {"radius": 0.35, "height": 1.22, "art": print_, "spin": spin, "food": False}


def ball(style, first, second, radius, pose):
    return {"radius": radius, "style": style, "first": first, "second": second, "pose": pose,
            "gloss": 0.15 if style in ("tennis", "basket") else 0.8}


def parcel(size, **extra):
    return dict({"size": size, "carton": False, "radius": max(size) / 2}, **extra)


# Kind, place on the loop, depth, yaw, and what is fixed about the look; the seed fills in the rest.
CAST = [
    ("can", 0.4, 0.75, 0, can(art(CORAL, CREAM, MUSTARD, 1, 0, "SOLE", "citrus"))),
    ("ball", 2.7, 0.80, 0, ball("football", (0.95, 0.95, 0.94), (0.09, 0.09, 0.10), 0.43, (0.4, 0.3, 0.2))),
    ("box", 5.1, 0.85, 0.32, parcel((1.15, 0.82, 0.85), label=True, label_at=(0.08, 0.16), mark=0, brand="VERA")),
    ("bottle", 7.5, 0.75, 0, bottle((0.13, 0.38, 0.20), "glass", (0.93, 0.90, 0.82), art(CREAM, FOREST, MUSTARD, 0, 1, "NORDA", "original"))),
    ("can", 9.5, 0.75, 0, can(art(TEAL, CREAM, SKY, 2, 3, "FJORD", "fresh & sparkling"), 1.3)),
    ("ball", 12.0, 0.80, 0, ball("beach", CORAL, (0.96, 0.95, 0.92), 0.50, (1.0, 0.5, 0.3))),
    ("bottle", 1.55, 2.05, 0, bottle((0.45, 0.22, 0.07), "glass", MUSTARD, art(SAND, WINE, MUSTARD, 0, 4, "BRISE", "since 1974"), 0.66, 2.2)),
    ("box", 3.95, 2.05, -0.28, parcel((0.95, 1.25, 0.6), carton=True,
                                      art=dict(art(NAVY, CREAM, SKY, 1, 2, "LUMO", "no. 7"), repeats=1))),
    ("bottle", 6.3, 2.05, 0, bottle((0.95, 0.55, 0.12), "juice", CORAL, art(SNOW, CORAL, MUSTARD, 1, 0, "RIVA", "citrus"), 0.64, 1.95)),
    ("can", 8.5, 2.05, 0, can(art(MUSTARD, NAVY, CREAM, 0, 2, "KOBI", "extra mild"))),
    ("box", 10.8, 2.05, 0.22, parcel((1.3, 0.95, 0.8), label=True, label_at=(0.10, 0.14), mark=1, brand="TERRA")),
    ("ball", 13.3, 2.05, 0, ball("basket", (0.86, 0.42, 0.14), (0.10, 0.07, 0.06), 0.46, (0.5, 0.2, 0.9))),
]


def cast():
    things = []
    for i, (kind, x, z, yaw, fixed) in enumerate(CAST):
        thing = make_thing(np.random.default_rng(40 + i), kind, x, z)
        thing.look.update(fixed)
        thing.yaw, thing.roll = yaw, 0.0
        things.append(thing)
    return things


def stage():
    rng = np.random.default_rng(3)
    look = hall_look(rng)
    look.update(seed=11, wall=(0.36, 0.26, 0.20), belt=(0.15, 0.16, 0.17), frame=(0.72, 0.74, 0.76), window=True, lamps=6,
                lines=0.6, depth=2.75)
    light = {"side": -0.9, "gloss": 0.9, "warm": (1.0, 0.95, 0.86)}
    cam = make_camera(WIDTH, HEIGHT, 8.4, 7.0, 3.3, 0.815)
    return Stage(cam, look, light, [(0, "VEDETTE")])


def place(things, frame):
    """Moves the cast to where it is at this frame; balls rock gently without sliding."""
    travel, phase = LOOP * frame / FRAMES, 2 * np.pi * frame / FRAMES
    for i, (thing, (kind, x, *_)) in enumerate(zip(things, CAST)):
        thing.x = (x + travel) % LOOP - LOOP / 2
        if kind == "ball":
            thing.roll = 0.42 * np.sin(phase * (5 + i % 3) + i) + 0.16 * np.sin(phase * 9 + 2 * i)
            thing.x += thing.look["radius"] * thing.roll
    return travel


def bloom(picture):
    """Bright spots bleed a little, as in a lens."""
    small = Image.fromarray((np.clip(picture - 0.72, 0, 1) * 255 / 0.28).clip(0, 255).astype(np.uint8)).resize((WIDTH // 4, HEIGHT // 4), Image.Resampling.BOX)
    glow = small.filter(ImageFilter.GaussianBlur(7)).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    return picture + 0.22 * np.asarray(glow, np.float32) / 255 * np.array([1.0, 0.88, 0.70], np.float32)


def draw(scene, things, frame):
    """The finished frame as uint8 RGB, and its truth rows."""
    travel = place(things, frame)
    picture, ids, areas = scene.draw(things, travel, 1.0, 0.12)
    image = (grade(bloom(picture), 0.8, 0.30) * 255 + 0.5).astype(np.uint8)
    rows = []
    for index, box, share in truth_of(things, ids, areas, 0.03):
        row = {"class": CLASSES[index], "xyxy": [round(v, 1) for v in box]}
        if share < 0.5 or box[0] <= 0 or box[1] <= 0 or box[2] >= WIDTH or box[3] >= HEIGHT:
            row["ignore"] = True
        rows.append(row)
    return image, rows


def main():
    options = argparse.ArgumentParser()
    here = os.path.dirname(os.path.abspath(__file__))
    options.add_argument("--film", default=os.path.join(here, "sample.mp4"))
    options.add_argument("--truth", default=os.path.join(here, "sample.truth.json"))
    options.add_argument("--crf", default="20")
    options.add_argument("--still", type=int, help="write only this frame")
    options.add_argument("--png", default="still.png", help="where --still goes")
    options = options.parse_args()
    scene, things = stage(), cast()
    if options.still is not None:
        Image.fromarray(draw(scene, things, options.still)[0]).save(options.png)
        return
    part = options.film + ".part.mp4"
    command = ["ffmpeg", "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "%dx%d" % (WIDTH, HEIGHT),
               "-r", str(RATE), "-i", "-", "-vf", "scale=out_color_matrix=bt709:out_range=tv", "-c:v", "libx264", "-preset", "slow",
               "-profile:v", "high", "-pix_fmt", "yuv420p", "-crf", options.crf, "-g", "50", "-colorspace", "bt709",
               "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv", "-movflags", "+faststart", "-an", part]
    frames = []
    with subprocess.Popen(command, stdin=subprocess.PIPE) as encoder:
        for i in range(FRAMES):
            image, rows = draw(scene, things, i)
            encoder.stdin.write(image.tobytes())
            frames.append({"frame_index": i, "objects": rows})
        encoder.stdin.close()
    if encoder.returncode:
        raise SystemExit("ffmpeg failed")
    os.replace(part, options.film)
    with open(options.truth, "w") as f:
        json.dump({"width": WIDTH, "height": HEIGHT, "fps": RATE, "frames": frames}, f, separators=(",", ":"))
        f.write("\n")
    print(options.film, os.path.getsize(options.film), "bytes")


if __name__ == "__main__":
    main()
