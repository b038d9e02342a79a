"""Write a protocol file to start from: it extends one of the registry, and shows every parameter as a comment."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from xinzhi.core.errors import InputError, UsageError, system_reason
from xinzhi.protocol.catalogue import catalogue, groups
from xinzhi.protocol.load import load
from xinzhi.protocol.model import Parameter, Protocol, plain, spell
from xinzhi.protocol.reading import SUFFIXES
from xinzhi.protocol.values import Dated

_HEAD = """\
# {title_zh}的一个变体：除下面写出的参数外，其余全部继承自 {base}。
# A variant of "{title_en}":
# what is not written below is inherited from {base}.
#
# 检查 / check:    xinzhi protocol check {file}
# 比较 / compare:  xinzhi protocol diff {base} {file}
# 使用 / use:      xinzhi assess DATA --protocol {file}

# 标识：小写字母、数字、点和连字符。 Small letters, digits, dots and hyphens.
id: {id}
# 版本要加引号。 Quote the version, so that 1.10 does not become 1.1.
version: "1"
title:
  zh: 新协议
  en: New protocol
# adopted 由统计机构采纳；proposed 提议；published 文献或公开体系；unverified 未核对（拒绝计算）。
# adopted by an authority; proposed; published in a paper or system; unverified refuses to compute.
status: proposed
authority:
  zh: 由谁负责
  en: who stands behind it
description:
  zh: 与 {base} 有何不同，为什么。
  en: What differs from {base}, and why.
reference: []
extends: {base}

# 要改的参数：去掉该组、该参数及其下各行行首的 #，改值，写明理由和来源。留空（value: null）的参数拒绝计算。
# To change a parameter, remove the # before its group, its name and the lines below, change the value, and say why and
# whence. A blank (value: null) refuses to compute. What changes with time: values: {{1952-01-01: a, 1994-01-01: b}}.
parameters:
"""


def new(path: str | Path, *, extends: str = "xinzhi-cn-2026") -> Path:
    """Write a commented template and return its path; the file appears complete or not at all.

    Parameters
    ----------
    path
        A new file that ends in ``.yaml`` or ``.yml``; its name becomes the id.
    extends
        The protocol of the registry that it starts from.

    Raises
    ------
    UsageError
        When the file exists already, has another ending, or the registry has no such protocol.
    InputError
        When the folder does not exist or cannot be written to.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     load(new(Path(folder, "liaoning.yaml"))).value("capital.depreciation")
    0.096
    """
    target = Path(path)
    if target.suffix not in SUFFIXES:
        raise UsageError("protocol.ending", path=target)
    if target.exists():
        raise UsageError("protocol.exists", path=target)
    text = template(load(extends), target)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(target)
    except OSError as error:
        raise InputError("protocol.unwritable", path=target, reason=system_reason(error)) from None
    finally:
        temporary.unlink(missing_ok=True)
    return target


def template(base: Protocol, target: Path) -> str:
    """Return the text of the template that `new` writes to `target`."""
    identity = re.sub(r"[^a-z0-9.-]+", "-", target.stem.lower()).strip("-.") or "my-protocol"
    head = _HEAD.format(
        title_zh=base.title.zh,
        title_en=base.title.en,
        base=base.id,
        file=target.name,
        id=identity if identity != base.id else f"{identity}-variant",
    )
    return head + "".join(_group(base, name) for name in groups())


def _group(base: Protocol, name: str) -> str:
    own = [item for path, item in base.parameters.items() if path.startswith(f"{name}.")]
    title = groups()[name]
    return f"#  {name}:  # {title.zh} {title.en}\n" + "".join(_parameter(item) for item in own) if own else ""


def _parameter(parameter: Parameter) -> str:
    spec = catalogue()[parameter.path]
    choices = f"{{{', '.join(spec.allowed)}}}" if spec.allowed else f"{spec.unit} {spec.bounds}"
    used = ", ".join(spell(item.value) for item in parameter.alternatives)
    lines = [
        f"    # {spec.title.zh} {spec.title.en}: {choices}",
        *([f"    # 他处采用 used elsewhere: {used}"] if used else []),
        f"    {parameter.path.partition('.')[2]}:",
        *(f"      {line}" for line in _value(parameter)),
        "      description: {zh: 理由, en: the reason}",
        "      reference: [{title: 来源 source, where: 位置 place in it}]",
    ]
    return "".join(f"#{line}\n" for line in lines)


def _value(parameter: Parameter) -> list[str]:
    value = parameter.value
    if isinstance(value, Dated):
        return ["values:", *(f"  {start.isoformat()}: {_word(item)}" for start, item in value.entries)]
    return [f"value: {_word(value)}"]


def _word(value: object) -> str:
    """Write a value on one line; JSON is YAML too, and choices are bare words."""
    return value if isinstance(value, str) else json.dumps(plain(value), ensure_ascii=False)
