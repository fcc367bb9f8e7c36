"""What the district decides of a programme, from its opening to its end; begin at `programme.py`."""
