# %% [markdown] id="title" lang="en"
# # A thin notebook
#
# Three small exercises and one figure: next to nothing to run, so that a grader's own cost is what is measured.
# %% [markdown] id="title" lang="zh" reviewed="000000000000"
# # 一份很薄的笔记本
#
# 三道小练习和一幅图：几乎没有要运行的内容，量出来的就是评分程序自身的开销。
# %% id="imports" tags=["setup"]
import matplotlib.pyplot as plt
import torch

from course_lib import check
# %% id="affine" tags=["solution"]
def affine(x, weight, bias):
    """x [N, D_in], weight [D_in, D_out], bias [D_out] -> [N, D_out]"""
    ### BEGIN SOLUTION
    return x @ weight + bias
    ### END SOLUTION
# %% id="affine-check" tags=["check"]
check("thin.affine")
# %% id="loss" tags=["solution"]
def loss(prediction, target):
    """prediction [N, D], target [N, D] -> the mean of the squared differences, a tensor without axes"""
    ### BEGIN SOLUTION
    return ((prediction - target) ** 2).mean()
    ### END SOLUTION
# %% id="loss-check" tags=["check"]
check("thin.loss")
# %% id="step" tags=["solution"]
def step(weight, gradient, lr):
    """weight [D], gradient [D], lr number -> the weight after one step downhill, [D]"""
    ### BEGIN SOLUTION
    return weight - lr * gradient
    ### END SOLUTION
# %% id="step-check" tags=["check"]
check("thin.step")
