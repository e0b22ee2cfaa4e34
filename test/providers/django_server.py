"""One of Django's two OpenID providers, with one user and one client: `django_server.py SETTINGS.json`."""

import json
import sys

import django
from django.conf import settings as django_settings
from django.core.management import call_command

with open(sys.argv[1], encoding="utf-8") as file:
    settings = json.load(file)

IS_ALLAUTH = settings["package"] == "django-allauth"
ISSUER = f"http://127.0.0.1:{settings['port']}"

LOGIN_PAGE = """<!doctype html>
<title>Log in</title>
<form method="post">{% csrf_token %}{{ form.as_p }}
<input type="hidden" name="next" value="{{ next }}"><button type="submit">Log in</button></form>"""

common = {
    "DEBUG": True,
    "SECRET_KEY": "a secret of the tests",
    "ALLOWED_HOSTS": ["127.0.0.1"],
    "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": settings["database"]}},
    "ROOT_URLCONF": __name__,
    "USE_TZ": True,
    "STATIC_URL": "static/",
    "LOGIN_REDIRECT_URL": "/",
    "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
    "TEMPLATES": [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [
                    ("django.template.loaders.locmem.Loader", {"login.html": LOGIN_PAGE}),
                    "django.template.loaders.app_directories.Loader",
                ],
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    "MIDDLEWARE": [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    "INSTALLED_APPS": [
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
    ],
}

if IS_ALLAUTH:
    common["INSTALLED_APPS"] += ["allauth", "allauth.account", "allauth.idp.oidc"]
    common["MIDDLEWARE"] += ["allauth.account.middleware.AccountMiddleware"]
    common["AUTHENTICATION_BACKENDS"] = ["allauth.account.auth_backends.AuthenticationBackend"]
    common["IDP_OIDC_PRIVATE_KEY"] = settings["private_key"]
    common["IDP_OIDC_INTROSPECTION_ENABLED"] = True
    # The test moves the clock of Gatepost alone: both tokens live as long.
    common["IDP_OIDC_ID_TOKEN_EXPIRES_IN"] = 3600
    common["ACCOUNT_EMAIL_VERIFICATION"] = "none"
    common["ACCOUNT_LOGIN_METHODS"] = {"username"}
    common["IDP_OIDC_ADAPTER"] = f"{__name__}.GroupsAdapter"
else:
    common["INSTALLED_APPS"] += ["oauth2_provider"]
    common["LOGIN_URL"] = "/login/"
    common["OAUTH2_PROVIDER"] = {
        "OIDC_ENABLED": True,
        "OIDC_RSA_PRIVATE_KEY": settings["private_key"],
        "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
        "OIDC_RP_INITIATED_LOGOUT_ALWAYS_PROMPT": False,
        "OAUTH2_VALIDATOR_CLASS": f"{__name__}.ClaimsValidator",
        "SCOPES": {"openid": "id", "profile": "profile", "email": "e-mail", "groups": "groups", "introspection": "ask"},
    }

django_settings.configure(**common)
# `__main__` is imported once more under the names above.
sys.modules[__name__] = sys.modules["__main__"]
django.setup()

from django.contrib.auth.models import Group, User  # noqa: E402
from django.urls import include, path  # noqa: E402

call_command("migrate", verbosity=0)

alice = User.objects.create_user(settings["login"], "alice@example.com", settings["password"], first_name="Alice", last_name="Liddell")
for name in settings["groups"]:
    alice.groups.add(Group.objects.create(name=name))


def groups_of(user):
    return [group.name for group in user.groups.all()]


if IS_ALLAUTH:
    from allauth.account.models import EmailAddress
    from allauth.idp.oidc.adapter import DefaultOIDCAdapter
    from allauth.idp.oidc.models import Client

    class GroupsAdapter(DefaultOIDCAdapter):
        def get_claims(self, purpose, user, client, scopes, email=None, **kwargs):
            claims = super().get_claims(purpose, user, client, scopes, email=email, **kwargs)
            if "groups" in scopes:
                claims["groups"] = groups_of(user)
            return claims

    EmailAddress.objects.create(user=alice, email="alice@example.com", verified=True, primary=True)
    client = Client(id=settings["client_id"], name="Files", scopes="openid\nprofile\nemail\ngroups", skip_consent=True)
    client.set_secret(settings["client_secret"])
    client.grant_types = "authorization_code\nrefresh_token"
    client.redirect_uris = "\n".join(settings["redirect_uris"])
    client.save()
    urlpatterns = [path("accounts/", include("allauth.urls")), path("", include("allauth.idp.urls"))]
else:
    from django.contrib.auth.views import LoginView
    from oauth2_provider.models import get_application_model
    from oauth2_provider.oauth2_validators import OAuth2Validator

    class ClaimsValidator(OAuth2Validator):
        oidc_claim_scope = {**OAuth2Validator.oidc_claim_scope, "groups": "groups"}

        def get_additional_claims(self):
            return {
                "preferred_username": lambda request: request.user.username,
                "name": lambda request: request.user.get_full_name(),
                "email": lambda request: request.user.email,
                "groups": lambda request: groups_of(request.user),
            }

    get_application_model().objects.create(
        client_id=settings["client_id"],
        client_secret=settings["client_secret"],
        client_type="confidential",
        authorization_grant_type="authorization-code",
        redirect_uris=" ".join(settings["redirect_uris"]),
        algorithm="RS256",
        skip_authorization=True,
        name="Files",
    )
    urlpatterns = [
        path("login/", LoginView.as_view(template_name="login.html")),
        path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    ]

call_command("runserver", f"127.0.0.1:{settings['port']}", use_reloader=False, verbosity=0)
