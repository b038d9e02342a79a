"""Where tables of firms are computed: Ibis expressions, on DuckDB in this process or on any engine that Ibis speaks."""

from __future__ import annotations

import re
import shutil
import tempfile
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import polars as pl

from xinzhi.core.arrays import AnyEngine, AnyFrame, Ibis
from xinzhi.core.errors import InputError, UsageError, XinzhiError
from xinzhi.core.parameters import setting
from xinzhi.core.text import same
from xinzhi.data.internal import read_any
from xinzhi.micro.cohorts import cells, pair_sums, parts
from xinzhi.micro.delimited_files import codec_of, csv_error, first_bad_line, header_of, in_utf8, is_text

if TYPE_CHECKING:
    import duckdb
    from pyspark.sql import SparkSession

CONVENTIONS = Path(__file__).with_name("micro.yaml")
PRIME = 2**31 - 1  # squares of what is smaller fit 64 bits
_NUMBERS = count(1)
_PASSED: set[str] = set()
P = ParamSpec("P")
T = TypeVar("T")
_LACKS = re.compile(r"'(\w+)' operation")  # as Ibis says what a backend has no rule for; it quotes no cell


def ibis() -> ModuleType:
    """Return the library of expressions; a `UsageError` names the extra that brings it.

    Examples
    --------
    >>> ibis().literal(1).type().is_integer()
    True
    """
    try:
        import ibis as library
    except ImportError as error:
        raise UsageError("micro.no-engine", extra="micro") from error
    module: ModuleType = library
    return module


