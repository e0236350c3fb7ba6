#!/opt/attune/bin/python
"""The images' health check: exit status 0 when the service in this container says that it is ready."""

import os
import sys
import urllib.request

address = f"http://127.0.0.1:{os.environ['ATTUNE_HEALTH_PORT']}/health/ready"
try:
    urllib.request.urlopen(address, timeout=4).close()
except OSError as problem:
    sys.exit(f"{address}: {problem}")
