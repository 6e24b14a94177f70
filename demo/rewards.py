"""Over-quota awards of the confirmed years: the first decided and paid, the last waiting for a decision."""

from django.conf import settings

from demo.officers import person
from demo.places import PROVINCE
from demo.units import CLOSED_YEARS
from subsidies.models import Award, AwardState, Programme
from subsidies.services.awards import AWARDS, PROGRAMMES, compute_awards, load_programmes, pay_award

FORMULAS = settings.BASE_DIR / "fixtures" / "reward_programmes.toml"
SHOWN = 200  # decided one list at a time, as officers do


def propose_and_decide() -> None:
    """Put the province's formula into effect, compute both years and decide the first one's largest awards."""
    load_programmes(path=FORMULAS, actor=None)
    programme = Programme.objects.filter(region=PROVINCE).first()
    computing, deciding = person("finance1"), person("finance2")
    if programme.approved_by_id is None:
        PROGRAMMES.approve(programme, actor=deciding, reason="演示数据：按示例口径执行。")
    for year in CLOSED_YEARS:
        compute_awards(programme=programme, levy_year=year, actor=computing)
    waiting = Award.objects.filter(levy_year=CLOSED_YEARS[0], state=AwardState.PROPOSED)
    awards = list(waiting.order_by("-amount", "employer_id")[:SHOWN])
    if not awards:
        return
    *approved, refused = awards
    AWARDS.reject(refused, actor=deciding, reason="同一岗位已享受岗位补贴，不重复奖励。")
    for award in approved:
        AWARDS.approve(award, actor=deciding)
    for award in approved[: (len(approved) + 1) // 2]:
        pay_award(award, actor=deciding)
