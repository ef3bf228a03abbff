"""The paper's protocols: plans, cells, rows, tables and the report."""
