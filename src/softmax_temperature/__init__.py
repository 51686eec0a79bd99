"""How temperature reshapes the softmax over a language model's next-token logits."""

import lazy_loader

# Names load on first use, so that the math does not wait for the charts (see __init__.pyi).
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
