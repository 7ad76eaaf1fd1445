"""Files of any system: found in folders and on S3, checked from the first byte to the last, read under a contract."""
