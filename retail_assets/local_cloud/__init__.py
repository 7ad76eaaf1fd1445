"""Stand-ins for a cloud on this machine: an S3 server, PostgreSQL, and something that speaks as Redshift does."""
