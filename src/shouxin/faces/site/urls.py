"""All addresses of the installation: the customer's under /a, the staff's beside it."""

from django.urls import URLPattern, URLResolver, path, re_path

from shouxin.faces.web import cases, customer, staff

_LINK = r"^a/(?P<token>[0-9A-Za-z]{1,64})"

CUSTOMER: list[URLPattern | URLResolver] = [
    path("a", customer.code_page, name="customer-code"),
    re_path(_LINK + r"$", customer.answer_page, name="customer"),
    re_path(_LINK + r"/agree$", customer.agree_page, name="customer-agree"),
    re_path(_LINK + r"/family$", customer.family_page, name="customer-family"),
    re_path(_LINK + r"/requests$", customer.requests_page, name="customer-requests"),
    re_path(_LINK + r"/values$", customer.values_page, name="customer-values"),
    re_path(_LINK + r"/done$", customer.done_page, name="customer-done"),
]
STAFF: list[URLPattern | URLResolver] = [
    path("login", staff.LoginPage.as_view(), name="login"),
    path("logout", staff.log_out, name="logout"),
    path("", cases.case_list, name="cases"),
    path("cases/<str:case>", cases.case_page, name="case"),
    path("cases/<str:case>/people/<str:which>", cases.people_page, name="people"),
    path("cases/<str:case>/explain", cases.explain_page, name="explain"),
    path("cases/<str:case>/ledger", cases.ledger_page, name="ledger"),
    path("ledger/<int:seq>", cases.entry_page, name="entry"),
    path("law/<str:id>", cases.law_page, name="law"),
]
urlpatterns = CUSTOMER + STAFF

handler403 = "shouxin.faces.web.outside.forbidden"
handler404 = "shouxin.faces.web.outside.not_found"
handler500 = "shouxin.faces.web.outside.broken"
