# The image of our servers, of PostgreSQL and of nginx: `nself/server`. Made by `nself build --images`.
ARG PACKAGES_IMAGE
FROM ${PACKAGES_IMAGE}
COPY bin /opt/nself/bin
COPY nself /opt/nself/lib/nself
RUN python3 -m compileall -q --invalidation-mode unchecked-hash /opt/nself/lib/nself
USER 10001:10001
WORKDIR /tmp
ENTRYPOINT ["nself-entrypoint"]
CMD ["nself-backend", "--help"]
