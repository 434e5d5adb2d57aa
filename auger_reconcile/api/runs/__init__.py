"""What came of runs: boards, reports, and runs beside each other."""
