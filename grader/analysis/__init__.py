"""What a class's outcomes say about its exercises and its answers: pure functions over plain data, one idea a module.

``items``           how hard each exercise is, and how well it tells those who know from those who do not
``misconceptions``  which named wrong answers the class met, and wrong answers that deserve a name
``alike``           submissions that are wrong in the same way more often than chance explains
``effort``          seconds used and limits met, by cell and by exercise
``anonymous``       a student's code with everything removed that could say whose it is
"""
