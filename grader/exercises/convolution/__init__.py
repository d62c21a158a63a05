"""Lesson 10: convolution and pooling from scratch."""
