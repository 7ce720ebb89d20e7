# What stands behind and below the goods: a warm factory hall, the belt with its rollers, and soft shadows.
import math

import cairo
import numpy as np
from PIL import Image, ImageFilter

from prints import INKS, canvas, mix, pick, pixels, text

WALLS = [(0.36, 0.26, 0.20), (0.30, 0.25, 0.24), (0.24, 0.26, 0.30), (0.42, 0.34, 0.27), (0.28, 0.32, 0.32),
         (0.50, 0.46, 0.42), (0.62, 0.60, 0.57), (0.20, 0.19, 0.20)]


def hall_look(rng):
    return {"wall": pick(rng, WALLS), "seed": int(rng.integers(1 << 30)), "lamps": int(rng.integers(3, 8)),
            "window": rng.random() < 0.7, "belt": pick(rng, [(0.15, 0.16, 0.17), (0.20, 0.21, 0.22), (0.12, 0.20, 0.20),
                                                             (0.24, 0.22, 0.20), (0.10, 0.11, 0.13), (0.33, 0.36, 0.37)]),
            "frame": pick(rng, [(0.72, 0.74, 0.76), (0.80, 0.56, 0.16), (0.25, 0.33, 0.40), (0.62, 0.64, 0.62), (0.16, 0.36, 0.38)]),
            "lines": rng.uniform(0.35, 0.8), "depth": rng.uniform(2.3, 3.0)}


def rgb_image(surface):
    return Image.fromarray((pixels(surface)[..., :3] * 255).astype(np.uint8))


def paint_hall(look, width, height, horizon):
    """A blurred hall in two depths: windows and lamps far away, shelves, pipes and columns nearer."""
    rng = np.random.default_rng(look["seed"])
    wall = look["wall"]
    unit = height / 10
    surface, ctx = canvas(width, height)
    shade = cairo.LinearGradient(0, 0, 0, height)
    shade.add_color_stop_rgb(0, *mix(wall, (0.05, 0.04, 0.05), 0.55))
    shade.add_color_stop_rgb(0.55, *mix(wall, (1.0, 0.80, 0.55), 0.22))
    shade.add_color_stop_rgb(1, *mix(wall, (0.06, 0.05, 0.05), 0.6))
    ctx.set_source(shade)
    ctx.paint()
    if look["window"]:
        step = width / rng.integers(3, 6)
        for i in range(-1, 7):
            x = i * step + rng.uniform(0, 0.1) * step
            for row in range(2):
                for column in range(3):
                    glow = rng.uniform(0.45, 0.85)
                    ctx.set_source_rgba(1.0, 0.86, 0.62, glow)
                    ctx.rectangle(x + column * step * 0.2, unit * (0.5 + 1.35 * row), step * 0.17, unit * 1.2)
                    ctx.fill()
    for _ in range(rng.integers(4, 9)):
        x, w = rng.uniform(0, width), rng.uniform(0.5, 1.6) * unit
        y, h = height * rng.uniform(0.42, 0.62), rng.uniform(1.0, 3.0) * unit
        ctx.set_source_rgba(*mix(pick(rng, INKS), wall, rng.uniform(0.35, 0.75)), 0.8)
        ctx.rectangle(x, y, w, h)
        ctx.fill()
    far = rgb_image(surface).filter(ImageFilter.GaussianBlur(unit * 0.28))

    surface, ctx = canvas(width, height)
    for _ in range(rng.integers(2, 5)):
        x, w = rng.uniform(0, width), rng.uniform(0.25, 0.5) * unit
        shade = cairo.LinearGradient(x, 0, x + w, 0)
        shade.add_color_stop_rgb(0, *mix(wall, (0, 0, 0), 0.6))
        shade.add_color_stop_rgb(0.4, *mix(wall, (1, 0.9, 0.75), 0.2))
        shade.add_color_stop_rgb(1, *mix(wall, (0, 0, 0), 0.7))
        ctx.set_source(shade)
        ctx.rectangle(x, 0, w, height)
        ctx.fill()
    for _ in range(rng.integers(1, 4)):
        y = rng.uniform(0.03, 0.2) * height
        ctx.set_source_rgb(*mix(pick(rng, INKS), wall, 0.6))
        ctx.set_line_width(unit * rng.uniform(0.08, 0.22))
        ctx.move_to(0, y)
        ctx.line_to(width, y + rng.uniform(-0.2, 0.2) * unit)
        ctx.stroke()
    for _ in range(look["lamps"]):
        x, y, r = rng.uniform(0, width), rng.uniform(0.04, 0.34) * height, rng.uniform(0.15, 0.42) * unit
        for size, glow in ((3.6, 0.10), (2.0, 0.16), (1.0, 0.75)):
            ctx.set_source_rgba(1.0, 0.83, 0.55, glow)
            ctx.arc(x, y, r * size, 0, 7)
            ctx.fill()
    near = Image.fromarray((pixels(surface) * 255).astype(np.uint8), "RGBA").filter(ImageFilter.GaussianBlur(unit * 0.11))
    near = np.asarray(near, np.float32) / 255
    return np.clip(np.asarray(far, np.float32) / 255 * (1 - near[..., 3:]) + near[..., :3], 0, 1)


