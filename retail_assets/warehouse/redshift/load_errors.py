"""Why a COPY failed: at which row and column of which object, as Redshift's system tables have it."""

from __future__ import annotations

from retail_assets.warehouse.redshift.connecting import RedshiftError, Session

DETAILS = (
    "SELECT file_name, line_number, column_name, column_type, column_length, error_message FROM sys_load_error_detail "
    "WHERE session_id = pg_backend_pid() ORDER BY start_time DESC LIMIT 1",
    "SELECT filename, line_number, colname, type, col_length, err_reason FROM stl_load_errors "
    "WHERE session = pg_backend_pid() ORDER BY starttime DESC LIMIT 1",
)
"""The first is for every Redshift, the second for older provisioned clusters. The value itself is never asked for."""


class LoadError(RedshiftError):
    """COPY refused a row or an object."""


def explained(session: Session, action: str, error: RedshiftError) -> RedshiftError:
    """The error of a COPY, with the row and column where it failed, if Redshift has noted them."""
    for details in DETAILS:
        try:
            found = session.rows(action, details)
        except RedshiftError:  # the system table is not there, or not ours to read
            continue
        if found:
            return LoadError(_told(action, error, found[0]))
        break
    return error


def _told(action: str, error: RedshiftError, row: tuple[object, ...]) -> str:
    file, line, column, kind, length, reason = (str(value).strip() for value in row)
    where = [f"row {line}" if line not in ("0", "") else "", f"column {column}" if column else ""]
    place = ", ".join(part for part in where if part) or "no row named"
    width = f" ({kind} of {length})" if kind and length and length != "0" else ""
    return f"{action}: {reason} at {place}{width} of {file}. Nothing was loaded. Redshift said: {error}"
