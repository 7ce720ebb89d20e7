# The detector: a small anchor-free network of plain convolutions with strides 8, 16 and 32.
import copy

import torch
import torch.nn.functional as F
from torch import nn

STRIDES = (8, 16, 32)


class Conv(nn.Module):
    """Convolution, batch norm, ReLU; the norm can be folded into the convolution for export."""

    def __init__(self, cin, cout, size=3, stride=1, act=True):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, size, stride, size // 2, bias=False)
        self.norm = nn.BatchNorm2d(cout, eps=1e-3, momentum=0.03)
        self.act = nn.ReLU(inplace=True) if act else nn.Identity()

    def forward(self, x):
        return self.act(self.norm(self.conv(x)))

    def fold(self):
        gain = self.norm.weight / torch.sqrt(self.norm.running_var + self.norm.eps)
        merged = nn.Conv2d(self.conv.in_channels, self.conv.out_channels, self.conv.kernel_size, self.conv.stride,
                           self.conv.padding, bias=True)
        merged.weight.data = self.conv.weight * gain[:, None, None, None]
        merged.bias.data = self.norm.bias - self.norm.running_mean * gain
        self.conv, self.norm = merged, nn.Identity()


class Split(nn.Module):
    """Half of the channels pass `depth` residual 3x3 pairs, the other half goes around; both are mixed again."""

    def __init__(self, cin, cout, depth):
        super().__init__()
        half = cout // 2
        self.around, self.inner = Conv(cin, half, 1), Conv(cin, half, 1)
        self.pairs = nn.ModuleList(nn.Sequential(Conv(half, half), Conv(half, half)) for _ in range(depth))
        self.mix = Conv(2 * half, cout, 1)

    def forward(self, x):
        y = self.inner(x)
        for pair in self.pairs:
            y = y + pair(y)
        return self.mix(torch.cat([self.around(x), y], 1))


class Widen(nn.Module):
    """Repeated max pooling: lets the coarsest level see most of the picture."""

    def __init__(self, channels):
        super().__init__()
        self.squeeze, self.mix = Conv(channels, channels // 2, 1), Conv(channels * 3 // 2, channels, 1)

    def forward(self, x):
        a = self.squeeze(x)
        b = F.max_pool2d(a, 5, 1, 2)
        return self.mix(torch.cat([a, b, F.max_pool2d(b, 5, 1, 2)], 1))


class Head(nn.Module):
    """Per cell: four distances to the box sides and one score per class."""

    def __init__(self, cin, classes):
        super().__init__()
        self.box = nn.Sequential(Conv(cin, 32), nn.Conv2d(32, 4, 1))
        self.score = nn.Sequential(Conv(cin, 32), nn.Conv2d(32, classes, 1))
        nn.init.constant_(self.box[1].bias, 1.5)
        nn.init.constant_(self.score[1].bias, -4.5)

    def forward(self, x):
        return torch.cat([self.box(x), self.score(x)], 1)


class Detector(nn.Module):
    def __init__(self, classes=4):
        super().__init__()
        self.classes = classes
        self.stem = Conv(3, 16, 3, 2)
        self.level4 = nn.Sequential(Conv(16, 24, 3, 2), Split(24, 24, 1))
        self.level8 = nn.Sequential(Conv(24, 48, 3, 2), Split(48, 48, 1))
        self.level16 = nn.Sequential(Conv(48, 96, 3, 2), Split(96, 96, 1))
        self.level32 = nn.Sequential(Conv(96, 128, 3, 2), Split(128, 128, 1), Widen(128))
        self.side32 = Conv(128, 64, 1)
        self.join16, self.side16 = Split(96 + 64, 64, 1), Conv(64, 48, 1)
        self.join8 = Split(48 + 48, 48, 1)
        self.down16, self.again16 = Conv(48, 48, 3, 2), Split(48 + 64, 64, 1)
        self.down32, self.again32 = Conv(64, 64, 3, 2), Split(64 + 64, 96, 1)
        self.heads = nn.ModuleList(Head(c, classes) for c in (48, 64, 96))

    def forward(self, images):
        """Raw maps of the three levels, finest first."""
        p8 = self.level8(self.level4(self.stem(images)))
        p16 = self.level16(p8)
        p32 = self.side32(self.level32(p16))
        p16 = self.join16(torch.cat([p16, F.interpolate(p32, scale_factor=2.0, mode="nearest")], 1))
        p8 = self.join8(torch.cat([p8, F.interpolate(self.side16(p16), scale_factor=2.0, mode="nearest")], 1))
        p16 = self.again16(torch.cat([self.down16(p8), p16], 1))
        p32 = self.again32(torch.cat([self.down32(p16), p32], 1))
        return [head(p) for head, p in zip(self.heads, (p8, p16, p32))]


def cells(shapes):
    """Centre x, centre y and stride of every cell of maps with these (rows, columns)."""
    rows = []
    for (h, w), stride in zip(shapes, STRIDES):
        y, x = torch.meshgrid(torch.arange(h) + 0.5, torch.arange(w) + 0.5, indexing="ij")
        rows.append(torch.stack([x.reshape(-1) * stride, y.reshape(-1) * stride, torch.full((h * w,), float(stride))], 1))
    return torch.cat(rows)


def decode(maps, grid):
    """Boxes [B, N, 4] as x1, y1, x2, y2 in input pixels and score logits [B, N, classes]."""
    flat = torch.cat([m.float().flatten(2) for m in maps], 2).transpose(1, 2)
    reach = F.softplus(flat[..., :4]) * grid[:, 2:]
    centre = grid[:, :2]
    return torch.cat([centre - reach[..., :2], centre + reach[..., 2:]], -1), flat[..., 4:]


class Exported(nn.Module):
    """The folded network with the decoding inside: one output of rows cx, cy, w, h, then a score per class."""

    def __init__(self, detector, size=320):
        super().__init__()
        self.detector = copy.deepcopy(detector).eval()
        for part in self.detector.modules():
            if isinstance(part, Conv):
                part.fold()
        grid = cells([(size // s, size // s) for s in STRIDES])
        self.register_buffer("centre", grid[:, :2].T.contiguous()[None])
        self.register_buffer("stride", grid[:, 2][None, None])

    def forward(self, images):
        flat = torch.cat([m.flatten(2) for m in self.detector(images)], 2)
        reach = F.softplus(flat[:, :4]) * self.stride
        before, after = reach[:, :2], reach[:, 2:]
        return torch.cat([self.centre + (after - before) * 0.5, before + after, torch.sigmoid(flat[:, 4:])], 1)
