"""From TOML text to a configuration, or to the list of all that is wrong with it; writes nothing."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from engine import catalog
from engine.config.cross import cross_faults
from engine.config.references import resolve_paths
from engine.config.secrets import take_secrets_out
from engine.config.sections import DistillationConfig, TaskConfig
from engine.config.sentences import as_fault
from engine.errors import ConfigError, Fault
from engine.files import read_bytes
from engine.visible import LONGEST_LINE, cut, on_one_line

MOST_BYTES = 200_000
MOST_OF_KEY = 80  # characters
MOST_DOTS = 500  # in one line: a key of that many parts takes the parser minutes, and no path is that deep


def read_config(path: Path | str, overrides: Iterable[str] = ()) -> DistillationConfig:
    """Read one run from a TOML file; ``overrides`` are ``section.key=value`` as typed after ``--set``.

    Raises ConfigError with every fault; relative paths are relative to the file.
    """
    path = Path(path)
    return parse_config(read_text(path), path.resolve().parent, overrides, where=str(path))


def read_text(path: Path) -> str:
    """The text of a configuration file. Raises ConfigError where it is missing, no ordinary file, too long or not UTF-8."""
    try:
        return decoded(read_bytes(path, MOST_BYTES), str(path))
    except FileNotFoundError:
        raise ConfigError([Fault("", f"there is no file {path}; give the path of a TOML file")]) from None
    except IsADirectoryError:
        raise ConfigError([Fault("", f"{path} is a folder; give the path of a TOML file")]) from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = getattr(error, "strerror", None) or error
        raise ConfigError([Fault("", f"{path} cannot be read: {reason}; give the path of a TOML file")]) from None


def decoded(content: bytes, where: str) -> str:
    """The text of a configuration's bytes. Raises ConfigError where they are not UTF-8 or too many."""
    if len(content) > MOST_BYTES:
        fault = Fault("", f"it is longer than {MOST_BYTES:,} bytes; give the TOML of one run")
        raise ConfigError([fault], where=where)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        fault = Fault("", f"byte {error.start} is not UTF-8; save the file as UTF-8")
        raise ConfigError([fault], where=where) from None


def parse_config(
    text: str, folder: Path | str | None = None, overrides: Iterable[str] = (), where: str = ""
) -> DistillationConfig:
    """Read one run from TOML text; relative paths are relative to ``folder`` (the working folder if None).

    Raises ConfigError with every fault.
    """
    config, faults = parse_leniently(text, folder, overrides)
    if faults or config is None:
        raise ConfigError(faults, where)
    return config


