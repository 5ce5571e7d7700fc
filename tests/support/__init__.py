"""What tests of several parts share: pages without a browser, runs, stores, a browser, the class."""
