# Boxes: cardboard parcels and printed cartons, projected corner by corner.
import math

import cairo
import numpy as np
from PIL import Image

from prints import BRANDS, CARDBOARDS, INKS, PAPERS, artwork, canvas, mix, pick, pixels, print_look, text


def box_look(rng):
    carton = rng.random() < 0.35
    if carton:
        size = (rng.uniform(0.6, 1.1), rng.uniform(0.6, 1.3), rng.uniform(0.35, 0.8))
    else:
        size = (rng.uniform(0.7, 1.5), rng.uniform(0.5, 1.1), rng.uniform(0.6, 1.1))
    return {"size": size, "carton": carton, "art": print_look(rng), "board": pick(rng, CARDBOARDS),
            "tape": pick(rng, [(0.88, 0.78, 0.58), (0.86, 0.84, 0.80), pick(rng, INKS)]), "label": rng.random() < 0.7,
            "label_at": (rng.uniform(0.06, 0.5), rng.uniform(0.1, 0.45)), "mark": int(rng.integers(4)),
            "brand": pick(rng, BRANDS), "paper": pick(rng, PAPERS), "tape_front": rng.random() < 0.7,
            "code": rng.integers(1, 4, 24).tolist(), "radius": max(size) / 2}


def face_texture(look, face, w, h):
    """Artwork of one face ('front', 'side' or 'top') as an opaque texture."""
    # The top is seen at a flat angle; drawing it flat already keeps its print from flickering.
    squash = 0.45 if face == "top" else 1.0
    surface, ctx = canvas(w, max(6, h * squash), look["board"])
    ctx.scale(1, squash)
    if look["carton"]:
        if face == "top":
            ctx.set_source_rgb(*mix(look["art"]["ground"], look["art"]["accent"], 0.3))
            ctx.paint()
            text(ctx, look["art"]["brand"], w / 2, h / 2, h * 0.3, look["art"]["ink"], max_width=w * 0.7)
        else:
            artwork(ctx, 0, 0, w, h, look["art"])
        return surface
    unit = min(w, h)
    ctx.set_source_rgba(0, 0, 0, 0.035)              # corrugation
    for i in range(0, int(w), max(3, int(unit / 24))):
        ctx.rectangle(i, 0, max(1, unit / 60), h)
    ctx.fill()
    if face == "top" or (look["tape_front"] and face == "side"):
        ctx.set_source_rgba(*look["tape"], 0.85)
        if face == "top":
            ctx.rectangle(0, h * 0.40, w, h * 0.2)
        else:
            ctx.rectangle(w * 0.40, 0, w * 0.2, h * 0.32)
        ctx.fill()
        if face == "top":
            ctx.set_source_rgba(0.2, 0.12, 0.05, 0.5)
            ctx.rectangle(0, h * 0.495, w, max(1, h * 0.012))
            ctx.fill()
    if face == "front":
        ink = mix(look["board"], (0.15, 0.08, 0.03), 0.75)
        if look["mark"] != 3:
            text(ctx, look["brand"], w * 0.5, h * 0.84, h * 0.15, ink, max_width=w * 0.6)
        if look["label"]:
            draw_label(ctx, look, w * look["label_at"][0], h * look["label_at"][1], unit * 0.46, unit * 0.36)
    if face != "top" and look["mark"] < 2:
        draw_arrows(ctx, w * 0.82, h * 0.22, unit * 0.12, mix(look["board"], (0.15, 0.08, 0.03), 0.7))
    return surface


def draw_label(ctx, look, x, y, w, h):
    ctx.set_source_rgb(*look["paper"])
    ctx.rectangle(x, y, w, h)
    ctx.fill()
    ctx.set_source_rgb(0.12, 0.12, 0.14)
    at = x + w * 0.08
    for i, bar in enumerate(look["code"]):
        step = w * 0.84 * bar / sum(look["code"])
        if i % 2 == 0:
            ctx.rectangle(at, y + h * 0.48, step, h * 0.4)
        at += step
    for i, part in enumerate((0.7, 0.5)):
        ctx.rectangle(x + w * 0.08, y + h * (0.12 + 0.15 * i), w * part, h * 0.07)
    ctx.fill()


def draw_arrows(ctx, x, y, r, ink):
    ctx.set_source_rgb(*ink)
    for dx in (-r * 0.55, r * 0.55):
        ctx.move_to(x + dx, y - r)
        ctx.line_to(x + dx + r * 0.42, y - r * 0.3)
        ctx.line_to(x + dx - r * 0.42, y - r * 0.3)
        ctx.close_path()
        ctx.rectangle(x + dx - r * 0.14, y - r * 0.4, r * 0.28, r * 0.9)
    ctx.rectangle(x - r, y + r * 0.7, 2 * r, r * 0.18)
    ctx.fill()


