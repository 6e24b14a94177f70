"""The web server's settings, for run.py and for the container alike."""

import os

from config.log_settings import LOGGING

bind = os.environ.get("WEB_BIND", "0.0.0.0:8000")
workers = int(os.environ.get("WEB_WORKERS", "2"))
worker_class = "config.web_worker.BufferingWorker"
threads = int(os.environ.get("WEB_THREADS", "4"))
# A statement may take ten seconds (config.settings.base): whatever blocks a worker longer than this is a fault.
timeout = 60
graceful_timeout = 30
keepalive = 5
# Recycle workers now and then, not all at once.
max_requests = 5000
max_requests_jitter = 500
# A heartbeat on a slow disk would kill healthy workers.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None
control_socket_disable = True
# The proxy keeps the access log: an address may hold what nobody should read here.
accesslog = None
logconfig_dict = LOGGING
