"""Services as containers of Docker Compose."""
