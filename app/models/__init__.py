"""Models for Qt's views: a page cache and nothing else; what they show comes ready-made from worker threads."""
