"""How a notice goes out: `mail` over SMTP, `sms` through a provider, `lists` for telephone and letters.

A channel gets contact values for the length of one batch and keeps none; it knows no tables and no law.
"""
