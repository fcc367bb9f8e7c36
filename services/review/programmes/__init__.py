"""What a district decides of its programme, from opening to end; begin at `programme.py`."""
