"""The systems that LLU is compared with, one file each, with their published recipes; `llu_core.systems` lists them."""
