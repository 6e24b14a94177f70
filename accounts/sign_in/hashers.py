"""The hash of passwords, and how many are computed at the same time."""

from threading import Lock

from django.contrib.auth.hashers import Argon2PasswordHasher

# Hashes made with Django's own numbers need 100 MiB each until their owners sign in again. With one at a time, four
# web processes stay within their container's memory, and each still checks some thirty passwords a second.
_one_at_a_time = Lock()


class Argon2Hasher(Argon2PasswordHasher):
    """Argon2id with the numbers of OWASP (ASVS 5.0, appendix C): 19 MiB, two passes, one lane.

    Verifies hashes with other numbers too; Django replaces them at the next sign-in.
    """

    memory_cost = 19 * 1024
    time_cost = 2
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _one_at_a_time:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _one_at_a_time:
            return super().verify(password, encoded)
