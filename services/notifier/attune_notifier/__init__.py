"""The notifier: brings what happens to clients that watch."""
