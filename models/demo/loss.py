# Decides which cells answer for which object, and scores the answers.
import math

import torch
import torch.nn.functional as F

IGNORE = -1


def overlap(a, b):
    """IoU and CIoU of boxes that broadcast against each other (last dimension x1, y1, x2, y2)."""
    wa, ha, wb, hb = a[..., 2] - a[..., 0], a[..., 3] - a[..., 1], b[..., 2] - b[..., 0], b[..., 3] - b[..., 1]
    iw = (torch.minimum(a[..., 2], b[..., 2]) - torch.maximum(a[..., 0], b[..., 0])).clamp(0)
    ih = (torch.minimum(a[..., 3], b[..., 3]) - torch.maximum(a[..., 1], b[..., 1])).clamp(0)
    inter = iw * ih
    iou = inter / (wa * ha + wb * hb - inter + 1e-7)
    cw = torch.maximum(a[..., 2], b[..., 2]) - torch.minimum(a[..., 0], b[..., 0])
    ch = torch.maximum(a[..., 3], b[..., 3]) - torch.minimum(a[..., 1], b[..., 1])
    gap = ((a[..., 0] + a[..., 2] - b[..., 0] - b[..., 2]) ** 2 + (a[..., 1] + a[..., 3] - b[..., 1] - b[..., 3]) ** 2) / 4
    shape = 4 / math.pi ** 2 * (torch.atan(wb / (hb + 1e-7)) - torch.atan(wa / (ha + 1e-7))) ** 2
    with torch.no_grad():
        weight = shape / (shape - iou + 1 + 1e-7)
    return iou, iou - gap / (cw ** 2 + ch ** 2 + 1e-7) - weight * shape


@torch.no_grad()
def assign(boxes, scores, grid, labels, top=10):
    """Task-aligned assignment: the cells inside an object that already rank best by score and overlap learn it.

    Returns target scores [B, N, C], target boxes [B, N, 4] and the mask of cells to leave out of the score loss."""
    kind, truth = labels[..., 0], labels[..., 1:]
    real = kind >= 0
    centre = grid[None, None, :, :2]
    # Objects smaller than a few cells still need one centre inside, so the test area has a least size.
    mid, half = (truth[..., :2] + truth[..., 2:]) / 2, ((truth[..., 2:] - truth[..., :2]) / 2).clamp(5.0)
    inside = ((centre - mid[:, :, None]).abs() < half[:, :, None]).all(-1) & real[..., None]
    iou = overlap(truth[:, :, None], boxes[:, None])[0]
    pick = kind.clamp(0).long()[:, :, None].expand(-1, -1, scores.shape[1])
    certainty = scores.transpose(1, 2).gather(1, pick)
    merit = certainty.sqrt() * iou ** 6 * inside + inside * 1e-12
    best = merit.topk(top, -1)
    chosen = torch.zeros_like(merit).scatter_(-1, best.indices, (best.values > 0).float()).bool() & inside
    crowded = chosen.sum(1, keepdim=True) > 1
    winner = torch.zeros_like(chosen).scatter_(1, (iou * chosen).argmax(1, keepdim=True), True)
    chosen = chosen & (winner | ~crowded)
    merit = merit * chosen
    scale = (iou * chosen).amax(-1, keepdim=True) / (merit.amax(-1, keepdim=True) + 1e-12)
    strength, owner = (merit * scale).max(1)
    taken = chosen.any(1)
    targets = torch.zeros_like(scores)
    owner_kind = pick[:, :, 0].gather(1, owner)
    targets.scatter_(2, owner_kind[..., None], (strength * taken)[..., None])
    target_boxes = truth.gather(1, owner[..., None].expand(-1, -1, 4))
    hidden = ((centre > truth[:, :, None, :2]) & (centre < truth[:, :, None, 2:])).all(-1) & (kind == IGNORE)[..., None]
    return targets, target_boxes, taken, hidden.any(1) & ~taken


def detection_loss(boxes, logits, grid, labels):
    targets, target_boxes, taken, hidden = assign(boxes.detach(), logits.detach().sigmoid(), grid, labels)
    total = targets.sum().clamp(1.0)
    score_loss = (F.binary_cross_entropy_with_logits(logits, targets, reduction="none") * (~hidden)[..., None]).sum() / total
    weight = targets.sum(-1)[taken]
    box_loss = ((1 - overlap(boxes[taken], target_boxes[taken])[1]) * weight).sum() / total
    return score_loss + 4.0 * box_loss, float(score_loss), float(box_loss)
