"""The class on the screen: the teacher, the board, the vote."""
