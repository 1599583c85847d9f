"""What comes back: pages of calls and single reads, stored with what follows from them.

A page and the cursor behind it are one transaction, so that a crash loses no row and repeats none.
Raw answers are kept byte for byte. A call only ever learns: what an answer leaves out stays.
"""

from store.calls.details import due_details, save_detail
from store.calls.pages import PageSaved, save_beside, save_page

__all__ = ["PageSaved", "due_details", "save_beside", "save_detail", "save_page"]
