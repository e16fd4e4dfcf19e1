"""Small arrays: more than one torch thread only gets in the way of parallel tests."""

import torch

torch.set_num_threads(1)
