"""What every process needs: settings, logging, lifecycle, health, metrics."""
