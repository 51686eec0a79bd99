"""Language models in numpy: text to tokens, tokens to logits, and writing."""
