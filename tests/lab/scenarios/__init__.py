"""One module a scenario; run as python3 -m lab.scenarios.NAME in tests/."""
