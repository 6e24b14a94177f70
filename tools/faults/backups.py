"""The keys of backups."""

import shutil
import subprocess
from pathlib import Path


def new_keys(folder: Path) -> tuple[Path, str]:
    """The file of a public key, and the private key, made as docs/deploy.md says and where no server is."""
    home = folder / "gnupg"

    def gpg(*arguments: str) -> str:
        command = ["gpg", "--homedir", home, "--batch", "--quiet", "--passphrase", "", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    home.mkdir(mode=0o700)
    gpg("--quick-generate-key", "levy backup", "future-default", "default", "never")
    public, private = gpg("--armor", "--export"), gpg("--armor", "--export-secret-keys")
    subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=True)
    shutil.rmtree(home)
    (folder / "key.asc").write_text(public)
    return folder / "key.asc", private
