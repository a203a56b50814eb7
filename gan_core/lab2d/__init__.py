"""A GAN in the plane, small enough that the whole game can be seen while it is played.

stories.py   which games are offered, and the game of a run (no torch)
game.py      the lab's own model and train_step, move by move
camera.py    what is seen of a game at one moment: points, D's landscape, G's deformed grid, arrows, numbers
protocol.py  what the server and the process that plays say to each other (no torch)
worker.py    that process: it plays all games of a server by turns, on one thread
engine.py    the same from the server's side (no torch)
"""
