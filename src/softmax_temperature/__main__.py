"""``python -m softmax_temperature`` opens the front door."""

from .publishing.door import main

if __name__ == "__main__":
    main()
