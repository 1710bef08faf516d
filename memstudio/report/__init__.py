"""Reports: figures at the sizes of journals, tables, a page of HTML about a study, and the formats other programs read.

Light to import: matplotlib, pyarrow and tensorboard are imported where they are used.
"""
