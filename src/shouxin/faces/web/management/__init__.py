"""Commands of the site beside `shouxin`: log-in passwords."""
