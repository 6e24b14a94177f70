"""Rows of an XLSX file, read in a separate process (xlsx_process.py)."""

import json
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exchange.engine import xlsx_process
from exchange.engine.faults import Cell
from exchange.engine.source import Source
from exchange.errors import FileRefused

REFUSALS = {
    "empty": gettext_lazy("没有可读的工作表，或工作表是空的。"),
    "merged": gettext_lazy("工作表中有合并单元格，合并处只有第一格有内容。请取消合并，逐格填写后再导入。"),
    "uncalculated": gettext_lazy("有公式尚未计算出结果。请在表格软件中打开、保存为数值后再导入。"),
    "cell": gettext_lazy("有单元格的内容过长，不能读取。"),
    "markup": gettext_lazy("XLSX文件含有不允许的内容，不能读取。请用表格软件另存后再导入。"),
    "broken": gettext_lazy("XLSX文件已损坏，请重新另存。"),
    "limit": gettext_lazy("XLSX文件过大或结构异常，不能读取。请删除数据以外的行和列，另存后再导入。"),
}

Warn = Callable[[str], None]


class CellsOnly(pickle.Unpickler):
    """Unpickles only the types of cells: nothing that could run code."""

    def find_class(self, module: str, name: str) -> Any:
        if module == "datetime" and name in {"date", "datetime", "time", "timedelta"}:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(name)


def xlsx_rows(source: Source, batch: int, warn: Warn) -> Iterator[list[list[Cell]]]:
    """Every row from the top of the first visible sheet, empty ones too, `batch` at a time. Raises FileRefused."""
    limits = json.dumps(asdict(source.limits) | {"batch": batch})
    command = [sys.executable, "-I", xlsx_process.__file__, limits, *([str(source.path)] if source.path else [])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        try:
            _send(child, source)
            _introduce(_next(child), warn)
            while rows := _next(child):
                yield rows
        finally:
            child.kill()


def _send(child: "subprocess.Popen[bytes]", source: Source) -> None:
    with suppress(BrokenPipeError), child.stdin:  # a child that ended early has said why on its output
        child.stdin.write(source.content)


def _next(child: "subprocess.Popen[bytes]") -> Any:
    try:
        return CellsOnly(child.stdout).load()
    except EOFError:
        if child.wait() != 0:
            raise FileRefused(str(REFUSALS["limit"])) from None
        return None


def _introduce(message: Any, warn: Warn) -> None:
    word, said = message
    if word == "refused":
        raise FileRefused(str(REFUSALS[said]))
    if said["others"]:
        warn(
            _("只读取了工作表“%(name)s”，未读取：%(others)s。")
            % {"name": said["name"], "others": "、".join(said["others"])}
        )
    if said["hidden"]:
        warn(_("工作表中有隐藏的行或列，其内容也已读取。"))
