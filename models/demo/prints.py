# Printed surfaces: label, can, carton and cardboard artwork, drawn with cairo into small textures.
import math

import cairo
import numpy as np

INKS = [(0.08, 0.36, 0.42), (0.86, 0.33, 0.24), (0.93, 0.68, 0.18), (0.10, 0.19, 0.38), (0.16, 0.42, 0.26),
        (0.55, 0.12, 0.20), (0.26, 0.58, 0.78), (0.42, 0.24, 0.46), (0.90, 0.50, 0.16), (0.13, 0.14, 0.16),
        (0.74, 0.14, 0.14), (0.20, 0.62, 0.56), (0.85, 0.45, 0.55), (0.36, 0.50, 0.16), (0.20, 0.30, 0.66)]
PAPERS = [(0.97, 0.95, 0.90), (0.95, 0.90, 0.78), (0.93, 0.94, 0.95), (0.99, 0.93, 0.82), (0.88, 0.92, 0.88)]
CARDBOARDS = [(0.76, 0.58, 0.39), (0.70, 0.52, 0.34), (0.80, 0.64, 0.45), (0.65, 0.47, 0.31), (0.83, 0.70, 0.53)]
BRANDS = ["LUMO", "FJORD", "ALTA", "SOLE", "KIWA", "OKTO", "BRISE", "MAJA", "NORDA", "VERA", "PICO", "TERRA",
          "ZEST", "ONDA", "KOBI", "RIVA"]
SUBLINES = ["fresh & sparkling", "original", "since 1974", "organic", "extra mild", "citrus", "no. 7", "classic"]


def pick(rng, items):
    return items[int(rng.integers(len(items)))]


def mix(a, b, t):
    return tuple(p + (q - p) * t for p, q in zip(a, b))


def canvas(width, height, colour=None):
    surface = cairo.ImageSurface(cairo.FORMAT_ARGB32, int(width), int(height))
    ctx = cairo.Context(surface)
    if colour is not None:
        ctx.set_source_rgb(*colour)
        ctx.paint()
    return surface, ctx


