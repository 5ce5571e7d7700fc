"""What is asked before the answer shows? Each question is computed from the current picture and settings.

One file a lesson: pure functions that return the answer and what the wrong answers are made of, or None where
the question's condition does not hold. The words stand on the pages.
"""
