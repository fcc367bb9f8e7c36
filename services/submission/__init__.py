"""The dossier of a township; begin at `dossier.py`.

Drafts and evidence lie beside its log, each in a room of its own.
"""
