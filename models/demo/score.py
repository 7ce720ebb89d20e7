# Our own scorer: class-wise suppression, matching at IoU 0.5, average precision.
import numpy as np


def iou_table(a, b):
    x1, y1 = np.maximum(a[:, None, 0], b[None, :, 0]), np.maximum(a[:, None, 1], b[None, :, 1])
    x2, y2 = np.minimum(a[:, None, 2], b[None, :, 2]), np.minimum(a[:, None, 3], b[None, :, 3])
    inter = np.clip(x2 - x1, 0, None) * np.clip(y2 - y1, 0, None)
    area = lambda r: (r[:, 2] - r[:, 0]) * (r[:, 3] - r[:, 1])
    return inter / (area(a)[:, None] + area(b)[None] - inter + 1e-9)


def detections(output, least=0.01, limit=0.7):
    """Rows (class, score, x1, y1, x2, y2) of one [4 + classes, N] output, best first, suppressed per class."""
    kinds, scores = output[4:].argmax(0), output[4:].max(0)
    keep = np.nonzero(scores >= least)[0]
    keep = keep[np.argsort(-scores[keep], kind="stable")][:300]
    cx, cy, w, h = output[:4, keep]
    boxes = np.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], 1)
    kinds, scores = kinds[keep], scores[keep]
    clash = (iou_table(boxes, boxes) > limit) & (kinds[:, None] == kinds[None])
    alive = np.ones(len(keep), bool)
    for i in range(len(keep)):
        if alive[i]:
            alive[i + 1:] &= ~clash[i, i + 1:]
    return np.concatenate([kinds[:, None], scores[:, None], boxes], 1)[alive]


def match(found, truth, threshold=0.5):
    """For each detection, best first: 1 hit, 0 false, -1 not counted. `truth` rows are (class or -1, box)."""
    verdict = np.zeros(len(found), int)
    real, ignored = truth[truth[:, 0] >= 0], truth[truth[:, 0] == -1]
    free = np.ones(len(real), bool)
    for i, row in enumerate(found):
        near = iou_table(row[None, 2:], real[:, 1:])[0] * (real[:, 0] == row[0]) * free if len(real) else np.zeros(0)
        if len(near) and near.max() >= threshold:
            free[near.argmax()] = False
            verdict[i] = 1
        elif len(ignored):
            # What covers an ignored object for the most part is neither right nor wrong.
            x1, y1 = np.maximum(row[2], ignored[:, 1]), np.maximum(row[3], ignored[:, 2])
            x2, y2 = np.minimum(row[4], ignored[:, 3]), np.minimum(row[5], ignored[:, 4])
            inter = np.clip(x2 - x1, 0, None) * np.clip(y2 - y1, 0, None)
            mine = max((row[4] - row[2]) * (row[5] - row[3]), 1e-9)
            verdict[i] = -1 if (iou_table(row[None, 2:], ignored[:, 1:]).max() >= 0.3 or (inter / mine).max() >= 0.5) else 0
    return verdict


def average_precision(scores, hits, total):
    """Area under the precision-recall curve with the precision made monotonic."""
    order = np.argsort(-np.asarray(scores), kind="stable")
    hits = np.asarray(hits)[order]
    up = np.cumsum(hits)
    precision = up / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    recall = up / max(total, 1)
    return float(np.sum(np.diff(np.concatenate([[0], recall])) * precision))


def summarise(results, classes, at=0.4):
    """`results` is a list of (detections, truth rows). Returns AP50 per class, mAP50, recall and precision at a score."""
    rows, totals = {k: ([], []) for k in range(len(classes))}, dict.fromkeys(range(len(classes)), 0)
    hits = false = wanted = 0
    for found, truth in results:
        verdict = match(found, truth)
        for row, v in zip(found, verdict):
            if v >= 0:
                rows[int(row[0])][0].append(row[1])
                rows[int(row[0])][1].append(v)
        for k in totals:
            totals[k] += int((truth[:, 0] == k).sum())
        strong = found[:, 1] >= at
        verdict = match(found[strong], truth)
        hits, false, wanted = hits + int((verdict == 1).sum()), false + int((verdict == 0).sum()), wanted + int((truth[:, 0] >= 0).sum())
    per_class = {classes[k]: average_precision(*rows[k], totals[k]) for k in rows if totals[k]}
    return {"mAP50": sum(per_class.values()) / max(len(per_class), 1), "AP50": per_class, "objects": wanted,
            "recall": hits / max(wanted, 1), "precision": hits / max(hits + false, 1), "at": at}
