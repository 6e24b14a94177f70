"""The exchange files: what each kind holds, how a file is read, checked and written, and what was wrong with it.

One reader stands behind `manage.py load` and the upload page (docs/decisions/0010-exchange-files.md).
"""
