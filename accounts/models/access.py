"""Access of people: sessions, second factors, counted attempts, and changes that wait for a second person."""

import hashlib
from typing import Any

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.module_loading import import_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models.regions import Region
from accounts.permissions import Role


class Session(AbstractBaseSession):
    """A browser's session with its person, so that it can be listed and ended."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="sessions", verbose_name=_("人员")
    )
    started_at = models.DateTimeField(_("登录时间"), null=True)
    address = models.CharField(_("网络地址"), max_length=45, blank=True)
    browser = models.CharField(_("浏览器"), max_length=200, blank=True)

    class Meta(AbstractBaseSession.Meta):
        verbose_name = _("登录会话")
        verbose_name_plural = _("登录会话")

    @classmethod
    def get_session_store_class(cls) -> Any:
        """The store that the settings name. It imports this model, so this model may not import it."""
        return import_string(f"{settings.SESSION_ENGINE}.SessionStore")

    @property
    def reference(self) -> str:
        """The session's name on a page. The session key itself would let a reader take the session over."""
        return hashlib.sha256(self.session_key.encode()).hexdigest()[:16]


class SecondFactor(models.Model):
    """A person's authenticator app (RFC 6238). `last_step` is the newest time step used: no code works twice."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="second_factor", verbose_name=_("人员")
    )
    secret = models.BinaryField(_("密钥（加密）"))
    last_step = models.BigIntegerField(_("最近使用的时间步"), default=0)
    set_up_at = models.DateTimeField(_("设置时间"), db_default=Now())

    class Meta:
        verbose_name = _("第二重验证")
        verbose_name_plural = _("第二重验证")

    def __str__(self) -> str:
        return str(self.user)


class RecoveryCode(models.Model):
    """A one-time code for a person who lost the phone. Only a keyed hash is stored."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recovery_codes", verbose_name=_("人员")
    )
    digest = models.CharField(_("摘要"), max_length=64)
    used_at = models.DateTimeField(_("使用时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("恢复码")
        verbose_name_plural = _("恢复码")
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="one_recovery_code")]

    def __str__(self) -> str:
        return str(self.user)


class Attempts(models.Model):
    """Attempts counted for one name, device, person or address; `key` is a keyed hash of it.

    `person` is the person whose attempts they are; for a name it is set only once that name must wait.
    """

    key = models.CharField(_("计数对象（摘要）"), max_length=64, primary_key=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        verbose_name=_("人员"),
    )
    count = models.PositiveIntegerField(_("次数"))
    last_at = models.DateTimeField(_("最近一次"), db_index=True)
    waits_until = models.DateTimeField(_("等待至"))

    class Meta:
        verbose_name = _("登录尝试")
        verbose_name_plural = _("登录尝试")

    def __str__(self) -> str:
        return f"{self.count}"


class AccessChange(models.Model):
    """A change that gives access. One administrator proposes it, another one decides; neither is the person."""

    class Kind(models.TextChoices):
        APPOINT = "appoint", _("任职")
        ENABLE = "enable", _("恢复账号")
        RESET_FACTOR = "reset_factor", _("重置第二重验证")

    class State(models.TextChoices):
        PROPOSED = "proposed", _("待批准")
        APPROVED = "approved", _("已批准")
        REJECTED = "rejected", _("未批准")

        @property
        def tone(self) -> str:
            return {"proposed": "plain", "approved": "ok", "rejected": "off"}[self.value]

    kind = models.CharField(_("事项"), max_length=20, choices=Kind)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("人员"), on_delete=models.PROTECT, related_name="access_changes"
    )
    role = models.CharField(_("岗位"), max_length=20, choices=Role, blank=True)
    region = models.ForeignKey(Region, verbose_name=_("管辖地区"), on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(_("理由"), max_length=500)
    state = models.CharField(_("状态"), max_length=20, choices=State, default=State.PROPOSED)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("提出人"), on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField(_("提出时间"), db_default=Now())
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("批准人"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(_("批准时间"), null=True)
    rejected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("不批准人"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    rejected_at = models.DateTimeField(_("不批准时间"), null=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("权限变更")
        verbose_name_plural = _("权限变更")
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind", "role", "region"],
                condition=Q(state="proposed"),
                name="one_waiting_access_change",
                violation_error_message=_("同样的事项已经提出，正等待另一位管理员批准。"),
            ),
            models.CheckConstraint(
                condition=Q(kind="appoint", role__in=[role for role in Role.values if role != Role.EMPLOYER])
                | Q(kind__in=["enable", "reset_factor"], role=""),
                name="access_change_role_where_needed",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", approved_at=None, rejected_at=None)
                | Q(state="approved", approved_at__isnull=False, approved_by__isnull=False, rejected_at=None)
                | Q(state="rejected", rejected_at__isnull=False, rejected_by__isnull=False, approved_at=None),
                name="access_change_state_has_its_stamp",
            ),
            models.CheckConstraint(
                condition=~Q(proposed_by=F("person"))
                & (Q(approved_by=None) | (~Q(approved_by=F("proposed_by")) & ~Q(approved_by=F("person")))),
                name="access_change_by_two_others",
            ),
        ]

    def __str__(self) -> str:
        if self.kind == self.Kind.APPOINT:
            post = {"person": self.person, "role": self.get_role_display(), "region": self.region}
            return gettext("%(person)s：%(role)s（%(region)s）") % post
        return gettext("%(person)s：%(kind)s") % {"person": self.person, "kind": self.get_kind_display()}

    @property
    def status(self) -> State:
        return self.State(self.state)
