"""What each recorded action is called on a page. A test finds actions that are missing here."""

from django.utils.translation import gettext_lazy as _

TITLES = {
    "accounts.appointment.start": _("任职"),
    "accounts.appointment.end": _("离任"),
    "accounts.user.sign_in": _("登录"),
    "levy.assessmentrun.start": _("开始试算"),
    "levy.assessmentrun.check": _("核对通过"),
    "levy.assessmentrun.confirm": _("核定"),
    "levy.assessmentrun.hand_over": _("移交税务"),
    "levy.assessmentrun.discard": _("作废"),
    "levy.correction.propose": _("提出更正"),
    "levy.correction.approve": _("批准更正"),
    "levy.correction.reject": _("不批准更正"),
    "levy.list.download": _("下载征收清单"),
    "levy.notice.issue": _("签发通知书"),
    "levy.documentbatch.start": _("开始打印通知书"),
    "levy.documentbatch.finish": _("通知书打印完成"),
    "levy.documentbatch.download": _("下载通知书"),
    "quota.headcountreturn.submit": _("提交申报"),
    "quota.headcountreturn.check": _("自动核对完成"),
    "quota.headcountreturn.decide": _("逐月认定"),
    "quota.headcountreturn.review": _("初审通过"),
    "quota.headcountreturn.verify": _("复审认定"),
    "quota.headcountreturn.send_back": _("退回补正"),
    "quota.headcountreturn.reopen": _("重新认定"),
    "quota.headcountreturn.review_batch": _("批量初审"),
    "quota.headcountreturn.verify_batch": _("批量认定"),
    "quota.placement.reveal": _("查看完整身份证号"),
}
