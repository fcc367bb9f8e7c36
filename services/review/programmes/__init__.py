"""What the district decides of a programme; begin at `programme.py`. Knows no case."""
