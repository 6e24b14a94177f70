"""Access of people: sessions, second factors, counted attempts."""

import hashlib
from typing import Any

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Now
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _


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


class OutsideIdentity(models.Model):
    """The person whom another authority's service knows by this issuer and subject, bound at the first sign-in.

    From then on the name in the service, which its holder may change, opens nothing.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="outside_identities", verbose_name=_("人员")
    )
    issuer = models.CharField(_("身份认证平台"), max_length=255)
    subject = models.CharField(_("平台内标识"), max_length=255)
    bound_at = models.DateTimeField(_("绑定时间"), db_default=Now())

    class Meta:
        verbose_name = _("外部身份")
        verbose_name_plural = _("外部身份")
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="one_account_per_identity"),
            models.UniqueConstraint(fields=["user", "issuer"], name="one_identity_per_account"),
        ]

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
