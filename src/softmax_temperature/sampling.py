"""Steps from logits to masked logits, and seeded draws of tokens with the same dice."""

from __future__ import annotations

# What misses a boundary by no more than the rounding of a logarithm has reached it: 0.4 + 0.3 is
# a mass of 0.7, whichever way their logits were rounded.
_SLACK = 1e-12
