# Bottles and cans: solids of revolution, shaded per pixel.
import math

import cairo
import numpy as np

from prints import INKS, artwork, canvas, mix, pick, pixels, print_look

GLASSES = [(0.13, 0.38, 0.20), (0.45, 0.22, 0.07), (0.62, 0.78, 0.80), (0.10, 0.28, 0.45), (0.55, 0.66, 0.34)]
JUICES = [(0.95, 0.55, 0.12), (0.78, 0.16, 0.16), (0.93, 0.80, 0.32), (0.55, 0.74, 0.30), (0.45, 0.16, 0.36)]
METAL = (0.80, 0.81, 0.83)


def bottle_look(rng):
    width = rng.uniform(0.46, 0.72)
    tall = width * rng.uniform(2.3, 3.7)
    style = pick(rng, ["glass", "glass", "juice", "juice", "opaque"])
    look = {"radius": width / 2, "height": tall, "style": style, "neck": rng.uniform(0.30, 0.46),
            "neck_at": rng.uniform(0.70, 0.80), "shoulder_at": rng.uniform(0.48, 0.62), "cap_at": rng.uniform(0.90, 0.94),
            "waist": rng.uniform(0.0, 0.10) if rng.random() < 0.4 else 0.0, "cap": pick(rng, INKS + [(0.93, 0.93, 0.93)]),
            "label": (rng.uniform(0.10, 0.18), rng.uniform(0.40, 0.50)), "art": print_look(rng, 2),
            "spin": rng.uniform(-math.pi, math.pi), "fill": rng.uniform(0.62, 0.86), "bare": rng.random() < 0.08}
    look["tint"] = pick(rng, GLASSES) if style == "glass" else pick(rng, JUICES) if style == "juice" else \
        pick(rng, INKS + [(0.95, 0.95, 0.93)] * 5)
    return look


def bottle_profile(look):
    at, radius, neck = np.linspace(0, 1, 90), look["radius"], look["radius"] * look["neck"]
    ease = np.clip((at - look["shoulder_at"]) / (look["neck_at"] - look["shoulder_at"]), 0, 1)
    r = radius + (neck - radius) * ease * ease * (3 - 2 * ease)
    r -= radius * look["waist"] * np.exp(-((at - look["shoulder_at"] * 0.9) / 0.07) ** 2)
    r -= radius * 0.12 * np.clip(1 - at / 0.03, 0, 1) ** 2
    cap = at >= look["cap_at"]
    r[cap] = neck * 1.16
    return at * look["height"], r


def bottle_texture(look, size):
    """Colour and coverage around the bottle; where nothing is printed the coverage is 0 and the glass shows."""
    w, h = max(24, int(size * 3.2)), max(32, int(size * look["height"] / look["radius"] / 2))
    surface, ctx = canvas(w, h)
    low, high = look["label"]
    if not look["bare"]:
        artwork(ctx, 0, h * (1 - high), w, h * (high - low), look["art"])
    top = h * (1 - look["cap_at"])
    ctx.set_source_rgb(*look["cap"])
    ctx.rectangle(0, 0, w, top)
    ctx.fill()
    ctx.set_source_rgba(0, 0, 0, 0.22)
    for i in range(28):
        ctx.rectangle(w * i / 28, top * 0.2, w / 75, top * 0.8)
    ctx.fill()
    return pixels(surface)


def can_look(rng):
    width = rng.uniform(0.56, 0.74)
    return {"radius": width / 2, "height": width * rng.uniform(1.35, 2.0), "style": "can", "art": print_look(rng, 2),
            "spin": rng.uniform(-math.pi, math.pi), "tint": METAL, "food": rng.random() < 0.25}


def can_profile(look):
    at, radius = np.linspace(0, 1, 60), look["radius"]
    if look["food"]:
        r = radius * (1 - 0.012 * (np.sin(at * 60) > 0.6) * (at > 0.1) * (at < 0.9))
        r = np.where((at < 0.02) | (at > 0.98), radius * 1.02, r)
    else:
        r = radius * (1 - 0.17 * np.clip((at - 0.88) / 0.09, 0, 1) ** 1.3 - 0.15 * np.clip(1 - at / 0.06, 0, 1) ** 1.5)
        r = np.where(at > 0.975, radius * 0.86, r)
    return at * look["height"], r


