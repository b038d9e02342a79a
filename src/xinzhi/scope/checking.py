"""Hold a definition file to the schema and to its standard: every fault with its line and its cure."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from xinzhi.core.finding import Finding
from xinzhi.core.text import Text
from xinzhi.scope.facts import document
from xinzhi.scope.tree import Standard, standard

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xinzhi.protocol.yamlfile import KeyPath, Source

_KINDS: dict[str, tuple[type, ...]] = {
    "word": (str,),
    "long": (str,),
    "text": (dict,),
    "date": (date,),
    "flag": (bool,),
    "number": (int, float),
    "map": (dict,),
    "list": (list,),
}
_WORDS = {
    "word": Text(zh="一个词（数字代码请加引号）", en='a word (quote codes: "01")'),
    "long": Text(zh="文字", en="text"),
    "text": Text(zh="含 zh 与 en 的文字", en="text with zh and en"),
    "date": Text(zh="日期（年-月-日）", en="a date (year-month-day)"),
    "flag": Text(zh="true 或 false", en="true or false"),
    "number": Text(zh="数", en="a number"),
    "map": Text(zh="键值表", en="a mapping"),
    "list": Text(zh="列表", en="a list"),
}


def shape(source: Source) -> Iterator[Finding]:
    """Yield what is wrong with the form of a definition: unknown or missing fields, and values of another kind."""
    yield from source.findings
    content = source.content
    if not isinstance(content, dict):
        yield _fault(source, (), "no-mapping", _WORDS["map"], _WORDS["map"])
        return
    yield from _fields(source, (), content, "definition")
    for part, name in (("categories", "category"), ("eras", "era")):
        items = content.get(part)
        for key, item in items.items() if isinstance(items, dict) else ():
            yield from _fields(source, (part, str(key)), item, name)
    for part, name in (("counts", "count"), ("entries", "entry")):
        items = content.get(part)
        for at, item in enumerate(items) if isinstance(items, list) else ():
            yield from _fields(source, (part, str(at)), item, name)


def _fields(source: Source, path: KeyPath, item: object, name: str) -> Iterator[Finding]:
    rules = document("schema.yaml")[name]
    if not isinstance(item, dict):
        yield _fault(source, path, "wrong-kind", _WORDS["map"], _WORDS["map"])
        return
    for key, value in item.items():
        rule = rules.get(str(key))
        if rule is None:
            known = ", ".join(rules)
            yield _fault(
                source,
                (*path, str(key)),
                "unknown-field",
                Text(zh=f"没有“{key}”这个字段。", en=f"there is no field '{key}' here."),
                Text(zh=f"可用字段：{known}。", en=f"Fields: {known}."),
            )
        elif value is not None:
            yield from _value(source, (*path, str(key)), value, rule)
    for key, rule in rules.items():
        if rule.get("required") and item.get(key) is None:
            yield _fault(
                source,
                path,
                "missing-field",
                Text(zh=f"缺少字段“{key}”。", en=f"the field '{key}' is missing."),
                Text(zh=f"请加上“{key}”。", en=f"Add '{key}'."),
            )


def _value(source: Source, path: KeyPath, value: object, rule: Mapping[str, Any]) -> Iterator[Finding]:
    kind = rule["kind"]
    wrong = not isinstance(value, _KINDS[kind]) or (kind == "number" and isinstance(value, bool))
    wrong = wrong or (kind == "text" and isinstance(value, dict) and not {"zh", "en"} <= set(value))
    if wrong:
        need = _WORDS[kind]
        message = Text(zh=f"“{value}”应为{need.zh}。", en=f"'{value}' should be {need.en}.")
        yield _fault(source, path, "wrong-kind", message, need.format())
    elif "values" in rule and value not in rule["values"]:
        words = ", ".join(rule["values"])
        yield _fault(
            source,
            path,
            "unknown-value",
            Text(zh=f"“{value}”不在可用值中。", en=f"'{value}' is none of the values."),
            Text(zh=f"可用值：{words}。", en=f"Use one of: {words}."),
        )


def content(source: Source) -> Iterator[Finding]:
    """Yield what is wrong with the content of a definition whose form is right: codes, stars, dates, counts."""
    body = source.content
    begins, ends = body["valid_from"], body.get("valid_to")
    if ends is not None and ends < begins:
        yield _fault(
            source,
            ("valid_to",),
            "dates-reversed",
            Text(zh=f"终止日 {ends} 早于起始日 {begins}。", en=f"it ends on {ends}, before it begins on {begins}."),
            Text(zh="请更正其中一个日期。", en="Correct one of the dates."),
        )
    if body["status"] == "template":
        if not body.get("missing"):
            yield _fault(
                source,
                ("status",),
                "template-without-missing",
                Text(zh="模板没有说明缺少什么。", en="a template that does not say what is missing."),
                Text(zh="请填写 missing。", en="Fill in 'missing'."),
            )
        return
    if not body.get("entries") and not body.get("eras"):
        yield _fault(
            source,
            ("status",),
            "no-entries",
            Text(zh="没有任何代码。", en="there are no codes."),
            Text(zh="请填写 entries，或将 status 写作 template。", en="Write entries, or set the status to template."),
        )
        return
    if body["standard"] not in document("standards/standards.yaml"):
        known = ", ".join(document("standards/standards.yaml"))
        yield _fault(
            source,
            ("standard",),
            "unknown-standard",
            Text(
                zh=f"没有标准“{body['standard']}”的分类树，代码无法核对。",
                en=f"there is no tree of '{body['standard']}' to check codes by.",
            ),
            Text(zh=f"可用标准：{known}。", en=f"Standards held: {known}."),
        )
        return
    tree = standard(body["standard"])
    for at, entry in enumerate(body.get("entries") or ()):
        yield from _entry(source, ("entries", str(at)), entry, tree)
    for key, era in (body.get("eras") or {}).items():
        for at, sector in enumerate(era["leading"]):
            path = ("eras", str(key), "leading", str(at), "codes")
            yield from _codes(source, path, sector.get("codes") or (), tree)
    yield from _twice(source, tree)


def _entry(source: Source, path: KeyPath, entry: Mapping[str, Any], tree: Standard) -> Iterator[Finding]:
    listed = [entry["code"]] if entry.get("code") else list(entry.get("codes") or ())
    if not listed:
        yield _fault(
            source,
            path,
            "no-code",
            Text(zh="此行没有代码。", en="this line has no code."),
            Text(zh='请写 code: "39" 或 codes: ["39", "63"]。', en='Write code: "39" or codes: ["39", "63"].'),
        )
    yield from _codes(source, path, listed, tree)
    yield from _codes(source, (*path, "except"), entry.get("except") or (), tree)
    inside = {name for code in listed if code in tree.names for name in tree.below(code)}
    for code in entry.get("except") or ():
        if code in tree.names and not set(tree.below(code)) <= inside:
            yield _fault(
                source,
                (*path, "except"),
                "except-outside",
                Text(
                    zh=f"被排除的 {code} 不在此行代码之下。",
                    en=f"{code} is excepted but not below the codes of this line.",
                ),
                Text(zh="请更正代码。", en="Correct the code."),
            )
    categories = source.content.get("categories")
    if categories and str(entry.get("category")) not in {str(key) for key in categories}:
        yield _fault(
            source,
            (*path, "category"),
            "unknown-category",
            Text(zh=f"没有类别“{entry.get('category')}”。", en=f"there is no category '{entry.get('category')}'."),
            Text(
                zh=f"可用类别：{'、'.join(map(str, categories))}。",
                en=f"Categories: {', '.join(map(str, categories))}.",
            ),
        )
    yield from _star(source, path, entry)


def _star(source: Source, path: KeyPath, entry: Mapping[str, Any]) -> Iterator[Finding]:
    given = {name: entry[name] for name in ("lower", "share", "upper") if entry.get(name) is not None}
    if given and not entry.get("starred"):
        yield _fault(
            source,
            (*path, next(iter(given))),
            "share-without-star",
            Text(zh="给出了份额，但未标 starred。", en="a share is given, but the line is not starred."),
            Text(zh="请加上 starred: true，或删去份额。", en="Add starred: true, or drop the share."),
        )
    values = [entry.get("lower") or 0.0, *([given["share"]] if "share" in given else []), given.get("upper", 1.0)]
    if values != sorted(values) or values[0] < 0 or values[-1] > 1:
        yield _fault(
            source,
            (*path, next(iter(given), "starred")),
            "share-out-of-bounds",
            Text(
                zh=f"份额须满足 0 ≤ 下限 ≤ 份额 ≤ 上限 ≤ 1，现为 {values}。",
                en=f"0 <= lower <= share <= upper <= 1 does not hold: {values}.",
            ),
            Text(zh="请更正份额或其界限。", en="Correct the share or its bounds."),
        )
    if "share" in given and entry.get("starred") and not entry.get("source"):
        yield _fault(
            source,
            (*path, "share"),
            "share-without-source",
            Text(zh="份额没有来源。", en="the share has no source."),
            Text(zh="请写 source。", en="Write its source."),
        )


def _codes(source: Source, path: KeyPath, codes: object, tree: Standard) -> Iterator[Finding]:
    for code in codes if isinstance(codes, (list, tuple)) else ():
        if code in tree.names:
            continue
        near = tree.suggest(code)
        shown = f"{near} {tree.names[near]}".strip() if near else ""
        yield _fault(
            source,
            path,
            "unknown-code",
            Text(zh=f"{tree.name} 没有代码“{code}”。", en=f"'{code}' is no code of {tree.name}."),
            Text(
                zh=f"是否为 {shown}？" if near else "请查对标准。",
                en=f"Is it {shown}?" if near else "Look it up in the standard.",
            ),
        )


def _twice(source: Source, tree: Standard) -> Iterator[Finding]:
    """Yield lines of which a class already stands in an earlier line of the same days."""
    seen: dict[tuple[str, object, object], int] = {}
    for at, entry in enumerate(source.content.get("entries") or ()):
        listed = [entry["code"]] if entry.get("code") else list(entry.get("codes") or ())
        out = {name for code in entry.get("except") or () if code in tree.names for name in tree.below(code)}
        inside = [name for code in listed if code in tree.names for name in tree.below(code) if name not in out]
        again = []
        for name in inside:
            key = (name, entry.get("valid_from"), entry.get("valid_to"))
            if seen.setdefault(key, at) != at:
                again.append((name, seen[key]))
        if again and not entry.get("starred"):
            name, first = again[0]
            line = source.line(("entries", str(first)))
            yield _fault(
                source,
                ("entries", str(at)),
                "counted-twice",
                Text(zh=f"小类 {name} 在第 {line} 行已列入。", en=f"class {name} is already in the line at {line}."),
                Text(zh="请只保留一处，或用 except 排除。", en="Keep one of the two, or except it in the other."),
            )


def _fault(source: Source, path: KeyPath, rule: str, message: Text, hint: Text) -> Finding:
    return Finding(
        rule=rule,
        severity="error",
        message=message,
        hint=hint,
        file=source.file,
        line=source.line(path),
        key=".".join(path) or None,
    )
