"""Removes expired sessions, and attempts that no longer count."""

from celery import shared_task

from accounts.sign_in import attempts
from accounts.sign_in.session_store import SessionStore


@shared_task
def sweep_sign_in() -> None:
    SessionStore.clear_expired()
    attempts.forget_old()
