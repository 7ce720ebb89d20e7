# Balls: spheres with a printed pattern that turns as they roll, shaded per pixel.
import math

import numpy as np

from prints import INKS, pick


def ball_look(rng):
    style = pick(rng, ["beach", "football", "basket", "plain", "tennis", "stripe", "stars"])
    first, second = pick(rng, INKS), pick(rng, INKS + [(0.96, 0.95, 0.92)] * 8)
    if style == "tennis":
        first, second = (0.80, 0.88, 0.22), (0.97, 0.97, 0.94)
    if style == "basket":
        first, second = (0.86, 0.42, 0.14), (0.10, 0.07, 0.06)
    if style == "football":
        first, second = (0.95, 0.95, 0.94), pick(rng, [(0.09, 0.09, 0.10)] * 3 + INKS)
    return {"radius": rng.uniform(0.30, 0.56), "style": style, "first": first, "second": second,
            "pose": tuple(rng.uniform(-math.pi, math.pi, 3)), "gloss": 0.15 if style in ("tennis", "basket") else 0.8}


def turn(axis, angle):
    c, s = math.cos(angle), math.sin(angle)
    a, b = [(1, 2), (2, 0), (0, 1)][axis]
    m = np.eye(3)
    m[a, a], m[a, b], m[b, a], m[b, b] = c, -s, s, c
    return m


GOLD = (1 + 5 ** 0.5) / 2
PATCHES = np.array([v for a in (-1, 1) for b in (-GOLD, GOLD) for v in ((0, a, b), (a, b, 0), (b, 0, a))]) / (1 + GOLD ** 2) ** 0.5


def ball_pattern(look, p, soft):
    """How much of the second colour shows at unit points p; soft is the width of an antialiased edge."""
    edge = lambda d: np.clip(d / soft + 0.5, 0, 1)
    style = look["style"]
    if style == "beach":
        return edge(np.sin(3 * np.arctan2(p[1], p[0])) * np.hypot(p[0], p[1]) / 3) * edge(0.96 - np.abs(p[2]))
    if style == "football":
        return edge(np.max(np.tensordot(PATCHES, p, 1), 0) - 0.945)
    if style == "basket":
        lines = np.minimum(np.minimum(np.abs(p[0]), np.abs(p[1])), np.abs(np.hypot(p[0] - 1.0, p[2]) - 0.75))
        return edge(0.022 - lines)
    if style == "tennis":
        return edge(0.035 - np.abs(p[2] - 0.62 * np.sin(2 * np.arctan2(p[1], p[0])) * np.hypot(p[0], p[1])))
    if style == "stripe":
        return edge(0.28 - np.abs(p[2]))
    if style == "stars":
        return edge(np.max(np.tensordot(PATCHES, p, 1), 0) - 0.975)
    return np.zeros_like(p[0])


def paint_ball(thing, cam, light):
    look, z = thing.look, thing.z
    s, (cx, cy) = cam.scale(z), cam.project(thing.x, look["radius"], z)
    r = look["radius"] * s
    left, top = math.floor(cx - r) - 2, math.floor(cy - r) - 2
    n = math.ceil(2 * r) + 5
    x = (np.arange(n) + 0.5 + left - cx)[None, :] / r
    y = -(np.arange(n) + 0.5 + top - cy)[:, None] / r
    d = np.sqrt(x * x + y * y)
    flat = np.maximum(d, 1.0)
    x, y = np.broadcast_to(x, (n, n)) / flat, np.broadcast_to(y, (n, n)) / flat
    depth = np.sqrt(np.clip(1 - x * x - y * y, 0, 1))
    normal = np.stack([x, y, depth])
    a, b, c = look["pose"]
    pose = turn(0, a) @ turn(1, b) @ turn(2, c) @ turn(2, thing.roll)
    share = ball_pattern(look, np.tensordot(pose, normal, 1), 2.2 / r)[..., None]
    colour = np.array(look["first"]) * (1 - share) + np.array(look["second"]) * share
    side = light["side"]
    diffuse = np.clip(x * side * 0.50 + y * 0.60 + depth * 0.62, 0, 1.2)
    colour = colour * (0.26 + 0.12 * y + 0.78 * diffuse + 0.10 * np.clip(-y, 0, 1) ** 2)[..., None]
    hot = np.clip(x * side * 0.40 + y * 0.52 + depth * 0.755, 0, 1)
    colour += (look["gloss"] * light["gloss"] * (0.75 * hot ** 60 + 0.16 * hot ** 9))[..., None] * np.array(light["warm"])
    mask = np.clip((1 - d) * r + 0.5, 0, 1)[..., None]
    return np.concatenate([np.clip(colour, 0, 1), np.ones((n, n, 1))], -1) * mask, left, top
