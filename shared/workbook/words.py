"""What a sheet says of an item, in words for the person who fills it in."""

from shared.contracts.programme import Item


def method_words(item: Item) -> str:
    """How points are given and what to count, in Chinese with English beneath."""
    params, most = item.params, points_text(item.max_cp)
    match item.method:
        case "all-or-nothing":
            return f"达到得 {most} 分，未达到 0 分\nAll {most} points or none"
        case "deduct":
            step = points_text(params.per_miss_cp or 0)
            return (
                f"每缺 1 处扣 {step} 分，扣完为止；计数填缺少的数量\n"
                f"{step} points off for each miss; count the misses"
            )
        case "capped-bonus":
            step = points_text(params.per_unit_cp or 0)
            return (
                f"加分项：每项加 {step} 分，最多 {most} 分；计数填项数\n"
                f"Bonus: {step} points each, {most} at most; count them"
            )
        case "ratio-tiers":
            tiers = sorted(params.tiers or (), key=lambda tier: -tier.at_least_bp)
            shares = [(points_text(one.at_least_bp), points_text(one.mark_cp)) for one in tiers]
            zh = "；".join(f"达到 {share}% 得 {mark} 分" for share, mark in shares)
            en = "; ".join(f"{mark} points from {share}%" for share, mark in shares)
            return f"{zh}；计数填百分比\n{en}; give the share in per cent"


def points_text(hundredths: int) -> str:
    """`12.50`, exact."""
    return f"{hundredths // 100}.{hundredths % 100:02}"
