"""A GAN of points in the plane: data, samples and D's outputs are shown while it trains.

stories.py   which games are offered, and the game of a run (no torch)
game.py      the lab's model and train_step, update by update
camera.py    the frames: points, D's landscape, G's deformed grid, arrows, numbers
protocol.py  the messages between server and process (no torch)
worker.py    that process: it trains all games of a server by turns, on one thread
engine.py    the same from the server's side (no torch)
"""