@dataclass(frozen=True, kw_only=True)
class Engine:
    """Something that computes Ibis expressions.

    Parameters
    ----------
    name
        What it is, such as ``duckdb 2.0``.
    backend
        The Ibis backend; None where DuckDB runs in this process.
    connection
        DuckDB's own connection, which runs the SQL that Ibis writes.
    spill
        The folder into which what does not fit memory is written.
    session
        The session of Spark, where it is one.
    """

    name: str
    backend: Ibis = None
    connection: duckdb.DuckDBPyConnection | None = None
    spill: Path | None = None
    session: SparkSession | None = None

    def table(self, source: AnyFrame, encoding: str | None = None) -> Ibis:
        """Return a source as a table of expressions; all columns of a text file are text.

        Parameters
        ----------
        source
            A frame of any kind, the path of a parquet or CSV file, a folder of them, or an Ibis table.
        encoding
            Of text files that are not in UTF-8, such as ``gb18030``.

        Examples
        --------
        >>> import polars as pl
        >>> connect().table(pl.DataFrame({"firm": ["a"], "year": [2020]})).columns
        ('firm', 'year')
        """
        library = ibis()
        if isinstance(source, library.Table):
            return source
        if self.connection is None:
            return self._elsewhere(source, encoding)
        name = f"firms_{next(_NUMBERS)}"
        if (paths := files_of(source)) is not None:
            if is_text(paths[0]):  # types that are guessed from the first rows fail at a cell further down
                aside = (self.spill or Path(tempfile.gettempdir())) / name
                paths = [in_utf8(path, encoding, aside / path.name) for path in paths]
                query = " union all by name ".join(f"select * from {_read_csv(path)}" for path in paths)  # noqa: S608 - quoted
            else:
                query = f"select * from read_parquet([{', '.join(map(_sql_literal, paths))}])"  # noqa: S608 - quoted
            self._run(f'create or replace view "{name}" as {query}')
        else:
            self.connection.register(name, _frame(source).to_arrow())
        return self._duckdb_table(name)

    def _duckdb_table(self, name: str) -> Ibis:
        """Return a table of DuckDB as an expression, with the types that DuckDB gives it."""
        kinds = self._run(f'select * from "{name}" limit 0', rows=True).schema  # noqa: S608 - a name of our own
        return ibis().table(ibis().Schema.from_pyarrow(kinds), name=name)

    def _elsewhere(self, source: AnyFrame, encoding: str | None) -> Ibis:
        """Return a source as a table of another engine than DuckDB."""
        paths = files_of(source)
        if paths is None:
            return self._handed(_frame(source))
        parts = [self._file(path, encoding) for path in paths]
        return parts[0] if len(parts) == 1 else ibis().union(*parts)

    def _handed(self, frame: pl.DataFrame) -> Ibis:
        """Hand a table in memory to the engine: what is computed from it has to be computed there."""
        name = f"firms_{next(_NUMBERS)}"
        if self.session is None:
            return self._guarded(self.backend.create_table, name, frame.to_arrow(), temp=True)
        self.session.createDataFrame(frame.to_arrow()).createOrReplaceTempView(name)
        return self.backend.table(name)

    def _file(self, path: Path, encoding: str | None) -> Ibis:
        """Return a file, every column of a text file as text: Spark reads it where it is, a database is handed it."""
        if self.session is not None and is_text(path):
            return self._guarded(self.backend.read_csv, str(path), header=True, **_spark_reader_options(path, encoding))
        if self.session is not None:
            return self._guarded(self.backend.read_parquet, str(path))
        if not is_text(path):
            return self._handed(self._guarded(pl.read_parquet, path))
        with tempfile.TemporaryDirectory() as aside:
            utf8 = in_utf8(path, encoding, Path(aside) / path.name)
            return self._handed(self._guarded(pl.read_csv, utf8, separator=header_of(utf8)[1], infer_schema=False))

    def sql(self, expression: Ibis) -> str:
        """Return the SQL of an expression, in the language of the engine."""
        allowed(expression)
        compiled = ibis().to_sql(expression, dialect="duckdb") if self.backend is None else None
        return str(compiled if compiled is not None else self.backend.compile(expression))

    def collect(self, expression: Ibis) -> pl.DataFrame:
        """Compute an expression and bring the rows home.

        Examples
        --------
        >>> import polars as pl
        >>> engine = connect()
        >>> firms = engine.table(pl.DataFrame({"firm": ["a", "b"], "output": [1.0, 2.0]}))
        >>> engine.collect(firms.aggregate(total=firms.output.sum())).item()
        3.0
        """
        if self.connection is not None:
            home = pl.from_arrow(self._run(self.sql(expression), rows=True))
        else:
            allowed(expression)
            home = pl.from_arrow(self._guarded(self.backend.to_pyarrow, expression))
        return home if isinstance(home, pl.DataFrame) else home.to_frame()

    def keep(self, expression: Ibis) -> Ibis:
        """Compute a table once and return it by name, for what several expressions need."""
        if self.connection is None:
            allowed(expression)
            return self._guarded(expression.cache)
        name = f"kept_{next(_NUMBERS)}"
        self._run(f'create temp table "{name}" as {self.sql(expression)}')
        return self._duckdb_table(name)

    def write(self, expression: Ibis, path: Path | str) -> Path:
        """Compute a table and write it as parquet, without bringing it home; Spark writes a folder."""
        target = Path(path)
        if self.connection is None:
            allowed(expression)
            writer = self.backend.to_parquet if self.session is None else self.backend.to_parquet_dir
            self._guarded(writer, expression, str(target))
            return target
        aside = target.with_name(f".{target.name}.partial")
        quoted = str(aside).replace("'", "''")
        try:
            self._run(f"copy ({self.sql(expression)}) to '{quoted}' (format parquet, compression zstd)")
            aside.replace(target)
        finally:
            aside.unlink(missing_ok=True)
        return target

    def close(self) -> None:
        """Let go of tables, memory and what was spilled."""
        if self.connection is not None:
            self.connection.close()
            if self.spill is not None:
                shutil.rmtree(self.spill, ignore_errors=True)

    def _guarded(self, work: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
        """Let another engine work; what it says when it fails may quote cells of the table, and is not told."""
        try:
            return work(*arguments, **options)
        except XinzhiError:
            raise
        except Exception as error:  # noqa: BLE001 - every backend has errors of its own, and they quote cells
            if type(error).__name__ == "OperationNotDefinedError" and (lacks := _LACKS.search(str(error))):
                raise InputError("micro.engine-lacks", (), engine=self.name, operation=lacks[1]) from None
            raise InputError("micro.engine-failed", (), kind=type(error).__name__) from None

    def _run(self, sql: str, *, rows: bool = False) -> Any:  # noqa: ANN401 - rows as an Arrow table, or nothing of use
        import duckdb

        assert self.connection is not None  # noqa: S101 - only DuckDB runs SQL of ours
        try:
            return self.connection.sql(sql).to_arrow_table() if rows else self.connection.execute(sql)
        except duckdb.OutOfMemoryException as error:
            raise InputError("micro.memory", ()) from error
        except duckdb.Error as error:  # what DuckDB says may quote cells of the table
            raise csv_error(str(error)) or InputError("micro.engine-failed", (), kind=type(error).__name__) from None


def connect(
    target: AnyEngine = None,
    *,
    memory_limit: str | None = None,
    threads: int | None = None,
    spill: Path | str | None = None,
) -> Engine:
    """Return an engine that has passed its self-test.

    Parameters
    ----------
    target
        None or ``duckdb``: DuckDB in this process. ``local[2]``, ``spark://host:7077`` or ``yarn``: Spark. Any other
        address that `ibis.connect` takes, or a connection of Ibis.
    memory_limit, threads, spill
        Of DuckDB: memory such as ``4GB`` (by default a share of the machine, ``micro.yaml``), cores, and the folder
        into which what does not fit is written.

    Raises
    ------
    UsageError
        When the extra ``micro`` or ``spark`` is not installed, or the address is none.
    InputError
        When the engine computes entry and exit wrongly.

    Examples
    --------
    >>> connect(memory_limit="1GB").name.split()[0]
    'duckdb'
    """
    library = ibis()
    if isinstance(target, Engine):
        return target
    if target is None or target == "duckdb":
        engine = _duckdb(memory_limit, threads, spill)
    elif isinstance(target, str):
        spark = target.startswith(("spark://", "local", "yarn", "k8s://"))
        try:
            backend = None if spark else library.connect(target)
        except Exception as error:
            raise UsageError("micro.no-target", given=target.partition("@")[2] or target) from error
        engine = _spark(target) if spark else _other(backend)
    elif hasattr(target, "to_pyarrow") and hasattr(target, "compile"):
        engine = _other(target)
    else:
        raise UsageError("micro.no-target", given=str(target))
    if engine.backend is not None and engine.backend.name == "clickhouse":
        engine.backend.raw_sql("SET join_use_nulls = 1")
    if engine.connection is None or engine.name not in _PASSED:
        self_test(engine)
    if engine.connection is not None:
        _PASSED.add(engine.name)  # DuckDB in this process computes the same the next time
    return engine


def engine_of(source: AnyFrame, engine: AnyEngine = None) -> Engine:
    """Return the engine that is named; else that of an Ibis table; else a new DuckDB."""
    if engine is None and hasattr(source, "op") and hasattr(source, "get_backend"):
        from ibis.common.exceptions import IbisError

        try:
            engine = source.get_backend()
        except IbisError:  # a table in memory
            engine = None
    return connect(engine)


def _duckdb(memory_limit: str | None, threads: int | None, spill: Path | str | None) -> Engine:
    try:
        import duckdb
    except ImportError as error:
        raise UsageError("micro.no-engine", extra="micro") from error
    if spill is not None:
        Path(spill).mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="xinzhi-", dir=spill))
    # the order of rows carries no meaning here, and to keep it costs memory
    config: dict[str, str | bool | int | float | list[str]] = {
        "temp_directory": str(folder),
        "preserve_insertion_order": "false",
    }
    if memory_limit is not None:
        config["memory_limit"] = memory_limit
    if threads is not None:
        config["threads"] = threads
    try:
        connection = duckdb.connect(config=config)
        connection.execute("set enable_progress_bar = false")  # it would stand among what is printed
        if memory_limit is None:  # a share is not understood by every version; DuckDB itself begins with four fifths
            rows = connection.execute("select current_setting('memory_limit')").fetchall()
            amount, unit = rows[0][0].split()
            memory = float(amount) * setting(CONVENTIONS, "engine.memory_limit") / 0.8
            connection.execute(f"set memory_limit = '{memory:.2f}{unit}'")
    except duckdb.Error as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise UsageError("micro.bad-setting", reason=str(error).splitlines()[0]) from error
    weakref.finalize(connection, shutil.rmtree, folder, ignore_errors=True)  # many a session ends without close()
    return Engine(name=f"duckdb {duckdb.__version__}", connection=connection, spill=folder)


