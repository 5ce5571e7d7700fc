"""Who looks, from where, and in which state?"""
