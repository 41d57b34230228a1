"""Models, one file per family. A file stands alone: read it beside its chapter."""
