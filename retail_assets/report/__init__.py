"""The report: one HTML file that tells what happened, what is expected and what is wrong, without a server."""
