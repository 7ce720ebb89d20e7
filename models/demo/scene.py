# Puts goods on a conveyor belt into a picture, with exact ground truth for what stays visible of each.
import math
from dataclasses import dataclass, field

import numpy as np

from backdrop import nameplate, paint_belt, paint_hall, paint_shadow
from balls import ball_look, paint_ball
from bottles_and_cans import bottle_look, can_look, paint_lathe
from boxes import box_look, paint_box
from prints import canvas, pixels

CLASSES = ["bottle", "can", "box", "ball"]
LOOKS = {"bottle": bottle_look, "can": can_look, "box": box_look, "ball": ball_look}
PAINTERS = {"bottle": paint_lathe, "can": paint_lathe, "box": paint_box, "ball": paint_ball}


@dataclass
class Thing:
    kind: str
    x: float
    z: float
    look: dict = field(repr=False)
    yaw: float = 0.0
    roll: float = 0.0

    def reach(self):
        """Half width and half depth of the footprint."""
        if self.kind != "box":
            return self.look["radius"], self.look["radius"]
        a, _, b = (side / 2 for side in self.look["size"])
        c, s = abs(math.cos(self.yaw)), abs(math.sin(self.yaw))
        return a * c + b * s, a * s + b * c


def make_thing(rng, kind, x, z):
    thing = Thing(kind, x, z, LOOKS[kind](rng))
    thing.yaw = rng.uniform(-0.6, 0.6) if kind == "box" else 0.0
    thing.roll = rng.uniform(-math.pi, math.pi)
    return thing


def make_light(rng):
    warm = rng.uniform(0, 1)
    return {"side": rng.choice([-1.0, 1.0]) * rng.uniform(0.6, 1.0), "gloss": rng.uniform(0.5, 1.0),
            "warm": (1.0, 0.97 - 0.04 * warm, 0.93 - 0.14 * warm)}


def over(picture, rgba, left, top, strength=1.0):
    """Lays a premultiplied sprite over the picture, in place; returns the covered slice and its alpha."""
    h, w = picture.shape[:2]
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + rgba.shape[1], w), min(top + rgba.shape[0], h)
    if x0 >= x1 or y0 >= y1:
        return None, None
    part = rgba[y0 - top:y1 - top, x0 - left:x1 - left]
    if strength != 1.0:
        part = part * strength
    view = picture[y0:y1, x0:x1]
    view *= 1 - part[..., 3:]
    view += part[..., :3]
    return (slice(y0, y1), slice(x0, x1)), part[..., 3]


def lay_shadows(picture, things, cam, light, strength):
    surface, ctx = canvas(cam.width, cam.height)
    for thing in things:
        a, b = thing.reach()
        lift = 0.75 if thing.kind == "ball" else 1.0
        paint_shadow(ctx, cam, thing.x, thing.z, a * lift, b * lift, 1.2, light["side"], strength)
    picture *= 1 - pixels(surface)[..., 3:]


def lay_reflection(picture, rgba, left, top, ground, strength):
    """A faint mirror image on the belt that fades with distance from the foot."""
    flip = rgba[::-1][:int(rgba.shape[0] * 0.4)].copy()
    flip *= np.linspace(strength, 0, flip.shape[0])[:, None, None]
    over(picture, flip, left, int(2 * ground - top - rgba.shape[0]))


def compose(picture, things, cam, light, shadow=1.0, reflection=0.10):
    """Paints the things, far ones first. Returns (id map with 0 for none, full pixel area of each thing)."""
    ids = np.zeros(picture.shape[:2], np.uint8)
    areas = [0] * len(things)
    lay_shadows(picture, things, cam, light, shadow)
    order = sorted(range(len(things)), key=lambda i: -things[i].z)
    sprites = {i: PAINTERS[things[i].kind](things[i], cam, light) for i in order}
    if reflection:
        for i in order:
            rgba, left, top = sprites[i]
            lay_reflection(picture, rgba, left, top, top + rgba.shape[0] - 2, reflection)
    for i in order:
        rgba, left, top = sprites[i]
        areas[i] = int((rgba[..., 3] > 0.45).sum())
        where, alpha = over(picture, rgba.astype(np.float32), left, top)
        if where is not None:
            ids[where][alpha > 0.45] = i + 1
    return ids, areas


def truth_of(things, ids, areas, least=0.35):
    """Class index, visible box in pixels and visible share of every thing with at least `least` of it in sight."""
    found = []
    for i, thing in enumerate(things):
        rows, columns = np.nonzero(ids == i + 1)
        share = len(rows) / max(areas[i], 1)
        if len(rows) and share >= least:
            box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
            found.append((CLASSES.index(thing.kind), tuple(float(v) for v in box), share))
    return found


def grade(picture, warm=1.0, vignette=0.25):
    """Warm highlights, soft contrast and darker corners."""
    h, w = picture.shape[:2]
    y, x = np.linspace(-1, 1, h)[:, None], np.linspace(-1, 1, w)[None, :]
    fall = 1 - vignette * np.clip((x * x + y * y) / 2, 0, 1) ** 1.2
    tint = np.array([1 + 0.03 * warm, 1.0, 1 - 0.05 * warm], np.float32)
    out = np.clip(picture * tint * fall[..., None].astype(np.float32), 0, 1)
    return out * out * (3 - 2 * out) * 0.35 + out * 0.65


class Stage:
    """One hall, one camera and one light; draws any set of things at any belt position."""

    def __init__(self, cam, look, light, sign=None):
        self.cam, self.look, self.light, self.sign = cam, look, light, sign
        self.hall = paint_hall(look, cam.width, cam.height, cam.horizon)

    def draw(self, things, travel=0.0, shadow=1.0, reflection=0.10):
        picture = self.hall.copy()
        over(picture, paint_belt(self.look, self.cam, travel, True), 0, 0)
        if self.sign:
            surface, ctx = canvas(self.cam.width, self.cam.height)
            for x, words in self.sign:
                nameplate(ctx, self.cam, x, words)
            over(picture, pixels(surface), 0, 0)
        ids, areas = compose(picture, things, self.cam, self.light, shadow, reflection)
        return picture, ids, areas