def paint_belt(look, cam, travel, floor):
    """The belt and its frame as premultiplied RGBA over the whole picture; `travel` is how far it has moved."""
    w, h = cam.width, cam.height
    surface, ctx = canvas(w, h)
    _, front = cam.project(0, 0, 0)
    _, back = cam.project(0, 0, look["depth"])
    s = cam.scale(0)
    if floor:
        shade = cairo.LinearGradient(0, front, 0, h)
        shade.add_color_stop_rgb(0, *mix(look["wall"], (0.03, 0.03, 0.03), 0.75))
        shade.add_color_stop_rgb(1, *mix(look["wall"], (0.10, 0.08, 0.07), 0.55))
        ctx.set_source(shade)
        ctx.rectangle(0, front, w, h - front)
        ctx.fill()
    belt = look["belt"]
    shade = cairo.LinearGradient(0, back, 0, front)
    shade.add_color_stop_rgb(0, *mix(belt, (0.95, 0.80, 0.62), 0.30))
    shade.add_color_stop_rgb(0.45, *mix(belt, (0.95, 0.85, 0.70), 0.10))
    shade.add_color_stop_rgb(1, *belt)
    ctx.set_source(shade)
    ctx.rectangle(0, back, w, front - back)
    ctx.fill()
    half = w / 2 / cam.scale(look["depth"]) + 2
    step = look["lines"]
    first = math.floor((cam.pan - half - travel) / step)
    rng = np.random.default_rng(look["seed"] + 1)
    flecks = rng.uniform(0, 1, (24, 3))
    for i in range(first, int((cam.pan + half - travel) / step) + 2):
        x = i * step + travel
        for shift, tone in ((0, (0, 0, 0, 0.34)), (0.035, (1, 0.95, 0.85, 0.13))):
            ctx.move_to(*cam.project(x + shift, 0, 0))
            ctx.line_to(*cam.project(x + shift, 0, look["depth"]))
            ctx.set_source_rgba(*tone)
            ctx.set_line_width(max(0.6, 0.022 * s))
            ctx.stroke()
        for k in range(5):                           # worn specks travel along and make the motion visible
            fx, fz, size = flecks[(i * 5 + k) % 24]
            ctx.set_source_rgba(1, 0.95, 0.88, 0.05 + 0.05 * size)
            px, py = cam.project(x + fx * step, 0, fz * look["depth"])
            ctx.rectangle(px, py, 0.10 * s * size + 1, 0.016 * s + 0.4)
            ctx.fill()
    paint_rail(ctx, w, back - 0.10 * s, 0.10 * s, mix(look["frame"], (0.1, 0.08, 0.07), 0.35))
    paint_side(ctx, look, cam, front, s, travel)
    return pixels(surface)


def paint_rail(ctx, w, y, h, colour):
    shade = cairo.LinearGradient(0, y, 0, y + h)
    shade.add_color_stop_rgb(0, *mix(colour, (1, 0.96, 0.9), 0.55))
    shade.add_color_stop_rgb(0.3, *colour)
    shade.add_color_stop_rgb(1, *mix(colour, (0, 0, 0), 0.55))
    ctx.set_source(shade)
    ctx.rectangle(0, y, w, h)
    ctx.fill()


