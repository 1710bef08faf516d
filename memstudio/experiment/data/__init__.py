"""The user's own files of data: reading, looking them over, finding them again. Nothing here unpickles; numpy comes when a file is read."""
