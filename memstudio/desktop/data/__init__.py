"""The preview of a file of data: what is in it, what is asked after, and the task node it becomes."""