def warp(surface, quad, w, h):
    """The texture seen through a quadrilateral (top-left, top-right, bottom-right, bottom-left) on a w x h canvas."""
    tw, th = surface.get_width(), surface.get_height()
    rows, goal = [], []
    for (x, y), (u, v) in zip(quad, ((0, 0), (tw, 0), (tw, th), (0, th))):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        goal += [u, v]
    try:
        plane = np.linalg.solve(np.array(rows), np.array(goal))
    except np.linalg.LinAlgError:
        return None
    rgb = (pixels(surface)[..., :3] * 255).astype(np.uint8)
    # A rim of repeated pixels keeps PIL from blending black in along the edges.
    rim = max(4, max(tw, th) // 8)
    rgb = np.pad(rgb, ((rim, rim), (rim, rim), (0, 0)), mode="edge")
    shift = np.array([[1, 0, rim], [0, 1, rim], [0, 0, 1]]) @ np.append(plane, 1).reshape(3, 3)
    out = Image.fromarray(rgb).transform((w, h), Image.Transform.PERSPECTIVE, (shift / shift[2, 2]).ravel()[:8],
                                         Image.Resampling.BILINEAR)
    return np.asarray(out, np.float32) / 255


def paint_box(thing, cam, light):
    look = thing.look
    wide, tall, deep = look["size"]
    c, sn = math.cos(thing.yaw), math.sin(thing.yaw)

    def corner(dx, y, dz):
        return cam.project(thing.x + dx * c - dz * sn, y, thing.z + dx * sn + dz * c)

    a, b = wide / 2, deep / 2
    ends = [(-a, -b), (a, -b), (a, b), (-a, b)]
    faces = [("top", [corner(*p) for p in ((-a, tall, b), (a, tall, b), (a, tall, -b), (-a, tall, -b))], wide, deep)]
    for i in range(4):
        (x1, z1), (x2, z2) = ends[i], ends[(i + 1) % 4]
        quad = [corner(x1, tall, z1), corner(x2, tall, z2), corner(x2, 0, z2), corner(x1, 0, z1)]
        faces.append(("front" if i % 2 == 0 else "side", quad, wide if i % 2 == 0 else deep, tall))
    every = np.array([p for _, quad, _, _ in faces for p in quad])
    left, top = np.floor(every.min(0)).astype(int) - 2
    right, bottom = np.ceil(every.max(0)).astype(int) + 2
    w, h = int(right - left), int(bottom - top)
    s, side = cam.scale(thing.z), light["side"]
    surface, ctx = canvas(w, h)
    for name, quad, fw, fh in faces:
        quad = [(x - left, y - top) for x, y in quad]
        turn = (quad[1][0] - quad[0][0]) * (quad[2][1] - quad[0][1]) - (quad[1][1] - quad[0][1]) * (quad[2][0] - quad[0][0])
        if turn <= 1:
            continue
        key = "face %s %d" % (name, round(s))
        if key not in look:
            look[key] = face_texture(look, name, max(10, int(fw * s * 1.2)), max(10, int(fh * s * 1.2)))
        art = warp(look[key], quad, w, h)
        if art is None:
            continue
        if name == "top":
            shade = 1.12
        else:
            ex, ey = quad[1][0] - quad[0][0], quad[1][1] - quad[0][1]
            lean = math.atan2(ey, max(ex, 1e-3)) * 1.3        # a face whose far end rises on screen looks sideways
            shade = float(np.clip(0.86 - 0.42 * lean * side, 0.46, 1.05))
        lit = np.clip(art * shade * np.array(light["warm"]), 0, 1)
        if name != "top":
            fall = np.linspace(1.04, 0.80, h)[:, None, None]
            lit = np.clip(lit * fall, 0, 1)
        paint_face(ctx, lit, quad, name)
    return pixels(surface), int(left), int(top)


def paint_face(ctx, rgb, quad, name):
    h, w = rgb.shape[:2]
    bgra = np.zeros((h, w, 4), np.uint8)
    bgra[..., :3] = rgb[..., ::-1] * 255
    bgra[..., 3] = 255
    image = cairo.ImageSurface.create_for_data(bgra, cairo.FORMAT_ARGB32, w, h)
    # A slight outward stroke closes the hairline between neighbouring faces.
    for p in quad:
        ctx.line_to(*p)
    ctx.close_path()
    ctx.set_source_surface(image, 0, 0)
    ctx.set_line_width(0.7)
    ctx.set_line_join(cairo.LINE_JOIN_ROUND)
    ctx.fill_preserve()
    ctx.stroke()
    if name == "top":
        ctx.move_to(*quad[3])
        ctx.line_to(*quad[2])
        ctx.set_source_rgba(1, 1, 1, 0.28)
        ctx.set_line_width(max(0.8, w / 130))
        ctx.stroke()
