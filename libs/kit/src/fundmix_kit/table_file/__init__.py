"""Files of tables that strangers send: CSV, XLSX and NDJSON to rows of text, in a child process."""
