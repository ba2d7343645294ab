"""Search by meaning: embedders, models, vector files and the disk budget that they share.

Everything here is derived from the database and may be deleted.  A search by words never imports this room.
"""
