"""The server's door; named by string."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouxin.faces.site.settings")
application = get_wsgi_application()