def _spark(master: str) -> Engine:
    """Return a session of Spark as an engine."""
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise UsageError("micro.no-engine", extra="spark") from error
    builder = SparkSession.builder.master(master).appName("xinzhi").config("spark.sql.session.timeZone", "UTC")
    builder = builder.config(
        "spark.sql.legacy.javaCharsets", "true"
    )  # from version 4 on GB18030 is not read without it
    session = builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return Engine(name=f"spark {session.version}", backend=ibis().pyspark.connect(session), session=session)


def _other(backend: Ibis) -> Engine:
    """Return a backend of Ibis as an engine."""
    return Engine(name=f"{backend.name} {backend.version}", backend=backend)


@cache
def _operations() -> frozenset[str]:
    return frozenset(name for line in setting(CONVENTIONS, "engine.operations") for name in line)


def allowed(expression: Ibis) -> None:
    """Refuse an expression that does not mean the same on every engine.

    Examples
    --------
    >>> allowed(ibis().table({"x": "float64"}, name="t").x.sum())
    """
    from ibis.expr.operations import Node

    strange = {type(node).__name__ for node in expression.op().find(Node)} - _operations()
    if strange:
        raise UsageError("micro.not-portable", names=[same(name) for name in sorted(strange)])


def _sql_literal(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"


def _read_csv(path: Path) -> str:
    """Return what reads a file in UTF-8 as text by its own header, so that a row of another length is an error."""
    names, delimiter = header_of(path)
    kinds = ", ".join(f"{_sql_literal(name)}: 'VARCHAR'" for name in names)
    how = f"delim = {_sql_literal(delimiter)}, quote = '\"', escape = '\"', header = true, auto_detect = false"
    return f"read_csv({_sql_literal(path)}, columns = {{{kinds}}}, {how})"


def _spark_reader_options(path: Path, encoding: str | None) -> dict[str, bool | str]:
    """Return how Spark reads a text file: every column as text, in the encoding that is named where it is needed."""
    bad = first_bad_line(path, "utf-8-sig")
    if bad is None:
        return {"inferSchema": False}
    if encoding is None:
        in_utf8(path, None, path)  # refuses it
    return {"inferSchema": False, "encoding": codec_of(str(encoding))}


def files_of(source: AnyFrame) -> list[Path] | None:
    """Return the files of a path, or None for what is no path."""
    if not isinstance(source, str | Path):
        return None
    path = Path(source)
    if path.is_dir():
        files = [file for pattern in ("*.parquet", "*.csv") for file in sorted(path.glob(pattern))]
        files = [file for file in files if file.suffix == files[0].suffix]
    else:
        files = [path] if path.is_file() else []
    if not files or files[0].suffix.lower() not in {".parquet", ".csv", ".tsv"}:
        raise InputError("micro.no-file", (), path=str(path))
    return files


def _frame(source: AnyFrame) -> pl.DataFrame:
    if isinstance(source, pl.DataFrame):
        return source
    table, _ = read_any(source, "firms")
    cells: pl.DataFrame = table.cells
    return cells


def self_test(engine: Engine) -> None:
    """Refuse an engine whose joins turn what is missing into zero: entry and exit would be wrong without a word."""
    # one firm stays, one enters, one exits: small whole numbers, so that sums are exact
    rows = ((1, 1, 1.0, 1.0), (2, 1, 3.0, 1.0), (1, 2, 2.0, 1.0), (3, 2, 5.0, 3.0))
    frame = pl.DataFrame(rows, schema=["firm", "year", "value", "weight"], orient="row")
    sums = engine.collect(pair_sums(engine.table(frame), (), {1: 2}, {}))
    table, _ = parts(cells(sums, (), movers_apart=True), "melitz-polanec")
    # worked by hand: the survivor goes from 1 to 2; entrants have 3/4 at 5 against 2, exits 1/2 at 3 against 1
    expected = {"mean": 1.0, "covariance": 0.0, "entry": 2.25, "exit": -1.0}
    row = table.row(0, named=True) if table.height == 1 else {}
    if any(row.get(name) != right for name, right in expected.items()):
        raise InputError("micro.self-test", (), engine=engine.name)