def parse_leniently(
    text: str, folder: Path | str | None = None, overrides: Iterable[str] = ()
) -> tuple[DistillationConfig | None, list[Fault]]:
    """The configuration with faulty keys at their defaults, and all faults; None where too little is left of it.

    Lets a caller go on to look at data and models, so that a person hears of everything at once.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > MOST_DOTS:
            return None, [Fault("", f"line {number} has more than {MOST_DOTS} dots; no key and no path has")]
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also a number of thousands of digits, sections without end
        return None, [Fault("", f"not valid TOML: {error}; strings need quotes, and a key stands once in a section")]
    faults = _apply_overrides(raw, overrides)
    faults += take_secrets_out(raw)
    faults += resolve_paths(raw, Path(folder) if folder is not None else Path.cwd())
    problems = _problems(raw)
    said = {fault.key for fault in faults}
    faults += [fault for problem in problems if (fault := as_fault(raw, problem)).key not in said]
    config, whole = _remainder(raw, problems)
    faults += cross_faults(config, {fault.key for fault in faults})
    short = [
        Fault(cut(on_one_line(fault.key), MOST_OF_KEY), cut(on_one_line(fault.message), LONGEST_LINE))
        for fault in faults
    ]
    return config if whole else None, list(dict.fromkeys(short))


def _problems(raw: dict[str, Any]) -> list[Any]:
    try:
        DistillationConfig.model_validate(raw)
    except ValidationError as error:
        return list(error.errors(include_url=False))
    return []


def _remainder(raw: dict[str, Any], problems: list[Any]) -> tuple[DistillationConfig, bool]:
    """What is left without the faulty keys, and whether that is a whole configuration.

    A teacher without a model is left out. A task or loss that cannot be known is stood in for, so that the other
    sections can still be compared with each other; the configuration is not whole then.
    """
    rest = _copy(raw)
    for problem in problems:
        _remove(rest, problem["loc"])
    if isinstance(rest.get("features"), list):  # a term whose kind cannot be known is left out
        known = catalog.features()
        rest["features"] = [term for term in rest["features"] if isinstance(term, dict) and term.get("kind") in known]
    if "teacher" in rest and "model" not in rest["teacher"]:
        del rest["teacher"]
    whole = True
    if "name" not in rest.get("task", {}):
        rest["task"] = TaskConfig.model_construct(name="")
        whole = False
    if "kind" not in rest.get("loss", {}):
        rest["loss"] = {"kind": "none"}
        whole = False
    return DistillationConfig.model_validate(rest), whole


def _copy(raw: Any) -> Any:
    if isinstance(raw, list):
        return [_copy(value) for value in raw]
    return {key: _copy(value) for key, value in raw.items()} if isinstance(raw, dict) else raw


def _remove(raw: dict[str, Any], path: tuple[Any, ...]) -> None:
    where: Any = raw
    for key in path[:-1]:
        if (isinstance(where, dict) and key in where) or (
            isinstance(where, list) and isinstance(key, int) and key < len(where)
        ):
            where = where[key]
        else:
            return
    if isinstance(where, dict):
        where.pop(path[-1], None)


def _apply_overrides(raw: dict[str, Any], overrides: Iterable[str]) -> list[Fault]:
    """Put ``section.key=value`` or ``features.1.key=value`` into the raw table; an empty value takes the key out."""
    faults = []
    for override in overrides:
        key, equals, value = override.partition("=")
        parts = key.strip().split(".")
        if equals and (numbered := _numbered(parts)):
            text = f"“{key.strip()}” does not name one feature term; they are counted from 1: say {numbered}"
            faults.append(Fault("--set", text))
            continue
        of_feature = parts[0] == "features" and len(parts) == 3 and parts[1].isdigit()
        if not equals or not all(parts) or (len(parts) > 2 and not of_feature):
            faults.append(Fault("--set", f"“{override}” is not section.key=value, such as loss.lambda=0.3"))
            continue
        table: Any = raw
        if of_feature:
            terms, number = raw.get("features"), int(parts[1])
            if not isinstance(terms, list) or not 1 <= number <= len(terms):
                count = len(terms) if isinstance(terms, list) else 0
                faults.append(Fault("--set", f"“{key.strip()}”: there are {count} feature terms, counted from 1"))
                continue
            table = terms[number - 1]
        elif len(parts) == 2:
            table = raw.setdefault(parts[0], {})
        if not isinstance(table, dict):
            faults.append(Fault("--set", f"“{key.strip()}”: “{parts[0]}” is a value, not a section; name a section"))
        elif value.strip():
            table[parts[-1]] = toml_value(value.strip())
        else:
            table.pop(parts[-1], None)
    return faults


def _numbered(parts: list[str]) -> str:
    """ "features.1.weight" for features.weight and features[0].weight; "" for any other key."""
    found = re.fullmatch(r"features(?:\[(\d{1,3})\])?", parts[0])
    if found is None or len(parts) != 2 or not parts[1] or parts[1].isdigit():
        return ""
    return f"features.{int(found[1] or 0) + 1}.{parts[1]}"


def toml_value(text: str) -> Any:
    """What ``text`` means as a TOML value; the text itself where it is none, so that words need no quotes.

    ``0x64`` is text too: an architecture mistyped rather than 100 in hexadecimal.
    """
    if re.fullmatch(r"0[xob]\w+", text):
        return text
    try:
        read = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return read["value"] if len(read) == 1 else text  # more than one value is none