def can_texture(look, size):
    w, h = max(24, int(size * 3.2)), max(24, int(size * look["height"] / look["radius"] / 2))
    surface, ctx = canvas(w, h)
    low, high = (0.10, 0.90) if look["food"] else (0.05, 0.90)
    artwork(ctx, 0, h * (1 - high), w, h * (high - low), look["art"])
    return pixels(surface)


def texture_of(look, size):
    """The texture for this size on screen, drawn once and kept with the look."""
    key = "texture %d" % round(size)
    if key not in look:
        look[key] = (can_texture if look["style"] == "can" else bottle_texture)(look, size)
    return look[key]


def sample(texture, u, v):
    """Bilinear look-up; u wraps, v is clipped."""
    h, w = texture.shape[:2]
    fx, fy = (u % 1.0) * w - 0.5, np.clip(v * h - 0.5, 0, h - 1.001)
    x0, y0 = np.floor(fx).astype(np.int32), np.floor(fy).astype(np.int32)
    ax, ay = (fx - x0)[..., None], (fy - y0)[..., None]
    x0, x1, y1 = x0 % w, (x0 + 1) % w, np.minimum(y0 + 1, h - 1)
    return (texture[y0, x0] * (1 - ax) + texture[y0, x1] * ax) * (1 - ay) + \
        (texture[y1, x0] * (1 - ax) + texture[y1, x1] * ax) * ay


def outline(ctx, hs, rs, centre, base, s, tilts):
    """The silhouette of a solid of revolution: bottom ellipse, right side, top ellipse, left side."""
    ctx.save()
    ctx.translate(centre, base - hs[0] * s)
    ctx.scale(rs[0] * s, rs[0] * s * tilts[0])
    ctx.arc_negative(0, 0, 1, math.pi, 0)
    ctx.restore()
    for h, r in zip(hs, rs):
        ctx.line_to(centre + r * s, base - h * s)
    ctx.save()
    ctx.translate(centre, base - hs[-1] * s)
    ctx.scale(rs[-1] * s, max(rs[-1] * s * tilts[-1], 0.2))
    ctx.arc_negative(0, 0, 1, 0, -math.pi)
    ctx.restore()
    for h, r in zip(hs[::-1], rs[::-1]):
        ctx.line_to(centre - r * s, base - h * s)
    ctx.close_path()


