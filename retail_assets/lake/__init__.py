"""Where datasets live: hive-partitioned Parquet with a manifest per dataset, published atomically."""