def paint_side(ctx, look, cam, front, s, travel):
    """Belt edge, frame profile with bolts, turning rollers, returning belt and legs."""
    w, h, frame = cam.width, cam.height, look["frame"]
    step = 0.62
    start = cam.pan - w / 2 / s - step
    count = int(w / s / step) + 4
    origin = math.floor(start / step)
    legs = [cam.project(k * 4.2 + 1.2, 0, 0)[0] for k in range(int(start // 4.2) - 1, int(start // 4.2) + int(w / s / 4.2) + 4)]
    for x in legs:
        shade = cairo.LinearGradient(x, 0, x + 0.34 * s, 0)
        shade.add_color_stop_rgb(0, *mix(frame, (1, 1, 1), 0.15))
        shade.add_color_stop_rgb(1, *mix(frame, (0, 0, 0), 0.55))
        ctx.set_source(shade)
        ctx.rectangle(x, front + 0.3 * s, 0.34 * s, h)
        ctx.fill()
    ctx.set_source_rgb(*mix(look["belt"], (0, 0, 0), 0.5))
    ctx.rectangle(0, front, w, 0.09 * s)
    ctx.fill()
    ctx.set_source_rgba(1, 0.95, 0.85, 0.22)
    ctx.rectangle(0, front, w, max(0.6, 0.012 * s))
    ctx.fill()
    ctx.set_source_rgb(0.05, 0.05, 0.055)
    ctx.rectangle(0, front + 0.09 * s, w, 0.22 * s)
    ctx.fill()
    for i in range(origin, origin + count):
        x, y = cam.project(i * step, 0, 0)[0], front + 0.20 * s
        r = 0.105 * s
        shade = cairo.RadialGradient(x - r * 0.3, y - r * 0.4, r * 0.1, x, y, r)
        shade.add_color_stop_rgb(0, 0.92, 0.90, 0.86)
        shade.add_color_stop_rgb(1, 0.30, 0.30, 0.31)
        ctx.set_source(shade)
        ctx.arc(x, y, r, 0, 7)
        ctx.fill()
        ctx.set_source_rgba(0.08, 0.08, 0.09, 0.8)
        for k in range(3):
            a = travel / 0.10578 + k * 2.0944     # a whole number of turns over the looping sample film
            ctx.arc(x + 0.55 * r * math.cos(a), y + 0.55 * r * math.sin(a), r * 0.17, 0, 7)
            ctx.fill()
    paint_rail(ctx, w, front + 0.31 * s, 0.36 * s, frame)
    for i in range(origin, origin + count):
        x = cam.project((i + 0.5) * step, 0, 0)[0]
        ctx.set_source_rgba(0, 0, 0, 0.35)
        ctx.arc(x + 0.008 * s, front + 0.498 * s, 0.038 * s, 0, 7)
        ctx.fill()
        ctx.set_source_rgb(*mix(frame, (1, 1, 1), 0.35))
        ctx.arc(x, front + 0.49 * s, 0.032 * s, 0, 7)
        ctx.fill()
    shade = cairo.LinearGradient(0, front + 0.67 * s, 0, front + 1.1 * s)
    shade.add_color_stop_rgba(0, 0, 0, 0, 0.55)
    shade.add_color_stop_rgba(1, 0, 0, 0, 0)
    ctx.set_source(shade)
    ctx.rectangle(0, front + 0.67 * s, w, 0.45 * s)
    ctx.fill()


def nameplate(ctx, cam, x, words):
    """A small sign on the frame."""
    s = cam.scale(0)
    cx, y = cam.project(x, 0, 0)
    ctx.rectangle(cx - 0.62 * s, y + 0.38 * s, 1.24 * s, 0.22 * s)
    ctx.set_source_rgb(0.10, 0.11, 0.12)
    ctx.fill()
    text(ctx, words, cx, y + 0.49 * s, 0.15 * s, (0.98, 0.80, 0.42), max_width=1.0 * s)


def paint_shadow(ctx, cam, x, z, half_width, half_depth, reach, side, strength):
    """A contact shadow plus a longer soft one away from the light."""
    s = cam.scale(z)
    px, py = cam.project(x, 0, z)
    tilt = max(cam.tilt(0, z), 0.05)
    for dx, wide, deep, dark in ((0.0, 1.12, 1.25, 0.75), (-side * reach * 0.30, 1.5 + 0.25 * reach, 1.6, 0.42)):
        ctx.save()
        ctx.translate(px + dx * s, py)
        ctx.scale(half_width * wide * s, half_depth * deep * s * tilt)
        soft = cairo.RadialGradient(0, 0, 0.45, 0, 0, 1)
        soft.add_color_stop_rgba(0, 0, 0, 0, dark * strength)
        soft.add_color_stop_rgba(0.6, 0, 0, 0, dark * strength * 0.45)
        soft.add_color_stop_rgba(1, 0, 0, 0, 0)
        ctx.set_source(soft)
        ctx.arc(0, 0, 1, 0, 7)
        ctx.fill()
        ctx.restore()
