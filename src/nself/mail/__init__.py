"""The development inbox: takes mail over SMTP, shows it as JSON and as a page."""