def pixels(surface):
    """The surface as float RGBA 0..1, shape [h, w, 4], premultiplied."""
    surface.flush()
    h, w = surface.get_height(), surface.get_width()
    raw = np.frombuffer(surface.get_data(), np.uint8).reshape(h, surface.get_stride() // 4, 4)[:, :w]
    return raw[:, :, [2, 1, 0, 3]].astype(np.float32) / 255


def text(ctx, words, cx, cy, size, colour, bold=True, max_width=None, upright=True):
    ctx.select_font_face("DejaVu Sans", cairo.FONT_SLANT_NORMAL if upright else cairo.FONT_SLANT_ITALIC,
                         cairo.FONT_WEIGHT_BOLD if bold else cairo.FONT_WEIGHT_NORMAL)
    ctx.set_font_size(size)
    box = ctx.text_extents(words)
    if max_width and box.width > max_width:
        size *= max_width / box.width
        ctx.set_font_size(size)
        box = ctx.text_extents(words)
    ctx.set_source_rgb(*colour)
    ctx.move_to(cx - box.width / 2 - box.x_bearing, cy - box.height / 2 - box.y_bearing)
    ctx.show_text(words)


def emblem(ctx, kind, cx, cy, r, ink, second):
    """One of a few simple logos, of radius r."""
    ctx.set_source_rgb(*ink)
    if kind == 0:                                    # sun over a wave
        ctx.arc(cx, cy, r, 0, 7)
        ctx.fill()
        ctx.set_source_rgb(*second)
        for i in range(3):
            y = cy + r * (0.05 + 0.3 * i)
            ctx.move_to(cx - r * 0.8, y)
            ctx.curve_to(cx - r * 0.3, y - r * 0.35, cx + r * 0.3, y + r * 0.35, cx + r * 0.8, y)
            ctx.set_line_width(r * 0.13)
            ctx.stroke()
    elif kind == 1:                                  # leaf
        for sign in (-1, 1):
            ctx.move_to(cx, cy + r)
            ctx.curve_to(cx + sign * r * 1.1, cy + r * 0.3, cx + sign * r * 0.9, cy - r * 0.7, cx + sign * 0.1 * r, cy - r)
            ctx.curve_to(cx + sign * r * 0.25, cy - r * 0.2, cx + sign * r * 0.2, cy + r * 0.3, cx, cy + r)
            ctx.fill()
    elif kind == 2:                                  # star
        for i in range(10):
            a = -math.pi / 2 + i * math.pi / 5
            d = r if i % 2 == 0 else r * 0.45
            ctx.line_to(cx + d * math.cos(a), cy + d * math.sin(a))
        ctx.fill()
    elif kind == 3:                                  # mountain
        ctx.move_to(cx - r, cy + r * 0.7)
        ctx.line_to(cx - r * 0.2, cy - r * 0.8)
        ctx.line_to(cx + r * 0.25, cy)
        ctx.line_to(cx + r * 0.5, cy - r * 0.3)
        ctx.line_to(cx + r, cy + r * 0.7)
        ctx.fill()
        ctx.set_source_rgb(*second)
        ctx.arc(cx + r * 0.5, cy - r * 0.65, r * 0.24, 0, 7)
        ctx.fill()
    else:                                            # rings
        for f, colour in ((1.0, ink), (0.72, second), (0.44, ink)):
            ctx.set_source_rgb(*colour)
            ctx.arc(cx, cy, r * f, 0, 7)
            ctx.fill()


def artwork(ctx, x, y, w, h, look):
    """Fills a rectangle of print: ground colour, bands, an emblem and a brand name, repeated around a cylinder."""
    ground, ink, accent = look["ground"], look["ink"], look["accent"]
    ctx.save()
    ctx.rectangle(x, y, w, h)
    ctx.clip()
    shade = cairo.LinearGradient(0, y, 0, y + h)
    shade.add_color_stop_rgb(0, *mix(ground, (1, 1, 1), 0.10))
    shade.add_color_stop_rgb(1, *mix(ground, (0, 0, 0), 0.14))
    ctx.set_source(shade)
    ctx.paint()
    style, repeats = look["style"], look.get("repeats", 1)
    ctx.set_source_rgb(*accent)
    if style == 0:
        for top, size in ((0.0, 0.09), (0.87, 0.13)):
            ctx.rectangle(x, y + top * h, w, size * h)
        ctx.fill()
    elif style == 1:                                 # sweeping wave
        ctx.move_to(x, y + h)
        n = 4 * repeats
        for i in range(n + 1):
            ctx.line_to(x + w * i / n, y + h * (0.76 + 0.1 * (-1) ** i))
        ctx.line_to(x + w, y + h)
        ctx.fill()
    elif style == 2:                                 # diagonal stripes
        ctx.set_line_width(h * 0.11)
        step = w / (4 * repeats)
        for i in range(-6, 4 * repeats + 6):
            ctx.move_to(x + i * step, y + h)
            ctx.line_to(x + i * step + h * 0.5, y)
        ctx.stroke()
    elif style == 3:                                 # two-tone
        ctx.rectangle(x, y + h * 0.58, w, h * 0.42)
        ctx.fill()
    elif style == 4:                                 # dots
        step = w / (8 * repeats)
        for row in range(int(h / step) + 2):
            for i in range(8 * repeats + 1):
                ctx.arc(x + (i + row % 2 * 0.5) * step, y + row * step, step * 0.22, 0, 7)
                ctx.fill()
    for i in range(repeats):
        cx, cell = x + w * (i + 0.5) / repeats, w / repeats
        if style in (2, 4):
            ctx.set_source_rgb(*ground)
            ctx.rectangle(cx - cell * 0.34, y + h * 0.2, cell * 0.68, h * 0.6)
            ctx.fill()
        r = min(cell * 0.2, h * 0.2)
        emblem(ctx, look["emblem"], cx, y + h * 0.36, r, ink, mix(ground, (1, 1, 1), 0.4))
        text(ctx, look["brand"], cx, y + h * 0.66, h * 0.17, ink, max_width=cell * 0.62)
        text(ctx, look["subline"], cx, y + h * 0.80, h * 0.06, ink, bold=False, max_width=cell * 0.5)
    ctx.restore()


def print_look(rng, repeats=1):
    """Random artwork with enough contrast between ground and ink."""
    dark = pick(rng, INKS)
    if rng.random() < 0.55:
        ground, ink = pick(rng, PAPERS), dark
    else:
        ground, ink = dark, pick(rng, PAPERS)
    return {"ground": ground, "ink": ink, "accent": mix(pick(rng, INKS), ground, 0.15), "style": int(rng.integers(6)),
            "emblem": int(rng.integers(5)), "brand": pick(rng, BRANDS), "subline": pick(rng, SUBLINES),
            "repeats": repeats}
