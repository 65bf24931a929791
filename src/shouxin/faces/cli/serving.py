"""`serve`: the pages, on loopback unless told otherwise."""

import sys
import threading
from importlib import import_module
from typing import Annotated

import typer
from waitress.server import create_server

from shouxin.faces.cli.door import Outcome, verb


@verb
def serve(
    *,
    port: Annotated[int, typer.Option(help="端口 / port")] = 8088,
    host: Annotated[str, typer.Option(help="监听地址 / address, loopback by default")] = "127.0.0.1",
    portal_port: Annotated[
        int, typer.Option(help="客户页面另用一个端口 / a port of its own for the customer's page")
    ] = 0,
) -> Outcome:
    """打开网页:登录、客户页面、事项页面 / Serve the pages."""
    application = import_module("shouxin.faces.site.wsgi").application
    server = create_server(application, host=host, port=port, threads=8, ident=None)
    if portal_port:
        portal = import_module("shouxin.faces.site.portal").application
        beside = create_server(portal, host=host, port=portal_port, threads=8, ident=None)
        threading.Thread(target=beside.run, daemon=True).start()
    sys.stderr.write(f"http://{host}:{server.effective_port}/\n")
    try:
        server.run()
    except KeyboardInterrupt:
        server.close()
    return Outcome({"stopped": True})
