"""What counts as new quality, as of when, and by how much.

The claim
    New-quality productive forces can be defined: the definition is historical, phased and dynamic. Five powers follow
    one another (human, horse, electric, network, computing), each with its industries and leading sectors; today any
    industry that uses digital-intelligent technology to create wealth is in.
The question
    Is this industry in, as of this date, and by how much?
The verbs
    `classify` holds industries to the dated definitions in force on a day, `classify_package` those of a data package;
    `explain` answers for one of them;
    `digital_dependence` is the use test, from an input-output table; `history` holds the five powers to two centuries
    of energy. `definitions` lists what is defined, `definition` gives one, `read_definition` and `check_definition`
    take your own, `definition_template` starts one; `standard` and `lookup` know the codes, `concordance` joins GB/T
    4754-2017 and ISIC Rev.4, `errata` says where its annex is wrong; `industry_name` names a code in both languages;
    `read_input_output` reads tables in long form; `timeline` and `treemap` are tables for pictures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.core.lazy import lazy

if TYPE_CHECKING:
    from xinzhi.scope.choosing import definitions
    from xinzhi.scope.dependence import digital_dependence
    from xinzhi.scope.dependent import Dependence
    from xinzhi.scope.explaining import explain
    from xinzhi.scope.inputoutput import InputOutput, input_output
    from xinzhi.scope.loading import check_definition, definition, definition_template, read_definition
    from xinzhi.scope.longform import read_input_output
    from xinzhi.scope.model import Definition
    from xinzhi.scope.naming import industry_name
    from xinzhi.scope.packaged import classify_package
    from xinzhi.scope.pairs import Concordance, concordance, errata
    from xinzhi.scope.pictures import timeline, treemap
    from xinzhi.scope.powers import History, history
    from xinzhi.scope.result import Scope
    from xinzhi.scope.tree import Code, Standard, lookup, standard
    from xinzhi.scope.verb import classify

_HOMES = {
    "Code": ".tree",
    "Concordance": ".pairs",
    "Definition": ".model",
    "Dependence": ".dependent",
    "History": ".powers",
    "InputOutput": ".inputoutput",
    "Scope": ".result",
    "Standard": ".tree",
    "check_definition": ".loading",
    "classify": ".verb",
    "classify_package": ".packaged",
    "concordance": ".pairs",
    "definition": ".loading",
    "definition_template": ".loading",
    "definitions": ".choosing",
    "digital_dependence": ".dependence",
    "errata": ".pairs",
    "explain": ".explaining",
    "history": ".powers",
    "industry_name": ".naming",
    "input_output": ".inputoutput",
    "lookup": ".tree",
    "read_definition": ".loading",
    "read_input_output": ".longform",
    "standard": ".tree",
    "timeline": ".pictures",
    "treemap": ".pictures",
}

__all__ = [
    "Code",
    "Concordance",
    "Definition",
    "Dependence",
    "History",
    "InputOutput",
    "Scope",
    "Standard",
    "check_definition",
    "classify",
    "classify_package",
    "concordance",
    "definition",
    "definition_template",
    "definitions",
    "digital_dependence",
    "errata",
    "explain",
    "history",
    "industry_name",
    "input_output",
    "lookup",
    "read_definition",
    "read_input_output",
    "standard",
    "timeline",
    "treemap",
]

__getattr__, __dir__ = lazy(__name__, _HOMES)
