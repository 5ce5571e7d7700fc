"""The command line of training: `python -m cnnlab.train --preset article --dataset cifar10 --epochs 10`."""

import sys

from cnnlab.training.command_line import main

if __name__ == "__main__":
    sys.exit(main())
