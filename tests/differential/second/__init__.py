"""The decision a second time: written from docs/rules.md and the man pages, as plainly as it can be said, and never
from the C code, so that a mistake would have to be made twice to stay unseen. Standard library only."""
