"""The lab: whole machines, driven and judged from outside."""
