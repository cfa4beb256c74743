"""The figures of review by independent packages: each answer beside ours.

    review.py CASES.json ANSWERS.json

CASES is one object with a list for each kind of figure; ANSWERS has the same lists with what the packages say. Masks are
run lengths with columns fastest, as in evaluate.py.
"""

import contextlib
import io
import json
import sys
import warnings

import numpy as np
from scipy import ndimage, stats


def unpacked(packed):
    low, high = packed["bounds"]["min"], packed["bounds"]["max"]
    runs = packed["runs"]
    values = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    out = np.zeros(packed["size"][::-1], bool)
    out[low[2]:high[2], low[1]:high[1], low[0]:high[0]] = values.reshape([high[d] - low[d] for d in (2, 1, 0)])
    return out


def number(value):
    return None if value is None or not np.isfinite(value) else float(value)


def panoptic(a, b, limit):
    """Plain NumPy: components over corners, pairs from the best IoU down."""
    (one, n), (other, m) = (ndimage.label(x, np.ones((3, 3, 3))) for x in (a, b))
    both = np.zeros((n + 1, m + 1))
    np.add.at(both, (one.ravel(), other.ravel()), 1)
    joined = np.bincount(one.ravel(), minlength=n + 1)[:, None] + np.bincount(other.ravel(), minlength=m + 1) - both
    iou = (both / np.maximum(joined, 1))[1:, 1:]
    kept = []
    while iou.size and iou.max() > limit:
        i, j = np.unravel_index(iou.argmax(), iou.shape)
        kept.append(iou[i, j])
        iou[i, :] = iou[:, j] = 0
    f1 = 2 * len(kept) / (n + m) if n + m else 1.0
    return dict(found=len(kept), f1=f1, pq=2 * sum(kept) / (n + m) if n + m else 1.0)


def cldice(a, b):
    from skimage.morphology import skeletonize

    if not a.any() or not b.any():
        return float(not a.any() and not b.any())
    flat = a.shape[0] == 1
    thin = [skeletonize(x[0], method="lee")[None] > 0 if flat else skeletonize(x, method="lee") > 0 for x in (a, b)]
    sensitivity, precision = (thin[0] & b).sum() / thin[0].sum(), (thin[1] & a).sum() / thin[1].sum()
    return 2 * sensitivity * precision / (sensitivity + precision) if sensitivity + precision else 0.0


def masks(case):
    import surface_distance as sd

    a, b, spacing = unpacked(case["reference"]), unpacked(case["predicted"]), case["spacing_mm"]
    both, total = (a & b).sum(), a.sum() + b.sum()
    out = dict(dice=2 * both / total if total else 1.0, iou=both / (total - both) if total else 1.0)
    out["lesions"] = [panoptic(a, b, limit) for limit in (0.0, 0.5)]
    if case.get("thin"):
        out["cldice"] = cldice(a, b)
    if a.any() and b.any():
        flat = a.shape[0] == 1
        d = sd.compute_surface_distances(*((a[0], b[0], spacing[1::-1]) if flat else (a, b, spacing[::-1])))
        out["nsd"] = sd.compute_surface_dice_at_tolerance(d, case["tolerance_mm"])
        out["hd95_mm"] = sd.compute_robust_hausdorff(d, 95)
        out["hd_mm"] = sd.compute_robust_hausdorff(d, 100)
        areas = [d["surfel_areas_gt"], d["surfel_areas_pred"]]
        far = [d["distances_gt_to_pred"], d["distances_pred_to_gt"]]
        out["assd_mm"] = sum((x * y).sum() for x, y in zip(areas, far)) / sum(x.sum() for x in areas)
    else:
        out.update(nsd=float(not total), hd95_mm=None, hd_mm=None, assd_mm=None)
    return {key: value if isinstance(value, list) else number(value) for key, value in out.items()}


