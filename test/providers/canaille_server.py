"""Canaille with one user, one group and one client, in memory: `canaille_server.py SETTINGS.json`."""

import datetime
import json
import sys

from canaille import create_app
from canaille.app import models
from joserfc.jwk import RSAKey

with open(sys.argv[1], encoding="utf-8") as file:
    settings = json.load(file)

key = RSAKey.generate_key(2048, auto_kid=True)
app = create_app(
    config={
        "SECRET_KEY": "a secret of the tests",
        "SERVER_NAME": f"localhost:{settings['port']}",
        "PREFERRED_URL_SCHEME": "http",
        "CANAILLE": {"DATABASE": "memory", "SMTP": None, "CAPTCHA_ENABLED": False},
        "CANAILLE_OIDC": {"ACTIVE_JWKS": [key.as_dict(private=True)]},
    }
)

with app.app_context():
    from canaille.app import models  # noqa: F811
    from canaille.backends import Backend

    backend = Backend.instance
    alice = models.User(
        user_name=settings["login"],
        password=settings["password"],
        formatted_name="Alice Liddell",
        family_name="Liddell",
        given_name="Alice",
        display_name="Alice L.",
        emails=["alice@example.com"],
    )
    backend.save(alice)
    for name in settings["groups"]:
        backend.save(models.Group(display_name=name, members=[alice]))
    client = models.Client(
        client_id=settings["client_id"],
        client_secret=settings["client_secret"],
        client_name="Files",
        client_uri="http://files.test",
        client_id_issued_at=datetime.datetime.now(datetime.timezone.utc),
        redirect_uris=settings["redirect_uris"],
        post_logout_redirect_uris=["http://files.test/"],
        grant_types=["authorization_code", "refresh_token", "password"],
        response_types=["code"],
        scope=["openid", "profile", "email", "groups"],
        token_endpoint_auth_method="client_secret_basic",
    )
    backend.save(client)
    # The audience of its tokens is a client that is there.
    client.audience = [client]
    backend.save(client)

app.run(host="127.0.0.1", port=settings["port"], threaded=True)
