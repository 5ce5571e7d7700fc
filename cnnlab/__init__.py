"""CNN Lab: step through, train and question a convolutional neural network."""
