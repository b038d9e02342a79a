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
    `digital_core` measures the core of the nation by its value added;
    `digital_dependence` is the use test, from an input-output table; `history` holds the five powers to two centuries
    of energy. `definitions` lists what is defined, `definition` gives one, `read_definition` and `check_definition`
    take your own, `definition_template` starts one; `standard` and `lookup` know the codes, `concordance` joins GB/T
    4754-2017 and ISIC Rev.4, `errata` says where its annex is wrong; `industry_name` names a code in both languages;
    `read_input_output` reads tables in long form; `timeline` and `treemap` are tables for pictures.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