def paint_lathe(thing, cam, light):
    """A bottle or can as (premultiplied RGBA 0..1, left, top)."""
    look = thing.look
    is_can = look["style"] == "can"
    hs, rs = can_profile(look) if is_can else bottle_profile(look)
    s, (bx, by), depth = cam.scale(thing.z), cam.project(thing.x, 0, thing.z), cam.distance + thing.z
    tilts = (cam.eye - hs) / depth
    rmax = rs.max()
    left, top = math.floor(bx - rmax * s) - 2, math.floor(by - hs[-1] * s - rs[-1] * s * max(tilts[-1], 0)) - 2
    right, bottom = math.ceil(bx + rmax * s) + 2, math.ceil(by + rs[0] * s * tilts[0]) + 2
    w, h = right - left, bottom - top
    px = (np.arange(w, dtype=np.float32) + 0.5 + left - bx)[None, :] / s
    rise = (by - (np.arange(h, dtype=np.float32) + 0.5 + top))[:, None] / s
    y = np.broadcast_to(rise, (h, w))
    for _ in range(3):
        r = np.interp(y, hs, rs)
        u = np.clip(px / r, -1, 1)
        nz = np.sqrt(1 - u * u)
        y = np.clip(rise + r * nz * (cam.eye - y) / depth, 0, hs[-1])
    r = np.interp(y, hs, rs)
    u = np.clip(px / r, -1, 1)
    nz = np.sqrt(1 - u * u)
    at = y / hs[-1]
    slope = np.interp(y, hs, np.clip(-np.gradient(rs, hs), -1.5, 1.5))
    ink = sample(texture_of(look, max(rmax * s * 2.2, 10)), (np.arcsin(u) + look["spin"]) / (2 * math.pi), 1 - at)
    side = light["side"]
    norm = np.sqrt(1 + slope * slope)
    diffuse = np.clip((u * side * 0.62 + slope * 0.5 + nz * 0.62) / norm, 0, 1.25)
    lit = (0.34 + 0.16 * slope / norm + 0.66 * diffuse)[..., None]
    body = np.array(look["tint"], np.float32)
    if is_can:
        bare = body * (0.35 + 0.5 * np.abs(np.sin(u * 3.4 + side)) + 0.3 * nz)[..., None]
        alpha_body = 1.0
    elif look["style"] == "opaque":
        bare, alpha_body = body * lit, 1.0
    else:
        # Glass: dark at the rim where one looks through more of it, bright inside, liquid below the fill line.
        liquid = (at < look["fill"] * look["neck_at"])[..., None]
        through = (0.22 + 0.95 * nz ** 0.8)[..., None]
        clear = mix(body, (0.92, 0.95, 0.96), 0.6 if look["style"] == "juice" else 0.22)
        bare = np.where(liquid, body, np.array(clear, np.float32)) * through
        meniscus = np.exp(-((at - look["fill"] * look["neck_at"]) / 0.008) ** 2)[..., None]
        bare = bare + 0.25 * meniscus
        alpha_body = np.where(liquid, 0.97, 0.80 + 0.17 * (1 - nz[..., None]))
    cover = ink[..., 3:]
    colour = ink[..., :3] * lit + bare * (1 - cover)
    gloss = (0.55 if is_can else 0.75) * light["gloss"]
    strip = np.exp(-((u - side * 0.52) / 0.085) ** 2) * np.clip((at - 0.03) * 18, 0, 1) * np.clip((0.985 - at) * 30, 0, 1)
    thin = np.exp(-((u + side * 0.80) / 0.06) ** 2) * 0.4 * np.clip((at - 0.05) * 12, 0, 1)
    colour = colour + (gloss * (strip + thin))[..., None] * (1 - 0.35 * cover) * np.array(light["warm"], np.float32)
    colour *= (0.72 + 0.28 * np.clip(at * 9, 0, 1))[..., None]
    alpha = np.clip(alpha_body + (1 - alpha_body) * cover, 0, 1) if not np.isscalar(alpha_body) else np.ones((h, w, 1), np.float32)

    surface, ctx = canvas(w, h)
    ctx.translate(-left, -top)
    outline(ctx, hs, rs, bx, by, s, tilts)
    ctx.fill()
    mask = pixels(surface)[..., 3:]
    rgba = np.concatenate([np.clip(colour, 0, 1) * alpha, alpha], -1) * mask
    lid = lid_of(look, is_can, w, h, left, top, bx, by - hs[-1] * s, rs[-1] * s, tilts[-1], side)
    if lid is not None:
        rgba = rgba * (1 - lid[..., 3:]) + lid
    return rgba, left, top


def lid_of(look, is_can, w, h, left, top, cx, cy, r, tilt, side):
    """The visible top disc of a can or cap."""
    if tilt <= 0.02:
        return None
    surface, ctx = canvas(w, h)
    ctx.translate(cx - left, cy - top)
    ctx.scale(r, r * tilt)
    base = METAL if is_can else mix(look["cap"], (1, 1, 1), 0.12)
    shade = cairo.LinearGradient(-side, -1, side, 1)
    shade.add_color_stop_rgb(0, *mix(base, (0, 0, 0), 0.25))
    shade.add_color_stop_rgb(0.6, *mix(base, (1, 1, 1), 0.45))
    shade.add_color_stop_rgb(1, *mix(base, (0, 0, 0), 0.1))
    ctx.arc(0, 0, 1, 0, 7)
    ctx.set_source(shade)
    ctx.fill()
    if is_can:
        for radius, dark in ((0.88, 0.42), (0.80, 0.22)):
            ctx.arc(0, 0, radius, 0, 7)
            ctx.set_source_rgb(*mix(base, (0, 0, 0), dark))
            ctx.set_line_width(0.06)
            ctx.stroke()
        if not look["food"]:
            ctx.set_source_rgb(*mix(base, (0, 0, 0), 0.5))
            ctx.set_line_width(0.1)
            ctx.save()
            ctx.scale(0.28, 0.42)
            ctx.arc(0, 0.3, 1, 0, 7)
            ctx.restore()
            ctx.stroke()
    return pixels(surface)
