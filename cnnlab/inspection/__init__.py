"""What has a network learned? Which pixels mattered, what a kernel looks for, what it does without a part."""
