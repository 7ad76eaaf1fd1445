"""A stand-in for Amazon Redshift: what a client sees of it, in front of a real PostgreSQL.

It is no Redshift and proves nothing about its speed. It lets code that loads and reads Redshift run for real, over the
wire, with real transactions and real S3 objects. Real: protocol, TLS, passwords, transactions, locks, time-outs, every
row. Simulated, from Redshift's documentation:

- Redshift's start-up parameters are taken; its table attributes (DISTSTYLE, DISTKEY, SORTKEY, ENCODE, BACKUP) are
  checked and dropped: PostgreSQL stores nothing by them.
- Quoted identifiers are folded to lower case; VARCHAR(n) counts bytes; plain string literals know backslash escapes;
  transactions read one snapshot; TRUNCATE commits.
- COPY of Parquet, with IAM_ROLE and MANIFEST, and UNLOAD to Parquet run inside the client's own session, so that what
  they do commits or fails with its transaction. Columns map by position; types, widths and NULLs are checked; a failed
  COPY leaves its row and column in STL_LOAD_ERRORS and SYS_LOAD_ERROR_DETAIL. An IAM role is a name that the server was
  started with: no permission is checked behind it.
- What PostgreSQL has and Redshift has not (RETURNING, ON CONFLICT, indexes, VALUES as a table, …) is refused, as far as
  ``dialect.py`` lists it. So is what Redshift has and this has not: other formats and options of COPY and UNLOAD,
  several statements in one message where one of them is COPY, UNLOAD or TRUNCATE.

Not simulated: distribution, sorting, compression, workload management, Spectrum, SUPER, system tables but for
``catalogue.sql``, permissions, IAM and TLS certificates of AWS, and the time that anything takes.
"""