def coco(case):
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = case["truth"]
        truth.createIndex()
        judge = COCOeval(truth, truth.loadRes(case["detections"]), "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return [number(x) if x > -1 else None for x in judge.stats[[0, 1, 2, 3, 4, 5, 6, 7, 8]]]


def classes(case):
    from sklearn import metrics
    from sklearn.calibration import calibration_curve

    scores, positive = np.array(case["scores"]), np.array(case["positive"])
    said = scores >= 0.5
    true, predicted = calibration_curve(positive, scores, n_bins=case["bins"])
    bins = np.digitize(scores, np.linspace(0, 1, case["bins"] + 1)[1:-1], right=True)
    counts = np.bincount(bins, minlength=case["bins"])
    counts = counts[counts > 0]
    return dict(
        auc=number(metrics.roc_auc_score(positive, scores)),
        ap=number(metrics.average_precision_score(positive, scores)),
        balanced=number(metrics.balanced_accuracy_score(positive, said)),
        brier=number(metrics.brier_score_loss(positive, scores)),
        ece=number((counts * np.abs(true - predicted)).sum() / counts.sum()),
        reliability=[[float(x), float(y)] for x, y in zip(predicted, true)],
    )


def agreement(case):
    import krippendorff
    from sklearn.metrics import cohen_kappa_score
    from statsmodels.stats.inter_rater import aggregate_raters, cohens_kappa, fleiss_kappa

    ratings = np.array(case["ratings"])
    a, b = ratings[:, 0], ratings[:, 1]
    table = np.zeros((case["classes"], case["classes"]))
    np.add.at(table, (a, b), 1)
    gaps = np.array([[np.nan if x is None else x for x in row] for row in case["with_gaps"]], float)
    alphas = [krippendorff.alpha(gaps.T, level_of_measurement=level) for level in ("nominal", "ordinal", "interval", "ratio")]
    return dict(
        cohen=number(cohens_kappa(table).kappa),
        linear=number(cohens_kappa(table, wt="linear").kappa),
        quadratic=number(cohen_kappa_score(a, b, weights="quadratic")),
        fleiss=number(fleiss_kappa(aggregate_raters(ratings)[0])),
        krippendorff=[number(x) for x in alphas],
        icc=icc(np.array(case["numbers"])),
    )


def icc(x):
    """From the mean squares that statsmodels gives."""
    import pandas
    import statsmodels.formula.api as formula
    from statsmodels.stats.anova import anova_lm

    n, k = x.shape
    frame = pandas.DataFrame(dict(y=x.ravel(), item=np.repeat(np.arange(n), k), rater=np.tile(np.arange(k), n)))
    table = anova_lm(formula.ols("y ~ C(item) + C(rater)", frame).fit())
    bms, jms, ems = table["mean_sq"].to_numpy()
    wms = (table["sum_sq"].iloc[1] + table["sum_sq"].iloc[2]) / (n * (k - 1))
    return [number(v) for v in (
        (bms - wms) / (bms + (k - 1) * wms),
        (bms - ems) / (bms + (k - 1) * ems + k * (jms - ems) / n),
        (bms - ems) / (bms + (k - 1) * ems),
        (bms - wms) / bms,
        (bms - ems) / (bms + (jms - ems) / n),
        (bms - ems) / bms,
    )]


def paired(case):
    d = np.array(case["differences"])
    if len(d) <= 12:
        # Every choice of signs is tried: SciPy's permutation test is then exact.
        p = stats.permutation_test((d,), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue
    else:
        p = None
    return dict(wilcoxon=number(stats.wilcoxon(d).pvalue), permutation=number(p))


def text(case):
    from nltk.translate.bleu_score import corpus_bleu, sentence_bleu
    from rouge_score import rouge_scorer
    from rouge_score.tokenize import tokenize

    scorer = rouge_scorer.RougeScorer(["rougeL", "rouge1"])
    pairs = [(a, b) for a, b in case["pairs"]]
    scores = [scorer.score(a, b) for a, b in pairs]
    words = [([tokenize(a, None)], tokenize(b, None)) for a, b in pairs]
    return dict(
        rouge_l=[s["rougeL"].fmeasure for s in scores],
        token_f1=[s["rouge1"].fmeasure for s in scores],
        # NLTK counts an n-gram in texts too short to have one; others do not, so only longer texts are put together.
        bleu=corpus_bleu(*zip(*[(a, b) for a, b in words if len(b) >= 4])),
        bleu_each=[sentence_bleu(a, b) if b else 0.0 for a, b in words],
    )


def pictures(case):
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    shape = case["size"][::-1]
    a, b = (np.array(case[name], float).reshape(shape) for name in ("reference", "other"))
    mask = np.array(case["mask"], bool).reshape(shape)
    if shape[0] == 1:
        a, b, mask = a[0], b[0], mask[0]
    whole = structural_similarity(a, b, win_size=7, data_range=case["range"], full=True)[1]
    inner = np.zeros_like(mask)
    inner[tuple(slice(3, -3) for _ in mask.shape)] = True
    psnr = peak_signal_noise_ratio(a[mask], b[mask], data_range=case["range"])
    return dict(mae=number(np.abs(a - b)[mask].mean()), psnr=number(psnr), ssim=number(whole[mask & inner].mean()))


def staple(case):
    import SimpleITK as sitk

    maps = [np.array(m, np.uint8).reshape(case["size"][::-1]) for m in case["raters"]]
    one = sitk.STAPLEImageFilter()
    one.SetForegroundValue(1)
    soft = sitk.GetArrayFromImage(one.Execute([sitk.GetImageFromArray((m == 1).astype(np.uint8)) for m in maps]))
    many = sitk.GetArrayFromImage(sitk.MultiLabelSTAPLE([sitk.GetImageFromArray(m) for m in maps]))
    vote = sitk.GetArrayFromImage(sitk.LabelVoting([sitk.GetImageFromArray(m) for m in maps], 255))
    return dict(
        probability=[float(x) for x in soft.ravel()],
        sensitivity=list(one.GetSensitivity()),
        specificity=list(one.GetSpecificity()),
        multi=[int(x) for x in many.ravel()],
        vote=[int(x) for x in vote.ravel()],
    )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    with open(sys.argv[1]) as file:
        cases = json.load(file)
    judges = dict(masks=masks, coco=coco, classes=classes, agreement=agreement, paired=paired, text=text, pictures=pictures, staple=staple)
    with open(sys.argv[2], "w") as file:
        json.dump({kind: [judges[kind](case) for case in list_] for kind, list_ in cases.items()}, file)
