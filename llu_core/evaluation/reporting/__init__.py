"""Rows as tables, figures and a report, with published numbers beside ours."""
