"""Exit code 0 when the web server of this container answers, otherwise 1. Asks for a host that Django accepts."""

import os
import sys
import urllib.request

url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000/health/"
request = urllib.request.Request(url, headers={"Host": os.environ["ALLOWED_HOSTS"].split(",")[0]})
try:
    urllib.request.urlopen(request, timeout=4).close()
except OSError as error:
    sys.exit(f"{url}: {error}")
